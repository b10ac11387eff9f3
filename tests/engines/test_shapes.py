"""Shapes of survival in every engine that can run them, against quadrature of formulas written out here."""

import numpy as np
import pytest
from runs import write_scenario
from scipy import integrate

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.sample import Sample
from model.scenario_file import read

HORIZON = 20.0
CENTRE = "arrivals: {rate: 1 per day}\nresources: {bed: {capacity: unlimited}}"
MOVES = """\
time: {{unit: year, horizon: 20 years, cycle: {cycle} years}}
{more}
states: {{alive: {{start: 1, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: alive, to: dead, survival: "{survival}", clock: {clock}{rest}}}
"""
CURVES = """\
time: {{unit: year, horizon: 20 years, cycle: {cycle} years}}
{more}
curves:
  os: {{survival: "{survival}"{rest}}}
states: {{alive: {{share: os, utility: 1}}, dead: {{share: 1 - os, alive: false}}}}
"""


def scenario(folder, survival, text=MOVES, cycle=0.5, clock="model", rest="", more="", engine=""):
    more += CENTRE if engine == "queueing" else ""
    filled = text.format(survival=survival, cycle=cycle, clock=clock, rest=rest and f", {rest}", more=more)
    return read(write_scenario(folder, filled))


def years(made, engine="cohort", patients=10_000):
    """Mean undiscounted life-years, and their standard error where patients are followed."""
    if engine == "cohort":
        return float(evaluate(made, draws.base(made)).total.get("life_years", False)[0, 0]), 0.0
    ran = evaluate(made, draws.base(made), Method(engine, patients=patients, replications=1))
    return float(ran.total.get("life_years", False)[0, 0]), HORIZON / 2 / np.sqrt(patients)


def area(survival, *kinks):
    """Integral of a survival function up to the horizon."""
    points = sorted({0.0, 0.05, *kinks, HORIZON})
    return sum(integrate.quad(survival, a, b, epsabs=1e-12, limit=400)[0] for a, b in zip(points, points[1:]))


def errors(folder, survival, truth, clock="model", rest="", more=""):
    """Of the cohort engine at cycles of a half, a quarter and an eighth of a year."""
    return [
        years(scenario(folder, survival, cycle=cycle, clock=clock, rest=rest, more=more))[0] - truth
        for cycle in (0.5, 0.25, 0.125)
    ]


def second_order(found) -> bool:
    return abs(found[0]) < 0.01 and abs(found[1]) < abs(found[0]) / 3 and abs(found[2]) < abs(found[1]) / 3


# --- splines ----------------------------------------------------------------------------------------------------

SPLINE = "spline(knots=[-1, 1, 2.5], coefficients=[-3, 1.3, 0.05], scale=hazard) in years"


def spline_survival(t, ratio=1.0, factor=1.0):
    """Royston and Parmar's formula, as printed."""
    x = np.log(t / factor)
    share = (2.5 - 1) / (2.5 + 1)
    v = max(x - 1, 0) ** 3 - share * max(x + 1, 0) ** 3 - (1 - share) * max(x - 2.5, 0) ** 3
    return np.exp(-ratio * np.exp(-3 + 1.3 * x + 0.05 * v))


@pytest.mark.parametrize("clock", ["model", "state"])
def test_a_spline_in_the_cohort_is_right_to_the_second_order(tmp_path, clock):
    found = errors(tmp_path, SPLINE, area(spline_survival, np.e, np.exp(2.5)), clock)
    assert second_order(found), found


@pytest.mark.parametrize("engine", ["individual", "queueing"])
def test_a_spline_with_ratio_and_factor_where_patients_are_followed(tmp_path, engine):
    rest = "hazard ratio: 0.6, acceleration factor: 1.4"
    truth = area(lambda t: spline_survival(t, 0.6, 1.4))
    for clock in ("model", "state"):
        mean, error = years(scenario(tmp_path, SPLINE, clock=clock, rest=rest, engine=engine), engine)
        assert mean == pytest.approx(truth, abs=3 * error)


def test_a_spline_as_a_curve_is_its_integral(tmp_path):
    made = scenario(tmp_path, SPLINE, CURVES, rest="hazard ratio: 0.6, acceleration factor: 1.4")
    assert years(made)[0] == pytest.approx(area(lambda t: spline_survival(t, 0.6, 1.4)), rel=1e-7)


# --- distributions made of others -------------------------------------------------------------------------------

