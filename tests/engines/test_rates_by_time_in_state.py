"""Rates that go by the time in the state, and by that of the model too: against quadrature, in every engine."""

import numpy as np
import pytest
from runs import write_scenario

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.draws import DomainError
from model.engines import cohort, individual, risks
from model.sample import Sample
from model.scenario_file import ScenarioError, read

TABLE = "age,rate\n60,0.1\n62,0.2\n63,0.4\n"
HEAD = """time: {{unit: year, horizon: 6 years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: 0 %, effect: 0 %}}
parameters:
  age: {{value: 60, unit: year}}
  until: {{value: 1.3, distribution: "gamma(mean=1.3, cv=0.2)", unit: year}}
  high: {{value: 3, distribution: "gamma(mean=3, cv=0.2)", unit: number}}
  mort: {{table: lt.csv, by: age, by unit: year, column: rate, unit: per year}}
strategies: {{only: {{label: Only, excess: "if(time_in_state < 1 year, high, 1)"}}}}
states: {{well: {{start: 0.6}}, ill: {{start: 0.4, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: ill, rate: 0.5 per year}}
  - {{from: ill, to: dead, rate: "{rate}"}}
"""


def mort(t):
    return 0.1 if t < 2 else 0.2 if t < 3 else 0.4


# rate as written, h(t, u), steps in t, steps in u
RATES = {
    "since entry": ("0.2 per year * if(time_in_state < 1 year, high, 1)", lambda t, u: 0.6 if u < 1 else 0.2, (), (1,)),
    "since entry, a unit behind": (
        "if(time_in_state < until, 0.6, 0.2) per year",
        lambda t, u: 0.6 if u < 1.3 else 0.2,
        (),
        (1.3,),
    ),
    "age and since entry": (
        "lookup(mort, age + time) * if(time_in_state < 1 year, high, 1.5)",
        lambda t, u: mort(t) * (3 if u < 1 else 1.5),
        (2, 3),
        (1,),
    ),
    "divided": (
        "lookup(mort, age + time) / if(time_in_state < 1 year, 0.5, 2)",
        lambda t, u: mort(t) / (0.5 if u < 1 else 2),
        (2, 3),
        (1,),
    ),
    "smooth in time": (
        "0.1 * exp(time / 4 years) * if(time_in_state < 1 year, high, 1) per year",
        lambda t, u: 0.1 * np.exp(t / 4) * (3 if u < 1 else 1),
        (),
        (1,),
    ),
    "bound": ("lookup(mort, age + time) * excess", lambda t, u: mort(t) * (3 if u < 1 else 1), (2, 3), (1,)),
}
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def made(folder, rate, cycle="0.5 years", convention="integral"):
    (folder / "lt.csv").write_text(TABLE)
    return read(write_scenario(folder, HEAD.format(cycle=cycle, convention=convention, rate=rate)))


def dynamics_of(scenario, table=None):
    return inputs.dynamics(scenario, table or draws.base(scenario), next(iter(scenario.groups.values())))


def over(f, begin, end, points):
    """Integral by Gauss-Legendre in stretches without a step."""
    edges = [begin, *sorted(p for p in points if begin < p < end), end]
    return sum(
        w * (b - a) / 2 * f((a + b) / 2 + x * (b - a) / 2)
        for a, b in zip(edges, edges[1:])
        for x, w in zip(NODES, WEIGHTS)
    )


def reached(rate, in_time, in_stay, entry, t):
    """Cumulative hazard from entry to t."""
    points = [*in_time, *(entry + u for u in in_stay)]
    return over(lambda s: rate(s, s - entry), entry, t, points)


def years_ill(rate, in_time, in_stay):
    def stay(entry):
        points = [*in_time, *(entry + u for u in in_stay)]
        return over(lambda t: np.exp(-reached(rate, in_time, in_stay, entry, t)), entry, 6.0, points)

    late = [6 - u for u in in_stay]
    entries = over(
        lambda e: 0.5 * np.exp(-0.5 * e) * stay(e),
        0.0,
        6.0,
        [*in_time, *late, *(t - u for t in in_time for u in in_stay)],
    )
    return 0.4 * stay(0.0) + 0.6 * entries


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
@pytest.mark.parametrize(("rate", "function", "in_time", "in_stay"), RATES.values(), ids=RATES)
def test_a_cohort_has_an_error_of_the_square_of_the_cycle(tmp_path, rate, function, in_time, in_stay, convention):
    exact, errors = years_ill(function, in_time, in_stay), []
    for cycle in ("0.5 years", "0.25 years", "0.125 years"):
        scenario = made(tmp_path, rate, cycle, convention)
        errors.append(abs(evaluate(scenario, draws.base(scenario)).total.get("qaly", False)[0, 0] - exact))
    assert errors[0] < 0.03 * exact and errors[2] < 2e-3 * exact, errors
    assert errors[0] / errors[2] > 10, errors  # 16, but for a step that falls within a cycle


@pytest.mark.parametrize(("rate", "function", "in_time", "in_stay"), RATES.values(), ids=RATES)
def test_events_of_patients_are_where_the_hazard_is_reached(tmp_path, rate, function, in_time, in_stay):
    risk = risks.risks(dynamics_of(made(tmp_path, rate)))[1]
    now, due = np.array([0.0, 0.7, 2.5, 3.5]), np.array([0.5, 0.8, 0.2, 0.3])
    times = risk.event(now, due, np.zeros(4, int))
    found = [reached(function, in_time, in_stay, a, b) for a, b in zip(now, times)]
    np.testing.assert_allclose(found, due, rtol=0, atol=5e-6 if "exp" in rate else 1e-12)
    if not risk.renewing:
        np.testing.assert_allclose([risk.alone(0)(a, e) for a, e in zip(now, due)], times, rtol=1e-12)


def test_the_mean_of_patients_is_that_of_the_quadrature(tmp_path):
    rate, *exact = RATES["age and since entry"]
    found = individual.run(dynamics_of(made(tmp_path, rate)), 60_000, 1).time[0, 0, :, 1, :, 0].sum(axis=-1)
    assert abs(found.mean() - years_ill(*exact)) < 4 * found.std() / np.sqrt(len(found))


def test_each_draw_has_its_own_step(tmp_path):
    scenario = made(tmp_path, RATES["since entry, a unit behind"][0], "0.125 years")
    table = draws.probabilistic(scenario, Sample(4, seed=2))
    found = cohort.run(dynamics_of(scenario, table)).time[0, :, 1, :, 0].sum(axis=-1)
    exact = [years_ill(lambda t, u, v=v: 0.6 if u < v else 0.2, (), (v,)) for v in table.values["until"]]
    np.testing.assert_allclose(found, exact, rtol=2e-3)


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("excess * 0 per year + 0.1 per year * if(time < time_in_state, 2, 1)", "as a product of a part with each"),
        ("0.1 per year + 0.1 per year * if(time < time_in_state + 1 year, 2, 1)", "as a product of a part with each"),
        ("0.1 * exp(-time_in_state / 1 year) per year", "in steps only; a hazard that changes smoothly"),
    ],
)
def test_what_does_not_factor_or_step_is_refused_in_words(tmp_path, rate, message):
    with pytest.raises((DomainError, ScenarioError), match=message):
        dynamics_of(made(tmp_path, rate))
