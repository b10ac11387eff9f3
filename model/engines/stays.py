"""How long patients have been in a state, and the doses that are due in a stay, in a cohort: for states that nobody leaves by the
time in them.

Of those who are in such a state at t, all who were there at t - a already and have not left since have been there for a. So what
was counted a time a earlier, times the share that has stayed, is what counts of stays longer than a; and of those who came in
then, what is due at that age of a stay. This is exact where hazards are constant and a is a whole number of steps; else the error
falls with the square of the cycle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.dynamics import AtCycleEnd, AtEvent, AtRate, Doses, Dynamics, watched
from model.engines import conventions
from model.engines.block import Block
from model.engines.conventions import Weighting
from model.engines.stretches import breaks, on, period_of
from model.engines.watch import Watch
from model.instants import HAIR, ceil, distinct, floor

CERTAIN = 690.0  # cumulative hazard of a probability of 1
NOTHING = 1e-17  # share of what is counted already that is not worth going on

Factors = Callable[[Weighting, np.ndarray], np.ndarray]


def left_by(dynamics: Dynamics, state: int, edges: np.ndarray) -> np.ndarray:
    """[edge, row] cumulative hazard of leaving a state."""
    exits = [exit for exit in dynamics.timed().values() if exit.source == state]
    found = [np.zeros(1)]
    for begin, end in zip(edges, edges[1:]):
        middle = (begin + end) / 2
        leaving = sum((_hazard(exit, begin, middle, end) for exit in exits), np.zeros(1))
        if dynamics.by_cycle:
            leaving = np.minimum(-np.log1p(-np.minimum(leaving, 1 - 1e-16)), CERTAIN)
        found.append(found[-1] + leaving)
    rows = max(len(one) for one in found)
    return np.stack([np.broadcast_to(one, (rows,)) for one in found])


def _hazard(exit, begin: float, middle: float, end: float) -> np.ndarray:
    match exit:
        case AtRate(level=level):
            return level.at(middle) * (end - begin)
        case AtCycleEnd(level=level):
            return level.at(begin * (1 + HAIR))
        case AtEvent(hazard=hazard, ratio=ratio):
            rise = hazard.cumulative(end) - hazard.cumulative(begin)
            return np.atleast_1d(rise if ratio is None else rise * ratio.at(middle))
    return np.zeros(1)


# --- the integral -------------------------------------------------------------------------------------------------


@dataclass
class _Steps:
    """Steps of one state. left: [edge, row] cumulative hazard of leaving it."""

    dynamics: Dynamics
    edges: np.ndarray
    left: np.ndarray
    weightings: list[Weighting]
    factors: Factors

    def lagged(self, values: np.ndarray, lag: float) -> np.ndarray:
        """[weighting, period, row] of values[step, weighting, row], a time `lag` later, by those who have stayed."""
        total = np.zeros((values.shape[1], len(self.dynamics.periods), values.shape[2]))
        edges, end = self.edges, self.edges[-1]
        cuts = np.concatenate([edges, edges + lag])
        cuts = distinct(cuts[(cuts >= lag - HAIR * end) & (cuts <= end * (1 + HAIR))], end)
        middles, lengths = (cuts[:-1] + cuts[1:]) / 2, np.diff(cuts)
        early, late = (np.searchsorted(edges, t) - 1 for t in (middles - lag, middles))
        share = lengths / (edges[early + 1] - edges[early])
        stayed = np.ones((len(middles), 1))
        if lag:
            stayed = np.exp(self.reached(early, middles - lag) - self.reached(late, middles))
        factors = np.stack([self._factors(w, edges[early] + lag, edges[late]) for w in self.weightings], axis=1)
        counts = share[:, None] * factors
        for period, some in _runs(np.maximum(np.searchsorted(self.dynamics.periods, middles, side="right") - 1, 0)):
            held = values[early[some]] * stayed[some, None]
            total[:, period] += np.einsum("kw,kwr->wr", counts[some], held)
        return total

    def reached(self, step: np.ndarray, times: np.ndarray) -> np.ndarray:
        """[k, row] cumulative hazard at times[k], in steps[k]."""
        begin, end = self.edges[step], self.edges[step + 1]
        part = ((times - begin) / (end - begin))[:, None]
        return self.left[step] + part * (self.left[step + 1] - self.left[step])

    def _factors(self, weighting: Weighting, exact: np.ndarray, begins: np.ndarray) -> np.ndarray:
        return np.exp(-weighting.decay * exact) if weighting.decay else self.factors(weighting, begins)

    def _factor(self, weighting: Weighting, time: float) -> float:
        return float(self._factors(weighting, np.asarray(time), np.asarray(time)))

    def at(self, times: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        """[weighting, period, row] of amounts[k, row] that count at times[k]."""
        total = np.zeros((len(self.weightings), len(self.dynamics.periods), amounts.shape[1]))
        for time, amount in zip(times, amounts):
            for w, weighting in enumerate(self.weightings):
                factor = self._factor(weighting, time) if time > 0 else 1.0
                total[w, period_of(self.dynamics, time * (1 + HAIR))] += factor * amount
        return total


def by_integral(
    block: Block, watch: Watch, weightings: list[Weighting], factors: Factors
) -> tuple[np.ndarray, np.ndarray]:
    """(time by stretch of stay, doses): [weighting, period, column | schedule, row], as `Dynamics.columns` has them."""
    dynamics, edges = block.dynamics, np.array(watch.edges)
    steps = {s: _Steps(dynamics, edges, left_by(dynamics, s, edges), weightings, factors) for s in watch.states}
    columns = []
    for state, ages in dynamics.ages.items():
        place = watch.states.index(state)
        values = np.stack([spent[:, place] for spent in watch.spent])
        older = [steps[state].lagged(values, age) for age in ages]
        columns += [one - following for one, following in zip(older, [*older[1:], np.zeros_like(older[0])])]
    doses = [_doses(one, steps[one.state], watch, watch.states.index(one.state)) for one in dynamics.doses]
    return _stacked(columns, weightings, block), _stacked(doses, weightings, block)


def _doses(doses: Doses, steps: _Steps, watch: Watch, place: int) -> np.ndarray:
    """[weighting, period, row] of doses in the watched state at a place."""
    there = np.stack([one[place] for one in watch.there])
    if doses.clock == "model":
        return _doses_of_model(doses, steps, there)
    return _doses_of_stays(doses, steps, np.stack([one[:, place] for one in watch.entered]), there[0])


def _stacked(parts: list[np.ndarray], weightings: list[Weighting], block: Block) -> np.ndarray:
    if not parts:
        return np.zeros((len(weightings), len(block.dynamics.periods), 0, block.rows))
    return np.stack(parts, axis=2)


def _runs(periods: np.ndarray):
    """(period, where it is) of each run in periods[k] that is the same."""
    cuts = [0, *(np.flatnonzero(np.diff(periods)) + 1).tolist(), len(periods)]
    return ((periods[a], slice(a, b)) for a, b in zip(cuts, cuts[1:]) if b > a)


def _number(doses: Doses, end: float) -> int:
    """How many there can be before the end."""
    return int(min(float(ceil(end / doses.every.flat[0])), float(doses.most.flat[0])))


def _doses_of_stays(doses: Doses, steps: _Steps, entered: np.ndarray, start: np.ndarray) -> np.ndarray:
    every, end = float(doses.every.flat[0]), steps.edges[-1]
    times = np.arange(_number(doses, end)) * every
    step = np.clip(np.searchsorted(steps.edges, times, side="right") - 1, 0, len(steps.edges) - 2)
    total = steps.at(times, start * np.exp(-steps.reached(step, times)))
    for time in times:
        more = steps.lagged(entered, time)
        total += more
        if more.max() <= NOTHING * total.max():
            break
    return total


def _doses_of_model(doses: Doses, steps: _Steps, there: np.ndarray) -> np.ndarray:
    times = np.arange(_number(doses, steps.edges[-1])) * float(doses.every.flat[0])
    step = np.clip(np.searchsorted(steps.edges, times, side="right") - 1, 0, len(steps.edges) - 2)
    part = ((times - steps.edges[step]) / np.diff(steps.edges)[step])[:, None]
    return steps.at(times, there[step] * (1 - part) + there[step + 1] * part)


# --- textbook conventions -----------------------------------------------------------------------------------------


def by_points(
    block: Block, seen: np.ndarray, weights: np.ndarray, weightings: list[Weighting]
) -> tuple[np.ndarray, np.ndarray]:
    """As `by_integral`, from seen[point, state, row] at the ends of cycles; weights as `points.point_weights`."""
    dynamics, cycle = block.dynamics, block.dynamics.time.cycle
    edges = np.arange(len(seen)) * cycle if dynamics.by_cycle else breaks(dynamics, [])
    counted, columns, doses = _counted(dynamics, weights), [], []
    points = np.flatnonzero(on(edges, np.arange(len(seen)) * cycle))[: len(seen)]
    left = {s: left_by(dynamics, s, edges)[points] for s in watched(dynamics)}
    for state, ages in dynamics.ages.items():
        older = [_there_since(seen[:, state], left[state], round(age / cycle)) for age in ages]
        time = [np.einsum("wpk,kr->wpr", counted, one) for one in older]
        columns += [one - following for one, following in zip(time, [*time[1:], np.zeros_like(time[0])])]
    for one in dynamics.doses:
        of = _points_of_model if one.clock == "model" else _points_of_stays
        doses.append(_at_points(dynamics, weightings, of(one, seen[:, one.state], left[one.state], cycle)))
    return _stacked(columns, weightings, block), _stacked(doses, weightings, block)


def _counted(dynamics: Dynamics, weights: np.ndarray) -> np.ndarray:
    """[weighting, period, point] what being seen at a point counts in time."""
    spread = conventions.period_shares(dynamics)
    counted = np.zeros((weights.shape[1], spread.shape[1], len(weights) + 1))
    counted[:, :, :-1] += np.einsum("kw,kp->wpk", weights[:, :, 0], spread)
    counted[:, :, 1:] += np.einsum("kw,kp->wpk", weights[:, :, 1], spread)
    return counted


def _there_since(seen: np.ndarray, left: np.ndarray, cycles: int) -> np.ndarray:
    """[point, row] of those who are seen, they who have been for so many cycles."""
    found = np.zeros_like(seen)
    n = len(seen) - cycles
    found[cycles:] = seen[:n] * np.exp(left[:n] - left[cycles:])
    return found


def _points_of_stays(doses: Doses, seen: np.ndarray, left: np.ndarray, cycle: float):
    """(times[k], amounts[k, row]) of each dose of all stays, by the points at which they are first seen."""
    came = seen.copy()
    came[1:] -= seen[:-1] * np.exp(left[:-1] - left[1:])
    last = len(seen) - 1
    for n in range(_number(doses, last * cycle)):
        due = n * float(doses.every.flat[0]) / cycle
        first = np.flatnonzero(np.arange(last + 1) + due < last - HAIR * last)
        before = floor(first + due).astype(int)
        over = np.maximum(first + due - before, 0.0)[:, None]
        begun = left[first]
        stayed = (1 - over) * np.exp(begun - left[before]) + over * np.exp(begun - left[before + 1])
        yield (first + due) * cycle, came[first] * stayed


def _points_of_model(doses: Doses, seen: np.ndarray, left: np.ndarray, cycle: float):
    due = np.arange(_number(doses, (len(seen) - 1) * cycle)) * float(doses.every.flat[0]) / cycle
    before = floor(due).astype(int)
    over = np.maximum(due - before, 0.0)[:, None]
    yield due * cycle, (1 - over) * seen[before] + over * seen[before + 1]


def _at_points(dynamics: Dynamics, weightings: list[Weighting], parts) -> np.ndarray:
    """[weighting, period, row] of (times, amounts), each discounted at its own time."""
    total = None
    for times, amounts in parts:
        if total is None:
            total = np.zeros((len(weightings), len(dynamics.periods), amounts.shape[1]))
        factors = np.stack([np.where(times > 0, weighting.factor(times), 1.0) for weighting in weightings])
        periods = np.array([period_of(dynamics, time * (1 + HAIR)) for time in times])
        for period in np.unique(periods):
            some = periods == period
            total[:, period] += factors[:, some] @ amounts[some]
    assert total is not None
    return total
