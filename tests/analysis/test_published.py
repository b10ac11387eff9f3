"""Published results are compared with what closed forms say of the model, in the standard errors that n patients give."""

import numpy as np
import pytest
from runs import write_scenario

import model
from model.analysis.calibrate import calibrate
from model.report.calibration_report import report
from model.sample import Sample
from model.scenario_file import read

# Patients die at 0.002 a day for 45 days, then at 0.01: a period that ends within a cycle of 30 days.
TWO_HAZARDS = """
time: {unit: day, horizon: 2 years, cycle: 30 days}
periods: {early: {until: 45 days, h: 0.002 per day}, late: {h: 0.01 per day}}
states: {ill: {start: 0.8, utility: 1}, well: {start: 0.2, utility: 1}, dead: {}}
transitions:
  - {from: ill, to: dead, rate: h}
  - {from: well, to: dead, rate: h}
effects: {ill_weeks: {time in: [ill], unit: week}}
published:
"""


def survival(days):
    return np.exp(-0.002 * np.minimum(days, 45) - 0.01 * np.maximum(days - 45, 0))


def published(folder, entries, base=TWO_HAZARDS, **options):
    return model.run(write_scenario(folder, base + entries), draws=0, **options).tables["published"].set_index("name")


@pytest.mark.parametrize("day", [10, 45, 50, 61, 400])
def test_an_occupancy_is_that_of_its_own_time_not_of_a_line_between_cycles(tmp_path, day):
    row = published(
        tmp_path, f"  a: {{measure: occupancy, states: alive, at: {day} days, strategy: only, value: 0.4, n: 60}}"
    ).loc["a"]
    assert row["model"] == pytest.approx(survival(day), rel=1e-9)
    assert row["standard_error"] == pytest.approx(np.sqrt(0.4 * 0.6 / 60))
    assert row["z"] == pytest.approx((survival(day) - 0.4) / np.sqrt(0.4 * 0.6 / 60), rel=1e-6)


def test_a_median_of_n_patients_is_compared_by_the_share_beyond_it(tmp_path):
    row = published(tmp_path, "  a: {measure: median, of: survival, strategy: only, value: 90 days, n: 50}").loc["a"]
    assert row["model"] == pytest.approx(45 + (np.log(2) - 0.09) / 0.01, rel=1e-4) and row["published"] == 90
    assert row["z"] == pytest.approx((survival(90) - 0.5) / np.sqrt(0.25 / 50), rel=1e-6)
    assert row["within_1_se"] == "false"


def test_a_median_of_an_effect_is_in_the_effects_unit(tmp_path):
    """80 % are ill at the start: half of all patients are still ill where exp(-H) = 0.5 / 0.8."""
    row = published(
        tmp_path, "  a: {measure: median, of: ill_weeks, strategy: only, value: 5 weeks, standard error: 7 days}"
    ).loc["a"]
    assert (row["published"], row["standard_error"], row["unit"]) == (5, 1, "weeks")
    assert row["model"] == pytest.approx((45 + (np.log(1.6) - 0.09) / 0.01) / 7, rel=1e-4)
    assert row["z"] == pytest.approx(row["model"] - 5)


def test_patients_followed_one_by_one_are_scored_alike(tmp_path):
    entries = (
        "  a: {measure: occupancy, states: [dead], at: 50 days, strategy: only, value: 0.1, n: 60}\n"
        "  b: {measure: median, of: survival, strategy: only, value: 90 days, n: 50}"
    )
    found = published(tmp_path, entries, engine="individual", patients=400)
    error = np.sqrt(0.25 / 40_000)
    assert found.loc["a", "model"] == pytest.approx(1 - survival(50), abs=4 * error)
    assert found.loc["b", "compared_model"] == pytest.approx(survival(90), abs=4 * error)


