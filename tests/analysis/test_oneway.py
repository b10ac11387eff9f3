"""One-way analyses against models that are solved by hand."""

import numpy as np
import pytest
from linear_model import LINEAR
from runs import SCENARIOS, decided, write_scenario

from model.analysis import oneway, threshold
from model.analysis.method import Method
from model.analysis.oneway import OneWayError
from model.analysis.threshold import ThresholdError
from model.draws import DomainError
from model.report import sensitivity_report
from model.sample import NO_PSA, Sample
from model.scenario_file import read


@pytest.fixture
def linear(tmp_path):
    return read(write_scenario(tmp_path, LINEAR))


def by_parameter(found, result):
    table = sensitivity_report.tornado_table(found)
    return table[(table["result"] == result) & (table["strategy"] == "new")].set_index("parameter")


def test_ends_are_those_of_the_linear_model(linear):
    table = by_parameter(oneway.oneway(linear, decided(linear), Method()), "inb")
    assert table.loc["price", ["low_value", "high_value"]].tolist() == [100, 2000]
    assert table.loc["price", "range_from"] == "stated range" and table.loc["gain", "range_from"] == "95 % interval"
    # Net benefit 10,000 * 0.1 - 500 * (1 + 0.5 / 5).
    assert table["base_result"].tolist() == pytest.approx([450] * len(table))
    assert table.loc["price", ["result_low", "result_high"]].tolist() == pytest.approx([1000 - 110, 1000 - 2200])
    low, high = 0.1 - 1.959964 * 0.02, 0.1 + 1.959964 * 0.02
    assert table.loc["gain", ["result_low", "result_high"]].tolist() == pytest.approx(
        [1e4 * low - 550, 1e4 * high - 550]
    )
    assert "fixed" not in table.index


def test_shares_of_a_dirichlet_distribution_keep_their_proportions(linear):
    found = oneway.ranges(linear)
    table = oneway.table_of(linear, found)
    row = 1 + 2 * [r.name for r in found].index("share_a")
    low = table.values["share_a"][row]
    assert table.values["share_b"][row] + table.values["share_c"][row] + low == pytest.approx(1)
    assert table.values["share_b"][row] / table.values["share_c"][row] == pytest.approx(3 / 5)
    inb = by_parameter(oneway.oneway(linear, decided(linear), Method()), "inb").loc["share_a", "result_low"]
    assert inb == pytest.approx(1000 - 500 - 100 * (1 - low) * 5 / 8)


def test_an_icer_that_is_none_has_a_word(tmp_path):
    text = (
        LINEAR.replace("sd=0.02", "sd=0.1")
        .replace("share_c / 5)}", "share_c / 5) - saving}")
        .replace("  fixed:", "  saving: {value: 300, unit: USD}\n  fixed:")
    )
    scenario = read(write_scenario(tmp_path, text))
    table = by_parameter(oneway.oneway(scenario, decided(scenario), Method()), "icer")
    assert np.isnan(table.loc["price", "result_low"]) and table.loc["price", "status_low"] == "dominant"
    assert np.isnan(table.loc["gain", "result_low"]) and table.loc["gain", "status_low"] == "dominated"
    assert set(table.index[:2]) == {"price", "gain"}  # an end without a number counts as endless


def test_an_end_that_costs_more_and_gains_more_has_its_icer_where_the_base_case_is_dominant(tmp_path):
    text = LINEAR.replace("share_c / 5)}", "share_c / 5) - saving}").replace(
        "  fixed:", "  saving: {value: 600, unit: USD}\n  fixed:"
    )
    scenario = read(write_scenario(tmp_path, text))
    table = by_parameter(oneway.oneway(scenario, decided(scenario), Method()), "icer")
    assert np.isnan(table.loc["price", "base_result"]) and table.loc["price", "status_low"] == "dominant"
    assert table.loc["price", "result_high"] == pytest.approx((2200 - 600) / 0.1)


