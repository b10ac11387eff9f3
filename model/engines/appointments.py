"""Appointments in a cohort: fixed times on the clock of the model, at which all who are in a state leave it at once.

They cut the grid, so that what comes before and after is solved as without them. One is kept by those who are in its state then,
those who arrive at that very time included, and once: who comes back at the same time stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model import fixed_times
from model.draws import DomainError
from model.dynamics import AtCycleEnd, AtEvent, AtRate, Dynamics, Exit
from model.engines.block import routes
from model.engines.stretches import on
from model.instants import distinct, same
from model.over_time import Stepwise

MOST = 100  # times of one group, of all strategies and draws

Mass = dict[int, np.ndarray]


@dataclass(frozen=True)
class Appointments:
    """due[transition]: place in `times` [strategy, draw], len(times) for those that are never kept; later [row] of a block."""

    times: np.ndarray
    due: dict[int, np.ndarray]

    def rows(self, cut: slice) -> Appointments:
        """Those of one block of draws."""
        return replace(self, due={i: place[:, cut].reshape(-1) for i, place in self.due.items()})

    def at(self, time: float, horizon: float) -> dict[int, np.ndarray]:
        """{transition: [row] whether it is due at `time`}, of those that are due in any row."""
        if not len(self.times):
            return {}
        places = np.flatnonzero(same(self.times, np.asarray(time), horizon))
        if not len(places):
            return {}
        due = {i: place == places[0] for i, place in self.due.items()}
        return {i: rows for i, rows in due.items() if rows.any()}


def taken_out(dynamics: Dynamics) -> tuple[Dynamics, Appointments]:
    """The dynamics with moves that never happen by themselves in the place of appointments, at whose times the grid is cut.

    Raises DomainError where a cohort cannot keep them: too many times, or within a cycle that is counted as a whole.
    """
    found = _appointments(dynamics)
    if not found:
        return dynamics, Appointments(np.zeros(0), {})
    times, due = _due(dynamics, found)
    for event, why in _missed(dynamics, found, times):
        raise DomainError(f"{event.place or event.label}: the cohort engine {why}")
    places = {i: _places(times, d, fixed_times.hair(dynamics)) for i, d in due.items()}

    def idle(i: int, exit: Exit) -> Exit:
        if i not in found:
            return exit
        starts = np.unique(np.append(0.0, times))
        level = Stepwise(starts, np.zeros((len(starts), *dynamics.shape)))
        kind = AtCycleEnd if dynamics.by_cycle else AtRate
        return kind(exit.label, exit.source, exit.target, level)

    exits = tuple(idle(i, exit) for i, exit in enumerate(dynamics.transitions))
    return replace(dynamics, transitions=exits), Appointments(times, places)


def _places(times: np.ndarray, due: np.ndarray, hair: float) -> np.ndarray:
    if not len(times):
        return np.full(due.shape, 0)
    place = np.searchsorted(times, due - hair)
    near = times[np.minimum(place, len(times) - 1)]
    return np.where((place < len(times)) & (np.abs(near - due) <= hair), place, len(times))


def missed(dynamics: Dynamics) -> Iterator[tuple[AtEvent, str]]:
    """Appointments that a cohort cannot keep, and why: too many times, or within a cycle that is counted as a whole."""
    if found := _appointments(dynamics):
        yield from _missed(dynamics, found, _due(dynamics, found)[0])


def _appointments(dynamics: Dynamics) -> dict[int, AtEvent]:
    return {i: event for i, event in dynamics.fixed().items() if event.clock == "model"}


def _due(dynamics: Dynamics, found: dict[int, AtEvent]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """The times at which something is due, and when each appointment is, [strategy, draw]."""
    horizon, hair = dynamics.time.horizon, fixed_times.hair(dynamics)
    due = {i: np.broadcast_to(fixed_times.due(event), dynamics.shape) for i, event in found.items()}
    kept = np.concatenate([d.ravel() for d in due.values()])
    kept = kept[(kept > -hair) & (kept < horizon - hair)]
    return distinct(np.maximum(kept, 0.0), horizon) if len(kept) else kept, due


def _missed(dynamics: Dynamics, found: dict[int, AtEvent], times: np.ndarray) -> Iterator[tuple[AtEvent, str]]:
    event, time = next(iter(found.values())), dynamics.time
    if len(times) > MOST:
        yield (
            event,
            (
                f"keeps appointments at up to {MOST} times, the same in all draws of a group; here they differ by draw: use --engine "
                "individual or queueing, or make the age at the start one of groups"
            ),
        )
    if time.convention != "integral" and not on(times, np.arange(time.whole_cycles + 1) * time.cycle).all():
        yield (
            event,
            (
                f"keeps appointments at the ends of cycles only under the cycle convention '{time.convention}'; take a cycle that divides "
                "them, 'convention: integral', or --engine individual"
            ),
        )
    aged = {e.source for e in dynamics.events().values() if e.clock == "state"}
    for event in found.values():
        for target, _ in routes(dynamics, event.target, 0.0):
            if target in aged:
                yield (
                    event,
                    (
                        f"knows entries into {dynamics.states[target]}, which patients leave by their time in it, by cycle only, and not at "
                        "an instant: use --engine individual or queueing"
                    ),
                )


class Diary:
    """Keeps the appointments of one block."""

    def __init__(self, dynamics: Dynamics, plan: Appointments):
        self.dynamics, self.plan = dynamics, plan

    def keep(self, time: float, x: np.ndarray, bins=None) -> Mass:
        """Moves those who are due at `time` within x[state, row], and out of bins by time in state; {transition: amount[row]}."""
        due = self.plan.at(time, self.dynamics.time.horizon)
        if not due:
            return {}
        made: Mass = {i: np.zeros(x.shape[1]) for i in due}
        chances = self.dynamics.in_force_at_end(time)
        sources = sorted({self.dynamics.transitions[i].source for i in due})
        nothing: frozenset[int] = frozenset()
        waiting = [(s, self._taken(s, due, x, bins), nothing) for s in sources]
        while waiting:
            state, mass, kept = waiting.pop()
            for i, amount in self._shared(state, mass, due, kept, time):
                made[i] += amount
                mass = mass - amount
                for target, share in routes(self.dynamics, self.dynamics.transitions[i].target, chances):
                    waiting.append((target, amount * share, kept | {i}))
            x[state] += mass
        return made

    def _taken(self, state: int, due: dict[int, np.ndarray], x: np.ndarray, bins) -> np.ndarray:
        """Mass of a state that is due, [row]; taken out."""
        rows = np.any([d for i, d in due.items() if self.dynamics.transitions[i].source == state], axis=0)
        mass = np.where(rows, x[state], 0.0)
        x[state] -= mass
        return mass if bins is None else mass + bins.emptied(state, rows)

    def _shared(self, state: int, mass, due, kept, time: float) -> Iterator[tuple[int, np.ndarray]]:
        """(transition, mass that it takes): where several are due, the one to a dead state."""
        own = [i for i in due if self.dynamics.transitions[i].source == state and i not in kept]
        if not own or not mass.any():
            return
        claims = np.stack([due[i] for i in own])
        for pattern in np.unique(claims[:, claims.any(axis=0)], axis=1).T:
            rows = (claims == pattern[:, None]).all(axis=0)
            together = [i for i, claimed in zip(own, pattern) if claimed]
            first = together[0] if len(together) == 1 else fixed_times.first_of(self.dynamics, together, time, "")
            yield first, np.where(rows, mass, 0.0)
