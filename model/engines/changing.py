"""Probabilities per cycle that change from cycle to cycle: no matrix of a cycle is made, as it would serve once."""

from __future__ import annotations

import numpy as np

from model import effort
from model.dynamics import AtCycleEnd
from model.engines.block import Block, Tally, chance_transitions, routes
from model.engines.points import BLOCK, SPAN, keep, spread
from model.instants import HAIR, in_force


def changes_often(block: Block) -> bool:
    """Probabilities per cycle differ in more than half of the cycles."""
    dynamics = block.dynamics
    exits = [exit for exit in dynamics.transitions if isinstance(exit, AtCycleEnd)]
    most = max((len(exit.level.starts) for exit in exits), default=0)
    return 2 * most > dynamics.time.whole_cycles


class _Cycles:
    """One cycle after the other: occupancy, and transitions made, of a span of cycles that are summed together."""

    def __init__(self, block: Block):
        self.block, self.dynamics = block, block.dynamics
        self.times = np.arange(self.dynamics.time.whole_cycles) * self.dynamics.time.cycle
        self.exits = {i: exit for i, exit in self.dynamics.timed().items() if isinstance(exit, AtCycleEnd)}
        self.pieces = {i: self._pieces(exit) for i, exit in self.exits.items()}
        # Always of full width: the shape of a matrix product must not depend on how draws are cut into blocks.
        width = max(BLOCK * len(self.dynamics.strategies), block.rows)
        self.held = np.zeros((SPAN + 1, block.states, width))
        self.made = np.zeros((SPAN, len(self.dynamics.transitions), width))

    def _pieces(self, exit: AtCycleEnd) -> np.ndarray:
        """[cycle] which value of the level is in force."""
        return np.maximum(in_force(exit.level.starts, self.times, HAIR * self.dynamics.time.horizon), 0)

    def step(self, cycle: int, place: int, x: np.ndarray) -> np.ndarray:
        """Occupancy[state, row] after a cycle that begins with x; kept at a place of the span."""
        rows = self.block.rows
        self.held[place, :, :rows] = x
        after, made = self.held[place + 1, :, :rows], self.made[place, :, :rows]
        after[:], made[:] = x, 0.0
        for i, exit in self.exits.items():
            amount = np.multiply(exit.level.values[self.pieces[i][cycle]], x[exit.source], out=made[i])
            after[exit.source] -= amount
            for target, share in routes(self.dynamics, exit.target, self.times[cycle]):
                after[target] += amount * share if self.dynamics.chance[exit.target] else amount
        if any(self.dynamics.chance):
            self._branch(made, self.times[cycle])
        return after

    def _branch(self, made: np.ndarray, time: float) -> None:
        entries = np.zeros((self.block.states, self.block.rows))
        for i, exit in self.exits.items():
            entries[exit.target] += made[i]
        chance_transitions(self.dynamics, entries, made, time)

    def add(self, tally: Tally, weights: np.ndarray, share: np.ndarray) -> None:
        """Sums over a span of cycles, of weights[cycle, weighting, 3], as matrix products."""
        n, rows = len(weights), self.block.rows
        points = np.zeros((n + 1, weights.shape[1]))
        points[:n] += weights[:, :, 0]
        points[1:] += weights[:, :, 1]
        for w, spent in enumerate(points.T @ self.held[: n + 1].reshape(n + 1, -1)):
            spread(tally.time[w], share, spent.reshape(self.held.shape[1:])[:, :rows])
        for w, moved in enumerate(weights[:, :, 2].T @ self.made[:n].reshape(n, -1)):
            spread(tally.transitions[w], share, moved.reshape(self.made.shape[1:])[:, :rows])


def points_of_changing(
    block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally, trace: bool
) -> list[np.ndarray]:
    """Occupancy[state, row] at the ends of cycles; time and transitions are added to the tally."""
    cycles, x = _Cycles(block), block.start
    seen, first = [x.copy()], 0
    for n in effort.loop(range(len(weights)), len(weights)):
        after = cycles.step(n, n - first, x)
        keep(block, tally, (n + 1) * block.dynamics.time.cycle, after, weights[n], shares[n])
        x, last = after.copy(), n + 1 == len(weights)
        if last or n + 1 - first == SPAN or not np.array_equal(shares[n + 1], shares[n]):
            cycles.add(tally, weights[first : n + 1], shares[n])
            first = n + 1
        seen += [x] if trace else []
    return seen
