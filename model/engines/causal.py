"""Sums over all who entered earlier, each times what a table says at the lag since: a convolution of which the entries come to
be known step by step.

Those of the last few steps are summed one by one. When a block of 32, 64, 128 .. steps is full, its contributions to as many
steps to come are made at once by Fourier transforms, so that n steps take n log(n)^2 and not n^2 (Hairer, Lubich and Schlichte
1985, SIAM J Sci Stat Comput 6: 532-541). Rounding is that of the block's largest contribution.
"""

from __future__ import annotations

import numpy as np

from model.engines.lags import Table

NEAR = 32  # steps of the smallest block
AT_ONCE = 1 << 15  # numbers transformed together: what a processor's cache holds
KEPT = 1 << 10  # numbers a row of spectra that are kept for the next block of that size


class Earlier:
    """Sums of mass[step, row] by a table, for the steps first..last; those who entered before `first` are summed one by one.

    points: (point of the step, weight); one where the background is in the table. reached[step, row]: cumulative background
    hazard up to the start of each step, where it is not.
    """

    def __init__(
        self, table: Table, mass: np.ndarray, first: int, last: int, points, reached: np.ndarray | None = None
    ):
        self.table, self.mass, self.first, self.last = table, mass, first, last
        self.points, self.reached = points, reached
        outputs, rows = 1 + len(table.leaving), mass.shape[1]
        self.due = np.zeros((outputs, last - first, rows))
        self.near = np.array([table.shares(point, slice(0, NEAR)) for point, _ in points])
        self.young = np.zeros((NEAR, rows))
        self.spectra: dict[tuple, list[np.ndarray]] = {}

    def at(self, step: int) -> np.ndarray:
        """[exposed | transition, row] of a step; steps follow one another."""
        done = step - self.first
        begin = step - done % NEAR
        if done and step == begin:
            block = done & -done
            self._add(step - block, step, min(step + block, self.last))
        total = self.due[:, done]
        if self.first:
            for out, share in zip(total, self.table.shares(0.0, slice(done, step))):
                out += _summed(self.mass[: self.first], share)
        np.maximum(total, 0.0, out=total)  # rounding of transforms
        if step > begin:
            self._add_young(total, begin, step)
        return total

    def _add_young(self, total: np.ndarray, begin: int, step: int) -> None:
        young = self.young[: step - begin]
        young[-1] = self.mass[step - 1]
        found = _summed(young, self.near)
        if self.reached is None:
            total += found[0]
            return
        after = self.reached[step + 1] - self.reached[step]
        for one, (point, weight) in zip(found, self.points):
            total += one * (weight * np.exp(-point * after))
        young *= np.exp(-after)

    def empty(self, rows: np.ndarray) -> None:
        """Nobody is left in the rows that are True."""
        self.due[:, :, rows] = 0.0
        self.young[:, rows] = 0.0

    def _add(self, begin: int, end: int, until: int) -> None:
        """What those who entered in begin..end contribute to the steps end..until."""
        rows, size = self.mass.shape[1], _fast(until - begin - 1)
        several = max(AT_ONCE // size, 1)
        for first in range(0, rows, several):
            part = slice(first, min(first + several, rows))
            self._add_rows(begin, end, until, size, part)

    def _add_rows(self, begin: int, end: int, until: int, size: int, rows: slice) -> None:
        entries, later = self.mass[begin:end, rows], slice(end, until)
        if self.reached is not None:
            entries = entries * np.exp(self.reached[begin + 1 : end + 1, rows] - self.reached[end, rows])
            stays = np.exp(self.reached[end, rows] - self.reached[later, rows])
            rises = self.reached[end + 1 : until + 1, rows] - self.reached[later, rows]
        known = np.fft.rfft(np.ascontiguousarray(entries.T), size)
        for place, (point, weight) in enumerate(self.points):
            factor = None if self.reached is None else stays * (weight * np.exp(-point * rises))
            again = end + 2 * (end - begin) < self.last
            for out, spectrum in zip(self.due, self._spectra(place, until - begin - 1, size, rows, again)):
                found = np.fft.irfft(known * spectrum, size)[:, end - begin - 1 : until - begin - 1].T
                out[end - self.first : until - self.first, rows] += found if factor is None else found * factor

    def _spectra(self, place: int, lags: int, size: int, rows: slice, again: bool) -> list[np.ndarray]:
        """Transforms [row, frequency] of each output of the table's first lags, at a point of the step."""
        key = place, lags, size, rows.start
        if key in self.spectra:
            return self.spectra[key]
        shares = self.table.shares(self.points[place][0], slice(0, lags), rows)
        found = [np.fft.rfft(np.ascontiguousarray(share.T), size) for share in shares]
        if again and size * len(self.points) * len(shares) <= KEPT:
            self.spectra[key] = found
        return found


def _summed(mass: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """[.., row] sum over bins of their mass times what shares[.., lag, row] say; the last bin is of lag 0."""
    return np.einsum("ij,...ij->...j", mass, shares[..., : len(mass), :][..., ::-1, :])


def _fast(size: int) -> int:
    """The smallest power of 2, or three times one, that is no less."""
    power = 1 << (size - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= size else power
