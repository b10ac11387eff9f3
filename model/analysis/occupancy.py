"""Who is in which state at any time: of the base case of a run, and of its draws."""

from __future__ import annotations

import dataclasses

import numpy as np

from model import draws, inputs
from model.analysis.evaluate import Trace, by_group, evaluate, together
from model.analysis.run import Run
from model.draws import Draws
from model.engines import engine_for
from model.engines.contract import Block
from model.grouped import Grouped
from model.instants import floor
from model.quantities import Quantities
from model.scenario import Scenario

HELD = 5_000_000  # numbers of a trace that are held at once


def of_base(run: Run, times: np.ndarray, whole: bool = True) -> Grouped[Trace]:
    """The base case; `times` are among those of the traces where the engine knows them, else these are linear between theirs.

    whole: to the horizon; else no further than the last of `times` asks for, which gives the same shares for less work.
    """
    if run.patients is not None:
        return run.patients.traces(times)
    scenario = run.scenario if whole else _until(run.scenario, times.max())
    return evaluate(scenario, draws.base(run.scenario), trace=True, at=times).traces


def of_draws(run: Run, table: Draws, times: np.ndarray) -> Grouped[Trace]:
    """[time, strategy, draw, state] at `times` and no others, of an engine that follows no patients."""
    scenario = _until(run.scenario, times.max())
    each = (scenario.time.cycles + len(times)) * len(scenario.strategies) * len(scenario.states) * len(scenario.groups)
    size = max(1, int(HELD / each))
    found = [_part(scenario, run, table.part(a, min(a + size, table.n)), times) for a in range(0, table.n, size)]
    return Grouped({key: Trace(times, np.concatenate([part[key] for part in found], axis=2)) for key in found[0]})


def _part(scenario: Scenario, run: Run, table: Draws, times: np.ndarray) -> dict[str, np.ndarray]:
    weights = inputs.group_weights(scenario, table)
    ran = engine_for(scenario, run.method.engine).run(Block(scenario, table, weights, seen_at=times))
    parts = {}
    for result in ran.results:
        match result.quantities:
            case Quantities(times=np.ndarray() as seen_at, trace=np.ndarray() as trace):
                parts[result.group] = Trace(times, at(Trace(seen_at, trace), times))
    return {key: trace.occupancy for key, trace in by_group(scenario, parts, together, weights).items()}


def at(trace: Trace, times: np.ndarray) -> np.ndarray:
    """occupancy [time, ..] at `times`: a line between those of the trace."""
    if np.array_equal(times, trace.times):
        return trace.occupancy
    after = np.clip(np.searchsorted(trace.times, times), 1, len(trace.times) - 1)
    low, high = trace.times[after - 1], trace.times[after]
    share = np.clip((times - low) / (high - low), 0, 1).reshape(-1, *[1] * (trace.occupancy.ndim - 1))
    return trace.occupancy[after - 1] * (1 - share) + trace.occupancy[after] * share


def _until(scenario: Scenario, last: float) -> Scenario:
    """The scenario as far as it is looked at: to the end of the cycle that is under way at the last time."""
    time = scenario.time
    end = (floor(last / time.cycle) + 1) * time.cycle
    return dataclasses.replace(scenario, time=dataclasses.replace(time, horizon=min(float(end), time.horizon)))
