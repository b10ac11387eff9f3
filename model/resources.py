"""What patients compete for, and how they arrive: frozen types without any trace of YAML.

The calendar counts days from a Monday, 0:00; hours of the week count from there (0 to 168).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ALWAYS = ((0.0, 168.0),)
WEEK = 168
LONGEST = 1_000_000  # days of the calendar: beyond them, rounding would blur hours
MOST_ARRIVALS = 2_000_000  # expected in one replication
MOST_RESOURCES = 50  # what patients ask for together is kept as bits of one number


class ResourceError(ValueError):
    """A resource, hold or arrival process that cannot be. place: what it is about, such as 'arrivals.warm-up';
    fault: what was found, what is allowed.
    """

    def __init__(self, place: str, fault: str):
        self.place, self.fault = place, fault
        super().__init__(f"{place}: {fault}")


def held_twice(key: str) -> str:
    return (
        f"'{key}' stands twice, but a state holds one unit of a resource; where every patient takes two units, write '{key}' "
        "once and halve its capacity; else make the second unit a resource of its own"
    )


@dataclass(frozen=True)
class Resource:
    """capacity: units in service, or infinity. opening: spans (from, to) in hours of the week in which patients are taken;
    who has begun stays until done. preemptive: a patient of higher priority takes the place of one of lower.
    """

    key: str
    capacity: float
    opening: tuple[tuple[float, float], ...] = ALWAYS
    preemptive: bool = False
    label: str = ""

    def __post_init__(self):
        if not (self.capacity == math.inf or (self.capacity > 0 and self.capacity == int(self.capacity))):
            raise ResourceError(
                f"resources.{self.key}", f"capacity must be a whole number above 0, found {self.capacity:g}"
            )
        ends = [0.0, *(x for span in self.opening for x in span), float(WEEK)]
        rising = all(a <= b for a, b in zip(ends, ends[1:])) and all(a < b for a, b in self.opening)
        if not self.opening or not rising:
            raise ResourceError(
                f"resources.{self.key}",
                f"opening must be spans that follow each other within the hours of the "
                f"week, 0 to {WEEK}; found {self.opening}",
            )


@dataclass(frozen=True)
class Hold:
    """One unit of each of `resources` is held in a state, all taken together.

    priority: the smallest is served first, then first come, first served; by_group overrides it for some groups.
    """

    state: str
    resources: tuple[str, ...]
    priority: int = 0
    by_group: dict[str, int] = field(default_factory=dict)

    def __post_init__(self):
        for key in self.resources:
            if self.resources.count(key) > 1:
                raise ResourceError(f"states.{self.state}.holds", held_twice(key))


@dataclass(frozen=True)
class Arrivals:
    """Poisson arrivals `per_day` (one rate, or one for each of the 168 hours of the week), or `times` in days by group."""

    per_day: tuple[float, ...] = ()
    times: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self):
        if bool(self.per_day) == bool(self.times):
            raise ResourceError("arrivals", "give either rates per day or times")
        if self.per_day and (len(self.per_day) not in (1, WEEK) or min(self.per_day) < 0 or max(self.per_day) <= 0):
            raise ResourceError(
                "arrivals",
                f"give one rate per day, or one for each of the {WEEK} hours of the week, none of "
                f"them negative; found {len(self.per_day)} of {min(self.per_day):g} or more",
            )
        if self.per_day and not 1 / LONGEST <= self.mean_per_day <= MOST_ARRIVALS:
            raise ResourceError(
                "arrivals",
                f"{self.mean_per_day:g} patients a day; allowed: from one in {LONGEST:,} days to {MOST_ARRIVALS:,} a day",
            )
        if any(days[-1] > LONGEST for days in self.times.values() if days):
            raise ResourceError("arrivals", f"days are counted up to {LONGEST:,}")

    @property
    def mean_per_day(self) -> float:
        """Of rates: patients a day, over the hours of the week."""
        return sum(self.per_day) / len(self.per_day)


@dataclass(frozen=True)
class System:
    """A centre that treats patients. warm_up: days with arrivals before anyone is recruited; cool_down: days of arrivals
    after the last recruit. most_waiting: patients in the queue of one resource at which a run stops.
    """

    resources: tuple[Resource, ...]
    holds: tuple[Hold, ...]
    arrivals: Arrivals
    warm_up: float = 0.0
    cool_down: float = 0.0
    most_waiting: int = 10_000

    def __post_init__(self):
        self._check_lengths()
        known = [r.key for r in self.resources]
        if len(known) > MOST_RESOURCES:
            raise ResourceError("resources", f"{len(known)} of them; at most {MOST_RESOURCES} are allowed")
        for hold in self.holds:
            for key in hold.resources:
                if key not in known:
                    raise ResourceError(
                        f"states.{hold.state}.holds", f"unknown resource '{key}'; resources: {', '.join(known)}"
                    )

    def _check_lengths(self) -> None:
        for name, days in (("warm-up", self.warm_up), ("cool-down", self.cool_down)):
            if not 0 <= days <= LONGEST:
                raise ResourceError(f"arrivals.{name}", f"{days:,.0f} days; allowed: 0 to {LONGEST:,} days")
            expected = self.arrivals.mean_per_day * days if self.arrivals.per_day else 0.0
            if expected > MOST_ARRIVALS:
                raise ResourceError(
                    f"arrivals.{name}",
                    f"{days:,.0f} days are {expected:,.0f} arrivals whom nobody follows; at most "
                    f"{MOST_ARRIVALS:,} are allowed: take a shorter one, or a lower rate",
                )
