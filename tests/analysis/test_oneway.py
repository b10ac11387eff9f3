"""One-way analyses and thresholds against models that are solved by hand."""
import numpy as np
import pytest
from runs import SCENARIOS, write_scenario

from model import draws
from model.analysis import oneway, threshold
from model.analysis.evaluate import Method, evaluate
from model.analysis.oneway import OneWayError
from model.analysis.threshold import ThresholdError
from model.cli import main
from model.draws import DomainError
from model.report import sensitivity_report
from model.scenario_file import read

# One year alive at utility u, then nothing: QALYs u + gain, cost c, so that every result is linear.
LINEAR = """
title: A linear model
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [10000]}
parameters:
  gain: {distribution: "normal(mean=0.1, sd=0.02)", unit: number}
  price: {value: 500, range: [100, 2000], unit: USD}
  share_a, share_b, share_c: {distribution: "dirichlet(20, 30, 50)", unit: probability}
  fixed: {value: 1, unit: number}
strategies:
  old: {u: 0.5, c: 0 * price}
  new: {u: 0.5 + gain * fixed, c: price * (1 + share_c / 5)}
states: {alive: {start: 1, utility: u, entry cost: c}}
transitions: []
"""


@pytest.fixture
def linear(tmp_path):
    return read(write_scenario(tmp_path, LINEAR))


def by_parameter(found, result):
    table = sensitivity_report.tornado_table(found)
    return table[(table["result"] == result) & (table["strategy"] == "new")].set_index("parameter")


def test_ends_are_those_of_the_linear_model(linear):
    table = by_parameter(oneway.oneway(linear, Method()), "inb")
    assert table.loc["price", ["low_value", "high_value"]].tolist() == [100, 2000]
    assert table.loc["price", "range_from"] == "stated range" and table.loc["gain", "range_from"] == "95 % interval"
    # Net benefit 10,000 * 0.1 - 500 * (1 + 0.5 / 5).
    assert table["base_result"].tolist() == pytest.approx([450] * len(table))
    assert table.loc["price", ["result_low", "result_high"]].tolist() == pytest.approx([1000 - 110, 1000 - 2200])
    low, high = 0.1 - 1.959964 * 0.02, 0.1 + 1.959964 * 0.02
    assert table.loc["gain", ["result_low", "result_high"]].tolist() == pytest.approx([1e4 * low - 550, 1e4 * high - 550])
    assert "fixed" not in table.index


def test_shares_of_a_dirichlet_distribution_keep_their_proportions(linear):
    found = oneway.ranges(linear)
    table = oneway.table_of(linear, found)
    row = 1 + 2 * [r.name for r in found].index("share_a")
    low = table.values["share_a"][row]
    assert table.values["share_b"][row] + table.values["share_c"][row] + low == pytest.approx(1)
    assert table.values["share_b"][row] / table.values["share_c"][row] == pytest.approx(3 / 5)
    inb = by_parameter(oneway.oneway(linear, Method()), "inb").loc["share_a", "result_low"]
    assert inb == pytest.approx(1000 - 500 - 100 * (1 - low) * 5 / 8)


def test_an_icer_that_is_none_has_a_word(tmp_path):
    text = LINEAR.replace("sd=0.02", "sd=0.1").replace("share_c / 5)}", "share_c / 5) - saving}").replace(
        "  fixed:", "  saving: {value: 300, unit: USD}\n  fixed:")
    scenario = read(write_scenario(tmp_path, text))
    table = by_parameter(oneway.oneway(scenario, Method()), "icer")
    assert np.isnan(table.loc["price", "result_low"]) and table.loc["price", "status_low"] == "dominant"
    assert np.isnan(table.loc["gain", "result_low"]) and table.loc["gain", "status_low"] == "dominated"
    assert set(table.index[:2]) == {"price", "gain"}  # an end without a number counts as endless


def test_every_end_is_a_run_with_that_value():
    path = SCENARIOS / "mscc_furlan.yaml"
    found = oneway.oneway(read(path), Method())
    table = by_two = sensitivity_report.tornado_table(found).query("result == 'inb' and group == 'walking'")
    from model.analysis.run import run

    for row in by_two.itertuples():
        if row.parameter in ("c_surgery", "p_retain_rt", "hr_nonamb"):
            total = run(read(path, [f"{row.parameter}={row.high_value!r}"]), 0).base.outcomes["walking"]
            benefit = (50_000 * total.qaly - total.cost)[:, 0]
            assert row.result_high == pytest.approx(benefit[1] - benefit[0], rel=1e-9)
    assert len(table) == 16


def test_engines_that_follow_patients_meet_the_same_ones_at_both_ends():
    """Without shared patients the ends of parameters that matter little would differ by noise."""
    scenario = read(SCENARIOS / "mscc_furlan.yaml")
    found = oneway.oneway(scenario, Method("individual", 20))
    values, _ = found.result("inb", 1)
    place = 1 + 2 * [r.name for r in found.ranges].index("c_rt")
    assert values[place] == pytest.approx(values[place + 1], abs=1e-6) and values[place] == pytest.approx(values[0], abs=1e-6)


