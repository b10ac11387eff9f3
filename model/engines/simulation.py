"""Patients from event to event, all at once, where nobody waits for anybody.

For each patient, visit (n-th entry to the state) and transition there is a number E ~ Exp(1), the same in every
strategy; the event is at H^-1(H(now) + E) and the earliest wins. A chance node is the same race without time: the
branch with the smallest E / p is taken, which has probability p (and couples strategies as one uniform would).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model import fixed_times
from model.addressed import Addresses
from model.draws import DomainError
from model.dynamics import Dynamics
from model.engines import accrual, risks
from model.engines.diagram import MOST, exits, in_order, revisited
from model.history import Entries, Gone, Stays
from model.rows import Everyone, Rows, Some


class Diagram:
    """What all patients of some dynamics share."""

    def __init__(self, dynamics: Dynamics):
        self.dynamics, self.exits, self.risks = dynamics, exits(dynamics), risks.risks(dynamics)
        self.order, self.revisited = in_order(self.exits, dynamics), revisited(self.exits, dynamics)
        self.end = accrual.end_of_time(dynamics)
        certain = np.flatnonzero((dynamics.start == 1).all(axis=(0, 1)))
        self.start = int(certain[0]) if len(certain) else None  # of everyone
        self.fixed = {i for i, risk in self.risks.items() if isinstance(risk, risks.Fixed)}
        # An appointment is kept once: who comes back to the state at that very moment has kept it.
        fixed = dynamics.fixed()
        self.kept_once = [i for i in self.fixed if fixed[i].clock == "model" and fixed[i].source in self.revisited]


class Simulation:
    """Patients of [strategy, draw, patient] from event to event. draws: those of the dynamics that are followed; part: the first
    and the end of the patients of `addresses` that are."""

    def __init__(self, diagram: Diagram, addresses: Addresses, draws: slice, part: tuple[int, int]):
        self.diagram, self.dynamics, self.addresses = diagram, diagram.dynamics, addresses
        # Places of strategies and draws in what the diagram has.
        self.cases = np.arange(np.prod(self.dynamics.shape)).reshape(self.dynamics.shape)[:, draws]
        self.draws, self.patients = draws, np.arange(*part) + addresses.first
        self.shape = (*self.cases.shape, len(self.patients))
        rows = int(np.prod(self.shape))
        self.visits: dict[int, np.ndarray] = {}
        self.kept = {i: np.zeros(rows, bool) for i in diagram.kept_once}
        self.since = np.zeros(rows) if self.dynamics.reads_time_in_state else None
        self.start = self._start()

    def stays(self) -> Iterator[Stays]:
        """Of all patients, one state after the other."""
        waiting: dict[int, list[Entries | Gone]] = {s: [] for s in self.diagram.exits}
        self._begin(waiting)
        while any(waiting.values()):
            for state in self.diagram.order:
                entries, waiting[state] = waiting[state], []
                yield from self._leave(state, entries, waiting)

    def _start(self) -> np.ndarray | int:
        """[strategy, draw, patient] state at time 0, or that of everyone."""
        if self.diagram.start is not None:
            return self.diagram.start
        shares = self.dynamics.start
        soonest, start = np.full(self.shape, np.inf), np.zeros(self.shape, int)
        who = _Who(self, Everyone(self.shape), 1)
        with np.errstate(divide="ignore"):
            for s, state in enumerate(self.dynamics.states):
                time = who.exponential(f"start {state}") / shares[..., s].reshape(-1)[who.case]
                start[time < soonest] = s
                soonest = np.minimum(time, soonest)
        return start

    def _begin(self, waiting: dict[int, list[Entries | Gone]]) -> None:
        if isinstance(self.start, int):
            waiting[self.start].append(Entries(Everyone(self.shape), 0.0))
            return
        for state in waiting:
            rows = np.flatnonzero(self.start == state)
            if len(rows):
                waiting[state].append(Entries(Some(self.shape, rows), 0.0))

    def _leave(self, state: int, entries: list[Entries | Gone], waiting: dict) -> Iterator[Stays]:
        """All who have entered a state and wait there: find their next event and pass them on."""
        if not self.diagram.exits[state]:
            yield from (Stays(state, some, self.diagram.end) for some in entries)
            return
        together = _together(entries)
        if together is None:
            return
        stays = self._stays(state, together)
        yield stays
        for transition in self.diagram.exits[state]:
            waiting[self.dynamics.transitions[transition].target].append(stays.by(transition))

    @np.errstate(divide="ignore", over="ignore", invalid="ignore")
    def _stays(self, state: int, entries: Entries | Gone) -> Stays:
        race = self._branch if self.dynamics.chance[state] else self._race
        who = _Who(self, entries.rows, self._visit(state, entries.rows))
        left, taken = race(state, who, entries.time)
        if self.since is not None and not self.dynamics.chance[state]:
            self.since[entries.rows.rows] = entries.rows.flat(left - entries.time)
        return Stays(state, entries, left, taken)

    def _race(self, state: int, who: _Who, now):
        """(time, transition) of the earliest event; the end of time and NO_TRANSITION where there is none."""
        race, due = _Race(who.size, self.diagram.end), dict[int, np.ndarray]()
        for transition in self.diagram.exits[state]:
            if transition in self.diagram.fixed:
                time = due[transition] = self._due(transition, who, now)
            else:
                time = self.diagram.risks[transition].event(now, self._exponential(transition, who), who.case)
            race.run(transition, time)
        soonest, taken = race.soonest, race.taken
        if len(due) > 1:
            self._settle_ties(due, soonest.reshape(-1), taken.reshape(-1), who)
        for transition in due.keys() & self.kept.keys():
            self.kept[transition][who.rows.rows[(taken == transition).reshape(-1)]] = True
        return risks.counted_at(self.dynamics, soonest, self.diagram.exits[state]), taken

    def _due(self, transition: int, who: _Who, now) -> np.ndarray:
        time = self.diagram.risks[transition].event(now, None, who.case)
        if transition not in self.kept:
            return time
        return np.where(self.kept[transition][who.rows.rows].reshape(who.size), np.inf, time)

    def _settle_ties(self, due: dict[int, np.ndarray], soonest: np.ndarray, taken: np.ndarray, who: _Who) -> None:
        """Of fixed times that fall together one is taken by rule, whatever the order of lines."""
        times, case = [who.rows.flat(time) for time in due.values()], who.rows.flat(who.case)
        together = np.stack(times) <= soonest + fixed_times.hair(self.dynamics)
        for pattern in np.unique(together[:, together.sum(axis=0) > 1], axis=1).T:
            rows = np.flatnonzero((together == pattern[:, None]).all(axis=0))
            transitions = [transition for transition, one in zip(due, pattern) if one]
            words = self._case(case[rows[0]])
            taken[rows] = fixed_times.first_of(self.dynamics, transitions, soonest[rows[0]], words)

    def _case(self, case: int) -> str:
        strategy, draw = divmod(int(case), self.dynamics.shape[1])
        return f", in strategy {self.dynamics.strategies[strategy]}, draw {self.addresses.numbers[draw] + 1}"

    def _branch(self, node: int, who: _Who, now):
        race = _Race(who.size, np.inf)
        since = 0.0 if self.since is None else self.since[who.rows.rows].reshape(who.size)
        for transition, branch in self.dynamics.branches(node).items():
            probability = risks.probability(self.dynamics, branch, now, who.case, 0.0, since)
            race.run(transition, self._exponential(transition, who) / probability)
        return now, race.taken

    def _exponential(self, transition: int, who: _Who) -> np.ndarray:
        return who.exponential(self.dynamics.transitions[transition].label)

    def _visit(self, state: int, rows: Rows):
        """The how-manieth visit of each, or 1 where it is the first of all."""
        if state not in self.diagram.revisited:
            return 1
        first = state not in self.visits
        visits = self.visits.setdefault(state, np.zeros(int(np.prod(self.shape)), np.uint64))
        visits[rows.rows] += np.uint64(1)
        if first:
            return 1
        visit = visits[rows.rows]
        if visit.max() > MOST:
            raise DomainError(
                f"states.{self.dynamics.states[state]}: a patient entered it more than {MOST:,} times; "
                "transitions out of it are too fast or lead in a circle without time"
            )
        return visit


class _Race:
    """The earliest of several events, each run in the order of their numbers; soonest: its time, or `end`."""

    def __init__(self, size: tuple[int, ...], end: float):
        self.soonest, self._number = np.full(size, end), np.zeros(size, np.int16)

    def run(self, transition: int, time: np.ndarray) -> None:
        earlier = np.less(time, self.soonest)
        # Numbers from 1 on rise, so the last that was earlier is the greatest: a third of the time of a look-up by mask.
        np.maximum(self._number, np.multiply(earlier, transition + 1, dtype=np.int16), out=self._number)
        np.minimum(time, self.soonest, out=self.soonest)

    @property
    def taken(self) -> np.ndarray:
        """The transition, or NO_TRANSITION where none is before the end."""
        return self._number - np.int16(1)


def _together(entries: list[Entries | Gone]) -> Entries | Gone | None:
    """All who enter, or None where nobody does."""
    entries = [some for some in entries if len(some.rows)]
    if len(entries) < 2:
        return entries[0] if entries else None
    rows, time = ([getattr(some, name) for some in entries] for name in ("rows", "time"))
    flat = np.concatenate([some.flat(t) for some, t in zip(rows, time)])
    return Entries(Some(rows[0].shape, np.concatenate([some.rows for some in rows])), flat)


@dataclass
class _Who:
    """Some patients, and their random numbers; visit: of each to the state where they are, or 1."""

    simulation: Simulation
    rows: Rows
    visit: np.ndarray | int

    @cached_property
    def size(self) -> tuple[int, ...]:
        return self.rows.shape if isinstance(self.rows, Everyone) else (len(self.rows),)

    @cached_property
    def case(self) -> np.ndarray:
        """Strategy and draw, as a place in what the diagram has."""
        return self.rows.beside(self.simulation.cases)

    @cached_property
    def _of_all(self) -> np.ndarray:
        """Places in [draw, patient]."""
        size = self.rows.shape[1] * self.rows.shape[2]
        return self.rows.rows - self.rows.rows // size * size

    def exponential(self, what: str) -> np.ndarray:
        """One of each; for many it is quicker to make those of all, and no others come of it. Everyone is on his first visit."""
        simulation, (_, draws, patients) = self.simulation, self.rows.shape
        first = np.ndim(self.visit) == 0
        if first and len(self.rows) > draws * patients or isinstance(self.rows, Everyone):
            found = simulation.addresses.of_all(what, simulation.draws, simulation.patients)
            return found if isinstance(self.rows, Everyone) else found.reshape(-1)[self._of_all]
        draw = self._of_all // patients
        patient = self._of_all - draw * patients + simulation.patients[0]
        return simulation.addresses.exponential(what, draw + simulation.draws.start, patient, self.visit)
