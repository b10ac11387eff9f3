"""How the time of engines that follow patients grows: patients, draws, strategies, and states that a patient passes."""

from __future__ import annotations

import made
from growth import Case, evaluation, measured
from timing import Job

from model import draws as tables
from model.analysis.evaluate import Method, evaluate

CASES = (
    Case(
        "individual, constant rates",
        lambda patients, draws, **sizes: _individual("constant rates", patients, draws, sizes),
        {"states": 4, "patients": 1000, "draws": 20, "strategies": 2},
        {"states": (4, 8, 16, 32), "patients": (1000, 4000, 16_000), "draws": (20, 80, 320), "strategies": (2, 4, 8)},
        {"states": (4, 6), "patients": (5, 10), "draws": (2, 4), "strategies": (2, 3)},
    ),
    Case(
        "individual, time in state",
        lambda patients, draws, **sizes: _individual("time in state", patients, draws, sizes),
        {"states": 4, "patients": 1000, "draws": 20, "strategies": 2},
        {"states": (4, 8, 16, 32), "patients": (1000, 4000, 16_000), "draws": (20, 80, 320), "strategies": (2, 4, 8)},
        {"states": (4, 6), "patients": (5, 10), "draws": (2, 4), "strategies": (2, 3)},
    ),
    Case(
        "queueing, load of 0.8",
        lambda **sizes: _queueing(2.4, **sizes),
        {"stations": 1, "patients": 500, "replications": 2, "strategies": 2},
        {"stations": (1, 2, 4, 8), "patients": (500, 1000, 2000, 4000), "replications": (2, 4, 8), "strategies": (2, 4, 8)},
        {"stations": (1, 2), "patients": (5, 10), "replications": (2, 3), "strategies": (2, 3)},
    ),
    Case(
        "queueing, load of 2, so that the queue grows",
        lambda **sizes: _queueing(6.0, **sizes),
        {"stations": 1, "patients": 500, "replications": 2, "strategies": 2},
        {"patients": (500, 1000, 2000, 4000)},
        {"stations": (1, 2), "patients": (5, 10), "replications": (2, 3), "strategies": (2, 3)},
        powers={"patients": 1.1},
    ),
)  # fmt: skip


def measure(small: bool = False) -> list[dict]:
    """Rows with axis and size. small: tiny sizes, to see that everything works."""
    return measured(CASES, small)


def _individual(kind: str, patients: int, draws: int, sizes: dict[str, int]) -> Job:
    return evaluation(made.scenario(made.chain(kind, cycles=12, **sizes)), draws, Method("individual", patients))


def _queueing(per_day: float, stations: int, patients: int, replications: int, strategies: int) -> Job:
    scenario = made.scenario(made.stations(stations, strategies, per_day=per_day))
    base, method = tables.base(scenario), Method("queueing", patients, replications)
    return lambda: evaluate(scenario, base, method)
