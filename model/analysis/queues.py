"""Run the queueing engine over a table of draws, in replications, and say how the resources did.

Patients of one replication wait for each other, so they are no independent sample: every standard error here is over
replications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from model import chances, effort, inputs, outcomes, pricing
from model import draws as draw_tables
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


def simulate(
    scenario: Scenario,
    draws: Draws,
    patients: int,
    system: System,
    replications: int = 20,
    progress: Callable[[int], None] = lambda done: None,
    executor: Executor | None = None,
) -> Queued:
    """`patients` recruited a replication, shared out among the groups; `progress` is told of replications done.

    With one replication a draw (enough for a PSA, whose draws carry the noise) standard errors are NaN.
    """
    table = replicated(draws, replications)
    tasks = [table.part(first, min(first + TASK, table.n)) for first in range(0, table.n, TASK)]
    arguments = (scenario, strata(scenario, patients), system)
    waiting = in_order(executor, _task, ((task, *arguments) for task in tasks))
    means, requests, first = {key: [] for key in scenario.groups}, [], 0
    for task, (found, asked) in effort.loop(zip(tasks, waiting), len(tasks)):
        for key, part in found.items():
            means[key].append(part)
        requests.append(asked.later(first))
        first += task.n
        progress(task.n)
    by_group = {key: outcomes.joined(parts) for key, parts in means.items()}
    if list(by_group) != ["all"]:
        by_group = {"all": outcomes.pooled(by_group, inputs.group_weights(scenario, table)), **by_group}
    found = {key: _over_replications(part, replications, scenario.reference_index) for key, part in by_group.items()}
    return Queued(found, Requests.joined(requests), replications)


def replicated(draws: Draws, replications: int) -> Draws:
    """Each draw as many times, one behind the other; numbers are draw * replications + replication."""
    values = {name: v if len(v) == 1 else np.repeat(v, replications) for name, v in draws.values.items()}
    index = (draws.index[:, None] * replications + np.arange(replications)).ravel()
    return replace(draws, values=values, index=index)


def histories(scenario: Scenario, replications: int, patients: int, seed: int) -> dict[str, tuple[Dynamics, History]]:
    """Dynamics and stays of each group at base values; the axis of draws has the replications."""
    table = replicated(draw_tables.base(scenario, seed), replications)
    parts = _parts(table, scenario, strata(scenario, patients))
    found, _ = queueing.simulate(parts, seed, table.index, scenario.system)
    return {part.stream: (part.dynamics, history) for part, history in zip(parts, found)}


def _parts(draws: Draws, scenario: Scenario, numbers: dict[str, int]) -> list[queueing.Part]:
    weights = inputs.group_weights(scenario, draws)
    return [
        queueing.Part(
            inputs.dynamics(scenario, draws, group), numbers[key], np.broadcast_to(weights[key], draws.n), key
        )
        for key, group in scenario.groups.items()
    ]


def _task(draws: Draws, scenario: Scenario, numbers: dict[str, int], system: System):
    """(outcomes by group, means over patients; requests) of some replications."""
    parts = _parts(draws, scenario, numbers)
    found_histories, requests = queueing.simulate(parts, draws.seed, draws.index, system)
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
    return Simulated(found, unknown, unknown, unknown[0, 0], unknown[0, 0], np.nan)


# --- how the resources did --------------------------------------------------------------------------------------


def waits(requests: Requests, hours: tuple[float, ...] = (24, 48)) -> dict[str, np.ndarray]:
    """Of each world with requests [world]: patients, mean, median and 95th percentile of the wait in days of those treated,
    the shares treated within so many hours of asking, and the share that was never treated. Recruits only; a wait goes on
    when the patient becomes something else that needs the same resource.
    """
    own = requests.where(requests.patient >= 0).whole()
    rows: dict[str, list[float]] = {}
    for world in _worlds(own):
        treated = ~np.isnan(world.granted)
        wait = world.wait[treated]
        middle, late = np.quantile(wait, [0.5, 0.95]) if len(wait) else (np.nan, np.nan)
        values = {
            "patients": world.patients,
            "mean": wait.mean() if len(wait) else np.nan,
            "median": middle,
            "95th percentile": late,
            "never treated": 1 - treated.mean(),
        }
        values |= {f"within {h:g} h": (treated & (world.wait <= h / 24)).mean() for h in hours}
        for name, value in values.items():
            rows.setdefault(name, []).append(float(value))
    return {name: np.array(column) for name, column in rows.items()}


def first_asked(requests: Requests) -> np.ndarray:
    """[request] day on which the same patient first asked for anything."""
    key = np.zeros(len(requests.asked), np.int64)
    for part in (requests.strategy, requests.draw, requests.group, requests.patient):
        _, place = np.unique(part, return_inverse=True)
        key = key * (place.max(initial=0) + 1) + place
    _, patient = np.unique(key, return_inverse=True)
    first = np.full(patient.max(initial=-1) + 1, np.inf)
    np.minimum.at(first, patient, requests.asked)
    return first[patient]


def since_first(world: Requests, first: np.ndarray, hours: tuple[float, ...] = (24, 48)) -> dict[str, float]:
    """Of one world, whose patients first asked for anything on the days `first` [request]: mean and median days from then to
    treatment, and the shares of those who asked who are treated within so many hours of it."""
    treated = ~np.isnan(world.granted)
    if not treated.any():
        return {"mean": np.nan, "median": np.nan, **{f"within {h:g} h": 0.0 for h in hours}}
    time = (world.granted - first)[treated]
    found = {"mean": float(time.mean()), "median": float(np.median(time))}
    return found | {f"within {h:g} h": float((time <= h / 24).sum() / len(treated)) for h in hours}


def _worlds(requests: Requests) -> Iterator[Requests]:
    """The requests of each strategy and draw."""
    world = requests.strategy.astype(np.int64) * (requests.draw.max(initial=0) + 1) + requests.draw
    order = np.argsort(world, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(world[order])) + 1):
        if len(rows):
            yield requests.where(rows)


def waiting_between(requests: Requests, edges: np.ndarray) -> np.ndarray:
    """Mean number of patients of one world in the queue between each two of the days `edges`."""
    begin, end = requests.asked[:, None], (requests.asked + requests.wait)[:, None]
    waited = (np.minimum(end, edges) - np.minimum(begin, edges)).sum(axis=0)  # patient-days until each edge
    return np.diff(waited) / np.diff(edges)


def in_use_between(requests: Requests, edges: np.ndarray) -> np.ndarray:
    """Mean number of units of one resource in use between each two of the days `edges`, in one world."""
    own = requests.where(~np.isnan(requests.granted))
    used = (np.minimum(own.left[:, None], edges) - np.minimum(own.granted[:, None], edges)).sum(axis=0)
    return np.diff(used) / np.diff(edges)


def window(world: Requests, system: System) -> tuple[float, float]:
    """Days from the end of the warm-up to the time by which nearly all recruits had asked: the queue is in its usual state."""
    own = world.asked[world.patient >= 0]
    return system.warm_up, max(float(np.quantile(own, 0.95)) if len(own) else 0.0, system.warm_up + 1e-9)


def utilisation(requests: Requests, system: System, resource: int, begin: float, end: float) -> float:
    """Share of the opening hours of the resource, from day `begin` to `end`, in which a unit was used, in one world."""
    made = system.resources[resource]
    hours = Opening(made.opening).hours_until
    return _used(requests, resource, begin, end, hours) / (made.capacity * float(hours(end) - hours(begin)))


def overtime(requests: Requests, system: System, resource: int, begin: float, end: float) -> float:
    """Hours a week in which units were used outside the opening hours, since who has begun stays until done."""
    inside = _used(requests, resource, begin, end, Opening(system.resources[resource].opening).hours_until)
    return (_used(requests, resource, begin, end, lambda day: day) - inside) * 24 * 7 / (end - begin)


def _used(requests: Requests, resource: int, begin: float, end: float, clock: Callable) -> float:
    """Unit-days of use between two days, on a clock (of the calendar, or of opening hours)."""
    own = requests.where((requests.resource == resource) & ~np.isnan(requests.granted))
    return float((clock(np.clip(own.left, begin, end)) - clock(np.clip(own.granted, begin, end))).sum())


def offered_load(scenario: Scenario, seed: int = 1, patients: int = 2000) -> dict[str, np.ndarray]:
    """Requests that arrive for each one that a unit can serve when the queue never ends, by resource: [strategy].

    1 or more overloads. Base values, nobody waits; a unit takes the next patient when it is free and open.
    """
    table, system = draw_tables.base(scenario), scenario.system
    weights = inputs.group_weights(scenario, table)
    strategies = len(scenario.strategies)
    rate, spans = np.zeros((len(system.resources), strategies)), {}
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
