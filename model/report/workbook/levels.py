"""A number of the model over its steps: one cell where it never changes, a cell for each of its steps, or a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model import price_levels
from model.formula import Formula
from model.instants import in_force
from model.over_time import OverTime, Stepwise
from model.report.workbook.cells import number
from model.report.workbook.work import Work

# Gauss-Legendre, as in `over_time`: places within a step of length 1 about its middle, and weights.
NODES, WEIGHTS = np.array([-1, 0, 1]) * np.sqrt(0.6) / 2, (5 / 18, 8 / 18, 5 / 18)


class Levelled(Protocol):
    """constant: the cell of a number that never changes, else ''; start: what it is at time 0; kind(k): equal where it is."""

    @property
    def constant(self) -> str: ...

    @property
    def start(self) -> str: ...

    def at(self, k: int) -> str: ...

    def kind(self, k: int) -> object: ...


@dataclass(frozen=True)
class Pieces:
    """cells: one for each stretch in which it stays; of: by step."""

    cells: Sequence[str]
    of: Sequence[int]

    @property
    def constant(self) -> str:
        return self.cells[0] if len(self.cells) == 1 else ""

    @property
    def start(self) -> str:
        return self.cells[self.of[0]]

    def at(self, k: int) -> str:
        return self.cells[self.of[k]]

    def kind(self, k: int) -> object:
        return self.of[k]


@dataclass(frozen=True)
class Column:
    """One value a step."""

    work: Work
    place: int
    start: str
    constant: str = ""

    def at(self, k: int) -> str:
        return self.work.rows.at(self.place, k)

    def kind(self, k: int) -> object:
        return k


def constant(work: Work, label: str, content: str, note: str = "") -> Pieces:
    return Pieces([work.cell(label, content, note)], [0] * len(work.steps))


def of_transition(work: Work, label: str, formula: Formula, level: Stepwise | OverTime) -> Levelled:
    """A rate or probability, as the engine takes it: `level` says whether it steps or curves."""
    if not work.scope.moves(formula):
        return constant(work, label, work.scope.text(formula), formula.text)
    if work.dynamics.by_cycle:
        return _by_cycle(work, label, formula)
    if isinstance(level, OverTime):
        return _curving(work, label, formula)
    return _stepping(work, label, formula, level.starts)


def of_price(work: Work, label: str, formula: Formula) -> Levelled:
    """A price, by its mean in each stretch of prices."""
    if not work.scope.moves(formula):
        return constant(work, label, work.scope.text(formula), formula.text)
    curves = isinstance(price_levels.level(work.context, formula), OverTime)
    starts = work.context.starts
    ends = np.append(starts[1:], work.scenario.time.horizon)
    stretch = in_force(starts, [step.middle for step in work.steps]).tolist()
    spans = [(float(starts[i]), float(ends[i])) for i in stretch]

    def content(k: int) -> str:
        return mean(work, formula, spans[k]) if curves else work.scope.text(formula, sum(spans[k]) / 2)

    place = work.rows.column(("price", label), label, content)
    return Column(work, place, work.scope.text(formula, 0.0))


def mean(work: Work, formula: Formula, whole: tuple[float, float]) -> str:
    """The mean of a curve over a step, by three points."""
    middle, length = sum(whole) / 2, whole[1] - whole[0]
    parts = [
        f"{number(weight)}*{work.scope.text(formula, middle, work.scope.at(middle + node * length))}"
        for node, weight in zip(NODES.tolist(), WEIGHTS)
    ]
    return "+".join(parts)


def _by_cycle(work: Work, label: str, formula: Formula) -> Levelled:
    """As it is at the start of each cycle, and held."""
    if not work.scope.clocked(formula):
        starts = np.array([period.start for period in work.scope.periods])
        frame = work.scenario.time
        of = in_force(starts, [step.begin for step in work.steps], 1e-9 * max(frame.horizon, 1.0)).tolist()
        return _cells(work, label, formula, [work.scope.text(formula, float(starts[i])) for i in of], work.steps)

    def content(k: int) -> str:
        step = work.steps[k]
        time, cycle = (f"${work.rows.at(work.rows.columns[key], k)}" for key in ("begin", "cycle"))
        return work.scope.text(formula, step.begin, {"time": time, "cycle": cycle})

    place = work.rows.column(("level", label), label, content)
    return Column(work, place, work.rows.at(place, 0))


def _stepping(work: Work, label: str, formula: Formula, starts: np.ndarray) -> Levelled:
    ends = np.append(starts[1:], max(work.scenario.time.horizon, float(starts[-1])))
    middles = ((starts + ends) / 2).tolist()
    of = np.maximum(in_force(starts, [step.middle for step in work.steps]), 0).tolist()
    return _cells(work, label, formula, [work.scope.text(formula, middles[i]) for i in of], work.steps)


def _cells(work: Work, label: str, formula: Formula, texts: list[str], steps) -> Levelled:
    """A cell for each expression that occurs."""
    distinct = list(dict.fromkeys(texts))
    first = [next(step.begin for step, text in zip(steps, texts) if text == one) for one in distinct]
    unit = work.scenario.time.unit
    words = [f"{label}, from {unit} {begin:g}" if len(distinct) > 1 else label for begin in first]
    cells = [work.cell(word, text, formula.text) for word, text in zip(words, distinct)]
    return Pieces(cells, [distinct.index(text) for text in texts])


def _curving(work: Work, label: str, formula: Formula) -> Levelled:
    """The mean of a step; where the step is halved, the two values of the method of fourth order."""
    values = [
        work.rows.column(("node", label, i), f"{label}, point {i + 1}", _node(work, formula, node))
        for i, node in enumerate(NODES.tolist())
    ]

    def content(k: int) -> str:
        one, two, three = (work.rows.at(place, k) for place in values)
        whole = f"({one}*5+{two}*8+{three}*5)/18"
        if not work.steps[k].half or not label.startswith("rate"):
            return whole
        tilt = f"({three}-{one})*{number(4 * 5 / 18 * NODES[2])}"
        sign = "+" if work.steps[k].half > 0 else "-"
        return f"{whole}{sign}MAX(-({whole}),MIN({whole},{tilt}))"

    place = work.rows.column(("level", label), label, content)
    return Column(work, place, work.scope.text(formula, 0.0))


def _node(work: Work, formula: Formula, node: float) -> Callable[[int], str]:
    def content(k: int) -> str:
        begin, end = work.steps[k].whole
        time = (begin + end) / 2 + node * (end - begin)
        return work.scope.text(formula, (begin + end) / 2, work.scope.at(time))

    return content


def rest(work: Work, label: str, others: Sequence[Levelled]) -> Levelled:
    """What other probabilities leave."""
    if all(other.constant for other in others):
        return constant(work, label, "-".join(["1", *(other.constant for other in others)]), "rest")

    def content(k: int) -> str:
        return "-".join(["1", *(other.at(k) for other in others)])

    place = work.rows.column(("level", label), label, content)
    return Column(work, place, "(" + "-".join(["1", *(f"({other.start})" for other in others)]) + ")")
