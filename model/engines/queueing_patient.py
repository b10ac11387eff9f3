"""One patient in the queueing engine: a life as a SimPy process, stay by stay."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from model import fixed_times
from model.draws import DomainError
from model.dynamics import AtOnce
from model.engines import risks
from model.engines.desk import Ticket
from model.engines.individual import MOST
from model.engines.queueing_group import Group
from model.engines.refusals import NOWHERE
from model.history import NO_TRANSITION

AFTER = 1_000_000_000  # in the log, minus this and minus their number: those who arrive after the last recruit


class Patient:
    """A patient's life as a SimPy process. held: his tickets by resource; waited: time queued so far, in model units."""

    __slots__ = ("world", "env", "desk", "group", "number", "arrived", "held", "visits", "waited", "kept", "process")

    def __init__(self, world, group: Group, number: int):
        self.world, self.env, self.desk, self.group, self.number = world, world.env, world.desk, group, number
        self.arrived, self.waited = world.env.now, 0.0
        self.held: dict[int, Ticket] = {}
        self.visits: dict[int, int] = {}
        self.kept: set[int] = set()  # appointments
        self.process = self.env.process(self.life())

    def life(self):
        group = self.group
        state, now = self._begin()
        while group.exits[state] or self.held:
            self._count(state)
            left, path, after = yield from self._stay(state, now)
            if path is None:
                break
            for transition in path[1:]:
                group.record(self.number, group.dynamics.transitions[transition].source, left, left, transition, 0.0)
                self._count(group.dynamics.transitions[transition].source)
            state, now = after, left
        else:
            group.record(self.number, state, now, group.end, NO_TRANSITION, 0.0)
        self.give_back(())

    def _begin(self) -> tuple[int, float]:
        """The state after the start, chance nodes passed."""
        group = self.group
        state = self._first(group.start)
        if 0 <= self.number < group.part.patients:
            group.starts[self.world.strategy, self.world.draw, self.number] = state
        path, after = self.route(state, 0.0)
        for transition in path:
            node = group.dynamics.transitions[transition].source
            group.record(self.number, node, 0.0, 0.0, transition, 0.0)
            self._count(node)
        if group.needs[after]:
            raise DomainError(f"states.{group.dynamics.states[after]}.holds: the queueing engine {NOWHERE}")
        return after, 0.0

    def _first(self, shares: dict[int, float]) -> int:
        if len(shares) == 1:
            return next(iter(shares))
        states = self.group.dynamics.states
        return min(shares, key=lambda s: self.group.exponential(f"start {states[s]}", self.number) / shares[s])

    # --- one stay -----------------------------------------------------------------------------------------------

    def _stay(self, state: int, now: float):
        """(time of leaving, transitions taken, next state); the transitions are None at the end of time."""
        stay = Stay(self, state, now)
        while True:
            time = stay.events[0][0] if stay.events else self.group.end
            try:
                granted = yield from self._until(time, stay.ticket)
            except self.world.interrupt as interrupt:
                stay.lost(interrupt.cause)
                continue
            if granted and stay.wish.path:
                if stay.turn(self.own_time()):
                    return stay.leave(self.own_time())
            elif granted:
                stay.resume()
            elif not stay.events:
                return stay.end()
            elif stay.happen():
                return stay.leave(time)
            else:
                if not self.held:
                    yield self.env.timeout(self._delay(time))
                if stay.ask(time) and stay.turn(time):
                    return stay.leave(time)

    def _until(self, time: float, ticket: Ticket | None):
        """Wait until one's own `time`; True where the ticket is granted before. Without resources nobody need be told."""
        if ticket is None:
            if self.held:
                yield self.env.timeout(self._delay(time))
            return False
        if ticket.granted is None and ticket.event is not None:
            yield ticket.event | self.env.timeout(self._delay(time))
        return ticket.granted is not None

    def _delay(self, time: float) -> float:
        return max(self.arrived + time * self.group.day - self.env.now, 0.0)

    def own_time(self) -> float:
        return (self.env.now - self.arrived) / self.group.day

    # --- visits and branches ------------------------------------------------------------------------------------

    def _count(self, state: int) -> None:
        if state in self.group.counted:
            self.visits[state] = self.visits.get(state, 0) + 1
            if self.visits[state] > MOST:
                raise DomainError(
                    f"states.{self.group.dynamics.states[state]}: a patient entered it more than {MOST:,} times"
                )

    def route(self, state: int, now: float, since: float = 0.0) -> tuple[list[int], int]:
        """Branches taken from a state on, and the state in which they end; chance nodes are not yet counted as visited.

        since: time in the state that is left.
        """
        group = self.group
        path: list[int] = []
        while group.dynamics.chance[state]:
            visit = self.visits.get(state, 0) + 1 if state in group.counted else 1
            branches = group.branches[state]
            path.append(min(branches, key=lambda i: self._share(branches[i], now, visit, since)))
            state = group.dynamics.transitions[path[-1]].target
        return path, state

    def _share(self, branch: AtOnce, now: float, visit: int, since: float) -> float:
        group = self.group
        probability = risks.probability(group.dynamics, branch, now, group.case, self.waited, since)
        return group.exponential(branch.label, self.number, visit) / probability if probability else np.inf

    # --- resources ----------------------------------------------------------------------------------------------

    def lacks(self, state: int) -> tuple[int, ...]:
        """Resources that `state` needs beyond those held."""
        return tuple(r for r in self.group.needs[state] if r not in self.held)

    def ask(self, state: int, number: int | None = None) -> Ticket:
        """`number`: his old place in the queue, if he keeps it."""
        return self.desk.ask(self.lacks(state), self.group.priority[state], self, state, number)

    def take(self, ticket: Ticket) -> None:
        """The desk has granted a ticket."""
        for r in ticket.needs:
            self.held[r] = ticket

    def give_up(self, ticket: Ticket, instead: int) -> None:
        """`instead`: the state to which the patient goes, or -1 at the end of time."""
        self.desk.withdraw(ticket)
        for r in ticket.needs:
            self._log(r, ticket, np.nan, self.env.now, instead)

    def give_back(self, but: tuple[int, ...]) -> None:
        for r in [r for r in self.held if r not in but]:
            ticket = self.held.pop(r)
            self.desk.release(self, r)
            self._log(r, ticket, ticket.granted, self.env.now)

    def return_unused(self, ticket: Ticket) -> None:
        """What was granted a moment ago is not what he needs."""
        for r in ticket.needs:
            del self.held[r]
            self.desk.release(self, r)
            self._log(r, ticket, np.nan, self.env.now)

    def keep(self, state: int) -> None:
        """He moves on to `state` with what he holds, and his priority is that of the state he is in."""
        self.give_back(self.group.needs[state])
        for ticket in self.held.values():
            if ticket.priority != self.group.priority[state]:
                ticket.priority = self.group.priority[state]
                self.desk.look_again()

    def lose(self, r: int, ticket: Ticket) -> None:
        """The desk takes a resource away."""
        del self.held[r]
        self._log(r, ticket, ticket.granted, self.env.now)
        self.process.interrupt(ticket)

    def _log(self, r: int, ticket: Ticket, granted: float | None, left: float, instead: int = -1) -> None:
        recruit = self.number < self.group.part.patients and self.group.comes
        number = self.number if recruit else -AFTER - self.number
        self.world.log.append(
            (
                self.world.strategy,
                self.world.draw,
                self.group.place,
                number,
                r,
                _together(ticket.needs),
                ticket.target,
                instead,
                ticket.asked,
                granted,
                left,
            )
        )


