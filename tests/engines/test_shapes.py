"""Shapes of survival in every engine that can run them, against quadrature of formulas written out here."""

import numpy as np
import pytest
from runs import write_scenario
from scipy import integrate

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
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
    more = CENTRE if engine == "queueing" else more
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
    """Of the cohort engine at cycles of 1, a half and a quarter of a year."""
    return [
        years(scenario(folder, survival, cycle=cycle, clock=clock, rest=rest, more=more))[0] - truth
        for cycle in (1.0, 0.5, 0.25)
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
