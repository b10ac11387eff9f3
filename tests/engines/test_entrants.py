"""Time in state by tables over the lag, beside hazards that change: against the renewal equation by quadrature."""

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.engines import cohort, entrants
from model.scenario_file import read

HEAD = """time: {{unit: year, horizon: 4 years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: 0 %, effect: 0 %}}
parameters:
  hr: {{value: 0.5, unit: hazard ratio}}
  one: {{value: 1, unit: year}}
states: {{well: {{start: 1}}, ill: {{utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: ill, rate: 0.3 per year}}
  - {{from: ill, to: dead, survival: "weibull(shape=1.5, scale=3) in years", clock: state}}
  - {{from: ill, to: dead, name: other causes, rate: "{other}"}}
"""
# rate of other deaths as written, its cumulative hazard, where it steps, the order of the error
OTHERS = {
    "constant": ("0.1 per year", lambda t: 0.1 * t, ()),
    "one step": ("if(time < one, 0.1, 0.4) per year", lambda t: 0.1 * t + 0.3 * max(t - 1, 0), (1,)),
    "every step": ("0.1 * (1 + time / one) per year", lambda t: 0.1 * t + 0.05 * t**2, ()),
}


def years_ill(other, points):
    """Years spent ill in 4 years, by quadrature over the time of entry and the time since."""

    def stay(u):
        def present(t):
            return np.exp(-(((t - u) / 3) ** 1.5) - other(t) + other(u))

        return quad(present, u, 4, points=[p for p in points if u < p < 4] or None, epsabs=1e-11)[0]

    return quad(lambda u: 0.3 * np.exp(-0.3 * u) * stay(u), 0, 4, points=points or None, epsabs=1e-10)[0]


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
@pytest.mark.parametrize(("other", "cumulative", "points"), OTHERS.values(), ids=OTHERS)
def test_years_ill_have_an_error_of_the_square_of_the_cycle(tmp_path, other, cumulative, points, convention):
    exact, errors = years_ill(cumulative, points), []
    for cycle in ("0.5 years", "0.25 years", "0.125 years"):
        made = read(write_scenario(tmp_path, HEAD.format(cycle=cycle, convention=convention, other=other)))
        errors.append(evaluate(made, draws.base(made)).total.get("qaly", False)[0, 0] - exact)
    assert abs(errors[0]) < 0.02 * exact
    assert np.all(np.abs(np.divide(errors[:-1], errors[1:]) - 4) < 1)


@pytest.mark.parametrize("other", [case[0] for case in OTHERS.values()], ids=OTHERS)
def test_tables_and_bins_aged_one_by_one_are_equal(tmp_path, other, monkeypatch):
    made = read(write_scenario(tmp_path, HEAD.format(cycle="0.125 years", convention="integral", other=other)))
    dynamics = inputs.dynamics(made, draws.base(made), next(iter(made.groups.values())))
    by_tables = cohort.run(dynamics, trace=True)
    monkeypatch.setattr(entrants, "SHORT", 1000)
    one_by_one = cohort.run(dynamics, trace=True)
    np.testing.assert_allclose(by_tables.time, one_by_one.time, rtol=1e-13)
    np.testing.assert_allclose(by_tables.transitions, one_by_one.transitions, rtol=1e-13)
    np.testing.assert_allclose(by_tables.trace, one_by_one.trace, atol=1e-15)


def test_bins_of_which_nothing_is_left_are_not_told_anew():
    """Under a hazard of 1,000 a step nobody would have survived; those who entered under a small one have."""
    bins = entrants.Entrants(12, 1, lambda transition, lags: np.ones((lags.stop - lags.start, 1)))
    bins.enter(0, np.ones(1))
    assert bins.leave(1, 6, {0: 0.1}, np.zeros(1))
    for step in range(2, 6):
        bins.enter(step - 1, np.zeros(1))
        assert bins.leave(step, 6, {0: 0.1}, np.zeros(1))
    assert bins.leave(6, 12, {0: 1000.0}, np.zeros(1)) is None
    np.testing.assert_allclose(bins.mass[:6, 0], [np.exp(-0.5), 0, 0, 0, 0, 0])