def test_every_simulated_increment_has_its_standard_error():
    scenario = read(SCENARIOS / "mscc_furlan.yaml")
    found = oneway.oneway(scenario, Method("individual", 20))
    table = sensitivity_report.tornado_table(found).query("group == 'all'").set_index(["result", "parameter"])
    exact = sensitivity_report.tornado_table(oneway.oneway(scenario, Method())).query("group == 'all'")
    exact = exact.set_index(["result", "parameter"])
    assert "low_standard_error" not in exact and table.loc["icer", "low_standard_error"].isna().all()
    for result in ("inb", "cost", "qaly", "ambulatory_days"):
        for end in ("low", "high"):
            own = table.loc[result]
            off = (own[f"result_{end}"] - exact.loc[result, f"result_{end}"].loc[own.index]) / own[f"{end}_standard_error"]
            assert off.abs().max() < 4 and off.abs().max() > 0.1


def test_an_end_outside_the_model_is_named(tmp_path):
    text = LINEAR.replace("states: {alive: {start: 1,", "states: {dead: {start: 1 - fixed * share_a * 4}, alive: {start: "
                          "fixed * share_a * 4,")
    scenario = read(write_scenario(tmp_path, text))
    with pytest.raises(OneWayError, match=r"^share_a at the high end of its 95 % interval, 0\.2\d+: .*outside.*\(0 to 1\), "
                                          r"in strategy old \("):
        oneway.oneway(scenario, Method())
    with pytest.raises(ThresholdError, match=r"^fixed at 1\.2\d+: .*outside"):
        threshold.thresholds(scenario, "fixed", 0.5, 2, Method())


def test_nothing_to_vary_is_an_error(tmp_path):
    scenario = read(write_scenario(tmp_path, LINEAR[:LINEAR.index("parameters:")] + """
strategies: {a: {}, b: {}}
states: {alive: {start: 1, utility: 1}}
transitions: []
"""))
    with pytest.raises(OneWayError, match="nothing to vary"):
        oneway.oneway(scenario, Method())


# --- thresholds -------------------------------------------------------------------------------------------------

def test_the_price_at_which_the_icer_meets_the_threshold(linear):
    found = threshold.thresholds(linear, "price", 0, 2000, Method())
    # 10,000 * 0.1 = price (1 + 100 * 0.5 / 500).
    assert [c.value for c in found.changes] == pytest.approx([1000 / 1.1], rel=1e-7)
    assert (found.changes[0].below, found.changes[0].above) == (1, 0)


def test_all_changes_in_the_range_are_found(tmp_path):
    scenario = read(write_scenario(tmp_path, LINEAR.replace("0.5 + gain * fixed", "0.5 + (fixed - 2) ** 2 / 10 - 0.09")))
    found = threshold.thresholds(scenario, "fixed", 0, 10, Method(), wtp=1e9)
    assert [c.value for c in found.changes] == pytest.approx([2 - 0.9**0.5, 2 + 0.9**0.5], abs=1e-4)


def test_none_in_the_range_is_said(linear):
    found = threshold.thresholds(linear, "price", 1500, 2000, Method())
    assert found.changes == ()
    assert sensitivity_report.sentence(found, "price (USD)").startswith("None in the range: with price (USD) from 1,500 to 2,000")


def test_the_threshold_of_a_psa_is_that_of_its_mean(linear):
    """Linear in gain, so the mean decides; the draws are the same at each value."""
    found = threshold.thresholds(linear, "price", 0, 2000, Method(), n=4000)
    # Mean over draws of 1e4 gain = price (1 + share_c / 5): error of the mean of gain 0.02 / sqrt(4000).
    assert found.changes[0].value == pytest.approx(1000 / 1.1, abs=4 * 1e4 * 0.02 / 4000**0.5)


def test_the_threshold_of_a_share_keeps_the_others_proportions_in_every_draw(linear):
    """Net benefit 1000 - 500 (1 + share_c / 5) is 0 nowhere; at wtp 5,400 it is where share_c = 0.4."""
    found = threshold.thresholds(linear, "share_c", 0.1, 0.9, Method(), wtp=5400)
    assert [c.value for c in found.changes] == pytest.approx([0.4], rel=1e-6)
    found = threshold.thresholds(linear, "share_a", 0.0, 0.9, Method(), wtp=5400, n=500)
    sample = draws.probabilistic(linear, 500, 1).values
    # share_c = (1 - share_a) share_c / (share_b + share_c) of the draw: linear in share_a.
    rest = (sample["share_c"] / (sample["share_b"] + sample["share_c"])).mean()
    assert [c.value for c in found.changes] == pytest.approx([1 - (5400 * sample["gain"].mean() / 500 - 1) * 5 / rest], abs=1e-7)


