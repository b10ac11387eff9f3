"""Figures and printed tables name things by their labels, never by their keys, and write one minus sign."""

import re
from functools import cache
from pathlib import Path

import pytest

import model
from model.report.columns.shared import keys_to_label
from model.report.style import named

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("k_risk", "k_ratio", "k_price", "k_old", "k_new", "k_well", "k_dead")
TEXT = """
title: A scenario in which everything has a label
currency: {code: USD}
time: {unit: year, horizon: 10 years, cycle: 1 year}
discount: {cost: 3 %, effect: 3 %}
wtp: {thresholds: [20000]}
parameters:
  k_risk: {distribution: "gamma(mean=0.1, cv=0.2)", unit: per year, label: Risk of death, status: evidence}
  k_ratio: {distribution: "lognormal(median=0.8, lower=0.7, upper=0.95)", label: Ratio of hazards, status: assumed}
  k_price: {distribution: "gamma(mean=3, cv=0.2)", unit: USD per year, label: Price of the drug}
strategies:
  k_old: {label: Old care, ratio: 1, price: k_price}
  k_new: {label: New care, ratio: k_ratio, price: 0.5 * k_price}
states:
  k_well: {label: Well, start: 1, utility: 0.8, cost: {drug: price}}
  k_dead: {label: Dead, alive: false}
transitions:
  - {from: k_well, to: k_dead, rate: k_risk * ratio}
"""
CALIBRATION = """
calibration:
  vary: {k_risk.mean: {from: 0.01, to: 0.5}, k_price.mean: {from: 1, to: 9}}
  targets:
    k_target: {label: Alive at 5 years, measure: occupancy, states: alive, at: 5 years, strategy: k_old, value: 0.6, standard error: 0.05}
    k_other: {label: Cost of old care, measure: total, outcome: cost, strategy: k_old, value: 20, tolerance: 2}
"""
VARIANTS = """
base: labelled.yaml
variants:
  k_dear: {label: Dear, set: {k_price: 9}}
"""
COMMANDS = {
    "run": lambda path: model.run(path, draws=200),
    "run, individual": lambda path: model.run(path, draws=2, engine="individual", patients=20),
    "tornado": model.tornado,
    "voi": lambda path: model.voi(path, draws=200),
    "threshold": lambda path: model.threshold(path, "k_price"),
    "sweep": lambda path: model.sweep(path, {"k_price": [2, 3, 4]}, draws=20),
    "sweep, map": lambda path: model.sweep(path, {"k_price": [2, 3, 4], "k_ratio": [0.6, 0.8, 1]}),
    "sweep, dots": lambda path: model.sweep(path, {"k_price": [2, 3], "k_ratio": [0.6, 1], "k_risk": [0.1, 0.2]}),
    "global": lambda path: model.sensitivity(path, n=8),
    "global, morris": lambda path: model.sensitivity(path, method="morris", n=3),
    "converge": lambda path: model.converge(path, draws=100),
    "headroom": lambda path: model.headroom(path, "drug", draws=20),
    "calibrate": lambda path: model.calibrate(path, starts=1, posterior=5, draws=50),
    "variants": lambda path: model.variants(path.with_name("variants.yaml"), draws=20),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """By command, each made when it is asked for."""
    path = tmp_path_factory.mktemp("labels") / "labelled.yaml"
    path.write_text(TEXT + CALIBRATION)
    path.with_name("variants.yaml").write_text(VARIANTS)
    return cache(lambda command: COMMANDS[command](path))


def words(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_for_people_has_a_key(results, command):
    found = results(command)
    shown = {"summary": [found.summary]} | {name: words(plan.draw()) for name, plan in found.plans.items()}
    assert len(shown) > 1
    for name, texts in shown.items():
        assert [t for t in texts if any(key in t for key in (*KEYS, "k_target", "k_other", "k_dear"))] == [], name


@pytest.mark.parametrize("command", COMMANDS)
def test_there_is_one_minus_sign(results, command):
    found = results(command)
    shown = {"summary": [found.summary]} | {name: words(plan.draw()) for name, plan in found.plans.items()}
    for name, texts in shown.items():
        assert [t for t in texts if re.search(r"(^|[\s(])-\d", t)] == [], name


def test_money_of_a_small_model_has_its_cents_and_inputs_their_status(results):
    assert re.search(r"Old care +\d+\.\d\d ", results("run").summary)
    assert "Risk of death" in results("tornado").summary and "evidence" in results("tornado").summary
    assert "not reported" in results("tornado").summary


@pytest.mark.parametrize("command", COMMANDS)
def test_tables_have_labels_behind_their_keys(results, command):
    known = {"strategy": {"Old care", "New care"}, "group": {"All patients"}, "state": {"Well", "Dead"}}
    for name, table in results(command).tables.items():
        for column in set(keys_to_label(name, table.columns)):
            pytest.fail(f"{name}: {column} has no label")
        for key, labels in known.items():
            if f"{key}_label" in table:
                assert set(table[f"{key}_label"].dropna()) <= labels | {"", "Alive", "alive"}, name


def test_label_columns_stand_behind_the_others_and_draws_have_none(results):
    tables = results("run").tables
    assert list(tables["incremental"].columns[-3:]) == ["strategy_label", "comparator_label", "group_label"]
    assert not [c for name in ("psa", "trace") for c in tables[name].columns if c.endswith("_label")]
    (row,) = results("tornado").tables["tornado"].query("parameter == 'k_price' and result == 'icer'").itertuples()
    assert (row.parameter_label, row.strategy_label) == ("Price of the drug", "New care")
    assert set(results("calibrate").tables["values"]["input_label"]) == {
        "Risk of death (mean)",
        "Price of the drug (mean)",
    }


@pytest.mark.parametrize(
    "key, label", [("a", "Alpha"), ("a.cv, b.cv", "Alpha (cv), b (cv)"), ("a + b", "Alpha + b"), ("time.x", "time.x")]
)
def test_a_parameter_with_an_argument_or_with_others_is_named(key, label):
    assert named(key, {"a": "Alpha"}) == label


@pytest.mark.parametrize("command", ["voi", "calibrate", "tornado"])
def test_inputs_are_listed_with_their_status(results, command):
    assert "Status" in results(command).summary and "evidence" in results(command).summary


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").rglob("*.yaml")), ids=lambda path: path.stem)
def test_labels_of_shipped_scenarios_say_versus(path):
    assert re.findall(r"""(?:label|title): (?:"[^"]*|[^",}]*) v .*""", path.read_text()) == []
