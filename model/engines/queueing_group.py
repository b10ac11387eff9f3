"""One group of patients in the queueing engine: when they arrive, what befalls them, and their record."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from model import fixed_times
from model.addressed import Addresses
from model.draws import DomainError
from model.dynamics import Dynamics
from model.engines import calendar
from model.engines.diagram import reached
from model.engines.queueing_numbers import Diagram, Drawn, Fates
from model.history import History
from model.resources import System

COLUMNS = 6  # of a record


@dataclass(frozen=True)
class Part:
    """One group of patients: its dynamics, how many are recruited, its share of arrivals [draw], its stream's name."""

    dynamics: Dynamics
    patients: int
    weight: np.ndarray
    stream: str = ""


class Group:
    """One group in the present world (strategy and draw): its arrivals, fates and record."""

    def __init__(self, place: int, part: Part, seed: int, numbers: np.ndarray, system: System):
        self.place, self.part, self.dynamics = place, part, part.dynamics
        self.addresses = Addresses(seed, part.stream, numbers, part.patients)
        self.early_addresses = Addresses(seed, f"{part.stream} warm-up", numbers, part.patients)
        self.shape = (*part.dynamics.shape, part.patients)
        self.diagram, self.numbers = Diagram(part.dynamics), numbers
        self.day, self.end = part.dynamics.time.day, self.diagram.end
        self.exits, self.counted, self.fixed = self.diagram.exits, self.diagram.counted, self.diagram.fixed
        self.targets, self.sources, self.chance = self.diagram.targets, self.diagram.sources, part.dynamics.chance
        self.needs, self.priority = _needs(part, system)
        # States after which nobody asks for anything.
        self.over = {
            s for s in self.exits if not any(self.needs[t] for t in {s, *reached(s, self.exits, part.dynamics)})
        }
        # The clock of the state stands still while a resource is lost; these transitions wait with it.
        self.paused = {i for i, event in part.dynamics.events().items() if event.clock == "state"}
        self.hair = fixed_times.hair(part.dynamics)
        self.names = list(dict.fromkeys(self.diagram.names()))
        self.comes = True  # whether anyone belongs to it in the present draw
        self.stays: list[tuple] = []
        self.records: list[np.ndarray] = []
        self.starts = np.zeros(self.shape, int)

    def begin_draw(self, draw: int, late: int, early: int) -> None:
        """late, early: how many come from the end of the warm-up on, and before."""
        self.draw = draw
        self.drawn = Drawn((self.addresses, self.early_addresses), self.names, draw, (late, early))

    def begin(self, strategy: int) -> None:
        self.case = strategy * self.shape[1] + self.draw
        self.words = f", in strategy {self.dynamics.strategies[strategy]}, draw {self.numbers[self.draw] + 1}"
        self.fates = Fates(self.diagram, self.drawn, self.case)

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

    def end_world(self) -> None:
        """Stays become an array, which takes a tenth of the memory."""
        numbers = np.fromiter(chain.from_iterable(self.stays), float, COLUMNS * len(self.stays))
        self.records.append(numbers.reshape(-1, COLUMNS))
        self.stays.clear()
        self.fates.batches.clear()  # which refer to the fates

    def history(self) -> History:
        row, state, entered, left, transition, waited = np.concatenate(self.records).T
        whole = (column.astype(np.int64) for column in (row, state, transition))
        row, state, transition = whole
        return History(self.shape, row, state, entered.copy(), left.copy(), transition, waited.copy(), self.starts)


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
