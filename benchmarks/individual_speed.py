"""Time of the engines that follow patients, one process, against their targets.

Run: python benchmarks/individual_speed.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model import draws, inputs
from model.analysis.simulate import simulate
from model.engines import queueing
from model.resources import Arrivals, Hold, Resource, System
from model.sample import Sample
from model.scenario_file import read

HERE = Path(__file__).resolve().parent
PATIENTS = 1000
CENTRE = System(
    (Resource("theatre", 30), Resource("bed", 200)),
    (Hold("surgery", ("theatre",)), Hold("ward", ("bed",))),
    Arrivals((4.0,)),
)


def measure(repeats: int = 5) -> list[dict]:
    """Best of `repeats` runs of each case: name, seconds, target in seconds."""
    rows = [
        {
            "name": f"illness-death, Weibull, {PATIENTS:,} patients x {n:,} draws x 2 strategies, with outcomes",
            "seconds": min(_individual(n) for _ in range(repeats)),
            "target": target,
        }
        for n, target in ((100, 0.15), (1000, 1.5))
    ]
    return rows + [
        {
            "name": "queueing, one patient, two resources, unloaded",
            "seconds": min(_queueing(5000) for _ in range(repeats)),
            "target": 80e-6,
        }
    ]


def _individual(n: int) -> float:
    """Simulation, discounted costs and QALYs, means and standard errors of n draws."""
    scenario = read(HERE / "illness_death.yaml")
    table = draws.probabilistic(scenario, Sample(n, 1))
    start = perf_counter()
    simulate(scenario, table, PATIENTS)
    return perf_counter() - start


def _queueing(patients: int) -> float:
    """Seconds a patient."""
    scenario = read(HERE / "queueing.yaml")
    dynamics = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    start = perf_counter()
    queueing.simulate([queueing.Part(dynamics, patients, np.ones(1))], 1, None, CENTRE)
    return (perf_counter() - start) / patients


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds'] * 1e3:10.3f} ms (target {row['target'] * 1e3:g} ms)  {row['name']}")
