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

import numpy as np

from model import effort, fixed_times
from model.draws import DomainError
from model.engines import conventions, linear, points, sojourn
from model.engines.block import Block, Tally, chance_moves, flows_at, settle, tally_moves
from model.engines.stretches import breaks, on, period_of, steps
from model.inputs import Dynamics, Move
from model.instants import distinct, floor
from model.over_time import OverTime, Stepwise, on_grid
from model.quantities import Quantities

BLOCK = points.BLOCK


def run(dynamics: Dynamics, trace: bool = False, at: Sequence[float] = ()) -> Quantities:
    """Quantities of every strategy and draw; `trace` adds the occupancy at each cycle's start and at the horizon.

    at: further times of the trace; without effect where what happens within a cycle is not known (see `_knows_within`).
    """
    dynamics = _at_once(_unwaited(dynamics))
    moving = any(isinstance(m.level, OverTime) for m in dynamics.moves)
    within = np.asarray(at if _knows_within(dynamics) else [], float)
    seen_at = distinct(np.concatenate([dynamics.time.grid, within]), dynamics.time.horizon) if trace else None
    opening, dynamics = dynamics, _on_steps(dynamics, within)
    strategies, draws = dynamics.shape
    weightings, index = conventions.weightings(dynamics)
    shape = (len(weightings), len(dynamics.periods))
    time = np.zeros((*shape, len(dynamics.states), strategies, draws))
    moves = np.zeros((*shape, len(dynamics.moves), strategies, draws))
    traces = []
    for first in effort.loop(range(0, draws, BLOCK), parts=1 + trace):
        cut = slice(first, min(first + BLOCK, draws))
        tally, seen = _run_block(_block(dynamics, opening, cut, moving), weightings, seen_at)
        part = (*shape, -1, strategies, cut.stop - cut.start)
        time[..., cut], moves[..., cut] = tally.time.reshape(part), tally.moves.reshape(part)
        traces.append(seen)
    times, occupancy = (None, None) if not trace else _join(traces, strategies)
    order = (3, 4, 2, 1, 0)
    return Quantities(time[index].transpose(order), moves[index].transpose(order), dynamics.start, times, occupancy)


def _unwaited(dynamics: Dynamics) -> Dynamics:
    """Nobody waits in a cohort: branches that depend on the time waited are as without any."""

    def branch(move: Move) -> Move:
        if move.clock == "entry":
            raise DomainError(
                f"transitions.{move.label}.probability reads 'time_since_entry', which a cohort does not know: "
                "use --engine individual or queueing"
            )
        if move.clock != "waited":
            return move
        return replace(move, clock="model", level=Stepwise(move.level.starts[:1], move.level.values[:1]))

    return replace(dynamics, moves=tuple(branch(move) for move in dynamics.moves))


def _at_once(dynamics: Dynamics) -> Dynamics:
    """States that patients leave after a fixed time of 0 (they stay there only to wait, in a queue) as chance nodes."""
    at_once: dict[int, list[int]] = {}
    for i, move in enumerate(dynamics.moves):
        if move.clock == "state" and fixed_times.is_fixed(move) and not np.any(fixed_times.due(move)):
            at_once.setdefault(move.source, []).append(i)
    certain = {s: m[0] if len(m) == 1 else fixed_times.first_of(dynamics, m, 0.0, "") for s, m in at_once.items()}

    def branch(i: int, move: Move) -> Move:
        if move.source not in certain:
            return move
        level = Stepwise(np.zeros(1), np.full((1, *dynamics.shape), float(certain[move.source] == i)))
        return Move(move.label, move.source, move.target, "chance", level=level)

    if not certain:
        return dynamics
    chance = tuple(node or s in certain for s, node in enumerate(dynamics.chance))
    return replace(dynamics, chance=chance, moves=tuple(branch(i, m) for i, m in enumerate(dynamics.moves)))


