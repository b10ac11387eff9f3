"""The desk that hands out resources: order of priority, opening hours, joint needs, pre-emption.

When all that happens at a moment has happened, the desk looks at those who wait: the first in order (priority, then number)
who can have all that he needs at once has it and moves on, and the desk looks again, for his move can free what another one
needs. It looks whenever a unit falls free, a patient asks or a resource opens that somebody waits for; so a unit that is
open and free is never kept from a patient to whom nothing else is missing. Who needs more than is free lets later ones pass.

Patients who lack the same resources stand in one queue (a heap), and only its first can be served: a look costs as many
steps as there are different needs, however many wait. Where every unit that somebody waits for is in use there is no look.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from model.draws import OverloadError
from model.engines.calendar import Opening
from model.resources import System

URGENT, NORMAL = 0, 1  # SimPy's priorities


class Wake:
    """An event of SimPy that calls one function, with itself, and then the desk (`settle`)."""

    __slots__ = ("callbacks",)
    _ok = True

    def __init__(self, call: Callable[[Wake], None], settle: Callable[[Wake], None]):
        self.callbacks = [call, settle]


class Ticket:
    """A wish for resources (indices)."""

    __slots__ = ("needs", "priority", "number", "owner", "target", "asked", "granted", "live")

    def __init__(self, needs: tuple[int, ...], priority: int, number: int, owner, target: int, asked: float):
        self.needs, self.priority, self.number, self.owner = needs, priority, number, owner
        self.target, self.asked, self.live = target, asked, True
        self.granted: float | None = None

    def __lt__(self, other: Ticket) -> bool:
        return (self.priority, self.number) < (other.priority, other.number)


class Desk:
    """Free units, queues and users of every resource. `env`: the simulation's clock and list of events.

    Every event of `env` is a Wake, so that the desk is called at the end of each. Owners are told at once what they get (`take`)
    and what is taken from them (`lose`), and who had to wait that he can move on (`served`).
    """

    def __init__(self, env, system: System):
        self.env, self.resources, self.most = env, system.resources, system.most_waiting
        self.free = [r.capacity for r in system.resources]
        self.opening = [Opening(r.opening) for r in system.resources]
        self.users: list[dict[object, Ticket]] = [{} for _ in system.resources]
        self.queues: dict[tuple[int, ...], list[tuple[int, int, Ticket]]] = {}
        self.yielding, self.calm = (
            [r.preemptive for r in system.resources],
            not any(r.preemptive for r in system.resources),
        )
        self.always = [opening.always for opening in self.opening]
        self.open = self.always.copy()
        self.until = [0.0] * len(system.resources)  # the day until which `open` is known
        self.waiting = [0] * len(system.resources)
        self.opens = [0.0] * len(system.resources)  # the next opening of those that somebody waits for
        self.queued, self.will_look, self.numbers = 0, False, count()

    def ask(self, needs: tuple[int, ...], priority: int, owner, target: int, number: int | None = None) -> Ticket:
        """A ticket. Where nothing else happens at this moment it is granted at once, if it can be: nobody who waits can."""
        ticket = Ticket(needs, priority, next(self.numbers) if number is None else number, owner, target, self.env.now)
        moment_is_over = not self.will_look and self.env.peek() > self.env.now
        if moment_is_over and self._can(ticket):
            self._grant(ticket)
            return ticket
        self._join(ticket)
        if moment_is_over:
            self._await_opening(ticket)
        else:
            self.look_again()
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Leave the queue."""
        ticket.live = False
        self._count(ticket, -1)

    def release(self, owner, r: int) -> None:
        """Give a unit back."""
        del self.users[r][owner]
        self.free[r] += 1
        if self.waiting[r]:
            self.look_again()

    def look_again(self, _wake: Wake | None = None) -> None:
        """Look at those who wait when the present moment is over."""
        self.will_look = self.will_look or (self.queued > 0 and self._may_serve())

    def _may_serve(self) -> bool:
        """Whether a unit that somebody waits for is free, or may be taken away; what falls free later is told by `release`."""
        for waiting, free, yielding in zip(self.waiting, self.free, self.yielding):
            if waiting and (free > 0 or yielding):
                return True
        return False

    def settle(self, _wake: Wake) -> None:
        """After an event: the looks that are due, if it was the last of its moment."""
        while self.will_look and self.env.peek() > self.env.now:
            self.will_look = False
            self._look()

    def _look(self) -> None:
        first = self._first()
        if first is None:
            for queue in self.queues.values():
                if queue:
                    self._await_opening(queue[0][-1])
            return
        heappop(self.queues[first.needs])
        self._count(first, -1)
        self._grant(first)
        self.look_again()
        if self.calm:
            first.owner.served()
        else:  # who has lost something acts first
            self.env.schedule(Wake(first.owner.served, self.settle))

    def _first(self) -> Ticket | None:
        """The first who can have what he needs."""
        best: tuple[int, int, Ticket] | None = None
        for queue in self.queues.values():
            while queue and not queue[0][-1].live:
                heappop(queue)
            if queue and (best is None or queue[0] < best) and self._can(queue[0][-1]):
                best = queue[0]
        return best and best[-1]

    def _can(self, ticket: Ticket) -> bool:
        for r in ticket.needs:
            if self.free[r] <= 0 and not self._yields(r, ticket.priority):
                return False
            if not (self.always[r] or self._is_open(r)):
                return False
        return True

    def _is_open(self, r: int) -> bool:
        # An opening that is still to come is not reached, though rounding puts it a hair away.
        now = self.env.now
        if now >= self.until[r]:
            self.open[r], self.until[r] = self.opening[r].stretch(now)
        return self.open[r] and self.opens[r] <= now

    def _yields(self, r: int, priority: int) -> bool:
        """Whether one of its users has to make way for a patient of this priority."""
        return self.resources[r].preemptive and any(user.priority > priority for user in self.users[r].values())

    def _grant(self, ticket: Ticket) -> None:
        ticket.granted, ticket.live = self.env.now, False
        for r in ticket.needs:
            if self.free[r] <= 0:
                self._take_away(r)
            self.free[r] -= 1
            self.users[r][ticket.owner] = ticket
        ticket.owner.take(ticket)

    def _take_away(self, r: int) -> None:
        """From the user of lowest priority who was the last to ask."""
        victim = max(self.users[r].values())
        del self.users[r][victim.owner]
        self.free[r] += 1
        victim.owner.lose(r, victim)

    def _join(self, ticket: Ticket) -> None:
        heappush(self.queues.setdefault(ticket.needs, []), (ticket.priority, ticket.number, ticket))
        self._count(ticket, 1)
        for r in ticket.needs:
            if self.waiting[r] > self.most:
                raise OverloadError(
                    f"resources.{self.resources[r].key}: more than {self.most:,} patients wait on day "
                    f"{self.env.now:.0f}; more arrive than it can treat"
                )

    def _count(self, ticket: Ticket, by: int) -> None:
        self.queued += by
        for r in ticket.needs:
            self.waiting[r] += by

    def _await_opening(self, ticket: Ticket) -> None:
        """Look again when what he needs opens."""
        for r in ticket.needs:
            if not self.always[r] and self.opens[r] <= self.env.now and not self._is_open(r):
                wait = self.opening[r].next_opening(self.env.now) - self.env.now
                self.opens[r] = self.env.now + wait
                self.env.schedule(Wake(self.look_again, self.settle), NORMAL, wait)
