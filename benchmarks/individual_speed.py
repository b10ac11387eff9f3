"""Time of the individual engine, one process, against its targets."""

from __future__ import annotations

from timing import HERE, Job, best

from model import draws
from model.analysis.evaluate import Method, evaluate
from model.sample import Sample
from model.scenario_file import read

PATIENTS = 1000


def measure(small: bool = False) -> list[dict]:
    """One row a case: name, seconds, target in seconds. small: few patients, to see that everything works."""
    patients, repeats = (10, 1) if small else (PATIENTS, 5)
    return [
        {
            "name": f"illness-death, Weibull, {patients:,} patients x {n:,} draws x 2 strategies, with outcomes",
            "seconds": best(_individual(patients, n // 50 if small else n), repeats),
            "target": target,
        }
        for n, target in ((100, 0.020), (1000, 0.235))
    ]


def _individual(patients: int, n: int) -> Job:
    """Simulation, discounted costs and QALYs, means and standard errors of n draws."""
    scenario = read(HERE / "illness_death.yaml")
    table = draws.probabilistic(scenario, Sample(n, 1))
    return lambda: evaluate(scenario, table, Method("individual", patients))
