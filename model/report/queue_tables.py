"""How the resources did: waits, queues, use and what happened to those who waited; intervals over replications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import queues
from model.analysis.run import Run
from model.engines.load import offered_load
from model.history import Requests
from model.intervals import of_replications

if TYPE_CHECKING:
    import pandas as pd


def queue_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Tables of the base case of a run with the queueing engine, by file name."""
    return {
        "waits": waits(run),
        "ended_waiting": ended_waiting(run),
        "resource_use": resource_use(run),
        "queue_length": queue_length(run),
    }


def waits(run: Run) -> pd.DataFrame:
    """Waits of recruits, by what they asked for (several resources asked for together are one wait) and group, in hours;
    shares treated within 24 h and 48 h, of asking for it and of the patient's first request for anything (which counts all
    queues and treatments before)."""
    import pandas as pd

    rows = []
    for group, place in _groups(run):
        for about, worlds, firsts in _by_request(run, place):
            found = [queues.waits(world) for world in worlds if len(world.asked)]
            for name in found[0] if found else ():
                values = np.concatenate([world[name] for world in found])
                rows.append({**about, "group": group, **_measure(name), **of_replications(values * _scale(name))})
            since = [queues.since_first(world, first) for world, first in zip(worlds, firsts) if len(world.asked)]
            for name in since[0] if since else ():
                values = np.array([one[name] for one in since])
                rows.append({**about, "group": group, **_since(name), **of_replications(values * _scale(name))})
    return pd.DataFrame(rows)


_HOURS = ("mean", "median", "95th percentile")


def _measure(name: str) -> dict[str, str]:
    words = {"patients": "patients who asked", "never treated": "share never treated"}
    if name in _HOURS:
        return {"measure": f"{name} wait", "unit": "hour"}
    if name.startswith("within"):
        return {"measure": f"share treated {name}", "unit": "share"}
    return {"measure": words[name], "unit": "patient" if name == "patients" else "share"}


def _since(name: str) -> dict[str, str]:
    if name in _HOURS:
        return {"measure": f"{name} time from first request", "unit": "hour"}
    return {"measure": f"share treated {name} of first request", "unit": "share"}


def _scale(name: str) -> float:
    return 24.0 if name in _HOURS else 1.0


def ended_waiting(run: Run) -> pd.DataFrame:
    """Share of the recruits who asked for a resource, or for several together, whom an event moved on before they had it, by
    where they went.

    A death in the queue is a row with a dead state; loss of walking is one with the state of those who cannot walk.
    """
    import pandas as pd

    states, rows = list(run.scenario.states), []
    for group, place in _groups(run):
        for about, worlds, _ in _by_request(run, place, parts=True):
            for s in sorted({int(x) for world in worlds for x in np.unique(world.instead) if x >= 0}):
                share = np.array(
                    [world.where(world.instead == s).patients / world.patients for world in worlds if len(world.asked)]
                )
                rows.append({**about, "group": group, "state": states[s], **of_replications(share)})
    return pd.DataFrame(rows, columns=["strategy", "resource", "group", "state", *of_replications(np.zeros(2))])


def resource_use(run: Run) -> pd.DataFrame:
    """Utilisation in opening hours, hours outside them, mean queue length, hours a recruit used, and the offered load."""
    import pandas as pd

    system, rows, load = run.scenario.system, [], offered_load(run.scenario, run.sample.seed)
    for (strategy, key, r), worlds in _by_resource(run):
        capacity = system.resources[r].capacity
        used = {
            "utilisation": (
                "share",
                np.array([queues.utilisation(w, system, r, *queues.window(w, system)) for w in worlds]),
            ),
            "use outside opening hours": (
                "hour per week",
                np.array([queues.overtime(w, system, r, *queues.window(w, system)) for w in worlds]),
            ),
            "mean queue length": ("patient", np.array([_mean_queue(w, r, system) for w in worlds])),
            "hours used per week": ("hour", np.array([_per_week(w, r, system) for w in worlds])),
            "hours used by a recruit": ("hour", np.array([_hours(w, r) for w in worlds])),
        }
        for measure, (unit, values) in used.items():
            rows.append(
                {
                    "strategy": strategy,
                    "resource": key,
                    "capacity": capacity,
                    "measure": measure,
                    "unit": unit,
                    **of_replications(values),
                }
            )
        place = list(run.scenario.strategies).index(strategy)
        rows.append(
            {
                "strategy": strategy,
                "resource": key,
                "capacity": capacity,
                "measure": "offered load",
                "unit": "ratio",
                "mean": load[key][place],
            }
        )
    return pd.DataFrame(rows)