def _on_steps(dynamics: Dynamics, at: np.ndarray) -> Dynamics:
    """Levels as they are worked with: means of steps, each of which a solution takes as constant.

    Where hazards go by the time in state, bins of entrants need steps of one length: cycles, cut by periods only.
    """
    weightings = conventions.weightings(dynamics)[0] if dynamics.time.convention == "integral" else []
    times = breaks(dynamics, weightings, levels=not _aged(dynamics))
    times = distinct(np.concatenate([times, at]), times[-1])
    smooth = not any(m.kind == "survival" for m in dynamics.moves)

    def part(move: Move) -> Move:
        if dynamics.by_cycle:
            return move
        halve = smooth and move.kind == "rate" and isinstance(move.level, OverTime) and move.level.smooth
        level = move.level and on_grid(move.level, times, halve)
        return replace(move, level=level, ratio=move.ratio and on_grid(move.ratio, times))

    return replace(dynamics, moves=tuple(part(move) for move in dynamics.moves))


def _knows_within(dynamics: Dynamics) -> bool:
    """Cycles can be cut anywhere: not those of probabilities, nor of survival counted by cycle."""
    by_survival = dynamics.time.convention != "integral" and any(m.kind == "survival" for m in dynamics.moves)
    return not (dynamics.by_cycle or by_survival)


def _aged(dynamics: Dynamics) -> bool:
    return any(m.kind == "survival" and m.clock == "state" for m in dynamics.moves)


def _join(traces, strategies: int):
    times = traces[0][0]
    parts = [seen.reshape(len(times), seen.shape[1], strategies, -1) for _, seen in traces]
    return times, np.concatenate(parts, axis=-1).transpose(0, 2, 3, 1)


def _block(dynamics: Dynamics, opening: Dynamics, cut: slice, moving: bool) -> Block:
    """The draws of one block, flattened to rows. opening: with the levels as they are at time 0, not as means of steps."""

    def rows(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values[..., cut].reshape(*values.shape[:-2], -1))

    def part(move: Move) -> Move:
        level, ratio = (l and Stepwise(l.starts, rows(l.values)) for l in (move.level, move.ratio))
        hazard = move.hazard and sojourn.rows_of(move.hazard, dynamics.shape, cut)
        return replace(move, level=level, hazard=hazard, ratio=ratio)

    def first(move: Move) -> Move:
        return replace(move, level=Stepwise(np.zeros(1), rows(move.level.at(0.0))[None])) if move.level else move

    start = rows(np.moveaxis(dynamics.start, -1, 0))
    opening = replace(opening, moves=tuple(first(m) if m.kind == "chance" else m for m in opening.moves))
    started = np.zeros((len(dynamics.moves), start.shape[1]))
    chance_moves(opening, start.copy(), started, 0.0)
    return Block(
        replace(dynamics, moves=tuple(part(m) for m in dynamics.moves)),
        start.shape[1],
        settle(opening, start),
        started,
        moving,
    )


def _run_block(block: Block, weightings, seen_at: np.ndarray | None):
    dynamics = block.dynamics
    shape = (len(weightings), len(dynamics.periods))
    tally = Tally(np.zeros((*shape, block.states, block.rows)), np.zeros((*shape, len(dynamics.moves), block.rows)))
    kinds = {m.kind for m in dynamics.moves} - {"chance"}
    tally.moves[:, 0] += block.started  # at time 0, where no discount applies
    if dynamics.time.convention != "integral":
        seen = _by_points(block, weightings, tally, seen_at)
    elif "survival" in kinds:
        seen = _by_steps(block, weightings, tally, seen_at)
    else:
        seen = _by_segments(block, weightings, tally, seen_at)
    return tally, seen


# --- exact stretches with constant hazards ----------------------------------------------------------------------


