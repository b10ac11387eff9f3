"""How the resources did, from what patients asked of them: waits, use, load.

Patients of one replication wait for each other, so they are no independent sample: every standard error is over
replications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from model.engines.calendar import Opening
from model.history import Requests
from model.resources import System


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
    return _used(requests, resource, begin, end, hours) / (
        made.capacity * float(np.diff(hours(np.array([begin, end])))[0])
    )


def overtime(requests: Requests, system: System, resource: int, begin: float, end: float) -> float:
    """Hours a week in which units were used outside the opening hours, since who has begun stays until done."""
    inside = _used(requests, resource, begin, end, Opening(system.resources[resource].opening).hours_until)
    return (_used(requests, resource, begin, end, lambda day: day) - inside) * 24 * 7 / (end - begin)


def _used(requests: Requests, resource: int, begin: float, end: float, clock: Callable) -> float:
    """Unit-days of use between two days, on a clock (of the calendar, or of opening hours)."""
    own = requests.where((requests.resource == resource) & ~np.isnan(requests.granted))
    return float((clock(np.clip(own.left, begin, end)) - clock(np.clip(own.granted, begin, end))).sum())
