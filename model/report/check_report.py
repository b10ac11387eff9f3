"""What is told of a scenario that was read and checked."""

from __future__ import annotations

from model.report.result import Result
from model.scenario import Scenario


def report(scenario: Scenario) -> Result:
    """How large the scenario is, and which of its parameters state no source, in words."""
    sizes = {kind: len(getattr(scenario, kind)) for kind in ("strategies", "states", "transitions", "parameters")}
    if scenario.partition is not None:
        sizes = {"curves" if kind == "transitions" else kind: number for kind, number in sizes.items()}
        sizes["curves"] = len(scenario.partition.curves)
    number = len(scenario.warnings)
    lines = [
        f"{scenario.path}: no errors, {number} warning{'' if number == 1 else 's'}; "
        + ", ".join(f"{n} {kind}" for kind, n in sizes.items())
    ]
    if unsourced := [name for name, p in scenario.parameters.items() if p.formula is None and not p.source]:
        lines.append(f"parameters without a source: {', '.join(unsourced)}")
    return Result({}, {}, None, "\n".join(lines), details=scenario)
