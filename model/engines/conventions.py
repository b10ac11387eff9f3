"""How the state time of a cycle is counted and discounted: the textbook conventions, and the exact integral.

Sources: Sonnenberg & Beck 1993 (half-cycle), Barendregt 2009 (life-table), Elbasha & Chhatwal 2016 (Simpson).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.dynamics import Dynamics
from model.instants import HAIR
from model.quantities import discount_factor
from model.scenario import TimeFrame


@dataclass(frozen=True)
class Weighting:
    """One way of weighting time: continuous annual `rate`, factor by `convention` of discounting."""

    rate: float
    convention: str
    years: float  # years in one model unit of time

    def factor(self, time) -> np.ndarray:
        """Discount factor at model times."""
        return discount_factor(self.rate, np.asarray(time) * self.years, self.convention == "by whole year")

    @property
    def decay(self) -> float:
        """Continuous decay per model unit within a step; 0 where the factor is constant within the step."""
        return self.rate * self.years if self.convention == "continuous" else 0.0


def weightings(dynamics: Dynamics) -> tuple[list[Weighting], list[int]]:
    """The distinct weightings, and which of them each weight (undiscounted, cost, effect) is."""
    discount = dynamics.discount
    rates = (0.0, discount.continuous(discount.cost), discount.continuous(discount.effect))
    distinct = sorted(set(rates))
    made = [Weighting(r, dynamics.discount.convention, dynamics.time.years) for r in distinct]
    return made, [distinct.index(rate) for rate in rates]


def shares(convention: str, cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the start and the end of each cycle, [cycle] each; a right convention's add up to the horizon."""
    one, zero, half = np.ones(cycles), np.zeros(cycles), np.full(cycles, 0.5)
    if convention in ("half-cycle", "life-table"):
        return half, half
    if convention == "start":
        return one, zero
    if convention == "end":
        return zero, one
    points = interchanged_points(cycles) if convention == "simpson-interchanged" else simpson_points(cycles)
    # Points are shared between the cycles on either side; only the two ends belong to one.
    start, end = points[:-1] / 2, points[1:] / 2
    start[0], end[-1] = points[0], points[-1]
    return start, end


def simpson_points(cycles: int) -> np.ndarray:
    """Weights of the cycles + 1 boundary points; an odd number of cycles ends with the 3/8 rule (trapezoid for one)."""
    points, even = np.zeros(cycles + 1), cycles if cycles % 2 == 0 else max(cycles - 3, 0)
    for k in range(0, even, 2):
        points[k : k + 3] += np.array([1, 4, 1]) / 3
    if cycles == 1:
        points += 0.5
    elif even < cycles:
        points[even:] += np.array([3, 9, 9, 3]) / 8
    return points


def interchanged_points(cycles: int) -> np.ndarray:
    """Weights of DARTH's gen_wcc(), 2/3 and 4/3 interchanged: an immortal cohort does not gain the horizon."""
    points = np.where(np.arange(cycles + 1) % 2 == 1, 2 / 3, 4 / 3)
    points[[0, -1]] = 1 / 3
    return points


def weights(time: TimeFrame, weighting: Weighting) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the start and the end of each cycle count in time, and the transitions of each cycle, discounted; [cycle] each.

    'life-table' discounts the mean of both ends at the end, as heemod does with discount(..., first = TRUE) for the
    model of Briggs et al. 2006; 'half-cycle' discounts each end where it is.
    """
    cycles, cycle = time.whole_cycles, time.cycle
    start, middle, end = (weighting.factor((np.arange(cycles) + at) * cycle) for at in (0, 0.5, 1))
    if weighting.convention == "mid-cycle":
        start = end = middle
    at_start, at_end = shares(time.convention, cycles)
    begin, over = at_start * (end if time.convention == "life-table" else start), at_end * end
    moved = {
        "": {"start": start, "end": end, "life-table": end}.get(time.convention, (start + end) / 2),
        "start": start,
        "middle": middle,
        "end": end,
        # Of the point at which it arrives: the end of its cycle, which is the start of the next.
        "with the state entered": over + np.append(begin[1:], 0.0),
    }[time.counted]
    return begin * cycle, over * cycle, moved


def period_shares(dynamics: Dynamics) -> np.ndarray:
    """[cycle, period] share of each whole cycle that lies in each period."""
    cycles, starts = dynamics.time.whole_cycles, dynamics.periods / dynamics.time.cycle
    ends, own = np.append(starts[1:], np.inf), np.arange(cycles)[:, None]
    shares = np.clip(own + 1, starts, ends) - np.clip(own, starts, ends)
    shares[shares < HAIR * cycles] = 0.0
    return shares / shares.sum(axis=1, keepdims=True)
