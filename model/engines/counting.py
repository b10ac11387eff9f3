"""How time and transitions of single patients count: as the integral of the discount factor, or at the ends of cycles.

An instant is a time, or the number of the boundary of cycles at which it is seen. What counts from 0 to an instant is
`reached` * `unit`, so a stay counts as the difference between its ends; the same holds of time that has a value in each period,
of which `until` has the sums. So what a stay costs to count does not grow with the number of periods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property

import numpy as np

from model.dynamics import Doses, Dynamics
from model.engines import conventions
from model.engines.conventions import Weighting
from model.instants import HAIR, ceil, floor, in_force
from model.rows import Rows

Values = np.ndarray  # [period, strategy, draw]; one period stands for all
Factors = tuple[np.ndarray, np.ndarray | float]  # whose product counts


def clock(dynamics: Dynamics) -> Integral | Cycles:
    """That of the scenario's convention."""
    return Integral(dynamics) if dynamics.time.convention == "integral" else Cycles(dynamics)


class End:
    """Instants at which stays begin or end, an array or one for all, and what is known of them."""

    def __init__(self, clock: Integral | Cycles, instant):
        self.clock, self.instant, self._reached = clock, instant, dict[int, np.ndarray]()

    def reached(self, weight: int) -> np.ndarray:
        weight = self.clock.same_as[weight]
        if weight not in self._reached:
            self._reached[weight] = self.clock.reached(weight, self.instant)
        return self._reached[weight]

    @cached_property
    def period(self) -> np.ndarray:
        return self.clock.period(self.instant)


class Integral:
    """Time as an integral; a transition counts at the moment it is made."""

    def __init__(self, dynamics: Dynamics):
        self.dynamics, (distinct, index) = dynamics, conventions.weightings(dynamics)
        self.weightings = [distinct[i] for i in index]
        self.same_as = [index.index(i) for i in index]  # the first weight that is the same

    def instant(self, time, goes_on):
        return time

    def reached(self, weight: int, time) -> np.ndarray:
        weighting = self.weightings[weight]
        if weighting.rate == 0:
            return time
        return np.expm1(-weighting.decay * time) if weighting.decay else self._by_steps(weighting, np.asarray(time))

    def unit(self, weight: int) -> float:
        decay = self.weightings[weight].decay
        return -1 / decay if decay else 1.0

    def _by_steps(self, weighting: Weighting, time: np.ndarray) -> np.ndarray:
        """Where the factor is constant within whole cycles or whole years."""
        cycle = self.dynamics.time.cycle
        length = cycle if weighting.convention == "at cycle" else 1 / weighting.years
        starts = np.arange(int(self.dynamics.time.horizon / length) + 2) * length
        factors = _factor(weighting, cycle, starts)
        reached = np.concatenate([[0.0], np.cumsum(factors[:-1] * length)])
        k = floor(time / length).astype(int)
        return reached[k] + factors[k] * (time - starts[k])

    def period(self, time) -> np.ndarray:
        return np.searchsorted(self.dynamics.periods, time, side="right") - 1

    def until(self, values: Values, weights: Iterable[int], end: End, rows: Rows) -> Iterator[np.ndarray]:
        """Time up to instants, times the values of the periods in which it is spent, under each weight."""
        own = _of_period(end.period, rows)
        value = _take(values, own)
        for weight in weights:
            unit = self.unit(weight)
            edges = self.reached(weight, self.dynamics.periods) * unit
            before = np.zeros(values.shape)
            np.cumsum(values[:-1] * np.diff(edges)[:, None, None], axis=0, out=before[1:])
            before -= values * edges[:, None, None]
            yield _take(before, own) + value * (end.reached(weight) * unit)

    def made(self, values: Values, weights: Iterable[int], time: np.ndarray, rows: Rows) -> Iterator[Factors]:
        """Transitions at times, times the values of the periods in which they count."""
        value = rows.beside(values[0]) if len(values) == 1 else _take(values, _of_period(self.period(time), rows))
        for weight in weights:
            weighting = self.weightings[weight]
            yield value, self.factor_of_dose(weighting, time) if weighting.rate else 1.0

    def doses(self, doses: Doses, entered, left, every, most) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(which stays, time, 1) of all that fall before the stay ends; every: time between doses, most: of one stay."""
        of_stay = doses.clock == "state"
        first = np.zeros(len(entered)) if of_stay else ceil(entered / every)
        last = np.minimum(ceil((left - entered if of_stay else left) / every), most)
        for some, k in _numbered(first, last):
            yield some, k * every[some] + (entered[some] if of_stay else 0.0), np.ones(len(some))

    def factor_of_dose(self, weighting: Weighting, time: np.ndarray) -> np.ndarray:
        return np.where(time > 0, _factor(weighting, self.dynamics.time.cycle, time), 1.0)


class Cycles:
    """Time as the weights of cycle boundaries at which a patient is in the state; a transition counts in its cycle.

    Periods that end within a cycle: as in the cohort engine (`cohort._by_points`).
    """

    def __init__(self, dynamics: Dynamics):
        self.dynamics, self.cycles, (distinct, index) = (
            dynamics,
            dynamics.time.whole_cycles,
            conventions.weightings(dynamics),
        )
        self.weightings, self.same_as = [distinct[i] for i in index], [index.index(i) for i in index]
        self.weights = cache(lambda weight: conventions.weights(dynamics.time, self.weightings[weight]))
        self.shares = cache(lambda: conventions.period_shares(dynamics))

    def instant(self, time, goes_on) -> np.ndarray:
        return np.where(goes_on, self.cycles + 1, boundary(self.dynamics, time))

    def reached(self, weight: int, boundaries) -> np.ndarray:
        start, end, _ = self.weights(weight)
        return _summed(start, end)[boundaries]

    def unit(self, weight: int) -> float:
        return 1.0

    def period(self, boundaries) -> np.ndarray:
        return boundaries

    def until(self, values: Values, weights: Iterable[int], end: End, rows: Rows) -> Iterator[np.ndarray]:
        own, of_cycle = _of_period(end.instant, rows), self._of_cycles(values)
        for weight in weights:
            begin, over, _ = self.weights(weight)
            yield _take(_summed(begin[:, None, None] * of_cycle, over[:, None, None] * of_cycle), own)

    def made(self, values: Values, weights: Iterable[int], time: np.ndarray, rows: Rows) -> Iterator[Factors]:
        seen_at, each = boundary(self.dynamics, time), None
        if len(values) == 1:
            each = rows.beside(values[0])
        elif not self.dynamics.by_cycle:
            each = _take(values, _of_period(_period(self.dynamics, time), rows))
        for weight in weights:
            moved = self.weights(weight)[2]
            # Boundary 0 is the start, where nothing is discounted.
            if each is not None:
                yield np.append(1.0, moved)[seen_at], each
            else:
                table = np.concatenate([values[:1], moved[:, None, None] * self._of_cycles(values)])
                yield _take(table, _of_period(seen_at, rows)), 1.0

    def _of_cycles(self, values: Values) -> np.ndarray:
        """[cycle, strategy, draw] mean value, by the share of each period in the cycle."""
        cycle, period = np.nonzero(self.shares())
        parts = values[period] * self.shares()[cycle, period][:, None, None]
        return np.add.reduceat(parts, np.searchsorted(cycle, np.arange(self.cycles)), axis=0)

    def doses(self, doses: Doses, entered, left, every, most) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(which stays, time, how much it counts): at the ends of cycles who is seen there, and linear between them."""
        every, of_stay, end = every / self.dynamics.time.cycle, doses.clock == "state", np.minimum(left, self.cycles)
        first = np.zeros(len(entered)) if of_stay else np.maximum(floor((entered - 1) / every) + 1, 0)
        last = np.minimum(ceil((end - entered if of_stay else end) / every), most)
        last = np.where(left > entered, last, first)
        for some, k in _numbered(first, last):
            at = k * every[some] + (entered[some] if of_stay else 0.0)
            before = floor(at)
            over = np.maximum(at - before, 0.0)
            there, after = ((entered[some] <= b) & (b < left[some]) for b in (before, before + 1))
            yield some, at * self.dynamics.time.cycle, (1 - over) * there + over * after

    def factor_of_dose(self, weighting: Weighting, time: np.ndarray) -> np.ndarray:
        """At its own time, whatever the cycle counts."""
        return np.where(time > 0, weighting.factor(time), 1.0)


