"""How the resources of a base case did: waits, who left the queue, use, and queues over time. Intervals are over replications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis import queues
from model.analysis.run import Run
from model.analysis.summaries import Summary, of_replications
from model.engines.load import offered_load
from model.history import Requests
from model.resources import System
from model.scenario import Scenario

STRETCHES = 50  # of the calendar
HOURS = ("mean", "median", "95th percentile")  # measures that `queues` gives in days
RANGE = (0.05, 0.95)


@dataclass(frozen=True)
class Queues:
    """A base case with queues: what patients asked of the resources of `system` in so many replications."""

    scenario: Scenario
    system: System
    requests: Requests
    replications: int
    seed: int

    def worlds(self, recruits: bool) -> Iterator[tuple[str, list[Requests]]]:
        """Requests of each strategy in each replication; recruits: of no others."""
        found = self.requests
        for s, strategy in enumerate(self.scenario.strategies):
            own = found.where((found.strategy == s) & ((found.patient >= 0) | (not recruits)))
            yield strategy, [own.where(own.draw == d) for d in range(self.replications)]

    def by_resource(self) -> Iterator[tuple[str, int, list[Requests]]]:
        """Requests of each strategy in each replication, recruits or not, once for every resource (by its place)."""
        for strategy, worlds in self.worlds(recruits=False):
            for r in range(len(self.system.resources)):
                yield strategy, r, worlds

    def groups(self) -> Iterator[tuple[str, int | None]]:
        """All patients, then each group with its place."""
        yield "all", None
        if len(self.scenario.groups) > 1:
            yield from ((key, i) for i, key in enumerate(self.scenario.groups))


def queues_of(run: Run) -> Queues | None:
    """None where nobody queued."""
    if run.base.requests is None or run.scenario.system is None:
        return None
    return Queues(run.scenario, run.scenario.system, run.base.requests, run.base_method.replications, run.sample.seed)


def requested(found: Queues) -> dict[int, tuple[str, str]]:
    """(key, label) of all that was asked for, by the number of Requests.as_asked; several resources together are one."""
    resources, names = found.system.resources, {}
    for number in np.unique(found.requests.together).tolist():
        parts = [i for i in range(len(resources)) if number >> i & 1]
        keys, labels = zip(*((resources[i].key, resources[i].label or resources[i].key) for i in parts))
        names[number] = parts, " + ".join(keys), " + ".join(labels)
    return {number: (key, label) for number, (_, key, label) in sorted(names.items(), key=lambda item: item[1])}


# --- waits --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueMeasure:
    """One measure of what patients of a group met who asked for a resource, or for several together."""

    strategy: str
    resource: str
    group: str
    measure: str
    unit: str
    summary: Summary


def waits(found: Queues) -> Iterator[QueueMeasure]:
    """Waits of recruits, by what they asked for (several resources asked for together are one wait) and group, in hours;
    shares treated within 24 h and 48 h, of asking for it and of the patient's first request for anything (which counts all
    queues and treatments before)."""
    for group, place in found.groups():
        for strategy, resource, worlds, firsts in _by_request(found, place):
            asked = [queues.waits(world) for world in worlds if len(world.asked)]
            for name in asked[0] if asked else ():
                values = np.concatenate([world[name] for world in asked])
                yield QueueMeasure(strategy, resource, group, *_wait(name), _in_hours(name, values))
            since = [queues.since_first(world, first) for world, first in zip(worlds, firsts) if len(world.asked)]
            for name in since[0] if since else ():
                values = np.array([world[name] for world in since])
                yield QueueMeasure(strategy, resource, group, *_since_first(name), _in_hours(name, values))


def _in_hours(name: str, values: np.ndarray) -> Summary:
    return of_replications(values * (24.0 if name in HOURS else 1.0))


def _wait(name: str) -> tuple[str, str]:
    """(measure, unit)"""
    if name in HOURS:
        return f"{name} wait", "hour"
    if name.startswith("within"):
        return f"share treated {name}", "share"
    return ("patients who asked", "patient") if name == "patients" else (f"share {name}", "share")


def _since_first(name: str) -> tuple[str, str]:
    return (
        (f"{name} time from first request", "hour")
        if name in HOURS
        else (f"share treated {name} of first request", "share")
    )


@dataclass(frozen=True)
class EndedWaiting:
    """Share of the recruits who asked for a resource, or for several together, whom an event led to `state` before they had it.

    A death in the queue is a dead state; loss of walking is the state of those who cannot walk.
    """

    strategy: str
    resource: str
    group: str
    state: str
    summary: Summary


def ended_waiting(found: Queues) -> Iterator[EndedWaiting]:
    states = list(found.scenario.states)
    for group, place in found.groups():
        for strategy, resource, worlds, _ in _by_request(found, place, parts=True):
            for s in sorted({int(x) for world in worlds for x in np.unique(world.instead) if x >= 0}):
                share = [
                    world.where(world.instead == s).patients / world.patients for world in worlds if len(world.asked)
                ]
                yield EndedWaiting(strategy, resource, group, states[s], of_replications(np.array(share)))


def _by_request(
    found: Queues, group: int | None, parts: bool = False
) -> Iterator[tuple[str, str, list[Requests], list[np.ndarray]]]:
    """(strategy, resource, requests of recruits in each replication, day of the first request of the same patients).

    parts: each row as it is, without joining those of a wait that went on."""
    names = requested(found)
    for strategy, worlds in found.worlds(recruits=True):
        worlds = [w.as_asked() if parts else w.as_asked().whole() for w in worlds]
        firsts = [queues.first_asked(w) for w in worlds]
        for number, (key, _) in names.items():
            chosen = [(w.resource == number) & (True if group is None else w.group == group) for w in worlds]
            if any(rows.any() for rows in chosen):
                own = [w.where(rows) for w, rows in zip(worlds, chosen)]
                yield strategy, key, own, [f[rows] for f, rows in zip(firsts, chosen)]


# --- use ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ResourceUse:
    """One measure of the use of a resource."""

    strategy: str
    resource: str
    capacity: float
    measure: str
    unit: str
    summary: Summary


def resource_use(found: Queues) -> Iterator[ResourceUse]:
    """Utilisation in opening hours, hours outside them, mean queue length, hours a recruit used, and the offered load."""
    system, load = found.system, offered_load(found.scenario, found.seed)
    places = {strategy: s for s, strategy in enumerate(found.scenario.strategies)}
    measures = (
        ("utilisation", "share", lambda w, r: queues.utilisation(w, system, r, *queues.window(w, system))),
        (
            "use outside opening hours",
            "hour per week",
            lambda w, r: queues.overtime(w, system, r, *queues.window(w, system)),
        ),
        ("mean queue length", "patient", lambda w, r: _mean_queue(w, r, system)),
        ("hours used per week", "hour", lambda w, r: _hours_per_week(w, r, system)),
        ("hours used by a recruit", "hour", _hours_of_a_recruit),
    )
    for strategy, r, worlds in found.by_resource():
        about = strategy, system.resources[r].key, system.resources[r].capacity
        for measure, unit, of in measures:
            values = np.array([of(world, r) for world in worlds])
            yield ResourceUse(*about, measure, unit, of_replications(values))
        offered = load[system.resources[r].key][places[strategy]]
        yield ResourceUse(*about, "offered load", "ratio", Summary(offered, np.nan, np.nan, np.nan))


def _mean_queue(world: Requests, r: int, system: System) -> float:
    begin, end = queues.window(world, system)
    own = world.where(world.resource == r)
    waiting = np.clip(own.asked + own.wait, begin, end) - np.clip(own.asked, begin, end)
    return float(waiting.sum() / (end - begin))


def _hours_per_week(world: Requests, r: int, system: System) -> float:
    """Theatre hours, bed hours... of all patients in a week."""
    edges = np.array(queues.window(world, system))
    return float(queues.in_use_between(world.where(world.resource == r), edges)[0]) * 24 * 7


def _hours_of_a_recruit(world: Requests, r: int) -> float:
    recruits = world.where(world.patient >= 0)
    own = recruits.where((recruits.resource == r) & ~np.isnan(recruits.granted))
    people = len(np.unique(recruits.patient + 1e7 * recruits.group))
    return float((own.left - own.granted).sum() * 24 / max(people, 1))


@dataclass(frozen=True)
class OverTime:
    """A number of patients or units in stretches of the calendar [stretch]: mean, and 90 % range over replications."""

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class QueueOverTime:
    """Patients who wait for a resource, alone or together with others, and units in use; day: middle of each stretch."""

    strategy: str
    resource: str
    day: np.ndarray
    waiting: OverTime
    in_use: OverTime


def queues_over_time(found: Queues, stretches: int = STRETCHES) -> Iterator[QueueOverTime]:
    """Of every strategy and resource."""
    for strategy, r, worlds in found.by_resource():
        end = float(np.median([queues.window(w, found.system)[1] for w in worlds]))
        edges = np.linspace(0, end, stretches + 1)
        own = [w.where(w.resource == r) for w in worlds]
        counts = (np.stack([count(w, edges) for w in own]) for count in (queues.waiting_between, queues.in_use_between))
        waiting, in_use = (OverTime(c.mean(axis=0), *np.quantile(c, RANGE, axis=0)) for c in counts)
        yield QueueOverTime(strategy, found.system.resources[r].key, (edges[1:] + edges[:-1]) / 2, waiting, in_use)
