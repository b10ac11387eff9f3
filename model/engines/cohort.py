"""Markov cohort engine: all draws and strategies at once, no loop over draws.

Under the convention 'integral', stretches with constant hazards are solved exactly (matrix exponential), whatever
the cycle; so are rates that change in steps, which cut the stretches. Rates that change smoothly take two values a cycle
(`over_time.on_grid`): an error of the fourth power of the cycle. Survival distributions are integrated cycle by cycle:
within a cycle each transition has its average hazard, so occupancy under a single transition is exact, and times and
several transitions together have an error that falls with the square of the cycle. Per-cycle probabilities step as
published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from model import draws as draws_of
from model import effort, fixed_times, inputs
from model.draws import DomainError
from model.dynamics import AtCycleEnd, AtEvent, AtOnce, AtRate, Dynamics, Exit, unknown_to_cohort, watched
from model.engines import (
    appointments,
    changing,
    contract,
    conventions,
    integral,
    linear,
    points,
    segments,
    sojourn,
    stays,
    tunnels,
    uniformisation,
)
from model.engines.block import Block, Tally, chance_transitions, flows_at, settle, tally_transitions
from model.engines.contract import NUMBER, Cut, Engine, Ran, Result, draws_together
from model.engines.refusals import NO_STAY
from model.engines.stretches import breaks, on, steps
from model.engines.watch import Watch
from model.instants import distinct
from model.over_time import OverTime, Stepwise, on_grid
from model.quantities import Quantities
from model.scenario import Scenario

BLOCK = points.BLOCK
GRIDS = 10  # matrices of a step that are held at once
FEW = 4  # stretches between the steps of prices up to which each is solved by matrices
COPIES = 3  # of an array, at the moment when most are held
ROW = 100  # bytes of a row of a table with texts


def run(dynamics: Dynamics, trace: bool = False, at: Sequence[float] | np.ndarray = ()) -> Quantities:
    """Quantities of every strategy and draw; `trace` adds the occupancy at each cycle's start and at the horizon.

    at: further times of the trace; without effect where what happens within a cycle is not known (probabilities per cycle).
    """
    if unknown := unknown_to_cohort(dynamics):
        raise DomainError(f"states.{unknown[0]}: the cohort engine {unknown[1]}")
    dynamics, plan = appointments.taken_out(_at_once(_unwaited(dynamics)))
    moving = any(isinstance(level, OverTime) for level in dynamics.levels)
    within = np.asarray([] if dynamics.by_cycle else at, float)
    seen_at = distinct(np.concatenate([dynamics.time.grid, within]), dynamics.time.horizon) if trace else None
    opening, dynamics = dynamics, _on_steps(dynamics, np.concatenate([within, plan.times]))
    strategies, draws = dynamics.shape
    weightings, index = conventions.weightings(dynamics)
    shape = (len(weightings), len(dynamics.periods))
    columns = sum(map(len, dynamics.ages.values()))
    time = np.zeros((*shape, len(dynamics.states) + columns, strategies, draws))
    transitions = np.zeros((*shape, len(dynamics.transitions) + len(dynamics.doses), strategies, draws))
    traces = []
    for first in effort.loop(range(0, draws, BLOCK), parts=1 + trace):
        cut = slice(first, min(first + BLOCK, draws))
        tally, seen = _run_block(_block(dynamics, opening, cut, moving, plan.rows(cut)), weightings, seen_at)
        part = (*shape, -1, strategies, cut.stop - cut.start)
        time[..., cut], transitions[..., cut] = (counted.reshape(part) for counted in tally.whole())
        traces.append(seen)
    times, occupancy = (None, None) if not trace else _join(traces, strategies)
    order = (3, 4, 2, 1, 0)
    return Quantities(
        time[index].transpose(order), transitions[index].transpose(order), dynamics.start, times, occupancy
    )


def _unwaited(dynamics: Dynamics) -> Dynamics:
    """Nobody waits in a cohort: branches that depend on the time waited are as without any."""

    def branch(exit: Exit) -> Exit:
        match exit:
            case AtOnce(clock="entry"):
                raise DomainError(f"transitions.{exit.label}.probability: the cohort engine {NO_STAY}")
            case AtOnce(clock="waited", level=Stepwise(starts=starts, values=values)):
                return replace(exit, clock="model", level=Stepwise(starts[:1], values[:1]))
        return exit

    return replace(dynamics, transitions=tuple(branch(exit) for exit in dynamics.transitions))


def _at_once(dynamics: Dynamics) -> Dynamics:
    """States that patients leave after a fixed time of 0 (they stay there only to wait, in a queue) as chance nodes."""
    at_once: dict[int, list[int]] = {}
    for i, event in dynamics.fixed().items():
        if event.clock == "state" and not np.any(fixed_times.due(event)):
            at_once.setdefault(event.source, []).append(i)
    certain = {s: m[0] if len(m) == 1 else fixed_times.first_of(dynamics, m, 0.0, "") for s, m in at_once.items()}

    def branch(i: int, exit: Exit) -> Exit:
        if exit.source not in certain:
            return exit
        level = Stepwise(np.zeros(1), np.full((1, *dynamics.shape), float(certain[exit.source] == i)))
        return AtOnce(exit.label, exit.source, exit.target, level)

    if not certain:
        return dynamics
    chance = tuple(node or s in certain for s, node in enumerate(dynamics.chance))
    return replace(dynamics, chance=chance, transitions=tuple(branch(i, m) for i, m in enumerate(dynamics.transitions)))


def _on_steps(dynamics: Dynamics, at: np.ndarray) -> Dynamics:
    """Levels as they are worked with: means of steps, each of which a solution takes as constant.

    Where hazards go by the time in state, bins of entrants need steps of one length: cycles, cut by periods only.
    """
    weightings = conventions.weightings(dynamics)[0] if dynamics.time.convention == "integral" else []
    times = breaks(dynamics, weightings, levels=not _aged(dynamics))
    times = distinct(np.concatenate([times, at]), times[-1])
    halve = not dynamics.events()

    def part(exit: Exit) -> Exit:
        match exit:
            case AtEvent(ratio=ratio):
                return replace(exit, ratio=ratio and on_grid(ratio, times))
            case AtRate(level=OverTime(smooth=True) as level):
                return replace(exit, level=on_grid(level, times, halve))
        return replace(exit, level=on_grid(exit.level, times))

    return dynamics if dynamics.by_cycle else replace(dynamics, transitions=tuple(map(part, dynamics.transitions)))


def _aged(dynamics: Dynamics) -> bool:
    return any(event.clock == "state" for event in dynamics.events().values())


def _join(traces, strategies: int):
    times = traces[0][0]
    parts = [seen.reshape(len(times), seen.shape[1], strategies, -1) for _, seen in traces]
    return times, np.concatenate(parts, axis=-1).transpose(0, 2, 3, 1)


def _block(dynamics: Dynamics, opening: Dynamics, cut: slice, moving: bool, plan: appointments.Appointments) -> Block:
    """The draws of one block, flattened to rows. opening: with the levels as they are at time 0, not as means of steps."""

    def rows(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values[..., cut].reshape(*values.shape[:-2], -1))

    def part(exit: Exit) -> Exit:
        match exit:
            case AtEvent(hazard=hazard, ratio=Stepwise() | None as ratio):
                ratio = ratio and Stepwise(ratio.starts, rows(ratio.values))
                return replace(exit, hazard=sojourn.rows_of(hazard, dynamics.shape, cut), ratio=ratio)
            case AtCycleEnd(level=level, stay=stay):
                own = None if stay is None else lambda cycle, n: rows(stay(cycle, n))
                return replace(exit, level=Stepwise(level.starts, rows(level.values)), stay=own)
            case AtRate(level=Stepwise() as level) | AtOnce(level=Stepwise() as level):
                return replace(exit, level=Stepwise(level.starts, rows(level.values)))
        raise TypeError(f"{exit.label}: a level that `_on_steps` has left as it was")

    def at_start(exit: Exit) -> Exit:
        if not isinstance(exit, AtOnce):
            return exit
        return replace(exit, level=Stepwise(np.zeros(1), rows(exit.level.at(0.0))[None]))

    start = rows(np.moveaxis(dynamics.start, -1, 0))
    opening = replace(opening, transitions=tuple(at_start(exit) for exit in opening.transitions))
    started = np.zeros((len(dynamics.transitions), start.shape[1]))
    chance_transitions(opening, start.copy(), started, 0.0)
    made = replace(dynamics, transitions=tuple(part(m) for m in dynamics.transitions))
    first, states = settle(opening, start), watched(dynamics)
    watch = Watch(states, [first[states]]) if states else None
    block = Block(made, start.shape[1], first, started, moving, appointments.Diary(made, plan).keep, watch)
    tally_transitions(block, started, block.keep(0.0, block.start), 0.0)
    return block


def _run_block(block: Block, weightings, seen_at: np.ndarray | None):
    dynamics = block.dynamics
    shape = (len(weightings), len(dynamics.periods))
    tally = Tally(
        np.zeros((*shape, block.states, block.rows)), np.zeros((*shape, len(dynamics.transitions), block.rows))
    )
    tally.transitions[:, 0] += block.started  # at time 0, where no discount applies
    if dynamics.time.convention != "integral":
        seen = _by_points(block, weightings, tally, seen_at)
    elif dynamics.events():
        seen = integral.by_steps(block, weightings, tally, seen_at)
    else:
        segments.by_segments(block, weightings, tally)
        seen = None if seen_at is None else _trace_of_rates(block, breaks(dynamics, weightings), seen_at)
    if block.watch is not None and dynamics.time.convention == "integral":
        factors = partial(integral.factors_at, dynamics=dynamics)
        tally.columns, tally.doses = stays.by_integral(block, block.watch, weightings, factors)
    return tally, seen


def _trace_of_rates(block: Block, times: np.ndarray, grid: np.ndarray):
    """Occupancy at the times of `grid`, stepping through the stretches between `times`."""
    dynamics = block.dynamics
    x, cached = block.start, {}
    stops = distinct(np.concatenate([grid, times]), grid[-1])
    seen, wanted = [x], on(stops, grid)
    pieces = np.searchsorted(times, (stops[:-1] + stops[1:]) / 2)
    for k, (begin, middle, end) in effort.loop(enumerate(steps(stops)), len(stops) - 1, linear.LOOPS):
        key = int(pieces[k]), round((end - begin) / grid[-1], 12)
        if key not in cached:
            rates = {i: exit.level.at(middle) * (end - begin) for i, exit in dynamics.rates().items()}
            cached = {key: uniformisation.exponential(flows_at(block, middle, rates), block.states, block.rows)[0]}
        x = linear.apply(cached[key], x, np.empty_like(x))
        block.keep(end, x)
        if wanted[k + 1]:
            seen.append(x)
    return grid, np.stack(seen)


# --- textbook conventions: counts at cycle boundaries -----------------------------------------------------------


def _by_points(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Occupancy at cycle boundaries, weighted by the cycle convention.

    The time that a cycle counts is spread evenly over it, so that a period that ends within it has its share. Moves by
    hazards count where in the cycle they are made, transitions by probabilities evenly over it.
    """
    time = block.dynamics.time
    weights = points.point_weights(time, weightings)
    shares = conventions.period_shares(block.dynamics)
    wanted = seen_at is not None or block.watch is not None
    if tunnels.has_tunnels(block):
        seen = tunnels.points_of_stays(block, weights, shares, tally)
    elif changing.changes_often(block):
        seen = changing.points_of_changing(block, weights, shares, tally, wanted)
    elif block.dynamics.events():
        seen = points.points_of_survival(block, weights, shares, tally)
    else:
        seen = points.points_of_levels(block, weights, shares, tally, wanted)
    if block.watch is not None:
        tally.columns, tally.doses = stays.by_points(block, np.stack(seen), weights, weightings)
    if seen_at is None:
        return None
    if len(seen_at) > len(time.grid):
        return _trace_within(block, seen_at)
    return np.arange(time.whole_cycles + 1) * time.cycle, np.stack(seen)


