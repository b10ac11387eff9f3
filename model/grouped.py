"""Results by group of patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

ALL = "all"
T = TypeVar("T")
S = TypeVar("S")


class Grouped(dict[str, T]):
    """By group, all patients together first; these alone where the scenario has no groups."""

    @classmethod
    def of(cls, parts: Mapping[str, T], together: Callable[[Mapping[str, T]], T]) -> Grouped[T]:
        """Of each group; together(parts) is what all of them are, weighted."""
        return cls(parts) if list(parts) == [ALL] else cls({ALL: together(parts), **parts})

    @property
    def total(self) -> T:
        """Of all patients."""
        return self[ALL]

    def each(self, change: Callable[[T], S]) -> Grouped[S]:
        return Grouped({key: change(part) for key, part in self.items()})
