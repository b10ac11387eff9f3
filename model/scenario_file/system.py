"""The sections `resources:` and `arrivals:`, and `holds:` of states: what patients of the queueing engine wait for."""

from __future__ import annotations

import math
from collections.abc import Collection

from model.resources import ALWAYS, Hold, Resource, ResourceError, System, held_twice
from model.scenario_file.arrivals import read_arrivals
from model.scenario_file.nodes import Map, Node, Text
from model.scenario_file.opening_hours import Span, SpanError, hours, joined
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number
from model.units import UnitError, duration

MOST_WAITING, HIGHEST_PRIORITY = 10_000_000, 1_000_000


def read_system(root: Map, groups: Collection[str], problems: Problems) -> System | None:
    """The centre in which patients wait; None where the file has no `arrivals`."""
    section = root.section("resources")
    resources = _resources(section, problems)
    holds = _holds(root.section("states"), section, groups, problems)
    if "arrivals" not in root:
        if resources:
            problems.add(section, "there are resources, but no 'arrivals': say how patients arrive")
        return None
    return _system(root.section("arrivals"), section, resources, holds, groups, problems)


def _system(
    section: Map,
    listed: Map,
    resources: dict[str, Resource],
    holds: list[Hold],
    groups: Collection[str],
    problems: Problems,
) -> System | None:
    """listed: the section of resources, of which `resources` are those that can be read."""
    arrivals = read_arrivals(section, groups, problems)
    warm_up, cool_down = (_days(section.get(key), problems) for key in ("warm-up", "cool-down"))
    most = _most(section.get("most waiting"), problems)
    if arrivals is None or len(resources) < len(listed.fields):
        return None
    known = tuple(hold for hold in holds if all(name in resources for name in hold.resources))
    try:
        return System(tuple(resources.values()), known, arrivals, warm_up, cool_down, most)
    except ResourceError as error:
        problems.add(section.at(error.place.rpartition(".")[2]), error.fault, error.place)
        return None


def _resources(section: Map, problems: Problems) -> dict[str, Resource]:
    resources = {}
    for key, node in section.maps():
        capacity, opening = _capacity(node.get("capacity"), problems), _opening(node, problems)
        if capacity is not None and opening is not None:
            preemptive = node.text("preemptive") == "true"
            resources[key] = Resource(key, capacity, opening, preemptive, node.text("label", key))
    return resources


def _capacity(node: Node | None, problems: Problems) -> float | None:
    if not isinstance(node, Text):
        return None
    if node.value == "unlimited":
        return math.inf
    try:
        value = float(node.value)
    except ValueError:
        value = math.nan
    if not (value > 0 and value == round(value) and math.isfinite(value)):
        problems.add(node, f"'{node.value}' is no number of units: write a whole number above 0, or 'unlimited'")
        return None
    return value


def _opening(node: Map, problems: Problems) -> tuple[Span, ...] | None:
    if "open" not in node:
        return ALWAYS
    spans: list[Span] = []
    for text in node.texts("open"):
        try:
            spans += hours(text.value)
        except SpanError as error:
            problems.add(text, str(error))
            return None
    return joined(spans)


def _days(node: Node | None, problems: Problems) -> float:
    if not isinstance(node, Text):
        return 0.0
    try:
        value = duration(node.value)
    except UnitError as error:
        problems.add(node, str(error))
        return 0.0
    if value < 0:
        problems.add(node, f"'{node.value}' must be 0 days or longer")
    return value


def _most(node: Node | None, problems: Problems) -> int:
    if not isinstance(node, Text):
        return System.most_waiting
    value = number(node, problems)
    if value is None or not 1 <= value <= MOST_WAITING or value != int(value):
        problems.add(node, f"'{node.value}' must be a whole number from 1 to {MOST_WAITING:,}")
        return System.most_waiting
    return int(value)


def _holds(states: Map, resources: Map, groups: Collection[str], problems: Problems) -> list[Hold]:
    holds = []
    for key, state in states.maps():
        if (node := state.get("holds")) is None:
            continue
        if state.text("stay") == "0":
            problems.add(node, "nobody stays in a chance node (stay: 0), so it cannot hold a resource")
        if not isinstance(node, Map):
            holds.append(Hold(key, _held(state.texts("holds"), resources, problems)))
        elif "resources" in node:
            names = _held(node.texts("resources"), resources, problems)
            others = _priorities(node.section("priority of"), groups, problems)
            holds.append(Hold(key, names, _priority(node.get("priority"), problems), others))
    return holds


def _held(parts: tuple[Text, ...], resources: Map, problems: Problems) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for part in parts:
        if part.value not in resources:
            problems.unknown(part, "resource", part.value, resources.fields)
        elif part.value in names:
            problems.add(part, held_twice(part.value))
        names[part.value] = None
    return tuple(names)


def _priorities(section: Map, groups: Collection[str], problems: Problems) -> dict[str, int]:
    priorities = {}
    for group, child in section.fields.items():
        if group not in groups:
            problems.unknown(child, "group", group, groups)
        priorities[group] = _priority(child, problems)
    return priorities


def _priority(node: Node | None, problems: Problems) -> int:
    if not isinstance(node, Text):
        return 0
    value = number(node, problems)
    if value is None or value != int(value) or abs(value) > HIGHEST_PRIORITY:
        problems.add(node, f"'{node.value}' must be a whole number; the smallest is served first")
        return 0
    return int(value)
