"""Hazards that do not depend on the time in the state, step by step: made for a span of steps at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.dynamics import AtEvent, AtRate
from model.engines.ages import finite
from model.instants import in_force
from model.over_time import OverTime, Stepwise

SPAN = 32  # steps made at once


def _level(exit: AtRate | AtEvent) -> Stepwise | OverTime | None:
    """The rate, or the hazard ratio, where it changes."""
    return exit.level if isinstance(exit, AtRate) else exit.ratio


def _numbered(level: Stepwise) -> np.ndarray:
    """[piece] the number of its value; a piece whose value is that of the one before it does not count."""
    other = [not np.array_equal(one, before) for one, before in zip(level.values[1:], level.values)]
    return np.cumsum([0, *other])


class SharedHazards:
    """Of transitions out of a state, for those who have been in it from the start, and for all where it goes by rates or by the
    clock of the model. times[step]: where steps begin and end; lengths[step]: of steps, the same number where they are alike."""

    def __init__(self, exits: dict[int, AtRate | AtEvent], times: np.ndarray, lengths: np.ndarray, rows: int):
        self.exits, self.times, self.lengths, self.rows = exits, times, lengths, rows
        self.middles = (times[:-1] + times[1:]) / 2  # what is in force in a step is asked of its middle
        self.steps = len(lengths)
        self.levels = {i: level for i, exit in exits.items() if isinstance(level := _level(exit), Stepwise)}
        self.places = {i: np.maximum(in_force(level.starts, self.middles), 0) for i, level in self.levels.items()}
        self.numbers = {i: _numbered(level)[self.places[i]] for i, level in self.levels.items()}

    def over(self, i: int, span: slice) -> np.ndarray:
        """[step, row] hazard of each step of a span."""
        exit = self.exits[i]
        if isinstance(exit, AtRate):
            found = self._values(i, span) * self.lengths[span, None]
        else:
            found = self._rises(exit, span) * self.ratio(i, span)
        return np.broadcast_to(found, (span.stop - span.start, self.rows))

    def _rises(self, event: AtEvent, span: slice) -> np.ndarray:
        reached = event.hazard.cumulative(self.times[span.start : span.stop + 1, None])
        with np.errstate(invalid="ignore"):  # what is not finite is refused in words
            return finite(np.diff(reached, axis=0), event)

    def ratio(self, i: int, span: slice) -> np.ndarray | float:
        """The hazard ratio in force, [step, row], where it changes."""
        return self._values(i, span) if i in self.levels else 1.0

    def _values(self, i: int, span: slice) -> np.ndarray:
        return self.levels[i].values[self.places[i][span]]

    def sum(self, exits: Sequence[int], span: slice) -> np.ndarray:
        """[step, row] hazard of several together."""
        return sum((self.over(i, span) for i in exits), np.zeros((span.stop - span.start, self.rows)))

    def changes(self, i: int) -> np.ndarray:
        """[step] whether the rate, or the hazard ratio, is not that of the step before."""
        numbers = self.numbers.get(i, np.zeros(self.steps))
        return np.diff(numbers, prepend=numbers[0]) != 0

    def is_constant(self, i: int) -> bool:
        return not self.changes(i).any()

    def spans(self):
        """All steps, some at a time."""
        return (slice(k, min(k + SPAN, self.steps)) for k in range(0, self.steps, SPAN))
