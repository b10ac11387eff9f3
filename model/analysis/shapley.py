"""Shapley values: what each of several changes contributes to a result, whatever the order in which they are made.

The contribution of a change is its mean effect over all orders (Shapley 1953). The contributions add up to the result
with all changes minus that with none, interactions included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import chances
from model.intervals import standard_error

MOST_EXACT = 8

Values = Callable[[list[int]], dict[int, np.ndarray]]
"""Results of several sets of changes; bit i of the number of a set says whether change i is in it."""


@dataclass(frozen=True)
class Shapley:
    """value, standard_error: [change, ...]; the error is that of sampled orders, 0 where all were counted."""

    value: np.ndarray
    standard_error: np.ndarray
    orders: int | None

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the errors, which are over pairs of an order and its reverse."""
        return np.inf if self.orders is None else self.orders // 2 - 1


def shapley(values: Values, n: int, orders: int = 100, seed: int = 1) -> Shapley:
    """Exact for up to MOST_EXACT changes; beyond that the mean over `orders` random orders, each with its reverse."""
    return _exact(values, n) if n <= MOST_EXACT else _sampled(values, n, max(orders // 2, 2), seed)


def _exact(values: Values, n: int) -> Shapley:
    known = values(list(range(2**n)))
    total = [np.zeros_like(known[0]) for _ in range(n)]
    for mask in range(2**n):
        for i in range(n):
            if not mask >> i & 1:
                weight = 1 / (n * math.comb(n - 1, mask.bit_count()))
                total[i] = total[i] + weight * (known[mask | 1 << i] - known[mask])
    value = np.array(total)
    return Shapley(value, np.zeros_like(value), None)


def _sampled(values: Values, n: int, pairs: int, seed: int) -> Shapley:
    generator = chances.stream(seed, "orders")
    drawn = [generator.permutation(n).tolist() for _ in range(pairs)]
    paths = [_path(order) for order in drawn] + [_path(order[::-1]) for order in drawn]
    known = values(sorted({mask for path in paths for mask in path}))
    steps = np.array([_steps(path, known, n) for path in paths])
    by_pair = (steps[:pairs] + steps[pairs:]) / 2
    return Shapley(by_pair.mean(axis=0), standard_error(np.moveaxis(by_pair, 0, -1)), 2 * pairs)


def _path(order: list[int]) -> list[int]:
    """Sets of changes met on the way from none to all."""
    path = [0]
    for i in order:
        path.append(path[-1] | 1 << i)
    return path


def _steps(path: list[int], known: dict[int, np.ndarray], n: int) -> list[np.ndarray]:
    """The effect of each change, by its number."""
    gain = {(after ^ before).bit_length() - 1: known[after] - known[before] for before, after in zip(path, path[1:])}
    return [gain[i] for i in range(n)]
