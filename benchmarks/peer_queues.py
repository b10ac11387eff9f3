"""Patients who wait for one of three servers (M/M/3, load 0.8): the queueing engine, plain SimPy, ciw, and heormodel."""

from __future__ import annotations

import random

import made
import numpy as np
from peer_case import Case

from model import draws, inputs
from model.analysis import queues
from model.engines import queueing
from model.engines.load import system_of

SERVERS, PER_DAY = 3, 2.4  # served for a day on average
PATIENTS, REPLICATIONS = 2000, 10


def cases(small: bool = False) -> list[Case]:
    """Results: mean days of waiting, [replication]."""
    patients, replications = (40, 20) if small else (PATIENTS, REPLICATIONS)
    peers = {"simpy": plain_simpy, "ciw": in_ciw, "heormodel": in_heormodel}
    what = f"queue of three servers, {replications} x {patients:,} patients"
    return [
        Case(
            what, package, lambda: ours(patients, replications), lambda r=run: r(patients, replications), simulated=True
        )
        for package, run in peers.items()
    ]


def ours(patients: int, replications: int) -> np.ndarray:
    """Every history and request, as the engine keeps them."""
    scenario = made.scenario(made.stations(strategies=1, per_day=PER_DAY))
    (group,) = scenario.groups.values()
    dynamics = inputs.dynamics(scenario, draws.repeat(scenario, replications), group)
    part = queueing.Part(dynamics, patients, np.ones(replications))
    return queues.waits(queueing.simulate([part], 1, None, system_of(scenario))[1])["mean"]


def plain_simpy(patients: int, replications: int) -> np.ndarray:
    return np.array([_simpy_world(patients, random.Random(seed)) for seed in range(replications)])


def _simpy_world(patients: int, rng: random.Random) -> float:
    import simpy

    env = simpy.Environment()
    servers, waits = simpy.Resource(env, SERVERS), []

    def patient():
        asked = env.now
        with servers.request() as request:
            yield request
            waits.append(env.now - asked)
            yield env.timeout(rng.expovariate(1.0))

    def arrivals():
        for _ in range(patients):
            yield env.timeout(rng.expovariate(PER_DAY))
            env.process(patient())

    env.process(arrivals())
    env.run()
    return sum(waits) / len(waits)


def in_ciw(patients: int, replications: int) -> np.ndarray:
    """The first patients who leave; the few who are still there when it stops are as many as in a run that goes on."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(PER_DAY)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[SERVERS],
    )
    means = []
    for seed in range(replications):
        ciw.seed(seed)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(patients)
        means.append(np.mean([record.waiting_time for record in simulation.get_all_records()]))
    return np.array(means)


def in_heormodel(patients: int, replications: int) -> np.ndarray:
    """Its engine for SimPy, which gives each patient random numbers of his own, as ours does. A day of waiting costs 1."""
    import pandas as pd
    import simpy
    from heormodel.models import DESModel
    from heormodel.run import run_psa

    def process(env, entity, params, intervention, toolkit):
        yield env.timeout(entity["comes"])
        with toolkit.request("servers") as request:
            yield request
            toolkit.accrue_over(entity["comes"], env.now, 1.0, 0.0)
            yield env.timeout(toolkit.rng.exponential(1.0))

    engine = DESModel(
        process=process,
        population=lambda rng, n: pd.DataFrame({"comes": np.cumsum(rng.exponential(1 / PER_DAY, n))}),
        n_individuals=patients,
        interventions=["only"],
        resources=lambda env, params, intervention: {"servers": simpy.Resource(env, SERVERS)},
        horizon=10.0 * patients,
        discount_rate=0.0,
    )
    table = pd.DataFrame({"none": np.zeros(replications)}, index=pd.RangeIndex(replications, name="iteration"))
    outcomes = run_psa(engine, table, seed=1, sequential=True, progress=False).outcomes
    return outcomes.costs_wide()["only"].to_numpy()
