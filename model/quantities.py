"""What engines return: time in states and numbers of transitions, undiscounted and discounted. No money here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.instants import floor

UNDISCOUNTED, COST, EFFECT = 0, 1, 2
WEIGHTS = ("undiscounted", "discounted at the cost rate", "discounted at the effect rate")


@dataclass(frozen=True)
class Quantities:
    """Per person of the cohort.

    time: [strategy, draw, state, period, weight], in model units of time.
    transitions: [strategy, draw, transition, period, weight], expected number of each transition.
    A period is a stretch of model time in which prices stay as they are (`Dynamics.periods`); `first`: the first of those that
    are given, where they come some at a time.
    With survival curves `time` has the portions of the partition behind the states, and `transitions` its falls.
    starts: [strategy, draw, state], share that starts in each state (chance nodes included; at time 0).
    trace: [time, strategy, draw, state] occupancy at `times`, or None where it was not asked for.
    An individual engine puts a patient axis behind draw in time, transitions and starts.
    """

    time: np.ndarray
    transitions: np.ndarray
    starts: np.ndarray
    times: np.ndarray | None = None
    trace: np.ndarray | None = None
    first: int = 0


def discount_factor(rate: float, years, by_whole_year: bool = False) -> np.ndarray:
    """exp(-rate * t), or with t cut to whole years; a hair is added so that year 1 reached by adding cycles is 1."""
    years = np.asarray(years, float)
    return np.exp(-rate * (floor(years) if by_whole_year else years))
