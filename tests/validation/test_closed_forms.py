"""The cohort engine against closed forms and against quadrature that the test does by itself.

Illness-death models: Andersen et al., Statistical Models Based on Counting Processes, 1993, example I.3.10 and
section X.1.
"""

import csv
from functools import cache

import numpy as np
import pytest
from runs import VALIDATION, base_case, occupancy, outcome, write_scenario

MONTHS = np.array([12, 6, 3, 1.5])  # lengths of the cycle over which the fall of the error is measured


def times(evaluation):
    return evaluation.traces["all"].times


# --- constant hazards -------------------------------------------------------------------------------------------

ILL, DEATH_WELL, DEATH_ILL = 0.2, 0.05, 0.4


def annuity(rate, horizon=20.0):
    """Integral of exp(-rate t) over 0..horizon."""
    return -np.expm1(-rate * horizon) / rate


def closed_form(ill, discount):
    """Discounted years (well, ill), expected discounted entries into (ill, dead)."""
    leave = ill + DEATH_WELL
    well = annuity(leave + discount)
    sick = ill / (leave - DEATH_ILL) * (annuity(DEATH_ILL + discount) - annuity(leave + discount))
    return well, sick, ill * well, DEATH_WELL * well + DEATH_ILL * sick


@pytest.mark.parametrize("cycle", ["1 month", "1 year", "20 years", "7 days"])
def test_constant_hazards_are_exact_whatever_the_cycle(cycle):
    found = base_case("closed_forms_exponential", f"cycle={cycle}")
    for strategy, ill in enumerate((0.0, ILL)):
        for discounted in (False, True):
            rates = (np.log(1.06), np.log(1.015)) if discounted else (0.0, 0.0)
            well, sick, fell_ill, died = closed_form(ill, rates[0])
            cost = 100 * well + 1000 * sick + 5000 * fell_ill + 2000 * died
            well, sick, _, _ = closed_form(ill, rates[1])
            expected = {"cost": cost, "life_years": well + sick, "qaly": well + 0.5 * sick}
            for name, value in expected.items():
                assert outcome(found, name, discounted)[strategy] == pytest.approx(value, rel=1e-12), (name, strategy)


def test_trace_with_constant_hazards_is_the_closed_form():
    found = base_case("closed_forms_exponential", "cycle=3 months")
    t, leave = times(found), ILL + DEATH_WELL
    well, sick = np.exp(-leave * t), ILL / (leave - DEATH_ILL) * (np.exp(-DEATH_ILL * t) - np.exp(-leave * t))
    expected = np.stack([well, sick, 1 - well - sick], axis=-1)
    np.testing.assert_allclose(occupancy(found)[:, 1], expected, atol=1e-13)


def test_counts_at_boundaries_of_a_model_by_rates_are_sums_over_the_closed_form():
    """Within a cycle the rates act exactly; the convention only says how boundary points are counted."""
    k = np.arange(21)
    well = np.exp(-DEATH_WELL * k)
    trapezoid = (well[:-1] + well[1:]).sum() / 2
    simpson = (well * np.r_[1, [4, 2] * 9, 4, 1]).sum() / 3
    expected = {
        "start": well[:-1].sum(),
        "end": well[1:].sum(),
        "half-cycle": trapezoid,
        "life-table": trapezoid,
        "simpson": simpson,
    }
    for convention, value in expected.items():
        found = base_case("closed_forms_exponential", f"convention={convention}", "discount=0 %")
        assert outcome(found, "life_years")[0] == pytest.approx(value, rel=1e-12), convention


# --- time in state ----------------------------------------------------------------------------------------------


legendre = cache(np.polynomial.legendre.leggauss)


def gauss(a, b, n=200):
    """Nodes and weights of Gauss-Legendre on a..b."""
    x, w = legendre(n)
    return (b - a) / 2 * x + (a + b) / 2, (b - a) / 2 * w


def renewal(hazard_ratio, discount, horizon=10.0):
    """Discounted years (well, ill): those who fall ill at u live on with S(v) = exp(-hr (v / 3)^1.5 - 0.02 v)."""
    u, weight = gauss(0, horizon)
    fell_ill = 0.3 * np.exp(-0.32 * u)
    lived = np.empty_like(u)
    for i, left in enumerate(horizon - u):
        v, w = gauss(0, left, 60)
        lived[i] = w @ np.exp(-hazard_ratio * (v / 3) ** 1.5 - (0.02 + discount) * v)
    return annuity(0.32 + discount, horizon), weight @ (fell_ill * np.exp(-discount * u) * lived)


