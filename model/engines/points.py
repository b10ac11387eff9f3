"""Textbook conventions of the cohort engine: occupancy at the ends of cycles, weighted as the convention says."""

from __future__ import annotations

import numpy as np

from model import effort
from model.dynamics import AtEvent, Dynamics
from model.engines import conventions, linear, sojourn, uniformisation
from model.engines.block import Block, Tally, flows_at, kept_appointments, tally_transitions
from model.engines.counted import Counted, summed
from model.engines.stretches import breaks, on, period_of, steps
from model.instants import HAIR, in_force
from model.over_time import Stepwise
from model.scenario import TimeFrame

BLOCK = 1000  # draws worked on together: small enough for the processor's cache


def within_cycles(dynamics: Dynamics) -> list[np.ndarray]:
    """The times of each cycle at which something changes, its start and its end included."""
    cycle, cycles = dynamics.time.cycle, dynamics.time.whole_cycles
    ends = np.arange(cycles + 1) * cycle
    if dynamics.by_cycle:
        return list(np.stack([ends[:-1], ends[1:]], axis=1))
    times = breaks(dynamics, [])
    inner = times[~on(times, ends) & (times < ends[-1])]
    groups = np.split(inner, np.searchsorted(inner, ends[1:-1]))
    return [np.concatenate([[a], group, [b]]) for a, group, b in zip(ends[:-1], groups, ends[1:])]


def point_weights(time: TimeFrame, weightings) -> np.ndarray:
    """[cycle, weighting, 3]: what the start and the end of a cycle count in time, and its transitions count."""
    return np.array([conventions.weights(time, weighting) for weighting in weightings]).transpose(2, 0, 1)


def points_of_survival(block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally) -> list[np.ndarray]:
    dynamics, x, step = block.dynamics, block.start.copy(), 0
    cycles = within_cycles(dynamics)
    bins = sojourn.Bins(block, x, np.concatenate([[0.0], *(times[1:] for times in cycles)]))
    seen = [x + bins.occupancy()]
    inner = [middle for times in cycles for _, middle, _ in steps(times)]
    moved = np.repeat(weights[:, :, 2], [len(times) - 1 for times in cycles], axis=0)
    counted = Counted(block, tally, np.array([period_of(dynamics, middle) for middle in inner]), moved)
    for weight, share, times in effort.loop(zip(weights, shares, cycles), len(cycles)):
        for begin, middle, end in steps(times):
            amounts, x, _ = bins.advance(step, begin, end, x)
            step += 1
            counted.add(amounts, middle)
        keep(block, tally, times[-1], x, weight, share, bins)
        seen.append(x + bins.occupancy())
    _count_time(seen, weights, shares, tally)
    return seen


def _count_time(seen: list[np.ndarray], weights: np.ndarray, shares: np.ndarray, tally: Tally) -> None:
    """Time by the occupancy at the ends of cycles, some cycles of the same period at once."""
    changes = np.flatnonzero(np.any(shares[1:] != shares[:-1], axis=1)) + 1
    cuts = np.unique(np.concatenate([changes, np.arange(0, len(weights), SPAN), [len(weights)]]))
    for first, last in zip(cuts[:-1], cuts[1:]):
        points = np.zeros((last - first + 1, weights.shape[1]))
        points[:-1] += weights[first:last, :, 0]
        points[1:] += weights[first:last, :, 1]
        for w, time in enumerate(summed(points, np.array(seen[first : last + 1]))):
            spread(tally.time[w], shares[first], time)


def keep(
    block: Block, tally: Tally, time: float, x: np.ndarray, weight: np.ndarray, share: np.ndarray, bins=None
) -> None:
    """Appointments at the end of a cycle: that point sees those who have kept them, and they count as transitions of the cycle."""
    made = kept_appointments(block, time, x, bins)
    if made is None:
        return
    period = period_of(block.dynamics, time * (1 + HAIR))
    for w, (_, _, moved) in enumerate(weight):
        if block.dynamics.by_cycle:
            spread(tally.transitions[w], share, made * moved)
        else:
            tally.transitions[w, period] += made * moved