def _mean_queue(world: Requests, r: int, system) -> float:
    begin, end = queues.window(world, system)
    own = world.where(world.resource == r)
    waiting = np.clip(own.asked + own.wait, begin, end) - np.clip(own.asked, begin, end)
    return float(waiting.sum() / (end - begin))


def _per_week(world: Requests, r: int, system) -> float:
    """Theatre hours, bed hours... of all patients in a week."""
    edges = np.array(queues.window(world, system))
    return float(queues.in_use_between(world.where(world.resource == r), edges)[0]) * 24 * 7


def _hours(world: Requests, r: int) -> float:
    own = world.where((world.patient >= 0) & (world.resource == r) & ~np.isnan(world.granted))
    people = len(np.unique(world.where(world.patient >= 0).patient + 1e7 * world.where(world.patient >= 0).group))
    return float((own.left - own.granted).sum() * 24 / max(people, 1))


def queue_length(run: Run, stretches: int = 50) -> pd.DataFrame:
    """Mean number of patients waiting for a resource, alone or together with others, and of units in use, in stretches of the calendar (`day` is the middle), with the
    90 % range over replications."""
    import pandas as pd

    parts = []
    for (strategy, key, r), worlds in _by_resource(run):
        end = float(np.median([queues.window(w, run.scenario.system)[1] for w in worlds]))
        edges = np.linspace(0, end, stretches + 1)
        about = {"strategy": strategy, "resource": key, "day": (edges[1:] + edges[:-1]) / 2}
        for name, count in (("waiting", queues.waiting_between), ("in_use", queues.in_use_between)):
            found = np.stack([count(w.where(w.resource == r), edges) for w in worlds])
            low, high = np.quantile(found, [0.05, 0.95], axis=0)
            about |= {f"mean_{name}": found.mean(axis=0), f"{name}_lower_90": low, f"{name}_upper_90": high}
        parts.append(pd.DataFrame(about))
    return pd.concat(parts, ignore_index=True)


def _groups(run: Run) -> Iterator[tuple[str, int | None]]:
    yield "all", None
    if len(run.scenario.groups) > 1:
        yield from ((key, i) for i, key in enumerate(run.scenario.groups))


def requested(run: Run) -> dict[int, tuple[str, str]]:
    """(key, label) of all that was asked for, by the number of Requests.as_asked; several resources together are one."""
    resources, found = run.scenario.system.resources, {}
    for number in np.unique(run.base.requests.together).tolist():
        parts = [i for i in range(len(resources)) if number >> i & 1]
        keys, labels = zip(*((resources[i].key, resources[i].label or resources[i].key) for i in parts))
        found[number] = parts, " + ".join(keys), " + ".join(labels)
    return {number: (key, label) for number, (_, key, label) in sorted(found.items(), key=lambda item: item[1])}


def _by_request(
    run: Run, group: int | None, parts: bool = False
) -> Iterator[tuple[dict, list[Requests], list[np.ndarray]]]:
    """({strategy, resource}, requests of recruits in each replication, day of the first request of the same patients).

    parts: each row as it is, without joining those of a wait that went on."""
    names = requested(run)
    for strategy, worlds in _worlds(run, recruits=True):
        worlds = [w.as_asked() if parts else w.as_asked().whole() for w in worlds]
        firsts = [queues.first_asked(w) for w in worlds]
        for number, (key, _) in names.items():
            chosen = [(w.resource == number) & (True if group is None else w.group == group) for w in worlds]
            if any(rows.any() for rows in chosen):
                own = [w.where(rows) for w, rows in zip(worlds, chosen)]
                yield {"strategy": strategy, "resource": key}, own, [f[rows] for f, rows in zip(firsts, chosen)]


def _worlds(run: Run, recruits: bool) -> Iterator[tuple[str, list[Requests]]]:
    """Requests of each strategy in each replication."""
    found, replications = run.base.requests, run.base_method.replications
    for s, strategy in enumerate(run.scenario.strategies):
        own = found.where((found.strategy == s) & ((found.patient >= 0) | (not recruits)))
        yield strategy, [own.where(own.draw == d) for d in range(replications)]


def _by_resource(run: Run) -> Iterator[tuple[tuple[str, str, int], list[Requests]]]:
    """Requests of each strategy in each replication, recruits or not, once for every resource."""
    for strategy, worlds in _worlds(run, recruits=False):
        for r, resource in enumerate(run.scenario.system.resources):
            yield (strategy, resource.key, r), worlds
