"""Markov cohort engine: all draws and strategies at once, no loop over draws.

Under the convention 'integral', stretches with constant hazards are solved exactly (matrix exponential), whatever
the cycle. Hazards that change over time are integrated cycle by cycle: within a cycle each transition has its
average hazard, so occupancy under a single transition is exact, and times and several transitions together have an
error that falls with the square of the cycle. Per-cycle probabilities step as published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model import effort, fixed_times
from model.draws import DomainError
from model.engines import conventions, linear, sojourn
from model.engines.block import Block, flows_at, routes
from model.inputs import Dynamics, Move, Stepwise
from model.quantities import Quantities

BLOCK = 1000  # draws worked on together: small enough for the processor's cache


@dataclass
class Tally:
    """Sums over model time for one block: time[weighting, period, state, row], moves[weighting, period, move, row]."""

    time: np.ndarray
    moves: np.ndarray


def run(dynamics: Dynamics, trace: bool = False) -> Quantities:
    """Quantities of every strategy and draw; `trace` adds the occupancy at each cycle's start, at the horizon and at
    `dynamics.at` (not under textbook conventions, which know only the ends of cycles)."""
    dynamics = _at_once(_unwaited(dynamics))
    strategies, draws = dynamics.shape
    distinct, index = conventions.weightings(dynamics)
    shape = (len(distinct), len(dynamics.periods))
    time = np.zeros((*shape, len(dynamics.states), strategies, draws))
    moves = np.zeros((*shape, len(dynamics.moves), strategies, draws))
    traces = []
    for first in effort.loop(range(0, draws, BLOCK), parts=1 + trace):
        cut = slice(first, min(first + BLOCK, draws))
        tally, seen = _run_block(_block(dynamics, cut), distinct, trace)
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


def _join(traces, strategies: int):
    times = traces[0][0]
    parts = [seen.reshape(len(times), seen.shape[1], strategies, -1) for _, seen in traces]
    return times, np.concatenate(parts, axis=-1).transpose(0, 2, 3, 1)


def _block(dynamics: Dynamics, cut: slice) -> Block:
    """The draws of one block, flattened to rows."""

    def rows(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values[..., cut].reshape(*values.shape[:-2], -1))

    def part(move: Move) -> Move:
        level = move.level and Stepwise(move.level.starts, rows(move.level.values))
        return replace(move, level=level, hazard=move.hazard and sojourn.rows_of(move.hazard, dynamics.shape, cut))

    start = rows(np.moveaxis(dynamics.start, -1, 0))
    return Block(replace(dynamics, moves=tuple(part(m) for m in dynamics.moves)), start.shape[1], start)


def _run_block(block: Block, distinct, trace: bool):
    dynamics = block.dynamics
    shape = (len(distinct), len(dynamics.periods))
    tally = Tally(np.zeros((*shape, block.states, block.rows)), np.zeros((*shape, len(dynamics.moves), block.rows)))
    kinds = {m.kind for m in dynamics.moves} - {"chance"}
    if dynamics.time.convention != "integral":
        seen = _by_points(block, distinct, tally, trace)
    elif "survival" in kinds:
        seen = _by_steps(block, distinct, tally, trace)
    else:
        seen = _by_segments(block, distinct, tally, trace)
    return tally, seen


# --- chance nodes -----------------------------------------------------------------------------------------------


def settle(block: Block, x: np.ndarray, time: float) -> np.ndarray:
    """Occupancy[state, row] after chance nodes have passed their mass on."""
    result = x.copy()
    for state in np.flatnonzero(block.dynamics.chance):
        result[state] = 0.0
        for target, share in routes(block, state, time):
            result[target] += x[state] * share
    return result


def _chance_moves(block: Block, entries: np.ndarray, moves: np.ndarray, time: float) -> None:
    """Add the branches taken: entries[state, row] into chance nodes (their own branches included) times probability."""
    for state in _chance_order(block.dynamics):
        for i, move in enumerate(block.dynamics.moves):
            if move.source == state:
                taken = entries[state] * move.level.at(time)
                moves[i] += taken
                entries[move.target] += taken


def _chance_order(dynamics: Dynamics) -> list[int]:
    """Chance nodes, each before those it leads to."""
    order: list[int] = []

    def visit(state: int) -> None:
        for move in dynamics.moves:
            if move.source == state and dynamics.chance[move.target]:
                visit(move.target)
        if state not in order:
            order.insert(0, state)

    for state in np.flatnonzero(dynamics.chance):
        visit(int(state))
    return order


def _tally_moves(block: Block, tally_moves: np.ndarray, amounts: dict[int, np.ndarray], time: float) -> None:
    """Add moves of each transition, and the chance branches that they lead to."""
    entries = np.zeros((block.states, block.rows))
    for i, amount in amounts.items():
        tally_moves[i] += amount
        entries[block.dynamics.moves[i].target] += amount
    _chance_moves(block, entries, tally_moves, time)


def _tally_start(block: Block, tally: Tally) -> None:
    """Chance branches taken at time 0, where no discount applies."""
    for moves in tally.moves[:, 0]:
        _chance_moves(block, block.start.copy(), moves, 0.0)


# --- exact stretches with constant hazards ----------------------------------------------------------------------


def _breaks(dynamics: Dynamics, distinct) -> np.ndarray:
    """Times at which something changes: periods, levels, whole years where discounting goes by them."""
    horizon = dynamics.time.horizon
    found = [np.array([0.0, horizon]), dynamics.periods]
    found += [m.level.starts for m in dynamics.moves if m.level is not None]
    convention = dynamics.discount.convention
    if any(w.rate for w in distinct) and convention == "by whole year":
        found.append(np.arange(0, horizon * dynamics.time.years) / dynamics.time.years)
    if any(w.rate for w in distinct) and convention == "at cycle":
        found.append(np.arange(int(dynamics.time.cycles) + 1) * dynamics.time.cycle)
    times = np.concatenate(found)
    return _apart(times[(times >= 0) & (times <= horizon)])


def _period(dynamics: Dynamics, time: float) -> int:
    return max(int(np.searchsorted(dynamics.periods, time + 1e-9, side="right")) - 1, 0)


def _by_segments(block: Block, distinct, tally: Tally, trace: bool):
    """Solve each stretch of constant hazards exactly, as one step."""
    _tally_start(block, tally)
    dynamics, x = block.dynamics, settle(block, block.start, 0.0)
    times = _breaks(dynamics, distinct)
    for begin, end in effort.loop(zip(times[:-1], times[1:]), len(times) - 1, linear.LOOPS * len(distinct)):
        rates = {i: m.level.at(begin) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
        flows = flows_at(block, begin, {i: rate * (end - begin) for i, rate in rates.items()})
        step = None
        for w, weighting in enumerate(distinct):
            whole, mean = linear.exponential(flows, block.states, block.rows, weighting.decay * (end - begin))
            step = whole if weighting.decay == 0 and step is None else step
            spent = linear.apply(mean, x, np.empty_like(x)) * ((end - begin) * _factor(weighting, begin, end, dynamics))
            period = _period(dynamics, begin)
            tally.time[w, period] += spent
            amounts = {i: rate * spent[dynamics.moves[i].source] for i, rate in rates.items()}
            _tally_moves(block, tally.moves[w, period], amounts, begin)
        x = linear.apply(step, x, np.empty_like(x))
    return _trace_of_rates(block, times) if trace else None


def _factor(weighting, begin: float, end: float, dynamics: Dynamics) -> float:
    """Discount factor at the beginning of a step; within it `decay` goes on, or the factor of mid-cycle holds."""
    if weighting.convention != "at cycle":
        return float(weighting.factor(begin))
    cycle = np.floor(begin / dynamics.time.cycle + 1e-9)
    return float(weighting.factor((cycle + 0.5) * dynamics.time.cycle))


def _trace_of_rates(block: Block, times: np.ndarray):
    """Occupancy at cycle boundaries, stepping through the stretches."""
    dynamics = block.dynamics
    grid = trace_grid(dynamics)
    x, seen, cached = settle(block, block.start, 0.0), [], {}
    seen.append(x)
    points = _apart(np.concatenate([grid, times]))
    for begin, end in effort.loop(zip(points[:-1], points[1:]), len(points) - 1, linear.LOOPS):
        piece, length = int(np.searchsorted(times, begin + 1e-9, side="right")), round(end - begin, 9)
        if (piece, length) not in cached:
            rates = {i: m.level.at(begin) * (end - begin) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
            cached = {(piece, length): linear.exponential(flows_at(block, begin, rates), block.states, block.rows)[0]}
        x = linear.apply(cached[piece, length], x, np.empty_like(x))
        if np.abs(grid - end).min() < 1e-9 * grid[-1]:
            seen.append(x)
    return grid, np.stack(seen)


def trace_grid(dynamics: Dynamics) -> np.ndarray:
    """Times of the trace: the cycles' and those asked for."""
    within = dynamics.at[(dynamics.at >= 0) & (dynamics.at <= dynamics.time.horizon)]
    return _apart(np.concatenate([cycle_grid(dynamics), within]))


