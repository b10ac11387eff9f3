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
from dataclasses import dataclass, replace

import numpy as np

from model import effort
from model.draws import DomainError
from model.engines import conventions, linear, sojourn
from model.engines.block import Block, flows_at, routes
from model.inputs import Dynamics, Move
from model.over_time import HAIR, OverTime, Stepwise, distinct, on_grid
from model.quantities import Quantities

BLOCK = 1000  # draws worked on together: small enough for the processor's cache


@dataclass
class Tally:
    """Sums over model time for one block: time[weighting, period, state, row], moves[weighting, period, move, row]."""

    time: np.ndarray
    moves: np.ndarray


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
    certain: dict[int, int] = {}
    for i, move in enumerate(dynamics.moves):
        fixed = move.clock == "state" and move.hazard is not None and move.hazard.family == "fixed"
        if fixed and not np.any(move.hazard.parameters["time"]):
            certain.setdefault(move.source, i)

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
    times = _breaks(dynamics, weightings, levels=not _aged(dynamics))
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
    """Cycles can be cut anywhere: not those of probabilities, nor of bins by time in state, nor of survival counted by cycle."""
    by_survival = dynamics.time.convention != "integral" and any(m.kind == "survival" for m in dynamics.moves)
    return not (dynamics.by_cycle or _aged(dynamics) or by_survival)


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
    _chance_moves(opening, start.copy(), started, 0.0)
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


# --- chance nodes -----------------------------------------------------------------------------------------------


def settle(dynamics: Dynamics, x: np.ndarray) -> np.ndarray:
    """Occupancy[state, row] at time 0 after chance nodes have passed their mass on."""
    result = x.copy()
    for state in np.flatnonzero(dynamics.chance):
        result[state] = 0.0
        for target, share in routes(dynamics, state, 0.0):
            result[target] += x[state] * share
    return result


def _chance_moves(dynamics: Dynamics, entries: np.ndarray, moves: np.ndarray, time: float) -> None:
    """Add the branches taken: entries[state, row] into chance nodes (their own branches included) times probability."""
    for state in _chance_order(dynamics):
        for i, move in enumerate(dynamics.moves):
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
    _chance_moves(block.dynamics, entries, tally_moves, time)


# --- exact stretches with constant hazards ----------------------------------------------------------------------


def _breaks(dynamics: Dynamics, weightings, levels: bool = True) -> np.ndarray:
    """Times at which something changes: periods, levels (if wanted), whole years where discounting goes by them; cycles
    where something changes otherwise than in steps, or is counted by them."""
    horizon = dynamics.time.horizon
    known = [level for m in dynamics.moves for level in (m.level, m.ratio) if level is not None]
    moving = any(isinstance(level, OverTime) for level in known) or any(m.kind == "survival" for m in dynamics.moves)
    found = [np.zeros(1), dynamics.periods]
    if levels:
        found += [level.edges if isinstance(level, OverTime) else level.starts for level in known]
    convention, discounted = dynamics.discount.convention, any(w.rate for w in weightings)
    if moving or dynamics.time.convention != "integral" or (discounted and convention == "at cycle"):
        found.append(dynamics.time.grid)
    if discounted and convention == "by whole year":
        found.append(np.arange(0, horizon * dynamics.time.years) / dynamics.time.years)
    times = np.concatenate(found)
    return np.append(distinct(times[(times >= 0) & (times < horizon * (1 - HAIR))], horizon), horizon)


def _period(dynamics: Dynamics, time: float) -> int:
    return max(int(np.searchsorted(dynamics.periods, time, side="right")) - 1, 0)


def _steps(times: np.ndarray):
    """(beginning, middle, end) of each step. What is in force in a step is asked of its middle, whose side of a change is
    not a matter of rounding."""
    return zip(times[:-1], (times[:-1] + times[1:]) / 2, times[1:])


