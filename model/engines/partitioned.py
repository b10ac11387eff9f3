"""Partitioned survival: time in states is the area under shares that survival curves give; nobody is moved.

Under the convention 'integral', Gauss points in each cycle with the discount inside the integral: order 6, more points near
the beginning, cut where a curve bends, breaks off or is kept below another one. Textbook conventions take the shares at the ends of cycles. Who leaves
a curve is counted by its falls: at the instant, or with weight and discount of the point at which they arrive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model import effort, inputs
from model.curves import Curves
from model.dynamics import Dynamics
from model.engines import conventions, points
from model.engines.contract import NUMBER, Block, Cut, Engine, Ran, Result, draws_together
from model.engines.conventions import Weighting
from model.engines.stretches import breaks, on, period_of
from model.instants import distinct, floor
from model.quantities import Quantities
from model.scenario import Scenario

HELD = 200_000  # numbers of an array that is worked on at a time: small enough for the processor's cache
EARLY = 8  # steps of a length that it takes until the beginning, where curves are hardest to integrate, is far away
SECANTS, BISECTIONS = 3, 40  # steps towards the time at which two curves cross: later, and in the first cycles
ROW = 100  # bytes of a row of a table with texts


@dataclass(frozen=True)
class Rule:
    """Gauss-Legendre points from 0 to 1 and their weights. cubed: dense at 0, where a curve may fall like a small power."""

    nodes: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, points: int, cubed: bool = False) -> Rule:
        nodes, weights = np.polynomial.legendre.leggauss(points)
        nodes, weights = (nodes + 1) / 2, weights / 2
        return cls(nodes**3, 3 * nodes**2 * weights) if cubed else cls(nodes, weights)


FIRST, EARLIER, LATER = Rule.of(24, cubed=True), Rule.of(8), Rule.of(3)


@dataclass(frozen=True)
class Tally:
    """time[weighting, period, part, strategy, draw]; falls[weighting, period, fall, strategy, draw]."""

    time: np.ndarray
    falls: np.ndarray


def run(dynamics: Dynamics, trace: bool = False, at: Sequence[float] | np.ndarray = ()) -> Quantities:
    """Quantities of every strategy and draw; `trace` adds shares of states at each cycle's start, the horizon and `at`."""
    curves = dynamics.curves
    assert curves is not None
    weightings, index = conventions.weightings(dynamics)
    shape, partition = (len(weightings), len(dynamics.periods)), curves.partition
    parts = len(dynamics.states) + len(partition.portions)
    tally = Tally(np.zeros((*shape, parts, *dynamics.shape)), np.zeros((*shape, len(partition.falls), *dynamics.shape)))
    if dynamics.time.convention == "integral":
        _by_quadrature(dynamics, curves, weightings, tally)
    else:
        _by_points(dynamics, curves, weightings, tally)
    order, times, occupancy = (3, 4, 2, 1, 0), None, None
    if trace:
        times = distinct(np.concatenate([dynamics.time.grid, np.asarray(at, float)]), dynamics.time.horizon)
        occupancy = np.moveaxis(curves.shares(times[:, None, None])[: len(dynamics.states)], 0, -1)
    time, falls = tally.time[index].transpose(order), tally.falls[index].transpose(order)
    return Quantities(time, falls, dynamics.start, times, occupancy)


def _fallen(curves: Curves, times: np.ndarray, before: bool = False) -> np.ndarray:
    """[fall, .., strategy, draw] the curves of which falls are counted."""
    survival = curves.survival(times, before)
    shape = np.broadcast_shapes(np.shape(times), curves.context.shape)
    return np.array([survival[fall.curve] for fall in curves.partition.falls]).reshape(-1, *shape)