def _apart(times: np.ndarray) -> np.ndarray:
    """In order, without those that differ by rounding only."""
    times = np.unique(times)
    return times[np.concatenate([[True], np.diff(times) > 1e-9 * times[-1]])]


def cycle_grid(dynamics: Dynamics) -> np.ndarray:
    """Starts of the cycles, and the horizon."""
    time = dynamics.time
    starts = np.arange(int(np.ceil(time.cycles - 1e-9))) * time.cycle
    # A cycle of almost a whole part of the horizon leaves no last cycle of nothing.
    return np.append(starts[time.horizon - starts > 1e-9 * time.horizon], time.horizon)


# --- hazards that change over time ------------------------------------------------------------------------------


def _by_steps(block: Block, distinct, tally: Tally, trace: bool):
    """Cycle by cycle, with the average hazard of each transition in the cycle."""
    _tally_start(block, tally)
    dynamics = block.dynamics
    grid = trace_grid(dynamics)
    times = _apart(np.concatenate([grid, _breaks(dynamics, distinct)]))
    x = settle(block, block.start, 0.0)
    bins = sojourn.Bins(block, x, times)
    seen = [x + bins.occupancy()]
    for step, (begin, end) in effort.loop(enumerate(zip(times[:-1], times[1:])), len(times) - 1):
        amounts, x, spent = bins.advance(step, begin, end, x)
        for w, weighting in enumerate(distinct):
            factor = _factor(weighting, begin, end, dynamics) * _average_decay(weighting.decay * (end - begin))
            tally.time[w, _period(dynamics, begin)] += spent * factor
            _tally_moves(
                block,
                tally.moves[w, _period(dynamics, begin)],
                {i: amount * factor for i, amount in amounts.items()},
                begin,
            )
        if trace and np.abs(grid - end).min() < 1e-9 * grid[-1]:
            seen.append(x + bins.occupancy())
    return (grid, np.stack(seen)) if trace else None