def test_the_standard_error_of_a_threshold_is_its_spread_over_samples(linear):
    """Threshold 1e4 mean(gain) / (1 + mean(share_c) / 5)."""
    found = [threshold.thresholds(linear, "price", 500, 1500, Method(), n=400, seed=seed).changes[0] for seed in range(60)]
    spread = np.std([c.value for c in found], ddof=1)
    # Of 60 samples, a standard deviation has an error of 1 / sqrt(118) = 9 %.
    assert np.mean([c.standard_error for c in found]) == pytest.approx(spread, rel=0.3)
    assert np.isnan(threshold.thresholds(linear, "price", 0, 2000, Method()).changes[0].standard_error)


def test_a_simulated_threshold_is_within_its_standard_error():
    scenario = read(SCENARIOS / "mscc_furlan.yaml")
    exact = threshold.thresholds(scenario, "c_surgery", 0, 40_000, Method(), 100_000).changes[0]
    found = threshold.thresholds(scenario, "c_surgery", 0, 40_000, Method("individual", 20), 100_000).changes[0]
    # The net benefit falls by 1 with each dollar, so the errors of both are the same.
    table = draws.base(scenario).replace(c_surgery=np.array([found.value]))
    simulated = evaluate(scenario, table, Method("individual", 20).for_base()).simulated["all"]
    assert found.standard_error == pytest.approx(simulated.inb_se(100_000)[1, 0], rel=1e-6)
    assert abs(found.value - exact.value) < 4 * found.standard_error


def test_strategies_that_differ_by_rounding_do_not_change_places(tmp_path):
    """Net benefits of old and new differ in the last digit only, in either direction."""
    text = LINEAR.replace("u: 0.5, c: 0 * price", "u: 0.1 * fixed * 3, c: price / 3").replace(
        "0.5 + gain * fixed, c: price * (1 + share_c / 5)", "0.3 * fixed, c: price * (1 / 3)")
    scenario = read(write_scenario(tmp_path, text))
    found = threshold.thresholds(scenario, "fixed", 0, 1, Method())
    assert len(set(np.argmax(found.net_benefit, axis=0))) == 2 and found.changes == ()


@pytest.mark.parametrize("vary, message", [
    (("prise", 0, 1), "is no parameter.*Did you mean 'price'"),
    (("price", 5, 1), "needs LOW below HIGH"),
    (("share_a", 0, 1.5), "within what 'probability' allows"),
    (("fixed", None, None), "has no distribution and no 'range': write fixed=LOW:HIGH"),
])
def test_bad_questions_are_clear_errors(linear, vary, message):
    with pytest.raises(ThresholdError, match=message):
        threshold.thresholds(linear, *vary, Method())


def test_a_range_outside_the_unit_is_an_error(tmp_path):
    with pytest.raises((DomainError, ValueError), match="0 to 1|allowed"):
        oneway.ranges(read(write_scenario(tmp_path, LINEAR.replace(
            "fixed: {value: 1, unit: number}", "fixed: {value: 1, range: [0.5, 1.5], unit: probability}"))))


# --- the commands -----------------------------------------------------------------------------------------------

def test_commands_leave_tables_and_figures(tmp_path, capsys):
    path = str(SCENARIOS / "mscc_furlan.yaml")
    assert main(["tornado", path, "--on", "inb", "--on", "ambulatory_days", "--out", str(tmp_path / "t")]) == 0
    names = {p.name for p in (tmp_path / "t" / "figures").iterdir()}
    assert {"tornado_inb.png", "tornado_inb.svg", "tornado_inb.csv", "tornado_ambulatory_days.png"} <= names
    assert main(["threshold", path, "--vary", "c_surgery=0:40000", "--wtp", "100000", "--out", str(tmp_path / "h")]) == 0
    # The incremental cost falls by what surgery gets cheaper: 34,000 - (24,716.75 - 100,000 * 0.0986136).
    assert "changes at 19,144.6 from Surgery + radiotherapy to Radiotherapy alone" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, message", [
    (["tornado", "--on", "icers"], "unknown result 'icers'; allowed: inb, icer, cost, qaly, life_years, ambulatory_days. "
                                   "Did you mean 'icer'?"),
    (["tornado", "--patients-group", "walkin"], "unknown group 'walkin'; allowed: all, walking, not walking. Did you mean"),
    (["threshold", "--vary", "c_surgary=0:1"], "Did you mean 'c_surgery'?"),
])
def test_bad_options_end_with_2_and_write_nothing(arguments, message, tmp_path, capsys):
    command, *rest = arguments
    assert main([command, str(SCENARIOS / "mscc_furlan.yaml"), *rest, "--out", str(tmp_path / "x")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x").exists()