WEIBULL = "weibull(shape=1.3, scale=6)"
EXPONENTIAL = "exponential(0.3)"
YEARS = np.array([0.0, 1, 2.5, 4, 6])
KAPLAN_MEIER = np.array([1.0, 0.9, 0.6, 0.55, 0.4])
TABLES = """\
parameters:
  mort: {table: mort.csv, by: age, by unit: year, column: rate, unit: per year}
  km: {table: km.csv, by: time, by unit: year, column: survival}
  age: {value: 60.5, unit: year}
  hr: {value: 0.6, unit: hazard ratio}
"""
AGES, RATES = [60, 61, 65, 70, 90], [0.01, 0.02, 0.05, 0.3, 0.4]


def weibull(t):
    return np.exp(-((t / 6) ** 1.3))


def weibull_hazard(t):
    return 1.3 / 6 * (t / 6) ** 0.3


def table_hazard(t):
    return np.interp(t + 60.5, np.repeat(AGES[1:], 2), np.repeat(RATES, 2)[1:-1])


def kaplan_meier(t):
    return np.exp(np.interp(t, YEARS, np.log(KAPLAN_MEIER)))


def by_hazard(hazard, *kinks):
    """Survival from a hazard, tabled on a grid so fine that its area is right to seven digits."""
    grid = np.unique(np.concatenate([np.linspace(0, HORIZON, 8001), kinks]))
    rule, weights = np.polynomial.legendre.leggauss(5)
    middle, half = (grid[1:] + grid[:-1]) / 2, np.diff(grid) / 2
    rise = sum(w * hazard(middle + x * half) for x, w in zip(rule, weights)) * half
    reached = np.concatenate([[0], np.cumsum(rise)])
    return lambda t: np.exp(-np.interp(t, grid, reached))


STEPS = (0.5, 4.5, 9.5)
CASES = {
    "cure": (f"cure(0.3, {WEIBULL}) in years", "", lambda t: 0.3 + 0.7 * weibull(t), ()),
    "cure with a ratio": (
        f"cure(0.3, {WEIBULL}) in years",
        "hazard ratio: hr",
        lambda t: (0.3 + 0.7 * weibull(t)) ** 0.6,
        (),
    ),
    "cure with a ratio of the uncured": (
        f"cure(0.3, hazard_ratio(hr, {WEIBULL})) in years",
        "",
        lambda t: 0.3 + 0.7 * weibull(t) ** 0.6,
        (),
    ),
    "mixture": (
        f"mixture(0.4, {WEIBULL}, {EXPONENTIAL}) in years",
        "acceleration factor: 1.4",
        lambda t: 0.4 * weibull(t / 1.4) + 0.6 * np.exp(-0.3 * t / 1.4),
        (),
    ),
    "plus": (
        f"{WEIBULL} in years",
        "hazard ratio: hr, plus hazard: 'exponential(0.05) in years'",
        lambda t: weibull(t) ** 0.6 * np.exp(-0.05 * t),
        (),
    ),
    "at least": (
        f"cure(0.4, {WEIBULL}) in years",
        "hazard ratio: hr, at least hazard: 'life_table(mort, age=age)'",
        by_hazard(
            lambda t: np.maximum(
                0.6 * 0.6 * weibull(t) * weibull_hazard(t) / (0.4 + 0.6 * weibull(t)), table_hazard(t)
            ),
            *STEPS,
        ),
        STEPS,
    ),
    "plus and at least": (
        f"{WEIBULL} in years",
        "hazard ratio: hr, acceleration factor: 2, plus hazard: 'exponential(0.02) in years', at least hazard: "
        "'life_table(mort, age=age)'",
        by_hazard(lambda t: np.maximum(0.3 * weibull_hazard(t / 2) + 0.02, table_hazard(t)), *STEPS),
        STEPS,
    ),
    "Kaplan-Meier": (
        f"kaplan_meier(km, then={WEIBULL}, after=5) in years",
        "hazard ratio: hr",
        lambda t: np.where(t < 5, kaplan_meier(t), kaplan_meier(5) * weibull(t) / weibull(5)) ** 0.6,
        (1, 2.5, 4, 5),
    ),
}
cases = pytest.mark.parametrize("name", CASES)


def stated(folder, name, **changes):
    survival, rest, truth, kinks = CASES[name]
    (folder / "mort.csv").write_text("age,rate\n" + "".join(f"{a},{r}\n" for a, r in zip(AGES, RATES)))
    (folder / "km.csv").write_text("time,survival\n" + "".join(f"{t},{s}\n" for t, s in zip(YEARS, KAPLAN_MEIER)))
    return scenario(folder, survival, rest=rest, more=TABLES, **changes), area(truth, *kinks)


