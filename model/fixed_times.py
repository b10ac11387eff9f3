"""Fixed times: when a transition is due, and which of two that are due together is made.

On the clock of the state a fixed time counts from the entry. On the clock of the model it is an appointment, kept once a patient by
those who are in the state then, the moment of entry included; past at entry it is over. Of transitions due together the one to a dead
state is made, and no order of lines decides between others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from model.draws import DomainError
from model.dynamics import AtEvent, Dynamics
from model.instants import HAIR
from model.over_time import Stepwise

MOST = 20_000  # entries that are followed when a file is checked


def due(transition: AtEvent) -> np.ndarray:
    """When a fixed transition is due on its clock, a number or [strategy, draw]."""
    return transition.hazard.parameters["time"] * transition.hazard.acceleration


def hair(dynamics: Dynamics) -> float:
    return HAIR * dynamics.time.horizon


def first_of(dynamics: Dynamics, transitions: Sequence[int], time: float, words: str) -> int:
    """Which of the transitions that are due together at `time` is made; DomainError where nothing decides."""
    transitions = sorted(transitions)
    dead = [i for i in transitions if dynamics.dead[dynamics.transitions[i].target]]
    if len(dead) == 1:
        return dead[0]
    one, other = (dynamics.events()[i] for i in (dead or transitions)[:2])
    frame = dynamics.time
    raise DomainError(
        f"{one.place or one.label}: is due at the same time as {other.label} ({other.place.rpartition(': ')[0] or 'no line'}), "
        f"{time:.6g} {frame.unit}s after the start{words}; of moves due together only one to a dead state goes before: let one be due "
        "earlier or later"
    )


def check(dynamics: Dynamics, case: int, words: str) -> None:
    """DomainError where two fixed times fall together in strategy and draw number `case`, as far as no chance comes in.

    Followed are the entries whose time is certain: from the start, and from appointments. A state that is entered at random
    times has its own pairs on one clock.
    """
    sources = [transition.source for transition in dynamics.fixed().values()]
    if len(set(sources)) < len(sources):
        _Followed(dynamics, case, words).run()


class _Followed:
    """The entries (state, time, appointments kept at that instant) that are certain, and the states entered at random."""

    def __init__(self, dynamics: Dynamics, case: int, words: str):
        self.dynamics, self.words, self.case = dynamics, words, case
        self.hair, self.end = hair(dynamics), dynamics.time.horizon * (1 - HAIR)
        self.waiting: list[tuple[int, float, frozenset]] = []
        self.seen: set = set()
        self.at_random: set[int] = set()
        self.fixed = dynamics.fixed()
        self.due = {i: float(self._own(due(event))) for i, event in self.fixed.items()}

    def run(self) -> None:
        shares = self.dynamics.start.reshape(-1, len(self.dynamics.states))[self.case]
        for state in np.flatnonzero(shares):
            self._enter(int(state), 0.0, frozenset())
        while self.waiting and len(self.seen) < MOST:
            self._leave(*self.waiting.pop())

    def _own(self, values) -> np.ndarray:
        return values if np.ndim(values) == 0 else np.broadcast_to(values, self.dynamics.shape).reshape(-1)[self.case]

    def _transitions(self, state: int, fixed: bool) -> list[int]:
        exits = enumerate(self.dynamics.transitions)
        return [i for i, exit in exits if exit.source == state and (i in self.fixed) == fixed]

    def _rest(self, state: int) -> Iterator[int]:
        """States in which those who enter `state` come to rest."""
        if not self.dynamics.chance[state]:
            yield state
            return
        for i in self._transitions(state, fixed=False):
            if self._happens(i):
                yield from self._rest(self.dynamics.transitions[i].target)

    def _happens(self, i: int) -> bool:
        exit = self.dynamics.transitions[i]
        if isinstance(exit, AtEvent):
            return bool(self._own(exit.hazard.ratio) > 0)
        if not isinstance(exit.level, Stepwise):
            return True
        values = exit.level.values
        return bool(values.reshape(len(values), -1)[:, self.case].any())

    def _enter(self, state: int, time: float, kept: frozenset) -> None:
        for rest in self._rest(state):
            key = rest, round(time / self.hair), kept
            if key not in self.seen:
                self.seen.add(key)
                self.waiting.append((rest, time, kept))

    def _enter_at_random(self, state: int) -> None:
        for rest in self._rest(state):
            if rest not in self.at_random:
                self.at_random.add(rest)
                self._leave_at_random(rest)

    def _leave(self, state: int, time: float, kept: frozenset) -> None:
        for i in filter(self._happens, self._transitions(state, fixed=False)):
            self._enter_at_random(self.dynamics.transitions[i].target)
        times = {}
        for i in self._transitions(state, fixed=True):
            if self.fixed[i].clock == "state":
                times[i] = time + self.due[i]
            elif i not in kept and self.due[i] >= time - self.hair:
                times[i] = max(self.due[i], time)
        first = min(times.values(), default=np.inf)
        if first < self.end:
            i = self._decide([i for i, due in times.items() if due <= first + self.hair], first)
            still = kept if first <= time + self.hair else frozenset()
            own = frozenset([i]) if self.fixed[i].clock == "model" else frozenset()
            self._enter(self.dynamics.transitions[i].target, first, still | own)

    def _leave_at_random(self, state: int) -> None:
        """Moves on the clock of the state come at random times again, appointments at theirs."""
        own = {i: self.due[i] for i in self._transitions(state, fixed=True) if self.fixed[i].clock == "state"}
        for i in filter(self._happens, self._transitions(state, fixed=False)):
            self._enter_at_random(self.dynamics.transitions[i].target)
        soonest = min(own.values(), default=np.inf)
        if soonest < self.end:
            i = self._decide([i for i, due in own.items() if due <= soonest + self.hair], soonest)
            self._enter_at_random(self.dynamics.transitions[i].target)
        appointments = [i for i in self._transitions(state, fixed=True) if i not in own and self.due[i] < self.end]
        for i in appointments if soonest > self.hair else ():
            together = [j for j in appointments if abs(self.due[i] - self.due[j]) <= self.hair]
            if self._decide(together, self.due[i]) == i:
                self._enter(self.dynamics.transitions[i].target, self.due[i], frozenset([i]))

    def _decide(self, transitions: list[int], time: float) -> int:
        return transitions[0] if len(transitions) == 1 else first_of(self.dynamics, transitions, time, self.words)
