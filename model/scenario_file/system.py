"""The sections `resources:` and `arrivals:`, and `holds:` of states: what patients of the queueing engine wait for."""

from __future__ import annotations

import math
import re

from model import files
from model.resources import (
    ALWAYS,
    LONGEST,
    WEEK,
    Arrivals,
    Hold,
    Resource,
    ResourceError,
    System,
    held_twice,
)
from model.scenario_file.nodes import Node, Problems, did_you_mean
from model.scenario_file.parameters import beside
from model.scenario_file.schema import number
from model.units import UnitError, days_in, duration

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(
    r"(?:(?P<first>[A-Za-z]{3,9})(?:\s*-\s*(?P<last>[A-Za-z]{3,9}))?)?\s*"
    r"(?:(?P<from>\d{1,2}):(?P<from_minute>\d\d)\s*-\s*(?P<to>\d{1,2}):(?P<to_minute>\d\d))?"
)
_RATE = re.compile(r"\s*([0-9.eE+-]+)\s+per\s+([A-Za-z]+)\s*")
HOW = "write days and hours such as 'Mon-Fri 08:00-18:00', 'Sat 09:00-13:00', '08:00-20:00' (every day) or 'always'"


class SpanError(ValueError):
    """Opening hours that cannot be read."""


def read_system(root: Node, groups, problems: Problems) -> System | None:
    """The centre in which patients wait; None where the file has no `arrivals`."""
    resources = _resources(root.get("resources"), problems)
    holds = _holds(root.get("states"), resources, root.get("resources"), groups, problems)
    section = root.get("arrivals")
    if section is None:
        if root.get("resources") is not None and resources:
            problems.add(root.get("resources"), "there are resources, but no 'arrivals': say how patients arrive")
        return None
    arrivals = _arrivals(section, groups, problems)
    lengths = {key: _days(section.get(key), problems) for key in ("warm-up", "cool-down")}
    most = _most(section.get("most waiting"), problems)
    if arrivals is None or len(resources) != len(list(_entries(root.get("resources")))):
        return None
    try:
        return System(tuple(resources.values()), tuple(holds), arrivals, lengths["warm-up"], lengths["cool-down"], most)
    except ResourceError as error:
        problems.add(section, str(error).removeprefix("arrivals: ").removeprefix("arrivals."))
        return None


def _entries(section: Node | None):
    return section.items() if section is not None and section.kind == "map" else ()


def _text(node: Node, key: str, default: str = "") -> str:
    child = node.get(key)
    return child.value if child is not None and child.kind == "text" else default


def _resources(section: Node | None, problems: Problems) -> dict[str, Resource]:
    found = {}
    for key, node in _entries(section):
        capacity, opening = _capacity(node.get("capacity"), problems), _opening(node.get("open"), problems)
        if capacity is not None and opening is not None:
            found[key] = Resource(
                key, capacity, opening, _text(node, "preemptive") == "true", _text(node, "label", key)
            )
    return found


def _capacity(node: Node | None, problems: Problems) -> float | None:
    if node is None:
        return None
    if node.value.strip() == "unlimited":
        return math.inf
    try:
        value = float(node.value)
    except ValueError:
        value = math.nan
    if not (value > 0 and value == round(value) and math.isfinite(value)):
        problems.add(node, f"'{node.value}' is no number of units: write a whole number above 0, or 'unlimited'")
        return None
    return value


# --- hours of the week ------------------------------------------------------------------------------------------


def _opening(node: Node | None, problems: Problems) -> tuple[tuple[float, float], ...] | None:
    if node is None:
        return ALWAYS
    parts = [node] if node.kind == "text" else list(node.value)
    spans: list[tuple[float, float]] = []
    for part in parts:
        try:
            spans += hours(part.value)
        except SpanError as error:
            problems.add(part, str(error))
            return None
    return joined(spans)


def hours(text: str) -> list[tuple[float, float]]:
    """Spans in hours of the week (0 is Monday, 0:00) of 'Mon-Fri 08:00-18:00'. A span that ends before it begins goes over
    midnight. Raises SpanError."""
    if text.strip().lower() == "always":
        return [(0.0, float(WEEK))]
    match = _SPAN.fullmatch(text.strip())
    if match is None or not text.strip():
        raise SpanError(f"'{text}' are no opening hours: {HOW}")
    begin, end = _clock(match, "from", text) or 0.0, _clock(match, "to", text) or 24.0
    if begin == end:
        raise SpanError(f"'{text}' begins when it ends: {HOW}")
    spans = []
    for day in _week_days(match, text):
        last = end if end > begin else end + 24
        spans.append((24 * day + begin, 24 * day + last))
    return [piece for start, stop in spans for piece in _within_week(start, stop)]


def _clock(match, end: str, text: str) -> float | None:
    if match[end] is None:
        return None
    hour, minute = int(match[end]), int(match[f"{end}_minute"])
    if hour + minute / 60 > 24 or minute > 59:
        raise SpanError(f"'{text}': {match[end]}:{match[f'{end}_minute']} is no time of day (00:00 to 24:00)")
    return hour + minute / 60


def _week_days(match, text: str) -> list[int]:
    if match["first"] is None:
        return list(range(7))
    places = []
    for name in (match["first"], match["last"] or match["first"]):
        if name[:3].lower() not in DAYS:
            raise SpanError(f"'{text}': '{name}' is no day of the week; allowed: {', '.join(d.title() for d in DAYS)}")
        places.append(DAYS.index(name[:3].lower()))
    first, last = places
    return [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]


def _within_week(start: float, stop: float) -> list[tuple[float, float]]:
    if stop <= WEEK:
        return [(start, stop)]
    return [(start, float(WEEK)), (0.0, stop - WEEK)]


