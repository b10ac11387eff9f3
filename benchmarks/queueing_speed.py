"""Time of the queueing engine a patient: against plain SimPy on the same queue, under overload, and in a centre with queues.

Run: python benchmarks/queueing_speed.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model import draws, inputs
from model.analysis.evaluate import Method, evaluate
from model.engines import queueing
from model.resources import Arrivals, Hold, Resource, System
from model.sample import Sample
from model.scenario_file import read

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SERVERS, PER_DAY, PATIENTS = 3, 2.4, 5000
CENTRE = System(
    (Resource("theatre", 30), Resource("bed", 200)),
    (Hold("surgery", ("theatre",)), Hold("ward", ("bed",))),
    Arrivals((4.0,)),
)
QUEUE = System((Resource("server", SERVERS),), (Hold("service", ("server",)),), Arrivals((PER_DAY,)))
# A theatre and a bed are needed together, by about ten times as many as beds can take.
OVERLOADED = System(
    (Resource("theatre", 1), Resource("bed", 6)),
    (Hold("surgery", ("theatre", "bed")), Hold("ward", ("bed",))),
    Arrivals((8.0,)),
)


def simpy_queue(patients: int) -> None:
    """M/M/c as SimPy's manual writes it: a process a patient, who requests a resource; his times are written down."""
    import simpy

    env, rng = simpy.Environment(), np.random.default_rng(1)
    server, found = simpy.Resource(env, SERVERS), []

    def patient(service):
        arrived = env.now
        with server.request() as request:
            yield request
            served = env.now
            yield env.timeout(service)
        found.append((arrived, served, env.now))

    def source():
        gaps, services = rng.exponential(1 / PER_DAY, patients).tolist(), rng.exponential(1.0, patients).tolist()
        for gap, service in zip(gaps, services):
            yield env.timeout(gap)
            env.process(patient(service))

    env.process(source())
    env.run()


def simulated(file: str, system: System, patients: int) -> Callable[[], object]:
    scenario = read(HERE / file)
    dynamics = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    part = queueing.Part(dynamics, patients, np.ones(1))
    return lambda: queueing.simulate([part], 1, None, system)


def centre(patients: int, replications: int) -> Callable[[], object]:
    """The shipped capacity scenario, simulated and priced; two draws of that many replications."""
    scenario = read(ROOT / "scenarios" / "mscc_capacity.yaml")
    table = draws.probabilistic(scenario, Sample(2, 1))
    return lambda: evaluate(scenario, table, Method("queueing", patients, replications))


def interleaved(runs: dict[str, tuple[Callable[[], object], int]], repeats: int) -> dict[str, float]:
    """Microseconds a patient of each, the median of some rounds: processor time, one after the other in each round."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, (run, patients) in runs.items():
            start = process_time()
            run()
            times[name].append((process_time() - start) / patients * 1e6)
    return {name: median(found) for name, found in times.items()}


def measure(repeats: int = 9) -> list[dict]:
    """One row a figure: name, microseconds (or a ratio, or a power of the number of patients), target."""
    runs = {
        "plain SimPy": (lambda: simpy_queue(PATIENTS), PATIENTS),
        "queue": (simulated("one_queue.yaml", QUEUE, PATIENTS), PATIENTS),
        "unloaded": (simulated("queueing.yaml", CENTRE, PATIENTS), PATIENTS),
        **{n: (simulated("queueing.yaml", OVERLOADED, n), n) for n in (1000, 2000, 4000)},
        "centre": (centre(1000, 2), 1000 * 2 * 2 * 2),
    }
    found = interleaved(runs, repeats)
    power = 1 + np.log(found[4000] / found[1000]) / np.log(4)
    about = f"M/M/{SERVERS}, {PATIENTS:,} patients"
    return [
        {"name": f"{about}: plain SimPy", "seconds": found["plain SimPy"], "target": np.nan, "unit": "us"},
        {
            "name": f"{about}: queueing engine",
            "seconds": found["queue"],
            "target": 3 * found["plain SimPy"],
            "unit": "us",
        },
        {
            "name": "the same: times plain SimPy",
            "seconds": found["queue"] / found["plain SimPy"],
            "target": 3,
            "unit": "",
        },
        {"name": "a patient with two resources, unloaded", "seconds": found["unloaded"], "target": 80, "unit": "us"},
        *(
            {"name": f"joint needs under overload, {n:,} patients", "seconds": found[n], "target": 60, "unit": "us"}
            for n in (1000, 2000, 4000)
        ),
        {"name": "the same: power of the patients, 1,000 to 4,000", "seconds": power, "target": 1.1, "unit": ""},
        {"name": "mscc_capacity.yaml, a patient and strategy", "seconds": found["centre"], "target": 70, "unit": "us"},
    ]


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds']:10.2f} {row['unit']:2s} (target {row['target']:g})  {row['name']}")