def _by_segments(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Solve each stretch of constant hazards exactly, as one step."""
    dynamics, x = block.dynamics, block.start
    times = breaks(dynamics, weightings)
    loops = 1 if block.moving else linear.LOOPS * len(weightings)
    for begin, middle, end in effort.loop(steps(times), len(times) - 1, loops):
        rates = {i: m.level.at(middle) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
        flows = flows_at(block, middle, {i: rate * (end - begin) for i, rate in rates.items()})
        solve, period = _solve_once if block.moving else _solve, period_of(dynamics, middle)
        x, means = solve(block, flows, x, [weighting.decay * (end - begin) for weighting in weightings])
        for w, (weighting, mean) in enumerate(zip(weightings, means)):
            spent = mean * ((end - begin) * _factor(weighting, begin, dynamics))
            tally.time[w, period] += spent
            amounts = {i: rate * spent[dynamics.moves[i].source] for i, rate in rates.items()}
            tally_moves(block, tally.moves[w, period], amounts, middle)
    return None if seen_at is None else _trace_of_rates(block, times, seen_at)


def _solve(block: Block, flows, x: np.ndarray, decays: list[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Occupancy after a step, and its mean over the step under each decay; by matrices, whatever the rates."""
    step, means = None, []
    for decay in decays:
        whole, mean = linear.exponential(flows, block.states, block.rows, decay)
        step = whole if decay == 0 and step is None else step
        means.append(linear.apply(mean, x, np.empty_like(x)))
    return linear.apply(step, x, np.empty_like(x)), means


def _solve_once(block: Block, flows, x: np.ndarray, decays: list[float]) -> tuple[np.ndarray, list[np.ndarray]]:
    return linear.weighted(flows, x, decays)


def _factor(weighting, begin: float, dynamics: Dynamics) -> float:
    """Discount factor at the beginning of a step; within it `decay` goes on, or the factor of mid-cycle holds."""
    if weighting.convention != "at cycle":
        return float(weighting.factor(begin))
    cycle = floor(begin / dynamics.time.cycle)
    return float(weighting.factor((cycle + 0.5) * dynamics.time.cycle))


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
            rates = {i: m.level.at(middle) * (end - begin) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
            cached = {key: linear.exponential(flows_at(block, middle, rates), block.states, block.rows)[0]}
        x = linear.apply(cached[key], x, np.empty_like(x))
        if wanted[k + 1]:
            seen.append(x)
    return grid, np.stack(seen)


# --- hazards that change over time ------------------------------------------------------------------------------


def _by_steps(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Cycle by cycle, with the average hazard of each transition in the cycle."""
    dynamics, times = block.dynamics, breaks(block.dynamics, weightings)
    if seen_at is not None:
        times = distinct(np.concatenate([times, seen_at]), times[-1])
    x = block.start.copy()
    bins = sojourn.Bins(block, x, times)
    seen, wanted = [x + bins.occupancy()], None if seen_at is None else on(times, seen_at)
    for step, (begin, middle, end) in effort.loop(enumerate(steps(times)), len(times) - 1):
        amounts, x, spent = bins.advance(step, begin, end, x)
        period = period_of(dynamics, middle)
        for w, weighting in enumerate(weightings):
            factor = _factor(weighting, begin, dynamics) * _average_decay(weighting.decay * (end - begin))
            tally.time[w, period] += spent * factor
            weighted = {i: amount * factor for i, amount in amounts.items()}
            tally_moves(block, tally.moves[w, period], weighted, middle)
        if wanted is not None and wanted[step + 1]:
            seen.append(x + bins.occupancy())
    return None if seen_at is None else (seen_at, np.stack(seen))


def _average_decay(size: float) -> float:
    return -np.expm1(-size) / size if size else 1.0


# --- textbook conventions: counts at cycle boundaries -----------------------------------------------------------


def _by_points(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Occupancy at cycle boundaries, weighted by the cycle convention.

    The time that a cycle counts is spread evenly over it, so that a period that ends within it has its share. Moves by
    hazards count where in the cycle they are made, moves by probabilities evenly over it.
    """
    time = block.dynamics.time
    weights = points.point_weights(time.convention, time.cycle, time.whole_cycles, weightings)
    shares = conventions.period_shares(block.dynamics)
    if any(m.kind == "survival" for m in block.dynamics.moves):
        seen = points.points_of_survival(block, weights, shares, tally)
    else:
        seen = points.points_of_levels(block, weights, shares, tally, seen_at is not None)
    if seen_at is None:
        return None
    if len(seen_at) > len(time.grid):
        return _trace_of_rates(block, breaks(block.dynamics, []), seen_at)
    return np.arange(time.whole_cycles + 1) * time.cycle, np.stack(seen)
