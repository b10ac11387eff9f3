"""History -> Quantities: time in states and transitions, discounted, in one pass over the stays.

Time in a stay is A(left) - A(entered), where A(t) is the discounted time from 0 to t as the scenario counts it: an
integral, or (textbook conventions) the weights of the cycle boundaries up to t.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.dynamics import Doses, Dynamics
from model.engines import conventions
from model.engines.conventions import Weighting
from model.history import NO_TRANSITION, History, joined
from model.instants import HAIR, ceil, floor, in_force
from model.quantities import Quantities


def end_of_time(dynamics: Dynamics) -> float:
    """Time at which histories end: the horizon, or the end of its last whole cycle under a textbook convention."""
    time = dynamics.time
    return time.horizon if time.convention == "integral" else time.whole_cycles * time.cycle


def accrue(history: History, dynamics: Dynamics) -> Quantities:
    """Quantities per patient: time and transitions [strategy, draw, patient, state | transition, period, weight]."""
    return _Stays(history, dynamics).quantities(range(len(dynamics.periods)))


def accrued(history: History, dynamics: Dynamics) -> Iterator[Quantities]:
    """As `accrue`, one period at a time, so that many take about the memory of one."""
    stays, periods = _Stays(history, dynamics), range(len(dynamics.periods))
    yield from (stays.quantities(periods[first : first + 1]) for first in periods)


class _Stays:
    """The stays of a history, with the cells [state, row] and [transition, row] in which each counts."""

    def __init__(self, history: History, dynamics: Dynamics):
        history = with_ages(history, dynamics)
        self.history, self.dynamics, rows = history, dynamics, int(np.prod(history.shape))
        self.clock = (Integral if dynamics.time.convention == "integral" else Cycles)(dynamics, history)
        self.taken = np.flatnonzero(history.transition >= 0)
        self.cells = history.state * np.int64(rows) + history.row
        self.transitions = history.transition[self.taken] * np.int64(rows) + history.row[self.taken]

    def quantities(self, periods: range) -> Quantities:
        """Of some periods."""
        distinct, index = conventions.weightings(self.dynamics)
        shape, clock, dynamics = self.history.shape, self.clock, self.dynamics
        states, kinds = len(dynamics.states) + sum(map(len, dynamics.ages.values())), len(dynamics.transitions)
        time = np.empty((len(distinct), len(periods), states, *shape))
        moved = np.zeros((len(distinct), len(periods), kinds + len(dynamics.doses), *shape))
        for i, period in enumerate(periods):
            there, taken = clock.within(period), self._taken_within(period)
            for w, weighting in enumerate(distinct):
                time[w, i] = _sums(self.cells[there], clock.spent(weighting, period, there), time[w, i].shape)
                counted = clock.transitions(weighting, period, self.taken[taken])
                moved[w, i, :kinds] = _sums(self.transitions[taken], counted, moved[w, i, :kinds].shape)
        for i, of_stays in enumerate(dynamics.doses, kinds):
            self._add_doses(of_stays, distinct, periods, moved[:, :, i])
        order = (3, 4, 5, 2, 1, 0)
        time, moved = (_weights(values, index).transpose(order) for values in (time, moved))
        return Quantities(time, moved, _starts(self.history, dynamics), first=periods[0])

    def _add_doses(self, doses: Doses, weightings: list[Weighting], periods: range, sums: np.ndarray) -> None:
        """Add to sums[weighting, period, strategy, draw, patient] how many doses fall in each of `periods`."""
        rows, stays = sums[0, 0].size, np.flatnonzero(self.history.state == doses.state)
        for k, time, share in self.clock.doses(doses, stays):
            period = period_at(self.dynamics, time) - periods[0]
            some = np.flatnonzero((period >= 0) & (period < len(periods)) & (share > 0))
            cells = period[some] * np.int64(rows) + self.history.row[k[some]]
            for w, weighting in enumerate(weightings):
                factor = np.where(time[some] > 0, self.clock.factor_of_dose(weighting, time[some]), 1.0)
                sums[w] += _sums(cells, share[some] * factor, sums[w].shape)

    def _taken_within(self, period: int) -> np.ndarray | slice:
        """Those of `taken` that may be in a period."""
        if len(self.dynamics.periods) == 1:
            return slice(None)
        begin, end = self.clock.reach(period)
        left = self.history.left[self.taken]
        return np.flatnonzero((left >= begin) & (left <= end))


ENDED = -2  # in the place of a transition: a stretch of a stay that goes on


def with_ages(history: History, dynamics: Dynamics) -> History:
    """With the stretches of stays that are counted by themselves, as stays in states of their own (`Dynamics.columns`)."""
    parts = [history]
    for state, columns in dynamics.columns().items():
        stays = history.where(np.flatnonzero(history.state == state))
        ages = dynamics.ages[state]
        for column, begin, end in zip(range(columns.start, columns.stop), ages, np.append(ages[1:], np.inf)):
            some = stays.where(np.flatnonzero(stays.entered + begin < stays.left))
            until = some.entered + end
            parts.append(
                replace(
                    some,
                    state=np.full(len(some), column, np.int32),
                    entered=some.entered + begin,
                    left=np.minimum(until, some.left),
                    transition=np.where((until < some.left) | (some.transition >= 0), ENDED, NO_TRANSITION),
                )
            )
    if len(parts) == 1:
        return history
    return joined(parts)


def period_at(dynamics: Dynamics, times: np.ndarray) -> np.ndarray:
    """The period in which each time is."""
    return np.maximum(in_force(dynamics.periods, times, HAIR * dynamics.time.horizon), 0)


def _every(doses: Doses, history: History, stays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Time between doses, and their largest number, of each stay."""
    place = history.strategy[stays], history.draw[stays]
    return doses.every[place], doses.most[place]


