"""The times at which the cohort engine stops: where something changes, and which of them are points of a grid."""

from __future__ import annotations

import numpy as np

from model.dynamics import Dynamics, watched
from model.instants import HAIR, before, distinct
from model.over_time import OverTime


def breaks(dynamics: Dynamics, weightings, levels: bool = True) -> np.ndarray:
    """Times at which something changes: periods, levels (if wanted), whole years where discounting goes by them; cycles
    where something changes otherwise than in steps, or is counted by them."""
    horizon = dynamics.time.horizon
    known = dynamics.levels
    moving = any(isinstance(level, OverTime) for level in known) or bool(dynamics.events())
    found = [np.zeros(1), dynamics.periods]
    if levels:
        found += [level.edges if isinstance(level, OverTime) else level.starts for level in known]
    convention, discounted = dynamics.discount.convention, any(w.rate for w in weightings)
    if (
        moving
        or watched(dynamics)
        or dynamics.time.convention != "integral"
        or (discounted and convention == "at cycle")
    ):
        found.append(dynamics.time.grid)
    if discounted and convention == "by whole year":
        found.append(np.arange(0, horizon * dynamics.time.years) / dynamics.time.years)
    times = np.concatenate(found)
    return np.append(distinct(times[(times >= 0) & before(times, horizon)], horizon), horizon)


def period_of(dynamics: Dynamics, time: float) -> int:
    return max(int(np.searchsorted(dynamics.periods, time, side="right")) - 1, 0)


def steps(times: np.ndarray):
    """(beginning, middle, end) of each step. What is in force in a step is asked of its middle, whose side of a change is
    not a matter of rounding."""
    return zip(times[:-1], (times[:-1] + times[1:]) / 2, times[1:])


def on(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Which times are points of the grid."""
    after = np.minimum(np.searchsorted(grid, times), len(grid) - 1)
    earlier = np.maximum(after - 1, 0)
    return np.minimum(np.abs(grid[after] - times), np.abs(grid[earlier] - times)) <= HAIR * grid[-1]