def test_every_end_is_a_run_with_that_value():
    path = SCENARIOS / "mscc_constant_hazards.yaml"
    found = oneway.oneway(read(path), decided(read(path)), Method())
    table = by_two = sensitivity_report.tornado_table(found).query("result == 'inb' and group == 'walking'")
    from model.analysis.run import run

    for row in by_two.itertuples():
        if row.parameter in ("c_surgery", "p_retain_rt", "hr_nonamb"):
            total = run(read(path, [f"{row.parameter}={row.high_value!r}"]), Sample(0)).base.outcomes["walking"]
            benefit = (50_000 * total.get("qaly") - total.cost)[:, 0]
            assert row.result_high == pytest.approx(benefit[1] - benefit[0], rel=1e-9)
    assert len(table) == 16


def test_engines_that_follow_patients_meet_the_same_ones_at_both_ends():
    """Without shared patients the ends of parameters that matter little would differ by noise."""
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    found = oneway.oneway(scenario, decided(scenario), Method("individual", 20))
    values, _ = found.result("inb", 1)
    place = 1 + 2 * [r.name for r in found.ranges].index("c_rt")
    assert values[place] == pytest.approx(values[place + 1], abs=1e-6) and values[place] == pytest.approx(
        values[0], abs=1e-6
    )


def test_every_simulated_increment_has_its_standard_error():
    scenario = read(SCENARIOS / "mscc_constant_hazards.yaml")
    found = oneway.oneway(scenario, decided(scenario), Method("individual", 20))
    table = sensitivity_report.tornado_table(found).query("group == 'all'").set_index(["result", "parameter"])
    exact = sensitivity_report.tornado_table(oneway.oneway(scenario, decided(scenario), Method())).query(
        "group == 'all'"
    )
    exact = exact.set_index(["result", "parameter"])
    assert "low_standard_error" not in exact and table.loc["icer", "low_standard_error"].isna().all()
    for result in ("inb", "cost", "qaly", "ambulatory_days"):
        for end in ("low", "high"):
            own = table.loc[result]
            off = (own[f"result_{end}"] - exact.loc[result, f"result_{end}"].loc[own.index]) / own[
                f"{end}_standard_error"
            ]
            assert off.abs().max() < 4 and off.abs().max() > 0.1


def test_an_end_outside_the_model_is_named(tmp_path):
    text = LINEAR.replace(
        "states: {alive: {start: 1,",
        "states: {dead: {start: 1 - fixed * share_a * 4}, alive: {start: fixed * share_a * 4,",
    )
    scenario = read(write_scenario(tmp_path, text))
    with pytest.raises(
        OneWayError,
        match=r"^share_a at the high end of its 95 % interval, 0\.2\d+: .*outside.*\(0 to 1\), "
        r"in strategy old \(",
    ):
        oneway.oneway(scenario, decided(scenario), Method())
    with pytest.raises(ThresholdError, match=r"^fixed at 1\.2\d+: .*outside"):
        threshold.break_even(scenario, "fixed", 0.5, 2, decided(scenario), NO_PSA, Method())


def test_nothing_to_vary_is_an_error(tmp_path):
    scenario = read(
        write_scenario(
            tmp_path,
            LINEAR[: LINEAR.index("parameters:")]
            + """
strategies: {a: {}, b: {}}
states: {alive: {start: 1, utility: 1}}
transitions: []
""",
        )
    )
    with pytest.raises(OneWayError, match="nothing to vary"):
        oneway.oneway(scenario, decided(scenario), Method())


def test_a_range_outside_the_unit_is_an_error(tmp_path):
    with pytest.raises((DomainError, ValueError), match="0 to 1|allowed"):
        oneway.ranges(
            read(
                write_scenario(
                    tmp_path,
                    LINEAR.replace(
                        "fixed: {value: 1, unit: number}", "fixed: {value: 1, range: [0.5, 1.5], unit: probability}"
                    ),
                )
            )
        )