def _trace_within(block: Block, seen_at: np.ndarray):
    """Occupancy within cycles too, which no convention changes."""
    if not block.dynamics.events():
        return _trace_of_rates(block, breaks(block.dynamics, []), seen_at)
    periods, kinds = len(block.dynamics.periods), len(block.dynamics.transitions)
    uncounted = Tally(np.zeros((0, periods, block.states, block.rows)), np.zeros((0, periods, kinds, block.rows)))
    return integral.by_steps(replace(block, watch=None), [], uncounted, seen_at)


# --- the engine -------------------------------------------------------------------------------------------------


class Cohort(Engine):
    name = "cohort"

    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        states, rows = len(scenario.states), len(scenario.strategies) * min(draws, BLOCK)
        effort.reserve(
            NUMBER * rows * GRIDS * reachable_pairs(scenario),
            f"a cohort model of {states} states",
            "take fewer states, or follow patients (--engine individual)",
        )
        if trace:
            points = (scenario.time.cycles + 1) * states * len(scenario.strategies) * (len(scenario.groups) + 1)
            words = f"the occupancy of {states} states in {scenario.time.cycles:,.0f} cycles"
            effort.reserve(points * (COPIES * NUMBER + ROW), words, "take a longer cycle")

    def warnings(self, scenario: Scenario, seed: int) -> list[str]:
        table = draws_of.base(scenario)
        made = [inputs.dynamics(scenario, table, group) for group in scenario.groups.values()]
        shares: dict[str, float] = {}
        for dynamics in made:
            for label, share in sojourn.hasty(dynamics).items():
                shares[label] = max(share, shares.get(label, 0.0))
        return [*map(_hasty, shares, shares.values()), *(_by_both(exit) for exit in tunnels.by_both(made[0]))]

    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        return Cut(draws_together(strategies, places), [({}, {})])

    def run(self, block: contract.Block) -> Ran:
        trace, at = block.seen_at is not None, () if block.seen_at is None else block.seen_at
        groups = effort.loop(block.scenario.groups.items())
        made = ((key, inputs.dynamics(block.scenario, block.draws, group)) for key, group in groups)
        return Ran(Result(key, run(dynamics, trace, at)) for key, dynamics in made)


def _hasty(label: str, share: float) -> str:
    return (
        f"states.{label}: {share:.0%} of those who enter leave within one cycle, and what they do depends on time in state, so "
        "figures are rough; take a shorter cycle, or compare with --engine individual"
    )


def _by_both(exit: Exit) -> str:
    return (
        f"transitions.{exit.label}.probability per cycle goes by the cycle of the model and by that of the stay: the cohort "
        "engine's time goes with the square of the number of cycles"
    )


def reachable_pairs(scenario: Scenario) -> int:
    """Pairs of states of which the second can come after the first: entries of a step's matrix that are not 0."""
    following = {key: {t.target for t in scenario.transitions if t.source == key} for key in scenario.states}
    pairs = 0
    for start in following:
        reached, waiting = {start}, [start]
        while waiting:
            new = following.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        pairs += len(reached)
    return pairs
