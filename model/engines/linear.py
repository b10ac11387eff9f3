"""Linear dynamics of many small systems at once: dx/dt = A x for thousands of rows (strategy x draw).

A system has a handful of states and few transitions, the same for all rows; so matrices are kept as grids of
row arrays in which entries that are zero for every row do not exist (None), and each product is a vectorised
operation over rows. Exponentials: Taylor series with scaling and squaring (Higham 2008, ch. 10);
phi1(A) = integral of exp(A s) over s in 0..1 = A^-1 (exp(A) - 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from model import effort

Grid = list[list[np.ndarray | None]]


@dataclass(frozen=True)
class Flow:
    """Mass that moves from state `source` to `target` at rate[row] (per step)."""

    source: int
    target: int
    rate: np.ndarray


def largest_exit(flows: list[Flow]) -> float:
    """Largest total rate out of any state, over all rows."""
    exits: dict[int, np.ndarray] = {}
    for flow in flows:
        exits[flow.source] = exits.get(flow.source, 0.0) + flow.rate
    return max((float(np.max(rate)) for rate in exits.values()), default=0.0)


def derivative(flows: list[Flow], x: np.ndarray, out: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """A x for x[state, row]; `scale` multiplies A."""
    out[:] = 0.0
    for flow in flows:
        moved = flow.rate * x[flow.source]
        if scale != 1.0:
            moved *= scale
        out[flow.target] += moved
        out[flow.source] -= moved
    return out


def advance(flows: list[Flow], x: np.ndarray, exit_rate: float, source: np.ndarray | None = None):
    """(exp(A) x, phi1(A) x): occupancy after one step and its mean over the step.

    source[state, row]: mass that flows in evenly over the step, or None.
    """
    if exit_rate > _STIFF:
        return _advance_stiff(flows, x, source)
    parts = max(1, int(np.ceil(exit_rate)))
    scale, mean = 1.0 / parts, np.zeros_like(x)
    inflow = None if source is None else source * scale
    for _ in range(parts):
        x, part = _advance_once(flows, x, scale, exit_rate * scale, inflow)
        mean += part
    mean *= scale
    return x, mean


_STIFF = 8.0  # exits per step above which squaring a matrix is cheaper than many small steps


def _advance_stiff(flows: list[Flow], x: np.ndarray, source: np.ndarray | None):
    """By the matrix exponential, with one more state, constantly 1, from which the source flows (Van Loan 1978)."""
    states, rows = x.shape
    whole, mean = exponential(flows, states + 1, rows, source=source)
    start = np.concatenate([x, np.ones((1, rows))])
    return apply(whole, start, np.empty_like(start))[:states], apply(mean, start, np.empty_like(start))[:states]


def _advance_once(flows, x, scale, size, inflow):
    end, mean = x.copy(), x.copy()
    term, other = x, np.empty_like(x)
    for n in range(1, terms_needed(2 * size) + 1):
        other = derivative(flows, term, np.empty_like(x) if n == 1 else other, scale)
        if n == 1 and inflow is not None:
            other += inflow
        other /= n
        end += other
        mean += other / (n + 1)
        term, other = other, (np.empty_like(x) if n == 1 else term)
    return end, mean


def weighted(flows: list[Flow], x: np.ndarray, decays: list[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """(exp(A) x, for each decay phi1(A - decay I) x) for x[state, row], of a step in which about one exit is made at most.

    One Taylor series serves all decays: phi1(A - d I) x is the sum of A^n x / n! times the integral of s^n exp(-d s), 0..1.
    """
    terms = _terms_of(flows)
    shares = [_moments(decay, terms + 1) for decay in decays]
    end = term = x
    means = [x * share[0] for share in shares]
    for n in range(1, terms + 1):
        term = derivative(flows, term, np.empty_like(x), 1 / n)
        end = end + term
        for mean, share in zip(means, shares):
            mean += term * share[n]
    return end, means


def weighted_grids(flows: list[Flow], states: int, rows: int, decays: list[float]) -> list[Grid]:
    """exp(A), and for each decay phi1(A - decay I), by the series of `weighted`: for steps that are made again and again."""
    terms = _terms_of(flows)
    shares = [_moments(decay, terms + 1) for decay in decays]
    made, power = generator(flows, states), diagonal(states, np.ones(rows))
    end, *means = (
        [[None if a is None else a * by for a in line] for line in power] for by in (1, *(s[0] for s in shares))
    )
    for n in range(1, terms + 1):
        power = scaled(multiply(made, power), 1 / n)
        add_to(end, power)
        for mean, share in zip(means, shares):
            add_to(mean, [[None if a is None else a * share[n] for a in line] for line in power])
    return [end, *means]


def _terms_of(flows: list[Flow]) -> int:
    """Terms of a series; the largest exit is rounded up, so that rows do not see one another."""
    return terms_needed(2 * 2.0 ** np.ceil(np.log2(max(largest_exit(flows), 1e-3))))


def diagonal(states: int, value: np.ndarray) -> Grid:
    """value[row] times the identity."""
    return [[value.copy() if i == j else None for j in range(states)] for i in range(states)]


@lru_cache(256)
def _moments(decay: float, n: int) -> np.ndarray:
    """Integral of s^k exp(-decay s) over 0..1 for k = 0..n-1, by 20-point Gauss-Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    s = (nodes + 1) / 2
    return np.array([(weights / 2 * s**k * np.exp(-decay * s)).sum() for k in range(n)])


