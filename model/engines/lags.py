"""What becomes of those who entered a state, by the number of even steps since (the lag), in tables that are made once.

A step's mean survival beside a background hazard that changes is no function of the lag alone: exp(-(a + b) s), averaged over
the step, s in 0..1. By Gauss-Legendre it is a sum over a few points s of exp(-a s), which goes by the lag, times exp(-b s), which
goes by the time; NODES are as many as make it right to rounding.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AT_ONCE = 16  # lags by which tables are made
NODES = ((0.03, 3), (0.2, 4), (1.2, 6), (9.0, 12))  # largest hazard of a step, points of it


def mean_survival(total: np.ndarray) -> np.ndarray:
    """(1 - exp(-total)) / total, 1 where total is 0."""
    return np.where(total > 1e-12, -np.expm1(-total) / np.maximum(total, 1e-12), 1.0)


def nodes(largest: float) -> list[tuple[float, float]] | None:
    """(point of a step, weight) for hazards of a step up to `largest`; None where they are too large."""
    for most, count in NODES:
        if largest <= most:
            points, weights = np.polynomial.legendre.leggauss(count)
            return list(zip((points + 1) / 2, weights / 2))
    return None


class Table:
    """survival[lag, row] of one entrant to the start of a step, and what goes by the hazard of the step.

    rise(transition, lags) -> hazards[lag, row] of a step, times `ratios`; background: that of all other transitions, [row], or
    None where it changes and is not in the table.
    """

    def __init__(self, lags: int, rows: int, rise: Callable, ratios: dict, background: np.ndarray | None):
        self.rise, self.ratios, self.background = rise, ratios, background
        self.survival = np.ones((lags + 1, rows))
        self.there = np.empty((lags, rows))  # mean in the step; without the background, hazard of the step
        self.leaving = {i: np.empty((lags, rows)) for i in ratios}  # transitions; without the background, hazards
        for first in range(0, lags, AT_ONCE):
            self._make(slice(first, min(first + AT_ONCE, lags)))

    def _make(self, lags: slice) -> None:
        hazards = {i: self.rise(i, lags) * ratio for i, ratio in self.ratios.items()}
        total = sum(hazards.values())
        if self.background is not None:
            total = total + self.background
        after = self.survival[lags.start + 1 : lags.stop + 1]
        np.cumprod(np.exp(-total), axis=0, out=after)
        after *= self.survival[lags.start]
        known = self.background is not None
        self.there[lags] = self.survival[lags] * mean_survival(total) if known else total
        for i, hazard in hazards.items():
            np.multiply(hazard, self.there[lags] if known else 1.0, out=self.leaving[i][lags])

    def shares(self, node: float, lags: slice, rows: slice = slice(None)) -> list[np.ndarray]:
        """[exposed, *transitions] of one entrant, [lag, row] each, at a point of the step where the background changes."""
        there, leaving = self.there[lags, rows], [of[lags, rows] for of in self.leaving.values()]
        if self.background is not None:
            return [there, *leaving]
        exposed = self.survival[:-1][lags, rows] * np.exp(-node * there)
        return [exposed, *(exposed * hazard for hazard in leaving)]
