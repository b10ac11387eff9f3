"""Which patients an array is of: everyone of [strategy, draw, patient], or some, by their flat row.

Arrays of everyone keep these axes, so that what all patients of a strategy and draw share is broadcast and nobody is looked up;
those of some are flat. A case is a strategy and draw.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

MANY = 3  # so that one in so many is worth an array of everyone


class Everyone:
    """All patients."""

    distinct = True

    def __init__(self, shape: tuple[int, int, int]):
        self.shape = shape

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def rows(self) -> np.ndarray:
        return np.arange(len(self))

    @cached_property
    def case(self) -> np.ndarray:
        return np.arange(self.shape[0] * self.shape[1]).reshape(*self.shape[:2], 1)

    def beside(self, values: np.ndarray) -> np.ndarray:
        """values[strategy, draw] in a shape that fits arrays of these patients."""
        return values[..., None]

    def flat(self, values) -> np.ndarray:
        """[row] of an array, or number, of these patients."""
        return np.broadcast_to(values, self.shape).reshape(-1)

    def add(self, total: np.ndarray, amounts: np.ndarray, value: np.ndarray | float = 1.0) -> None:
        """Their product to total[strategy, draw, patient]."""
        total += amounts * value

    def put(self, total: np.ndarray, amounts: np.ndarray, value: np.ndarray | float = 1.0) -> None:
        """As `add`, to a total of which nothing is known yet."""
        np.multiply(amounts, value, out=total)


class Some:
    """Those at `rows`; distinct: nobody twice."""

    def __init__(self, shape: tuple[int, int, int], rows: np.ndarray, distinct: bool = True):
        self.shape, self.rows, self.distinct = shape, rows, distinct

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def case(self) -> np.ndarray:
        return self.rows // self.shape[2]

    def beside(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(-1)[self.case]

    def flat(self, values) -> np.ndarray:
        return np.broadcast_to(values, self.rows.shape)

    def add(self, total: np.ndarray, amounts: np.ndarray, value: np.ndarray | float = 1.0) -> None:
        if self.distinct:
            total.reshape(-1)[self.rows] += amounts * value
        else:
            total += np.bincount(self.rows, amounts * value, total.size).reshape(total.shape)

    def put(self, total: np.ndarray, amounts: np.ndarray, value: np.ndarray | float = 1.0) -> None:
        total[...] = 0.0
        self.add(total, amounts, value)


Rows = Everyone | Some


def spread(rows: Rows, *arrays: np.ndarray) -> tuple[Rows, tuple[np.ndarray, ...]]:
    """As arrays of everyone, 0 for all others, where these are many: quicker from then on than to look them up each time."""
    if isinstance(rows, Everyone) or not rows.distinct or MANY * len(rows) < np.prod(rows.shape):
        return rows, arrays
    return Everyone(rows.shape), tuple(_spread(rows, values) for values in arrays)


def _spread(rows: Some, values: np.ndarray) -> np.ndarray:
    found = np.zeros(rows.shape, np.result_type(values))
    found.reshape(-1)[rows.rows] = values
    return found