def terms_needed(norm: float) -> int:
    """Taylor terms for a relative error below 1e-16 at this norm."""
    term, n = max(norm, 1e-12), 1
    while term > 1e-16 and n < 60:
        n += 1
        term *= norm / n
    return n


def exponential(
    flows: list[Flow], states: int, rows: int, decay: float = 0.0, source: np.ndarray | None = None
) -> tuple[Grid, Grid]:
    """exp(A - decay I) and phi1(A - decay I) as grids [target][source] of row arrays.

    source[state, row]: mass that the last state brings forth in the others without losing any. Each row is scaled and squared by its own norm, so that its result does not depend on the rows beside it.
    """
    norm = 2 * exits_of(flows, states, rows).max(axis=0) + decay
    made = generator(flows, states, decay)
    if source is not None:
        norm = norm + source.sum(axis=0)
        for i, inflow in enumerate(source):
            _add(made, i, states - 1, inflow)
    squarings = np.ceil(np.log2(np.maximum(norm, _NORM) / _NORM)).astype(int)
    halved = 0.5**squarings
    small = [[None if a is None else a * halved for a in line] for line in made]
    identity = diagonal(states, np.ones(rows))
    power = [[None if a is None else a / 2 for a in line] for line in small]
    mean = _plus(identity, power)
    for n in _counted(range(2, terms_needed(_NORM) + 1), states):
        power = scaled(multiply(small, power), 1 / (n + 1))  # A^n / (n+1)!
        add_to(mean, power)
    # What exp(A) differs from 1 by is squared, (1 + D)^2 - 1 = 2 D + D^2, not exp(A) itself, whose 1 would swallow the
    # slow rates beside a fast one.
    change = multiply(small, mean)
    for i in _counted(range(squarings.max(initial=0)), states, parts=2):
        more = squarings > i
        mean = _where(more, _plus(mean, scaled(multiply(mean, change), 0.5)), mean)
        change = _where(more, _plus(_plus(change, change), multiply(change, change)), change)
    return _plus(identity, change), mean


LOOPS = 3  # of `exponential`, as effort.loop counts them
_LARGE = 16  # states from which on a product takes long enough to be counted
_NORM = 0.5  # norm to which a matrix is scaled before its Taylor series


def _counted(items, states: int, parts: int = 1):
    return effort.loop(items, parts=parts) if states >= _LARGE else items


def exits_of(flows: list[Flow], states: int, rows: int) -> np.ndarray:
    """Total rate out of each state, [state, row]."""
    exits = np.zeros((states, rows))
    for flow in flows:
        exits[flow.source] += flow.rate
    return exits


def _where(rows: np.ndarray, new: Grid, old: Grid) -> Grid:
    """`new` in the rows that are true, else `old`; the two have entries in the same places, or `new` has more."""
    if rows.all():
        return new
    return [
        [None if p is None else np.where(rows, p, 0.0 if q is None else q) for p, q in zip(x, y)]
        for x, y in zip(new, old)
    ]


def generator(flows: list[Flow], states: int, decay: float = 0.0) -> Grid:
    """A - decay I."""
    grid: Grid = [[None] * states for _ in range(states)]
    for flow in flows:
        _add(grid, flow.target, flow.source, flow.rate)
        _add(grid, flow.source, flow.source, -flow.rate)
    for i in range(states if decay else 0):
        stays = grid[i][i]
        grid[i][i] = np.asarray(-decay) if stays is None else stays - decay
    return grid


def _add(grid: Grid, i: int, j: int, value: np.ndarray) -> None:
    before = grid[i][j]
    grid[i][j] = value if before is None else before + value


def multiply(a: Grid, b: Grid) -> Grid:
    """Product of two grids."""
    states = range(len(a))
    return [
        [_dot([(a[i][k], b[k][j]) for k in states if a[i][k] is not None and b[k][j] is not None]) for j in states]
        for i in _counted(states, len(a))
    ]


def _dot(pairs):
    if not pairs:
        return None
    total = pairs[0][0] * pairs[0][1]
    for left, right in pairs[1:]:
        total += left * right
    return total


def apply(grid: Grid, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Grid times x[state, row]."""
    for i, line in enumerate(grid):
        target, first = out[i], True
        for j, entry in enumerate(line):
            if entry is None:
                continue
            if first:
                np.multiply(entry, x[j], out=target)
                first = False
            else:
                target += entry * x[j]
        if first:
            target[:] = 0.0
    return out


def stay_and_move(flows: list[Flow], states: int, rows: int) -> Grid:
    """One step of a model by probabilities: what moves, and the complement that stays."""
    grid: Grid = [[None] * states for _ in range(states)]
    for flow in flows:
        _add(grid, flow.target, flow.source, flow.rate)
    for j in range(states):
        leaving = [flow.rate for flow in flows if flow.source == j]
        _add(grid, j, j, 1 - sum(leaving, np.zeros(rows)))
    return grid


def scaled(grid: Grid, factor: float) -> Grid:
    """The grid, multiplied in place."""
    for line in grid:
        for entry in line:
            if entry is not None:
                entry *= factor
    return grid


def add_to(total: Grid, grid: Grid) -> None:
    """total += grid, in place."""
    for line, more in zip(total, grid):
        for j, entry in enumerate(more):
            if entry is not None and line[j] is not None:
                line[j] += entry
            elif entry is not None:
                line[j] = entry.copy()


def _plus(a: Grid, b: Grid) -> Grid:
    return [[p if q is None else q.copy() if p is None else p + q for p, q in zip(x, y)] for x, y in zip(a, b)]