def _length(dynamics: Dynamics, nodes: int) -> int:
    """Times that are worked on together."""
    return max(1, HELD // (nodes * int(np.prod(dynamics.shape))))


# --- the integral -----------------------------------------------------------------------------------------------


def _by_quadrature(dynamics: Dynamics, curves: Curves, weightings: list[Weighting], tally: Tally) -> None:
    horizon = dynamics.time.horizon
    kinks = [kink for kink in curves.kinks() if ((kink > 0) & (kink < horizon)).any()]
    shared = [float(kink.flat[0]) for kink in kinks if (kink == kink.flat[0]).all()]
    stops = np.concatenate([breaks(dynamics, weightings), dynamics.time.grid, shared])
    times = distinct(stops, horizon)
    single = [kink for kink in kinks if (kink != kink.flat[0]).any()]
    for span in effort.loop(list(_spans(dynamics, times))):
        _span(dynamics, curves, weightings, tally, times[span], single)


def _spans(dynamics: Dynamics, times: np.ndarray) -> Iterator[slice]:
    """Steps of one period and one rule that are worked on together."""
    middles = (times[:-1] + times[1:]) / 2
    kinds = [(period_of(dynamics, middle), id(rule_of(*step))) for middle, *step in zip(middles, times, times[1:])]
    most, begin = _length(dynamics, len(LATER.nodes)), 0
    for step in range(1, len(kinds) + 1):
        if step == len(kinds) or kinds[step] != kinds[begin] or step - begin == most:
            yield slice(begin, step + 1)
            begin = step


def rule_of(begin: float, end: float) -> Rule:
    """By which a step is integrated."""
    if begin == 0:
        return FIRST
    return EARLIER if begin < EARLY * (end - begin) else LATER


def _span(
    dynamics: Dynamics,
    curves: Curves,
    weightings: list[Weighting],
    tally: Tally,
    times: np.ndarray,
    kinks: list[np.ndarray],
) -> None:
    starts, period = times[:-1, None, None], period_of(dynamics, float(times[0] + times[1]) / 2)
    factors = [_factors(dynamics, weighting, times[:-1]) for weighting in weightings]
    areas = _areas(curves, times, _cut(curves, times, kinks), factors, [w.decay for w in weightings])
    fallen, parts = _fallen(curves, times[:, None, None], before=True), tally.time.shape[2]
    for w, (weighting, area) in enumerate(zip(weightings, areas)):
        later = np.exp(-weighting.decay * (times[1:, None, None] - starts))
        fell = factors[w][:, None, None] * (fallen[:, :-1] - later * fallen[:, 1:]) - weighting.decay * area[parts:]
        for step in range(len(starts)):
            tally.time[w, period] += area[:parts, step]
            tally.falls[w, period] += fell[:, step]


def _factors(dynamics: Dynamics, weighting: Weighting, starts: np.ndarray) -> np.ndarray:
    """[step] discount factor at the beginning of each step; within it `decay` goes on, or the factor of mid-cycle holds."""
    if weighting.convention == "at cycle":
        starts = (floor(starts / dynamics.time.cycle) + 0.5) * dynamics.time.cycle
    return weighting.factor(starts)


def _areas(curves: Curves, times: np.ndarray, edges: np.ndarray, factors, decays: list[float]) -> list[np.ndarray]:
    """By weighting, [part and fall, step, strategy, draw] discounted area of each step between times.

    edges[edge, step, strategy, draw]: of the pieces of each step in which shares are smooth.
    """
    rule = rule_of(times[0], times[1])
    nodes, weights = rule.nodes[:, None, None, None], rule.weights[:, None, None, None]
    total: list[np.ndarray] = []
    for low, high in zip(edges[:-1], edges[1:]):
        some = (high > low).any(axis=(1, 2))
        begin, length = low[some], (high - low)[some]
        at = begin + nodes * length
        shares = np.concatenate([curves.shares(at), _fallen(curves, at)])
        if not total:
            total = [np.zeros((len(shares), len(times) - 1, *shares.shape[-2:])) for _ in decays]
        for area, factor, decay in zip(total, factors, decays):
            weight = weights * length * factor[some][:, None, None]
            weight = weight * np.exp(-decay * (at - times[:-1][some][:, None, None])) if decay else weight
            for node in range(len(nodes)):
                area[:, some] += shares[:, node] * weight[node]
    return total


def _cut(curves: Curves, times: np.ndarray, kinks: list[np.ndarray]) -> np.ndarray:
    """[edge, step, strategy, draw] of the pieces in which shares are smooth; single strategies and draws have their own."""
    low, high = times[:-1, None, None], times[1:, None, None]
    found = [kink for kink in kinks if ((kink > times[0]) & (kink < times[-1])).any()]
    found += list(_crossings(curves, low, high))
    if not found:
        return np.stack([low, high])
    inside = [np.where((kink > low) & (kink < high), kink, high) for kink in found]
    ordered = np.sort(np.stack(inside), axis=0)
    needed = (ordered < high).any(axis=(1, 2, 3))
    return np.concatenate(
        [np.broadcast_to(low, ordered[:1].shape), ordered[needed], np.broadcast_to(high, ordered[:1].shape)]
    )


def _crossings(curves: Curves, low: np.ndarray, high: np.ndarray) -> Iterator[np.ndarray]:
    """[step, strategy, draw] where a curve meets the one that it never exceeds; the end of a step in which it does not."""
    start = np.where(low == 0, 1e-6 * high, low)  # all curves begin together
    before, after = curves.excess(start), curves.excess(high)
    for key in before:
        one, other = before[key], after[key]
        crossed = np.isfinite(one) & np.isfinite(other) & (np.sign(one) * np.sign(other) < 0)
        if crossed.any():
            yield np.where(crossed, _secant(curves, key, (start, high), (one, other)), high)


@np.errstate(all="ignore")
def _secant(curves: Curves, key: str, ends: tuple, values: tuple) -> np.ndarray:
    """Where the excess of a curve is 0, between ends at which its values have unlike signs (regula falsi)."""
    (low, high), (one, other) = ends, values
    early = low.flat[0] < EARLY * (high - low).flat[0]  # curves may bend much: halves, in turn
    for step in range(BISECTIONS if early else SECANTS):
        share = 0.5 if early and step % 2 else one / (one - other)
        between = low + (high - low) * share
        value = curves.excess(between)[key]
        same = value * one > 0
        low, one = np.where(same, between, low), np.where(same, value, one)
        high, other = np.where(same, high, between), np.where(same, other, value)
    return between


# --- textbook conventions ---------------------------------------------------------------------------------------


def _by_points(dynamics: Dynamics, curves: Curves, weightings: list[Weighting], tally: Tally) -> None:
    """Sums over the times at which a cycle or a period begins: shares times what a point counts, falls from one to the next."""
    times = breaks(dynamics, [])
    counted, arrived = _point_weights(dynamics, weightings, times)
    most = _length(dynamics, 1)
    for first in effort.loop(range(0, len(times), most)):
        at = times[first : first + most, None, None]
        shares, fallen = curves.shares(at), _fallen(curves, at)
        for k in range(len(at)):
            for w, period in np.argwhere(counted[:, :, first + k]):
                tally.time[w, period] += counted[w, period, first + k] * shares[:, k]
            for w, period in np.argwhere(arrived[:, :, first + k]):
                tally.falls[w, period] += arrived[w, period, first + k] * fallen[:, k]


def _point_weights(dynamics: Dynamics, weightings: list[Weighting], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(what a share, what a survival) at each of the times counts, [weighting, period, time].

    A cycle's time is spread evenly over the periods in it. A fall counts in the period in which it happens, with weight and
    discount factor of the point at which it arrives: the end of its cycle.
    """
    time = dynamics.time
    weights = points.point_weights(time, weightings)
    spread, ends = conventions.period_shares(dynamics), np.flatnonzero(on(times, time.grid))
    counted = np.zeros((len(weightings), len(dynamics.periods), len(times)))
    counted[:, :, ends[:-1]] += np.einsum("kw,kp->wpk", weights[:, :, 0], spread)
    counted[:, :, ends[1:]] += np.einsum("kw,kp->wpk", weights[:, :, 1], spread)
    of_point = counted.sum(axis=1) / time.cycle
    arrived = np.zeros_like(counted)
    for i, middle in enumerate((times[:-1] + times[1:]) / 2):
        point, period = ends[int(middle // time.cycle) + 1], period_of(dynamics, middle)
        arrived[:, period, i] += of_point[:, point]
        arrived[:, period, i + 1] -= of_point[:, point]
    return counted, arrived


# --- the engine -------------------------------------------------------------------------------------------------


class Partitioned(Engine):
    name = "partitioned"

    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        states = len(scenario.states)
        if trace:
            rows = (scenario.time.cycles + 1) * states * len(scenario.strategies) * (len(scenario.groups) + 1)
            words = f"the occupancy of {states} states in {scenario.time.cycles:,.0f} cycles"
            effort.reserve(rows * (NUMBER + ROW), words, "take a longer cycle")

    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        return Cut(draws_together(strategies, places), [({}, {})])

    def run(self, block: Block) -> Ran:
        trace, at = block.seen_at is not None, () if block.seen_at is None else block.seen_at
        groups = effort.loop(block.scenario.groups.items())
        made = ((key, inputs.dynamics(block.scenario, block.draws, group)) for key, group in groups)
        return Ran(Result(key, run(dynamics, trace, at)) for key, dynamics in made)
