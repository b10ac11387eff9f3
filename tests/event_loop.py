"""Patients who wait for resources, in a plain event loop: the oracle of the queueing engine.

Written from docs/engines.md (section "Waiting") and using nothing of `model`. Days count from a Monday, 0:00. It is slow and
plain on purpose: one sorted list of those who wait, looked through from the start after each step.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from math import inf

HAIR = 1e-9  # days


@dataclass(frozen=True)
class Resource:
    """units; spans: (from, to) in hours of the week, none where it is always open; preemptive."""

    units: float
    spans: tuple[tuple[float, float], ...] = ()
    preemptive: bool = False

    def is_open(self, day: float) -> bool:
        hour = (day + HAIR) % 7 * 24
        return not self.spans or any(start <= hour < end for start, end in self.spans)


@dataclass(frozen=True)
class Exit:
    """when(patient, name, visit, own time) -> own time of the event. stops: it stands still while something that the state
    needs is taken away."""

    name: str
    target: str
    when: object
    stops: bool = False


@dataclass(frozen=True)
class Branch:
    """Of a chance node: score(patient, name, visit, time waited); the smallest is taken."""

    name: str
    target: str
    score: object


@dataclass(frozen=True)
class State:
    needs: frozenset = frozenset()
    priority: dict = field(default_factory=dict)  # by group; 0 for others
    exits: tuple[Exit, ...] = ()
    branches: tuple[Branch, ...] = ()


@dataclass(eq=False)
class Patient:
    key: object
    group: str
    arrived: float
    state: str
    end: float  # own time at which he is followed no longer
    held: dict = field(default_factory=dict)  # resource -> number of the request
    visits: dict = field(default_factory=dict)
    waited: float = 0.0
    log: list = field(default_factory=list)  # (state, entered, left, move, waited in it), own times
    # of the present stay
    stay: int = 0
    entered: float = 0.0
    events: dict = field(default_factory=dict)  # exit -> own time
    stopped: dict = field(default_factory=dict)  # exit -> time left
    wish: Exit | None = None
    stay_waited: float = 0.0
    # of the present request
    target: str | None = None
    lacks: frozenset = frozenset()
    asked: float = 0.0
    number: int = 0


class Centre:
    """run(patients) fills their logs; `waits` has (patient, resources, asked, granted or inf, given up or inf)."""

    def __init__(self, resources: dict[str, Resource], states: dict[str, State]):
        self.resources, self.states = resources, states
        self.free = {name: r.units for name, r in resources.items()}
        self.queue: list[Patient] = []
        self.inside: list[Patient] = []
        self.events, self.order, self.numbers, self.now = [], itertools.count(), itertools.count(), 0.0
        self.waits: list[tuple] = []

    def at(self, day: float, action, *arguments) -> None:
        heapq.heappush(self.events, (day, next(self.order), action, arguments))

    def run(self, patients: list[Patient]) -> None:
        for patient in patients:
            self.at(patient.arrived, self.arrive, patient)
        self.opens_from(0)
        while self.events:
            self.now = self.events[0][0]
            while True:
                while self.events and self.events[0][0] <= self.now:
                    _, _, action, arguments = heapq.heappop(self.events)
                    action(*arguments)
                first = next((p for p in sorted(self.queue, key=self.place) if self.can(p)), None)
                if first is None:
                    break
                self.grant(first)

    def opens_from(self, week: int) -> None:
        """Openings are moments at which those who wait are looked at; the next week's are planned while anyone is there."""
        for resource in self.resources.values():
            for start, _ in resource.spans:
                self.at(7 * week + start / 24, lambda: None)
        spans = any(resource.spans for resource in self.resources.values())
        if spans and (week == 0 or self.inside or any(action == self.arrive for _, _, action, _ in self.events)):
            self.at(7 * week + 7, self.opens_from, week + 1)

    # --- the life of a patient ----------------------------------------------------------------------------------

    def own(self, patient: Patient) -> float:
        return self.now - patient.arrived

    def arrive(self, patient: Patient) -> None:
        self.inside.append(patient)
        self.at(patient.arrived + patient.end, self.finish, patient)
        self.enter(patient, patient.state)

    def enter(self, patient: Patient, state: str) -> None:
        patient.state, patient.entered, patient.stay = state, self.own(patient), patient.stay + 1
        patient.wish, patient.stopped, patient.stay_waited = None, {}, 0.0
        patient.visits[state] = patient.visits.get(state, 0) + 1
        visit, now = patient.visits[state], self.own(patient)
        patient.events = {e: e.when(patient, e.name, visit, now) for e in self.states[state].exits}
        self.plan(patient)

    def plan(self, patient: Patient) -> None:
        if patient.events:
            day = patient.arrived + min(patient.events.values())
            if day < patient.arrived + patient.end:
                self.at(max(day, self.now), self.event, patient, patient.stay)

    def event(self, patient: Patient, stay: int) -> None:
        if stay != patient.stay or not patient.events:
            return
        exit = min(patient.events, key=patient.events.get)
        if patient.arrived + patient.events[exit] > self.now + 1e-12:
            return  # planned before a clock was stopped
        del patient.events[exit]
        self.stop_waiting(patient)
        patient.wish = exit
        target = self.route(patient, exit.target)[-1]
        if self.missing(patient, target):
            self.ask(patient, target)
            self.plan(patient)
        else:
            self.move(patient)

    def route(self, patient: Patient, state: str) -> list[str]:
        """Chance nodes passed, and the state after them."""
        path = [state]
        while self.states[path[-1]].branches:
            visit = patient.visits.get(path[-1], 0) + 1
            branches = self.states[path[-1]].branches
            path.append(min(branches, key=lambda b: b.score(patient, b.name, visit, patient.waited)).target)
        return path

    def move(self, patient: Patient) -> None:
        path = self.route(patient, patient.wish.target)
        self.write(patient, patient.wish.name)
        for node in path[:-1]:
            patient.visits[node] = patient.visits.get(node, 0) + 1
        for resource in set(patient.held) - self.states[path[-1]].needs:
            self.give_back(patient, resource)
        self.enter(patient, path[-1])

    def finish(self, patient: Patient) -> None:
        self.stop_waiting(patient)
        self.write(patient, None)
        for resource in list(patient.held):
            self.give_back(patient, resource)
        patient.events, patient.stay = {}, patient.stay + 1
        self.inside.remove(patient)

    def write(self, patient: Patient, move: str | None) -> None:
        patient.log.append((patient.state, patient.entered, self.own(patient), move, patient.stay_waited))

    # --- waiting ------------------------------------------------------------------------------------------------

    def priority(self, patient: Patient, state: str) -> int:
        return self.states[state].priority.get(patient.group, 0)

    def place(self, patient: Patient) -> tuple[int, int]:
        return self.priority(patient, patient.target), patient.number

    def missing(self, patient: Patient, state: str) -> frozenset:
        return self.states[state].needs - set(patient.held)

    def ask(self, patient: Patient, target: str, number: int | None = None) -> None:
        patient.target, patient.lacks, patient.asked = target, self.missing(patient, target), self.now
        patient.number = next(self.numbers) if number is None else number
        self.queue.append(patient)

    def stop_waiting(self, patient: Patient, granted: bool = False) -> None:
        if patient in self.queue:
            self.queue.remove(patient)
            patient.waited += self.now - patient.asked
            patient.stay_waited += self.now - patient.asked
            ends = (self.now, inf) if granted else (inf, self.now)
            self.waits.append((patient.key, patient.lacks, patient.asked, *ends))

    def can(self, patient: Patient) -> bool:
        return all(
            self.resources[r].is_open(self.now)
            and (self.free[r] > 0 or self.victim(r, self.priority(patient, patient.target)))
            for r in patient.lacks
        )

    def victim(self, resource: str, priority: int) -> Patient | None:
        """Of those of lower priority, by the state they are in, who have it: the last to ask among the lowest."""
        if not self.resources[resource].preemptive:
            return None
        users = [p for p in self.inside if resource in p.held and self.priority(p, p.state) > priority]
        return max(users, key=lambda p: (self.priority(p, p.state), p.held[resource]), default=None)

    def grant(self, patient: Patient) -> None:
        for resource in sorted(patient.lacks):
            if self.free[resource] <= 0:
                self.take_away(self.victim(resource, self.priority(patient, patient.target)), resource)
            self.free[resource] -= 1
            patient.held[resource] = patient.number
        self.stop_waiting(patient, granted=True)
        if patient.wish is None:
            self.resume(patient)
            return
        target = self.route(patient, patient.wish.target)[-1]
        if self.missing(patient, target):
            # The branch is decided after the wait: another one, which needs more. All is taken together.
            for resource in patient.lacks:
                self.give_back(patient, resource)
            self.ask(patient, target, patient.number)
        else:
            self.move(patient)

    def give_back(self, patient: Patient, resource: str) -> None:
        del patient.held[resource]
        self.free[resource] += 1

    # --- pre-emption --------------------------------------------------------------------------------------------

    def take_away(self, patient: Patient, resource: str) -> None:
        number = patient.held[resource]
        self.give_back(patient, resource)
        if patient.wish is not None:
            if self.missing(patient, patient.target) != patient.lacks:
                self.stop_waiting(patient)
                self.ask(patient, patient.target, patient.number)
            return
        self.stop_waiting(patient)
        for exit in [e for e in patient.events if e.stops]:
            patient.stopped[exit] = patient.events.pop(exit) - self.own(patient)
        self.ask(patient, patient.state, number)
        self.plan(patient)

    def resume(self, patient: Patient) -> None:
        patient.events |= {exit: self.own(patient) + left for exit, left in patient.stopped.items()}
        patient.stopped = {}
        self.plan(patient)
