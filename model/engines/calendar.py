"""Opening hours and arrivals on a calendar of days; day 0 is a Monday, 0:00."""

from __future__ import annotations

from bisect import bisect_right
from math import inf

import numpy as np

from model.instants import HAIR
from model.resources import ALWAYS, WEEK, Arrivals

SURE = 1e-6  # days before an edge, up to which rounding cannot reach


class Opening:
    """Weekly opening hours: spans (from, to) in hours of the week."""

    def __init__(self, spans: tuple[tuple[float, float], ...]):
        self.always = spans == ALWAYS
        self.starts = [start / 24 for start, _ in spans]
        self.ends = [end / 24 for _, end in spans]
        self.edges = [edge / 24 for span in (*spans, (spans[0][0] + WEEK, inf)) for edge in span]

    def is_open(self, day: float) -> bool:
        if self.always:
            return True
        within = (day + HAIR) % 7
        span = bisect_right(self.starts, within) - 1
        return span >= 0 and within < self.ends[span]

    def stretch(self, day: float) -> tuple[bool, float]:
        """Whether it is open, and a day until which that certainly holds."""
        if self.always:
            return True, inf
        within = (day + HAIR) % 7
        passed = bisect_right(self.edges, within)
        return passed % 2 == 1, day + self.edges[passed] - within - SURE

    def next_opening(self, day: float) -> float:
        """The first day (with fraction) after `day` at which a span begins."""
        week = (day + HAIR) // 7 * 7
        return next(week + start for start in (*self.starts, self.starts[0] + 7) if week + start > day + HAIR)

    def hours_until(self, days: np.ndarray) -> np.ndarray:
        """Opening time, in days, from day 0 to each of `days`."""
        weeks, within = np.divmod(np.asarray(days, float), 7)
        points = np.ravel([*zip(self.starts, self.ends)])
        reached = np.cumsum(np.ravel([(0.0, end - start) for start, end in zip(self.starts, self.ends)]))
        return weeks * 7 * self.share + np.interp(within, points, reached, left=0.0)

    @property
    def share(self) -> float:
        """Share of the week in which it is open."""
        return (sum(self.ends) - sum(self.starts)) / 7


def poisson_times(arrivals: Arrivals, share: float, start: float, exponentials: np.ndarray) -> np.ndarray:
    """Days of the arrivals after `start` of a `share` of the patients: cumulative rate reached by summed exponentials."""
    rates = np.repeat(arrivals.per_day, WEEK // len(arrivals.per_day)) / 24 * share
    reached = np.concatenate([[0.0], np.cumsum(rates)])
    target = expected(arrivals, share, start) + np.cumsum(exponentials)
    week, rest = np.divmod(target, reached[-1])
    hour = np.minimum(np.searchsorted(reached, rest, side="right") - 1, WEEK - 1)
    return week * 7 + (hour + (rest - reached[hour]) / rates[hour]) / 24


def expected(arrivals: Arrivals, share: float, day: float) -> float:
    """Expected number of arrivals from day 0 to `day`."""
    rates = np.repeat(arrivals.per_day, WEEK // len(arrivals.per_day)) / 24 * share
    weeks, rest = divmod(day, 7)
    return float(
        weeks * rates.sum() + np.interp(rest * 24, np.arange(WEEK + 1), np.concatenate([[0.0], np.cumsum(rates)]))
    )
