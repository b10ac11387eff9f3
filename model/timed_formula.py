"""A formula over model time: where it steps or bends, and its value at any times for all strategies and draws at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from model.formula import Formula, expression
from model.instants import HAIR, before, distinct
from model.over_time import OverTime, Stepwise
from model.scenario import Period, TimeFrame
from model.switches import STEPS, Shapes, crossings

NOTHING: Mapping[str, float] = MappingProxyType({})
MOST_SPLITS = 500  # times at which hazards of some draws step, up to which all draws are split there


class TimedFormula:
    """One formula of a context (`inputs.Context`) at any times, in the period that each time falls in.

    check(values) raises on values that are not allowed. running: the name of the time that runs, another clock's where it is not
    that of the model. beside: values of what else it reads and does not change here.
    """

    def __init__(
        self,
        context,
        formula: Formula,
        check=lambda values: None,
        running: str = "time",
        beside: Mapping[str, float] = NOTHING,
    ):
        self.running, self.beside = running, beside
        self.context, self.scenario, self.formula, self.check = context, context.scenario, formula, check
        read = context.reads(formula)
        bound = any(read & set(period.bindings) for period in context.periods)
        self.periods = context.periods if bound else context.periods[:1]

    def level(self, most_splits: int = MOST_SPLITS) -> Stepwise | OverTime:
        """In steps, if all draws share them, or they are split at all steps of any draw: `most_splits` of them at most."""
        edges, own, smooth = self.edges(most_splits)
        self.value(self.scenario.time.grid)  # for its check
        if smooth or own is not None:
            return OverTime(self.value, self.sample, edges, own, smooth)
        return Stepwise(edges[:-1], self.value((edges[:-1] + edges[1:]) / 2))

    def edges(self, most_splits: int) -> tuple[np.ndarray, np.ndarray | None, bool]:
        """(times at which all draws step or bend, those of each draw [k, strategy, draw] or None, whether it curves)."""
        horizon, smooth = self.scenario.time.horizon, False
        common, own = [np.zeros(1), np.array([self._span(p)[0] for p in self.context.periods])], []
        for strategy in self.scenario.strategies:
            found = []
            for period in self.context.periods:
                shapes = Shapes(self.context.values(strategy, period).meaning, self.running)
                smooth |= shapes.of(self.formula)[0] > STEPS
                common += [self.scenario.time.grid] if shapes.by_cycle else []
                value = partial(self._part, strategy, period)
                found.append(crossings(shapes.switches, value, *self._span(period), self.context.draws.n))
            times = np.concatenate(found)
            shared = np.ptp(times, axis=1) <= HAIR * horizon if len(times) else np.zeros(0, bool)
            common.append(times[shared, 0])
            own.append(times[~shared])
        few = np.unique(np.round(np.concatenate([times.ravel() for times in own]) / horizon, 10)) * horizon
        if len(few) <= most_splits:
            common, own = [*common, *(times.ravel() for times in own)], []
        edges = np.concatenate(common)
        edges = np.append(distinct(edges[(edges >= 0) & before(edges, horizon)], horizon), horizon)
        return edges, _padded(own, horizon), smooth

    def _span(self, period: Period) -> tuple[float, float]:
        """Times of the clock between which a period holds."""
        return period.start, min(period.end, self.scenario.time.horizon)

    def _part(self, strategy: str, period: Period, tree, times: np.ndarray) -> np.ndarray:
        """An expression within a formula, at times[any, draw]."""
        values = self.context.values(strategy, period, self._clock(times))
        return np.broadcast_to(expression(tree, values, self.scenario.time.day), times.shape)

    def _clock(self, times: np.ndarray) -> dict[str, np.ndarray]:
        running: dict = clock(self.scenario.time, times) if self.running == "time" else {self.running: times}
        return {**self.beside, **running}

    def value(self, times: np.ndarray) -> np.ndarray:
        """[k, strategy, draw] at times[k] or [k, strategy, draw]."""
        n, shape = self.context.draws.n, (len(times), self.context.draws.n)
        found = np.empty((len(times), len(self.scenario.strategies), n))
        for s, strategy in enumerate(self.scenario.strategies):
            own = times[:, None] if times.ndim == 1 else times[:, s]
            found[:, s] = np.broadcast_to(self._of(strategy, own, slice(None)), shape)
        self.check(found)
        return found

    def sample(self, times: np.ndarray, strategy: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """[n] at times[n], each in its strategy and draw."""
        found = np.empty(len(times))
        for s, key in enumerate(self.scenario.strategies):
            rows = np.flatnonzero(strategy == s)
            if len(rows):
                found[rows] = self._of(key, times[rows], draw[rows])
        self.check(found)
        return found

    def _of(self, strategy: str, times: np.ndarray, rows) -> np.ndarray:
        first, *others = self.periods
        result = self._in_period(strategy, first, times, rows)
        for period in others:
            later = times >= period.start - HAIR * self.scenario.time.horizon
            result = np.where(later, self._in_period(strategy, period, times, rows), result)
        return result

    def _in_period(self, strategy: str, period: Period, times: np.ndarray, rows) -> np.ndarray:
        """As the formula reads in one period. Beyond it, it need not make sense: there its last time stands in."""
        frame = self.scenario.time
        end = min(period.end, frame.horizon) if period is not self.periods[-1] else np.inf
        values = self.context.values(strategy, period, self._clock(np.clip(times, period.start, end)), rows)
        return self.formula.evaluate(values, frame.day)


class AgedFormula(TimedFormula):
    """One formula at any time in state, up to a stay as long as the horizon, with the clock of the model held."""

    def __init__(self, context, formula: Formula, check=lambda values: None, beside: Mapping[str, float] = NOTHING):
        super().__init__(context, formula, check, "time_in_state", beside)

    def _span(self, period: Period) -> tuple[float, float]:
        return 0.0, self.scenario.time.horizon


def clock(frame: TimeFrame, times: np.ndarray) -> dict[str, np.ndarray]:
    """What formulas read at model times."""
    return {"time": times, "cycle": np.floor(times / frame.cycle + HAIR * frame.cycles) + 1.0}


def _padded(own: list[np.ndarray], horizon: float) -> np.ndarray | None:
    """[k, strategy, draw] of lists [any, draw] of each strategy; None without any."""
    most = max((len(times) for times in own), default=0)
    if not most:
        return None
    return np.stack([np.pad(t, ((0, most - len(t)), (0, 0)), constant_values=horizon) for t in own], axis=1)
