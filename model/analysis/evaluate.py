"""Run an engine over a table of draws: the one call that every analysis makes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import inputs, outcomes, pricing
from model.draws import Draws
from model.engines import cohort
from model.outcomes import Outcomes
from model.scenario import Scenario

CHUNK = 2000  # draws of one task; a multiple of the engine's block


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
    scenario: Scenario,
    draws: Draws,
    trace: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    executor: Executor | None = None,
) -> Evaluation:
    """Outcomes of every group, strategy and draw with the cohort engine. `progress` is told of draws done.

    The draws are cut into independent tasks; `executor` (concurrent.futures) runs them elsewhere, with the same result
    to the last bit. Raises DomainError where a draw leaves the model's domain.
    """
    weights = inputs.group_weights(scenario, draws)
    tasks = [draws.part(start, min(start + CHUNK, draws.n)) for start in range(0, draws.n, CHUNK)]
    parts: list[dict[str, Outcomes]] = []
    traces: dict[str, Trace] = {}
    for task, (found, seen) in zip(tasks, _results(scenario, tasks, trace, executor)):
        parts.append(found)
        traces |= seen
        progress(task.n)
    by_group = {key: outcomes.joined([part[key] for part in parts]) for key in scenario.groups}
    return Evaluation(_with_total(by_group, weights), weights, _with_total_trace(traces, weights))


def _results(scenario: Scenario, tasks: list[Draws], trace: bool, executor: Executor | None):
    if executor is None:
        return (_task(scenario, task, trace) for task in tasks)
    waiting = [executor.submit(_task, scenario, task, trace) for task in tasks]
    return (future.result() for future in waiting)


def _task(scenario: Scenario, draws: Draws, trace: bool) -> tuple[dict[str, Outcomes], dict[str, Trace]]:
    """Outcomes by group of some draws: one piece of independent work."""
    found, traces = {}, {}
    for key, group in scenario.groups.items():
        quantities = cohort.run(inputs.dynamics(scenario, draws, group), trace)
        prices = pricing.price_list(scenario, draws, group)
        found[key] = outcomes.value(quantities, prices, tuple(scenario.strategies))
        if trace:
            traces[key] = Trace(quantities.times, quantities.trace)
    return found, traces


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
