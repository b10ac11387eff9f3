"""Those who entered a state, by step of entry: what is left of them and where they go, by tables over the lag.

Where steps are even and the other hazards do not change, what an entrant's bin does in a step depends on the number of
steps since entry (the lag) only. Survival, exposure and transitions are then tables [lag, row], made once, and a step is
a sum of products over the bins. When something changes, the bins are told anew as if what is now in force had always been.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AT_ONCE = 16  # lags by which tables grow
OFTEN = 8  # changes of what is in force, one step after the other, from which on tables do not pay
LEAST = 1e-250  # survival below which bins cannot be told anew


def mean_survival(total: np.ndarray) -> np.ndarray:
    """(1 - exp(-total)) / total, 1 where total is 0."""
    return np.where(total > 1e-12, -np.expm1(-total) / np.maximum(total, 1e-12), 1.0)


class Table:
    """What becomes of one entrant: survival[lag, row] to the start of a step, exposed[lag, row] mean in it, hazards of the
    step {transition: [lag, row]}, all times `survival`. rise(transition, lags) -> hazards[lag, row] of the step."""

    def __init__(self, steps: int, rows: int, rise: Callable, ratios: dict, background: np.ndarray):
        self.rise, self.ratios, self.background, self.known = rise, ratios, background, 0
        self.survival = np.ones((steps + 1, rows))
        self.exposed = np.empty((steps, rows))
        self.leaving = {i: np.empty((steps, rows)) for i in ratios}

    def holds(self, ratios: dict, background: np.ndarray) -> bool:
        """It is still the table of these ratios and of this hazard of all others."""
        same = all(np.array_equal(self.ratios[i], ratio) for i, ratio in ratios.items())
        return same and np.array_equal(self.background, background)

    def reach(self, lags: int) -> None:
        """Known up to this number of lags."""
        while self.known < lags:
            self._grow(slice(self.known, min(self.known + AT_ONCE, len(self.exposed))))

    def _grow(self, lags: slice) -> None:
        hazards = {i: self.rise(i, lags) * ratio for i, ratio in self.ratios.items()}
        total = sum(hazards.values()) + self.background
        np.cumprod(np.exp(-total), axis=0, out=self.survival[lags.start + 1 : lags.stop + 1])
        self.survival[lags.start + 1 : lags.stop + 1] *= self.survival[lags.start]
        self.exposed[lags] = self.survival[lags] * mean_survival(total)
        for i, hazard in hazards.items():
            np.multiply(self.exposed[lags], hazard, out=self.leaving[i][lags])
        self.known = lags.stop


class Entrants:
    """mass[step, row] who entered in a step; with a table, as many as would have had to enter for what is left of them."""

    def __init__(self, steps: int, rows: int, rise: Callable):
        self.mass, self.held, self.rise = np.zeros((steps, rows)), np.zeros(rows), rise
        self.table: Table | None = None
        self.changes = 0

    def enter(self, step: int, mass: np.ndarray) -> None:
        self.mass[step] = mass
        self.held = self.held + mass

    def empty(self, rows: np.ndarray) -> None:
        """Nobody is left in the rows that are True."""
        self.mass[:, rows] = 0.0
        self.held = np.where(rows, 0.0, self.held)

    def leave(self, step: int, ratios: dict, background: np.ndarray, even: bool):
        """The transitions of one step: ({transition: amount[row]}, mean present[row]); None where there are no tables."""
        if not (even and self._prepared(step, ratios, background)):
            self._untold(step)
            return None
        assert self.table is not None
        present = _over_lags(self.mass, self.table.exposed, step)
        left = {i: _over_lags(self.mass, leaving, step) for i, leaving in self.table.leaving.items()}
        self.held = np.maximum(self.held - sum(left.values()) - background * present, 0.0)
        return left, present

    def counted(self, step: int) -> None:
        """What is left has been changed in `mass` itself."""
        self.held = self.mass[:step].sum(axis=0)

    def _prepared(self, step: int, ratios: dict, background: np.ndarray) -> bool:
        """A table for this step; not where it would change too often, or where too little is left to be told anew."""
        if self.table is not None and self.table.holds(ratios, background):
            self.table.reach(step)
            self.changes = 0
            return True
        self.changes += self.changes <= OFTEN
        if self.changes > OFTEN:
            return False
        self._untold(step)
        table = Table(*self.mass.shape, self.rise, ratios, background)
        table.reach(step)
        survived = table.survival[:step][::-1]
        if np.any((survived < LEAST) & (self.mass[:step] > 0)):
            return False
        self.mass[:step] /= np.maximum(survived, LEAST)
        self.table = table
        return True

    def _untold(self, step: int) -> None:
        """Bins as they are, not as they would have been."""
        if self.table is not None:
            self.table.reach(step)
            # What entered in the last step is one lag old, and so on.
            self.mass[:step] *= self.table.survival[:step][::-1]
            self.table = None


def _over_lags(mass: np.ndarray, table: np.ndarray, step: int) -> np.ndarray:
    """[row] sum over bins 0..step-1 of their mass times what the table says at their lag."""
    return np.einsum("ij,ij->j", mass[:step], table[:step][::-1])
