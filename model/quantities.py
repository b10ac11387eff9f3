"""What engines return: time in states and numbers of transitions, undiscounted and discounted. No money here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.instants import floor
from model.rows import Rows

UNDISCOUNTED, COST, EFFECT = 0, 1, 2
WEIGHTS = ("undiscounted", "discounted at the cost rate", "discounted at the effect rate")

Counted = Literal["time", "transition", "start"]


@dataclass(frozen=True)
class Quantities:
    """Per person of the cohort.

    time: [strategy, draw, state, period, weight], in model units of time.
    transitions: [strategy, draw, transition, period, weight], expected number of each transition.
    A period is a stretch of model time in which prices stay as they are (`Dynamics.periods`).
    With survival curves `time` has the portions of the partition behind the states, and `transitions` its falls.
    starts: [strategy, draw, state], share that starts in each state (chance nodes included; at time 0).
    trace: [time, strategy, draw, state] occupancy at `times`, or None where it was not asked for.
    `accrual.accrue` puts a patient axis behind draw in time, transitions and starts.
    """

    time: np.ndarray
    transitions: np.ndarray
    starts: np.ndarray
    times: np.ndarray | None = None
    trace: np.ndarray | None = None


@dataclass
class Amount(ABC):
    """What single patients have of one quantity, from one stay or event each. of, index: what is counted, of which state or
    transition, as in `Quantities`. Nothing is computed of a quantity that nobody asks for."""

    of: Counted
    index: int

    @property
    @abstractmethod
    def rows(self) -> Rows:
        """Whose it is."""

    @abstractmethod
    def times(self, values: np.ndarray, weights: tuple[int, ...]) -> Iterable[tuple[np.ndarray, np.ndarray | float]]:
        """The amount times values[period, strategy, draw], summed over periods, an array of `rows` under each of the weights, as
        two factors. One period stands for all."""


@dataclass
class Amounts:
    """Of shape (strategies, draws, patients), one after the other; each may be dropped before the next is made."""

    shape: tuple[int, int, int]
    each: Iterable[Amount]


def discount_factor(rate: float, years, by_whole_year: bool = False) -> np.ndarray:
    """exp(-rate * t), or with t cut to whole years; a hair is added so that year 1 reached by adding cycles is 1."""
    years = np.asarray(years, float)
    return np.exp(-rate * (floor(years) if by_whole_year else years))
