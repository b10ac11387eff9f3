"""Queueing engine (SimPy): the individual engine's patients compete for resources.

To enter a state that holds resources a patient must be granted them; until then he stays where he is and stays exposed to
every other hazard of that state. Exponential numbers are those of the individual engine, so with slack capacity the two agree
patient for patient. Pre-empted patients stay in their state, whose clock stands still until they have the resource
back; hazards on the model's clock and plain rates go on. It only writes a history; accrual is one pass afterwards.

A patient's own time (model units since arrival) is what counts for hazards, horizon and discounting; the calendar (days)
is that of resources. Patients who arrive in the warm-up or after the last recruit use resources and are not recorded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from model import effort, inputs
from model.draws import DomainError, Draws
from model.dynamics import Dynamics
from model.engines import accrual
from model.engines.contract import Block, Cut, Engine, Followed, Ran, Result
from model.engines.desk import NORMAL, Desk, Wake
from model.engines.load import overloads, system_of
from model.engines.queueing_group import Group, Part
from model.engines.queueing_patient import Patient
from model.history import History, Requests
from model.quantities import Quantities
from model.resources import LONGEST, MOST_ARRIVALS, System
from model.scenario import Scenario

TASK = 4  # replications of one task
STAY = 1000  # bytes that a state takes for each patient at the height of a task, those who are not recruited counted


def run(dynamics: Dynamics, patients: int, seed: int, index=None, stream: str = "", *, system: System) -> Quantities:
    """Quantities per patient of one group that has the resources for itself; arguments as individual.run, and `system`."""
    part = Part(dynamics, patients, np.ones(dynamics.shape[1]), stream)
    return accrual.accrue(simulate([part], seed, index, system)[0][0], dynamics)


def simulate(
    parts: list[Part], seed: int, index, system: System, queues: bool = True
) -> tuple[list[History], Requests]:
    """Histories of the groups, who share the resources, and what they asked for (nothing where `queues` are not wanted).

    Each strategy and draw is a world of its own, with the same arrivals. Patients in one world are not independent:
    take standard errors over draws (replications), not over patients.
    """
    strategies, draws = parts[0].dynamics.shape
    numbers = np.arange(draws) if index is None else np.asarray(index)
    groups = [Group(i, part, seed, numbers, system) for i, part in enumerate(parts)]
    requests: list[Requests] = []
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"), _no_collection():
        for draw in range(draws):
            for group in groups:
                group.comes = bool(system.arrivals.times) or float(group.part.weight[draw]) > 0
            arrivals = _arrivals(groups, draw, system)
            for strategy in range(strategies):
                log: list[tuple] | None = [] if queues else None
                _World(groups, system, strategy, draw, log).run(arrivals)
                requests.append(Requests.of(log or []))
    return [group.history() for group in groups], Requests.joined(requests)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Patients leave no circles of references behind, and looking for them among all who wait takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _arrivals(groups: list[Group], draw: int, system: System) -> list[tuple[float, int, int]]:
    """(day, group, number) of everyone, in order; numbers below 0 are patients of the warm-up."""
    coming = [group for group in groups if group.comes]
    _check_number(coming, draw, system)
    recruits = [group.recruits(draw, system) for group in coming]
    last = max(days[group.part.patients - 1] for group, days in zip(coming, recruits)) + system.cool_down
    # Where nobody belongs to a group, what would befall its patients is seen when all others have left.
    left = last + max(group.end * group.day for group in groups)
    days_of = {group.place: days for group, days in zip(coming, recruits)}
    found: list[tuple[float, int, int]] = []
    for group in groups:
        early, late = [], [float(left)] * group.part.patients
        if group.comes:
            early = group.early(draw, system).tolist()
            late = group.until(draw, system, days_of[group.place], last).tolist()
        group.begin_draw(draw, len(late), len(early))
        found += [(day, group.place, -1 - n) for n, day in enumerate(early)]
        found += [(day, group.place, n) for n, day in enumerate(late)]
    return sorted(found)


def _check_number(groups: list[Group], draw: int, system: System) -> None:
    """Poisson arrivals until the last recruit of each group: a rare group would need more than can be simulated."""
    if system.arrivals.times:
        return
    each = [group.part.patients / (system.arrivals.mean_per_day * float(group.part.weight[draw])) for group in groups]
    slowest = int(np.argmax(each))
    days = system.warm_up + each[slowest] + system.cool_down
    arrivals = days * system.arrivals.mean_per_day
    if days > LONGEST or arrivals > MOST_ARRIVALS:
        part = groups[slowest].part
        raise DomainError(
            f"arrivals: until {part.patients:,} patients of group '{part.stream or 'all'}' have come, {arrivals:,.0f} arrive in "
            f"{days:,.0f} days; at most {MOST_ARRIVALS:,} and {LONGEST:,} days are allowed: follow fewer, or raise its share"
        )


class _World:
    """One strategy and draw: a SimPy environment, its resources and its patients. log: what they ask for; None: not wanted."""

    def __init__(self, groups: list[Group], system: System, strategy: int, draw: int, log: list[tuple] | None):
        import simpy

        self.env: Any = simpy.Environment()
        self.groups, self.log = groups, log
        self.desk = Desk(self.env, system)
        self.strategy, self.draw = strategy, draw

    def run(self, arrivals: list[tuple[float, int, int]]) -> None:
        for group in self.groups:
            group.begin(self.strategy)
        self.coming = iter(arrivals)
        self._await_next()
        self.env.run()
        for group in self.groups:
            group.end_world()

    def _await_next(self) -> None:
        for day, place, number in self.coming:
            self.next = place, number
            self.env.schedule(Wake(self._arrive, self.desk.settle), NORMAL, max(day - self.env.now, 0.0))
            break

    def _arrive(self, _wake: Wake) -> None:
        place, number = self.next
        self._await_next()
        Patient(self, self.groups[place], number)


# --- the engine -------------------------------------------------------------------------------------------------

ENOUGH = 2000  # patients of a task, all strategies and replications together: some tenths of a second


class Queueing(Engine):
    name = "queueing"
    independent = "replications"  # patients of one replication wait for each other

    def warnings(self, scenario: Scenario, seed: int) -> list[str]:
        return overloads(scenario, seed)

    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        followed = min(draws * replications, TASK) * patients * len(scenario.strategies)
        size = STAY * followed * max(1, len(scenario.states))
        effort.reserve(size, f"queues of {followed:,} patients", "take fewer --draws, --patients or --replications")

    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        each = min(TASK, ENOUGH // (patients * strategies))
        return Cut(max(1, each), [(by_group, dict.fromkeys(by_group, 0))])

    def run(self, block: Block) -> Ran:
        groups = parts(block.scenario, block.draws, block.patients, block.weights)
        system = system_of(block.scenario)
        histories, requests = simulate(groups, block.draws.seed, block.draws.index, system, block.queues)
        return Ran(
            (
                Result(
                    part.stream,
                    accrual.of_history(stays, part.dynamics),
                    Followed(part.dynamics, stays) if block.kept else None,
                )
                for part, stays in zip(groups, histories)
            ),
            requests if block.queues else None,
        )


def parts(scenario: Scenario, draws: Draws, patients: dict[str, int], weights: dict[str, np.ndarray]) -> list[Part]:
    """The groups of a scenario, who share its resources."""
    return [
        Part(inputs.dynamics(scenario, draws, group), patients[key], np.broadcast_to(weights[key], draws.n), key)
        for key, group in scenario.groups.items()
    ]
