"""One patient in the queueing engine, stay by stay.

He goes from stay to stay in his own time as long as nobody need know of it. SimPy wakes him (`Wake`) when he holds or waits for
something: at his next event, when the desk has served him, or when something was taken from him. What may lead out of a stay
returns the time at which he leaves it, or None where he stays for now.
"""

from __future__ import annotations

from functools import cache
from math import inf, nan

from model import fixed_times
from model.draws import DomainError
from model.engines.desk import NORMAL, URGENT, Ticket, Wake
from model.engines.diagram import MOST
from model.engines.queueing_group import Group
from model.engines.queueing_numbers import Event
from model.engines.refusals import NOWHERE
from model.history import NO_TRANSITION
from model.instants import HAIR

AFTER = 1_000_000_000  # in the log, minus this and minus their number: those who arrive after the last recruit
HAPPENED: Event = (-inf, -inf, -1)  # in the place of the next event, when it has happened


class Patient:
    """held: his tickets by resource; waited: time queued so far, kept: appointments kept.

    Of the present stay: entered; the `next` event, and those `later` (None: not made); here: time queued in it; frozen: (time left,
    transition) of the clock that stands still until a lost resource is back. Of his wish: the path of transitions to make, the
    first by chance or plan, branches after it, and the state `after` them; the ticket for what that needs, asked for at `asked`. A
    ticket without a path is for a resource lost to a patient of higher priority. timer: what will wake him at own time `due`, with
    an event, or to ask (`asks`).
    """

    __slots__ = (
        *(
            "world",
            "env",
            "desk",
            "group",
            "fates",
            "batch",
            "place",
            "number",
            "row",
            "arrived",
            "held",
            "visits",
            "waited",
            "kept",
        ),
        *(
            "state",
            "entered",
            "next",
            "later",
            "here",
            "frozen",
            "path",
            "after",
            "ticket",
            "asked",
            "timer",
            "due",
            "asks",
        ),
    )

    state: int
    entered: float
    next: Event | None
    later: list[Event] | None
    here: float
    path: tuple[int, ...]
    after: int
    ticket: Ticket | None
    asked: float
    due: float

    def __init__(self, world, group: Group, number: int):
        self.world, self.env, self.desk, self.group, self.number = world, world.env, world.desk, group, number
        self.fates = group.fates
        self.batch, self.place = group.fates.batch(number)
        recruit = 0 <= number < group.part.patients
        self.row = group.case * group.part.patients + number if recruit else -1
        self.arrived, self.waited = world.env.now, 0.0
        self.held: dict[int, Ticket] = {}
        self.visits: dict[int, int] = {}
        self.kept: set[int] = set()
        self.frozen: list[tuple[float, int]] = []
        self.timer: Wake | None = None
        self.asks = False
        self._live(self._begin(), 0.0)

    def _begin(self) -> int:
        """The state after the start, chance nodes passed."""
        group, fates = self.group, self.fates
        state = self.batch[fates.kinds + fates.start][self.place]
        if self.row >= 0:
            group.starts[self.world.strategy, self.world.draw, self.number] = state
        path, after = self._route(state, 0.0, 0.0)
        self._pass(path, 0.0)
        if group.needs[after]:
            raise DomainError(f"states.{group.dynamics.states[after]}.holds: the queueing engine {NOWHERE}")
        return after

    def _live(self, state: int, now: float) -> None:
        """Stay after stay, until there is something to wait for."""
        while self.group.exits[state] or self.held:
            if self.row < 0 and state in self.group.over and not self.held:
                return  # nobody sees what becomes of him
            left = self._enter(state, now)
            if left is None:
                return
            state, now = self._leave(left), left
        self._record(state, now, self.group.end, NO_TRANSITION, 0.0)

    def _go_on(self, left: float | None) -> None:
        if left is not None:
            self._live(self._leave(left), left)

    # --- what wakes him -----------------------------------------------------------------------------------------

    def _sleep(self, due: float) -> None:
        """Until his own time `due`."""
        self.due, self.timer = due, Wake(self._woken, self.desk.settle)
        delay = self.arrived + due * self.group.day - self.env.now
        self.env.schedule(self.timer, NORMAL, delay if delay > 0.0 else 0.0)

    def _woken(self, timer: Wake) -> None:
        if timer is not self.timer:
            return  # he was served before
        if self.asks:
            self.asks = False
            left = self._ask(self.due, self._lacks(self.after))
        else:
            left = self._happen()
        if left is not None:
            self._live(self._leave(left), left)

    def served(self, _wake: Wake | None = None) -> None:
        """The desk has granted his ticket."""
        self.timer = None
        self._go_on(self._wait())

    def lose(self, r: int, ticket: Ticket) -> None:
        """The desk takes a resource away; he acts upon it when the desk is done."""
        del self.held[r]
        self._log(r, ticket, self.env.now)
        self.env.schedule(Wake(lambda _wake: self._lost(ticket), self.desk.settle), URGENT)

    def own_time(self) -> float:
        return (self.env.now - self.arrived) / self.group.day

    # --- one stay -----------------------------------------------------------------------------------------------

    def _enter(self, state: int, now: float) -> float | None:
        visit = self._count(state) if state in self.group.counted else 1
        self.state, self.entered, self.here, self.path, self.ticket = state, now, 0.0, (), None
        if self.frozen:
            self.frozen = []
        if state in self.fates.plain:
            self.next, self.later = self.fates.first(state, self.batch, self.place, visit, now), None
        else:
            self.later = self.fates.events(state, self.batch, self.place, visit, now, self.kept)
            self.next = self.later.pop(0) if self.later else None
        if not self.held:
            return self._happen()
        self._sleep(self.next[0] if self.next else self.group.end)
        return None

    def _wait(self) -> float | None:
        """Until the next event, or until he is served; where he holds nothing and asks for nothing, nobody need be told."""
        ticket = self.ticket
        while ticket is not None and ticket.granted is not None:
            if not self.path:
                self._resume()
            elif self._turn(now := self.own_time()):
                return now
            ticket = self.ticket
        if self.next is HAPPENED:
            later = self._others()
            self.next = later.pop(0) if later else None
        if ticket is None and not self.held:
            return self._happen()
        self._sleep(self.next[0] if self.next else self.group.end)
        return None

    def _others(self) -> list[Event]:
        """The events after the first of the stay."""
        if self.later is None:
            visit = self.visits.get(self.state, 1)
            self.later = self.fates.events(self.state, self.batch, self.place, visit, self.entered, self.kept)[1:]
        return self.later

    def _happen(self) -> float | None:
        """The next event happens, or the end of time comes: he gives up what he waited for."""
        if self.next is None:
            self._end()
            return None
        time, _, transition = self.next
        if self.state not in self.fates.plain and transition in self.group.fixed:
            transition = self._decided(self.next)
        self.next = HAPPENED
        if self.ticket is not None:
            self._stop_waiting(time, self.group.targets[transition])
        self._aim(transition, time)
        lacks = self._lacks(self.after)
        if not lacks:
            return time
        if self.held or self.arrived + time * self.group.day - self.env.now <= HAIR:
            return self._ask(time, lacks)
        self.asks = True
        self._sleep(time)
        return None

    def _decided(self, event: Event) -> int:
        """Of fixed times that fall together one happens, by rule; an appointment is kept once."""
        group, (_, exact, transition), later = self.group, event, self._others()
        together = [event for event in later if event[-1] in group.fixed and event[1] <= exact + group.hair]
        if together:
            self.later = [event for event in later if event not in together]
            transition = fixed_times.first_of(
                group.dynamics, [transition, *(event[-1] for event in together)], exact, group.words
            )
        if group.fixed[transition].clock == "model":
            self.kept.add(transition)
        return transition

    def _leave(self, time: float) -> int:
        """The state to which he goes."""
        path, after = self.path, self.after
        if self.row >= 0:
            self.group.stays.append((self.row, self.state, self.entered, time, path[0], self.here))
        if self.held:
            self._give_back(self.group.needs[after])
            if self.held:
                self._keep(self.group.priority[after])
        if len(path) > 1:
            self._pass(path[1:], time)
        return after

    def _end(self) -> None:
        end = self.group.end
        self._stop_waiting(end)
        self._record(self.state, self.entered, end, NO_TRANSITION, self.here)
        self._give_back(())

    def _record(self, state: int, entered: float, left: float, transition: int, waited: float) -> None:
        if self.row >= 0:
            self.group.stays.append((self.row, state, entered, left, transition, waited))

    # --- visits and branches ------------------------------------------------------------------------------------

    def _count(self, state: int) -> int:
        """The number of this visit."""
        visit = self.visits[state] = self.visits.get(state, 0) + 1
        if visit > MOST:
            raise DomainError(
                f"states.{self.group.dynamics.states[state]}: a patient entered it more than {MOST:,} times"
            )
        return visit

    def _pass(self, path: tuple[int, ...], time: float) -> None:
        """Chance nodes are left as they are entered."""
        for transition in path:
            node = self.group.sources[transition]
            self._record(node, time, time, transition, 0.0)
            if node in self.group.counted:
                self._count(node)

    def _aim(self, transition: int, time: float) -> None:
        target = self.group.targets[transition]
        if self.group.chance[target]:
            branches, self.after = self._route(target, time, time - self.entered)
            self.path = (transition, *branches)
        else:
            self.path, self.after = (transition,), target

    def _route(self, state: int, now: float, since: float) -> tuple[tuple[int, ...], int]:
        """Branches taken from a state on, and the state in which they end; chance nodes are not yet counted as visited.

        since: time in the state that is left.
        """
        group = self.group
        path: tuple[int, ...] = ()
        while group.chance[state]:
            visit = self.visits.get(state, 0) + 1 if state in group.counted else 1
            path += (self.fates.taken(state, self.batch, self.place, visit, now, self.waited, since),)
            state = group.targets[path[-1]]
        return path, state

    # --- resources ----------------------------------------------------------------------------------------------

    def _lacks(self, state: int) -> tuple[int, ...]:
        """Resources that `state` needs beyond those held."""
        needs, held = self.group.needs[state], self.held
        return tuple([r for r in needs if r not in held]) if needs and held else needs

    def _ask(self, time: float, lacks: tuple[int, ...]) -> float | None:
        """Ask for what he lacks for his wish."""
        if self._is_granted(self.after, time, lacks) and self._turn(time):
            return time
        return self._wait()

    def _is_granted(self, state: int, time: float, lacks: tuple[int, ...], number: int | None = None) -> bool:
        """Ask for what he lacks for a state; number: his old place in the queue, if he keeps it."""
        self.asked = time
        self.ticket = ticket = self.desk.ask(lacks, self.group.priority[state], self, state, number)
        return ticket.granted is not None

    def _turn(self, time: float) -> bool:
        """The wish is granted: branches are taken now, after the wait. True unless they lead to where more is needed."""
        self._add_wait(time)
        if len(self.path) > 1:
            self._aim(self.path[0], time)
            if self._lacks(self.after) and self.ticket is not None:
                # Another branch, which needs more: all of it is taken together, at his old place in the queue.
                number = self.ticket.number
                self._return_unused(self.ticket)
                return self._is_granted(self.after, time, self._lacks(self.after), number) and self._turn(time)
        return True

    def take(self, ticket: Ticket) -> None:
        """The desk grants a ticket."""
        for r in ticket.needs:
            self.held[r] = ticket

    def _stop_waiting(self, time: float, instead: int = -1) -> None:
        """instead: the state to which he goes, or -1."""
        ticket = self.ticket
        if ticket is not None:
            self._add_wait(time)
            if ticket.granted is None:
                self.desk.withdraw(ticket)
                for r in ticket.needs:
                    self._log(r, ticket, self.env.now, nan, instead)
        self.path, self.ticket = (), None

    def _add_wait(self, time: float) -> None:
        self.here += time - self.asked
        self.waited += time - self.asked

    def _give_back(self, but: tuple[int, ...]) -> None:
        for r, ticket in list(self.held.items()):
            if r not in but:
                del self.held[r]
                self.desk.release(self, r)
                if self.world.log is not None:
                    self._log(r, ticket, self.env.now)

    def _return_unused(self, ticket: Ticket) -> None:
        """What was granted a moment ago is not what he needs."""
        for r in ticket.needs:
            del self.held[r]
            self.desk.release(self, r)
            self._log(r, ticket, self.env.now, nan)

    def _keep(self, priority: int) -> None:
        """His priority is that of the state he is in."""
        for ticket in self.held.values():
            if ticket.priority != priority:
                ticket.priority = priority
                self.desk.look_again()

    def _log(self, r: int, ticket: Ticket, left: float, granted: float | None = None, instead: int = -1) -> None:
        world, group = self.world, self.group
        if world.log is None:
            return
        recruit = self.number < group.part.patients and group.comes
        number = self.number if recruit else -AFTER - self.number
        granted = ticket.granted if granted is None else granted
        about = (world.strategy, world.draw, group.place, number, r, _together(ticket.needs), ticket.target, instead)
        world.log.append((*about, ticket.asked, granted, left))

    # --- pre-emption --------------------------------------------------------------------------------------------

    def _lost(self, ticket: Ticket) -> None:
        """A resource was taken away. Who waits for the next state asks for it too, if that needs it; others ask to have it back.
        Either keeps his old number, and so his place before those who asked later."""
        now, waiting = self.own_time(), self.ticket
        if not self.path:
            self._stop_clock(now)
            self._ask_anew(now, self.state, ticket.number)
        elif waiting is not None and self._lacks(self.after) != waiting.needs:
            path, after = self.path, self.after
            self._ask_anew(now, after, waiting.number)
            self.path, self.after = path, after
        self._go_on(self._wait())

    def _ask_anew(self, now: float, state: int, number: int) -> None:
        self._stop_waiting(now)
        self._is_granted(state, now, self._lacks(state), number)

    def _stop_clock(self, now: float) -> None:
        """The clock of the state stands still, and what follows it with it."""
        events = [self.next, *self._others()] if self.next else []
        paused = [event for event in events if event[-1] in self.group.paused]
        self.frozen += [(time - now, transition) for time, _, transition in paused]
        self._plan([event for event in events if event not in paused])

    def _resume(self) -> None:
        """The lost resource is back."""
        now, end = self.own_time(), self.group.end
        self._add_wait(now)
        events = [self.next, *self._others()] if self.next else []
        events += [(now + left, now + left, transition) for left, transition in self.frozen if now + left < end]
        self._plan(sorted(events))
        self.ticket, self.frozen = None, []

    def _plan(self, events: list[Event]) -> None:
        self.next, self.later = events[0] if events else None, events[1:]


@cache
def _together(resources: tuple[int, ...]) -> int:
    return sum(1 << r for r in resources)
