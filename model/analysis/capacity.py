"""Value of capacity: what one more theatre, bed or linac adds to net benefit, with paired replications."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis import queues
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import EngineError, Method, replicated
from model.decision import Decision
from model.draws import OverloadError
from model.economics.net_benefit import nmb
from model.engines.load import arrivals_per_day, offered_load
from model.outcomes import Outcomes
from model.resources import System
from model.scenario import Scenario
from model.suggestions import check_known

DAYS_IN_YEAR = 365.25


class CapacityError(ValueError):
    """A resource that does not exist, or a range of units that cannot be."""


@dataclass(frozen=True)
class Level:
    """One number of units: outcomes [strategy, replication], or the reason why there are none (overload).

    load: [strategy] offered load of the resource."""

    units: int
    found: Evaluation | None
    load: np.ndarray
    reason: str = ""


@dataclass(frozen=True)
class Capacity:
    """net_benefit: [level, strategy, replication] a patient, NaN at overload; waits in hours and utilisation likewise."""

    scenario: Scenario
    system: System
    resource: str
    decision: Decision
    unit_cost: float
    patients_per_year: float
    levels: tuple[Level, ...]
    net_benefit: np.ndarray
    wait: np.ndarray
    utilisation: np.ndarray

    @property
    def units(self) -> np.ndarray:
        return np.array([level.units for level in self.levels])

    def gain_per_year(self, level: int, against: int) -> np.ndarray:
        """[strategy, replication] of net benefit a year, before the cost of the units."""
        return (self.net_benefit[level] - self.net_benefit[against]) * self.patients_per_year

    @property
    def first(self) -> int:
        """The least capacity that is not overloaded."""
        known = [i for i, level in enumerate(self.levels) if level.found is not None]
        if not known:
            raise CapacityError(
                f"resources.{self.resource}: overloaded at every number of units asked for: {self.levels[-1].reason}"
            )
        return known[0]


def value_of_capacity(
    scenario: Scenario,
    resource: str,
    low: int,
    high: int,
    decision: Decision,
    method: Method,
    seed: int = 1,
    unit_cost: float = 0.0,
    progress: Callable[[int], None] = lambda done: None,
) -> Capacity:
    """Run low..high units of a resource at base values; the same replications at each, so that differences are paired.

    unit_cost: money per unit and year. progress is told of levels done. Raises CapacityError.
    """
    system = system_of(scenario, "there is no capacity to value")
    place = _place(system, resource, low, high)
    method = dataclasses.replace(method, engine="queueing")
    table = replicated(draws.base(scenario, seed), method.replications)
    levels = []
    for units in range(low, high + 1):
        levels.append(_level(with_units(scenario, resource, units), units, resource, table, method))
        progress(1)
    measured = [
        _measures(with_units(scenario, resource, level.units), level, place, decision, method.replications)
        for level in levels
    ]
    benefit, wait, used = map(np.stack, zip(*measured))
    return Capacity(
        scenario,
        system,
        resource,
        decision,
        unit_cost,
        arrivals_per_day(system) * DAYS_IN_YEAR,
        tuple(levels),
        benefit,
        wait,
        used,
    )


def system_of(scenario: Scenario, so: str) -> System:
    """Resources and arrivals of a scenario. EngineError where it has none; so: what follows from it."""
    if scenario.system is None:
        raise EngineError(f"{scenario.path}: it has no 'resources' and 'arrivals', so {so}")
    return scenario.system


def _place(system: System, resource: str, low: int, high: int) -> int:
    """Index of a resource whose units are to vary from low to high. Raises CapacityError."""
    keys = [r.key for r in system.resources]
    check_known([resource], keys, "resource", CapacityError, "resources")
    if not 1 <= low <= high or high - low >= 1000:
        raise CapacityError(f"units from {low} to {high}: needs 1 <= from <= to, and at most 1,000 numbers of units")
    return keys.index(resource)


def with_units(scenario: Scenario, resource: str, units: float) -> Scenario:
    """The scenario with another number of units of one resource."""
    system = system_of(scenario, "there is no number of units")
    changed = tuple(dataclasses.replace(r, capacity=units) if r.key == resource else r for r in system.resources)
    return dataclasses.replace(scenario, system=dataclasses.replace(system, resources=changed))


def _level(scenario: Scenario, units: int, resource: str, table, method: Method) -> Level:
    load = offered_load(scenario, table.seed)[resource]
    try:
        found = evaluate(scenario, table, dataclasses.replace(method, replications=1), queues=True)
        return Level(units, found, load)
    except OverloadError as error:
        return Level(units, None, load, str(error))


def _measures(scenario: Scenario, level: Level, place: int, decision: Decision, replications: int):
    """(net benefit, mean wait in hours, utilisation), each [strategy, replication]."""
    shape = len(scenario.strategies), replications
    if level.found is None or level.found.requests is None:
        return (np.full(shape, np.nan),) * 3
    total, requests = level.found.total, level.found.requests
    system = system_of(scenario, "nobody waits")
    wait, used = np.zeros(shape), np.zeros(shape)
    for s in range(shape[0]):
        for d in range(shape[1]):
            world = requests.where((requests.strategy == s) & (requests.draw == d))
            own = world.where((world.resource == place) & (world.patient >= 0)).whole()
            wait[s, d] = own.wait.mean() * 24 if len(own.asked) else 0.0
            used[s, d] = queues.utilisation(world, system, place, *queues.window(world, system))
    return nmb(total.cost, total.get(decision.effect), decision.wtp), wait, used


# --- other changes of a centre ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alternative:
    """A centre: outcomes [outcome, discounted, strategy, replication]."""

    label: str
    settings: tuple[str, ...]
    total: Outcomes


def alternatives(
    scenario: Scenario,
    changes: dict[str, tuple[tuple[str, ...], Scenario]],
    method: Method,
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Alternative]:
    """The scenario as it is, and with each of `changes` (label -> settings and the scenario with them), at base values.

    All meet the same patients and arrivals, so that differences are paired by replication.
    """
    system_of(scenario, "there are no queues to change")
    method = dataclasses.replace(method, engine="queueing")
    found = []
    for label, (settings, made) in {"as it is": ((), scenario), **changes}.items():
        table = replicated(draws.base(made, seed), method.replications)
        total = evaluate(made, table, dataclasses.replace(method, replications=1)).total
        found.append(Alternative(label, settings, total))
        progress(1)
    return found
