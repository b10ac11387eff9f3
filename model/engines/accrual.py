"""History -> Quantities: time in states and transitions, discounted, in one pass over the stays.

Time in a stay is A(left) - A(entered), where A(t) is the discounted time from 0 to t as the scenario counts it: an
integral, or (textbook conventions) the weights of the cycle boundaries up to t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.dynamics import Dynamics
from model.engines import conventions
from model.engines.conventions import Weighting
from model.history import NO_TRANSITION, History
from model.instants import ceil, floor
from model.quantities import Quantities


def end_of_time(dynamics: Dynamics) -> float:
    """Time at which histories end: the horizon, or the end of its last whole cycle under a textbook convention."""
    time = dynamics.time
    return time.horizon if time.convention == "integral" else time.whole_cycles * time.cycle


def accrue(history: History, dynamics: Dynamics) -> Quantities:
    """Quantities per patient: time and transitions [strategy, draw, patient, state | transition, period, weight]."""
    distinct, index = conventions.weightings(dynamics)
    rows = int(np.prod(history.shape))
    clock = (Integral if dynamics.time.convention == "integral" else Cycles)(dynamics, history)
    taken = np.flatnonzero(history.transition != NO_TRANSITION)
    cells = history.state * np.int64(rows) + history.row
    transitions = history.transition[taken] * np.int64(rows) + history.row[taken]
    time = np.empty((len(distinct), len(dynamics.periods), len(dynamics.states), *history.shape))
    moved = np.empty((len(distinct), len(dynamics.periods), len(dynamics.transitions), *history.shape))
    for w, weighting in enumerate(distinct):
        for period in range(len(dynamics.periods)):
            time[w, period] = _sums(cells, clock.spent(weighting, period), time[w, period].shape)
            moved[w, period] = _sums(transitions, clock.transitions(weighting, period, taken), moved[w, period].shape)
    order = (3, 4, 5, 2, 1, 0)
    time, moved = (_weights(values, index).transpose(order) for values in (time, moved))
    return Quantities(time, moved, _starts(history, dynamics))


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

    def spent(self, weighting: Weighting, period: int) -> np.ndarray:
        begin, end = _span(self.dynamics, period)
        entered, left = self.history.entered, self.history.left
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

    def spent(self, weighting: Weighting, period: int) -> np.ndarray:
        time, own = self.dynamics.time, self.shares[:, period]
        start, end, _ = conventions.weights(time, weighting)
        points = np.zeros(self.cycles + 1)
        points[:-1] += start * own
        points[1:] += end * own
        reached = np.concatenate([[0.0], np.cumsum(points)])
        return reached[self.left] - reached[self.entered]

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
