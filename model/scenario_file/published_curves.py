"""Curves of the `published:` section: survival over time from a CSV, as `survival --curve` reads it, and its numbers at risk."""

from __future__ import annotations

import math

from model import files
from model.scenario import PublishedCurve, Scenario
from model.scenario_file.named_files import beside
from model.scenario_file.nodes import Map, Node
from model.scenario_file.problems import Problems
from model.scenario_file.published import SURVIVAL_CURVE, check_fields, check_known, of_what, states_of
from model.scenario_file.schema import number
from model.suggestions import did_you_mean
from model.units import DAYS

MOST = 2000  # points, at each of which the model is solved
ROUGH = 0.02  # of a survival: what reading points off a figure may add
TOLERANCE = 0.05  # difference in share, where none is stated
Rows = list[tuple[int, dict[str, str]]]


def read_curves(root: Map, scenario: Scenario, problems: Problems) -> tuple[PublishedCurve, ...]:
    """Those of the section, checked against the scenario they stand in (which has no errors)."""
    entries = root.section("published").maps()
    return tuple(
        _curve(key, node, scenario, problems) for key, node in entries if node.text("measure") == SURVIVAL_CURVE
    )


def _curve(key: str, node: Map, scenario: Scenario, problems: Problems) -> PublishedCurve:
    check_fields(node, SURVIVAL_CURVE, problems)
    check_known(node, SURVIVAL_CURVE, scenario, problems)
    if "standard error" in node:
        problems.add(node.at("standard error"), "a curve has no standard error: state the numbers 'at risk'")
    unit = DAYS.get(node.text("time unit"), 1.0) / scenario.time.day
    points, at_risk = _points(node, problems), _numbers_at_risk(node, problems)
    return PublishedCurve(
        key,
        node.text("strategy"),
        tuple(time * unit for time, _ in points),
        tuple(share for _, share in points),
        _tolerance(node, problems),
        node.text("group", "all"),
        of_what(node, SURVIVAL_CURVE),
        states_of(node, SURVIVAL_CURVE, scenario, problems),
        tuple((time * unit, int(n)) for time, n in at_risk),
        node.text("file"),
        node.text("source"),
        node.text("label"),
        node.text("status"),
    )


def _tolerance(node: Map, problems: Problems) -> float:
    if "tolerance" not in node:
        return TOLERANCE
    stated = number(node.at("tolerance"), problems)
    if stated is not None and not 0 < stated < 1:
        problems.add(node.at("tolerance"), f"{stated:g} is no difference in a share (allowed: above 0, below 1)")
    return stated or TOLERANCE


def _points(node: Map, problems: Problems) -> list[tuple[float, float]]:
    """(time, survival) after time 0 in order of time; of several at one time the lowest, which holds after a step."""
    if "file" not in node:
        return []
    try:
        found = _pairs(node, "file", "survival", 1 + ROUGH, "must be a share from 0 to 1 (45 % is 0.45)")
        _check_falls(found)
    except files.FileError as error:
        problems.add(node.at("file"), f"{node.text('file')}: {error}")
        return []
    lowest = {time: min(share, 1.0) for time, share in found}  # the last of a time is the lowest
    return [(time, share) for time, share in lowest.items() if time > 0]


def _check_falls(points: list[tuple[float, float]]) -> None:
    """FileError where there is no curve, or one that rises."""
    if not any(time > 0 for time, _ in points):
        raise files.FileError("has no point after time 0")
    if len(points) > MOST:
        raise files.FileError(f"has {len(points):,} points (allowed: {MOST:,}); leave some out")
    least = math.inf
    for time, share in points:
        if share > least + ROUGH:
            raise files.FileError(f"survival rises to {share:g} at time {time:g}, after {least:g}; it can only fall")
        least = min(least, share)


def _numbers_at_risk(node: Map, problems: Problems) -> list[tuple[float, float]]:
    """(time, patients) in order of time, from time 0."""
    if "at risk" not in node:
        return []
    try:
        found = _pairs(node, "at risk", "at_risk", math.inf, "must be a whole number, 0 or more", whole=True)
        if found[0][0] > 0 or found[0][1] < 1:
            raise files.FileError("the number at risk at time 0 is missing, or 0")
        rises = next((b for a, b in zip(found, found[1:]) if b[1] > a[1]), None)
        if rises:
            raise files.FileError(f"more are at risk at time {rises[0]:g} than before: {rises[1]:g}")
        return found
    except files.FileError as error:
        problems.add(node.at("at risk"), f"{node.text('at risk')}: {error}")
        return []


def _pairs(
    node: Map, field: str, column: str, most: float, words: str, whole: bool = False
) -> list[tuple[float, float]]:
    """(time, value) of the entry's arm, by time and falling value. Raises FileError."""
    found = []
    for line, row in _rows(node, node.at(field), node.text(field), column):
        time, value = _cell(line, row, "time"), _cell(line, row, column)
        if time < 0:
            raise files.FileError(f"row {line}, column 'time': {time:g} must be 0 or more")
        if not 0 <= value <= most or whole and value != round(value):
            raise files.FileError(f"row {line}, column '{column}': {value:g} {words}")
        found.append((time, value))
    return sorted(found, key=lambda pair: (pair[0], -pair[1]))


def _rows(node: Map, place: Node, file: str, column: str) -> Rows:
    """(line, cells by column) of the arm that the entry is about. Raises FileError."""
    header, below = files.table(beside(place, file))
    names = [name.strip() for name in header]
    if lacking := next((name for name in ("time", column) if name not in names), None):
        raise files.FileError(f"no column '{lacking}'; {files.columns_in_words(names)}.{did_you_mean(lacking, names)}")
    rows = [(line, dict(zip(names, map(str.strip, row)))) for line, row in enumerate(below, 2)]
    arm, arms = node.text("arm"), list(dict.fromkeys(row.get("arm", "") for _, row in rows)) if "arm" in names else []
    if arm and arm not in arms:
        raise files.FileError(f"no row is of the arm '{arm}'.{did_you_mean(arm, arms)}" if arms else "no column 'arm'")
    if not arm and len(arms) > 1:
        raise files.FileError(f"has {len(arms)} arms: state which one by 'arm'")
    return [(line, row) for line, row in rows if not arm or row.get("arm") == arm]


def _cell(line: int, row: dict[str, str], column: str) -> float:
    """A number. Raises FileError."""
    try:
        value = float(row.get(column, ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise files.FileError(f"row {line}, column '{column}': {files.cell_in_words(row.get(column))}")
    return value
