"""Those who entered a state, by step of entry: what is left of them and where they go.

Where steps are even, what an entrant's bin does in a step depends on the number of steps since entry (`lags`) and on hazards that
are shared by all bins, so that a step is a sum over all earlier ones (`causal`). When a hazard ratio changes, the bins are told anew
as if what is now in force had always been. Where that does not pay or cannot be, each bin ages by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.engines.causal import Earlier
from model.engines.lags import Table, mean_survival, nodes

SHORT = 4  # steps for which a table does not pay
LEAST = 1e-250  # survival below which bins cannot be told anew


class Entrants:
    """mass[step, row] who entered in a step; with sums by a table, as many as would have had to enter for what is left of them.

    rises(transition, lags) -> hazards[lag, row]; reached[step, row]: cumulative hazard of all others up to the start of each
    step, where that changes too often to be in a table, and largest: the most of it in a step.
    """

    def __init__(self, steps: int, rows: int, rises: Callable, reached: np.ndarray | None = None):
        self.mass, self.held, self.rises = np.zeros((steps, rows)), np.zeros(rows), rises
        self.reached = reached
        self.sums: Earlier | None = None
        self.tried = 0  # the step up to which it is settled whether there are sums

    def enter(self, step: int, mass: np.ndarray) -> None:
        self.mass[step] = mass
        self.held = self.held + mass

    def empty(self, rows: np.ndarray) -> None:
        """Nobody is left in the rows that are True."""
        self.mass[:, rows] = 0.0
        self.held = np.where(rows, 0.0, self.held)
        if self.sums is not None:
            self.sums.empty(rows)

    def leave(self, step: int, until: int, ratios: dict, background: np.ndarray):
        """The transitions of one step: ({transition: amount[row]}, mean present[row]); None where there are no tables.

        until: the step up to which steps are even and the ratios hold; the background too, where it is in the tables.
        """
        if step >= self.tried:
            self._prepare(step, until, ratios, background)
            self.tried = until
        if self.sums is None:
            return None
        present, *amounts = self.sums.at(step)
        left = dict(zip(ratios, amounts))
        self.held = np.maximum(self.held - sum(amounts) - background * present, 0.0)
        return left, present

    def age(self, step: int, hazards: dict, background: np.ndarray):
        """As `leave`, of each bin by itself; hazards {transition: [bin, row]}."""
        total, mass = sum(hazards.values()) + background, self.mass[:step]
        exposed = mass * mean_survival(total)
        mass *= np.exp(-total)
        self.held = mass.sum(axis=0)
        return {i: (hazard * exposed).sum(axis=0) for i, hazard in hazards.items()}, exposed.sum(axis=0)

    def _prepare(self, step: int, until: int, ratios: dict, background: np.ndarray) -> None:
        """Sums for the steps up to `until`; none where bins are better, or can only, be aged one by one."""
        self._untold(step)
        bins = self.mass[:step]
        if until - step < SHORT or (self.reached is not None and np.any(bins[: step - 1])):
            return
        table = Table(until - 1, len(self.held), self.rises, ratios, background if self.reached is None else None)
        points = (
            [(0.0, 1.0)] if self.reached is None else nodes(table.there.max() + np.diff(self.reached, axis=0).max())
        )
        survived = table.survival[:step][::-1]
        if points is None or np.any((survived < LEAST) & (bins > 0)):
            return
        self.mass[:step] /= np.maximum(survived, LEAST)
        self.sums = Earlier(table, self.mass, step - 1, until, points, self.reached)

    def _untold(self, step: int) -> None:
        """Bins as they are, not as they would have been."""
        if self.sums is None:
            return
        # What entered in the last step is one lag old, and so on.
        self.mass[:step] *= self.sums.table.survival[:step][::-1]
        if self.reached is not None:
            self.mass[:step] *= np.exp(self.reached[1 : step + 1] - self.reached[step])
        self.sums = None
