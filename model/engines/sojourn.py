"""Time in state in the cohort engine: those who entered in the same cycle form a bin that ages together.

Those who start in a state have their exact age. Entrants of a cycle are taken to be spread evenly over it, and the
cumulative hazard of their bin is averaged over their ages. (Their middle age would not do: a Weibull hazard of shape
1.5 would leave an error of the power 1.5 of the cycle in every bin, from its first cycle.) The error falls with the
square of the cycle (docs/validation.md has it measured).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.draws import DomainError
from model.dynamics import AtEvent, AtRate, Dynamics, Exit
from model.engines.block import Block, flows_at, routes
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

    def part(value):
        if np.ndim(value) < 2 or value.shape[:2] != shape:
            return value
        return np.ascontiguousarray(value[:, cut].reshape(-1, *value.shape[2:]))

    return replace(
        hazard,
        parameters={k: part(v) for k, v in hazard.parameters.items()},
        ratio=part(hazard.ratio),
        acceleration=part(hazard.acceleration),
    )


class Bins:
    """Sojourn bins of every state that a state-clock hazard leaves; other states stay in the plain occupancy x."""

    def __init__(self, block: Block, x: np.ndarray, times: np.ndarray):
        self.block = block
        self.transitions = block.dynamics.transitions
        self.times = times
        lengths = np.diff(times)
        self.even = bool(len(lengths) > 1 and np.allclose(lengths[:-1], lengths[0], rtol=HAIR))
        self.rates, self.events = block.dynamics.rates(), block.dynamics.events()
        self.timed = list(block.dynamics.timed())
        self.aged = {event.source for event in self.events.values() if event.clock == "state"}
        self.mass = {s: np.zeros((len(times) - 1, block.rows)) for s in self.aged}
        self.first = {s: x[s].copy() for s in self.aged}
        self.by_lag: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = {}
        for s in self.aged:
            x[s] = 0.0

    def occupancy(self) -> np.ndarray:
        """Mass in bins, [state, row]."""
        result = np.zeros((self.block.states, self.block.rows))
        for s in self.aged:
            result[s] = self.mass[s].sum(axis=0) + self.first[s]
        return result

    def emptied(self, state: int, rows: np.ndarray) -> np.ndarray | float:
        """Mass of a state in bins, [row], in the rows that are True; taken out."""
        if state not in self.aged:
            return 0.0
        mass = np.where(rows, self.mass[state].sum(axis=0) + self.first[state], 0.0)
        self.mass[state][:, rows] = 0.0
        self.first[state][rows] = 0.0
        return mass

    def advance(self, step: int, begin: float, end: float, x: np.ndarray):
        """One step. Returns transitions {transition: amount[row]}, the plain occupancy after, time spent [state, row]."""
        self.now = (begin + end) / 2  # what is in force in a step is asked of its middle
        common = self._common(begin, end)
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
        rates = _bounded(self._plain_rates(common, end - begin), self.events)
        flows = flows_at(self.block, self.now, rates)
        after, mean = advance(flows, x + at_once, largest_exit(flows), evenly if self.aged else None)
        for i, rate in rates.items():
            amounts[i] = amounts[i] + rate * mean[self.transitions[i].source]
        for state in self.aged:
            self.mass[state][step] = after[state]
            after[state] = 0.0
        return amounts, after, spent + mean * (end - begin)

    def _common(self, begin: float, end: float) -> dict[int, np.ndarray]:
        """Hazard over the step of every transition that does not depend on the time in state."""
        hazards = {}
        for i in self.timed:  # in the order of the file, in which amounts are added up
            if i in self.rates:
                hazards[i] = self.rates[i].level.at(self.now) * (end - begin)
            elif i in self.events and self.events[i].clock == "model":
                hazards[i] = _rise(self.events[i], begin, end, self.block.rows) * _ratio(self.events[i], self.now)
        return hazards

    def _plain_rates(self, common, length: float) -> dict[int, np.ndarray]:
        """Rates of the plain occupancy; entrants of this step to an aged state are exposed from age 0."""
        rates = dict(common)
        for i, event in self.events.items():
            if event.clock == "state":
                mean = _finite(2 * event.hazard.mean_cumulative(length), event, self.block.rows)
                rates[i] = mean * _ratio(event, self.now)
        return rates

    def _leave_bins(self, state: int, step: int, begin: float, end: float, common, spent):
        """Take the transitions of one step out of the bins of a state and add the time spent there.

        Returns ({transition: amount[row]}, share[row] of them that counts as gone at the beginning of the step, the others
        evenly over it): most leave early where hazards are high, and the rest of the step is spent where they went.
        """
        own = [i for i, event in self.events.items() if event.source == state and event.clock == "state"]
        shared = [i for i in common if self.transitions[i].source == state]
        background = sum((common[i] for i in shared), np.zeros(self.block.rows))
        present = np.zeros(self.block.rows)
        left: dict[int, np.ndarray] = {i: np.zeros(self.block.rows) for i in (*own, *shared)}
        before = self.first[state] + self.mass[state][:step].sum(axis=0)
        for mass, hazard in self._cohorts(state, step, begin, end, own):
            total = sum(hazard.values()) + background
            exposed = mass * _mean_survival(total)
            for i in own:
                left[i] += (hazard[i] * exposed).sum(axis=0)
            exposed = exposed.sum(axis=0)
            for i in shared:
                left[i] += common[i] * exposed
            present += exposed
            mass *= np.exp(-total)
        spent[state] += present * (end - begin)
        gone = sum(left.values())
        rest = np.divide(before - present, gone, out=np.full_like(gone, 0.5), where=gone > 0)  # of the step, for each
        return left, np.clip(2 * rest - 1, 0, 1)

    def _cohorts(self, state: int, step: int, begin: float, end: float, own):
        """(mass[bin, row], {transition: hazard over the step [bin, row]}): the starters, then the bins of earlier steps."""
        ratios = {i: _ratio(self.events[i], self.now) for i in own}
        yield (
            self.first[state][None],
            {i: _rise(self.events[i], begin, end, self.block.rows)[None] * ratios[i] for i in own},
        )
        if step:
            hazards = {i: self._ages(i, step, begin, end) * ratios[i] for i in own}
            yield self.mass[state][:step], hazards

    def _ages(self, i: int, step: int, begin: float, end: float) -> np.ndarray:
        """Hazard of this step for the bins 0..step-1, averaged over the times of entry of each."""
        if self.even and step < len(self.times) - 2:
            length, means, rises = self.times[1] - self.times[0], *self.by_lag.setdefault(i, ([], []))
            while len(means) <= step:
                age = len(means) * length
                means.append(_average(self.events[i], age, age + length, self.block.rows))
                rises += [means[-1] - means[-2]] if len(means) > 1 else []
            return np.stack(rises[:step][::-1])
        spans = zip(self.times[:step], self.times[1 : step + 1])
        return np.stack(
            [
                _average(self.events[i], end - last, end - first, self.block.rows)
                - _average(self.events[i], begin - last, begin - first, self.block.rows)
                for first, last in spans
            ]
        )

    def _settled(self, amounts, time: float) -> np.ndarray:
        """Where the mass that left the bins comes to rest, [state, row]."""
        inflow = np.zeros((self.block.states, self.block.rows))
        for i, amount in amounts.items():
            for target, share in routes(self.block.dynamics, self.transitions[i].target, time):
                inflow[target] += amount * share
        return inflow


def _rise(event: AtEvent, begin: float, end: float, rows: int) -> np.ndarray:
    return _finite(event.hazard.cumulative(end) - event.hazard.cumulative(begin), event, rows)


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


def _mean_survival(total: np.ndarray) -> np.ndarray:
    """(1 - exp(-total)) / total, 1 where total is 0."""
    return np.where(total > 1e-12, -np.expm1(-total) / np.maximum(total, 1e-12), 1.0)


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
