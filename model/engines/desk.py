"""The desk that hands out resources: queues by priority, opening hours, joint needs, pre-emption.

Queues are heaps, so that a long queue costs no more than its logarithm. A patient who needs several resources takes
them together when all are free; until then those behind him may pass.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

from model.draws import DomainError
from model.engines.calendar import Opening
from model.resources import System


class Ticket:
    """A wish for resources (indices). `event` fires when they are granted; it exists only for those who must wait."""

    __slots__ = ("needs", "priority", "number", "owner", "target", "asked", "granted", "event", "live")

    def __init__(self, needs: tuple[int, ...], priority: int, number: int, owner, target: int, asked: float):
        self.needs, self.priority, self.number, self.owner = needs, priority, number, owner
        self.target, self.asked, self.granted, self.event, self.live = target, asked, None, None, True

    def __lt__(self, other: Ticket) -> bool:
        return (self.priority, self.number) < (other.priority, other.number)


class Desk:
    """Free units, queues and users of every resource. `env`: the simulation's clock and maker of events.

    Owners are told at once what they get (`take`) and what is taken from them (`lose`).
    """

    def __init__(self, env, system: System):
        self.env, self.resources, self.most = env, system.resources, system.most_waiting
        self.free = [r.capacity for r in system.resources]
        self.opening = [Opening(r.opening) for r in system.resources]
        self.queues: list[list[Ticket]] = [[] for _ in system.resources]
        self.waiting = [0] * len(system.resources)
        self.users: list[dict[object, Ticket]] = [{} for _ in system.resources]
        self.waking = [-1.0] * len(system.resources)
        self.numbers = count()

    def ask(self, needs: tuple[int, ...], priority: int, owner, target: int, number: int | None = None) -> Ticket:
        """A ticket, granted at once where all it needs is free and nobody comes first."""
        ticket = Ticket(needs, priority, next(self.numbers) if number is None else number, owner, target, self.env.now)
        if not any(self.waiting[r] for r in needs) and self._can(ticket):
            self._grant(ticket)
            return ticket
        ticket.event = self.env.event()
        for r in needs:
            heappush(self.queues[r], ticket)
            self.waiting[r] += 1
            if self.waiting[r] > self.most:
                raise DomainError(
                    f"resources.{self.resources[r].key}: more than {self.most:,} patients wait on day "
                    f"{self.env.now:.0f}; more arrive than it can treat"
                )
        for r in needs:
            self._fill(r)
        if ticket.granted is None:
            self._preempt(ticket)
        return ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Leave the queue."""
        ticket.live = False
        for r in ticket.needs:
            self.waiting[r] -= 1

    def release(self, owner, r: int) -> None:
        """Give a unit back; the next in the queue has it."""
        del self.users[r][owner]
        self.free[r] += 1
        if self.waiting[r]:
            self._fill(r)

    def _can(self, ticket: Ticket) -> bool:
        return all(self.free[r] > 0 and self.opening[r].is_open(self.env.now) for r in ticket.needs)

    def _grant(self, ticket: Ticket) -> None:
        ticket.granted, ticket.live = self.env.now, False
        for r in ticket.needs:
            self.free[r] -= 1
            self.users[r][ticket.owner] = ticket
        ticket.owner.take(ticket)
        if ticket.event is not None:
            for r in ticket.needs:
                self.waiting[r] -= 1
            ticket.event.succeed()

    def _fill(self, r: int) -> None:
        """Grant to those in the queue, in order, as long as there are free units; wake up when it opens next."""
        passed = []
        queue = self.queues[r]
        if not self.opening[r].is_open(self.env.now):
            self._wake(r)
            return
        while queue and self.free[r] > 0:
            ticket = heappop(queue)
            if ticket.live and self._can(ticket):
                self._grant(ticket)
            elif ticket.live:
                passed.append(ticket)
        for ticket in passed:
            heappush(queue, ticket)

    def _wake(self, r: int) -> None:
        opens = self.opening[r].next_opening(self.env.now)
        if self.waking[r] < opens:
            self.waking[r] = opens
            self.env.timeout(opens - self.env.now).callbacks.append(lambda _: self._fill(r))

    def _preempt(self, ticket: Ticket) -> None:
        """Take what is missing from the users of lowest priority, where it is pre-emptive and theirs is lower."""
        victims = {r: max(self.users[r].values(), default=None) for r in ticket.needs if self.free[r] <= 0}
        for r, victim in victims.items():
            if victim is None or not self.resources[r].preemptive or victim.priority <= ticket.priority:
                return
        if not all(self.opening[r].is_open(self.env.now) for r in ticket.needs):
            return
        for r, victim in victims.items():
            del self.users[r][victim.owner]
            self.free[r] += 1
            victim.owner.lose(r, victim)
        if self._can(ticket):
            self._grant(ticket)
