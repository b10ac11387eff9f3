"""Figures and printed tables name things by their labels, never by their keys, and write one minus sign."""

import re

import pytest

import model

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


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "labelled.yaml"
    path.write_text(TEXT)
    return {
        "run": model.run(path, draws=200),
        "tornado": model.tornado(path),
        "voi": model.voi(path, draws=200),
        "threshold": model.threshold(path, "k_price"),
    }


def words(figure):
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("command", ["run", "tornado", "voi", "threshold"])
def test_nothing_for_people_has_a_key(results, command):
    found = results[command]
    shown = {"summary": [found.summary]} | {name: words(plan.draw()) for name, plan in found.plans.items()}
    assert len(shown) > 1
    for name, texts in shown.items():
        assert [t for t in texts if any(key in t for key in KEYS)] == [], name


@pytest.mark.parametrize("command", ["run", "tornado", "voi", "threshold"])
def test_there_is_one_minus_sign(results, command):
    found = results[command]
    shown = {"summary": [found.summary]} | {name: words(plan.draw()) for name, plan in found.plans.items()}
    for name, texts in shown.items():
        assert [t for t in texts if re.search(r"(^|[\s(])-\d", t)] == [], name


def test_money_of_a_small_model_has_its_cents_and_inputs_their_status(results):
    assert re.search(r"Old care +\d+\.\d\d ", results["run"].summary)
    assert "Risk of death" in results["tornado"].summary and "evidence" in results["tornado"].summary
    assert "not reported" in results["tornado"].summary
