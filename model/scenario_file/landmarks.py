"""Times at which a run tells who is alive and who is in which state."""

from __future__ import annotations

from model.instants import reaches
from model.scenario_file.nodes import Map
from model.scenario_file.structure import Reader


def read_landmarks(root: Map, horizon: float, reader: Reader) -> dict[str, float]:
    """Model times by the words that state them, in order; those beyond the horizon are left out, with a warning."""
    found: dict[str, float] = {}
    for node in root.section("landmarks").entries("at").texts:
        time = reader.length(node)
        if time is None:
            continue
        if time <= 0:
            reader.problems.add(node, f"'{node.value}' must be after the start")
        elif time > horizon and not reaches(horizon, time):
            reader.problems.warn(node, f"{node.value} is beyond the horizon, so there is no such landmark")
        elif time not in found.values():
            found[node.value] = time
    return dict(sorted(found.items(), key=lambda item: item[1]))
