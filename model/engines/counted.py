"""What some steps count together: time and transitions are held for a span of steps and added up at once."""

from __future__ import annotations

import numpy as np

from model.engines.block import Block, Tally, tally_transitions

SPAN = 16  # steps held: more do not fit a processor's cache


class Counted:
    """Adds to a tally what each step counts. periods[step]; weights[step, weighting] of its time and of its transitions."""

    def __init__(self, block: Block, tally: Tally, periods: np.ndarray, weights: np.ndarray):
        self.block, self.tally, self.periods, self.weights = block, tally, periods, weights
        self.spent = np.zeros((SPAN, block.states, block.rows))
        self.made = np.zeros((SPAN, len(block.dynamics.transitions), block.rows))
        self.first = self.next = 0

    def add(self, amounts: dict[int, np.ndarray], time: float, spent: np.ndarray | None = None) -> None:
        """The next step: transitions {transition: amount[row]} at a time within it, and time spent [state, row], if any."""
        place = self.next - self.first
        if spent is not None:
            self.spent[place] = spent
        self.made[place] = 0.0
        tally_transitions(self.block, self.made[place], amounts, time)
        self.next += 1
        if place + 1 == SPAN or self.next == len(self.periods) or self.periods[self.next] != self.periods[self.first]:
            self._flush(spent is not None)

    def _flush(self, timed: bool) -> None:
        weights, period = self.weights[self.first : self.next], self.periods[self.first]
        if timed:
            self.tally.time[:, period] += summed(weights, self.spent)
        self.tally.transitions[:, period] += summed(weights, self.made)
        self.first = self.next


def summed(weights: np.ndarray, held: np.ndarray) -> np.ndarray:
    """[weighting, .., row]. One row after the other, so that rounding does not depend on how many there are."""
    return np.einsum("kw,ksr->wsr", weights, held[: len(weights)])
