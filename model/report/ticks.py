"""Ticks with thousands separators and as many decimals as they need. Imported when the first figure is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from matplotlib.ticker import Formatter, MaxNLocator

from model.report.numbers import number


class TickPlaces(MaxNLocator):
    """Remembers the last answer: laying out and drawing ask for the same limits some ten times."""

    _asked: tuple[float, float] | None = None

    def tick_values(self, vmin: float, vmax: float):
        if self._asked != (vmin, vmax):
            self._asked, self._found = (vmin, vmax), super().tick_values(vmin, vmax)
        return self._found

    def set_params(self, **parameters) -> None:
        self._asked = None
        super().set_params(**parameters)


class TickLabels(Formatter):
    """Each tick with the decimals that tell them all apart."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        self.set_locs(list(values))
        digits = decimals(tuple(values))
        return [number(value, digits) for value in values]

    def __call__(self, value: float, position: int | None = None) -> str:
        return number(value, decimals(tuple(self.locs) or (value,)))


@lru_cache
def decimals(ticks: tuple[float, ...]) -> int:
    """The fewest, up to ten, that show every tick as it is."""
    if not ticks:
        return 0
    near = 1e-6 * (max(ticks) - min(ticks)) or 1e-12
    return next((d for d in range(10) if all(abs(round(t, d) - t) <= near for t in ticks)), 10)
