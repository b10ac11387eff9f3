"""Exact stretches of constant hazards under the convention 'integral', each one step; steps that are alike are solved once."""

from __future__ import annotations

import numpy as np

from model import effort
from model.dynamics import Dynamics
from model.engines import linear, uniformisation
from model.engines.block import Block, Tally, flows_at, tally_transitions
from model.engines.conventions import Weighting
from model.engines.integral import factors_at, keep
from model.engines.stretches import breaks, period_of, steps
from model.instants import HAIR, in_force
from model.over_time import Stepwise

FEW = 4  # stretches between the steps of prices up to which each is solved by matrices


def by_segments(block: Block, weightings: list[Weighting], tally: Tally) -> None:
    """Occupancy from step to step; time and transitions are added to the tally."""
    dynamics, x = block.dynamics, block.start
    times = breaks(dynamics, weightings)
    once = block.moving or len(dynamics.periods) > FEW or block.watch is not None
    loops = 1 if once else linear.LOOPS * len(weightings)
    runs, periods = _runs(dynamics, times), [period_of(dynamics, middle) for _, middle, _ in steps(times)]
    counts = np.diff(times)[:, None] * np.stack([factors_at(w, times[:-1], dynamics) for w in weightings], axis=1)
    run, numbers = None, np.bincount(runs)
    for k, (begin, middle, end) in effort.loop(enumerate(steps(times)), len(periods), loops):
        if run is None or runs[k] != runs[k - 1]:
            decays = [weighting.decay * (end - begin) for weighting in weightings]
            run = _Run(block, middle, end - begin, decays, int(numbers[runs[k]]), once)
        x, means = run.step(x, counts[k])
        if block.watch is not None:
            block.watch.step(end, x, means, run.flows, end - begin)
        if k + 1 == len(periods) or (runs[k + 1], periods[k + 1]) != (runs[k], periods[k]):
            run.count(tally, periods[k])
        keep(block, weightings, tally, end, x)


def _runs(dynamics: Dynamics, times: np.ndarray) -> np.ndarray:
    """[step] the number of the run of steps that it belongs to, in which lengths and levels are the same."""
    middles, lengths = (times[:-1] + times[1:]) / 2, np.diff(times)
    other = np.abs(np.diff(lengths)) > HAIR * lengths[:-1]
    for level in dynamics.levels:
        if isinstance(level, Stepwise) and len(level.starts) > 1:
            other |= np.diff(in_force(level.starts, middles)) != 0
    return np.append(0, np.cumsum(other))


class _Run:
    """Steps of the same rates and length, `number` of them; what they count is held until it goes to the tally."""

    def __init__(self, block: Block, time: float, length: float, decays: list[float], number: int, once: bool):
        self.block, self.time, self.decays = block, time, decays
        self.rates = {i: exit.level.at(time) for i, exit in block.dynamics.rates().items()}
        self.flows = flows_at(block, time, {i: rate * length for i, rate in self.rates.items()})
        self.alone = uniformisation.solve_once if once else uniformisation.solve
        self.grids = self._solved(once) if _pays(block.states, number, once) else None
        self.spent = np.zeros((len(decays), *block.start.shape))

    def _solved(self, once: bool) -> list[linear.Grid]:
        mild = linear.largest_exit(self.flows) <= 1
        solve = linear.weighted_grids if once and mild else uniformisation.matrices
        return solve(self.flows, self.block.states, self.block.rows, self.decays)

    def step(self, x: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Occupancy after the step, and for each weighting its mean over the step, which counts so much."""
        if self.grids is None:
            after, means = self.alone(self.flows, x, self.decays)
        else:
            after, *means = (linear.apply(grid, x, np.empty_like(x)) for grid in self.grids)
        for spent, mean, count in zip(self.spent, means, counts):
            spent += mean * count
        return after, means

    def count(self, tally: Tally, period: int) -> None:
        for time, made, spent in zip(tally.time[:, period], tally.transitions[:, period], self.spent):
            time += spent
            amounts = {i: rate * spent[self.block.dynamics.transitions[i].source] for i, rate in self.rates.items()}
            tally_transitions(self.block, made, amounts, self.time)
        self.spent[:] = 0.0


def _pays(states: int, number: int, once: bool) -> bool:
    """Whether matrices for all steps of a run take less than each step by itself."""
    return states < uniformisation.SEVERAL and number >= (2 * states if once else 2)
