"""A Markov model, patients with Weibull hazards, acceptability and value of information: here and in heormodel."""

from __future__ import annotations

import numpy as np
from economics_speed import both
from peer_case import Case
from timing import HERE
from voi_speed import analysis

from model import draws
from model.analysis.evaluate import COHORT, Method, evaluate
from model.draws import Draws
from model.economics.acceptability import acceptability
from model.economics.evppi import evppi_all
from model.sample import Sample
from model.scenario import Scenario
from model.scenario_file import read

RATE = 0.03  # discount rate of costs and effects, since heormodel has one for both
ONE_RATE = ("discount.cost=3 %", "discount.effect=3 %", "discount.compounding=continuous")
STRATEGIES = ["standard", "new"]
WTP = np.linspace(0, 100_000, 501)


def cases(small: bool = False) -> list[Case]:
    cohort, followed, valued = ((4,), (5, 40), 10) if small else ((1000, 10_000), (100, 1000), 10_000)
    return [*(_markov(n) for n in cohort), _individual(*followed), _acceptability(valued), _evppi(10_000)]


def _table(found: Draws):
    import pandas as pd

    columns = {name: found.column(name) for name in found.values}
    return pd.DataFrame(columns, index=pd.RangeIndex(found.n, name="iteration"))


def _ours(scenario: Scenario, table: Draws, method: Method) -> np.ndarray:
    """cost and QALYs by strategy, [4, draw]."""
    total = evaluate(scenario, table, method).total
    return np.concatenate([total.cost, total.get("qaly")])


def _theirs(engine, table) -> np.ndarray:
    from heormodel.run import run_psa

    found = run_psa(engine, table, seed=1, sequential=True, progress=False).outcomes
    return np.concatenate([wide[STRATEGIES].to_numpy().T for wide in (found.costs_wide(), found.effects_wide())])


def _markov(n: int) -> Case:
    scenario = read(HERE / "peer_markov.yaml")
    table = draws.probabilistic(scenario, Sample(n))
    what = f"Markov model, 4 states, 120 cycles, 2 strategies, PSA of {n:,} draws"
    return Case(what, "heormodel", lambda: _ours(scenario, table, COHORT), lambda: _theirs(_cohort(), _table(table)))


def _cohort():
    from heormodel.models import CohortSpec, MarkovModel

    def model(p, strategy):
        treated = strategy == "new"
        ratio, drug = (p["rr"], 300.0) if treated else (1.0, 0.0)
        ab, bc, ad, bd, cd = p["p_ab"] * ratio, p["p_bc"] * ratio, p["p_ad"], p["p_bd"], p["p_cd"]
        matrix = np.array([[1 - ab - ad, ab, 0, ad], [0, 1 - bc - bd, bc, bd], [0, 0, 1 - cd, cd], [0, 0, 0, 1]])
        cost = np.array([p["c_a"] + drug, p["c_b"] + drug, p["c_c"], 0.0])
        return CohortSpec(matrix, cost, np.array([0.9, p["u_b"], p["u_c"], 0.0]) / 12)

    return MarkovModel(
        states=("a", "b", "c", "dead"),
        interventions=STRATEGIES,
        transitions_and_rewards=model,
        n_cycles=120,
        cycle_length=1 / 12,
        discount_rate=RATE,
        cycle_correction="half_cycle",
    )


def _individual(n: int, patients: int) -> Case:
    scenario = read(HERE / "illness_death.yaml", ONE_RATE)
    table, method = draws.probabilistic(scenario, Sample(n)), Method("individual", patients)
    what = f"illness-death, Weibull, {patients:,} patients x {n} draws x 2 strategies"
    return Case(
        what,
        "heormodel",
        lambda: _ours(scenario, table, method),
        lambda: _theirs(_microsimulation(patients), _table(table)),
        simulated=True,
    )


def _microsimulation(patients: int):
    from heormodel.models import MicrosimModel

    def weibull(rng, n, shape, scale):
        return scale * rng.weibull(shape, n)

    def times(p, strategy, state, attrs, rng):
        n, ratio = len(state), p["hr"] if strategy == "new" else 1.0
        found = np.full((n, 3), np.inf)
        well, ill = state == 0, state == 1
        to_ill = weibull(rng, n, p["shape_ill"], p["scale_ill"] * ratio ** (-1 / p["shape_ill"]))
        found[well, 1] = to_ill[well]
        found[well, 2] = weibull(rng, n, p["shape_well"], p["scale_well"])[well]
        found[ill, 2] = weibull(rng, n, p["shape_dead"], p["scale_dead"])[ill]
        return found

    def rates(p, strategy, state, attrs):
        drug = 900.0 if strategy == "new" else 0.0
        return np.array([200 + drug, p["c_ill"] + drug, 0.0])[state], np.array([0.9, p["u_ill"], 0.0])[state]

    return MicrosimModel.continuous(
        states=("well", "ill", "dead"),
        event_times=times,
        state_reward_rates=rates,
        interventions=STRATEGIES,
        horizon=30.0,
        population=patients,
        discount_rate=RATE,
    )


def _outcomes(cost: np.ndarray, effect: np.ndarray):
    import pandas as pd
    from heormodel.models import Outcomes

    index = pd.RangeIndex(cost.shape[1], name="iteration")
    return Outcomes.from_wide(*(pd.DataFrame(array.T, index=index).rename(columns=str) for array in (cost, effect)))


def _acceptability(n: int) -> Case:
    from_here = both(2, n)

    def ours():
        found = acceptability(*from_here, WTP)
        return np.vstack([found.probability_most_cost_effective.T, found.evpi])

    def theirs():
        from heormodel.cea import ceac, ceaf, expected_loss

        table = _outcomes(*from_here)
        ceaf(table, WTP)
        return np.vstack([ceac(table, WTP).to_numpy().T, expected_loss(table, WTP).to_numpy().min(axis=1)])

    return Case(f"CEAC, CEAF, expected loss, EVPI: {n:,} draws, 501 thresholds", "heormodel", ours, theirs)


def _evppi(n: int) -> Case:
    net_benefit, parameters = analysis(n)
    named = {f"p{i}": row for i, row in enumerate(parameters)}

    def ours():
        return np.array([[found.value for found in evppi_all(net_benefit, named).values()]])

    def theirs():
        import pandas as pd
        from heormodel.voi import evppi_ranking

        table = pd.DataFrame(named, index=pd.RangeIndex(n, name="iteration"))
        outcomes = _outcomes(-net_benefit, np.ones_like(net_benefit))
        return evppi_ranking(outcomes, table, 0.0)[list(named)].to_numpy()[None]

    what = f"EVPPI of {len(named)} parameters, one by one, {n:,} draws"
    return Case(what, "heormodel", ours, theirs, allowed=0.1)  # another regression: about a standard error of ours
