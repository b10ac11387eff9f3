"""Steps whose rates have no like: exp(A) x and its mean by a series on each row, in parts where rates are fast.

Terms are T(n) = T(n - 1) A / n. The mean over the step is their sum with 1 / (n + 1), or, where the discount runs within the step, with
the integral of s^n exp(-d s) over 0..1. As the engine has it, with survival distributions the discount of a step is spread evenly.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from model.report.workbook.cells import Sheet, WorkbookError, near, number, span
from model.report.workbook.hazard_formulas import grown
from model.report.workbook.moves import Moves
from model.report.workbook.sizes import exits
from model.report.workbook.work import EFFECT, TOP, UNDISCOUNTED, Work

TERMS = 16
EASY, FAST = 0.4, 1.0  # exits a part at base values; exits up to which the terms are enough
MOST = 100  # parts of a step
After = Callable[[int, int], str]
Mean = Callable[[int, int, int], str]


def solve(work: Work, moves: Moves, x: dict[int, int]) -> tuple[After, Mean]:
    """As `by_matrices.solve`; the terms stand in a sheet of their own, in the rows of their steps."""
    series = Series(work, moves, x)
    work.checks["rates are not too fast for the steps"] = series.check
    return series.after, series.mean


class Series:
    def __init__(self, work: Work, moves: Moves, x: dict[int, int]):
        self.work, self.moves, self.x = work, moves, x
        self.sheet = Sheet(f"{work.sheet.title} +")
        self.place: dict[tuple[str, int], int] = {}
        self.moments: dict[tuple[float, int, int], list[str]] = {}
        self.inside = work.scenario.discount.convention == "continuous" and not work.textbook
        self.evenly = bool(work.dynamics.events())
        self.weights = (UNDISCOUNTED, 1, EFFECT) if self.inside and not self.evenly else (UNDISCOUNTED,)
        self._columns()
        for k in range(len(work.steps)):
            self._row(k)
        work.beside = self.sheet
        exit = self.place["exit", 0]
        fastest = self.sheet.outside(span(TOP, TOP + len(work.steps) - 1, exit))
        self.check = f"MAX({fastest})<={number(FAST)}"

    def _columns(self) -> None:
        work, names = self.work, []
        self.pairs = list(dict.fromkeys((s, t) for s, t, _ in self.moves.flows(0, lambda i, k: "") if s != t))
        for n, (s, t) in enumerate(self.pairs):
            names.append(("flow", n, f"{work.name(s)} to {work.name(t)}, a part"))
        names.append(("exit", 0, "fastest exit, a part"))
        names += [("end", j, f"{work.name(j)} at the end") for j in work.states]
        for w in self.weights:
            words = ("", ", discounted as costs", ", discounted as effects")[w]
            names += [("mean", j + 1000 * w, f"{work.name(j)}, mean{words}") for j in work.states]
        for column, (kind, n, words) in enumerate(names, 1):
            self.place[kind, n] = column
            self.sheet.text(TOP - 1, column, words, "heading")
        self.sheet.text(0, 0, f"{work.sheet.title}: the steps, by terms of a series", "title")
        self.sheet.text(TOP - 1, 0, f"{work.scenario.time.unit}", "heading")
        self.first = len(names) + 1
        self.sheet.text(TOP - 1, self.first, "terms of the parts of each step, state by state", "heading")
        self.sheet.frozen = (TOP, 1)

    def _row(self, k: int) -> None:
        work, row = self.work, TOP + k
        largest = exits(work, work.steps[k])
        parts = max(1, math.ceil(largest / EASY))
        if parts > MOST:
            raise WorkbookError(
                f"{largest:.3g} exits from a state in one step of {work.steps[k].length:.4g} {work.scenario.time.unit}s: the steps "
                f"would need {parts} parts, and {MOST} is the most; take a shorter cycle"
            )
        self.sheet.formula(row, 0, self._main(work.rows.at(work.rows.columns["begin"], k)), "number")
        self._flows(k, parts)
        begin = {j: self._main(work.rows.at(self.x[j], k)) for j in work.states}
        column = self.first
        means: dict[tuple[int, int], list[str]] = {(j, w): [] for j in work.states for w in self.weights}
        for part in range(parts):
            terms, column = self._terms(row, begin, column)
            for (j, w), found in means.items():
                found += self._weighted(terms[j], k, w, part, parts)
            ends = {j: "+".join(terms[j]) for j in work.states}
            if part < parts - 1:
                begin = {}
                for j in work.states:
                    self.sheet.formula(row, column, ends[j], "share")
                    begin[j] = near(row, column)
                    column += 1
        for j in work.states:
            self.sheet.formula(row, self.place["end", j], ends[j], "share")
        for (j, w), found in means.items():
            total = "+".join(found)
            self.sheet.formula(row, self.place["mean", j + 1000 * w], f"({total})/{parts}", "share")

    def _main(self, address: str) -> str:
        """An address of the sheet of the strategy."""
        return self.work.sheet.outside(address)

    def _flows(self, k: int, parts: int) -> None:
        """Hazards of a part of the step, by pair of states."""
        row = TOP + k
        out: dict[int, list[str]] = {}
        amounts = self.moves.flows(k, self._amount, self._main)
        for n, pair in enumerate(self.pairs):
            texts = [text for s, t, text in amounts if (s, t) == pair]
            self.sheet.formula(row, self.place["flow", n], f"({'+'.join(texts)})/{parts}", "rate")
            out.setdefault(pair[0], []).append(near(row, self.place["flow", n]))
        sums = ",".join("+".join(cells) for cells in out.values())
        self.sheet.formula(row, self.place["exit", 0], f"MAX({sums or '0'})", "rate")

    def _amount(self, i: int, k: int) -> str:
        work, level = self.work, self.moves.levels[i].at(k)
        found = self._main(level)
        if i in work.dynamics.rates():
            return f"{found}*{self._main(work.rows.at(self.moves.length, k))}"
        return found

    def _terms(self, row: int, begin: dict[int, str], column: int) -> tuple[dict[int, list[str]], int]:
        """Cells of the terms of one part, by state, the occupancy at its beginning first; the next free column."""
        terms = {j: [begin[j]] for j in self.work.states}
        flow = {pair: near(row, self.place["flow", n]) for n, pair in enumerate(self.pairs)}
        for n in range(1, TERMS + 1):
            made = {}
            for j in self.work.states:
                plus = [f"+{terms[s][-1]}*{cell}" for (s, t), cell in flow.items() if t == j]
                minus = [f"-{terms[j][-1]}*{cell}" for (s, t), cell in flow.items() if s == j]
                if plus or minus:
                    self.sheet.formula(row, column, f"({''.join([*plus, *minus]).removeprefix('+')})/{n}", "share")
                    made[j] = near(row, column)
                    column += 1
            for j, cell in made.items():
                terms[j].append(cell)
        return terms, column

    def _weighted(self, terms: list[str], k: int, weight: int, part: int, parts: int) -> list[str]:
        if weight == UNDISCOUNTED:
            return [f"{cell}/{n + 1}" if n else cell for n, cell in enumerate(terms)]
        moments = self._moments(k, weight, parts)
        rate = self.work.inputs.discount[weight - 1]
        length = number(self.work.steps[k].length)
        later = f"EXP(-{rate}*{length}*{part}/{parts})*" if part else ""
        return [f"{later}({'+'.join(f'{cell}*{m}' for cell, m in zip(terms, moments))})"]

    def _moments(self, k: int, weight: int, parts: int) -> list[str]:
        """Integrals of s^n exp(-d s) over 0..1, from the last one down."""
        work, length = self.work, self.work.steps[k].length
        key = (round(length / work.scenario.time.cycle, 9), parts, weight)
        if key not in self.moments:
            work.title(f"Discount within a part of {length / parts:.6g} {work.scenario.time.unit}s, weight {weight}")
            size = work.cell("d", f"{work.inputs.discount[weight - 1]}*{number(length)}/{parts}", style="rate")
            last = work.cell(f"s^{TERMS + 9}", f"EXP(-{size})/{TERMS + 10}", style="rate")
            found = []
            for n in range(TERMS + 8, -1, -1):
                last = work.cell(f"s^{n}", f"(EXP(-{size})+{size}*{last})/{n + 1}", style="rate")
                found.append(last)
            self.moments[key] = [self._main(cell) for cell in found[::-1]][: TERMS + 1]
        return self.moments[key]

    # --- what the sheet of the strategy asks for ---------------------------------------------------------------------

    def after(self, j: int, k: int) -> str:
        return self.sheet.outside(near(TOP + k, self.place["end", j]))

    def mean(self, j: int, weight: int, k: int) -> str:
        known = weight if weight in self.weights else UNDISCOUNTED
        found = self.sheet.outside(near(TOP + k, self.place["mean", j + 1000 * known]))
        if weight == UNDISCOUNTED or not self.inside or not self.evenly:
            return found
        size = f"({self.work.inputs.discount[weight - 1]}*{number(self.work.steps[k].length)})"
        return f"{found}*{grown(f'(-{size})')}"