def semi_markov_error(months):
    """Largest relative error of life-years and cost, discounted or not, at a cycle of so many months."""
    found, errors = base_case("closed_forms_semi_markov", f"cycle={months} months"), []
    for strategy, hr in enumerate((1.0, 0.5)):
        for discounted in (False, True):
            well, sick = renewal(hr, np.log(1.035) if discounted else 0.0)
            pairs = [("life_years", well + sick), ("cost", 100 * well + 1000 * sick)]
            errors += [abs(outcome(found, name, discounted)[strategy] / value - 1) for name, value in pairs]
    return max(errors)


def order_of(errors):
    """Power of the cycle with which errors fall, between one length and the next (half of it)."""
    return np.log2(np.array(errors[:-1]) / errors[1:])


def test_time_in_state_meets_the_renewal_equation():
    """At monthly cycles to 1e-4; half a month, less the term with the square of the cycle (Richardson), to 1e-6."""
    assert semi_markov_error(1) < 1e-4
    coarse, fine = (outcome(base_case("closed_forms_semi_markov", f"cycle={c} months"), "life_years") for c in (1, 0.5))
    exact = [sum(renewal(hr, np.log(1.035))) for hr in (1.0, 0.5)]
    np.testing.assert_allclose((4 * fine - coarse) / 3, exact, rtol=1e-6)


def test_error_of_sojourn_bins_falls_with_the_square_of_the_cycle():
    assert order_of([semi_markov_error(m) for m in MONTHS]) == pytest.approx(2, abs=0.35)


def test_starters_in_an_aged_state_are_exact_whatever_the_cycle(tmp_path):
    text = """states:
  ill: {start: 1, utility: 1}
  dead: {}
transitions:
  - {from: ill, to: dead, survival: "weibull(shape=1.5, scale=3) in years", clock: state}
"""
    trace = base_case(write_scenario(tmp_path, text))
    np.testing.assert_allclose(occupancy(trace)[:, 0, 0], np.exp(-((times(trace) / 3) ** 1.5)), rtol=1e-13)


# --- several hazards that change over model time ----------------------------------------------------------------


def loglogistic_hazard(t):
    return 1.8 / 15 * (t / 15) ** 0.8 / (1 + (t / 15) ** 1.8)


def model_clock_truth(treated, discount):
    """(years well, years ill) discounted, and occupancy (well, ill) at the horizon: rate equations, year by year."""
    from scipy.integrate import solve_ivp

    with (VALIDATION / "life_table.csv").open(newline="") as stream:
        mortality = {float(r["age"]): float(r["rate"]) for r in csv.DictReader(stream)}
    hr, factor = (0.6, 1.5) if treated else (1.0, 1.0)
    state = np.array([1.0, 0, 0, 0])
    for year in range(30):

        def slope(t, y, died=mortality[60.0 + year]):
            falls_ill = hr * 1.4 / 12 * (t / 12) ** 0.4 * y[0]
            recovers = loglogistic_hazard(t / factor) / factor * y[1]
            dies_ill = 0.03 * np.exp(0.08 * t) * y[1]
            worth = np.exp(-discount * t)
            return [recovers - falls_ill - died * y[0], falls_ill - recovers - dies_ill, worth * y[0], worth * y[1]]

        state = solve_ivp(slope, (year, year + 1), state, "DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    return state[2], state[3], state[:2]


@pytest.fixture(scope="module")
def truth():
    return {(s, d): model_clock_truth(s, np.log(1.035) * d) for s in (0, 1) for d in (0, 1)}


def model_clock_error(truth, months):
    found, errors = base_case("closed_forms_model_clock", f"cycle={months} months"), []
    for (strategy, discounted), (well, sick, at_end) in truth.items():
        pairs = [("life_years", well + sick), ("cost", 100 * well + 1000 * sick)]
        errors += [abs(outcome(found, name, bool(discounted))[strategy] / value - 1) for name, value in pairs]
        errors += list(np.abs(occupancy(found)[-1, strategy, :2] - at_end))
    return max(errors)


def test_competing_hazards_on_the_model_clock_meet_the_rate_equations(truth):
    assert model_clock_error(truth, 1) < 1e-4


def test_error_of_competing_model_clock_hazards_falls_with_the_square_of_the_cycle(truth):
    assert order_of([model_clock_error(truth, m) for m in MONTHS]) == pytest.approx(2, abs=0.35)