def spread(by_period: np.ndarray, share: np.ndarray, amount: np.ndarray) -> None:
    """Add an amount of one cycle to by_period[period, ..], by the share of the cycle that lies in each."""
    for period in np.flatnonzero(share):
        by_period[period] += amount if share[period] == 1 else amount * share[period]


SPAN = 32  # cycles whose occupancy is held at a time: a few megabytes


def points_of_levels(
    block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally, trace: bool
) -> list[np.ndarray]:
    """Stretches of cycles with the same levels and period; sums over cycles are matrix products."""
    dynamics = block.dynamics
    # Always of full width: the shape of a matrix product must not depend on how draws are cut into blocks, or its
    # rounding would.
    width = BLOCK * len(dynamics.strategies)
    held = np.zeros((SPAN + 1, block.states, max(width, block.rows)))
    held[0, :, : block.rows] = block.start
    seen, within = [held[0, :, : block.rows].copy()], within_cycles(dynamics)
    loops = 1 if block.moving else linear.LOOPS + 1
    step, last_kind = None, None
    for first, last in effort.loop(list(_stretches(dynamics, within)), parts=loops):
        if len(within[first]) > 2 or (block.moving and last == first + 1):
            _cut_cycle(block, within[first], weights[first], shares[first], held, tally)
            seen += [held[0, :, : block.rows].copy()] if trace else []
            continue
        if not trace and block.states >= uniformisation.MANY and not dynamics.by_cycle:
            _many_states(block, within[first:last], weights[first:last], shares[first], held, tally)
            continue
        kind = _kind(dynamics, *within[first])
        step = step if step is not None and kind == last_kind else _Step(block, *within[first])
        last_kind = kind
        exposure = np.zeros((weights.shape[1], block.states, block.rows))
        for k in effort.loop(range(first, last, SPAN)):
            part = weights[k : min(k + SPAN, last)]
            n = len(part)
            for i in range(n):
                linear.apply(step.whole, held[i, :, : block.rows], held[i + 1, :, : block.rows])
            keep(block, tally, within[k + n - 1][-1], held[n, :, : block.rows], part[-1], shares[first])
            points = np.zeros((n + 1, weights.shape[1]))
            points[:n] += part[:, :, 0]
            points[1:] += part[:, :, 1]
            for w, time in enumerate(_weighted(points, held[: n + 1], block)):
                spread(tally.time[w], shares[first], time)
            exposure += _weighted(part[:, :, 2], held[:n], block)
            seen += [x[:, : block.rows].copy() for x in held[1 : n + 1]] if trace else []
            held[0] = held[n]
        for w, spent in enumerate(exposure):
            moved = np.zeros((len(dynamics.transitions), block.rows))
            tally_transitions(block, moved, step.transitions(spent), step.time)
            spread(tally.transitions[w], shares[first], moved)
    return seen


def _many_states(block: Block, within, weights: np.ndarray, share: np.ndarray, held, tally: Tally) -> None:
    """A stretch of cycles of the same rates, without the matrix of a cycle. Moves held[0] on."""
    begin, end = within[0]
    rates = {i: exit.level.at((begin + end) / 2) * (end - begin) for i, exit in block.dynamics.rates().items()}
    flows, n = flows_at(block, (begin + end) / 2, rates), weights.shape[1]
    seen, moved = weights[:, :, 0].copy(), weights[:, :, 2]
    seen[1:] += weights[:-1, :, 1]
    x, totals = uniformisation.sums(flows, held[0, :, : block.rows], np.concatenate([seen, moved], axis=1))
    keep(block, tally, within[-1][-1], x, weights[-1], share)
    for w, (time, starts) in enumerate(zip(totals[:n], totals[n:])):
        spread(tally.time[w], share, time + weights[-1, w, 1] * x)
        _, (mean,) = uniformisation.solve(flows, starts, [0.0])
        amounts = {i: rate * mean[block.dynamics.transitions[i].source] for i, rate in rates.items()}
        made = np.zeros((len(block.dynamics.transitions), block.rows))
        tally_transitions(block, made, amounts, (begin + end) / 2)
        spread(tally.transitions[w], share, made)
    held[0, :, : block.rows] = x


