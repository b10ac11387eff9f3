"""Time in state in the cohort engine: those who entered in the same cycle form a bin that ages together.

Those who start in a state have their exact age. Entrants of a cycle are taken to be spread evenly over it, and the
cumulative hazard of their bin is averaged over their ages. (Their middle age would not do: a Weibull hazard of shape
1.5 would leave an error of the power 1.5 of the cycle in every bin, from its first cycle.) The error falls with the
square of the cycle (docs/validation.md has it measured).
"""

from __future__ import annotations

import numpy as np

from model.draws import DomainError
from model.dynamics import AtEvent, AtRate, Dynamics, Exit
from model.engines.block import Block, flows_at, routes
from model.engines.entrants import Entrants, mean_survival
from model.engines.linear import advance, largest_exit
from model.engines.refusals import needs_finite
from model.hazards import Hazard
from model.instants import HAIR

_NODES, _WEIGHTS = np.array([-1, 0, 1]) * np.sqrt(0.6), (5 / 18, 8 / 18, 5 / 18)  # Gauss-Legendre, mean over -1..1
MOST = 1e9  # largest exit per step by hazards that change over time; they may explode with age
HASTY = 0.4  # share of entrants gone within their first cycle, above which errors of a tenth are to be expected


def hasty(dynamics: Dynamics) -> dict[str, float]:
    """By state that a hazard in time in state leaves, the largest share of entrants that are gone within one cycle (the first
    one, where hazards change with the model's clock), where over HASTY: the cycle is too long for a cohort to follow it."""
    shares, cycle = {}, dynamics.time.cycle
    for state in {e.source for e in dynamics.events().values() if e.clock == "state" and not e.is_fixed}:
        hazards = [_over(exit, cycle) for exit in dynamics.timed().values() if exit.source == state]
        share = float(np.max(-np.expm1(-sum(hazards))))
        if share > HASTY:
            shares[dynamics.states[state]] = share
    return shares


def _over(exit: Exit, cycle: float) -> np.ndarray:
    """Hazard of the first cycle, [strategy, draw]."""
    match exit:
        case AtRate(level=level):
            return level.at(0.0) * cycle
        case AtEvent(hazard=hazard):
            return hazard.cumulative(cycle) * _ratio(exit, 0.0)
    return np.zeros(1)


def rows_of(hazard: Hazard, shape: tuple[int, int], cut: slice) -> Hazard:
    """The hazard of one block of draws, [strategy, draw] flattened to rows."""

    def part(value, own: int):
        if np.ndim(value) < 2 or value.shape[:2] != shape:
            return value
        return np.ascontiguousarray(value[:, cut].reshape(-1, *value.shape[2:]))

    return hazard.each(part)


