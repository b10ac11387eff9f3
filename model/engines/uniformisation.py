"""A stretch of constant rates by uniformisation (Jensen 1953): a Poisson mixture of powers of one sparse matrix of probabilities.

With q at least the largest exit rate of a row, P = 1 + A / q is a matrix of probabilities and exp(A) x = sum over k of Poisson(k; q) P^k x.
Each P^k x costs a product a flow, however many states there are, and serves every discount weight; no term is negative, so small
occupancies keep their digits. Terms grow with q: for very stiff rates the matrix exponential takes less.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from model.engines import linear
from model.engines.linear import Flow, exits_of

NOTHING = 1e-26  # a weight that adds nothing


LEAST = 2.0**-10  # exit rate below which rows are not told apart
SEVERAL = 6  # states from which on this is faster than matrices
MANY = 16  # states from which on a matrix is made of columns by uniformisation, where rates are mild


def solve(flows: list[Flow], x: np.ndarray, decays: list[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """(exp(A) x, for each decay phi1(A - decay I) x) for x[state, row]: occupancy after a step, and its mean over the step.

    Rows go together by the power of two above their largest exit rate, so that no row's result depends on those beside it.
    """
    if len(x) < SEVERAL:
        end, *means = _by_matrices(flows, x, decays)
        return end, means
    exits = exits_of(flows, *x.shape)
    found = np.empty((1 + len(decays), *x.shape))
    for power, rows in _classes(exits):
        some, part = _of(flows, rows), x[:, rows]
        if terms(power) <= 4 * len(x) ** 2:
            found[:, :, rows] = _mixture(some, part, exits[:, rows], power, _weights(power, tuple(decays)))
        else:
            found[:, :, rows] = _by_matrices(some, part, decays)
    return found[0], list(found[1:])


def solve_once(flows: list[Flow], x: np.ndarray, decays: list[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """As `solve`, for a step of rates that no other step has: a Taylor series where few exits are made."""
    return (linear.weighted if linear.largest_exit(flows) <= 1 else solve)(flows, x, decays)


def sums(flows: list[Flow], x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(occupancy after as many steps as there are weights, [total, state, row] sums over k of weights[k, total] times the occupancy
    after k steps), for x[state, row].

    The occupancy after each step is another mixture of the same powers of P, so many steps cost little more than one.
    """
    end, total = np.empty_like(x), np.empty((weights.shape[1], *x.shape))
    exits = exits_of(flows, *x.shape)
    for power, rows in _classes(exits):
        some, part = _of(flows, rows), x[:, rows]
        if _is_less_than_matrices(len(flows), len(x), len(weights), power):
            end[:, rows], total[:, :, rows] = _sums_of_terms(some, part, exits[:, rows], power, weights)
        else:
            end[:, rows], total[:, :, rows] = _sums_of_steps(some, part, weights)
    return end, total


EXITS = 64.0  # of a piece of steps: more would cost digits of the weights
STEPS = 512  # of a piece


