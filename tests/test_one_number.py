"""A number that several places print is one number: ICER, probability at a threshold, interval of a mean."""

import numpy as np
import pytest
from runs import SCENARIOS, decided, write_scenario

import model
from model import draws
from model.analysis import agreement, oneway, sweep, targets
from model.analysis.agreement import Bridge, Step
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.analysis.run import run
from model.analysis.sweep_points import Axis
from model.decision import Decision
from model.economics.icer import icer, icer_change
from model.report import comparison_report, numbers, psa_tables, sensitivity_report, sweep_report, tables, text
from model.sample import Sample
from model.scenario import Target
from model.scenario_file import read

# Nobody moves: over one year `new` costs `extra` more than `old` and gains `gain` QALYs.
PAIR = """
time: {{unit: year, horizon: 1 year, cycle: 1 year}}
wtp: {{thresholds: [2000]}}
parameters:
  before: {{value: 1000, unit: USD}}
  extra: {{value: {cost}, unit: USD, distribution: "normal(mean={cost}, sd=1)"}}
  gain: {{value: {gain}, unit: number, distribution: "normal(mean={gain}, sd=0.001)"}}
strategies: {{old: {{label: Old, u: 0.5, c: before}}, new: {{label: New, u: 0.5 + gain, c: before + extra}}}}
states: {{alive: {{start: 1, utility: u, entry cost: c, alive: true}}}}
transitions: []
"""
PLANE = [
    (100, 0.1, "costs more, more effective", 1000),
    (-100, -0.1, "costs less, less effective", 1000),
    (-100, 0.1, "dominant", None),
    (100, -0.1, "dominated", None),
]


def pair(folder, cost, gain):
    return read(write_scenario(folder, PAIR.format(cost=cost, gain=gain)))


@pytest.mark.parametrize("cost, gain, word, ratio", PLANE)
def test_every_analysis_gives_the_icer_of_one_rule(tmp_path, cost, gain, word, ratio):
    scenario = pair(tmp_path, cost, gain)
    base = evaluate(scenario, draws.base(scenario))
    axis = Axis("gain", "parameter", (gain,))
    swept = sweep_report.sweep_table(sweep.sweep(scenario, [axis], [(gain,)], decided(scenario)))
    bridge = agreement.bridge(scenario, decided(scenario), Method(patients=5, replications=3))
    tornado = sensitivity_report.tornado_table(oneway.oneway(scenario, decided(scenario), Method()))
    drawn = tables.run_tables(run(scenario, Sample(2000)))["icer_interval"]
    target = Target("t", "icer", 1000, 1, "new", comparator="old")
    found = {
        "sweep": swept.query("strategy == 'new'")["icer"].iloc[0],
        "compare": comparison_report.bridge_table(bridge)["icer"].iloc[0],
        "tornado": tornado.query("result == 'icer'")["base_result"].iloc[0],
        "calibration": targets.measured(scenario, target, base, None),
        "interval": round(drawn["icer"].iloc[0], -2),  # of the means of the draws
    }
    expected = np.nan if ratio is None else ratio
    assert list(found.values()) == pytest.approx([expected] * len(found), nan_ok=True), found
    assert drawn["status"].iloc[0] == swept.query("strategy == 'new'")["status"].iloc[0] == word


@pytest.mark.parametrize("cost, gain, word, ratio", PLANE)
def test_a_simulated_run_gives_the_icer_of_the_same_rule(tmp_path, cost, gain, word, ratio):
    scenario = pair(tmp_path, cost, gain)
    words = text.simulation(run(scenario, Sample(0), method=Method("individual", patients=2)))
    assert ("ICER 1,000" in words) == (ratio is not None)
    assert ("saved per QALY lost" in words) == (word == "costs less, less effective")


def test_an_icer_that_moves_to_another_quadrant_has_no_change():
    one, other = (100.0, 0.1), (-100.0, -0.1)
    assert icer(*one) == icer(*other) == 1000
    assert icer_change((150.0, 0.1), one) == 500
    assert np.isnan(icer_change(other, one))
    steps = tuple(Step(n, np.full((2, 3), c), np.full((2, 3), e)) for n, (c, e) in {"a": one, "b": other}.items())
    assert np.isnan(Bridge(steps, ("x", "y"), 0, Decision(1.0, "x")).changes(1, icer)[0][1])


def test_a_threshold_outside_the_curve_or_between_its_points_has_its_own_probability(tmp_path):
    """Against the share of draws counted here. The nearest point of the curve says 73.6 % for radiotherapy at 500,000."""
    for at in (500_000, 10_050):
        more = (
            f"extends: {SCENARIOS / 'mscc_constant_hazards.yaml'}\nwtp: {{thresholds: [{at}], curve: {{to: 100000}}}}\n"
        )
        scenario = read(write_scenario(tmp_path, more))
        made = run(scenario, Sample(2000))
        benefit = at * made.psa.total.get("qaly") - made.psa.total.cost
        share = (benefit.argmax(axis=0) == 1).mean()
        table = tables.net_benefit_table(made).query("analysis == 'probabilistic' and strategy == 'surgery'")
        assert table["probability_most_cost_effective"].iloc[0] == share
        assert f"Surgery + radiotherapy {numbers.shares([1 - share, share])[1]}" in text.sentence(made)
        assert made.curves.wtp.max() == 100_000
        if at == 500_000:
            assert share == pytest.approx(0.743, abs=0.0005)
        else:
            ceac = psa_tables.curves(made.curves, list(scenario.strategies))["ceac"]
            row = ceac.query("wtp == @at and strategy == 'surgery'")
            assert row["probability_most_cost_effective"].iloc[0] == share


def test_no_acceptability_is_read_where_it_was_not_computed(tmp_path):
    made = run(pair(tmp_path, 100, 0.1), Sample(50))
    with pytest.raises(ValueError, match="no acceptability at a willingness to pay of 123.5"):
        made.decisions["all"].at(123.5)


def test_identical_strategies_are_equal_and_nobody_dominates(tmp_path):
    made = run(pair(tmp_path, 0, 0), Sample(0))
    assert text.sentence(made) == "Old and New are equal in cost and QALYs (base case)."
    table = tables.incremental_table(made).query("effect == 'qaly'")
    assert list(table["status"]) == ["reference", "equal"] and table["icer"].isna().all()


def test_the_reference_is_one_strategy_everywhere(tmp_path):
    path = write_scenario(tmp_path, PAIR.format(cost=100, gain=0.1) + "reference: new\n")
    scenario = read(path)
    assert (scenario.reference_strategy, scenario.reference_index) == ("new", 1)
    made = run(scenario, Sample(50))
    assert tables.run_tables(made)["icer_interval"]["comparator"].unique().tolist() == ["new"]
    assert agreement.bridge(scenario, decided(scenario), Method(patients=5, replications=2)).reference == 1
    assert model.run(path, draws=0).run.reference == 1
