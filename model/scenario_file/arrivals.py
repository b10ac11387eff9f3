"""`arrivals:` of a scenario file: a rate, rates by hours of the week, or a file of days."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

from model import files
from model.resources import LONGEST, WEEK, Arrivals, ResourceError
from model.scenario_file.named_files import beside
from model.scenario_file.nodes import Map, Node, Text
from model.scenario_file.opening_hours import SpanError, hours
from model.scenario_file.problems import Problems
from model.suggestions import did_you_mean
from model.units import days_in

_RATE = re.compile(r"\s*([0-9.eE+-]+)\s+per\s+([A-Za-z]+)\s*")


def read_arrivals(section: Map, groups: Collection[str], problems: Problems) -> Arrivals | None:
    """How patients arrive; None where that cannot be read, which is reported."""
    match section.get("rate"), section.get("file"):
        case None, Text() as file:
            return _from_file(file, groups, problems)
        case Text() as rate, None:
            per_day = _per_day(rate, problems)
            return None if per_day is None else _made(rate, (per_day,), problems)
        case Map() as rates, None:
            return _by_hour(rates, problems)
        case _:
            problems.add(section, "needs either 'rate' or 'file'")
            return None


def _made(
    node: Node, per_day: tuple[float, ...], problems: Problems, times: dict[str, tuple[float, ...]] | None = None
) -> Arrivals | None:
    try:
        return Arrivals(per_day, times or {})
    except ResourceError as error:
        problems.add(node, error.fault)
        return None


def _per_day(node: Text, problems: Problems) -> float | None:
    match = _RATE.fullmatch(node.value)
    days = days_in(match[2]) if match else None
    try:
        value = float(match[1]) / days if match and days else math.nan
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        problems.add(node, f"'{node.value}' is no rate of arrival: write for example '3 per week' or '0.4 per day'")
        return None
    return value


def _by_hour(node: Map, problems: Problems) -> Arrivals | None:
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


def _from_file(node: Text, groups: Collection[str], problems: Problems) -> Arrivals | None:
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
