"""A step that is the same again and again, between states in which nobody has an age: solved once, by a series."""

from __future__ import annotations

import numpy as np

from model.engines import linear
from model.engines.block import Block, flows_at

MOST = 1.0  # exits a step up to which the series is short


class Steady:
    """The linear map of a step, from what is there at its beginning and what flows in evenly over it."""

    def __init__(self, block: Block):
        self.block, self.unknown, self.solved = block, True, False
        self.rates: dict[int, np.ndarray] = {}

    def make(self, rates: dict[int, np.ndarray], time: float) -> None:
        flows = flows_at(self.block, time, rates)
        size = linear.largest_exit(flows)
        self.unknown, self.rates, self.solved = False, rates, size <= MOST
        if self.solved:
            self._solve(flows)

    def _solve(self, flows: list[linear.Flow]) -> None:
        """exp(A), and the mean over the step of what was there, phi1(A), and of what flows in, phi2(A) = sum of A^n / (n + 2)!"""
        generator = linear.generator(flows, self.block.states)
        power = linear.diagonal(self.block.states, np.full(self.block.rows, 0.5))
        self.late = [[None if a is None else a.copy() for a in line] for line in power]
        for n in range(1, linear.terms_needed(2 * MOST) + 1):
            power = linear.scaled(linear.multiply(generator, power), 1 / (n + 2))
            linear.add_to(self.late, power)
        self.mean = self._one_more(generator, self.late)
        self.whole = self._one_more(generator, self.mean)

    def _one_more(self, generator: linear.Grid, grid: linear.Grid) -> linear.Grid:
        """1 + A times a grid."""
        made = linear.multiply(generator, grid)
        for i, line in enumerate(made):
            diagonal = line[i]
            line[i] = np.ones(self.block.rows) if diagonal is None else diagonal + 1.0
        return made

    def advance(self, x: np.ndarray, evenly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Occupancy[state, row] after a step, and its mean over the step."""
        after, mean, more = (np.empty_like(x) for _ in range(3))
        linear.apply(self.whole, x, after)
        after += linear.apply(self.mean, evenly, more)
        linear.apply(self.mean, x, mean)
        mean += linear.apply(self.late, evenly, more)
        return after, mean