def _numbered(first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(which stays, number of the dose) of each dose from the first to before the last, one of each stay at a time."""
    some, k = np.flatnonzero(first < last), first
    while len(some):
        yield some, k[some]
        k = k + 1
        some = some[k[some] < last[some]]


def _weights(values: np.ndarray, index: list[int]) -> np.ndarray:
    """The three weights of `index`; not a copy where all are the same."""
    if len(values) == 1:
        return np.broadcast_to(values, (len(index), *values.shape[1:]))
    return values[index]


def _sums(cells: np.ndarray, amounts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.bincount(cells, amounts, minlength=int(np.prod(shape))).reshape(shape)


def _starts(history: History, dynamics: Dynamics) -> np.ndarray:
    return np.stack([(history.start == s).astype(float) for s in range(len(dynamics.states))]).transpose(1, 2, 3, 0)


@dataclass
class Integral:
    """Time as an integral; a transition counts at the moment it is made."""

    dynamics: Dynamics
    history: History

    def doses(self, doses: Doses, stays: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(stay, time, 1) of all that fall before the stay ends."""
        every, most = _every(doses, self.history, stays)
        entered, left = self.history.entered[stays], self.history.left[stays]
        of_stay = doses.clock == "state"
        first = np.zeros(len(stays)) if of_stay else ceil(entered / every)
        last = np.minimum(ceil((left - entered if of_stay else left) / every), most)
        for some, k in _numbered(first, last):
            yield stays[some], k * every[some] + (entered[some] if of_stay else 0.0), np.ones(len(some))

    def factor_of_dose(self, weighting: Weighting, time: np.ndarray) -> np.ndarray:
        return _factor(self.dynamics, weighting, time)

    def reach(self, period: int) -> tuple[float, float]:
        """Times between which transitions count in a period."""
        return _span(self.dynamics, period)

    def within(self, period: int) -> np.ndarray | slice:
        """Stays that reach into a period."""
        if len(self.dynamics.periods) == 1:
            return slice(None)
        begin, end = _span(self.dynamics, period)
        return np.flatnonzero((self.history.entered < end) & (self.history.left > begin))

    def spent(self, weighting: Weighting, period: int, there: np.ndarray | slice) -> np.ndarray:
        begin, end = _span(self.dynamics, period)
        entered, left = self.history.entered[there], self.history.left[there]
        if len(self.dynamics.periods) > 1:
            entered, left = np.clip(entered, begin, end), np.clip(left, begin, end)
        return _discounted(self.dynamics, weighting, left) - _discounted(self.dynamics, weighting, entered)

    def transitions(self, weighting: Weighting, period: int, taken: np.ndarray) -> np.ndarray:
        begin, end = _span(self.dynamics, period)
        time = self.history.left[taken]
        factor = np.where(time > 0, _factor(self.dynamics, weighting, time), 1.0)
        return factor if len(self.dynamics.periods) == 1 else factor * ((time >= begin) & (time < end))


def _span(dynamics: Dynamics, period: int) -> tuple[float, float]:
    ends = np.append(dynamics.periods[1:], np.inf)
    return dynamics.periods[period], ends[period]


def _factor(dynamics: Dynamics, weighting: Weighting, time: np.ndarray) -> np.ndarray:
    if weighting.rate == 0:
        return np.ones_like(time)
    if weighting.convention == "at cycle":
        cycle = dynamics.time.cycle
        return weighting.factor((floor(time / cycle) + 0.5) * cycle)
    return weighting.factor(time)


def _discounted(dynamics: Dynamics, weighting: Weighting, time: np.ndarray) -> np.ndarray:
    """A(t): the integral of the discount factor over 0..t."""
    if weighting.rate == 0:
        return time
    if weighting.decay:
        return -np.expm1(-weighting.decay * time) / weighting.decay
    # The factor is constant within whole cycles or whole years.
    length = dynamics.time.cycle if weighting.convention == "at cycle" else 1 / weighting.years
    starts = np.arange(int(dynamics.time.horizon / length) + 2) * length
    factors = _factor(dynamics, weighting, starts)
    reached = np.concatenate([[0.0], np.cumsum(factors[:-1] * length)])
    k = floor(time / length).astype(int)
    return reached[k] + factors[k] * (time - starts[k])


class Cycles:
    """Time as the weights of cycle boundaries at which a patient is in the state; a transition counts in its cycle.

    Periods that end within a cycle: as in the cohort engine (`cohort._by_points`).
    """

    def __init__(self, dynamics: Dynamics, history: History):
        time = dynamics.time
        self.dynamics, self.history, self.cycles = dynamics, history, time.whole_cycles
        self.entered, self.left = boundary(dynamics, history.entered), boundary(dynamics, history.left)
        self.left[history.transition == NO_TRANSITION] = self.cycles + 1
        self.shares = conventions.period_shares(dynamics)

    def doses(self, doses: Doses, stays: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """(stay, time, how much it counts): at the ends of cycles who is seen there, and linear between them."""
        every, most = _every(doses, self.history, stays)
        entered, left, every = self.entered[stays], self.left[stays], every / self.dynamics.time.cycle
        of_stay, end = doses.clock == "state", np.minimum(left, self.cycles)
        first = np.zeros(len(stays)) if of_stay else np.maximum(floor((entered - 1) / every) + 1, 0)
        last = np.minimum(ceil((end - entered if of_stay else end) / every), most)
        last = np.where(left > entered, last, first)
        for some, k in _numbered(first, last):
            at = k * every[some] + (entered[some] if of_stay else 0.0)
            before = floor(at)
            over = np.maximum(at - before, 0.0)
            there, after = ((entered[some] <= b) & (b < left[some]) for b in (before, before + 1))
            yield stays[some], at * self.dynamics.time.cycle, (1 - over) * there + over * after

    def factor_of_dose(self, weighting: Weighting, time: np.ndarray) -> np.ndarray:
        """At its own time, whatever the cycle counts."""
        return weighting.factor(time)

    def reach(self, period: int) -> tuple[float, float]:
        """Times between which transitions may count in a period: the whole of every cycle of which it has a part."""
        begin, end = _span(self.dynamics, period)
        return begin - self.dynamics.time.cycle, end + self.dynamics.time.cycle

    def within(self, period: int) -> np.ndarray | slice:
        return slice(None)

    def spent(self, weighting: Weighting, period: int, there: np.ndarray | slice) -> np.ndarray:
        time, own = self.dynamics.time, self.shares[:, period]
        start, end, _ = conventions.weights(time, weighting)
        points = np.zeros(self.cycles + 1)
        points[:-1] += start * own
        points[1:] += end * own
        reached = np.concatenate([[0.0], np.cumsum(points)])
        return reached[self.left[there]] - reached[self.entered[there]]

    def transitions(self, weighting: Weighting, period: int, taken: np.ndarray) -> np.ndarray:
        time, first = self.dynamics.time, float(period == 0)
        moved = conventions.weights(time, weighting)[2]
        # Boundary 0 is the start, where nothing is discounted.
        if self.dynamics.by_cycle:
            return np.concatenate([[first], moved * self.shares[:, period]])[self.left[taken]]
        begin, end = _span(self.dynamics, period)
        made = self.history.left[taken]
        return np.concatenate([[1.0], moved])[self.left[taken]] * ((made >= begin) & (made < end))


def boundary(dynamics: Dynamics, time: np.ndarray) -> np.ndarray:
    """Index of the cycle boundary at which a transition at `time` is seen: the end of its cycle, 0 for the start."""
    return ceil(time / dynamics.time.cycle).astype(int)
