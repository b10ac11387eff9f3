"""What HTA bodies ask of an analysis, and in what a scenario departs from it.

Where a scenario names a profile and does not state a rate, a threshold or a perspective itself, it has that of the profile. `RECALLED`
are figures from general knowledge of the manuals that were not checked again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from model.scenario import Scenario

SAME = 1e-9  # of rates that are one


@dataclass(frozen=True)
class SeverityClass:
    """What a QALY weighs where the absolute shortfall (in QALYs) or the proportional one is at least as stated."""

    weight: float
    absolute: float
    proportional: float


@dataclass(frozen=True)
class Profile:
    """discount: annual, of costs and effects; thresholds: per QALY; perspectives: one of them, the first if none is stated.

    probabilistic: the reference case is that of the PSA. also: commands that give what the body asks for beside the run.
    severity: classes of severe conditions, the gravest first; none if QALYs are never weighted.
    """

    label: str
    currency: str
    discount: float
    thresholds: tuple[int, ...]
    perspectives: tuple[str, ...]
    probabilistic: bool = False
    also: tuple[tuple[str, str], ...] = ()
    severity: tuple[SeverityClass, ...] = ()


NICE = Profile(
    "NICE (England)",
    "GBP",
    0.035,
    (20_000, 25_000, 30_000, 35_000),
    ("NHS and personal social services",),
    also=(("one-way analyses", "tornado"), ("scenario analyses", "variants"), ("threshold analyses", "threshold")),
    severity=(SeverityClass(1.7, 18, 0.95), SeverityClass(1.2, 12, 0.85)),
)
CDA_AMC = Profile(
    "CDA-AMC (Canada)",
    "CAD",
    0.015,
    (50_000, 100_000),
    ("Publicly funded payer",),
    probabilistic=True,
    also=(("value of information", "voi"), ("structural scenarios", "variants")),
)
US = Profile(
    "Second Panel (United States)",
    "USD",
    0.03,
    (50_000, 100_000, 150_000),
    ("Healthcare sector", "Societal"),
    also=(("one-way analyses", "tornado"), ("scenario analyses", "variants")),
)
PROFILES = {"nice": NICE, "cda-amc": CDA_AMC, "us": US}
RECALLED = {
    "nice": "the shortfalls from which on QALYs weigh more (12 and 18 QALYs, 0.85 and 0.95), and their weights of 1.2 and 1.7",
    "cda-amc": "the discount rate, the thresholds (there is no official one) and that the reference case is probabilistic",
    "us": "all of it",
}


@dataclass(frozen=True)
class Departure:
    """One thing that the body asks for, and what the scenario has; whether they differ."""

    item: str
    body_asks: str
    here: str
    departs: bool


def profile_of(scenario: Scenario) -> Profile | None:
    """That which the scenario names."""
    return PROFILES.get(scenario.profile)


def departures(scenario: Scenario, drawn: bool = True, beside: Collection[str] | None = None) -> tuple[Departure, ...]:
    """All that the profile asks for, departures first; nothing without a profile.

    drawn: there is a PSA, where one can be. beside: commands of the report of which the run is a part; None for a run alone,
    which does not know of them.
    """
    profile = profile_of(scenario)
    found = () if profile is None else tuple(_items(scenario, profile, drawn, beside))
    return tuple(sorted(found, key=lambda one: not one.departs))


def left_out(scenario: Scenario, beside: Collection[str]) -> tuple[str, ...]:
    """What the profile asks for beside the run and the report does not have, each with the command that gives it."""
    profile = profile_of(scenario)
    also = () if profile is None else profile.also
    return tuple(f"{what} (run_model.py {command})" for what, command in also if command not in beside)


def _items(scenario: Scenario, profile: Profile, drawn: bool, beside: Collection[str] | None) -> Iterator[Departure]:
    yield Departure("currency", profile.currency, scenario.currency or "none", scenario.currency != profile.currency)
    yield from (_rate(scenario, profile, which) for which in ("costs", "effects"))
    yield _thresholds(scenario, profile)
    yield from _perspective(scenario, profile)
    utility = any(state.utility is not None for state in scenario.states.values())
    yield Departure("outcome", "QALYs", "QALYs" if utility else "no state has a utility", not utility)
    yield Departure(
        "incremental analysis", "all strategies, fully incremental", "all strategies, fully incremental", False
    )
    yield _probabilistic(scenario, profile, drawn)
    yield from (_analysis(what, command, beside) for what, command in profile.also)


def _analysis(what: str, command: str, beside: Collection[str] | None) -> Departure:
    if beside is None:
        return Departure(what, "shown", f"run_model.py {command}", False)
    missing = command not in beside
    here = f"not in the report (run_model.py {command})" if missing else "in the report"
    return Departure(what, "shown", here, missing)


def _rate(scenario: Scenario, profile: Profile, which: str) -> Departure:
    discount = scenario.discount
    rate = discount.cost if which == "costs" else discount.effect
    here = f"{100 * rate:.3g} %" + (", compounded continuously" if discount.compounding == "continuous" else "")
    same = math.isclose(discount.continuous(rate), math.log1p(profile.discount), rel_tol=SAME)
    return Departure(f"discount rate of {which}", f"{100 * profile.discount:.3g} %", here, not same)


def _thresholds(scenario: Scenario, profile: Profile) -> Departure:
    here = scenario.wtp.thresholds
    return Departure("thresholds", _listed(profile.thresholds), _listed(here), not set(profile.thresholds) <= set(here))


def _listed(thresholds: tuple[float, ...]) -> str:
    return "; ".join(f"{one:,.0f}" for one in thresholds)


def _perspective(scenario: Scenario, profile: Profile) -> Iterator[Departure]:
    """The perspective of the scenario is one of the body's if it has its words in it."""
    here = scenario.perspective or "not stated"
    taken = [one for one in profile.perspectives if one.casefold() in here.casefold()]
    yield Departure("perspective", " and ".join(profile.perspectives), here, len(taken) < len(profile.perspectives))


def _probabilistic(scenario: Scenario, profile: Profile, drawn: bool) -> Departure:
    sampled = any(parameter.sampled for parameter in scenario.parameters.values())
    asks = "the reference case is probabilistic" if profile.probabilistic else "probabilistic analysis shown"
    here = "no parameter has a distribution" if not sampled else "probabilistic" if drawn else "no draws were made"
    return Departure("parameter uncertainty", asks, here, not (sampled and drawn))
