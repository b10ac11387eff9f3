"""Probabilities per cycle that change every cycle: against a recursion in NumPy; formulas are evaluated for all cycles at once."""

import numpy as np
import pytest
from runs import write_scenario

from model import draws, inputs
from model.analysis.evaluate import evaluate
from model.engines import changing, cohort
from model.formula import Formula
from model.sample import Sample
from model.scenario_file import read

TEXT = """time: {{unit: year, horizon: {horizon} years, cycle: 1 year, convention: {convention}}}
discount: {{cost: 3 %, effect: 1.5 %, convention: at cycle}}
parameters:
  p: {{value: 0.1, distribution: "beta(10, 90)", unit: probability}}
periods: {{first: {{until: 30 years, x: 1}}, then: {{x: 0.5}}}}
states:
  well: {{start: 1, utility: 1}}
  node: {{stay: 0}}
  ill: {{utility: 0.7, cost: 100 USD per year}}
  dead: {{}}
transitions:
  - {{from: well, to: node, probability per cycle: "{falls}"}}
  - {{from: node, to: dead, probability: "0.01 * min(cycle, 50)", cost: 10 USD}}
  - {{from: node, to: ill, probability: rest}}
  - {{from: ill, to: dead, probability per cycle: "0.002 * min(cycle, 100)"}}
"""
FALLS = "p * x * exp(-time / 40 years)"


def made(folder, horizon=80, convention="half-cycle"):
    return read(write_scenario(folder, TEXT.format(horizon=horizon, convention=convention, falls=FALLS)))


def test_years_are_those_of_the_recursion(tmp_path):
    scenario = made(tmp_path, convention="start")
    dynamics = inputs.dynamics(scenario, draws.base(scenario), next(iter(scenario.groups.values())))
    well, ill, years, moved = 1.0, 0.0, np.zeros(2), np.zeros(4)
    for n in range(80):
        years += [well, ill]
        falls = well * 0.1 * (1 if n < 30 else 0.5) * np.exp(-n / 40)
        fatal, dies = 0.01 * min(n + 1, 50), ill * 0.002 * min(n + 1, 100)
        moved += [falls, falls * fatal, falls * (1 - fatal), dies]
        well, ill = well - falls, ill + falls * (1 - fatal) - dies
    found = cohort.run(dynamics)
    np.testing.assert_allclose(found.time[0, 0, [0, 2], :, 0].sum(axis=-1), years, rtol=1e-14)
    np.testing.assert_allclose(found.transitions[0, 0, :, :, 0].sum(axis=-1), moved, rtol=1e-14)


@pytest.mark.parametrize("convention", ["start", "end", "half-cycle", "life-table", "simpson"])
def test_one_by_one_and_by_matrices_are_equal(tmp_path, convention, monkeypatch):
    scenario = made(tmp_path, convention=convention)
    table = draws.probabilistic(scenario, Sample(20, seed=1))
    found = evaluate(scenario, table, trace=True)
    monkeypatch.setattr(changing, "changes_often", lambda block: False)
    expected = evaluate(scenario, table, trace=True)
    for name in ("cost", "qaly", "life_years"):
        np.testing.assert_allclose(found.total.get(name), expected.total.get(name), rtol=1e-13)
    np.testing.assert_allclose(found.traces["all"].occupancy, expected.traces["all"].occupancy, atol=1e-14)


@pytest.mark.parametrize("horizon", [40, 400])
def test_formulas_are_evaluated_for_all_cycles_and_draws_at_once(tmp_path, horizon, monkeypatch):
    scenario, count = made(tmp_path, horizon), []
    evaluate_formula = Formula.evaluate

    def counted(self, *arguments):
        count.append(self.text == FALLS)
        return evaluate_formula(self, *arguments)

    monkeypatch.setattr(Formula, "evaluate", counted)
    evaluate(scenario, draws.probabilistic(scenario, Sample(50, seed=1)))
    assert sum(count) <= 4  # two periods, in one strategy
