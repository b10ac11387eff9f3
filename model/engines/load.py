"""What resources are asked to do, against what they can: before anybody queues."""

from __future__ import annotations

import numpy as np

from model import chances, inputs
from model import draws as draw_tables
from model.engines import individual
from model.engines.calendar import Opening
from model.engines.contract import EngineError
from model.engines.refusals import NO_SYSTEM
from model.history import History
from model.resources import System
from model.scenario import Scenario


def system_of(scenario: Scenario) -> System:
    """Raises EngineError where it has none."""
    if scenario.system is None:
        raise EngineError(f"{scenario.path}: the queueing engine {NO_SYSTEM}")
    return scenario.system


def offered_load(scenario: Scenario, seed: int = 1, patients: int = 2000) -> dict[str, np.ndarray]:
    """Requests that arrive for each one that a unit can serve when the queue never ends, by resource: [strategy].

    1 or more overloads. Base values, nobody waits; a unit takes the next patient when it is free and open.
    """
    table, system = draw_tables.base(scenario), system_of(scenario)
    weights = inputs.group_weights(scenario, table)
    strategies = len(scenario.strategies)
    rate = np.zeros((len(system.resources), strategies))
    spans: dict[tuple[int, int], list[np.ndarray]] = {}
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, table, group)
        history = individual.history(dynamics, patients, seed, table.index, key).sorted()
        for r, resource in enumerate(system.resources):
            states = [dynamics.states.index(hold.state) for hold in system.holds if resource.key in hold.resources]
            for s, days in enumerate(_held(history, states, dynamics.time.day)):
                rate[r, s] += arrivals_per_day(system) * float(weights[key][0]) * len(days) / patients
                spans.setdefault((r, s), []).append(days[: round(len(days) * float(weights[key][0]))])
    found = {}
    for r, resource in enumerate(system.resources):
        each = [_served_in(resource.opening, np.concatenate(spans[r, s]), seed) for s in range(strategies)]
        found[resource.key] = rate[r] * np.array(each) / resource.capacity
    return found


def _held(history: History, states: list[int], day: float):
    """For each strategy, the days for which a unit is held without a break: stays that follow each other are one."""
    own = history.where(np.isin(history.state, states))
    begins = np.ones(len(own), bool)
    begins[1:] = (own.row[1:] != own.row[:-1]) | (own.entered[1:] != own.left[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(own)) - 1 if len(first) else first
    strategy, days = own.strategy[first], (own.left[last] - own.entered[first]) * day
    return [days[strategy == s] for s in range(history.shape[0])]


def _served_in(opening, days: np.ndarray, seed: int) -> float:
    """Mean days that a unit takes for one patient after the other, in random order."""
    if not len(days):
        return 0.0
    hours, now = Opening(opening), 0.0
    for length in chances.stream(seed, "order of service").permutation(days).tolist():
        now = (now if hours.is_open(now) else hours.next_opening(now)) + length
    return now / len(days)


def arrivals_per_day(system: System) -> float:
    arrivals = system.arrivals
    if arrivals.per_day:
        return float(np.mean(arrivals.per_day))
    days = np.concatenate([np.asarray(times) for times in arrivals.times.values()])
    return len(days) / max(np.ptp(days), 1.0)


def overloads(scenario: Scenario, seed: int = 1) -> list[str]:
    """Warnings of resources whose offered load is at or above their capacity under some strategy."""
    labels, found = list(scenario.labels.values()), []
    for key, load in offered_load(scenario, seed).items():
        worst = int(np.argmax(load))
        if load[worst] >= 1:
            found.append(
                f"resources.{key}: patients ask for {load[worst]:.2f} times what it can do under {labels[worst]}, so the "
                "queue grows as long as patients arrive: results depend on how many are followed"
            )
    return found