def test_totals_and_points_of_the_acceptability_curve_are_the_runs_own(tmp_path):
    text = """
parameters: {c: {distribution: "normal(mean=100, se=50)", unit: USD}}
time: {unit: year, horizon: 1 year, cycle: 1 year}
wtp: {thresholds: [120]}
strategies: {old: {price: 0 USD, u: 0.5}, new: {price: c, u: 1.0}}
states: {here: {start: 1, alive: true, utility: u, entry cost: {drug: price}}}
transitions: []
published:
  ICER: {measure: icer, strategy: new, value: 150, standard error: 25}
  cost: {measure: total, outcome: cost, strategy: new, value: 90}
  CEAC: {measure: probability cost-effective, strategy: new, wtp: 120, value: 0.2, n: null}
"""
    path = write_scenario(tmp_path, text.replace(", n: null", ""))
    result = model.run(path, draws=4000, seed=2)
    found = result.tables["published"].set_index("name")
    assert found.loc["ICER", ["model", "z"]].tolist() == pytest.approx([200, 2])
    assert found.loc["cost", "model"] == pytest.approx(100) and np.isnan(found.loc["cost", "z"])
    # P(c < 60) of a normal distribution.
    assert found.loc["CEAC", "model"] == pytest.approx(0.2119, abs=4 * np.sqrt(0.2 * 0.8 / 4000))
    assert "0 of 1 within 1 SE; sum of z squared 4.00." in result.text
    assert "CEAC: needs a PSA." in model.run(path, draws=0).text


def test_what_lies_beyond_the_horizon_is_said_not_scored(tmp_path):
    found = published(
        tmp_path, "  a: {measure: occupancy, states: alive, at: 3 years, strategy: only, value: 0.4, n: 60}"
    ).loc["a"]
    assert np.isnan(found["z"]) and found["note"] == "beyond the horizon"


def test_the_former_name_goes_on_working_with_a_warning(tmp_path):
    text = (
        TWO_HAZARDS.replace("published:", "published medians:") + "  - {of: ill_weeks, strategy: only, value: 5 weeks}"
    )
    path = write_scenario(tmp_path, text)
    assert "is now called 'published'" in read(path).warnings[0]
    row = model.run(path, draws=0).tables["published"].iloc[0]
    assert (row["name"], row["published"], row["measure"]) == ("ill_weeks, only", 5, "median")


def test_curves_carry_the_published_points_and_the_landmarks(tmp_path):
    entries = "  a: {measure: occupancy, states: [dead], at: 50 days, strategy: only, value: 0.1, n: 60}"
    tables = model.run(write_scenario(tmp_path, TWO_HAZARDS + entries), draws=0).tables
    over_time, landmarks = tables["over_time"], tables["landmarks"].query("state == 'alive'")
    curve = over_time[over_time["kind"] == "curve"]
    np.testing.assert_allclose(curve["share"], survival(curve["time"]), rtol=1e-9)
    point = over_time[over_time["kind"] == "published"].iloc[0]
    assert (point["time"], point["share"]) == (50, 0.9)  # deaths are shown as survival
    assert point["standard_error"] == pytest.approx(np.sqrt(0.09 / 60))
    assert landmarks["at"].tolist() == ["1 year", "2 years"]
    np.testing.assert_allclose(landmarks["share"], survival(landmarks["months"] * 365.25 / 12), rtol=1e-9)


# --- calibration to published results -----------------------------------------------------------------------------

EXPONENTIAL = """
time: {unit: day, horizon: 3 years, cycle: 1 week}
parameters: {h: {value: 0.001, unit: per day, distribution: "lognormal(median=0.001, sdlog=0.5)"}}
states: {here: {start: 1, utility: 1}, dead: {}}
transitions: [{from: here, to: dead, rate: h}]
published: {median: {measure: median, of: survival, strategy: only, value: 100 days, n: 50}}
calibration:
  published: all
"""
SHARE_ERROR = np.sqrt(0.25 / 50) / (0.5 * np.log(2))  # of log h: S = exp(-h t) moves by S log(S) d(log h)


