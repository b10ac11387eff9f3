"""Run an engine that follows patients over a table of draws: means over patients, each with its standard error.

Groups are strata: each has its own number of patients, and the total is weighted with the exact shares, so that only
the variation within groups is left as noise.
"""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import inputs, outcomes, pricing
from model.draws import Draws
from model.engines import individual
from model.outcomes import Outcomes
from model.scenario import Scenario

CHUNK = 100_000  # strategies x draws x patients of one task: about the processor's cache


@dataclass(frozen=True)
class Simulated:
    """Means over the patients of each draw, and how far they may be off.

    mean: Outcomes [outcome, discounted, strategy, draw]; se: standard errors of the same shape; increment_se: those of
    the difference from the reference strategy, paired by patient; covariance: [strategy, draw] of the errors of the
    discounted incremental cost and QALYs.
    """

    mean: Outcomes
    se: np.ndarray
    increment_se: np.ndarray
    covariance: np.ndarray

    def inb_se(self, wtp: float) -> np.ndarray:
        """Standard error of the incremental net benefit at a willingness to pay, [strategy, draw]."""
        cost, qaly = (self.increment_se[self.mean.names.index(name), 1] for name in ("cost", "qaly"))
        return np.sqrt(np.maximum(cost**2 - 2 * wtp * self.covariance + wtp**2 * qaly**2, 0.0))


def simulate(scenario: Scenario, draws: Draws, patients: int, seed: int, engine: Callable = individual.run,
             progress: Callable[[int], None] = lambda done: None,
             executor: Executor | None = None) -> dict[str, Simulated]:
    """Simulated outcomes by group, 'all' (the weighted total) first, of `patients` patients a strategy and draw.

    engine: like individual.run. The result does not depend on how draws are cut into tasks or who runs them.
    """
    weights = inputs.group_weights(scenario, draws)
    numbers = strata(scenario, patients)
    width = max(1, CHUNK // (patients * len(scenario.strategies)))
    tasks = [draws.part(start, min(start + width, draws.n)) for start in range(0, draws.n, width)]
    arguments = (scenario, numbers, seed, engine)
    run = (lambda task: _Done(_task(task, *arguments))) if executor is None else (
        lambda task: executor.submit(_task, task, *arguments))
    found = []
    for task, waiting in [(task, run(task)) for task in tasks] if executor else ((t, run(t)) for t in tasks):
        found.append(waiting.result())
        progress(task.n)
    by_group = {key: _joined([part[key] for part in found]) for key in scenario.groups}
    return by_group if list(by_group) == ["all"] else {"all": _pooled(by_group, weights), **by_group}


@dataclass
class _Done:
    value: object

    def result(self):
        return self.value


def strata(scenario: Scenario, patients: int) -> dict[str, int]:
    """Patients of each group, in proportion to the weights of the base case; at least two."""
    weights = inputs.group_weights(scenario, draw_tables.base(scenario))
    edges = np.round(np.cumsum([0.0, *(float(w[0]) for w in weights.values())]) * patients).astype(int)
    return dict(zip(weights, np.maximum(np.diff(edges), 2).tolist()))


def _task(draws: Draws, scenario: Scenario, numbers: dict[str, int], seed: int, engine: Callable):
    """Simulated outcomes by group of some draws: one piece of independent work."""
    found = {}
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, draws, group)
        quantities = engine(dynamics, numbers[key], seed, draws.index, stream=key)
        prices = pricing.price_list(scenario, draws, group)
        found[key] = summary(outcomes.value(quantities, prices, tuple(scenario.strategies)), _reference(scenario))
    return found


def _reference(scenario: Scenario) -> int:
    return list(scenario.strategies).index(scenario.reference) if scenario.reference else 0


def summary(values: Outcomes, reference: int = 0) -> Simulated:
    """Means over the patient axis of outcomes [outcome, discounted, strategy, draw, patient]."""
    x, root = values.values, np.sqrt(values.values.shape[-1])
    gain = x - x[:, :, reference:reference + 1]
    cost, qaly = (gain[values.names.index(name), 1] for name in ("cost", "qaly"))
    covariance = ((cost - cost.mean(-1, keepdims=True)) * (qaly - qaly.mean(-1, keepdims=True))).sum(-1)
    n = x.shape[-1]
    return Simulated(Outcomes(values.names, values.strategies, x.mean(axis=-1)), x.std(axis=-1, ddof=1) / root,
                     gain.std(axis=-1, ddof=1) / root, covariance / (n - 1) / n)


def _joined(parts: list[Simulated]) -> Simulated:
    names = ("se", "increment_se", "covariance")
    columns = (np.concatenate([getattr(p, name) for p in parts], axis=-1) for name in names)
    return Simulated(outcomes.joined([p.mean for p in parts]), *columns)


def _pooled(parts: dict[str, Simulated], weights: dict[str, np.ndarray]) -> Simulated:
    """All strata together; their errors are independent."""
    def root(name: str) -> np.ndarray:
        return np.sqrt(sum((getattr(parts[key], name) * weights[key]) ** 2 for key in parts))

    mean = outcomes.pooled({key: p.mean for key, p in parts.items()}, weights)
    covariance = sum(parts[key].covariance * weights[key] ** 2 for key in parts)
    return Simulated(mean, root("se"), root("increment_se"), covariance)
