"""Run the queueing engine over a table of draws, in replications, and say how the resources did.

Patients of one replication wait for each other, so they are no independent sample: every standard error here is over
replications.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import inputs, outcomes, pricing
from model.analysis.simulate import Simulated, strata, summary
from model.analysis.workers import in_order
from model.draws import Draws
from model.engines import accrual, individual, queueing
from model.engines.calendar import Opening
from model.history import History, Requests
from model.inputs import Dynamics
from model.outcomes import Outcomes
from model.resources import System
from model.scenario import Scenario

TASK = 4  # replications of one task


@dataclass(frozen=True)
class Queued:
    """outcomes: by group, 'all' first. requests: of all replications; its `draw` is draw * replications + replication."""

    outcomes: dict[str, Simulated]
    requests: Requests
    replications: int


def simulate(scenario: Scenario, draws: Draws, patients: int, seed: int, system: System, replications: int = 20,
             progress: Callable[[int], None] = lambda done: None, executor: Executor | None = None) -> Queued:
    """`patients` recruited a replication, shared out among the groups; `progress` is told of replications done.

    With one replication a draw (enough for a PSA, whose draws carry the noise) standard errors are NaN.
    """
    table = replicated(draws, replications)
    tasks = [table.part(first, min(first + TASK, table.n)) for first in range(0, table.n, TASK)]
    arguments = (scenario, strata(scenario, patients), seed, system)
    waiting = in_order(executor, _task, ((task, *arguments) for task in tasks))
    means, requests, first = {key: [] for key in scenario.groups}, [], 0
    for task, (found, asked) in zip(tasks, waiting):
        for key, part in found.items():
            means[key].append(part)
        requests.append(asked.later(first))
        first += task.n
        progress(task.n)
    by_group = {key: outcomes.joined(parts) for key, parts in means.items()}
    if list(by_group) != ["all"]:
        by_group = {"all": outcomes.pooled(by_group, inputs.group_weights(scenario, table)), **by_group}
    reference = list(scenario.strategies).index(scenario.reference) if scenario.reference else 0
    found = {key: _over_replications(part, replications, reference) for key, part in by_group.items()}
    return Queued(found, Requests.joined(requests), replications)


def replicated(draws: Draws, replications: int) -> Draws:
    """Each draw as many times, one behind the other; numbers are draw * replications + replication."""
    values = {name: v if len(v) == 1 else np.repeat(v, replications) for name, v in draws.values.items()}
    index = (draws.index[:, None] * replications + np.arange(replications)).ravel()
    return Draws(values, index, draws.seed)


def histories(scenario: Scenario, replications: int, patients: int, seed: int) -> dict[str, tuple[Dynamics, History]]:
    """Dynamics and stays of each group at base values; the axis of draws has the replications."""
    table = replicated(draw_tables.base(scenario), replications)
    parts = _parts(table, scenario, strata(scenario, patients))
    found, _ = queueing.simulate(parts, seed, table.index, scenario.system)
    return {part.stream: (part.dynamics, history) for part, history in zip(parts, found)}


def _parts(draws: Draws, scenario: Scenario, numbers: dict[str, int]) -> list[queueing.Part]:
    weights = inputs.group_weights(scenario, draws)
    return [queueing.Part(inputs.dynamics(scenario, draws, group), numbers[key], np.broadcast_to(weights[key], draws.n), key)
            for key, group in scenario.groups.items()]


def _task(draws: Draws, scenario: Scenario, numbers: dict[str, int], seed: int, system: System):
    """(outcomes by group, means over patients; requests) of some replications."""
    parts = _parts(draws, scenario, numbers)
    found_histories, requests = queueing.simulate(parts, seed, draws.index, system)
    found = {}
    for part, history in zip(parts, found_histories):
        prices = pricing.price_list(scenario, draws, scenario.groups[part.stream])
        each = outcomes.value(accrual.accrue(history, part.dynamics), prices, tuple(scenario.strategies))
        found[part.stream] = Outcomes(each.names, each.strategies, each.values.mean(axis=-1))
    return found, requests


def _over_replications(found: Outcomes, replications: int, reference: int) -> Simulated:
    values = found.values.reshape(*found.values.shape[:-1], -1, replications)
    if replications > 1:
        return summary(Outcomes(found.names, found.strategies, values), reference)
    unknown = np.full(found.values.shape, np.nan)
    return Simulated(found, unknown, unknown, unknown[0, 0])


# --- how the resources did --------------------------------------------------------------------------------------

def waits(requests: Requests, hours: tuple[float, ...] = (24, 48)) -> dict[str, np.ndarray]:
    """Of each world with requests [world]: patients, mean, median and 95th percentile of the wait in days, the shares
    treated within so many hours of asking, and the share that was never treated. Recruits only.
    """
    own = requests.where(requests.patient >= 0)
    rows: dict[str, list[float]] = {}
    for world in _worlds(own):
        treated = ~np.isnan(world.granted)
        wait = world.wait[treated]
        values = {"patients": len(treated), "mean": wait.mean(), "median": np.median(wait), "95th percentile":
                  np.quantile(wait, 0.95), "never treated": 1 - treated.mean()}
        values |= {f"within {h:g} h": (treated & (world.wait <= h / 24)).mean() for h in hours}
        for name, value in values.items():
            rows.setdefault(name, []).append(float(value))
    return {name: np.array(column) for name, column in rows.items()}


def _worlds(requests: Requests) -> Iterator[Requests]:
    """The requests of each strategy and draw."""
    world = requests.strategy.astype(np.int64) * (requests.draw.max(initial=0) + 1) + requests.draw
    order = np.argsort(world, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(world[order])) + 1):
        if len(rows):
            yield requests.where(rows)


def with_error(values: np.ndarray) -> tuple[float, float]:
    """(mean, standard error) over replications."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan


