"""Hazard ratios that change with time: h(t) = ratio(t) h0(clock), never S ** ratio; against quadrature in every engine."""

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.draws import DomainError
from model.engines import individual, risks
from model.sample import Sample
from model.scenario_file import ScenarioError, read

HEAD = """time: {{unit: year, horizon: 8 years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: 0 %, effect: 0 %}}
parameters:
  one: {{value: 1, unit: year}}
  wane: {{distribution: "gamma(mean=2.3, cv=0.2)", unit: year}}
"""
TEXT = """states: {{well: {{start: 1}}, ill: {{utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: ill, rate: 0.5 per year}}
  - {{from: ill, to: dead, survival: "weibull(shape=1.5, scale=3) in years", clock: {clock}, hazard ratio: "{ratio}"}}
"""
# the ratio as written, as a function of time, where it steps
RATIOS = {
    "wanes at a time": ("if(time < 2.3 * one, 0.4, 1)", lambda t: 0.4 if t < 2.3 else 1.0, (2.3,)),
    "wanes at a time of its own": ("if(time < wane, 0.4, 1)", lambda t: 0.4 if t < 2.3 else 1.0, (2.3,)),
    "in a line": ("min(0.4 + 0.2 * time / one, 1)", lambda t: min(0.4 + 0.2 * t, 1.0), (3.0,)),
    "in a curve": ("1 - 0.6 * exp(-time / one)", lambda t: 1 - 0.6 * np.exp(-t), ()),
}
CLOCKS = ("model", "state")


def made(folder, ratio, clock, cycle="6 months", convention="integral"):
    text = (HEAD + TEXT).format(cycle=cycle, convention=convention, clock=clock, ratio=ratio)
    return read(write_scenario(folder, text))


def cumulative(ratio, points, clock, entry, t):
    """Hazard from entry to t, by quadrature."""
    since = entry if clock == "state" else 0.0
    inside = [p for p in points if entry < p < t]
    return quad(lambda s: ratio(s) * 0.5 * ((s - since) / 3) ** 0.5, entry, t, points=inside or None, epsabs=1e-11)[0]


def years_ill(ratio, points, clock):
    """By Gauss-Legendre over entry and time since, in stretches without a step."""
    nodes, weights = np.polynomial.legendre.leggauss(24)

    def over(f, begin, end):
        edges = [begin, *(p for p in points if begin < p < end), end]
        return sum(
            w * (b - a) / 2 * f((a + b) / 2 + x * (b - a) / 2)
            for a, b in zip(edges, edges[1:])
            for x, w in zip(nodes, weights)
        )

    def stay(u):
        return over(lambda t: np.exp(-cumulative(ratio, points, clock, u, t)), u, 8.0)

    return over(lambda u: 0.5 * np.exp(-0.5 * u) * stay(u), 0.0, 8.0)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("case", ["wanes at a time", "in a curve"])
@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
def test_a_cohort_has_an_error_of_the_square_of_the_cycle(tmp_path, case, clock, convention):
    ratio, function, points = RATIOS[case]
    exact, errors = years_ill(function, points, clock), []
    for cycle in ("0.4 years", "0.2 years", "0.1 years"):
        scenario = made(tmp_path, ratio, clock, cycle, convention)
        errors.append(abs(evaluate(scenario, draws.base(scenario)).total.get("qaly", False)[0, 0] - exact))
    assert errors[0] / exact < 0.02 and errors[2] / exact < 1.5e-3
    assert errors[0] / errors[2] > 9, errors  # a step within a cycle spoils single ratios, not their trend


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(("ratio", "function", "points"), RATIOS.values(), ids=RATIOS)
def test_events_of_patients_are_where_the_hazard_is_reached(tmp_path, ratio, function, points, clock):
    scenario = made(tmp_path, ratio, clock)
    dynamics = inputs.dynamics(scenario, draws.base(scenario), next(iter(scenario.groups.values())))
    risk = risks.risks(dynamics)[1]
    now, due = np.array([0.0, 0.7, 2.5, 6.0]), np.array([0.9, 0.4, 0.2, 0.1])
    times = risk.event(now, due, np.zeros(4, int))
    reached = [cumulative(function, points, clock, a, b) for a, b in zip(now, times)]
    # A ratio that curves is constant within each 512th of the horizon.
    np.testing.assert_allclose(reached, due, rtol=0, atol=1e-10 if ratio.startswith("if") else 5e-6)
    np.testing.assert_allclose([risk.alone(0)(a, e) for a, e in zip(now, due)], times, rtol=1e-12)


@pytest.mark.parametrize("clock", CLOCKS)
def test_each_draw_has_its_own_time_of_waning(tmp_path, clock):
    scenario = made(tmp_path, RATIOS["wanes at a time of its own"][0], clock, "0.25 years")
    table = draws.probabilistic(scenario, Sample(3, seed=2))
    found = evaluate(scenario, table).total.get("qaly", False)[0]
    for value, wane in zip(found, table.values["wane"]):
        exact = years_ill(lambda t, wane=wane: 0.4 if t < wane else 1.0, (wane,), clock)
        assert abs(value - exact) < 3e-3 * exact


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_mean_of_patients_is_that_of_the_quadrature(tmp_path, clock):
    ratio, function, points = RATIOS["wanes at a time"]
    scenario = made(tmp_path, ratio, clock)
    dynamics = inputs.dynamics(scenario, draws.base(scenario), next(iter(scenario.groups.values())))
    found = individual.run(dynamics, 40_000, 1).time[0, 0, :, 1, :, 0].sum(axis=-1)
    assert abs(found.mean() - years_ill(function, points, clock)) < 4 * found.std() / 200


def test_survival_is_not_raised_to_the_ratio_in_force(tmp_path):
    """After the treatment effect is gone, the survival gained is kept: S ** ratio(t) would lose it at once."""
    text = """states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: dead, survival: "exponential(0.2) in years", clock: model, hazard ratio: "if(time < 4 * one, 0.5, 1)"}}
"""
    scenario = read(write_scenario(tmp_path, (HEAD + text).format(cycle="1 year", convention="integral")))
    exact = -np.expm1(-0.4) / 0.1 + np.exp(-0.4) * -np.expm1(-0.8) / 0.2
    found = evaluate(scenario, draws.base(scenario)).total.get("qaly", False)[0, 0]
    assert found == pytest.approx(exact, rel=1e-3)  # survival at the ends of cycles is exact, the area of second order


CURVE = """time: {{unit: year, horizon: 8 years, cycle: 1 year, convention: integral}}
discount: {{cost: 0 %, effect: 0 %}}
parameters:
  one: {{value: 1, unit: year}}
curves:
  os: {{survival: "exponential(0.2) in years", hazard ratio: "{ratio}"}}
states:
  alive: {{share: os, utility: 1}}
  dead: {{share: 1 - os, alive: false}}
"""


def test_the_ratio_of_a_curve_steps_with_time_and_does_not_curve(tmp_path):
    scenario = read(write_scenario(tmp_path, CURVE.format(ratio="if(time < 4.5 * one, 0.5, 1)")))
    exact = -np.expm1(-0.45) / 0.1 + np.exp(-0.45) * -np.expm1(-0.7) / 0.2
    assert evaluate(scenario, draws.base(scenario)).total.get("qaly", False)[0, 0] == pytest.approx(exact, rel=1e-9)
    with pytest.raises((ScenarioError, DomainError), match="in steps, at times that all draws share"):
        scenario = read(write_scenario(tmp_path, CURVE.format(ratio="0.5 + 0.01 * time / one")))
        evaluate(scenario, draws.base(scenario))