class Bins:
    """Sojourn bins of every state that a state-clock hazard leaves; other states stay in the plain occupancy x."""

    def __init__(self, block: Block, x: np.ndarray, times: np.ndarray):
        self.block = block
        self.transitions = block.dynamics.transitions
        self.times = times
        self.like_first = np.abs(np.diff(times) - (times[1] - times[0])) <= HAIR * (times[1] - times[0])
        self.even = bool(self.like_first[:-1].all())
        self.rates, self.events = block.dynamics.rates(), block.dynamics.events()
        self.timed = list(block.dynamics.timed())
        self.aged = {event.source for event in self.events.values() if event.clock == "state"}
        self.entered = self.aged & _entered(block.dynamics)
        self.bins = {s: Entrants(len(times) - 1, block.rows, self._rises) for s in self.entered}
        self.first = {s: x[s].copy() for s in self.aged}
        self.started = {s for s in self.aged if self.first[s].any()}
        self.means: dict[int, list[np.ndarray]] = {}
        self.opening: dict[tuple[int, float], np.ndarray] = {}
        self.reached: dict[int, tuple[float, np.ndarray]] = {}
        for s in self.aged:
            x[s] = 0.0

    def occupancy(self) -> np.ndarray:
        """Mass in bins, [state, row]."""
        result = np.zeros((self.block.states, self.block.rows))
        for s in self.aged:
            result[s] = self.first[s] + (self.bins[s].held if s in self.bins else 0.0)
        return result

    def emptied(self, state: int, rows: np.ndarray) -> np.ndarray | float:
        """Mass of a state in bins, [row], in the rows that are True; taken out."""
        if state not in self.aged:
            return 0.0
        mass = np.where(rows, self.first[state] + (self.bins[state].held if state in self.bins else 0.0), 0.0)
        self.first[state][rows] = 0.0
        if state in self.bins:
            self.bins[state].empty(rows)
        return mass

    def advance(self, step: int, begin: float, end: float, x: np.ndarray):
        """One step. Returns transitions {transition: amount[row]}, the plain occupancy after, time spent [state, row]."""
        self.now = (begin + end) / 2  # what is in force in a step is asked of its middle
        # Steps of one length differ by rounding, which would make each of them one of its own.
        length = self.times[1] - self.times[0] if self.like_first[step] else end - begin
        common = self._common(begin, end, length)
        amounts = {i: np.zeros(self.block.rows) for i in self.timed}
        spent = np.zeros_like(x)
        at_once, evenly = np.zeros_like(x), np.zeros_like(x)
        for state in self.aged:
            left, share = self._leave_bins(state, step, begin, end, common, spent)
            for i, amount in left.items():
                amounts[i] += amount
            arrived = self._settled(left, self.now)
            at_once += share * arrived
            evenly += (1 - share) * arrived
        rates = _bounded(self._plain_rates(common, length), self.events)
        flows = flows_at(self.block, self.now, rates)
        after, mean = advance(flows, x + at_once, largest_exit(flows), evenly if self.aged else None)
        for i, rate in rates.items():
            amounts[i] = amounts[i] + rate * mean[self.transitions[i].source]
        for state in self.entered:
            self.bins[state].enter(step, after[state])
            after[state] = 0.0
        return amounts, after, spent + mean * (end - begin)

    def _common(self, begin: float, end: float, length: float) -> dict[int, np.ndarray]:
        """Hazard over the step of every transition that does not depend on the time in state."""
        hazards = {}
        for i in self.timed:  # in the order of the file, in which amounts are added up
            if i in self.rates:
                hazards[i] = self.rates[i].level.at(self.now) * length
            elif i in self.events and self.events[i].clock == "model":
                hazards[i] = self._rise(i, begin, end) * _ratio(self.events[i], self.now)
        return hazards

    def _plain_rates(self, common, length: float) -> dict[int, np.ndarray]:
        """Rates of the plain occupancy; entrants of this step to an aged state are exposed from age 0."""
        rates = dict(common)
        for i, event in self.events.items():
            if event.source in self.entered and event.clock == "state":
                rates[i] = self._first_rate(i, length) * _ratio(event, self.now)
        none = self.aged - self.entered
        return {i: rate for i, rate in rates.items() if self.transitions[i].source not in none}

    def _first_rate(self, i: int, length: float) -> np.ndarray:
        """Hazard of the step in which entrants come, evenly spread over it."""
        if (i, length) not in self.opening:
            event = self.events[i]
            self.opening[i, length] = _finite(2 * event.hazard.mean_cumulative(length), event, self.block.rows)
        return self.opening[i, length]

    def _leave_bins(self, state: int, step: int, begin: float, end: float, common, spent):
        """Take the transitions of one step out of the bins of a state and add the time spent there.

        Returns ({transition: amount[row]}, share[row] of them that counts as gone at the beginning of the step, the others
        evenly over it): most leave early where hazards are high, and the rest of the step is spent where they went.
        """
        own = [i for i, event in self.events.items() if event.source == state and event.clock == "state"]
        shared = [i for i in common if self.transitions[i].source == state]
        background = sum((common[i] for i in shared), np.zeros(self.block.rows))
        before, ratios = self.first[state], {i: _ratio(self.events[i], self.now) for i in own}
        left, present = dict.fromkeys(own, np.zeros(self.block.rows)), np.zeros(self.block.rows)
        if state in self.started:
            left, present = self._leave_first(state, begin, end, ratios, background)
        if step and state in self.bins:
            before = before + self.bins[state].held
            more, exposed = self._leave_entrants(state, step, begin, end, ratios, background)
            left, present = {i: left[i] + more[i] for i in own}, present + exposed
        left |= {i: common[i] * present for i in shared}
        spent[state] += present * (end - begin)
        gone = sum(left.values())
        rest = np.divide(before - present, gone, out=np.full_like(gone, 0.5), where=gone > 0)  # of the step, for each
        return left, np.clip(2 * rest - 1, 0, 1)

    def _leave_first(self, state: int, begin: float, end: float, ratios, background):
        """({own transition: amount[row]}, mean present[row]) of those who started in the state."""
        hazards = {i: self._rise(i, begin, end) * ratio for i, ratio in ratios.items()}
        total = sum(hazards.values()) + background
        exposed = self.first[state] * mean_survival(total)
        self.first[state] = self.first[state] * np.exp(-total)
        return {i: hazard * exposed for i, hazard in hazards.items()}, exposed

    def _leave_entrants(self, state: int, step: int, begin: float, end: float, ratios, background):
        """As `_leave_first`, of the bins of those who entered in earlier steps."""
        bins, even = self.bins[state], self.even and bool(self.like_first[step])
        known = bins.leave(step, ratios, background, even)
        if known is not None:
            return known
        hazards = {i: self._ages(i, step, begin, end) * ratio for i, ratio in ratios.items()}
        total, mass = sum(hazards.values()) + background, bins.mass[:step]
        exposed = mass * mean_survival(total)
        mass *= np.exp(-total)
        bins.counted(step)
        return {i: (hazard * exposed).sum(axis=0) for i, hazard in hazards.items()}, exposed.sum(axis=0)

    def _ages(self, i: int, step: int, begin: float, end: float) -> np.ndarray:
        """Hazard of this step for the bins 0..step-1, averaged over the times of entry of each."""
        if self.even and self.like_first[step]:
            return self._rises(i, slice(0, step))[::-1]
        spans = zip(self.times[:step], self.times[1 : step + 1])
        return np.stack(
            [
                _average(self.events[i], end - last, end - first, self.block.rows)
                - _average(self.events[i], begin - last, begin - first, self.block.rows)
                for first, last in spans
            ]
        )

    def _rises(self, i: int, lags: slice) -> np.ndarray:
        """[lag, row] hazard of a step for those who entered that many even steps before the one that has just ended."""
        length, means = self.times[1] - self.times[0], self.means.setdefault(i, [])
        while len(means) <= lags.stop:
            age = len(means) * length
            means.append(_average(self.events[i], age, age + length, self.block.rows))
        return np.diff(means[lags.start : lags.stop + 1], axis=0)

    def _rise(self, i: int, begin: float, end: float) -> np.ndarray:
        """Hazard from one model time to another; steps follow one another, so its beginning is mostly known."""
        event = self.events[i]
        time, before = self.reached.get(i, (-1.0, np.zeros(1)))
        before = before if time == begin else event.hazard.cumulative(begin)
        after = event.hazard.cumulative(end)
        self.reached[i] = end, after
        return _finite(after - before, event, self.block.rows)

    def _settled(self, amounts, time: float) -> np.ndarray:
        """Where the mass that left the bins comes to rest, [state, row]."""
        inflow = np.zeros((self.block.states, self.block.rows))
        for i, amount in amounts.items():
            for target, share in routes(self.block.dynamics, self.transitions[i].target, time):
                inflow[target] += amount * share
        return inflow