def _average_decay(size: float) -> float:
    return -np.expm1(-size) / size if size else 1.0


# --- textbook conventions: counts at cycle boundaries -----------------------------------------------------------


def _by_points(block: Block, distinct, tally: Tally, trace: bool):
    """Occupancy at cycle boundaries, weighted by the cycle convention."""
    _tally_start(block, tally)
    time = block.dynamics.time
    cycles = round(time.cycles)
    weights = _point_weights(time.convention, time.cycle, cycles, distinct)
    if any(m.kind == "survival" for m in block.dynamics.moves):
        seen = _points_of_survival(block, weights, tally)
    else:
        seen = _points_of_levels(block, weights, tally, trace)
    return (np.arange(cycles + 1) * time.cycle, np.stack(seen)) if trace else None


def _point_weights(convention: str, cycle: float, cycles: int, distinct) -> np.ndarray:
    """[cycle, weighting, 3]: what the start and the end of a cycle count in time, and its moves count."""
    start_share, end_share = conventions.shares(convention, cycles)
    columns = []
    for weighting in distinct:
        start, end, moved = conventions.factors(convention, weighting, cycle, cycles)
        columns.append([start_share * start * cycle, end_share * end * cycle, moved])
    return np.array(columns).transpose(2, 0, 1)


def _points_of_survival(block: Block, weights: np.ndarray, tally: Tally) -> list[np.ndarray]:
    cycle, x = block.dynamics.time.cycle, settle(block, block.start, 0.0)
    bins = sojourn.Bins(block, x, np.arange(len(weights) + 1) * cycle)
    seen = [x + bins.occupancy()]
    for k, weight in effort.loop(enumerate(weights), len(weights)):
        amounts, x, _ = bins.advance(k, k * cycle, (k + 1) * cycle, x)
        seen.append(x + bins.occupancy())
        period = _period(block.dynamics, k * cycle)
        for w, (start, end, moved) in enumerate(weight):
            tally.time[w, period] += start * seen[-2] + end * seen[-1]
            _tally_moves(block, tally.moves[w, period], {i: a * moved for i, a in amounts.items()}, k * cycle)
    return seen