@cache
def _together(resources: tuple[int, ...]) -> int:
    return sum(1 << r for r in resources)


class Wish(NamedTuple):
    """What a patient wants next: transitions to make (the first by chance or plan, branches after it), and the state they end in."""

    path: list[int]
    state: int


NO_WISH = Wish([], -1)


class Stay:
    """A stay in one state. events: (time at which it counts, exact time, transition) to come; wish: what the ticket is for.

    A ticket without a wish is for a resource lost to a patient of higher priority; `frozen` are the (time left, transition) of
    the clock that stands still until it is back.
    """

    __slots__ = ("patient", "state", "entered", "events", "wish", "ticket", "asked", "waited", "frozen")

    def __init__(self, patient: Patient, state: int, now: float):
        self.patient, self.state, self.entered = patient, state, now
        self.wish, self.asked, self.waited = NO_WISH, now, 0.0
        self.ticket: Ticket | None = None
        self.frozen: list[tuple[float, int]] = []
        self.events = sorted(self._events(patient.group, now))

    def _events(self, group: Group, now: float):
        visit = self.patient.visits.get(self.state, 1)
        for transition in group.exits[self.state]:
            time = (
                np.inf if transition in self.patient.kept else group.event(transition, self.patient.number, visit, now)
            )
            if time < group.end:
                counted = risks.counted_at(group.dynamics, time, [transition]) if self.state in group.by_cycle else time
                yield counted, time, transition

    def happen(self) -> bool:
        """The next event happens: the patient gives up what he waited for; True where he can leave at once."""
        time, transition = self._next()
        self._stop_waiting(time, self.patient.group.dynamics.transitions[transition].target)
        self._aim(transition, time)
        return not self.patient.lacks(self.wish.state)

    def _next(self) -> tuple[float, int]:
        """The next event. Of fixed times that fall together one happens, by rule; an appointment is kept once."""
        group, (time, exact, transition) = self.patient.group, self.events.pop(0)
        if transition in group.fixed:
            together = [event for event in self.events if event[-1] in group.fixed and event[1] <= exact + group.hair]
            if together:
                self.events = [event for event in self.events if event not in together]
                transition = fixed_times.first_of(
                    group.dynamics, [transition, *(event[-1] for event in together)], exact, group.words
                )
            if group.fixed[transition].clock == "model":
                self.patient.kept.add(transition)
        return time, transition

    def _aim(self, transition: int, time: float) -> None:
        target = self.patient.group.dynamics.transitions[transition].target
        branches, after = self.patient.route(target, time, time - self.entered)
        self.wish = Wish([transition, *branches], after)

    def turn(self, time: float) -> bool:
        """The wish is granted: branches are taken now, after the wait. True unless they lead to where more is needed."""
        self._add_wait(time)
        if len(self.wish.path) > 1:
            self._aim(self.wish.path[0], time)
        if not self.patient.lacks(self.wish.state):
            return True
        # Another branch, which needs more: all of it is taken together, at his old place in the queue.
        ticket = self.ticket
        assert ticket is not None  # it was granted just now
        self.patient.return_unused(ticket)
        return self.ask(time, ticket.number) and self.turn(time)

    def ask(self, time: float, number: int | None = None) -> bool:
        """Ask for what the wish needs; True where it is granted at once."""
        self.asked, self.ticket = time, self.patient.ask(self.wish.state, number)
        return self.ticket.granted is not None

    def _stop_waiting(self, time: float, instead: int = -1) -> None:
        if self.ticket is not None:
            self._add_wait(time)
            if self.ticket.granted is None:
                self.patient.give_up(self.ticket, instead)
        self.wish, self.ticket = NO_WISH, None

    def _add_wait(self, time: float) -> None:
        self.waited += time - self.asked
        self.patient.waited += time - self.asked

    def leave(self, time: float):
        wish = self.wish
        self._record(time, wish.path[0])
        if self.patient.held:
            self.patient.keep(wish.state)
        return time, wish.path, wish.state

    def end(self):
        end = self.patient.group.end
        self._stop_waiting(end)
        self._record(end, NO_TRANSITION)
        return end, None, self.state

    def _record(self, time: float, transition: int) -> None:
        self.patient.group.record(self.patient.number, self.state, self.entered, time, transition, self.waited)

    # --- pre-emption --------------------------------------------------------------------------------------------

    def lost(self, ticket: Ticket) -> None:
        """A resource was taken away. Who waits for the next state asks for it too, if that needs it; others ask to have it back.
        Either keeps his old number, and so his place before those who asked later."""
        now, wish, waiting = self.patient.own_time(), self.wish, self.ticket
        if not wish.path:
            self._stop_clock(now)
            self._ask_anew(now, self.state, ticket.number)
        elif waiting is not None and self.patient.lacks(wish.state) != waiting.needs:
            self._ask_anew(now, wish.state, waiting.number)
            self.wish = wish

    def _ask_anew(self, now: float, state: int, number: int) -> None:
        self._stop_waiting(now)
        self.asked, self.ticket = now, self.patient.ask(state, number)

    def _stop_clock(self, now: float) -> None:
        """The clock of the state stands still, and what follows it with it."""
        paused = [event for event in self.events if event[-1] in self.patient.group.paused]
        self.frozen += [(time - now, transition) for time, _, transition in paused]
        self.events = [event for event in self.events if event not in paused]

    def resume(self) -> None:
        """The lost resource is back."""
        now = self.patient.own_time()
        self._add_wait(now)
        end = self.patient.group.end
        self.events += [(now + left, now + left, transition) for left, transition in self.frozen if now + left < end]
        self.events.sort()
        self.ticket, self.frozen = None, []
