"""A table of many rows, made some at a time: whoever writes it never holds it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 16_000  # rows that are made at once


class Part(NamedTuple):
    """Rows that stand together: how many, and make(start, stop) for some of them, counted from the first of the part."""

    rows: int
    make: Callable[[int, int], pd.DataFrame]


class Rows:
    """Parts with the same columns, one below the other."""

    def __init__(self, parts: Sequence[Part]):
        self.parts = [Part(0, parts[0].make), *(part for part in parts if part.rows)]  # the first knows the columns

    @classmethod
    def of(cls, table: pd.DataFrame | Rows) -> Rows:
        """Of a table that is there."""
        if isinstance(table, Rows):
            return table
        return cls([Part(len(table), lambda start, stop: table.iloc[start:stop])])

    def __len__(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def columns(self) -> pd.Index:
        return self.parts[0].make(0, 0).columns

    def blocks(self, most: int = BLOCK) -> Iterator[pd.DataFrame]:
        """The rows in order, at most so many at once."""
        for rows, make in self.parts:
            for start in range(0, rows, most):
                yield make(start, min(start + most, rows))

    def first(self, n: int) -> pd.DataFrame:
        """The first n rows."""
        parts, left = [], n
        for rows, make in self.parts:
            parts.append(make(0, min(rows, left)))
            left -= min(rows, left)
        return _joined(parts)

    def whole(self) -> pd.DataFrame:
        """All of them, for people who want the table."""
        return _joined([make(0, rows) for rows, make in self.parts])

    def each(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Rows:
        """Every row changed, when it is made."""

        def changed(make: Callable[[int, int], pd.DataFrame]) -> Callable[[int, int], pd.DataFrame]:
            return lambda start, stop: change(make(start, stop))

        return Rows([Part(rows, changed(make)) for rows, make in self.parts])


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """One below the other; parts without rows would change the kinds of columns."""
    import pandas as pd

    some = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(some, ignore_index=True) if len(some) > 1 else some[0]
