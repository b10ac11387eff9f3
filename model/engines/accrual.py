"""Stays -> amounts of what single patients have of each quantity: time in states, transitions, doses and starts, discounted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.dynamics import Doses, Dynamics
from model.engines.counting import Cycles, End, Factors, Integral, clock, period_at
from model.engines.diagram import exits
from model.history import Gone, History, Stays
from model.quantities import WEIGHTS, Amount, Amounts, Quantities
from model.rows import Everyone, Rows, Some, spread


def end_of_time(dynamics: Dynamics) -> float:
    """Time at which histories end: the horizon, or the end of its last whole cycle under a textbook convention."""
    time = dynamics.time
    return time.horizon if time.convention == "integral" else time.whole_cycles * time.cycle


class Accrual:
    """What stays under some dynamics count."""

    def __init__(self, dynamics: Dynamics):
        self.dynamics, self.clock = dynamics, clock(dynamics)
        self.exits, self.columns = exits(dynamics), dynamics.columns()

    def amounts(
        self,
        start: np.ndarray | int,
        stays: Iterable[Stays],
        shape: tuple[int, int, int],
        draws: slice = slice(None),
    ) -> Amounts:
        """start: [strategy, draw, patient] state at time 0, or that of everyone; draws: those of the dynamics that these are of."""
        return Amounts(shape, self._each(start, stays, shape, draws))

    def _each(self, start, stays: Iterable[Stays], shape: tuple[int, int, int], draws: slice) -> Iterator[Amount]:
        for state in range(len(self.dynamics.states)):
            yield Start("start", state, start, shape)
        for some in stays:
            yield Time("time", some.state, self.clock, some)
            if some.state in self.columns:
                yield from self._aged(some)
            for transition in self.exits[some.state]:
                yield Made("transition", transition, self.clock, some.by(transition))
            for i, doses in enumerate(self.dynamics.doses, len(self.dynamics.transitions)):
                if doses.state == some.state:
                    yield Given("transition", i, self.clock, some, doses, draws)

    def _aged(self, stays: Stays) -> Iterator[Amount]:
        """The stretches of stays that are counted by themselves, behind the states (`Dynamics.columns`)."""
        ages, columns = self.dynamics.ages[stays.state], self.columns[stays.state]
        for column, begin, end in zip(range(columns.start, columns.stop), ages, np.append(ages[1:], np.inf)):
            yield Time("time", column, self.clock, Stretch(stays, float(begin), float(end)))


def of_history(history: History, dynamics: Dynamics) -> Amounts:
    return Accrual(dynamics).amounts(history.start, history.by_state(), history.shape)


def accrue(history: History, dynamics: Dynamics) -> Quantities:
    """Quantities per patient: time and transitions [strategy, draw, patient, state | transition, period, weight]."""
    found, shape, periods = of_history(history, dynamics), history.shape, len(dynamics.periods)
    states = len(dynamics.states) + sum(map(len, dynamics.ages.values()))
    counts = {"time": states, "transition": len(dynamics.transitions) + len(dynamics.doses), "start": states}
    sums = {of: np.zeros((n, periods, len(WEIGHTS), *shape)) for of, n in counts.items()}
    for amount in found.each:
        for period, alone in enumerate(np.eye(periods)):
            values = np.broadcast_to(alone[:, None, None], (periods, *shape[:2])).copy()
            for weight, counted in enumerate(amount.times(values, tuple(range(len(WEIGHTS))))):
                amount.rows.add(sums[amount.of][amount.index, period, weight], *counted)
    time, made, began = (values.transpose(3, 4, 5, 0, 1, 2) for values in sums.values())
    return Quantities(time, made, began[..., : len(dynamics.states), 0, 0])


# --- amounts ------------------------------------------------------------------------------------------------------


@dataclass
class Stretch:
    """The part of each stay from an age of it to another, of those that last so long; shaped as `Stays`."""

    stays: Stays
    begin: float
    end: float

    @cached_property
    def _which(self) -> np.ndarray:
        return np.flatnonzero(self._flat(self.stays.entered) + self.begin < self._flat(self.stays.left))

    def _flat(self, values) -> np.ndarray:
        return self.stays.rows.flat(values)

    @cached_property
    def rows(self) -> Rows:
        rows = self.stays.rows
        return Some(rows.shape, rows.rows[self._which], rows.distinct)

    @cached_property
    def entered(self) -> np.ndarray:
        return self._flat(self.stays.entered)[self._which] + self.begin

    @cached_property
    def _whole(self) -> np.ndarray:
        """Where the stay goes on behind the stretch, its end."""
        return self._flat(self.stays.entered)[self._which] + self.end

    @property
    def left(self) -> np.ndarray:
        return np.minimum(self._whole, self._flat(self.stays.left)[self._which])

    @property
    def goes_on(self) -> np.ndarray:
        return self._flat(self.stays.goes_on)[self._which] & (self._whole >= self._flat(self.stays.left)[self._which])


@dataclass
class Time(Amount):
    """Time in a state."""

    clock: Integral | Cycles
    stays: Stays | Stretch

    @cached_property
    def _ends(self) -> tuple[Rows, tuple[End, End]]:
        stays, clock = self.stays, self.clock
        ends = clock.instant(stays.entered, np.asarray(False)), clock.instant(stays.left, stays.goes_on)
        rows, (entered, left) = spread(stays.rows, *ends)
        return rows, (End(clock, entered), End(clock, left))

    @property
    def rows(self) -> Rows:
        return self._ends[0]

    @cached_property
    def _spent(self) -> dict[int, np.ndarray]:
        return {}

    def spent(self, weight: int) -> np.ndarray:
        """In units of the clock."""
        weight = self.clock.same_as[weight]
        if weight not in self._spent:
            entered, left = (end.reached(weight) for end in self._ends[1])
            self._spent[weight] = left if np.ndim(entered) == 0 and entered == 0 else left - entered
        return self._spent[weight]

    def times(self, values: np.ndarray, weights: tuple[int, ...]) -> Iterator[Factors]:
        rows, (entered, left) = self._ends
        if len(values) == 1:
            for weight in weights:
                yield self.spent(weight), rows.beside(values[0] * self.clock.unit(weight))
        else:
            both = (self.clock.until(values, weights, end, rows) for end in (left, entered))
            yield from ((later - earlier, 1.0) for later, earlier in zip(*both))


@dataclass
class Made(Amount):
    """Transitions made."""

    clock: Integral | Cycles
    gone: Gone

    @property
    def rows(self) -> Rows:
        return self.gone.rows

    def times(self, values: np.ndarray, weights: tuple[int, ...]) -> Iterator[Factors]:
        return self.clock.made(values, weights, self.gone.time, self.gone.rows)


@dataclass
class Given(Amount):
    """Doses."""

    clock: Integral | Cycles
    stays: Stays
    doses: Doses
    draws: slice

    @cached_property
    def rows(self) -> Some:
        rows = self.stays.rows
        return rows if isinstance(rows, Some) else Some(rows.shape, rows.rows)

    def times(self, values: np.ndarray, weights: tuple[int, ...]) -> list[Factors]:
        sums, dynamics = [np.zeros(len(self.rows)) for _ in weights], self.clock.dynamics
        for some, time, share in self._given():
            case = self.rows.case[some]
            period = 0 if len(values) == 1 else period_at(dynamics, time)
            worth = share * values.reshape(len(values), -1)[period, case]
            for weight, total in zip(weights, sums):
                total[some] += worth * self.clock.factor_of_dose(self.clock.weightings[weight], time)
        return [(total, 1.0) for total in sums]

    def _given(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        stays, flat, doses = self.stays, self.stays.rows.flat, self.doses
        entered = flat(self.clock.instant(stays.entered, np.asarray(False)))
        left = flat(self.clock.instant(stays.left, stays.goes_on))
        every, most = (self.rows.beside(of[:, self.draws]) for of in (doses.every, doses.most))
        return self.clock.doses(doses, entered, left, every, most)


@dataclass
class Start(Amount):
    """Patients who start in a state; what they have has the value of the first period."""

    start: np.ndarray | int
    shape: tuple[int, int, int]

    @cached_property
    def rows(self) -> Rows:
        if isinstance(self.start, int):
            return Everyone(self.shape) if self.start == self.index else Some(self.shape, np.zeros(0, int))
        return Some(self.shape, np.flatnonzero(self.start == self.index))

    def times(self, values: np.ndarray, weights: tuple[int, ...]) -> list[Factors]:
        return [(self.rows.beside(values[0]), 1.0)] * len(weights)