@cases
def test_a_curve_of_any_shape_is_its_integral(tmp_path, name):
    made, truth = stated(tmp_path, name, text=CURVES)
    assert years(made)[0] == pytest.approx(truth, rel=2e-7)


@cases
@pytest.mark.parametrize("clock", ["model", "state"])
def test_the_cohort_is_right_to_the_second_order(tmp_path, name, clock):
    found = []
    for cycle in (0.5, 0.25, 0.125):
        made, truth = stated(tmp_path, name, cycle=cycle, clock=clock)
        found.append(years(made)[0] - truth)
    assert second_order(found), found


@cases
@pytest.mark.parametrize("engine", ["individual", "queueing"])
def test_patients_live_as_long(tmp_path, name, engine):
    for clock in ("model", "state"):
        made, truth = stated(tmp_path, name, clock=clock, engine=engine)
        mean, error = years(made, engine)
        assert mean == pytest.approx(truth, abs=3 * error)


def test_a_ratio_that_wanes_leaves_general_mortality_as_it_is(tmp_path):
    periods = "periods: {early: {until: 3 years, r: 0.4}, late: {r: 1}}\n"
    rest = "hazard ratio: r, at least hazard: 'exponential(0.12) in years'"
    ratio = lambda t: np.where(t < 3, 0.4, 1.0)  # noqa: E731
    truth = area(by_hazard(lambda t: np.maximum(ratio(t) * weibull_hazard(t), 0.12), 3.0), 3)
    made = scenario(tmp_path, f"{WEIBULL} in years", CURVES, rest=rest, more=periods)
    assert years(made)[0] == pytest.approx(truth, rel=1e-6)
    for engine in ("cohort", "individual"):
        mean, error = years(scenario(tmp_path, f"{WEIBULL} in years", cycle=0.1, rest=rest, more=periods), engine)
        assert mean == pytest.approx(truth, abs=3 * error + 1e-4)


def test_draws_of_a_psa_have_their_own_floor(tmp_path):
    """Age at the start and the shape are drawn: each draw has its own crossings."""
    more = TABLES.replace(
        "age: {value: 60.5, unit: year}", "age: {value: 62, distribution: 'uniform(60, 64)', unit: year}"
    )
    more += "  k: {value: 1.3, distribution: 'uniform(0.7, 1.6)'}\n"
    stated(tmp_path, "at least")
    rest = "at least hazard: 'life_table(mort, age=age)'"
    made = scenario(tmp_path, "weibull(shape=k, scale=12) in years", CURVES, rest=rest, more=more)
    table = draws.probabilistic(made, Sample(6, 1))
    found = evaluate(made, table).total.get("life_years", False)[0]
    for draw, (age, k) in enumerate(zip(table.values["age"], table.values["k"])):
        steps = [a - age for a in AGES if 0 < a - age < HORIZON]

        def hazard(t, age=age, k=k):
            floor = np.array(RATES)[np.searchsorted(AGES, age + t, side="right") - 1]
            return np.maximum(k / 12 * (t / 12) ** (k - 1), floor)

        assert found[draw] == pytest.approx(area(by_hazard(hazard, *steps), *steps), rel=3e-6)


def test_coefficients_of_a_spline_are_drawn_together(tmp_path):
    """As a fit by maximum likelihood gives them: a joint multinormal, of which each draw has its own curve."""
    more = """\
parameters:
  g0, g1, g2:
    distribution: 'multinormal(mean=[-3, 1.3, 0.05], covariance=[[0.04, -0.01, 0], [-0.01, 0.01, 0.0005], [0, 0.0005, 0.0004]])'
"""
    stated = "spline(knots=[-1, 1, 2.5], coefficients=[g0, g1, g2], scale=hazard) in years"
    made = scenario(tmp_path, stated, CURVES, more=more)
    table = draws.probabilistic(made, Sample(5, 1))
    found = evaluate(made, table).total.get("life_years", False)[0]
    share = (2.5 - 1) / (2.5 + 1)
    for draw, (g0, g1, g2) in enumerate(zip(*(table.values[name] for name in ("g0", "g1", "g2")))):

        def survival(t, g0=g0, g1=g1, g2=g2):
            x = np.log(t)
            v = max(x - 1, 0) ** 3 - share * max(x + 1, 0) ** 3 - (1 - share) * max(x - 2.5, 0) ** 3
            return np.exp(-np.exp(g0 + g1 * x + g2 * v))

        assert found[draw] == pytest.approx(area(survival), rel=1e-6)
