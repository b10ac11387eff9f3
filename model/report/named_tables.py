"""Tables by name, each made when it is asked for, and those of many rows some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from model.report.rows import Rows

if TYPE_CHECKING:
    import pandas as pd


class Tables(Mapping[str, "pd.DataFrame"]):
    """Tables by name: those that are there, others made when they are asked for, so that who only prints a summary need not wait
    for pandas, and those of many rows, that are made some at a time."""

    def __init__(self, made: Mapping[str, pd.DataFrame | Rows | Callable[[], pd.DataFrame]]):
        self._made = made

    def __getitem__(self, name: str) -> pd.DataFrame:
        found = self._made[name]
        if isinstance(found, Rows):
            return found.whole()
        return found() if callable(found) else found

    def rows(self, name: str) -> Rows:
        """The table, to be taken some rows at a time."""
        found = self._made[name]
        return found if isinstance(found, Rows) else Rows.of(self[name])

    def each(self, change: Callable[[str, pd.DataFrame], pd.DataFrame]) -> Tables:
        """Every table changed: at once those that are there, the others when they are made."""

        def changed(name: str, found: pd.DataFrame | Rows | Callable[[], pd.DataFrame]):
            if isinstance(found, Rows):
                return found.each(lambda block: change(name, block))
            return (lambda: change(name, found())) if callable(found) else change(name, found)

        return Tables({name: changed(name, found) for name, found in self._made.items()})

    def __or__(self, others: Mapping[str, pd.DataFrame]) -> Tables:
        return Tables({**self._made, **others})

    def __contains__(self, name: object) -> bool:
        return name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def rows_of(tables: Mapping[str, pd.DataFrame], name: str) -> Rows:
    """A table of any mapping of such, to be taken some rows at a time."""
    return tables.rows(name) if isinstance(tables, Tables) else Rows.of(tables[name])