def boundary(dynamics: Dynamics, time) -> np.ndarray:
    """Index of the cycle boundary at which a transition at `time` is seen: the end of its cycle, 0 for the start."""
    return np.asarray(ceil(time / dynamics.time.cycle)).astype(int)


def period_at(dynamics: Dynamics, times: np.ndarray) -> np.ndarray:
    """The period in which each time is, or which it has reached but for rounding."""
    return np.maximum(in_force(dynamics.periods, times, HAIR * dynamics.time.horizon), 0)


def _period(dynamics: Dynamics, time) -> np.ndarray:
    return np.searchsorted(dynamics.periods, time, side="right") - 1


def _factor(weighting: Weighting, cycle: float, time: np.ndarray) -> np.ndarray:
    if weighting.convention == "at cycle":
        return weighting.factor((floor(time / cycle) + 0.5) * cycle)
    return weighting.factor(time)


def _summed(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """What counts before each boundary, and behind the last, of what the start and end of each cycle count."""
    points = np.zeros((len(start) + 2, *start.shape[1:]))
    points[1:-1] = start
    points[2:] += end
    return np.cumsum(points, axis=0)


def _of_period(period: np.ndarray, rows: Rows) -> np.ndarray:
    """Where [period, strategy, draw] has what is of the period and case of each."""
    return period * np.int64(rows.shape[0] * rows.shape[1]) + rows.case


def _take(values: np.ndarray, own: np.ndarray) -> np.ndarray:
    return values.reshape(-1)[own]


def _numbered(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(which stays, number of the dose) of each dose from the first to before the last, one of each stay at a time."""
    some, k = np.flatnonzero(first < last), first
    while len(some):
        yield some, k[some]
        k = k + 1
        some = some[k[some] < last[some]]
