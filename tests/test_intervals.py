"""Intervals of means: Student's t against printed tables, and how often they hold the truth."""

import numpy as np
import pytest
from runs import write_scenario
from scipy import stats

from model.analysis.method import Method
from model.analysis.run import run
from model.intervals import half_width, interval, of_replications
from model.report import tables
from model.sample import Sample
from model.scenario_file import read

# Printed tables of Student's t, 97.5 %.
T = {1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 19: 2.093, 120: 1.980, np.inf: 1.960}


def test_half_widths_are_those_of_the_printed_table():
    assert half_width(1.0, list(T)) == pytest.approx(list(T.values()), abs=5e-4)
    assert half_width(2.0, 4) == pytest.approx(2 * 2.776, abs=1e-3)


def test_one_replication_has_no_interval():
    assert np.isnan(half_width(1.0, 0)) and np.isnan(half_width(np.nan, np.nan))
    found = of_replications(np.array([3.0]))
    assert found["mean"] == 3 and np.isnan([found["standard_error"], found["lower_95"]]).all()


def test_a_replication_without_a_value_is_left_aside():
    assert of_replications(np.array([1.0, np.nan, 3.0])) == interval(2.0, 1.0, 1)


@pytest.mark.parametrize("n, normal", [(3, 0.81), (5, 0.88), (10, 0.92)])
def test_what_the_docstring_says_of_1_96(n, normal):
    assert 2 * stats.t.cdf(1.96, n - 1) - 1 == pytest.approx(normal, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5, 10, 30])
def test_intervals_of_few_replications_hold_the_mean_95_times_in_100(n):
    values = np.random.default_rng(n).normal(7, 3, (20_000, n))
    found = [of_replications(row) for row in values]
    held = np.mean([row["lower_95"] <= 7 <= row["upper_95"] for row in found])
    assert held == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000))


MORTAL = """
time: {unit: year, horizon: 10 years, cycle: 1 year}
resources: {clinic: {capacity: 1000000}}
arrivals: {file: arrivals.csv}
states: {referred: {start: 1, utility: 1}, alive: {utility: 1, holds: clinic}, dead: {}}
transitions:
  - {from: referred, to: alive, survival: "fixed(time=0) in days", clock: state}
  - {from: alive, to: dead, rate: 0.5 per year}
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine, patients", [("queueing", 25), ("individual", 1)])
def test_intervals_of_a_simulated_base_case_hold_the_closed_form(tmp_path, engine, patients):
    """Life-years (1 - e^-5) / 0.5, five replications: 1.96 standard errors would hold it 88 times in 100. The individual
    engine has a hundred patients in its base case, whose error is known well."""
    (tmp_path / "arrivals.csv").write_text("day\n" + "\n".join(map(str, range(patients))) + "\n")
    scenario, truth, runs = read(write_scenario(tmp_path, MORTAL)), (1 - np.exp(-5)) / 0.5, 500
    held = 0
    for seed in range(runs):
        found = tables.outcomes(
            run(scenario, Sample(0, seed), method=Method(engine, patients=patients, replications=5))
        )
        row = found.query("outcome == 'life_years' and discounted == 'false'").iloc[0]
        held += row["lower_95"] <= truth <= row["upper_95"]
    assert held / runs == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / runs))