SPAN = 32  # cycles whose occupancy is held at a time: a few megabytes


def _points_of_levels(block: Block, weights: np.ndarray, tally: Tally, trace: bool) -> list[np.ndarray]:
    """Stretches of cycles with the same levels and period; sums over cycles are matrix products."""
    dynamics, cycle = block.dynamics, block.dynamics.time.cycle
    # Always of full width: the shape of a matrix product must not depend on how draws are cut into blocks, or its
    # rounding would.
    width = BLOCK * len(dynamics.strategies)
    held = np.zeros((SPAN + 1, block.states, max(width, block.rows)))
    held[0, :, : block.rows] = settle(block, block.start, 0.0)
    seen = [held[0, :, : block.rows].copy()]
    for first, last in effort.loop(list(_stretches(dynamics, len(weights))), parts=linear.LOOPS + 1):
        step = _Step(block, first * cycle)
        exposure = np.zeros((weights.shape[1], block.states, block.rows))
        period = _period(dynamics, first * cycle)
        for k in effort.loop(range(first, last, SPAN)):
            part = weights[k : min(k + SPAN, last)]
            n = len(part)
            for i in range(n):
                linear.apply(step.whole, held[i, :, : block.rows], held[i + 1, :, : block.rows])
            points = np.zeros((n + 1, weights.shape[1]))
            points[:n] += part[:, :, 0]
            points[1:] += part[:, :, 1]
            tally.time[:, period] += _weighted(points, held[: n + 1], block)
            exposure += _weighted(part[:, :, 2], held[:n], block)
            seen += [x[:, : block.rows].copy() for x in held[1 : n + 1]] if trace else []
            held[0] = held[n]
        for w, spent in enumerate(exposure):
            _tally_moves(block, tally.moves[w, period], step.moves(spent), first * cycle)
    return seen


def _weighted(weights: np.ndarray, held: np.ndarray, block: Block) -> np.ndarray:
    """[weighting, state, row]: sum over points of weights[point, weighting] * held[point, state, row]."""
    total = weights.T @ held.reshape(len(held), -1)
    return total.reshape(weights.shape[1], block.states, -1)[:, :, : block.rows]


def _stretches(dynamics: Dynamics, cycles: int):
    """(first, last) cycle of each stretch in which levels and period stay the same."""
    starts = np.concatenate([dynamics.periods, *(m.level.starts for m in dynamics.moves if m.level is not None)])
    cuts = np.unique(np.ceil(starts / dynamics.time.cycle - 1e-9).astype(int))
    cuts = [0, *(int(c) for c in cuts if 0 < c < cycles), cycles]
    return zip(cuts[:-1], cuts[1:])


class _Step:
    """One cycle of a model by rates or by probabilities per cycle."""

    def __init__(self, block: Block, time: float):
        self.block, moves = block, block.dynamics.moves
        per_cycle = any(m.kind == "per cycle" for m in moves)
        factor = 1.0 if per_cycle else block.dynamics.time.cycle
        self.levels = {i: m.level.at(time) * factor for i, m in enumerate(moves) if m.kind in ("rate", "per cycle")}
        flows = flows_at(block, time, self.levels)
        if per_cycle:
            self.whole, self.mean = linear.stay_and_move(flows, block.states, block.rows), None
        else:
            self.whole, self.mean = linear.exponential(flows, block.states, block.rows)

    def moves(self, starts: np.ndarray) -> dict[int, np.ndarray]:
        """Moves of each transition, from the (weighted) occupancy at the start of cycles."""
        exposed = starts if self.mean is None else linear.apply(self.mean, starts, np.empty_like(starts))
        return {i: level * exposed[self.block.dynamics.moves[i].source] for i, level in self.levels.items()}
