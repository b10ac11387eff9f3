"""The frame of an analysis: currency, perspective, time, discounting, willingness to pay."""

from __future__ import annotations

import dataclasses
import re

from model.instants import is_whole
from model.scenario import Discount, TimeFrame, Wtp
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number, numbers
from model.scenario_file.structure import Reader

MOST_CYCLES = 1_000_000
MOST_POINTS = 100_000  # of the acceptability curve


def read_currency(node: Map, problems: Problems) -> str:
    code = node.text("code")
    if not code or re.fullmatch("[A-Z]{3}", code):
        return code or "USD"
    near = code.upper() if re.fullmatch("[A-Za-z]{3}", code) else "USD"
    problems.add(node.at("code"), f"'{code}' is not a currency code; write three capital letters, such as {near}")
    return near


def read_perspective(root: Map) -> tuple[str, tuple[str, ...]]:
    """(whose costs count, cost components left out)."""
    node = root.section("perspective")
    return root.text("perspective") or node.text("name"), node.entries("leave out").values


def read_time(node: Map, reader: Reader) -> TimeFrame:
    """A frame of one cycle where horizon and cycle do not make one; that is reported."""
    convention = node.text("convention") or "integral"
    frame = TimeFrame(node.text("unit") or "day", reader.day, 1.0, 1.0, convention, node.text("transitions counted"))
    if frame.counted and convention == "integral":
        reader.problems.add(
            node.at("transitions counted"),
            "goes with the textbook conventions, which know cycles only; under 'integral' a transition counts at its own time",
        )
    horizon, cycle = (reader.length(node.get(key)) for key in ("horizon", "cycle"))
    for key, value in (("horizon", horizon), ("cycle", cycle)):
        if value is not None and value <= 0:
            reader.problems.add(node.at(key), f"'{node.text(key)}' must be longer than nothing")
    if not horizon or not cycle or horizon < 0 or cycle < 0:
        return frame
    cycles = horizon / cycle
    if cycles > MOST_CYCLES:
        reader.problems.add(
            node,
            f"the horizon ({node.text('horizon')}) has {cycles:.3g} cycles of {node.text('cycle')}; at most "
            f"{MOST_CYCLES:,} are allowed",
        )
        return frame
    if convention != "integral" and not is_whole(cycles, cycles):
        reader.problems.add(
            node,
            f"under the cycle convention '{convention}' the horizon must be a whole number of cycles; "
            f"{node.text('horizon')} are {cycles:.6g} cycles of {node.text('cycle')}",
        )
    return dataclasses.replace(frame, horizon=horizon, cycle=cycle)


def read_discount(node: Map, time: TimeFrame, problems: Problems) -> Discount:
    cost, effect = _annual(node, "cost", problems), _annual(node, "effect", problems)
    integral = time.convention == "integral"
    convention = node.text("convention") or ("continuous" if integral else "at cycle")
    if convention == "continuous" and not integral:
        problems.add(
            node.at("convention"),
            "'continuous' discounting goes with the cycle convention 'integral'; under "
            f"'{time.convention}' allowed: at cycle, mid-cycle, by whole year",
        )
    if convention == "mid-cycle" and integral:
        convention = "at cycle"  # which is the middle, where a cycle is counted as a whole
    return Discount(cost, effect, convention, node.text("compounding") or "annual")


def _annual(node: Map, key: str, problems: Problems) -> float:
    child = node.get(key)
    rate = 0.0 if child is None else number(child, problems) or 0.0
    if not 0 <= rate < 1:
        problems.add(
            node.at(key),
            f"'{node.text(key)}' is not an annual discount rate (allowed: 0 % to below 100 %); write for example '3 %' "
            "or 0.03",
        )
    return rate


def read_wtp(node: Map, problems: Problems) -> Wtp:
    curve, listed = node.section("curve"), node.entries("thresholds")
    thresholds = numbers(listed, problems)
    ends = {key: value for key, child in curve.items() if (value := number(child, problems)) is not None}
    low, high = ends.get("from", 0.0), ends.get("to", 2 * max(thresholds, default=0) or 100_000.0)
    step = ends.get("step", (high - low) / 500)
    if min(thresholds, default=0) < 0:
        problems.add(listed, f"a threshold must be 0 or more, found {min(thresholds):g}")
    elif not 0 <= low < high or step <= 0:
        problems.add(
            node.at("curve"), f"needs 0 <= from < to and step above 0; found from {low:g}, to {high:g}, step {step:g}"
        )
    elif (high - low) / step > MOST_POINTS:
        problems.add(
            curve, f"has {(high - low) / step:.0f} points; at most {MOST_POINTS:,} are allowed: state a larger 'step'"
        )
    return Wtp(thresholds, low, high, step)
