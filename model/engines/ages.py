"""Hazards of bins of entrants by their age, each averaged over the ages in the bin (see `sojourn`)."""

from __future__ import annotations

import numpy as np

from model.draws import DomainError
from model.dynamics import AtEvent
from model.engines.refusals import needs_finite

_NODES, _WEIGHTS = np.array([-1, 0, 1]) * np.sqrt(0.6), (5 / 18, 8 / 18, 5 / 18)  # Gauss-Legendre, mean over -1..1
_AT_ONCE = 1 << 16  # numbers evaluated together: a processor's cache


class Ages:
    """Of one event, for bins that entered between times[k] and times[k + 1]."""

    def __init__(self, event: AtEvent, times: np.ndarray, rows: int):
        self.event, self.times, self.rows = event, times, rows
        self.even: list[np.ndarray] = []  # [row] mean cumulative hazard, by even steps since entry
        self.opening: dict[float, np.ndarray] = {}
        self.reached: tuple[float, np.ndarray] = (-1.0, np.zeros((0, rows)))

    def first(self, length: float) -> np.ndarray:
        """Hazard of the step in which entrants come, evenly spread over it."""
        if length not in self.opening:
            found = finite(2 * self.event.hazard.mean_cumulative(length), self.event)
            self.opening[length] = np.broadcast_to(found, (self.rows,))
        return self.opening[length]

    def rises(self, lags: slice) -> np.ndarray:
        """[lag, row] hazard of a step for those who entered that many even steps before the one that has just ended."""
        length, known = self.times[1] - self.times[0], len(self.even)
        if known <= lags.stop:
            young = np.arange(known, lags.stop + 1) * length
            self.even += list(self._averages(young, young + length))
        return np.diff(self.even[lags.start : lags.stop + 1], axis=0)

    def uneven(self, step: int) -> np.ndarray:
        """[bin, row] hazard of a step for the bins before it, whatever the lengths of steps."""
        begin, end = self.times[step], self.times[step + 1]
        time, before = self.reached
        before = before if time == begin else self._at(begin, step)
        after = self._at(end, step + 1)
        self.reached = end, after
        return after[:step] - before

    def _at(self, time: float, bins: int) -> np.ndarray:
        """[bin, row] mean cumulative hazard of the first bins at a time."""
        return self._averages(time - self.times[1 : bins + 1], time - self.times[:bins])

    def _averages(self, young: np.ndarray, old: np.ndarray) -> np.ndarray:
        """[bin, row] mean of the cumulative hazard over ages young[bin]..old[bin]; the hazard may be singular at age 0 only."""
        found, several = np.empty((len(young), self.rows)), max(_AT_ONCE // self.rows, 1)
        for first in range(0, len(young), several):
            part = slice(first, first + several)
            found[part] = self._average(young[part, None], old[part, None])
        return finite(found, self.event)

    def _average(self, young: np.ndarray, old: np.ndarray) -> np.ndarray:
        middle, half, hazard = (young + old) / 2, (old - young) / 2, self.event.hazard
        nodes = zip(_NODES, _WEIGHTS)
        mean = np.asarray(sum(w * hazard.cumulative(np.maximum(middle + node * half, 0.0)) for node, w in nodes))
        new = young[:, 0] <= 0
        if not new.any():
            return mean
        found = np.array(np.broadcast_to(mean, (len(young), self.rows)))
        found[new] = hazard.mean_cumulative(old[new])
        return found


def finite(hazard: np.ndarray, event: AtEvent) -> np.ndarray:
    """The hazard; DomainError where it is not finite."""
    if not np.isfinite(hazard).all():
        raise DomainError(f"{event.place or event.label}: the cohort engine {needs_finite(event)}")
    return hazard
