"""The points of a sweep: what varies, between which limits, in a grid, a list or a space-filling design."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model import chances
from model.scenario import Group, Scenario, Strategy
from model.scenario_file.merge import SHORT
from model.suggestions import did_you_mean
from model.units import DIGITS, limits_in_words

POINTS = ("grid", "sobol", "lhs")
MOST_POINTS, MOST_RUNS = 1_000_000, 10_000_000_000
_NUMBER = re.compile(rf"([+-]?{DIGITS})\s*(%|[A-Za-z]*)")


class SweepError(ValueError):
    """A sweep that cannot be made, or one of its points."""


@dataclass(frozen=True)
class Axis:
    """Something that varies. kind: 'parameter', 'setting' (a field of the file, as with --set) or 'wtp'.

    values: numbers of parameters (in the file's unit) and of wtp, texts of settings; limits: of a range, whose numbers
    stand in `unit` where it is a setting ('years', '%').
    """

    name: str
    kind: str
    values: tuple[float | str, ...]
    limits: tuple[float, float] | None = None
    unit: str = ""

    def at(self, share: float) -> float | str:
        """The value a share (0 to 1) of the way from the low to the high limit, or through the list."""
        if self.limits is None:
            return self.values[int(share * len(self.values))]
        return self._said(self.limits[0] + share * (self.limits[1] - self.limits[0]))

    def _said(self, value: float) -> float | str:
        unit = self.unit.rstrip("s") if value == 1 else self.unit
        return f"{value:.6g} {unit}".strip() if self.kind == "setting" else value


def axis(scenario: Scenario, text: str) -> Axis:
    """'name=low:high:number' or 'name=a,b,c' -> Axis; SweepError where it cannot be varied so."""
    name, equals, listed = (part.strip() for part in text.partition("="))
    if not equals or not name or not listed:
        raise SweepError(f"--vary {text}: write name=low:high:number or name=a,b,c, such as c_surgery=19000:34000:16")
    kind = _kind(scenario, name)
    made = _range(name, kind, listed) if ":" in listed else _list(name, kind, listed)
    _check(scenario, made)
    return made


def _kind(scenario: Scenario, name: str) -> str:
    parameter = scenario.parameters.get(name)
    if parameter is not None:
        return "setting" if parameter.base is None else "parameter"
    if name == "wtp":
        return "wtp"
    if name.split(".")[0] == "reference":
        raise SweepError(
            "--vary reference: all points are compared with the same strategy; set it with --set reference=..."
        )
    if "." in name:
        _check_binding(scenario, name.split("."))
    elif name not in SHORT:
        allowed = [*scenario.parameters, *SHORT, "wtp"]
        raise SweepError(
            f"--vary {name}: unknown name '{name}'.{did_you_mean(name, allowed)} Allowed: a parameter "
            f"({', '.join(scenario.parameters)}), {', '.join(SHORT)}, wtp, or a field by its place, such as "
            "time.cycle or strategies.<strategy>.<name>"
        )
    return "setting"


def _check_binding(scenario: Scenario, path: list[str]) -> None:
    """A binding that a strategy or group does not have would be a new name, which nothing reads."""
    places: dict[str, Mapping[str, Strategy] | Mapping[str, Group]] = {
        "strategies": scenario.strategies,
        "groups": scenario.groups,
    }
    if path[0] not in places or len(path) < 3:
        return
    owners = places[path[0]]
    if path[1] not in owners:
        raise SweepError(
            f"--vary {'.'.join(path)}: there is no '{path[1]}' in {path[0]}.{did_you_mean(path[1], owners)} "
            f"Allowed: {', '.join(owners)}"
        )
    allowed = [*owners[path[1]].bindings, *(["weight"] if path[0] == "groups" else [])]
    if path[2] not in allowed:
        raise SweepError(
            f"--vary {'.'.join(path)}: '{path[1]}' binds no '{path[2]}'.{did_you_mean(path[2], allowed)} "
            f"Allowed: {', '.join(allowed)}"
        )


def _range(name: str, kind: str, listed: str) -> Axis:
    parts = [part.strip() for part in listed.split(":")]
    number = parts.pop() if len(parts) == 3 else "2"
    if len(parts) != 2 or not number.isdigit() or int(number) < 2:
        raise SweepError(
            f"--vary {name}={listed}: a range is low:high:number, with a whole number of points, 2 or more"
        )
    (low, first), (high, last) = (_amount(name, part) for part in parts)
    if first and first.rstrip("s") != last.rstrip("s"):
        raise SweepError(f"--vary {name}={listed}: both limits must have the same unit, found '{first}' and '{last}'")
    if kind != "setting":
        low, high, last = (*(x / 100 if last == "%" else x for x in (low, high)), _no_unit(name, last))
    if not low < high:
        raise SweepError(f"--vary {name}={listed}: the limits are reversed or equal; the low one comes first")
    if int(number) > MOST_POINTS:
        raise _too_many(int(number), 1)
    blank = Axis(name, kind, (), (low, high), last)
    # Twelve digits, so that 0.1 steps do not print as 0.30000000000000004.
    return Axis(
        name,
        kind,
        tuple(blank._said(float(f"{v:.12g}")) for v in np.linspace(low, high, int(number))),
        (low, high),
        last,
    )


def _amount(name: str, text: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text)
    if match is None or not math.isfinite(float(match[1])):
        raise SweepError(f"--vary {name}: '{text}' is not a number")
    return float(match[1]), match[2]


def _no_unit(name: str, unit: str) -> str:
    if unit not in ("", "%"):
        raise SweepError(f"--vary {name}: leave out '{unit}': values are in the unit that the file states")
    return ""


def _list(name: str, kind: str, listed: str) -> Axis:
    parts: list[float] | list[str] = _split(listed)
    if kind != "setting":
        amounts = [_amount(name, part) for part in _split(listed)]
        parts = [value / 100 if unit == "%" else value for value, unit in amounts if _no_unit(name, unit) == ""]
    twice = next((part for i, part in enumerate(parts) if part in parts[:i]), None)
    if twice is not None:
        raise SweepError(f"--vary {name}={listed}: {twice} is given twice")
    return Axis(name, kind, tuple(parts))


def _split(listed: str) -> list[str]:
    """At the commas that stand in no bracket: formulas and distributions have commas of their own."""
    parts, depth = [""], 0
    for sign in listed:
        depth = max(depth + (sign == "(") - (sign == ")"), 0)
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    parts = [part.strip() for part in parts]
    if "" in parts:
        raise SweepError(f"--vary ...={listed}: there is nothing between two commas")
    return parts


def _check(scenario: Scenario, made: Axis) -> None:
    if made.kind == "setting":
        return
    unit, (low, high) = "", (0.0, math.inf)
    if made.kind == "parameter":
        parameter = scenario.parameters[made.name]
        unit, (low, high) = parameter.unit.text, parameter.unit.limits
    wrong = next((value for value in made.values if not isinstance(value, str) and not low <= value <= high), None)
    if wrong is not None:
        allowed = limits_in_words(low, high)
        raise SweepError(
            f"--vary {made.name}: {wrong:g} is outside what is allowed{f' of a {unit}' if unit else ''} ({allowed})"
        )


def points(
    axes: Sequence[Axis], kind: str = "grid", n: int | None = None, seed: int = 1, draws: int = 1
) -> list[tuple]:
    """A value of each axis for every point; the last axis runs fastest in a grid.

    kind: one of POINTS; n: points of 'sobol' (best a power of two) and 'lhs' (Latin hypercube), which fill the ranges.
    Raises SweepError where they are more than MOST_POINTS, or with `draws` each more than MOST_RUNS.
    """
    names = [a.name for a in axes]
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise SweepError(f"--vary {twice} is given twice")
    if kind not in POINTS:
        raise SweepError(f"unknown points {kind!r}; allowed: {', '.join(POINTS)}.{did_you_mean(kind, POINTS)}")
    if (n is None) != (kind == "grid"):
        raise SweepError(
            "--n says how many points sobol and lhs have" if n else f"--points {kind} needs --n, the number of points"
        )
    size = math.prod(len(a.values) for a in axes) if n is None else n
    if size > MOST_POINTS or size * draws > MOST_RUNS:
        raise _too_many(size, draws)
    if n is None:
        return list(itertools.product(*(a.values for a in axes)))
    keys = [("sweep", name) for name in names]
    shares = (
        chances.sobol(seed, n, keys) if kind == "sobol" else [chances.latin_hypercube(seed, n, *key) for key in keys]
    )
    return [tuple(a.at(float(u)) for a, u in zip(axes, row)) for row in np.array(shares).T]


def _too_many(size: int, draws: int) -> SweepError:
    each = f" of {draws:,} draws" if draws > 1 else ""
    return SweepError(
        f"the sweep would have {size:,} points{each}; at most {MOST_POINTS:,} points, and {MOST_RUNS:,} runs in "
        "all, are allowed. Take fewer values, or --points sobol --n N"
    )
