"""Run an engine over a table of draws: the one call that every analysis makes.

Work is cut into blocks; each is run, priced, reduced to what is kept of it, and dropped. Who runs them changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from model import effort, inputs, outcomes, price_levels, pricing
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.simulate import Moments, Simulated, moments, over_replications, strata
from model.analysis.workers import in_order
from model.draws import Draws
from model.engines import engine_for
from model.engines.contract import Block, Engine, Ran, Result
from model.grouped import Grouped
from model.history import REQUEST_BYTES, History, Requests
from model.outcomes import Outcomes
from model.pricing import Prices
from model.quantities import WEIGHTS, Quantities
from model.scenario import Scenario

__all__ = ["COHORT", "EngineError", "Evaluation", "Method", "Trace", "by_group", "evaluate", "priced"]

NO_TIMES = np.zeros(0)
REQUESTS = 10  # that a patient makes, about, those counted who are not recruited
T = TypeVar("T")
Weights = dict[str, np.ndarray]  # share of each group, array[draw]
Single = dict[
    str, tuple[History, Outcomes]
]  # stays and outcomes [outcome, discounted, strategy, patient] of each group


@dataclass(frozen=True)
class Trace:
    """occupancy[time, strategy, draw, state] at `times` (model units)."""

    times: np.ndarray
    occupancy: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """outcomes, traces, simulated: by group, the weighted total first; weights[group]: array[draw].

    simulated: the outcomes with standard errors, where the engine follows patients; requests: what they asked of resources,
    whose `draw` is draw * replications + replication (None where that was not wanted); single: patients, block by block, where
    those of replications were wanted.
    """

    outcomes: Grouped[Outcomes]
    weights: dict[str, np.ndarray]
    traces: Grouped[Trace]
    simulated: Grouped[Simulated] | None = None
    requests: Requests | None = None
    single: tuple[Single, ...] = ()

    @property
    def total(self) -> Outcomes:
        return self.outcomes.total

    @property
    def errors(self) -> Grouped[Simulated]:
        """`simulated`, by group. Raises EngineError where the engine follows no patients."""
        if self.simulated is None:
            raise EngineError("an engine that follows no patients has no simulation error")
        return self.simulated


def evaluate(
    scenario: Scenario,
    draws: Draws,
    method: Method = COHORT,
    trace: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    at: np.ndarray = NO_TIMES,
    queues: bool = False,
    single: bool = False,
) -> Evaluation:
    """Outcomes of every group, strategy and draw. `progress` is told of draws done (of replications, with queues).

    trace: with occupancies (engines that follow no patients), at the cycles' times and, exactly, at those of `at`. Rows of
    `draws` that have the same index meet the same patients. With one replication a draw standard errors are NaN. queues: with
    what patients asked of resources, where they wait for each other, which takes memory with every patient; single: with these patients.
    Raises DomainError where a draw leaves the model's domain, EngineError where the engine cannot run the scenario.
    """
    engine = engine_for(scenario, method.engine)
    engine.check(scenario)
    engine.reserve(scenario, draws.n, method.patients, method.replications, trace)
    if queues and engine.independent == "replications":
        _reserve_queues(len(scenario.strategies) * draws.n * method.replications * method.patients)
    weights = inputs.group_weights(scenario, draws)
    rows = method.rows(draws)
    shares = {key: np.repeat(share, rows.n // draws.n) for key, share in weights.items()}
    made = _pieces(scenario, rows, shares, method, at if trace else None, progress, queues, single)
    if not engine.independent:
        return _of_draws(scenario, made, weights, draws.n)
    pieces = list(made)
    parts = {key: outcomes.joined([p.outcomes[key] for p in pieces]) for key in pieces[0].outcomes}
    requests = (
        Requests.joined([p.requests for p in pieces if p.requests is not None])
        if pieces[0].requests is not None
        else None
    )
    if engine.independent == "patients":
        simulated = _of_patients(scenario, pieces, weights)
    else:
        worlds = by_group(scenario, parts, outcomes.pooled, shares)
        reference = scenario.reference_index
        simulated = worlds.each(lambda part: over_replications(part, method.replications, reference))
    means = simulated.each(lambda part: part.mean)
    return Evaluation(means, weights, Grouped(), simulated, requests, tuple(piece.single for piece in pieces))


def _reserve_queues(followed: int) -> None:
    words = f"queues of {followed:,} patients"
    effort.reserve(REQUEST_BYTES * REQUESTS * followed, words, "take fewer --patients or --replications")


# --- pieces of work ---------------------------------------------------------------------------------------------


@dataclass
class _Piece:
    """What is kept of a block, by group. moments: of outcomes over patients, where these are independent."""

    outcomes: dict[str, Outcomes] = field(default_factory=dict)
    moments: dict[str, Moments] = field(default_factory=dict)
    traces: dict[str, Trace] = field(default_factory=dict)
    requests: Requests | None = None
    single: Single = field(default_factory=dict)

    def __add__(self, other: _Piece) -> _Piece:
        """With other patients under the same draws."""
        both = {key: self.moments[key] + m if key in self.moments else m for key, m in other.moments.items()}
        outcomes, traces = self.outcomes | other.outcomes, self.traces | other.traces
        return _Piece(outcomes, self.moments | both, traces, other.requests, self.single | other.single)


def _pieces(
    scenario: Scenario,
    rows: Draws,
    weights: dict[str, np.ndarray],
    method: Method,
    seen_at: np.ndarray | None,
    progress: Callable[[int], None],
    queues: bool,
    single: bool,
) -> Iterator[_Piece]:
    """Of some draws after the other, whole samples of patients."""
    numbers = strata(scenario, method.patients) if method.follows_patients else {}
    engine = engine_for(scenario, method.engine)
    places = 0 if method.follows_patients else price_levels.stretches(scenario, rows) * _counted(scenario)
    cut = engine.cut(len(scenario.strategies), method.patients, numbers, places)
    each = method.draws_of_task(cut.draws)
    spans = [(start, min(start + each, rows.n)) for start in range(0, rows.n, each)]
    blocks = (
        Block(
            scenario, rows.part(a, b), {k: w[a:b] for k, w in weights.items()}, patients, first, seen_at, single, queues
        )
        for a, b in spans
        for patients, first in cut.samples
    )
    done = in_order(method.executor, _task, ((engine, block) for block in blocks))
    for a, b in effort.loop(spans):
        piece = _Piece()
        for _ in effort.loop(cut.samples):
            piece = piece + next(done)
        if piece.requests is not None:
            piece.requests = piece.requests.later(a)
        progress(b - a)
        yield piece


def _counted(scenario: Scenario) -> int:
    """Numbers that engines count in one stretch of time."""
    parts = () if scenario.partition is None else (*scenario.partition.portions, *scenario.partition.falls)
    return (len(scenario.states) + len(scenario.transitions) + len(parts)) * len(WEIGHTS)


def _task(engine: Engine, block: Block) -> _Piece:
    """One piece of independent work."""
    ran, piece, reference = engine.run(block), _Piece(), block.scenario.reference_index
    found: dict[str, dict[int, Moments]] = {}
    for result, values in priced(block, ran):
        key, quantities = result.group, result.quantities
        match engine.independent:
            case "patients":
                own, these = found.setdefault(key, {}), moments(values, reference)
                place = result.draws.start
                own[place] = own[place] + these if place in own else these
            case "replications":
                piece.outcomes[key] = values.of_values(values.values.mean(axis=-1))
                if result.followed is not None:
                    piece.single[key] = result.followed.history, of_single(values)
            case _:
                piece.outcomes[key] = values
        if isinstance(quantities, Quantities) and quantities.times is not None and quantities.trace is not None:
            piece.traces[key] = Trace(quantities.times, quantities.trace)
    piece.moments = {key: Moments.joined(list(own.values())) for key, own in found.items()}
    piece.requests = ran.requests
    return piece


def of_single(values: Outcomes) -> Outcomes:
    """[outcome, discounted, strategy, patient], those of all draws one behind the other."""
    return values.of_values(values.values.reshape(*values.values.shape[:3], -1))


def priced(block: Block, ran: Ran) -> Iterator[tuple[Result, Outcomes]]:
    """What was run of a block, with its outcomes: quantities x prices."""
    scenario, known = block.scenario, dict[str, Prices]()
    for result in ran.results:
        if result.group not in known:
            known = {result.group: pricing.price_list(scenario, block.draws, scenario.groups[result.group])}
        prices = known[result.group].of(result.draws)
        yield result, outcomes.value(result.quantities, prices, tuple(scenario.strategies))


# --- all of them together ---------------------------------------------------------------------------------------


def by_group(
    scenario: Scenario, parts: dict[str, T], together: Callable[[dict[str, T], Weights], T], weights: Weights
) -> Grouped[T]:
    """The parts, all of them together first, and then the subgroups, each with the shares of its members within it."""
    found = Grouped.of(parts, lambda parts: together(dict(parts), weights))
    for key, subgroup in scenario.subgroups.items():
        total = sum((weights[member] for member in subgroup.members), np.zeros(()))
        shares = {member: weights[member] / total for member in subgroup.members}
        found[key] = together({member: parts[member] for member in subgroup.members}, shares)
    return found


def _of_draws(scenario: Scenario, pieces: Iterator[_Piece], weights: Weights, n: int) -> Evaluation:
    """Without patients: each block is weighted and put away when it is there."""
    traces: list[dict[str, Trace]] = []

    def blocks() -> Iterator[Grouped[Outcomes]]:
        done = 0
        for piece in pieces:
            traces.append(piece.traces)
            stop = done + next(iter(piece.outcomes.values())).values.shape[-1]
            yield by_group(scenario, piece.outcomes, outcomes.pooled, {k: w[done:stop] for k, w in weights.items()})
            done = stop

    found = outcomes.collected(blocks(), n)
    return Evaluation(found, weights, _traces(scenario, traces, weights))


def _of_patients(scenario: Scenario, pieces: list[_Piece], weights: Weights) -> Grouped[Simulated]:
    parts = {key: Simulated.joined([p.moments[key].simulated() for p in pieces]) for key in weights}
    return by_group(scenario, parts, Simulated.pooled, weights)


def _traces(scenario: Scenario, pieces: list[dict[str, Trace]], weights: Weights) -> Grouped[Trace]:
    """Those of all draws, one after the other, and the weighted total."""
    if not pieces[0]:
        return Grouped()
    parts = {key: _joined([piece[key] for piece in pieces]) for key in weights}
    return by_group(scenario, parts, together, weights)


def _joined(traces: list[Trace]) -> Trace:
    return Trace(traces[0].times, np.concatenate([trace.occupancy for trace in traces], axis=2))


def together(traces, weights) -> Trace:
    """All groups, weighted by their shares (array[draw])."""
    first = next(iter(traces.values()))
    total = sum((t.occupancy * weights[key][:, None] for key, t in traces.items()), np.zeros_like(first.occupancy))
    return Trace(first.times, total)
