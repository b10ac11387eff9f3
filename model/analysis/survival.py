"""How long patients live, and stay in states: medians of the base case, and of single patients the curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis import targets
from model.analysis.first_order import FirstOrder
from model.analysis.run import Run
from model.scenario import Scenario
from model.units import DAYS

POINTS = 400  # of a curve


@dataclass(frozen=True)
class Event:
    """What can be drawn as time to event. times: [strategy, patient] in `unit`; those who reach `horizon` are censored there."""

    key: str
    label: str
    unit: str
    horizon: float
    times: np.ndarray


@dataclass(frozen=True)
class Median:
    """Median time to an event in the base case, nan where half of the patients reach the horizon; its standard error, nan
    without simulation; and the published one, nan where the scenario states none."""

    event: str
    label: str
    strategy: str
    unit: str
    median: float
    standard_error: float
    published: float
    source: str


@dataclass(frozen=True)
class Curve:
    """Share of patients for whom an event is later than each of `times`."""

    event: str
    strategy: str
    time: np.ndarray
    unit: str
    share: np.ndarray


def events(scenario: Scenario, patients: FirstOrder) -> list[Event]:
    """Survival, and every effect that is time in states."""
    frame, found = scenario.time, []
    if scenario.dead_states:
        years = patients.values("life_years", discounted=False)
        found.append(Event("survival", "Survival", frame.unit, frame.horizon, years / frame.years))
    for key, effect in scenario.effects.items():
        # Weighted time, or several rates per unit, is no time to an event.
        if effect.states and not any(effect.states.values()):
            horizon = frame.horizon * frame.day / DAYS.get(effect.unit, np.inf)
            times = patients.values(key, discounted=False)
            found.append(Event(key, effect.label, effect.unit, horizon or np.inf, times))
    return found


def medians(run: Run) -> list[Median]:
    """Of every event with engines that follow patients; with the cohort engine, of survival."""
    scenario = run.scenario
    if run.patients is None:
        trace, unit = run.base.traces["all"], scenario.time.unit
        listed = enumerate(scenario.strategies if scenario.dead_states else ())
        values = {name: targets.median_survival(scenario, trace, s) for s, name in listed}
        return [
            _beside_published(scenario, ("survival", "Survival", unit), name, v if np.isfinite(v) else np.nan, np.nan)
            for name, v in values.items()
        ]
    return [
        _beside_published(scenario, (event.key, event.label, event.unit), name, *median(event.times[s], event.horizon))
        for event in events(scenario, run.patients)
        for s, name in enumerate(scenario.strategies)
    ]


def _beside_published(
    scenario: Scenario, about: tuple[str, str, str], strategy: str, value: float, error: float
) -> Median:
    (key, label, unit), known = about, scenario.published_median(about[0], strategy)
    published, source = (known.value, known.source) if known else (np.nan, "")
    return Median(key, label, strategy, unit, value, error, published, source)


def median(times: np.ndarray, horizon: float) -> tuple[float, float]:
    """(median, standard error from the order statistics) of times [patient]; nan where half reach the horizon."""
    n, ranked = len(times), np.sort(times)
    low, high = (ranked[int(np.clip(round(n / 2 + z * np.sqrt(n) / 2), 0, n - 1))] for z in (-1, 1))
    value = float(np.median(ranked))
    return (np.nan, np.nan) if value >= horizon else (value, float(high - low) / 2)


def curves(scenario: Scenario, patients: FirstOrder, points: int = POINTS) -> list[Curve]:
    """Of every event (Kaplan-Meier: nobody is censored before the horizon)."""
    found = []
    for event in events(scenario, patients):
        last = min(np.quantile(event.times, 0.999) * 1.02, event.horizon)
        grid = np.linspace(0, last, points)
        known = np.where(
            event.times >= event.horizon * (1 - 1e-9), np.inf, event.times
        )  # censored: alive at the horizon
        for s, strategy in enumerate(scenario.strategies):
            share = 1 - np.searchsorted(np.sort(known[s]), grid, side="right") / known.shape[1]
            found.append(Curve(event.key, strategy, grid, event.unit, share))
    return found
