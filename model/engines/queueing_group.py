"""One group of patients in the queueing engine: when they arrive, what befalls them, and their record.

Event times are those of the individual engine, made for many patients at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import fixed_times
from model.draws import DomainError
from model.dynamics import AtCycleEnd, Dynamics
from model.engines import accrual, calendar, risks
from model.engines.individual import Addresses, exits, revisited
from model.history import History
from model.resources import System

BATCH = 1024  # patients whose exponentials are made together


@dataclass(frozen=True)
class Part:
    """One group of patients: its dynamics, how many are recruited, its share of arrivals [draw], its stream's name."""

    dynamics: Dynamics
    patients: int
    weight: np.ndarray
    stream: str = ""


class Group:
    """One group in the present world (strategy and draw): its hazards, exponentials and record."""

    def __init__(self, place: int, part: Part, seed: int, numbers: np.ndarray, system: System):
        self.place, self.part, self.dynamics = place, part, part.dynamics
        self.addresses = Addresses(seed, part.stream, numbers, part.patients)
        self.early_addresses = Addresses(seed, f"{part.stream} warm-up", numbers, part.patients)
        self.shape = (*part.dynamics.shape, part.patients)
        self.risks, self.exits = risks.risks(part.dynamics), exits(part.dynamics)
        self.day, self.end = part.dynamics.time.day, accrual.end_of_time(part.dynamics)
        self.counted = set(revisited(self.exits, part.dynamics))
        self.needs, self.priority = _needs(part, system)
        self.by_cycle = {
            s for s, out in self.exits.items() if any(isinstance(part.dynamics.transitions[i], AtCycleEnd) for i in out)
        }
        # The clock of the state stands still while a resource is lost; these transitions wait with it.
        self.paused = {i for i, event in part.dynamics.events().items() if event.clock == "state"}
        self.fixed, self.hair = part.dynamics.fixed(), fixed_times.hair(part.dynamics)
        self.branches = {s: part.dynamics.branches(s) for s in self.exits}
        self.numbers = numbers
        self.comes = True  # whether anyone belongs to it in the present draw
        self.stays: list[tuple] = []
        self.starts = np.zeros(self.shape, int)
        self.blocks: dict[tuple[str | int, int, int, bool], list[float]] = {}

    def prepare(self, strategy: int, draw: int) -> None:
        self.blocks.clear()
        self.draw, self.case = draw, strategy * self.shape[1] + draw
        self.words = f", in strategy {self.dynamics.strategies[strategy]}, draw {self.numbers[draw] + 1}"
        self.alone = {
            i: risk.alone(self.case)
            for i, risk in self.risks.items()
            if not (isinstance(risk, risks.Rate | risks.Stay) or risk.renewing)
        }
        shares = self.dynamics.start[strategy, draw]
        self.start = {s: float(shares[s]) for s in np.flatnonzero(shares).tolist()}

    def event(self, transition: int, number: int, visit: int, now: float) -> float:
        """Time of a transition, as in the individual engine."""
        if transition in self.alone:
            return self.alone[transition](
                now, self.exponential(self.dynamics.transitions[transition].label, number, visit)
            )
        return now + self._batched(transition, number, visit)

    def exponential(self, what: str, number: int, visit: int = 1) -> float:
        return self._batched(what, number, visit)

    def _batched(self, what: str | int, number: int, visit: int) -> float:
        """An exponential (of a name), or the time from entry to a transition (of an index), made for many patients at once."""
        early = number < 0
        block, place = divmod(-1 - number if early else number, BATCH)
        key = what, visit, block, early
        if key not in self.blocks:
            self.blocks[key] = self._batch(*key).tolist()
        return self.blocks[key][place]

    def _batch(self, what: str | int, visit: int, block: int, early: bool) -> np.ndarray:
        addresses = self.early_addresses if early else self.addresses
        name = what if isinstance(what, str) else self.dynamics.transitions[what].label
        patients = np.arange(block * BATCH, (block + 1) * BATCH)
        exponentials = addresses.exponential(name, np.array([self.draw]), patients, visit)
        return exponentials if isinstance(what, str) else self.risks[what].event(0.0, exponentials, self.case)

    def recruits(self, draw: int, system: System) -> np.ndarray:
        """Days of arrival from the end of the warm-up on, those recruited at least."""
        if system.arrivals.times:
            days = np.sort(np.asarray(system.arrivals.times.get(self.part.stream or "all", ()), float))
            days = days[days >= system.warm_up]
            if len(days) < self.part.patients:
                raise DomainError(
                    f"arrivals: {len(days)} patients of group '{self.part.stream or 'all'}' arrive after the "
                    f"warm-up, but {self.part.patients} are to be followed"
                )
            return days
        return self._poisson(self.addresses, draw, system, self.part.patients, system.warm_up)

    def until(self, draw: int, system: System, days: np.ndarray, last: float) -> np.ndarray:
        if not system.arrivals.times:
            while days[-1] <= last:
                days = self._poisson(self.addresses, draw, system, 2 * len(days), system.warm_up)
        return np.concatenate(
            [days[: self.part.patients], days[self.part.patients :][days[self.part.patients :] <= last]]
        )

    def early(self, draw: int, system: System) -> np.ndarray:
        """Days of arrival in the warm-up."""
        if system.arrivals.times:
            days = np.asarray(system.arrivals.times.get(self.part.stream or "all", ()), float)
            return days[days < system.warm_up]
        n = int(2 * calendar.expected(system.arrivals, float(self.part.weight[draw]), system.warm_up)) + 50
        days = self._poisson(self.early_addresses, draw, system, n, 0.0)
        return days[days < system.warm_up]

    def _poisson(self, addresses: Addresses, draw: int, system: System, n: int, start: float) -> np.ndarray:
        exponentials = addresses.exponential("arrival", np.array([draw]), np.arange(n))
        return calendar.poisson_times(system.arrivals, float(self.part.weight[draw]), start, exponentials)

    def record(self, number: int, state: int, entered: float, left: float, transition: int, waited: float) -> None:
        if 0 <= number < self.part.patients:
            self.stays.append((self.case * self.part.patients + number, state, entered, left, transition, waited))

    def history(self) -> History:
        row, state, entered, left, transition, waited = (np.array(column) for column in zip(*self.stays))
        return History(
            self.shape,
            row,
            state,
            entered.astype(float),
            left.astype(float),
            transition,
            waited.astype(float),
            self.starts,
        )


def _needs(part: Part, system: System) -> tuple[list[tuple[int, ...]], list[int]]:
    """Resources (indices) and priority of each state."""
    place = {r.key: i for i, r in enumerate(system.resources)}
    states = part.dynamics.states
    needs: list[tuple[int, ...]] = [()] * len(states)
    priority = [0] * len(states)
    for hold in system.holds:
        s = states.index(hold.state)
        if part.dynamics.chance[s]:
            raise DomainError(f"states.{hold.state}.holds: nobody stays in a chance node, so it cannot hold a resource")
        needs[s] = tuple(sorted(place[key] for key in hold.resources))
        priority[s] = hold.by_group.get(part.stream, hold.priority)
    return needs, priority
