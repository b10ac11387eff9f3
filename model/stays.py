"""Probabilities per cycle that go by the cycle of the stay: in the first cycle after entry, in the second, and so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.dynamics import AtCycleEnd
from model.formula import Formula
from model.instants import HAIR

SUM = 1e-12  # rounding of probabilities per cycle that add up to 1
OF_STAY = frozenset({"cycle_in_state", "time_in_state", "time_at_entry"})
OF_MODEL = frozenset({"time", "cycle", "time_at_entry"})


class ByStay:
    """Probabilities of one formula, as it is at the start of a cycle. own: they go by the cycle of the stay only.

    context: as `inputs` has it. check(values[.., strategy, draw]) raises on values that are not allowed.
    """

    def __init__(self, context, formula: Formula, check: Callable):
        self.context, self.formula, self.check = context, formula, check
        read = context.reads(formula)
        periods = any(read & set(period.bindings) for period in context.periods)
        self.own = not (read & OF_MODEL or periods)
        self._known: np.ndarray | None = None

    def value(self, cycle: int, stays: int, draws: slice = slice(None)) -> np.ndarray:
        """[stay, strategy, draw] in a cycle of the model (from 0), of those in the first, second .. cycle of their stay."""
        if not self.own:
            return self._of(cycle, stays, draws)
        if self._known is None:
            self._known = self._of(0, self.context.scenario.time.whole_cycles, slice(None))
        return self._known[:stays, :, draws]

    def _of(self, cycle: int, stays: int, draws: slice) -> np.ndarray:
        frame = self.context.scenario.time
        time, number = cycle * frame.cycle, np.arange(stays)[:, None]
        since = number * frame.cycle
        built_in = {
            "time": time,
            "cycle": cycle + 1.0,
            "time_in_state": since,
            "cycle_in_state": number + 1.0,
            "time_at_entry": time - since,
        }
        begun = [p for p in self.context.periods if p.start <= time + HAIR * frame.horizon]
        shape = (stays, len(range(*draws.indices(self.context.draws.n))))
        values = [
            np.broadcast_to(self.formula.evaluate(self.context.values(s, begun[-1], built_in, draws), frame.day), shape)
            for s in self.context.scenario.strategies
        ]
        found = np.stack(values, axis=1)
        self.check(found)
        return found


class RestOfStays:
    """What the other moves out of a state leave, some of which go by the cycle of the stay; `value` as that of `ByStay`."""

    def __init__(self, others: Sequence[AtCycleEnd], cycle: float, check: Callable):
        self.others, self.cycle, self.check = others, cycle, check
        self.by_both = any(other.by_both or len(other.level.starts) > 1 for other in others)

    def value(self, cycle: int, stays: int, draws: slice = slice(None)) -> np.ndarray:
        chances = [self._of(other, cycle, stays)[..., draws] for other in self.others]
        return left(1 - sum(chances[1:], chances[0]), self.check)

    def _of(self, other: AtCycleEnd, cycle: int, stays: int) -> np.ndarray:
        if other.stay is not None:
            return other.stay(cycle, stays)
        level = other.level.at(cycle * self.cycle)
        return np.broadcast_to(level, (stays, *level.shape))


def left(rest: np.ndarray, check: Callable) -> np.ndarray:
    """A rest that may be a hair from 0, as probabilities add up to 1 but for rounding."""
    found = np.where(np.abs(rest) <= SUM, 0.0, rest)
    check(found)
    return found
