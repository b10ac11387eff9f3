"""Time of the queueing engine a patient: against plain SimPy on the same queue, under overload, and in a centre with queues."""

from __future__ import annotations

import numpy as np
from timing import HERE, ROOT, Job, interleaved

from model import draws, inputs
from model.analysis.evaluate import Method, evaluate
from model.engines import queueing
from model.resources import Arrivals, Hold, Resource, System
from model.sample import Sample
from model.scenario_file import read

SERVERS, PER_DAY, MICRO = 3, 2.4, 1e6
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


def simulated(file: str, system: System, patients: int) -> Job:
    scenario = read(HERE / file)
    dynamics = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    part = queueing.Part(dynamics, patients, np.ones(1))
    return lambda: queueing.simulate([part], 1, None, system)


def centre(patients: int, replications: int) -> Job:
    """The shipped capacity scenario, simulated and priced; two draws of that many replications."""
    scenario = read(ROOT / "scenarios" / "mscc_capacity.yaml")
    table = draws.probabilistic(scenario, Sample(2, 1))
    return lambda: evaluate(scenario, table, Method("queueing", patients, replications))


def measure(small: bool = False) -> list[dict]:
    """One row a figure: name, microseconds a patient (or a ratio), target. small: few patients, to see that everything works."""
    queued, sizes, followed = (20, (10, 20), 5) if small else (5000, (1000, 2000, 4000), 1000)
    jobs = [
        (lambda: simpy_queue(queued), queued),
        (simulated("one_queue.yaml", QUEUE, queued), queued),
        (simulated("queueing.yaml", CENTRE, queued), queued),
        (centre(followed, 2), followed * 2 * 2 * 2),
        *((simulated("queueing.yaml", OVERLOADED, n), n) for n in sizes),
    ]
    seconds = interleaved([job for job, _ in jobs], 1 if small else 9)
    plain, queue, unloaded, capacity, *overloaded = (MICRO * s / n for s, (_, n) in zip(seconds, jobs))
    joint = {"name": "queueing, joint needs, ten times what beds can take", "axis": "patients", "power": 1.1}
    return [
        {"name": f"M/M/{SERVERS}, a patient: plain SimPy", "seconds": plain, "unit": "us"},
        {"name": "the same: queueing engine", "seconds": queue, "target": 3 * plain, "unit": "us"},
        {"name": "the same: times plain SimPy", "seconds": queue / plain, "target": 3, "unit": ""},
        {"name": "queueing, one patient, two resources, unloaded", "seconds": unloaded, "target": 80, "unit": "us"},
        {"name": "mscc_capacity.yaml, a patient and strategy", "seconds": capacity, "target": 70, "unit": "us"},
        *(joint | {"size": n, "seconds": n * each / MICRO} for n, each in zip(sizes, overloaded)),
    ]
