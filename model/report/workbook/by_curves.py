"""Partitioned survival: shares of states by survival curves. Under 'integral' their means over each step are taken at the points of the
engine, in a sheet of their own; under textbook conventions shares at the ends of cycles are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter

from model.engines.partitioned import rule_of
from model.formula import Formula
from model.report.workbook.cells import Sheet, near, number
from model.report.workbook.hazard_formulas import cumulative
from model.report.workbook.occupancy import Occupancy
from model.report.workbook.work import EFFECT, TOP, UNDISCOUNTED, WEIGHT_WORDS, Work

Shares = Mapping[str, str]  # where the survival of each curve stands
FALL = "fall of "
EARLY = 1e-6  # of the first step: where it is seen which curve is the higher one


class ByCurves(Occupancy):
    """As `Occupancy`; x: columns of the shares of states and then of portions of them."""

    def __init__(self, work: Work):
        assert work.scenario.partition is not None
        self.work, self.partition = work, work.scenario.partition
        self.ratios = {key: self._ratio(key) for key in self.partition.curves}
        self.hazards: dict[str, int] = {}
        for key in self.partition.order():
            self.hazards[key] = self._hazard(key)
        self.survival = {key: self._survival(key) for key in self.partition.curves}
        self.shares = self._shares()
        self.x = {j: self._share(j, f"in {words}", formula) for j, (words, formula) in self.shares.items()}
        self._check()
        self.mean = self._mean
        if not work.textbook:
            self.points = Points(self)
            for key in [key for key, curve in self.partition.curves.items() if curve.at_most]:
                self._apart(key)

    def _ratio(self, key: str) -> str:
        ratio, work = self.partition.curves[key].survival.ratio, self.work
        if ratio is None:
            return ""
        return work.sheet.outside(work.cell(f"hazard ratio {key}", work.scope.text(ratio), ratio.text))

    def hazard(self, key: str, t: str, upper: Callable[[str], str]) -> str:
        """Cumulative hazard of a curve at the time in a cell; upper: where that of another curve stands."""
        above = self.partition.curves[key].at_most
        return f"MAX({self._own(key, t)},{upper(above)})" if above else self._own(key, t)

    def _own(self, key: str, t: str) -> str:
        return cumulative(self.partition.curves[key].survival, t, self.work.scope.text, self.ratios[key])

    def _hazard(self, key: str) -> int:
        rows, begin = self.work.rows, self.work.rows.columns["begin"]

        def content(k: int) -> str:
            return self.hazard(key, f"${rows.at(begin, k)}", lambda upper: rows.at(self.hazards[upper], k))

        return rows.column(("cumulative", key), f"cumulative hazard, {key}", content, closed=True)

    def _survival(self, key: str) -> int:
        rows = self.work.rows
        return rows.column(
            ("survival", key), key, lambda k: f"EXP(-{rows.at(self.hazards[key], k)})", "share", closed=True
        )

    def _shares(self) -> dict[int, tuple[str, Formula]]:
        states = self.work.scenario.states.values()
        found = {i: (self.work.name(i), state.share) for i, state in enumerate(states)}
        for i, portion in enumerate(self.partition.portions, len(found)):
            found[i] = f"{portion.state}, with {portion.component}", portion.share
        return found  # type: ignore[return-value]  # every state of a partition has a share

    def _share(self, j: int, words: str, formula: Formula) -> int:
        def content(k: int) -> str:
            at = {key: self.work.rows.at(place, k) for key, place in self.survival.items()}
            return self.share(formula, at)

        return self.work.rows.column(("x", j), words, content, "share", closed=True)

    def share(self, formula: Formula, at: Shares) -> str:
        """A share where curves stand at some place. As in the engine, names are those of the first period."""
        self.work.scope.known = dict(at)
        try:
            return self.work.scope.text(formula)
        finally:
            self.work.scope.known = {}

    def named(self, j: int) -> str:
        return self.shares[j][0]

    def _check(self) -> None:
        work = self.work
        states = [self.x[j] for j in range(len(work.scenario.states))]
        total = work.rows.column(
            "sum", "sum", lambda k: "+".join(work.rows.at(place, k) for place in states), "share", closed=True
        )
        sums = work.rows.range(total)
        work.checks["shares add up to 1"] = f"MAX(MAX({sums})-1,1-MIN({sums}))<1E-9"
        least = ",".join(work.rows.range(place) for place in self.x.values())
        work.checks["shares are not below 0"] = f"MIN({least})>=-1E-9"

    def _apart(self, key: str) -> None:
        """A check that a curve and the one that it never exceeds do not cross, as points would lie on both sides."""
        rows, above = self.work.rows, self.partition.curves[key].at_most
        begin, early = rows.columns["begin"], number(EARLY * self.work.steps[0].end)  # all curves begin together

        def hazard(of: str, t: str) -> str:
            return self.hazard(of, t, lambda upper: hazard(upper, t))

        def content(k: int) -> str:
            if k == 0:
                return f"{hazard(above, early)}-({self._own(key, early)})"
            return f"{rows.at(self.hazards[above], k)}-({self._own(key, f'${rows.at(begin, k)}')})"

        place = rows.column(("apart", key), f"hazard of {above} less that of {key}", content, closed=True)
        found = rows.range(place)
        self.work.checks[f"{key} and {above} do not cross"] = f"OR(MIN({found})>=-1E-12,MAX({found})<=1E-12)"

    def _mean(self, j: int, weight: int, k: int) -> str:
        return self.points.mean(j, weight, k)

    # --- who leaves a curve -------------------------------------------------------------------------------------------

    def fall(self, i: int, weight: int) -> int:
        """Column of how many leave a curve in each step."""
        curve = self.partition.falls[i].curve
        content = self._arrived if self.work.textbook else self._fallen
        title = f"{FALL}{curve}, {WEIGHT_WORDS[weight]}"
        return self.work.rows.column(("fall", i, weight), title, content(self.survival[curve], i, weight))

    def _arrived(self, place: int, i: int, weight: int) -> Callable[[int], str]:
        """Counted as the point at which they arrive, the end of their cycle."""
        rows, counts = self.work.rows, self._entered(weight)
        return lambda k: f"{rows.at(counts, k)}*({rows.at(place, k)}-{rows.at(place, k + 1)})"

    def _fallen(self, place: int, i: int, weight: int) -> Callable[[int], str]:
        """At the instant; where the discount runs within a step, by parts: S(a) - exp(-d h) S(b) - d times the area."""
        rows, length = self.work.rows, self.work.rows.columns["length"]
        if weight == UNDISCOUNTED:
            return lambda k: f"{rows.at(place, k)}-{rows.at(place, k + 1)}"
        factor, rate = self._at_begin(weight), self.work.inputs.discount[weight - 1]
        if not self.points.inside:
            return lambda k: f"{rows.at(factor, k)}*({rows.at(place, k)}-{rows.at(place, k + 1)})"

        def content(k: int) -> str:
            area = f"{rate}*{rows.at(length, k)}*{self.points.mean(self.points.of_fall(i), weight, k)}"
            later = f"EXP(-{rate}*{rows.at(length, k)})*{rows.at(place, k + 1)}"
            return f"{rows.at(factor, k)}*({rows.at(place, k)}-{later}-{area})"

        return content


class Points:
    """The sheet of the points of each step: time, curves, and means of shares, discounted from the beginning of the step or not."""

    def __init__(self, curves: ByCurves):
        self.curves, self.work = curves, curves.work
        self.sheet = Sheet(f"{self.work.sheet.title} +")
        self.inside = self.work.scenario.discount.convention == "continuous"
        self.weights = (UNDISCOUNTED, 1, EFFECT) if self.inside else (UNDISCOUNTED,)
        self.parts: dict[int, tuple[str, Callable[[Shares], str]]] = {
            j: (words, partial(curves.share, formula)) for j, (words, formula) in curves.shares.items()
        }
        for i, fall in enumerate(curves.partition.falls):
            self.parts[self.of_fall(i)] = fall.curve, itemgetter(fall.curve)
        self.place = {part: n for n, part in enumerate(((j, w) for j in self.parts for w in self.weights), 1)}
        self._headings()
        for k in range(len(self.work.steps)):
            self._row(k)
        self.work.beside = self.sheet

    def of_fall(self, i: int) -> int:
        return len(self.curves.shares) + i

    def _headings(self) -> None:
        self.sheet.text(0, 0, f"{self.work.sheet.title}: curves at points of each step, and means over it", "title")
        self.sheet.text(TOP - 1, 0, self.work.scenario.time.unit, "heading")
        for (j, weight), column in self.place.items():
            self.sheet.text(TOP - 1, column, f"{self.parts[j][0]}, mean, {WEIGHT_WORDS[weight]}", "heading")
        order = ", ".join(self.curves.hazards)
        words = f"points of each step: time, cumulative hazards ({order}), curves in the same order"
        self.sheet.text(TOP - 1, len(self.place) + 1, words, "heading")
        self.sheet.frozen = (TOP, 1)

    def _row(self, k: int) -> None:
        row, step, work = TOP + k, self.work.steps[k], self.work
        self.sheet.formula(row, 0, work.sheet.outside(work.rows.at(work.rows.columns["begin"], k)), "number")
        rule, column = rule_of(step.begin, step.end), len(self.place) + 1
        shares: list[tuple[float, float, Shares]] = []
        for node, weight in zip(rule.nodes.tolist(), rule.weights.tolist()):
            later = node * step.length
            at, column = self._point(row, column, step.begin + later)
            shares.append((weight, later, at))
        for (j, weighting), place in self.place.items():
            of = self.parts[j][1]
            terms = [f"{number(w)}*{self._discount(weighting, later)}({of(at)})" for w, later, at in shares]
            self.sheet.formula(row, place, "+".join(terms), "share")

    def _point(self, row: int, column: int, time: float) -> tuple[Shares, int]:
        """(where the curves stand at a time, the next free column)."""
        self.sheet.number(row, column, time, "time")
        t, hazards = near(row, column), dict[str, str]()
        for key in self.curves.hazards:
            column += 1
            self.sheet.formula(row, column, self.curves.hazard(key, t, lambda upper: hazards[upper]), "number")
            hazards[key] = near(row, column)
        found = {}
        for key, cell in hazards.items():
            column += 1
            self.sheet.formula(row, column, f"EXP(-{cell})", "share")
            found[key] = near(row, column)
        return found, column + 1

    def _discount(self, weighting: int, later: float) -> str:
        if weighting == UNDISCOUNTED:
            return ""
        return f"EXP(-{self.work.inputs.discount[weighting - 1]}*{number(later)})*"

    def mean(self, j: int, weight: int, k: int) -> str:
        known = weight if self.inside else UNDISCOUNTED
        return self.sheet.outside(near(TOP + k, self.place[j, known]))
