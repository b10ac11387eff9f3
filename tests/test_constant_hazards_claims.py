"""The default scenario shows what it claims: Furlan's three results (a fit), and what is predicted from Patchell.

Furlan et al., Neuro-Oncology 2012; 14: 631-640 (abstract); Patchell et al., Lancet 2005; 366: 643-648.
"""

from pathlib import Path

import numpy as np
import pytest

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.run import run
from model.economics.acceptability import acceptability
from model.sample import Sample
from model.scenario_file import read

DEFAULT = Path(__file__).resolve().parents[1] / "scenarios" / "mscc_constant_hazards.yaml"
RADIOTHERAPY, SURGERY = 0, 1


@pytest.fixture(scope="module")
def scenario():
    return read(DEFAULT)


@pytest.fixture(scope="module")
def daily_trace():
    """Base case by days: (times, occupancy[time, strategy, state], state names)."""
    scenario = read(DEFAULT, ["cycle=1 day", "horizon=3 years"])
    trace = evaluate(scenario, draws.base(scenario), trace=True).traces["all"]
    return trace.times, trace.occupancy[:, :, 0], list(scenario.states)


def test_default_scenario_has_no_warnings(scenario):
    assert scenario.warnings == ()


def test_base_case_icer_is_within_1_percent_of_furlan(scenario):
    total = evaluate(scenario, draws.base(scenario)).total
    icer = np.diff(total.cost[:, 0]) / np.diff(total.get("qaly")[:, 0])
    assert icer == pytest.approx(250_307, rel=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_probability_cost_effective_is_within_1_point_of_furlan(scenario, seed):
    total = evaluate(scenario, draws.probabilistic(scenario, Sample(10_000, seed))).total
    found = acceptability(total.cost, total.get("qaly"), [50_000, 1_683_000]).probability_most_cost_effective[
        :, SURGERY
    ]
    assert found == pytest.approx([0.1811, 0.9111], abs=0.01)


def median_survival(daily_trace, strategy):
    times, occupancy, states = daily_trace
    alive = 1 - occupancy[:, strategy, states.index("dead")]
    return np.interp(-0.5, -alive, times)


def test_median_survival_of_radiotherapy_is_the_100_days_it_is_calibrated_to(daily_trace):
    assert median_survival(daily_trace, RADIOTHERAPY) == pytest.approx(100, abs=0.5)


def test_median_survival_of_surgery_is_predicted_between_120_and_128_days(daily_trace):
    """Patchell: 126 days. Nothing is fitted to it."""
    assert 120 < median_survival(daily_trace, SURGERY) < 128


def test_share_walking_after_treatment_is_patchells(daily_trace):
    _, occupancy, states = daily_trace
    assert occupancy[0, :, states.index("ambulatory")] == pytest.approx([29 / 51, 42 / 50], abs=0.005)


def test_subgroups_add_up_to_the_weighted_total(scenario):
    evaluation = evaluate(scenario, draws.probabilistic(scenario, Sample(500, 4)))
    parts = sum(evaluation.outcomes[g].values * evaluation.weights[g] for g in scenario.groups)
    np.testing.assert_allclose(evaluation.total.values, parts, rtol=1e-12)


def test_mean_walking_time_gained_has_the_size_of_the_trials(scenario):
    """Exponential survival with one mortality process, medians of the trial and a hazard ratio of 1.96 gives 76 days."""
    result = run(scenario, Sample(0))
    gained = np.diff(result.base.total.get("ambulatory_days")[:, 0])
    assert gained == pytest.approx(76, abs=2)