def test_a_published_median_is_a_target_and_its_error_that_of_the_logarithm(tmp_path):
    text = EXPONENTIAL + "  vary: {h: {from: 0.0001, to: 0.1, scale: log}}"
    found = calibrate(read(write_scenario(tmp_path, text)), Sample(10_000), starts=3)
    assert found.best.values == pytest.approx([np.log(2) / 100], rel=1e-5) and found.agreement() == ["same"] * 3
    assert found.standard_error == pytest.approx([SHARE_ERROR], rel=1e-3)
    low, high = (float(x[0]) for x in found.interval)
    assert np.log(high / low) == pytest.approx(2 * 1.96 * SHARE_ERROR, rel=1e-3)
    assert "(log)" in report(found).text


@pytest.mark.parametrize("prior", ["own", '"lognormal(median=0.001, sdlog=0.5)"'])
def test_a_prior_and_a_target_are_weighed_by_their_precision(tmp_path, prior):
    """On the scale of logarithms, where exp(-h t) is near enough to a line over one standard error."""
    text = (
        EXPONENTIAL.replace("n: 50", "n: 500000")
        + f"  vary: {{h: {{from: 0.0001, to: 0.1, scale: log, prior: {prior}}}}}"
    )
    found = calibrate(read(write_scenario(tmp_path, text)), Sample(10_000), starts=2)
    error = SHARE_ERROR / 100
    wanted = np.average([np.log(np.log(2) / 100), np.log(0.001)], weights=[error**-2, 0.5**-2])
    assert np.log(found.best.values) == pytest.approx([wanted], abs=2e-5)
    assert found.standard_error == pytest.approx([(error**-2 + 0.5**-2) ** -0.5], rel=1e-3)


def test_the_posterior_with_a_prior_has_its_mean_and_spread(tmp_path):
    text = EXPONENTIAL + "  vary: {h: {from: 0.0001, to: 0.1, scale: log, prior: own}}"
    found = calibrate(read(write_scenario(tmp_path, text)), Sample(10_000), starts=2, posterior=1500)
    grid = np.linspace(np.log(0.0001), np.log(0.1), 20_001)
    z = (np.exp(-np.exp(grid) * 100) - 0.5) / np.sqrt(0.25 / 50), (grid - np.log(0.001)) / 0.5
    density = np.exp(-0.5 * (z[0] ** 2 + z[1] ** 2))
    mean = np.average(grid, weights=density)
    spread = np.sqrt(np.average((grid - mean) ** 2, weights=density))
    sets = np.log(found.posterior[:, 0])
    assert sets.mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(found.effective))
    assert sets.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * found.effective))


def test_correlations_of_the_fit_are_those_of_the_targets(tmp_path):
    """x and x + y are measured with errors 1: x has the variance 1, y = (x + y) - x has 2, and they go together by -1 / sqrt(2)."""
    text = """
time: {unit: year, horizon: 1 year, cycle: 1 year}
parameters: {x: {value: 10, unit: USD}, y: {value: 10, unit: USD}}
strategies: {a: {spent: x}, b: {spent: x + y}}
states: {here: {start: 1, alive: true, utility: 0.5, entry cost: {all: spent}}}
transitions: []
published:
  a: {measure: total, outcome: cost, strategy: a, value: 40, standard error: 1}
  b: {measure: total, outcome: cost, strategy: b, value: 60, standard error: 1}
calibration:
  vary: {x: {from: 0, to: 100}, y: {from: 0, to: 100}}
  published: [a, b]
"""
    found = calibrate(read(write_scenario(tmp_path, text)), Sample(10_000), starts=2)
    assert found.best.values == pytest.approx([40, 20], rel=1e-6)
    assert found.standard_error == pytest.approx([1, np.sqrt(2)], rel=1e-6)
    assert found.correlation[0, 1] == pytest.approx(-1 / np.sqrt(2), rel=1e-6)
    result = report(found)
    assert result.tables["correlations"].iloc[0]["correlation"] == pytest.approx(-1 / np.sqrt(2))
    pasted = tmp_path / "pasted.yaml"
    pasted.write_text(f"extends: scenario.yaml\n{result.files['correlations.yaml']}")
    scenario = read(pasted)
    assert scenario.correlations[0].matrix[0][1] == pytest.approx(-0.707)
    assert scenario.parameters["y"].distribution.sd == pytest.approx(1.41, abs=0.005)