def _pieces(steps: int, q: float) -> tuple[int, int]:
    """(steps of a piece, pieces)."""
    each = min(steps, STEPS, max(1, int(EXITS / q)))
    return each, -(-steps // each)


def _is_less_than_matrices(flows: int, states: int, steps: int, q: float) -> bool:
    """Passes over an array of rows, against those of making a matrix and using it for each step."""
    (each, pieces), a_power = _pieces(steps, q), 3 * flows + 2 * states
    return pieces * terms(q * each) * a_power <= (steps + terms(q)) * states**2


def _sums_of_terms(flows: list[Flow], x: np.ndarray, exits: np.ndarray, q: float, weights: np.ndarray):
    each, total = _pieces(len(weights), q)[0], np.zeros((weights.shape[1], *x.shape))
    for first in range(0, len(weights), each):
        part = weights[first : first + each]
        shares = _poisson(q * np.arange(len(part) + 1)[:, None], np.arange(int(terms(q * len(part))) + 1))
        x, *more = _mixture(flows, x, exits, q, np.concatenate([shares[-1:], part.T @ shares[:-1]]))
        total += more
    return x, total


def _sums_of_steps(flows: list[Flow], x: np.ndarray, weights: np.ndarray):
    whole, total = exponential(flows, *x.shape)[0], np.zeros((weights.shape[1], *x.shape))
    for weight in weights:
        total += weight[:, None, None] * x
        x = linear.apply(whole, x, np.empty_like(x))
    return x, total


def exponential(flows: list[Flow], states: int, rows: int) -> tuple[linear.Grid, linear.Grid]:
    """As `linear.exponential`; of many states and mild rates column by column, each a start in one state."""
    exits = exits_of(flows, states, rows)
    if states < MANY or max(terms(power) for power, _ in _classes(exits)) > 8 * states:
        return linear.exponential(flows, states, rows)
    columns = [Flow(f.source, f.target, np.tile(np.broadcast_to(f.rate, (rows,)), states)) for f in flows]
    whole, (mean,) = solve(columns, np.repeat(np.eye(states), rows, axis=1), [0.0])
    return tuple(_grid(matrix.reshape(states, states, rows)) for matrix in (whole, mean))  # type: ignore[return-value]


def _grid(matrix: np.ndarray) -> linear.Grid:
    return [[cell if cell.any() else None for cell in line] for line in matrix]


def _classes(exits: np.ndarray) -> list[tuple[float, slice | np.ndarray]]:
    """(power of two that no exit rate is above, the rows) of exits[state, row]."""
    power = 2.0 ** np.ceil(np.log2(np.maximum(exits.max(axis=0), LEAST)))
    found = np.unique(power)
    return [(float(each), slice(None) if len(found) == 1 else power == each) for each in found]


def _of(flows: list[Flow], rows: slice | np.ndarray) -> list[Flow]:
    return [Flow(f.source, f.target, f.rate[rows]) for f in flows]


def _by_matrices(flows: list[Flow], x: np.ndarray, decays: list[float]) -> list[np.ndarray]:
    """As `solve`, whatever the rates."""
    states, rows = x.shape
    return [linear.apply(matrix, x, np.empty_like(x)) for matrix in matrices(flows, states, rows, decays)]


def matrices(flows: list[Flow], states: int, rows: int, decays: list[float]) -> list[linear.Grid]:
    """exp(A), and for each decay phi1(A - decay I), whatever the rates."""
    pairs = [linear.exponential(flows, states, rows, decay) for decay in decays]
    step = pairs[0][0] if decays[0] == 0 else linear.exponential(flows, states, rows)[0]
    return [step, *(mean for _, mean in pairs)]


def terms(power: float) -> float:
    """Products of the sparse matrix that a row of this exit rate needs."""
    return power + 10 * np.sqrt(power) + 25


def _mixture(flows: list[Flow], x: np.ndarray, exits: np.ndarray, q: float, weights: np.ndarray) -> np.ndarray:
    """[total, state, row]: sums over k of weights[total, k] P^k x."""
    stay = 1 - exits / q
    moves = [(flow.source, flow.target, flow.rate / q) for flow in flows]
    found, part = np.zeros((len(weights), *x.shape)), np.empty_like(x)
    now, then, moved = x.copy(), np.empty_like(x), np.empty(x.shape[1])
    for k, shares in enumerate(weights.T):
        for total, share in zip(found, shares):
            if share > NOTHING:
                total += np.multiply(now, share, out=part)
        if k + 1 < weights.shape[1]:
            np.multiply(stay, now, out=then)
            for source, target, probability in moves:
                then[target] += np.multiply(probability, now[source], out=moved)
            now, then = then, now
    return found


@lru_cache(64)
def _weights(q: float, decays: tuple[float, ...]) -> np.ndarray:
    """[end and each decay, k]: Poisson(k; q), and the integral over the step of Poisson(k; q s) exp(-decay s)."""
    k = np.arange(int(terms(q)) + 1)
    return np.stack([_poisson(q, k), *((q / (q + d)) ** k / (q + d) * _above(q + d, k) for d in decays)])


def _poisson(mean: float | np.ndarray, k: np.ndarray) -> np.ndarray:
    from scipy.special import gammaln, xlogy

    found = np.exp(xlogy(k, mean) - mean - gammaln(k + 1))
    return found / found.sum(axis=-1, keepdims=True)  # nobody is lost, however many steps follow one another


def _above(mean: float, k: np.ndarray) -> np.ndarray:
    """Probability that a Poisson number is above k: of a gamma of shape k + 1 to be below its mean."""
    from scipy.special import gammainc

    return gammainc(k + 1.0, mean)
