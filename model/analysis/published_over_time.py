"""Shares of patients over time: the model's curves, their values at whole months, and the published points on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis.published import MONTH, Comparison, Score, curves
from model.scenario import Scenario

Z = 1.959963984540054


@dataclass(frozen=True)
class Landmark:
    """The model's share of patients at a whole number of months; time: in model time."""

    months: int
    time: float
    share: float


@dataclass(frozen=True)
class PublishedPoint:
    """A published share, or median: half of the patients at its value. error: of the share, nan where it has none."""

    key: str
    time: float
    share: float
    error: float

    @property
    def lower(self) -> float:
        """Of the 95 % interval."""
        return max(self.share - Z * self.error, 0.0) if np.isfinite(self.error) else np.nan

    @property
    def upper(self) -> float:
        return min(self.share + Z * self.error, 1.0) if np.isfinite(self.error) else np.nan


@dataclass(frozen=True)
class StrategyOverTime:
    """Of one strategy in one panel (a group, and the states that its patients are in): share [time] at times [time]."""

    panel: int
    group: str
    states: tuple[str, ...]
    strategy: str
    times: np.ndarray
    share: np.ndarray
    landmarks: tuple[Landmark, ...]
    points: tuple[PublishedPoint, ...]


def over_time(scenario: Scenario, found: Comparison) -> Iterator[StrategyOverTime]:
    """Every strategy of every panel; panels are numbered from 1."""
    for panel, ((group, states), (times, share)) in enumerate(curves(scenario, found).items(), start=1):
        for s, strategy in enumerate(scenario.strategies):
            marks = tuple(landmark(scenario, months, times, share[:, s]) for months in found.landmarks)
            points = (point(scenario, score, group, states, strategy) for score in found.scores)
            known = tuple(p for p in points if p is not None)
            yield StrategyOverTime(panel, group, states, strategy, times, share[:, s], marks, known)


def landmark(scenario: Scenario, months: int, times: np.ndarray, share: np.ndarray) -> Landmark:
    """Of a curve share [time], linear between its times."""
    at = months * MONTH / scenario.time.day
    return Landmark(months, at, float(np.interp(at, times, share)))


def point(
    scenario: Scenario, score: Score, group: str, states: tuple[str, ...], strategy: str
) -> PublishedPoint | None:
    """The place of a published result in a panel; None where it belongs to another."""
    target, scored = score.target, score.target.scored()
    if (target.group, target.strategy) != (group, strategy) or not target.states:
        return None
    flipped = target.measure == "occupancy" and set(target.states) == set(scenario.dead_states)
    if set(scenario.living_states if flipped else target.states) != set(states):
        return None
    share = 0.5 if target.is_median else 1 - scored.value if flipped else scored.value
    error = np.nan if target.is_median and scored is target else scored.error
    return PublishedPoint(target.key, target.at, share, error)
