"""Numbers that change over model time: in steps that all draws share, or in any other way; means and integrals of them.

Shapes: [piece, strategy, draw]. Smooth stretches are integrated by Gauss-Legendre with three points, exact for
polynomials of degree five; stretches without a curve by their middle, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model.instants import HAIR, distinct, in_force, in_order, same

PARTS, OCTAVES = 512, 11  # see `fine`
_NODES = {False: np.zeros(1), True: np.array([-1, 0, 1]) * np.sqrt(0.6) / 2}
_WEIGHTS = {False: np.ones(1), True: np.array([5, 8, 5]) / 18}
_AT_ONCE = 1 << 18  # values evaluated together: a few megabytes


@dataclass(frozen=True)
class Stepwise:
    """A number that is constant between `starts` (model time, the first is 0): values[piece, strategy, draw]."""

    starts: np.ndarray
    values: np.ndarray

    def at(self, time: float) -> np.ndarray:
        """values[strategy, draw] in force at `time`."""
        return self.values[max(int(in_force(self.starts, time)), 0)]

    def value(self, times: np.ndarray) -> np.ndarray:
        """[k, strategy, draw] at times[k] or [k, strategy, draw]."""
        if times is self.starts or np.array_equal(times, self.starts):
            return self.values
        piece = np.maximum(in_force(self.starts, times), 0)
        return self.values[piece] if times.ndim == 1 else np.take_along_axis(self.values, piece, axis=0)

    def sample(self, times: np.ndarray, strategy: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """[n] at times[n], each in its strategy and draw."""
        piece = np.maximum(in_force(self.starts, times), 0)
        return self.values[piece, strategy, draw]


@dataclass(frozen=True)
class OverTime:
    """A number that changes otherwise. value(times[k] or [k, strategy, draw]) -> [k, strategy, draw].

    sample(times[n], strategy[n], draw[n]) -> [n]. edges: where all draws step or bend, 0 and the horizon included; own:
    [k, strategy, draw] the same of each draw, or None. smooth: it may curve between edges, else it is constant there.
    """

    value: Callable
    sample: Callable
    edges: np.ndarray
    own: np.ndarray | None
    smooth: bool

    def at(self, time: float) -> np.ndarray:
        """[strategy, draw] at `time`."""
        return self.value(np.array([time]))[0]

    def splits(self, grid: np.ndarray) -> np.ndarray:
        """Edges of the pieces in which it is constant or smooth, [k] or, where draws differ, [k, strategy, draw]."""
        edges = distinct(np.concatenate([grid, self.edges[self.edges < grid[-1]]]), grid[-1])
        if self.own is None:
            return edges
        common = np.broadcast_to(edges[:, None, None], (len(edges), *self.own.shape[1:]))
        return np.sort(np.concatenate([common, np.minimum(self.own, grid[-1])]), axis=0)

    def integrals(self, edges: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
        """(which pieces, their middles, integral, first moment about the middle) between `edges`, some pieces at a time."""
        edges = edges.reshape(len(edges), 1, 1) if edges.ndim == 1 else edges
        nodes, weights = _NODES[self.smooth], _WEIGHTS[self.smooth]
        several = max(1, _AT_ONCE // max(1, int(np.prod(self.at(0.0).shape))))
        for first in range(0, len(edges) - 1, several):
            part = slice(first, min(first + several, len(edges) - 1))
            low, length = edges[:-1][part], np.diff(edges, axis=0)[part]
            middle = low + length / 2
            total = moment = 0.0
            for node, weight in zip(nodes, weights):
                times = middle + node * length
                values = weight * self.value(times if self.own is not None else times[:, 0, 0])
                total, moment = total + values, moment + node * values
            yield part, middle, total * length, moment * length**2


@dataclass(frozen=True)
class _Rest:
    """1 minus the sum of levels."""

    levels: list
    check: Callable

    def value(self, times: np.ndarray) -> np.ndarray:
        return self._checked(1 - sum(level.value(times) for level in self.levels))

    def sample(self, *where) -> np.ndarray:
        return self._checked(1 - sum(level.sample(*where) for level in self.levels))

    def _checked(self, values: np.ndarray) -> np.ndarray:
        self.check(values)
        return np.clip(values, 0, 1)


def rest(levels: list[Stepwise | OverTime], check: Callable, shape: tuple[int, int]) -> Stepwise | OverTime:
    """1 minus the sum of levels, of [strategy, draw] = `shape`; check(values) raises on those that are not allowed."""
    moving = [level for level in levels if isinstance(level, OverTime)]
    starts = in_order(np.concatenate([np.zeros(1), *(l.starts for l in levels if isinstance(l, Stepwise))]))
    if not moving:
        total = sum((level.value(starts) for level in levels), np.zeros((len(starts), *shape)))
        return Stepwise(starts, 1 - total)
    edges = in_order(np.concatenate([starts[starts < moving[0].edges[-1]], *(level.edges for level in moving)]))
    own = [level.own for level in moving if level.own is not None]
    value = _Rest(levels, check)
    return OverTime(
        value.value, value.sample, edges, np.concatenate(own) if own else None, any(level.smooth for level in moving)
    )


def on_grid(level: Stepwise | OverTime, grid: np.ndarray, halve: bool = False) -> Stepwise:
    """The mean of each step of a grid. halve: two values a step, of which the solution has the fourth order.

    The two are those of the commutator-free method of Magnus type (Blanes & Moan 2006, Applied Numerical Mathematics 56:
    1519-1537): with the mean m and the first moment M of the step h, m - 4 M / h^2 and then m + 4 M / h^2, each for half of
    it. Neither may be negative.
    """
    if isinstance(level, Stepwise):
        return level if _within(level.starts, grid) else Stepwise(grid[:-1], _means(level, grid))
    total, moment = _by_step(level, grid)
    length = np.diff(grid)[:, None, None]
    mean = total / length
    if not halve:
        return Stepwise(grid[:-1], mean)
    tilt = np.clip(4 * moment / length**2, -mean, mean)
    starts = np.stack([grid[:-1], (grid[:-1] + grid[1:]) / 2], axis=1).reshape(-1)
    return Stepwise(starts, np.stack([mean - tilt, mean + tilt], axis=1).reshape(-1, *mean.shape[1:]))


def _within(starts: np.ndarray, grid: np.ndarray) -> bool:
    """Every start is a point of the grid, or comes after it."""
    near = np.searchsorted(grid, starts - HAIR * grid[-1])
    at_point = same(grid[np.minimum(near, len(grid) - 1)], starts, grid[-1])
    return bool(np.all((near == len(grid)) | at_point))


def _means(level: Stepwise, grid: np.ndarray) -> np.ndarray:
    """[step, strategy, draw] mean of what is constant between its starts."""
    ends = np.append(level.starts[1:], np.inf)
    spent = np.clip(grid[1:, None], level.starts, ends) - np.clip(grid[:-1, None], level.starts, ends)
    return np.tensordot(spent / np.diff(grid)[:, None], level.values, 1)


def _by_step(level: OverTime, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integral and first moment about its middle of every step, [step, strategy, draw]."""
    shape = (len(grid) - 1, *level.at(0.0).shape)
    total, moment = np.zeros(shape), np.zeros(shape)
    centres = (grid[:-1] + grid[1:]) / 2
    for _, middle, integral, first in level.integrals(level.splits(grid)):
        step = np.clip(np.searchsorted(grid, middle) - 1, 0, len(centres) - 1)
        first = first + integral * (middle - centres[step])
        if level.own is None:
            np.add.at(total, step[:, 0, 0], integral)
            np.add.at(moment, step[:, 0, 0], first)
            continue
        cells = step * int(np.prod(shape[1:])) + np.arange(int(np.prod(shape[1:]))).reshape(shape[1:])
        for sums, values in ((total, integral), (moment, first)):
            sums += np.bincount(cells.ravel(), values.ravel(), minlength=sums.size).reshape(shape)
    return total, moment