def _by_segments(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Solve each stretch of constant hazards exactly, as one step."""
    dynamics, x = block.dynamics, block.start
    times = _breaks(dynamics, weightings)
    for begin, middle, end in _steps(times):
        rates = {i: m.level.at(middle) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
        flows = flows_at(block, middle, {i: rate * (end - begin) for i, rate in rates.items()})
        solve, period = _solve_once if block.moving else _solve, _period(dynamics, middle)
        x, means = solve(block, flows, x, [weighting.decay * (end - begin) for weighting in weightings])
        for w, (weighting, mean) in enumerate(zip(weightings, means)):
            spent = mean * ((end - begin) * _factor(weighting, begin, dynamics))
            tally.time[w, period] += spent
            amounts = {i: rate * spent[dynamics.moves[i].source] for i, rate in rates.items()}
            _tally_moves(block, tally.moves[w, period], amounts, middle)
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
    cycle = np.floor(begin / dynamics.time.cycle + 1e-9)
    return float(weighting.factor((cycle + 0.5) * dynamics.time.cycle))


def _trace_of_rates(block: Block, times: np.ndarray, grid: np.ndarray):
    """Occupancy at the times of `grid`, stepping through the stretches between `times`."""
    dynamics = block.dynamics
    x, cached = block.start, {}
    points = distinct(np.concatenate([grid, times]), grid[-1])
    seen, wanted = [x], _on(points, grid)
    pieces = np.searchsorted(times, (points[:-1] + points[1:]) / 2)
    for k, (begin, middle, end) in enumerate(_steps(points)):
        key = int(pieces[k]), round((end - begin) / grid[-1], 12)
        if key not in cached:
            rates = {i: m.level.at(middle) * (end - begin) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
            cached = {key: linear.exponential(flows_at(block, middle, rates), block.states, block.rows)[0]}
        x = linear.apply(cached[key], x, np.empty_like(x))
        if wanted[k + 1]:
            seen.append(x)
    return grid, np.stack(seen)


def _on(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Which times are points of the grid."""
    after = np.minimum(np.searchsorted(grid, times), len(grid) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(np.abs(grid[after] - times), np.abs(grid[before] - times)) <= HAIR * grid[-1]


# --- hazards that change over time ------------------------------------------------------------------------------


def _by_steps(block: Block, weightings, tally: Tally, seen_at: np.ndarray | None):
    """Cycle by cycle, with the average hazard of each transition in the cycle."""
    dynamics, times = block.dynamics, _breaks(block.dynamics, weightings)
    if seen_at is not None:
        times = distinct(np.concatenate([times, seen_at]), times[-1])
    x = block.start.copy()
    bins = sojourn.Bins(block, x, times)
    seen, wanted = [x + bins.occupancy()], None if seen_at is None else _on(times, seen_at)
    for step, (begin, middle, end) in enumerate(_steps(times)):
        amounts, x, spent = bins.advance(step, begin, end, x)
        period = _period(dynamics, middle)
        for w, weighting in enumerate(weightings):
            factor = _factor(weighting, begin, dynamics) * _average_decay(weighting.decay * (end - begin))
            tally.time[w, period] += spent * factor
            weighted = {i: amount * factor for i, amount in amounts.items()}
            _tally_moves(block, tally.moves[w, period], weighted, middle)
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
    weights = _point_weights(time.convention, time.cycle, time.whole_cycles, weightings)
    shares = conventions.period_shares(block.dynamics)
    if any(m.kind == "survival" for m in block.dynamics.moves):
        seen = _points_of_survival(block, weights, shares, tally)
    else:
        seen = _points_of_levels(block, weights, shares, tally, seen_at is not None)
    if seen_at is None:
        return None
    if len(seen_at) > len(time.grid):
        return _trace_of_rates(block, _breaks(block.dynamics, []), seen_at)
    return np.arange(time.whole_cycles + 1) * time.cycle, np.stack(seen)


def _within_cycles(dynamics: Dynamics) -> list[np.ndarray]:
    """The times of each cycle at which something changes, its start and its end included."""
    cycle, cycles = dynamics.time.cycle, dynamics.time.whole_cycles
    ends = np.arange(cycles + 1) * cycle
    if dynamics.by_cycle:
        return list(np.stack([ends[:-1], ends[1:]], axis=1))
    times = _breaks(dynamics, [])
    inner = times[~_on(times, ends) & (times < ends[-1])]
    groups = np.split(inner, np.searchsorted(inner, ends[1:-1]))
    return [np.concatenate([[a], group, [b]]) for a, group, b in zip(ends[:-1], groups, ends[1:])]


def _point_weights(convention: str, cycle: float, cycles: int, weightings) -> np.ndarray:
    """[cycle, weighting, 3]: what the start and the end of a cycle count in time, and its moves count."""
    start_share, end_share = conventions.shares(convention, cycles)
    columns = []
    for weighting in weightings:
        start, end, moved = conventions.factors(convention, weighting, cycle, cycles)
        columns.append([start_share * start * cycle, end_share * end * cycle, moved])
    return np.array(columns).transpose(2, 0, 1)


def _points_of_survival(block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally) -> list[np.ndarray]:
    dynamics, x, step = block.dynamics, block.start.copy(), 0
    cycles = _within_cycles(dynamics)
    bins = sojourn.Bins(block, x, np.concatenate([[0.0], *(times[1:] for times in cycles)]))
    seen = [x + bins.occupancy()]
    for weight, share, times in zip(weights, shares, cycles):
        for begin, middle, end in _steps(times):
            amounts, x, _ = bins.advance(step, begin, end, x)
            step += 1
            for w, (_, _, moved) in enumerate(weight):
                weighted = {i: a * moved for i, a in amounts.items()}
                _tally_moves(block, tally.moves[w, _period(dynamics, middle)], weighted, middle)
        seen.append(x + bins.occupancy())
        for w, (start, end, _) in enumerate(weight):
            _spread(tally.time[w], share, start * seen[-2] + end * seen[-1])
    return seen


def _spread(by_period: np.ndarray, share: np.ndarray, amount: np.ndarray) -> None:
    """Add an amount of one cycle to by_period[period, ..], by the share of the cycle that lies in each."""
    for period in np.flatnonzero(share):
        by_period[period] += amount if share[period] == 1 else amount * share[period]


SPAN = 32  # cycles whose occupancy is held at a time: a few megabytes


def _points_of_levels(block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally, trace) -> list[np.ndarray]:
    """Stretches of cycles with the same levels and period; sums over cycles are matrix products."""
    dynamics = block.dynamics
    # Always of full width: the shape of a matrix product must not depend on how draws are cut into blocks, or its
    # rounding would.
    width = BLOCK * len(dynamics.strategies)
    held = np.zeros((SPAN + 1, block.states, max(width, block.rows)))
    held[0, :, : block.rows] = block.start
    seen, within = [held[0, :, : block.rows].copy()], _within_cycles(dynamics)
    for first, last in _stretches(dynamics, within):
        if len(within[first]) > 2 or (block.moving and last == first + 1):
            _cut_cycle(block, within[first], weights[first], shares[first], held, tally)
            seen += [held[0, :, : block.rows].copy()] if trace else []
            continue
        step = _Step(block, *within[first])
        exposure = np.zeros((weights.shape[1], block.states, block.rows))
        for k in range(first, last, SPAN):
            part = weights[k : min(k + SPAN, last)]
            n = len(part)
            for i in range(n):
                linear.apply(step.whole, held[i, :, : block.rows], held[i + 1, :, : block.rows])
            points = np.zeros((n + 1, weights.shape[1]))
            points[:n] += part[:, :, 0]
            points[1:] += part[:, :, 1]
            for w, time in enumerate(_weighted(points, held[: n + 1], block)):
                _spread(tally.time[w], shares[first], time)
            exposure += _weighted(part[:, :, 2], held[:n], block)
            seen += [x[:, : block.rows].copy() for x in held[1 : n + 1]] if trace else []
            held[0] = held[n]
        for w, spent in enumerate(exposure):
            moved = np.zeros((len(dynamics.moves), block.rows))
            _tally_moves(block, moved, step.moves(spent), step.time)
            _spread(tally.moves[w], shares[first], moved)
    return seen


def _cut_cycle(block: Block, times: np.ndarray, weight: np.ndarray, share: np.ndarray, held, tally: Tally) -> None:
    """One cycle of hazards that has no like: piece by piece, counted at its ends. Moves held[0] on."""
    dynamics, before = block.dynamics, held[0, :, : block.rows].copy()
    x = before
    for begin, middle, end in _steps(times):
        rates = {i: m.level.at(middle) * (end - begin) for i, m in enumerate(dynamics.moves) if m.kind == "rate"}
        x, (mean,) = linear.weighted(flows_at(block, middle, rates), x, [0.0])
        for w, (_, _, moved) in enumerate(weight):
            amounts = {i: rate * mean[dynamics.moves[i].source] * moved for i, rate in rates.items()}
            _tally_moves(block, tally.moves[w, _period(dynamics, middle)], amounts, middle)
    for w, (start, end, _) in enumerate(weight):
        _spread(tally.time[w], share, start * before + end * x)
    held[0, :, : block.rows] = x


def _weighted(weights: np.ndarray, held: np.ndarray, block: Block) -> np.ndarray:
    """[weighting, state, row]: sum over points of weights[point, weighting] * held[point, state, row]."""
    total = weights.T @ held.reshape(len(held), -1)
    return total.reshape(weights.shape[1], block.states, -1)[:, :, : block.rows]


def _stretches(dynamics: Dynamics, within: list[np.ndarray]):
    """(first, last) cycle of each stretch in which levels and period stay the same; a cycle that is cut is one of its own."""
    cycle, hair = dynamics.time.cycle, HAIR * len(within)
    changes = np.concatenate([m.level.starts for m in dynamics.moves if m.level is not None] or [np.zeros(0)]) / cycle
    cuts = [
        np.ceil(changes - hair),
        np.ceil(dynamics.periods / cycle - hair),
        np.floor(dynamics.periods / cycle + hair),
    ]
    if not dynamics.by_cycle:
        cuts.append(np.floor(changes + hair))
    cuts = np.unique(np.concatenate(cuts).astype(int))
    cuts = [0, *(int(c) for c in cuts if 0 < c < len(within)), len(within)]
    return zip(cuts[:-1], cuts[1:])


class _Step:
    """One cycle of a model by rates or by probabilities per cycle (as at its beginning)."""

    def __init__(self, block: Block, begin: float, end: float):
        self.block, moves, by_cycle = block, block.dynamics.moves, block.dynamics.by_cycle
        self.time, factor = (begin, 1.0) if by_cycle else ((begin + end) / 2, end - begin)
        self.levels = {
            i: m.level.at(self.time) * factor for i, m in enumerate(moves) if m.kind in ("rate", "per cycle")
        }
        flows = flows_at(block, self.time, self.levels)
        if by_cycle:
            self.whole, self.mean = linear.stay_and_move(flows, block.states, block.rows), None
        else:
            self.whole, self.mean = linear.exponential(flows, block.states, block.rows)

    def moves(self, starts: np.ndarray) -> dict[int, np.ndarray]:
        """Moves of each transition, from the (weighted) occupancy at the start of cycles."""
        exposed = starts if self.mean is None else linear.apply(self.mean, starts, np.empty_like(starts))
        return {i: level * exposed[self.block.dynamics.moves[i].source] for i, level in self.levels.items()}