def _cut_cycle(block: Block, times: np.ndarray, weight: np.ndarray, share: np.ndarray, held, tally: Tally) -> None:
    """One cycle of hazards that has no like: piece by piece, counted at its ends. Moves held[0] on."""
    dynamics, before = block.dynamics, held[0, :, : block.rows].copy()
    x = before
    for begin, middle, end in steps(times):
        rates = {i: exit.level.at(middle) * (end - begin) for i, exit in dynamics.rates().items()}
        x, (mean,) = uniformisation.solve_once(flows_at(block, middle, rates), x, [0.0])
        for w, (_, _, moved) in enumerate(weight):
            amounts = {i: rate * mean[dynamics.transitions[i].source] * moved for i, rate in rates.items()}
            tally_transitions(block, tally.transitions[w, period_of(dynamics, middle)], amounts, middle)
    keep(block, tally, times[-1], x, weight, share)
    for w, (start, end, _) in enumerate(weight):
        spread(tally.time[w], share, start * before + end * x)
    held[0, :, : block.rows] = x


def _weighted(weights: np.ndarray, held: np.ndarray, block: Block) -> np.ndarray:
    """[weighting, state, row]: sum over points of weights[point, weighting] * held[point, state, row]."""
    total = weights.T @ held.reshape(len(held), -1)
    return total.reshape(weights.shape[1], block.states, -1)[:, :, : block.rows]


def _stretches(dynamics: Dynamics, within: list[np.ndarray]):
    """(first, last) cycle of each stretch in which levels and period stay the same; a cycle that is cut is one of its own."""
    cycle, hair = dynamics.time.cycle, HAIR * len(within)
    starts = [level.starts for level in dynamics.levels if isinstance(level, Stepwise)]
    changes = np.concatenate(starts or [np.zeros(0)]) / cycle
    near = [
        np.ceil(changes - hair),
        np.ceil(dynamics.periods / cycle - hair),
        np.floor(dynamics.periods / cycle + hair),
    ]
    if not dynamics.by_cycle:
        near.append(np.floor(changes + hair))
    inside = np.unique(np.concatenate(near).astype(int)).tolist()
    cuts = [0, *(cut for cut in inside if 0 < cut < len(within)), len(within)]
    return zip(cuts[:-1], cuts[1:])


def _kind(dynamics: Dynamics, begin: float, end: float) -> tuple:
    """What a cycle has in common with all in which the same levels are in force."""
    time = begin if dynamics.by_cycle else (begin + end) / 2
    levels = (level for level in dynamics.levels if isinstance(level, Stepwise))
    return round((end - begin) / dynamics.time.cycle, 9), *(int(in_force(level.starts, time)) for level in levels)


class _Step:
    """One cycle of a model by rates or by probabilities per cycle (as at its beginning)."""

    def __init__(self, block: Block, begin: float, end: float):
        self.block, by_cycle = block, block.dynamics.by_cycle
        self.time, factor = (begin, 1.0) if by_cycle else ((begin + end) / 2, end - begin)
        self.levels = {
            i: exit.level.at(self.time) * factor
            for i, exit in block.dynamics.timed().items()
            if not isinstance(exit, AtEvent)
        }
        flows = flows_at(block, self.time, self.levels)
        if by_cycle:
            self.whole, self.mean = linear.stay_and_move(flows, block.states, block.rows), None
        else:
            self.whole, self.mean = uniformisation.exponential(flows, block.states, block.rows)

    def transitions(self, starts: np.ndarray) -> dict[int, np.ndarray]:
        """Moves of each transition, from the (weighted) occupancy at the start of cycles."""
        exposed = starts if self.mean is None else linear.apply(self.mean, starts, np.empty_like(starts))
        return {i: level * exposed[self.block.dynamics.transitions[i].source] for i, level in self.levels.items()}
