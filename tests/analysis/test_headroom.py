"""Headroom: the price of a component at which the net benefit is 0, whatever the file says that it costs."""

import numpy as np
import pytest
from runs import SCENARIOS, decided

from model import cli, draws
from model.analysis.evaluate import evaluate
from model.analysis.headroom import HeadroomError, headroom, over
from model.analysis.sweep_points import axis
from model.report.headroom_report import headroom_table
from model.sample import Sample
from model.scenario_file import read

# Two years alive or one: no survival left to chance, so that every figure is arithmetic.
BY_HAND = """
title: By hand
currency: {code: USD}
time: {unit: year, horizon: 2 years, cycle: 1 year}
discount: {cost: 0 %, effect: 0 %}
wtp: {thresholds: [1000], curve: {to: 5000}}
parameters:
  c_operation: {value: 700, unit: USD}
  u_gain: {value: 0.3, distribution: "uniform(lower=0.2, upper=0.4)", unit: utility}
strategies:
  care: {operated: 0}
  operation: {operated: 1}
states:
  presenting: {start: 1, stay: 0}
  alive: {utility: 0.5 + operated * u_gain, cost: {care: 100 + 50 * operated USD per year}}
  dead: {alive: false}
transitions:
  - {from: presenting, to: alive, probability: 1, cost: {operation: operated * c_operation}}
  - {from: alive, to: dead, rate: 0 per year}
"""


@pytest.fixture
def by_hand(tmp_path):
    (tmp_path / "hand.yaml").write_text(BY_HAND)
    return read(tmp_path / "hand.yaml")


def of(scenario, component, **more):
    return headroom({"a": scenario}, {"a": "A"}, component, decided(scenario), **more)


def test_headroom_is_the_value_of_the_effect_less_all_other_costs(by_hand):
    # 2 years x 0.3 at 1,000 = 600, less 2 x 50 of care: 500, whatever the operation costs (700).
    row = headroom_table(of(by_hand, "operation")).iloc[0]
    assert row.headroom_base == pytest.approx(500)
    assert row.component_cost_base == pytest.approx(700)
    assert row.incremental_nmb_base == pytest.approx(-200)


def test_the_interval_is_that_of_the_draws(by_hand):
    # u_gain is uniform on 0.2 to 0.4, so headroom is uniform on 300 to 700.
    row = headroom_table(of(by_hand, "operation", sample=Sample(40_000, 3))).iloc[0]
    assert row.headroom_mean == pytest.approx(500, abs=4 * 400 / np.sqrt(12 * 40_000))
    assert (row.headroom_low, row.headroom_high) == pytest.approx((310, 690), abs=3)
    assert row.probability_worth_it == pytest.approx(0.0, abs=1e-3)  # 700 is the very end


@pytest.mark.parametrize("group", [0, 1, 2])
@pytest.mark.parametrize("wtp", [20_000.0, 250_000.0])
def test_at_that_price_the_net_benefit_is_zero(group, wtp):
    scenario = read(SCENARIOS / "mscc_furlan.yaml")
    price = of(scenario, "surgery").cases["a"].base.headroom(wtp)[group, 1, 0]
    total = list(
        evaluate(scenario, draws.base(read(SCENARIOS / "mscc_furlan.yaml", ["c_surgery=0"]))).outcomes.values()
    )
    free = np.diff(wtp * total[group].get("qaly") - total[group].cost, axis=0)[0, 0]
    assert price > 0 and free == pytest.approx(price, rel=1e-9)


def test_a_map_is_the_headroom_at_each_pair_of_values():
    scenario = read(SCENARIOS / "mscc_furlan.yaml")
    axes = tuple(axis(scenario, text) for text in ("hr_nonamb=1.5:2.5:3", "u_amb=0.5:0.7:2"))
    found = over(scenario, "surgery", axes, decided(scenario, 50_000.0))
    one = of(read(SCENARIOS / "mscc_furlan.yaml", ["hr_nonamb=2", "u_amb=0.7"]), "surgery").cases["a"]
    assert found.shape == (3, 2, 3, 2)
    assert found[1, 1, :, 1] == pytest.approx(one.base.headroom(50_000.0)[:, 1, 0], rel=1e-9)


def test_unknown_components_and_lone_strategies_are_refused(by_hand, tmp_path):
    with pytest.raises(HeadroomError, match=r"no cost component 'operatoin'. Did you mean 'operation'\?"):
        of(by_hand, "operatoin")
    (tmp_path / "lone.yaml").write_text(BY_HAND.replace("  care: {operated: 0}\n", ""))
    with pytest.raises(HeadroomError, match="one strategy"):
        of(read(tmp_path / "lone.yaml"), "operation")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--vary", "hr_nonamb=1:2:3"], "give two parameters for a map"),
        (["--mark", "x.yaml"], "belongs to a map"),
        (["--vary", "hr_nonamb=1:2:3", "--vary", "horizon=1:2 years:2"], "varies parameters, not settings"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(more, message, capsys, tmp_path):
    file = str(SCENARIOS / "mscc_furlan.yaml")
    assert cli.main(["headroom", file, "--component", "surgery", "--out", str(tmp_path / "o"), *more]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_file_of_variants_gives_a_row_a_variant_and_group(tmp_path, capsys):
    file = str(SCENARIOS.parent / "variants" / "mscc.yaml")
    assert (
        cli.main(
            [
                "headroom",
                file,
                "--component",
                "surgery",
                "--draws",
                "50",
                "--wtp",
                "50000",
                "--out",
                str(tmp_path / "o"),
            ]
        )
        == 0
    )
    import pandas as pd

    table = pd.read_csv(tmp_path / "o" / "tables" / "headroom.csv")
    prices = table[(table.group == "all") & table.case.isin(["base", "cheap surgery"])]
    assert prices.headroom_mean.nunique() == 1  # what surgery costs is no part of it
    assert prices.component_cost_base.nunique() == 2