def waiting_at(requests: Requests, days: np.ndarray) -> np.ndarray:
    """Patients of one world in the queue at each of `days` (those who ask at that moment not counted)."""
    ends = requests.asked + requests.wait
    return np.searchsorted(np.sort(requests.asked), days) - np.searchsorted(np.sort(ends), days)


def window(world: Requests, system: System) -> tuple[float, float]:
    """Days from the end of the warm-up to the time by which nearly all recruits had asked: the queue is in its usual state."""
    own = world.asked[world.patient >= 0]
    return system.warm_up, max(float(np.quantile(own, 0.95)) if len(own) else 0.0, system.warm_up + 1e-9)


def utilisation(requests: Requests, system: System, resource: int, begin: float, end: float) -> float:
    """Share of the opening time of the resource, from day `begin` to `end`, in which a unit was used, in one world.

    Work that outlasts the opening hours counts too, so that more than 1 means overtime.
    """
    own = requests.where((requests.resource == resource) & ~np.isnan(requests.granted))
    used = np.clip(own.left, begin, end) - np.clip(own.granted, begin, end)
    made = system.resources[resource]
    return float(used.sum() / (made.capacity * (end - begin) * Opening(made.opening).share))


def offered_load(dynamics, history, system: System, weight: float = 1.0) -> dict[str, np.ndarray]:
    """Units of work that arrive for each unit of capacity in opening hours, by resource: [strategy], without queues.

    1 or more overloads. history: of the individual engine, one group of patients, which is `weight` of all arrivals.
    """
    days = (history.left - history.entered) * dynamics.time.day
    strategies, each = history.shape[0], history.shape[1] * history.shape[2]
    found = {}
    for resource in system.resources:
        users = [dynamics.states.index(hold.state) for hold in system.holds if resource.key in hold.resources]
        used = np.isin(history.state, users)
        work = np.bincount(history.strategy[used], days[used], minlength=strategies) / each
        open_units = resource.capacity * Opening(resource.opening).share
        found[resource.key] = arrivals_per_day(system) * weight * work / open_units
    return found


def arrivals_per_day(system: System) -> float:
    arrivals = system.arrivals
    if arrivals.per_day:
        return float(np.mean(arrivals.per_day))
    days = np.concatenate([np.asarray(times) for times in arrivals.times.values()])
    return len(days) / max(np.ptp(days), 1.0)


def loads(scenario: Scenario, seed: int = 1, patients: int = 2000) -> dict[str, np.ndarray]:
    """Offered load of each resource at base values, [strategy], over all groups."""
    table = draw_tables.base(scenario)
    weights, total = inputs.group_weights(scenario, table), {}
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, table, group)
        history = individual.history(dynamics, patients, seed, table.index, key)
        for resource, load in offered_load(dynamics, history, scenario.system, float(weights[key][0])).items():
            total[resource] = total.get(resource, 0.0) + load
    return total


def overloads(scenario: Scenario, seed: int = 1) -> list[str]:
    """Warnings of resources whose offered load is at or above their capacity under some strategy."""
    labels, found = list(scenario.labels.values()), []
    for key, load in loads(scenario, seed).items():
        worst = int(np.argmax(load))
        if load[worst] >= 1:
            found.append(f"resources.{key}: the offered load is {load[worst]:.2f} of its capacity under {labels[worst]}, so the "
                         "queue grows as long as patients arrive: results depend on how many are followed")
    return found
