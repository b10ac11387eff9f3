"""Pairs of strategies, and the best one over two inputs, recomputed from the draws and from plain arithmetic."""

import numpy as np
import pytest
from runs import VALIDATION, write_scenario

import model
from model.decision import DecisionError

SICK = VALIDATION / "sick_sicker.yaml"


def test_pairs_are_those_of_the_draws_versus_each_chosen_comparator():
    result = model.run(SICK, draws=300, comparators=["SoC", "B"])
    plane, curves = result.plans["plane_pairwise"].data.whole(), result.plans["acceptability_pairwise"].data
    wide = result.tables["psa"].query("group == 'all'").pivot(index="draw", columns="strategy", values=["cost", "qaly"])
    pairs = [("A", "SoC"), ("B", "SoC"), ("AB", "SoC"), ("SoC", "B"), ("A", "B"), ("AB", "B")]
    assert list(dict.fromkeys(zip(plane["strategy"], plane["comparator"]))) == pairs
    for strategy, comparator in pairs:
        own = f"strategy == '{strategy}' and comparator == '{comparator}'"
        cost, qaly = (wide[name][strategy] - wide[name][comparator] for name in ("cost", "qaly"))
        np.testing.assert_allclose(plane.query(own)["incremental_cost"], cost, rtol=1e-9)
        np.testing.assert_allclose(plane.query(own)["incremental_effect"], qaly, rtol=1e-9)
        for wtp, p, error in curves.query(own)[["wtp", "probability_more_cost_effective", "standard_error"]].to_numpy():
            expected = (wtp * qaly > cost).mean()
            assert p == pytest.approx(expected, abs=1e-12)
            assert error == pytest.approx(np.sqrt(expected * (1 - expected) / 300), abs=1e-12)


def test_pairs_are_shown_where_they_tell_more(tmp_path):
    assert set(model.run(SICK, draws=20).plans["plane_pairwise"].data.whole()["comparator"]) == {"SoC"}
    assert set(model.run(SICK, draws=20, reference="A").plans["plane_pairwise"].data.whole()["comparator"]) == {"A"}
    assert "plane_pairwise" not in model.run(SICK, draws=0).plans
    with pytest.raises(DecisionError, match="unknown strategy 'C'"):
        model.run(SICK, draws=0, comparators=["C"])


def test_titles_say_versus_whom():
    plans = model.run(SICK, draws=20, comparators=["B"]).plans
    titles = [axis.get_title(loc="left") for axis in plans["plane_pairwise"].draw().axes]
    assert titles[:3] == [f"{who} versus Strategy B" for who in ("Standard of care", "Strategy A", "Strategy AB")]
    assert plans["acceptability_pairwise"].draw().axes[0].get_title(loc="left") == "versus Strategy B"


THREE = """
parameters: {p: {value: 50, unit: USD}, u: {value: 0.5, unit: utility}, u2: {value: "u + 0.1"}}
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [200]}
strategies: {none: {c: 0 USD, q: 0.1}, one: {c: p, q: u}, two: {c: 2 * p, q: u2}}
states: {here: {start: 1, alive: true, utility: q, entry cost: {drug: c}}}
transitions: []
"""


def test_the_best_strategy_over_two_inputs_is_that_of_the_highest_net_benefit(tmp_path):
    vary = {"p": "10:100:7", "u": "0.2:0.8:5"}
    result = model.sweep(write_scenario(tmp_path, THREE), vary)
    data = result.plans["best_strategy"].data
    assert len(data) == 35
    seen = set()
    for p, u, strategy, lead in data.iloc[:, :4].to_numpy():
        benefit = {"none": 200 * 0.1, "one": 200 * u - p, "two": 200 * (u + 0.1) - 2 * p}
        first, second = sorted(benefit.values(), reverse=True)[:2]
        assert lead == pytest.approx(first - second, abs=1e-9)
        if lead > 1e-9:
            assert benefit[strategy] == first
            seen.add(strategy)
    assert seen == {"none", "one", "two"}
    assert {text.get_text() for text in result.plans["best_strategy"].draw().axes[0].texts} == seen


def test_two_strategies_need_no_map_of_the_best(tmp_path):
    text = THREE.replace(", two: {c: 2 * p, q: u2}", "")
    assert "best_strategy" not in model.sweep(write_scenario(tmp_path, text), {"p": "10:100:3", "u": "0.2:0.8:3"}).plans