def joined(spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """In order, with those that touch or overlap made one."""
    found: list[tuple[float, float]] = []
    for start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(stop, found[-1][1])
        else:
            found.append((start, stop))
    return tuple(found)


# --- arrivals ---------------------------------------------------------------------------------------------------


def _arrivals(section: Node, groups, problems: Problems) -> Arrivals | None:
    rate, file = section.get("rate"), section.get("file")
    if (rate is None) == (file is None):
        problems.add(section, "needs either 'rate' or 'file'")
        return None
    if file is not None:
        return _from_file(file, groups, problems)
    if rate.kind == "text":
        per_day = _per_day(rate, problems)
        return None if per_day is None else _made(rate, (per_day,), problems)
    return _by_hour(rate, problems)


def _made(node: Node, per_day: tuple[float, ...], problems: Problems, times=None) -> Arrivals | None:
    try:
        return Arrivals(per_day, times or {})
    except ResourceError as error:
        problems.add(node, str(error).removeprefix("arrivals: "))
        return None


def _per_day(node: Node, problems: Problems) -> float | None:
    match = _RATE.fullmatch(node.value)
    days = days_in(match[2]) if match else None
    try:
        value = float(match[1]) / days if days else math.nan
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        problems.add(node, f"'{node.value}' is no rate of arrival: write for example '3 per week' or '0.4 per day'")
        return None
    return value


def _by_hour(node: Node, problems: Problems) -> Arrivals | None:
    """Rates of the 168 hours of the week; `otherwise` is that of all hours that are not named."""
    week: list[float | None] = [None] * WEEK
    rest = 0.0
    for key, child in node.items():
        value = _per_day(child, problems)
        if value is None:
            return None
        if key == "otherwise":
            rest = value
            continue
        try:
            spans = hours(key)
        except SpanError as error:
            problems.add(child, str(error))
            return None
        for start, stop in spans:
            if start != int(start) or stop != int(stop):
                problems.add(child, f"'{key}': rates change at full hours only")
                return None
            week[int(start) : int(stop)] = [value] * int(stop - start)
    return _made(node, tuple(rest if value is None else value for value in week), problems)


def _from_file(node: Node, groups, problems: Problems) -> Arrivals | None:
    try:
        header, rows = files.table(beside(node, node.value))
        times = _times(header, rows, list(groups))
    except files.FileError as error:
        problems.add(node, f"{node.value}: {error}")
        return None
    return _made(node, (), problems, times)


def _times(header: list[str], rows: list[list[str]], groups: list[str]) -> dict[str, tuple[float, ...]]:
    """Days of arrival by group. Raises FileError."""
    wanted = ("day", "group") if len(groups) > 1 else ("day",)
    if set(wanted) - set(header):
        raise files.FileError(
            f"needs the columns {', '.join(wanted)} and a row an arrival; {files.columns_in_words(header)}"
        )
    times: dict[str, list[float]] = {}
    for line, row in enumerate(rows, 2):
        cells = dict(zip(header, row))
        group, day = cells.get("group", "") if "group" in wanted else groups[0], _number(cells.get("day"))
        if group not in groups:
            raise files.FileError(
                f"row {line}, column 'group': is none of the groups ({', '.join(groups)}).{did_you_mean(group, groups)}"
            )
        if not 0 <= day <= LONGEST:
            found = f"must be 0 to {LONGEST:,} days" if math.isfinite(day) else files.cell_in_words(cells.get("day"))
            raise files.FileError(f"row {line}, column 'day': {found}")
        times.setdefault(group, []).append(day)
    return {group: tuple(sorted(days)) for group, days in times.items()}


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _days(node: Node | None, problems: Problems) -> float:
    if node is None:
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
    if node is None:
        return System.most_waiting
    value = number(node, problems)
    if value is None or not 1 <= value <= 1e7 or value != int(value):
        problems.add(node, f"'{node.value}' must be a whole number from 1 to 10,000,000")
        return System.most_waiting
    return int(value)


# --- states -----------------------------------------------------------------------------------------------------


def _holds(states: Node | None, resources: dict[str, Resource], section: Node | None, groups, problems: Problems):
    known = [key for key, _ in _entries(section)]
    found = []
    for key, state in _entries(states):
        node = state.get("holds")
        if node is None:
            continue
        if _text(state, "stay") == "0":
            problems.add(node, "nobody stays in a chance node (stay: 0), so it cannot hold a resource")
        listed = node.get("resources") if node.kind == "map" else node
        if listed is None:
            continue
        parts = [listed] if listed.kind == "text" else list(listed.value)
        for place, part in enumerate(parts):
            if part.value not in known:
                problems.unknown(part, "resource", part.value, known)
            elif part.value in [other.value for other in parts[:place]]:
                problems.add(part, held_twice(part.value))
        names = tuple(dict.fromkeys(part.value for part in parts))
        if node.kind != "map":
            found.append(Hold(key, names))
            continue
        others = {}
        for group, child in _entries(node.get("priority of")):
            if group not in groups:
                problems.unknown(child, "group", group, groups)
            others[group] = _priority(child, problems)
        found.append(Hold(key, names, _priority(node.get("priority"), problems), others))
    return [hold for hold in found if all(name in resources for name in hold.resources)]


def _priority(node: Node | None, problems: Problems) -> int:
    if node is None:
        return 0
    value = number(node, problems)
    if value is None or value != int(value) or abs(value) > 1e6:
        problems.add(node, f"'{node.value}' must be a whole number; the smallest is served first")
        return 0
    return int(value)