def _ratio(event: AtEvent, time: float) -> np.ndarray | float:
    """The hazard ratio in force at a model time, where it changes."""
    return 1.0 if event.ratio is None else event.ratio.at(time)


def _average(event: AtEvent, young: float, old: float, rows: int) -> np.ndarray:
    """Mean of the cumulative hazard over the ages young..old of a bin; the hazard may be singular at age 0 only."""
    if young <= 0:
        return _finite(event.hazard.mean_cumulative(old), event, rows)
    ages = (young + old) / 2 + _NODES * (old - young) / 2
    return _finite(sum(w * event.hazard.cumulative(a) for w, a in zip(_WEIGHTS, ages)), event, rows)


def _finite(hazard, event: AtEvent, rows: int) -> np.ndarray:
    if not np.isfinite(hazard).all():
        raise DomainError(f"{event.place or event.label}: the cohort engine {needs_finite(event)}")
    return np.broadcast_to(hazard, (rows,))


def _entered(dynamics: Dynamics) -> set[int]:
    """States that somebody may enter after the start."""
    found: set[int] = set()
    for exit in dynamics.transitions:
        found |= {exit.target} if not dynamics.chance[exit.target] else set()
    return found


def _bounded(rates: dict[int, np.ndarray], events: dict[int, AtEvent]) -> dict[int, np.ndarray]:
    """Rates in which hazards that change over time take no more than MOST a step out of a state."""
    exits: dict[int, np.ndarray] = {}
    for i, rate in rates.items():
        if i in events:
            exits[events[i].source] = exits.get(events[i].source, 0.0) + rate
    if max((np.max(total) for total in exits.values()), default=0.0) <= MOST:
        return rates
    cap = {s: np.minimum(1.0, MOST / np.maximum(total, 1e-290)) for s, total in exits.items()}
    return {i: rate * cap[events[i].source] if i in events else rate for i, rate in rates.items()}
