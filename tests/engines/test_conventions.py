"""Where transitions count and how is discounted, against sums written out by hand and closed forms."""

import numpy as np
import pytest

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.scenario_file import read

MODEL = """\
title: Conventions
currency: {{code: USD}}
time: {{unit: year, horizon: 6 years, cycle: 2 years, convention: {convention}{counted}}}
discount: {{cost: 4 %, effect: 4 %{discount}}}
wtp: {{thresholds: [1000], curve: {{to: 10000}}}}
strategies: {{care: {{p: 0.3}}, drug: {{p: 0.1}}}}
states: {{well: {{start: 1, utility: 1}}, dead: {{alive: false}}}}
transitions:
  - {{from: well, to: dead, {move}, cost: {{death: 100 USD}}}}
"""
CYCLE, CYCLES = 2.0, 3
WELL = 0.7 ** np.arange(CYCLES + 1)  # at the ends of cycles, of the first strategy
DEATHS = WELL[:-1] * 0.3


def model(tmp_path, convention="start", counted="", discount="", move="probability per cycle: p"):
    path = tmp_path / "conventions.yaml"
    counted = counted and f", transitions counted: {counted}"
    path.write_text(MODEL.format(convention=convention, counted=counted, discount=discount, move=move))
    return read(path)


def total(scenario, name, method=None):
    return evaluate(scenario, draws.base(scenario), method or Method("cohort")).total.get(name)[0, 0]


def factor(at):
    """Discount factors of the cycles, at this share of each."""
    return 1.04 ** -(CYCLE * (np.arange(CYCLES) + at))


STATED = {"start": factor(0), "middle": factor(0.5), "end": factor(1)}
UNSTATED = {
    "start": factor(0),
    "end": factor(1),
    "half-cycle": (factor(0) + factor(1)) / 2,
    "life-table": factor(1),
    "simpson": (factor(0) + factor(1)) / 2,
}
# Weights of the boundary points: what the cycle's time counts there.
POINTS = {
    "start": [1, 1, 1, 0],
    "end": [0, 1, 1, 1],
    "half-cycle": [0.5, 1, 1, 0.5],
    "simpson": [3 / 8, 9 / 8, 9 / 8, 3 / 8],
}


@pytest.mark.parametrize("convention", list(UNSTATED))
def test_a_transition_counts_where_it_is_said(tmp_path, convention):
    assert total(model(tmp_path, convention), "cost") == pytest.approx(100 * DEATHS @ UNSTATED[convention], rel=1e-12)
    for counted, factors in STATED.items():
        found = total(model(tmp_path, convention, counted), "cost")
        assert found == pytest.approx(100 * DEATHS @ factors, rel=1e-12)


@pytest.mark.parametrize("convention", list(POINTS))
def test_with_the_state_entered_it_has_weight_and_factor_of_that_point(tmp_path, convention):
    """As R models sum it: the reward of arrivals by cycle, times the vectors of weights and of discount factors."""
    arrivals = np.append(0.0, DEATHS)
    expected = 100 * np.sum(arrivals * POINTS[convention] * 1.04 ** -(CYCLE * np.arange(CYCLES + 1)))
    found = total(model(tmp_path, convention, "with the state entered"), "cost")
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("counted", ["end", "with the state entered"])
def test_patients_count_alike(tmp_path, counted):
    scenario = model(tmp_path, "half-cycle", counted, ", convention: mid-cycle")
    found = evaluate(scenario, draws.base(scenario), Method("individual", patients=20_000)).errors.total
    for name in ("cost", "qaly"):
        place = found.mean.names.index(name), 1, 0, 0
        assert found.mean.values[place] == pytest.approx(total(scenario, name), abs=4 * found.se[place])


def test_mid_cycle_discounting_has_one_factor_a_cycle(tmp_path):
    scenario = model(tmp_path, "half-cycle", discount=", convention: mid-cycle")
    qalys = np.sum((WELL[:-1] + WELL[1:]) / 2 * CYCLE * factor(0.5))
    assert total(scenario, "qaly") == pytest.approx(qalys, rel=1e-12)
    assert total(scenario, "cost") == pytest.approx(100 * DEATHS @ factor(0.5), rel=1e-12)


def test_mid_cycle_under_integral_is_one_factor_of_the_middle(tmp_path):
    scenario = model(tmp_path, "integral", discount=", convention: mid-cycle", move="rate: 0.2 per year")
    spent = -np.diff(np.exp(-0.2 * CYCLE * np.arange(CYCLES + 1))) / 0.2
    assert total(scenario, "qaly") == pytest.approx(spent @ factor(0.5), rel=1e-12)


@pytest.mark.parametrize("engine", ["cohort", "individual"])
def test_continuous_compounding(tmp_path, engine):
    scenario = model(tmp_path, "integral", discount=", compounding: continuous", move="rate: 0.2 per year")
    exact = (1 - np.exp(-(0.2 + 0.04) * 6)) / (0.2 + 0.04)
    found = total(scenario, "qaly", Method(engine, patients=20_000))
    assert found == pytest.approx(exact, rel=1e-12 if engine == "cohort" else 0.01)


def test_continuous_compounding_by_points(tmp_path):
    found = total(model(tmp_path, "start", discount=", compounding: continuous"), "qaly")
    assert found == pytest.approx(np.sum(WELL[:-1] * CYCLE * np.exp(-0.04 * CYCLE * np.arange(CYCLES))), rel=1e-12)
