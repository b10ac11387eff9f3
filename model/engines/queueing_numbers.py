"""What chance has in store for the patients of a group in one strategy and draw: made for many at once, looked up one by one.

Numbers are those of the individual engine. Where the first event out of a state, or the branch out of a chance node, does not
depend on when a patient comes there, it is found for a whole batch of patients by one comparison of arrays.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from math import ceil, inf

import numpy as np

from model import fixed_times
from model.addressed import Addresses
from model.dynamics import AtCycleEnd, AtOnce, Dynamics
from model.engines import accrual, risks
from model.engines.diagram import exits, revisited
from model.history import NO_TRANSITION
from model.instants import HAIR
from model.over_time import OverTime

BATCH = 1024  # patients whose numbers are made together
NOTHING: frozenset[int] = frozenset()

Event = tuple[float, float, int]  # time at which it counts, exact time, transition
Chance = Callable[
    [float, float, float], float
]  # probability at (time, time waited so far, time in the state that was left)


class Diagram:
    """What holds of a group in every strategy and draw. counted: states that can be entered more than once."""

    def __init__(self, dynamics: Dynamics):
        self.dynamics, self.risks, self.exits = dynamics, risks.risks(dynamics), exits(dynamics)
        self.end = accrual.end_of_time(dynamics)
        self.counted = set(revisited(self.exits, dynamics))
        self.fixed = dynamics.fixed()
        by_cycle = {i for i, t in enumerate(dynamics.transitions) if isinstance(t, AtCycleEnd)}
        self.by_cycle = {s for s, out in self.exits.items() if by_cycle & set(out)}
        self.plain = {s for s in self.exits if self._is_plain(s)}
        self.sure = self.end - fixed_times.hair(
            dynamics
        )  # an event before it is before the end of time, of whatever kind
        self.targets = [t.target for t in dynamics.transitions]
        self.sources = [t.source for t in dynamics.transitions]

    def names(self) -> list[str]:
        """Of all exponentials that a patient may need."""
        dynamics = self.dynamics
        starts = [f"start {state}" for s, state in enumerate(dynamics.states) if dynamics.start[..., s].any()]
        return [*(t.label for t in dynamics.transitions), *starts]

    def _is_plain(self, state: int) -> bool:
        """Whether its events count when they happen, and no two of them are due together by plan."""
        fixed = [i for i in self.exits[state] if i in self.fixed]
        by_plan = len(fixed) > 1 or any(self.fixed[i].clock == "model" for i in fixed)
        return bool(self.exits[state]) and not (by_plan or state in self.by_cycle or self.dynamics.chance[state])


class Drawn:
    """Exponentials of a group's patients in one draw, the same in every strategy.

    addresses, comes: of those who come from the end of the warm-up on, and before: where their numbers are, how many they are.
    """

    def __init__(self, addresses: tuple[Addresses, Addresses], names: list[str], draw: int, comes: tuple[int, int]):
        self.addresses, self.names, self.draw, self.comes = addresses, names, draw, comes
        self.place = {name: k for k, name in enumerate(names)}
        self.made: dict[tuple[str, int, int, bool], np.ndarray] = {}

    def of(self, name: str, visit: int, first: int, early: bool) -> np.ndarray:
        """Of the batch that begins with patient `first`, [patient]; those of first visits are made for all names at once."""
        if visit == 1:
            return self._table(self.names, visit, first, early)[self.place[name]]
        return self._table([name], visit, first, early)[0]

    def _table(self, names: list[str], visit: int, first: int, early: bool) -> np.ndarray:
        key = names[0], visit, first, early
        if key not in self.made:
            patients = np.arange(first, min(first + BATCH, self.comes[early]))
            self.made[key] = self.addresses[early].exponentials(names, self.draw, patients, visit)
        return self.made[key]


class Batch(dict):
    """Lists by place in the batch, made when first asked for. A key is visit * kinds + what (see `Fates`)."""

    def __init__(self, make: Callable[[int, Batch], list], first: int, early: bool):
        self.make, self.first, self.early = make, first, early

    def __missing__(self, key: int) -> list:
        self[key] = made = self.make(key, self)
        return made


class Fates:
    """Of one group in one strategy and draw (`case`).

    What can be looked up, by number: a transition (its exponential, or where it is `renewing` the time from entry), then by state
    the (time from entry, transition) of the first event, then by node the branch, then the state at the start.
    """

    def __init__(self, diagram: Diagram, drawn: Drawn, case: int):
        self.diagram, self.drawn, self.case = diagram, drawn, case
        dynamics = diagram.dynamics
        self.first_event = len(dynamics.transitions)
        self.plain = diagram.plain
        self.branch = self.first_event + len(dynamics.states)
        self.start = self.branch + len(dynamics.states)
        self.kinds = self.start + 1
        self.shares = dynamics.start.reshape(-1, len(dynamics.states))[case]
        self.batches: dict[tuple[int, bool], Batch] = {}
        self.alone = {
            i: risk.alone(case)
            for i, risk in diagram.risks.items()
            if not isinstance(risk, risks.Rate | risks.Stay) and not risk.renewing
        }
        self.ways = {s: [(i, self.alone.get(i)) for i in out] for s, out in diagram.exits.items()}
        self.raced = {s: self._raced(s) for s in diagram.plain}
        self.quick = {s: (self._key(s), [(i, self.alone[i]) for i in self._not_raced(s)]) for s in diagram.plain}
        self.chances = {s: self._chances(s) for s in np.flatnonzero(dynamics.chance).tolist()}

    def batch(self, number: int) -> tuple[Batch, int]:
        """The batch of a patient, and his place in it; numbers below 0 are those of the warm-up."""
        early = number < 0
        block, place = divmod(-1 - number if early else number, BATCH)
        if (block, early) not in self.batches:
            self.batches[block, early] = Batch(self._make, block * BATCH, early)
        return self.batches[block, early], place

    # --- one patient --------------------------------------------------------------------------------------------

    def first(self, state: int, batch: Batch, place: int, visit: int, now: float) -> Event | None:
        """The first event after entry to a plain state, if it comes before the end of time."""
        time, taken, base = inf, NO_TRANSITION, visit * self.kinds
        key, rest = self.quick[state]
        if key is not None:
            delay, taken = batch[base + key][place]
            time = now + delay
        for transition, alone in rest:
            other = alone(now, batch[base + transition][place])
            if other < time or (other == time and transition < taken):
                time, taken = other, transition
        if time < self.diagram.sure:
            return time, time, taken
        return next(iter(self.events(state, batch, place, visit, now, NOTHING)), None)

    def events(
        self, state: int, batch: Batch, place: int, visit: int, now: float, kept: Collection[int]
    ) -> list[Event]:
        """All events before the end of time, in order, but for appointments that were kept."""
        found = []
        for transition, alone in self.ways[state]:
            number = batch[visit * self.kinds + transition][place]
            time = now + number if alone is None else alone(now, number)
            if time < self.diagram.end and transition not in kept:
                found.append((self._counted(time) if state in self.diagram.by_cycle else time, time, transition))
        found.sort()
        return found

    def _counted(self, time: float) -> float:
        """Moves with probabilities per cycle happen at the end of the cycle (as `instants.ceil`)."""
        cycle = self.diagram.dynamics.time.cycle
        return ceil(time / cycle - HAIR) * cycle

    def taken(self, node: int, batch: Batch, place: int, visit: int, *clocks: float) -> int:
        """The branch taken out of a chance node; clocks: as of a Chance."""
        chances = self.chances[node]
        if not chances:
            return batch[visit * self.kinds + self.branch + node][place]
        return min(chances, key=lambda i: _score(batch[visit * self.kinds + i][place], chances[i](*clocks)))

    # --- many at once -------------------------------------------------------------------------------------------

    def _make(self, key: int, batch: Batch) -> list:
        visit, what = divmod(key, self.kinds)
        if what < self.first_event:
            return self._numbers(what, visit, batch).tolist()
        if what < self.branch:
            return self._firsts(what - self.first_event, visit, batch)
        if what < self.start:
            return self._branches(what - self.branch, visit, batch)
        return self._starts(batch)

    def _exponentials(self, transition: int, visit: int, batch: Batch) -> np.ndarray:
        label = self.diagram.dynamics.transitions[transition].label
        return self.drawn.of(label, visit, batch.first, batch.early)

    def _numbers(self, transition: int, visit: int, batch: Batch) -> np.ndarray:
        exponentials, risk = self._exponentials(transition, visit, batch), self.diagram.risks.get(transition)
        if risk is None or transition in self.alone:
            return exponentials
        return risk.event(0.0, exponentials, self.case)

    def _firsts(self, state: int, visit: int, batch: Batch) -> list[tuple[float, int]]:
        raced = self.raced[state]
        times = [self._delays(i, visit, batch) for i in raced]
        first = np.argmin(times, axis=0)
        return list(zip(np.min(times, axis=0).tolist(), [raced[k] for k in first.tolist()]))

    def _delays(self, transition: int, visit: int, batch: Batch) -> np.ndarray:
        numbers = self._numbers(transition, visit, batch)
        return np.full(len(numbers), self._due(transition)) if transition in self.diagram.fixed else numbers

    def _branches(self, node: int, visit: int, batch: Batch) -> list[int]:
        branches = self.diagram.dynamics.branches(node)
        chances = [float(branch.level.at(0.0).reshape(-1)[self.case]) for branch in branches.values()]
        return _smallest(list(branches), [self._exponentials(i, visit, batch) for i in branches], chances)

    def _starts(self, batch: Batch) -> list[int]:
        states, names = np.flatnonzero(self.shares).tolist(), self.diagram.dynamics.states
        numbers = [self.drawn.of(f"start {names[s]}", 1, batch.first, batch.early) for s in states]
        return _smallest(states, numbers, [float(self.shares[s]) for s in states])

    # --- of what kind states and nodes are ----------------------------------------------------------------------

    def _raced(self, state: int) -> list[int]:
        """Transitions out of a plain state whose time from entry does not depend on when that is: those compared beforehand."""
        out = self.diagram.exits[state]
        return (
            out[:1] if self._is_instant(state) else [i for i in out if i in self.diagram.fixed or i not in self.alone]
        )

    def _key(self, state: int) -> int | None:
        return self.first_event + state if self.raced[state] else None

    def _not_raced(self, state: int) -> list[int]:
        raced = self.raced[state]
        return [] if self._is_instant(state) else [i for i in self.diagram.exits[state] if i not in raced]

    def _is_instant(self, state: int) -> bool:
        """Whether it is left at once, by the transition that goes before all others."""
        first = self.diagram.exits[state][0]
        return first in self.diagram.fixed and self._due(first) == 0.0

    def _due(self, transition: int) -> float:
        due = np.ravel(fixed_times.due(self.diagram.fixed[transition]))
        return float(due[0] if len(due) == 1 else due[self.case])

    def _chances(self, node: int) -> dict[int, Chance]:
        """Of its branches; none where they never change."""
        branches = self.diagram.dynamics.branches(node)
        if all(not isinstance(b.level, OverTime) and len(b.level.starts) == 1 for b in branches.values()):
            return {}
        return {i: self._chance(branch) for i, branch in branches.items()}

    def _chance(self, branch: AtOnce) -> Chance:
        dynamics, level, case = self.diagram.dynamics, branch.level, self.case
        if isinstance(level, OverTime) or branch.clock == "model":
            return lambda now, waited, since: float(risks.probability(dynamics, branch, now, case, waited, since))
        starts, values = level.starts.tolist(), level.values.reshape(len(level.starts), -1)[:, case].tolist()
        of_wait = branch.clock == "waited"
        return lambda now, waited, since: values[bisect_right(starts, (waited if of_wait else since) + HAIR) - 1]


def _score(exponential: float, chance: float) -> float:
    return exponential / chance if chance else inf


def _smallest(choices: list[int], exponentials: list[np.ndarray], chances: list[float]) -> list[int]:
    """Of choices, for each patient the one with the smallest exponential / chance; the first of equal ones."""
    if len(choices) == 1:
        return choices * len(exponentials[0])
    scores = [e / chance if chance else np.full(len(e), inf) for e, chance in zip(exponentials, chances)]
    return [choices[k] for k in np.argmin(scores, axis=0).tolist()]
