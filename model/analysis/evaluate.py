"""Run an engine over a table of draws: the one call that every analysis makes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import effort, inputs, outcomes, pricing
from model.analysis import memory
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.simulate import Simulated, simulate
from model.analysis.workers import in_order
from model.draws import Draws
from model.engines import cohort
from model.history import Requests
from model.outcomes import Outcomes
from model.scenario import Scenario

CHUNK = 2000  # draws of one task; a multiple of the engine's block
NO_TIMES = np.zeros(0)


@dataclass(frozen=True)
class Trace:
    """occupancy[time, strategy, draw, state] at `times` (model units)."""

    times: np.ndarray
    occupancy: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """outcomes: by group, 'all' (the weighted total) first; weights[group]: array[draw].

    simulated: the same with standard errors, where the engine follows patients; requests: what they asked of resources.
    """

    outcomes: dict[str, Outcomes]
    weights: dict[str, np.ndarray]
    traces: dict[str, Trace]
    simulated: dict[str, Simulated] | None = None
    requests: Requests | None = None

    @property
    def total(self) -> Outcomes:
        return self.outcomes["all"]


def evaluate(
    scenario: Scenario,
    draws: Draws,
    method: Method = COHORT,
    trace: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    at: np.ndarray = NO_TIMES,
) -> Evaluation:
    """Outcomes of every group, strategy and draw. `progress` is told of draws done (of replications, with queues).

    trace: with occupancies (cohort engine only), at the cycles' times and, exactly, at those of `at`. Rows of `draws` that have the same index meet the same patients.
    Raises DomainError where a draw leaves the model's domain, EngineError where the engine cannot run the scenario.
    """
    memory.check_engine(scenario, draws.n, method, trace)
    if method.engine == "individual":
        return _simulated(
            scenario,
            draws,
            simulate(scenario, draws, method.patients, progress=progress, executor=method.executor),
        )
    if method.engine == "queueing":
        return _queued(scenario, draws, method, progress)
    return _cohort(scenario, draws, method.executor, trace, progress, at)


def _simulated(scenario: Scenario, draws: Draws, found: dict[str, Simulated], requests=None) -> Evaluation:
    weights = inputs.group_weights(scenario, draws)
    return Evaluation({key: part.mean for key, part in found.items()}, weights, {}, found, requests)


def _queued(scenario: Scenario, draws: Draws, method: Method, progress) -> Evaluation:
    from model.analysis import queues

    if scenario.system is None:
        raise EngineError(
            f"{scenario.path}: the queueing engine needs 'arrivals' and 'resources', which it does not have"
        )
    found = queues.simulate(
        scenario, draws, method.patients, scenario.system, method.replications, progress, method.executor
    )
    return _simulated(scenario, draws, found.outcomes, found.requests)


def _cohort(scenario: Scenario, draws: Draws, executor: Executor | None, trace: bool, progress, at) -> Evaluation:
    weights = inputs.group_weights(scenario, draws)
    tasks = [draws.part(start, min(start + CHUNK, draws.n)) for start in range(0, draws.n, CHUNK)]
    parts: list[dict[str, Outcomes]] = []
    traces: list[dict[str, Trace]] = []
    waiting = in_order(executor, _task, ((scenario, task, trace, at) for task in tasks))
    for task, (found, seen) in effort.loop(zip(tasks, waiting), len(tasks)):
        parts.append(found)
        traces.append(seen)
        progress(task.n)
    by_group = {key: outcomes.joined([part[key] for part in parts]) for key in scenario.groups}
    return Evaluation(_with_total(by_group, weights), weights, _with_total_trace(_joined(traces), weights))


def _joined(traces: list[dict[str, Trace]]) -> dict[str, Trace]:
    """Those of all tasks, one after the other."""
    first = traces[0]
    return {
        key: Trace(first[key].times, np.concatenate([part[key].occupancy for part in traces], axis=2)) for key in first
    }


def _task(
    scenario: Scenario, draws: Draws, trace: bool, at: np.ndarray
) -> tuple[dict[str, Outcomes], dict[str, Trace]]:
    """Outcomes by group of some draws: one piece of independent work."""
    found, traces = {}, {}
    for key, group in effort.loop(scenario.groups.items()):
        quantities = cohort.run(inputs.dynamics(scenario, draws, group), trace, at)
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
