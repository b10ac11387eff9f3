"""`--set c.mean=5`: one argument of a parameter's distribution, as in `calibrate`; in `--vary` and in Python too."""

import numpy as np
import pytest
from runs import write_scenario

import model
from model import draws
from model.sample import Sample
from model.scenario_file import ScenarioError, read

TEXT = """title: t
currency: {code: USD, year: 2020}
time: {unit: year, horizon: 2 years, cycle: 1 year}
discount: {cost: 0, effect: 0}
wtp: {thresholds: [100]}
parameters:
  c: {distribution: "gamma(mean=40, cv=0.5)", unit: USD}
  base: {distribution: "gamma(mean=40, cv=0.5)", value: 44, unit: USD}
  p: {distribution: "beta(2, 6)", unit: probability}
  fixed: {value: 3, unit: USD}
strategies: {a: {label: A, entry: c + base + fixed}, b: {label: B, entry: 2 * c}}
states:
  well: {start: 1, utility: p, entry cost: {care: entry}}
  dead: {}
transitions: [{from: well, to: dead, rate: 0.1 per year}]
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_scenario(tmp_path_factory.mktemp("arguments"), TEXT)


def test_one_argument_is_set_and_the_others_stay(path):
    changed = read(path, ["c.mean=80"]).parameters["c"]
    assert changed.base == 80 and changed.text == "gamma(mean=80, cv=0.5)"
    sampled = draws.probabilistic(read(path, ["c.mean=80"]), Sample(50)).values["c"]
    np.testing.assert_allclose(sampled, 2 * draws.probabilistic(read(path), Sample(50)).values["c"], rtol=1e-12)


def test_arguments_that_are_stated_by_their_place_have_names_too(path):
    assert read(path, ["p.a=6"]).parameters["p"].base == pytest.approx(0.5)


def test_a_base_value_beside_the_distribution_follows_its_mean_and_nothing_else(path):
    assert read(path, ["base.mean=50"]).parameters["base"].base == 50
    assert read(path, ["base.cv=0.9"]).parameters["base"].base == 44


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("c.maen=4", "gamma(mean=40, cv=0.5) has no argument 'maen'. Did you mean 'mean'? Allowed: mean, cv"),
        ("fixed.mean=4", "'fixed' has no distribution, so it has no 'mean'; set its value: --set fixed=4"),
        ("c.cv=-1", "cv must be above 0, found -1"),
    ],
)
def test_what_cannot_be_set_is_said(path, setting, words):
    with pytest.raises(ScenarioError) as error:
        read(path, [setting])
    assert any(f"--set {setting}" in problem and words in problem for problem in error.value.problems)


def test_it_is_the_same_name_in_python_and_in_a_sweep(path):
    table = model.sweep(path, {"c.mean": [10, 20]}).tables["sweep"].query("strategy == 'b'")
    assert table["cost"].tolist() == pytest.approx([20, 40])
    assert model.read(path, {"c.mean": 10}).parameters["c"].base == 10
