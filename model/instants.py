"""When two times are one. Times are reached by adding cycles, stays and waits, so they differ in their last digits from the
same time written down: what is closer than a HAIR is one instant, and a whole number that is reached but for rounding is
reached. This is the only home of that rule; tolerances of anything else have names of their own.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

HAIR = 1e-9  # of the span that times are measured against, or of one step of those that are counted

Times = TypeVar("Times", float, np.ndarray)


def floor(count):
    """Whole steps that are over after `count` of them, a number or an array."""
    return np.floor(count + HAIR)


def ceil(count):
    """Whole steps that are begun after `count` of them, a number or an array."""
    return np.ceil(count - HAIR)


def is_whole(count: float, of: float) -> bool:
    """Whether a count of steps is a whole number, among `of` steps in all."""
    return abs(count - round(count)) <= HAIR * of


def same(one: Times, other: Times, span: float = 1.0):
    """Whether two times are one instant."""
    return np.abs(one - other) <= HAIR * span


def before(time: Times, end: float):
    """Whether a time is before the end, and not the end but for rounding."""
    return time < end * (1 - HAIR)


def reaches(time: Times, end: float):
    """Whether a time is the end, or after it."""
    return time >= end * (1 - HAIR)


def in_order(times: np.ndarray) -> np.ndarray:
    """The different numbers, in order; np.unique would load numpy.ma, a tenth of the time that `check` may take."""
    times = np.sort(times)
    return times[np.append(True, times[1:] != times[:-1])[: len(times)]]


def distinct(times: np.ndarray, span: float) -> np.ndarray:
    """Times in order; of those that are one instant the first."""
    times = in_order(times)
    return times[np.concatenate([[True], np.diff(times) > HAIR * span])]


def in_force(starts: np.ndarray, times, hair: float = HAIR) -> np.ndarray:
    """Index of the piece in force at each time: the last that has started; -1 before the first."""
    return np.searchsorted(starts, np.asarray(times, float) + hair, side="right") - 1