@dataclass(frozen=True)
class Lines:
    """A hazard as a straight line on each piece: starts [k] or [k, strategy, draw], the others [k, strategy, draw].

    rates: at the start of a piece; slopes: None where all are 0; reached: integral up to its start. After the last start
    the hazard is 0.
    """

    starts: np.ndarray
    rates: np.ndarray
    slopes: np.ndarray | None
    reached: np.ndarray


def fine(end: float) -> np.ndarray:
    """PARTS equal parts of 0..end, the first of them cut further in OCTAVES octaves of eight, towards 0.

    A hazard like 0.02 exp(0.2 t) over ten years, cut so and taken as a straight line on each part, has a cumulative hazard
    that is right to 1e-8; one whose scale is shorter than a part, except at the start, is not seen.
    """
    early = end / PARTS * 2.0 ** (-np.arange(8 * OCTAVES)[::-1] / 8)
    return np.concatenate([[0.0], early[:-1], np.linspace(0, end, PARTS + 1)[1:]])


def lines(level: OverTime, end: float) -> Lines:
    """The hazard up to `end` on pieces that no cycle enters: constant, or on `fine` parts with their integral and slope."""
    edges = level.splits(fine(end) if level.smooth else np.array([0.0, end]))
    parts = [(total, moment) for _, _, total, moment in level.integrals(edges)]
    total, moment = (np.concatenate(column) for column in zip(*parts))
    length = np.diff(edges, axis=0)
    length = length[:, None, None] if edges.ndim == 1 else length
    mean = np.divide(total, length, out=np.zeros_like(total), where=length > 0)
    rise = np.divide(6 * moment, length**2, out=np.zeros_like(total), where=length > 0)  # from the middle to the end
    rise = np.clip(rise, -mean, mean)
    slopes = np.divide(2 * rise, length, out=np.zeros_like(total), where=length > 0)
    none = np.zeros((1, *total.shape[1:]))
    return Lines(
        edges,
        np.concatenate([mean - rise, none]),
        np.concatenate([slopes, none]) if level.smooth else None,
        np.concatenate([none, np.cumsum(total, axis=0)]),
    )
