"""Time of the engines that follow patients, one process, against their targets."""

from __future__ import annotations

import numpy as np
from timing import HERE, Job, best

from model import draws, inputs
from model.analysis.evaluate import Method, evaluate
from model.engines import queueing
from model.resources import Arrivals, Hold, Resource, System
from model.sample import Sample
from model.scenario_file import read

PATIENTS = 1000
CENTRE = System(
    (Resource("theatre", 30), Resource("bed", 200)),
    (Hold("surgery", ("theatre",)), Hold("ward", ("bed",))),
    Arrivals((4.0,)),
)


def measure(small: bool = False) -> list[dict]:
    """One row a case: name, seconds, target in seconds. small: few patients, to see that everything works."""
    patients, repeats, queued = (10, 1, 20) if small else (PATIENTS, 5, 5000)
    rows = [
        {
            "name": f"illness-death, Weibull, {patients:,} patients x {n:,} draws x 2 strategies, with outcomes",
            "seconds": best(_individual(patients, n // 50 if small else n), repeats),
            "target": target,
        }
        for n, target in ((100, 0.15), (1000, 1.5))
    ]
    return rows + [
        {
            "name": "queueing, one patient, two resources, unloaded",
            "seconds": best(_queueing(queued), repeats) / queued,
            "target": 80e-6,
        }
    ]


def _individual(patients: int, n: int) -> Job:
    """Simulation, discounted costs and QALYs, means and standard errors of n draws."""
    scenario = read(HERE / "illness_death.yaml")
    table = draws.probabilistic(scenario, Sample(n, 1))
    return lambda: evaluate(scenario, table, Method("individual", patients))


def _queueing(patients: int) -> Job:
    scenario = read(HERE / "queueing.yaml")
    dynamics = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    return lambda: queueing.simulate([queueing.Part(dynamics, patients, np.ones(1))], 1, None, CENTRE)
