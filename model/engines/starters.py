"""Those who start in a state that is left by the time in it: their age is exact, so a span of steps is made at once."""

from __future__ import annotations

import numpy as np

from model.engines.lags import mean_survival
from model.engines.shared_hazards import SharedHazards


class Starters:
    """held[row] who are left. own: transitions by the time in the state, others: by what all who are in it share."""

    def __init__(self, shared: SharedHazards, own: list[int], others: list[int], mass: np.ndarray):
        self.shared, self.own, self.others, self.held = shared, own, others, mass.copy()

    def look_ahead(self, span: slice) -> None:
        hazards = {i: self.shared.over(i, span) for i in self.own}
        total = sum(hazards.values()) + self.shared.sum(self.others, span)
        self.there = np.cumprod(np.concatenate([self.held[None], np.exp(-total)]), axis=0)  # at the ends of steps
        self.present = self.there[:-1] * mean_survival(total)
        self.left = {i: hazard * self.present for i, hazard in hazards.items()}

    def leave(self, place: int):
        """({own transition: amount[row]}, mean present[row]) of a step of the span."""
        self.held = self.there[place + 1]
        return {i: left[place] for i, left in self.left.items()}, self.present[place]

    def empty(self, rows: np.ndarray) -> None:
        """Nobody is left in the rows that are True."""
        self.held = np.where(rows, 0.0, self.held)
        for known in (self.there, self.present, *self.left.values()):
            known[:, rows] = 0.0
