"""Run an engine over a table of draws: the one call that every analysis makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import inputs, outcomes, pricing
from model.draws import Draws
from model.engines import cohort
from model.outcomes import Outcomes
from model.scenario import Scenario

CHUNK = 5000  # draws that are held in memory as quantities at one time; a multiple of the engine's block


@dataclass(frozen=True)
class Trace:
    """occupancy[time, strategy, draw, state] at `times` (model units)."""

    times: np.ndarray
    occupancy: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """outcomes: by group, 'all' (the weighted total) first; weights[group]: array[draw]."""

    outcomes: dict[str, Outcomes]
    weights: dict[str, np.ndarray]
    traces: dict[str, Trace]

    @property
    def total(self) -> Outcomes:
        return self.outcomes["all"]


def evaluate(
    scenario: Scenario, draws: Draws, trace: bool = False, progress: Callable[[int], None] = lambda done: None
) -> Evaluation:
    """Outcomes of every group, strategy and draw with the cohort engine. `progress` is told of draws done.

    Raises DomainError where a draw leaves the model's domain.
    """
    weights = inputs.group_weights(scenario, draws)
    parts: dict[str, list[Outcomes]] = {key: [] for key in scenario.groups}
    traces = {}
    for start in range(0, draws.n, CHUNK):
        some = draws.part(start, min(start + CHUNK, draws.n))
        for key, group in scenario.groups.items():
            quantities = cohort.run(inputs.dynamics(scenario, some, group), trace)
            prices = pricing.price_list(scenario, some, group)
            parts[key].append(outcomes.value(quantities, prices, tuple(scenario.strategies)))
            if trace:
                traces[key] = Trace(quantities.times, quantities.trace)
        progress(some.n)
    by_group = {key: outcomes.joined(some) for key, some in parts.items()}
    return Evaluation(_with_total(by_group, weights), weights, _with_total_trace(traces, weights))


def _with_total(parts: dict[str, Outcomes], weights) -> dict[str, Outcomes]:
    if list(parts) == ["all"]:
        return parts
    return {"all": outcomes.pooled(parts, weights), **parts}


def _with_total_trace(traces: dict[str, Trace], weights) -> dict[str, Trace]:
    if not traces or list(traces) == ["all"]:
        return traces
    first = next(iter(traces.values()))
    total = sum(trace.occupancy * weights[key][:, None] for key, trace in traces.items())
    return {"all": Trace(first.times, total), **traces}
