"""The rows of a sheet: the steps in which the engine solves a group, each of one cycle, period and set of rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.context import Context
from model.dynamics import AtRate, Dynamics
from model.engines import conventions
from model.engines.stretches import breaks
from model.formula import Formula
from model.instants import HAIR, distinct, in_force
from model.over_time import OverTime
from model.switches import Shapes


@dataclass(frozen=True)
class Step:
    """cycle: counted from 0; first, last: of its cycle; whole: the step over which a curving rate is averaged; half: -1 and 1
    where that is cut into two, else 0."""

    begin: float
    end: float
    cycle: int
    first: bool
    last: bool
    whole: tuple[float, float]
    half: int = 0

    @property
    def middle(self) -> float:
        return (self.begin + self.end) / 2

    @property
    def length(self) -> float:
        return self.end - self.begin


def steps(dynamics: Dynamics) -> list[Step]:
    """In order, without a gap."""
    frame, grid = dynamics.time, dynamics.time.grid
    if dynamics.by_cycle:
        times = grid
    else:
        textbook = frame.convention != "integral"
        found = breaks(dynamics, [] if textbook else conventions.weightings(dynamics)[0])
        times = distinct(np.concatenate([found, grid, [] if textbook else _years(dynamics)]), frame.horizon)
    cycles = in_force(grid[:-1], (times[:-1] + times[1:]) / 2, HAIR).tolist()
    halves = halved(dynamics)
    parts: list[tuple[float, float, int, tuple[float, float], int]] = []
    for begin, end, cycle in zip(times[:-1].tolist(), times[1:].tolist(), cycles):
        middle, whole = (begin + end) / 2, (begin, end)
        cut = [(begin, middle, -1), (middle, end, 1)] if halves else [(begin, end, 0)]
        parts += [(a, b, cycle, whole, half) for a, b, half in cut]
    of = [part[2] for part in parts]
    first = [i == 0 or of[i - 1] != cycle for i, cycle in enumerate(of)]
    last = [*first[1:], True]
    return [Step(a, b, c, f, e, whole, half) for (a, b, c, whole, half), f, e in zip(parts, first, last)]


def halved(dynamics: Dynamics) -> bool:
    """Curving rates take two values a step (`over_time.on_grid`)."""
    curving = (isinstance(exit, AtRate) and isinstance(exit.level, OverTime) for exit in dynamics.transitions)
    return not dynamics.events() and not dynamics.by_cycle and any(curving)


def _years(dynamics: Dynamics) -> np.ndarray:
    frame = dynamics.time
    whole = dynamics.discount.convention == "by whole year"
    return np.arange(0, frame.horizon * frame.years) / frame.years if whole else np.zeros(0)


def held(context: Context, formula: Formula) -> Iterator[str]:
    """Parameters that set the times at which a formula steps or bends: with another value the rows would be others."""
    for strategy in context.scenario.strategies:
        for period in context.periods:
            shapes = Shapes(context.values(strategy, period).meaning)
            shapes.of(formula)
            for switch in shapes.switches:
                read = context.reads(Formula("", switch.tree, frozenset(_names(switch.tree))))
                yield from (name for name in read if name in context.scenario.parameters)


def _names(tree) -> set[str]:
    import ast

    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
