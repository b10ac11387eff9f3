"""How the time of engines that follow patients grows: patients, draws, strategies, and states that a patient passes."""

from __future__ import annotations

from functools import partial

import made
from growth import Case, evaluation, measured
from timing import Job

from model import draws as tables
from model.analysis.evaluate import Method, evaluate

FOLLOWED = {"states": (4, 8, 16, 32), "patients": (1000, 4000, 16_000), "draws": (20, 80, 320), "strategies": (2, 4, 8)}
QUEUED = {"patients": (500, 1000, 2000, 4000), "replications": (2, 4, 8), "strategies": (2, 4, 8)}
TINY = {
    **{"states": (4, 6), "stations": (1, 2), "patients": (5, 10)},
    **{"draws": (2, 4), "replications": (2, 3), "strategies": (2, 3)},
}


def measure(small: bool = False) -> list[dict]:
    """Rows with axis and size. small: tiny sizes, to see that everything works."""
    return measured(_cases(), small)


def _cases() -> list[Case]:
    kinds, held = ("constant rates", "time in state"), {"states": 4, "patients": 1000, "draws": 20, "strategies": 2}
    cases = [Case(f"individual, {kind}", partial(_individual, kind), held, FOLLOWED, TINY) for kind in kinds]
    held = {"patients": 500, "replications": 2, "strategies": 2}
    overloaded = {"patients": QUEUED["patients"]}
    return cases + [
        Case("queueing, load of 0.8", _stations, held | {"stations": 1}, QUEUED | {"stations": (1, 2, 4, 8)}, TINY),
        Case("queueing, load of 0.8, joint needs", partial(_joint, 3.2), held, QUEUED, TINY),
        Case(
            "queueing, load of 2, joint needs", partial(_joint, 8.0), held, overloaded, TINY, powers={"patients": 1.1}
        ),
    ]


def _individual(kind: str, patients: int, draws: int, states: int, strategies: int) -> Job:
    text = made.chain(kind, states, cycles=12, strategies=strategies)
    return evaluation(made.scenario(text), draws, Method("individual", patients))


def _stations(stations: int, patients: int, replications: int, strategies: int) -> Job:
    return _queueing(made.stations(stations, strategies), patients, replications)


def _joint(per_day: float, patients: int, replications: int, strategies: int) -> Job:
    return _queueing(made.joint_needs(strategies, per_day), patients, replications)


def _queueing(text: str, patients: int, replications: int) -> Job:
    scenario = made.scenario(text)
    base, method = tables.base(scenario), Method("queueing", patients, replications)
    return lambda: evaluate(scenario, base, method)
