"""Shares of patients alive and in each state at chosen times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis import occupancy
from model.analysis.evaluate import Trace
from model.analysis.published import MONTH
from model.analysis.run import Run
from model.grouped import Grouped
from model.instants import reaches
from model.scenario import Scenario

ALIVE = "alive"
LONG = {"1 year": 12, "2 years": 24, "5 years": 60, "10 years": 120}  # months
SHORT = {"30 days": 30 / MONTH, "90 days": 90 / MONTH, "180 days": 180 / MONTH, "1 year": 12}
MOST = 1000  # draws from which intervals are made


@dataclass(frozen=True)
class Landmark:
    """state: a state or ALIVE, and the `states` that it stands for; at, time: in words and in model time; share: of the base case,
    error: of its simulation, nan where there is none. Of `draws` draws the mean and the 95 % interval; nan without a PSA."""

    group: str
    strategy: str
    state: str
    states: tuple[str, ...]
    at: str
    time: float
    months: float
    share: float
    error: float
    mean: float
    lower: float
    upper: float
    draws: int


def times(scenario: Scenario) -> dict[str, float]:
    """Model times by their words: those that the file states, else the usual ones within the horizon, or the horizon."""
    if scenario.landmarks:
        return scenario.landmarks
    month, frame = MONTH / scenario.time.day, scenario.time
    usual = LONG if reaches(frame.horizon, 24 * month) else SHORT
    found = {words: months * month for words, months in usual.items() if reaches(frame.horizon, months * month)}
    return found or {f"{frame.horizon:g} {frame.unit}{'' if frame.horizon == 1 else 's'}": frame.horizon}


def landmarks(run: Run) -> Iterator[Landmark]:
    """Of every group, strategy and state, all living ones together first (where one is dead), by time."""
    scenario, known = run.scenario, times(run.scenario)
    at = np.minimum(np.array(list(known.values())), scenario.time.horizon)
    base = occupancy.of_base(run, at, whole=False)
    drawn = _drawn(run, at)
    for group, trace in base.items():
        for state, states in _looked_at(scenario).items():
            share = _share(scenario, trace, states, at)[:, :, 0]
            errors = _errors(run, group, states, at)
            spread = (
                _spread(_share(scenario, drawn[group], states, at)) if drawn else np.full((3, *share.shape), np.nan)
            )
            draws = drawn[group].occupancy.shape[2] if drawn else 0
            for s, strategy in enumerate(scenario.strategies):
                for k, (words, time) in enumerate(known.items()):
                    months, error = time * scenario.time.day / MONTH, float(errors[k, s])
                    mean, lower, upper = (float(value) for value in spread[:, k, s])
                    about = group, strategy, state, states, words, time, months
                    yield Landmark(*about, float(share[k, s]), error, mean, lower, upper, draws)


def _looked_at(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    alive = {ALIVE: scenario.living_states} if scenario.dead_states and scenario.living_states else {}
    return alive | {key: (key,) for key, state in scenario.states.items() if not state.chance}


def _share(scenario: Scenario, trace: Trace, states: tuple[str, ...], at: np.ndarray) -> np.ndarray:
    """[time, strategy, draw]; rounding leaves shares in 0..1."""
    index = [list(scenario.states).index(state) for state in states]
    return np.clip(occupancy.at(trace, at)[..., index].sum(axis=-1), 0.0, 1.0)


def _drawn(run: Run, at: np.ndarray) -> Grouped[Trace] | None:
    """Of the first draws of the PSA. Where patients are followed, shares of a draw have the noise of its few patients: none."""
    if run.draws is None or run.method.follows_patients:
        return None
    return occupancy.of_draws(run, run.draws.part(0, min(run.draws.n, MOST)), at)


def _spread(share: np.ndarray) -> np.ndarray:
    """Mean and 95 % interval of share [time, strategy, draw]: [3, time, strategy]."""
    return np.stack([share.mean(axis=-1), *np.quantile(share, [0.025, 0.975], axis=-1)])


def _errors(run: Run, group: str, states: tuple[str, ...], at: np.ndarray) -> np.ndarray:
    """Standard error of the simulation [time, strategy], of groups as strata; nan where patients are not independent, or none."""
    shape = len(at), len(run.scenario.strategies)
    if run.patients is None or run.base_method.replicates:
        return np.full(shape, np.nan)
    patients, scenario = run.patients, run.scenario
    known = {key: subgroup.members for key, subgroup in scenario.subgroups.items()}
    members = known.get(group, tuple(patients.groups) if group not in patients.groups else (group,))
    total = sum(patients.weights[key] for key in members) or 1.0
    variance = np.zeros(shape)
    traces = patients.traces(at)
    for key in members:
        share, history = _share(scenario, traces[key], states, at)[:, :, 0], patients.groups[key].history
        variance += (patients.weights[key] / total) ** 2 * share * (1 - share) / (history.shape[1] * history.shape[2])
    return np.sqrt(variance)
