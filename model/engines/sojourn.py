"""Time in state in the cohort engine: those who entered in the same cycle form a bin that ages together.

Those who start in a state have their exact age. Entrants of a cycle are taken to be spread evenly over it, and the
cumulative hazard of their bin is averaged over their ages. (Their middle age would not do: a Weibull hazard of shape
1.5 would leave an error of the power 1.5 of the cycle in every bin, from its first cycle.) The error falls with the
square of the cycle (docs/validation.md has it measured).
"""

from __future__ import annotations

import numpy as np

from model.dynamics import AtEvent, AtOnce, AtRate, Dynamics, Exit
from model.engines.ages import Ages
from model.engines.block import Block, flows_at, routes
from model.engines.entrants import Entrants
from model.engines.linear import advance, largest_exit
from model.engines.shared_hazards import SPAN, SharedHazards
from model.engines.starters import Starters
from model.engines.steady import Steady
from model.hazards import Hazard
from model.instants import HAIR
from model.over_time import Stepwise

MOST = 1e9  # largest exit per step by hazards that change over time; they may explode with age
LEAST, MILD = 1e-290, 0.125  # exits of a step that are not 0, and that take as many terms as fewer
LONG = 48  # mean number of steps between changes of other hazards, from which on tables are made anew after each
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
            return hazard.cumulative(cycle) * (1.0 if exit.ratio is None else exit.ratio.at(0.0))
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
        self.block, self.times = block, times
        self.transitions = block.dynamics.transitions
        self.rates, self.events = block.dynamics.rates(), block.dynamics.events()
        self.by_stay = {i for i, event in self.events.items() if event.clock == "state"}
        # In the order of the file, in which amounts are added up.
        self.timed = list(block.dynamics.timed())
        self.common = [i for i in self.timed if i in {*self.rates, *self.events} - self.by_stay]
        self.aged = {self.events[i].source for i in self.by_stay}
        self.entered = self.aged & _entered(block.dynamics)
        self._even_out(times)
        self.shared = SharedHazards(self.rates | self.events, times, self.lengths, block.rows)
        self.ages = {i: Ages(self.events[i], times, block.rows) for i in self.by_stay}
        self.out = {s: self._ways_out(s) for s in self.aged}
        self.until = {s: self._stretches(s) for s in self.entered}
        rises = lambda i, lags: self.ages[i].rises(lags)  # noqa: E731
        self.bins = {s: Entrants(len(times) - 1, block.rows, rises, self._reached(s)) for s in self.entered}
        self.starters = {s: Starters(self.shared, *self.out[s], x[s]) for s in self.aged if x[s].any()}
        self.flows = Steady(block) if self._is_steady() else None
        self.span, self.nobody = slice(0, 0), np.zeros(block.rows)
        for s in self.aged:
            x[s] = 0.0

    def _even_out(self, times: np.ndarray) -> None:
        """Steps of one length differ by rounding, which would make each of them one of its own."""
        lengths = np.diff(times)
        like_first = np.abs(lengths - lengths[0]) <= HAIR * lengths[0]
        self.lengths = np.where(like_first, lengths[0], lengths)
        self.even = like_first & bool(like_first[:-1].all())

    def _ways_out(self, state: int) -> tuple[list[int], list[int]]:
        """Transitions out of a state by the time in it, and others."""
        own = [i for i in self.timed if i in self.by_stay and self.transitions[i].source == state]
        return own, [i for i in self.common if self.transitions[i].source == state]

    def _by_model_clock(self, state: int) -> bool:
        """The hazards that do not go by time in state change too often to be in tables."""
        others = self.out[state][1]
        changes = sum((self.shared.changes(i) for i in others), np.zeros(len(self.lengths)))
        moving = any(i in self.events for i in others)
        often = moving or np.count_nonzero(changes) * LONG > len(changes)
        return bool(often and self.even.any())

    def _reached(self, state: int) -> np.ndarray | None:
        """[step, row] cumulative hazard of these up to the start of each step."""
        if not self._by_model_clock(state):
            return None
        others = self.out[state][1]
        reached = np.zeros((len(self.times), self.block.rows))
        for span in self.shared.spans():
            reached[span.start + 1 : span.stop + 1] = self.shared.sum(others, span)
        return np.cumsum(reached, axis=0, out=reached)

    def _stretches(self, state: int) -> np.ndarray:
        """[step] up to which steps are even and nothing changes that tables know."""
        own, others = self.out[state]
        known = own if self._by_model_clock(state) else [*own, *others]
        ends = sum((self.shared.changes(i) for i in known), np.diff(self.even, prepend=True).astype(int)) > 0
        ends |= ~self.even
        ends = np.append(np.flatnonzero(ends), len(ends))
        return ends[np.searchsorted(ends, np.arange(len(self.lengths)), side="right")]

    def _is_steady(self) -> bool:
        """Flows between states, entrants' of the step included, are the same in all even steps."""
        levels = (exit.level for exit in self.transitions if isinstance(exit, AtOnce))
        fixed = all(isinstance(level, Stepwise) and len(level.starts) == 1 for level in levels)
        constant = all(self.shared.is_constant(i) for i in self.shared.exits)
        return fixed and constant and not any(self._is_plain(i) for i in self.events if i not in self.by_stay)

    def _is_plain(self, i: int) -> bool:
        """Out of a state in which somebody may be who is in no bin, if only in the step in which he enters."""
        return self.transitions[i].source not in self.aged - self.entered

    def occupancy(self) -> np.ndarray:
        """Mass in bins, [state, row]."""
        result = np.zeros((self.block.states, self.block.rows))
        for s in self.aged:
            result[s] = self._held(s)
        return result

    def _held(self, state: int) -> np.ndarray:
        held = self.starters[state].held if state in self.starters else self.nobody
        return held + self.bins[state].held if state in self.bins else held

    def emptied(self, state: int, rows: np.ndarray) -> np.ndarray | float:
        """Mass of a state in bins, [row], in the rows that are True; taken out."""
        mass = np.where(rows, self._held(state), 0.0)
        for of in (self.starters, self.bins):
            if state in of:
                of[state].empty(rows)
        return mass

    def advance(self, step: int, begin: float, end: float, x: np.ndarray):
        """One step. Returns transitions {transition: amount[row]}, the plain occupancy after, time spent [state, row]."""
        if step >= self.span.stop:
            self._look_ahead(step)
        self.now, place = self.shared.middles[step], step - self.span.start
        common = {i: hazards[place] for i, hazards in self.ahead.items()}
        amounts: dict[int, np.ndarray] = {}
        spent, at_once, evenly = np.zeros_like(x), x.copy(), np.zeros_like(x)
        for state in self.aged:
            left, present, share = self._leave(state, step, common)
            spent[state] = present
            self._settle(left, share, at_once, evenly)
            amounts |= left
        after, mean, rates = self._flow(step, common, at_once, evenly)
        for i, rate in rates.items():
            amount = rate * mean[self.transitions[i].source]
            amounts[i] = amounts[i] + amount if i in amounts else amount
        for state in self.entered:
            self.bins[state].enter(step, after[state])
            after[state] = 0.0
        return amounts, after, (spent + mean) * (end - begin)

    def _look_ahead(self, step: int) -> None:
        """Make what is known of the steps to come, for some of them at once."""
        self.span = slice(step, min(step + SPAN, len(self.lengths)))
        self.ahead = {i: self.shared.over(i, self.span) for i in self.common}
        for starters in self.starters.values():
            starters.look_ahead(self.span)

    def _flow(self, step: int, common, at_once: np.ndarray, evenly: np.ndarray):
        """Plain occupancy after the step and its mean in it, and the rates by which it flows."""
        if self.flows is not None and self.even[step]:
            if self.flows.unknown:
                self.flows.make(_bounded(self._plain_rates(common, step), self.events), self.now)
            if self.flows.solved:
                return *self.flows.advance(at_once, evenly), self.flows.rates
        rates = _bounded(self._plain_rates(common, step), self.events)
        flows = flows_at(self.block, self.now, rates)
        # rounded up, so that rows do not see one another
        exits = 2.0 ** np.ceil(np.log2(max(largest_exit(flows), MILD)))
        return *advance(flows, at_once, exits, evenly if self.aged else None), rates

    def _plain_rates(self, common, step: int) -> dict[int, np.ndarray]:
        """Rates of the plain occupancy; entrants of this step to an aged state are exposed from age 0."""
        rates = dict(common)
        for i in self.by_stay:
            if self.events[i].source in self.entered:
                rates[i] = self.ages[i].first(float(self.lengths[step])) * self._ratio(i, step)
        return {i: rates[i] for i in rates if self._is_plain(i)}

    def _ratio(self, i: int, step: int) -> np.ndarray | float:
        """The hazard ratio in force, where it changes."""
        ratio = self.shared.ratio(i, slice(step, step + 1))
        return 1.0 if isinstance(ratio, float) else ratio[0]

    def _leave(self, state: int, step: int, common):
        """Take the transitions of one step out of the bins of a state.

        Returns ({transition: amount[row]}, mean present[row], share[row] of them that counts as gone at the beginning of the
        step, the others evenly over it): most leave early where hazards are high, and the rest of the step is spent where they
        went.
        """
        before = self._held(state)
        left, present = self._present(state, step, common)
        left |= {i: common[i] * present for i in self.out[state][1]}
        gone = sum(left.values())
        rest = (before - present) / np.maximum(gone, LEAST)  # of the step, for each
        return left, present, np.minimum(np.maximum(2 * rest - 1, 0.0), 1.0)

    def _present(self, state: int, step: int, common):
        """({own transition: amount[row]}, mean present[row]) of all who are in a state at the beginning of a step."""
        of_bins = self._leave_bins(state, step, common) if step and state in self.bins else None
        if state not in self.starters:
            return of_bins or (dict.fromkeys(self.out[state][0], self.nobody), self.nobody)
        left, present = self.starters[state].leave(step - self.span.start)
        if of_bins is None:
            return left, present
        return {i: left[i] + more for i, more in of_bins[0].items()}, present + of_bins[1]

    def _leave_bins(self, state: int, step: int, common):
        """As `_present`, of those who entered in earlier steps."""
        bins, (own, others) = self.bins[state], self.out[state]
        background = sum((common[i] for i in others), self.nobody)
        ratios = {i: self._ratio(i, step) for i in own}
        known = bins.leave(step, int(self.until[state][step]), ratios, background)
        if known is not None:
            return known
        return bins.age(step, {i: self._of_bins(i, step) * ratios[i] for i in own}, background)

    def _of_bins(self, i: int, step: int) -> np.ndarray:
        """Hazard of this step for the bins 0..step-1, averaged over the times of entry of each."""
        return self.ages[i].rises(slice(0, step))[::-1] if self.even[step] else self.ages[i].uneven(step)

    def _settle(self, left, share: np.ndarray, at_once: np.ndarray, evenly: np.ndarray) -> None:
        """Where the mass that left the bins comes to rest, at the beginning of the step and in the course of it."""
        for i, amount in left.items():
            for target, part in routes(self.block.dynamics, self.transitions[i].target, self.now):
                arrived = amount if isinstance(part, float) else amount * part
                early = share * arrived
                at_once[target] += early
                evenly[target] += arrived - early


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
    cap = {s: np.minimum(1.0, MOST / np.maximum(total, LEAST)) for s, total in exits.items()}
    return {i: rate * cap[events[i].source] if i in events else rate for i, rate in rates.items()}
