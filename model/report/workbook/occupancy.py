"""Occupancy over time and what it counts: time in states, exposure to rates, numbers of transitions, discounted or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from model.dynamics import AtOnce
from model.engines import conventions
from model.report.workbook import by_matrices, by_series
from model.report.workbook.cells import number
from model.report.workbook.expressions import floor
from model.report.workbook.moves import Moves
from model.report.workbook.work import UNDISCOUNTED, WEIGHT_WORDS, Work

Means = Callable[[int, int, int], str]  # (state, weight, step) -> mean over the step, discounted to its beginning


class Occupancy:
    """Columns of a sheet, each made when it is asked for."""

    def __init__(self, work: Work, moves: Moves):
        self.work, self.moves = work, moves
        self.x = {j: work.rows.reserve(("x", j), f"in {work.name(j)}") for j in work.states}
        self.sum = work.rows.reserve("sum", "sum")
        self.mean: Means = _no_mean
        if work.dynamics.by_cycle:
            after: Callable[[int, int], str] = self._by_cycle
        else:
            solve = by_matrices.solve if by_matrices.serves(work, moves) else by_series.solve
            after, self.mean = solve(work, moves, self.x)
        for j, place in self.x.items():
            work.rows.fill(place, partial(self._occupied, after, j), "share", True)
        work.rows.fill(self.sum, lambda k: "+".join(work.rows.at(p, k) for p in self.x.values()), "share", True)
        sums = f"{work.rows.range(self.sum)}"
        work.checks["occupancy adds up to 1"] = f"MAX(MAX({sums})-1,1-MIN({sums}))<1E-9"

    def _occupied(self, after: Callable[[int, int], str], j: int, k: int) -> str:
        return after(j, k - 1) if k else self.moves.start[j]

    def _by_cycle(self, j: int, k: int) -> str:
        """Occupancy after a cycle of probabilities: who was there, who comes, who goes."""
        moved = [flow for flow in self.moves.flows(k, self.moves.amount) if flow[0] != flow[1]]
        parts = [self.work.rows.at(self.x[j], k)]
        parts += [f"+{self.work.rows.at(self.x[s], k)}*{share}" for s, t, share in moved if t == j]
        parts += [f"-{self.work.rows.at(self.x[s], k)}*{share}" for s, t, share in moved if s == j]
        return "".join(parts)

    # --- discounting and conventions --------------------------------------------------------------------------------

    def factor(self, weight: int, time: str) -> str:
        """Discount factor at a time."""
        if weight == UNDISCOUNTED:
            return "1"
        rate, years = self.work.inputs.discount[weight - 1], number(self.work.scenario.time.years)
        if self.work.scenario.discount.convention == "by whole year":
            return f"EXP(-{rate}/{years}*{floor(f'{time}*{years}')})"
        return f"EXP(-{rate}*{time})"

    def _at_begin(self, weight: int) -> int:
        """Factor at the beginning of a step, under the convention 'integral'."""
        work, frame = self.work, self.work.scenario.time

        def content(k: int) -> str:
            if work.scenario.discount.convention == "at cycle":
                return self.factor(weight, number((work.steps[k].cycle + 0.5) * frame.cycle))
            return self.factor(weight, f"${work.rows.at(work.rows.columns['begin'], k)}")

        return work.rows.column(("factor", weight), f"factor, {WEIGHT_WORDS[weight]}", content)

    def _in_cycle(self, weight: int, part: float) -> Callable[[int], str]:
        """Factor at a part of the cycle of a step; of its middle where the file says so."""
        frame, middle = self.work.scenario.time, self.work.scenario.discount.convention == "mid-cycle"
        at = 0.5 if middle else part
        return lambda k: self.factor(weight, number((self.work.steps[k].cycle + at) * frame.cycle))

    def _begin(self, weight: int) -> int:
        """What the start of a cycle counts."""
        frame = self.work.scenario.time
        share = conventions.shares(frame.convention, frame.whole_cycles)[0]
        factor = self._in_cycle(weight, 1.0 if frame.convention == "life-table" else 0.0)
        return self.work.rows.column(
            ("begin", weight),
            f"weight of start, {WEIGHT_WORDS[weight]}",
            lambda k: f"{number(share[self.work.steps[k].cycle])}*{factor(k)}",
        )

    def _over(self, weight: int) -> int:
        """What the end of a cycle counts."""
        frame = self.work.scenario.time
        share, factor = conventions.shares(frame.convention, frame.whole_cycles)[1], self._in_cycle(weight, 1.0)
        return self.work.rows.column(
            ("over", weight),
            f"weight of end, {WEIGHT_WORDS[weight]}",
            lambda k: f"{number(share[self.work.steps[k].cycle])}*{factor(k)}",
        )

    def _moved(self, weight: int) -> int:
        """What transitions of a cycle count."""
        work, frame = self.work, self.work.scenario.time
        start, middle, end = (self._in_cycle(weight, part) for part in (0.0, 0.5, 1.0))
        usual = {"start": start, "end": end, "life-table": end}
        counted = {"start": start, "middle": middle, "end": end}.get(frame.counted) or usual.get(frame.convention)

        def content(k: int) -> str:
            return counted(k) if counted else f"({start(k)}+{end(k)})/2"

        if frame.counted == "with the state entered":
            return self._entered(weight)
        return work.rows.column(("moved", weight), f"weight of transitions, {WEIGHT_WORDS[weight]}", content)

    def _entered(self, weight: int) -> int:
        """What the point at the end of a cycle counts, as the end of one cycle and the start of the next."""
        work, over, begin = self.work, self._over(weight), self._begin(weight)

        def content(k: int) -> str:
            later = [n for n in range(k, len(work.steps)) if work.steps[n].cycle > work.steps[k].cycle]
            ends = work.rows.at(over, k)
            return f"{ends}+{work.rows.at(begin, later[0])}" if later else ends

        return work.rows.column(("moved", weight), f"weight of those who enter, {WEIGHT_WORDS[weight]}", content)

    # --- what is counted --------------------------------------------------------------------------------------------

    def named(self, j: int) -> str:
        """What is called that of which x[j] is the share."""
        return self.work.name(j)

    def time(self, j: int, weight: int) -> int:
        """Column of the time in a state in each step."""
        work = self.work
        content = self._counted(j, weight) if work.textbook else self._integral(j, weight)
        title = f"{work.scenario.time.unit}s in {self.named(j)}, {WEIGHT_WORDS[weight]}"
        return work.rows.column(("time", j, weight), title, content)

    def _integral(self, j: int, weight: int) -> Callable[[int], str]:
        rows, length = self.work.rows, self.work.rows.columns["length"]
        if weight == UNDISCOUNTED:
            return lambda k: f"{rows.at(length, k)}*({self.mean(j, weight, k)})"
        factor = self._at_begin(weight)
        return lambda k: f"{rows.at(factor, k)}*{rows.at(length, k)}*({self.mean(j, weight, k)})"

    def _counted(self, j: int, weight: int) -> Callable[[int], str]:
        """Under a textbook convention: both ends of a cycle, weighted."""
        rows, cycle = self.work.rows, number(self.work.scenario.time.cycle)
        begin, over = self._begin(weight), self._over(weight)

        def content(k: int) -> str:
            step, parts = self.work.steps[k], []
            if step.first:
                parts.append(f"{rows.at(begin, k)}*{rows.at(self.x[j], k)}")
            if step.last:
                parts.append(f"{rows.at(over, k)}*{rows.at(self.x[j], k + 1)}")
            return f"{cycle}*({'+'.join(parts) or '0'})"

        return content

    def exposure(self, j: int, weight: int) -> int:
        """Column of what a rate, or a probability of a cycle, is multiplied with."""
        work, rows = self.work, self.work.rows
        if not work.textbook:
            return self.time(j, weight)
        moved, title = self._moved(weight), f"exposed in {work.name(j)}, {WEIGHT_WORDS[weight]}"
        if work.dynamics.by_cycle:
            return rows.column(("exposed", j, weight), title, lambda k: f"{rows.at(moved, k)}*{rows.at(self.x[j], k)}")
        return rows.column(
            ("exposed", j, weight),
            title,
            lambda k: f"{rows.at(moved, k)}*{rows.at(self.moves.length, k)}*({self.mean(j, UNDISCOUNTED, k)})",
        )

    def count(self, i: int, weight: int) -> int:
        """Column of how often a transition is made in each step; branches taken at time 0 stand in the first."""
        work, rows, exit = self.work, self.work.rows, self.work.dynamics.transitions[i]
        title = f"{exit.label}, {WEIGHT_WORDS[weight]}"
        if not isinstance(exit, AtOnce):
            exposed = self.exposure(exit.source, weight)
            return rows.column(("count", i, weight), title, lambda k: f"{self.moves.rate(i, k)}*{rows.at(exposed, k)}")
        into = {
            other: self.count(other, weight)
            for other, one in enumerate(work.dynamics.transitions)
            if one.target == exit.source
        }

        def content(k: int) -> str:
            entered = "+".join(self._later(other, place, k) for other, place in into.items())
            taken = f"({entered})*{self.moves.levels[i].at(k)}" if into else "0"
            return f"{taken}+{self.moves.started[i]}" if k == 0 else taken

        return rows.column(("count", i, weight), title, content)

    def _later(self, i: int, place: int, k: int) -> str:
        """How often a transition is made in a step, without those who make it at time 0: they are followed on at the start."""
        made = self.work.rows.at(place, k)
        return f"({made}-{self.moves.started[i]})" if k == 0 and i in self.moves.started else made


def _no_mean(j: int, weight: int, k: int) -> str:
    raise TypeError("probabilities per cycle say nothing of the time within one")
