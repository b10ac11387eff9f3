"""The model's survival beside published curves, against closed forms."""

import numpy as np
import pytest
from runs import write_scenario

import model
from model.report import published_curve_tables
from model.scenario_file import read

# Patients die at 0.002 a day for 45 days, then at 0.01; a fifth of those who live are well throughout.
TWO_HAZARDS = """
time: {unit: day, horizon: 2 years, cycle: 30 days}
periods: {early: {until: 45 days, h: 0.002 per day}, late: {h: 0.01 per day}}
states: {ill: {start: 0.8, utility: 1}, well: {start: 0.2, utility: 1}, dead: {}}
transitions:
  - {from: ill, to: dead, rate: h}
  - {from: well, to: dead, rate: h}
"""
MONTH = 365.25 / 12


def survival(days):
    return np.exp(-0.002 * np.minimum(days, 45) - 0.01 * np.maximum(days - 45, 0))


def inverse(share):
    hazard = -np.log(share)
    return np.where(hazard < 0.09, hazard / 0.002, 45 + (hazard - 0.09) / 0.01)


def write_curve(folder, time, share, name="km.csv"):
    rows = [f"{float(t)!r},{float(s)!r}" for t, s in zip(time, share)]
    (folder / name).write_text("\n".join(["time,survival", *rows]))


def curve_of(text, folder, more="", **options):
    entry = f"published:\n  km: {{measure: survival, strategy: only, file: km.csv, time unit: month{more}}}\n"
    path = write_scenario(folder, text + entry)
    return model.run(path, draws=0, **options)


def test_a_curve_of_the_models_own_survival_is_met_at_every_point(tmp_path):
    """Steps of 1 in 40 patients at the times at which so many have died: cycles of 30 days and the period cut none of them."""
    share = 1 - np.arange(1, 40) / 40
    write_curve(tmp_path, inverse(share) / MONTH, share)
    tables = curve_of(TWO_HAZARDS, tmp_path).tables
    found = tables["published_curves"]
    np.testing.assert_allclose(found["time"], inverse(share), rtol=1e-12)
    np.testing.assert_allclose(found["model"], found["published"], rtol=1e-9)
    (fit,) = tables["published_curve_fit"].to_dict("records")
    assert fit["compared"] == 39 and abs(fit["largest_difference"]) < 1e-9 and fit["mean_absolute_difference"] < 1e-9
    assert "published" not in tables  # it has no single results


def test_differences_are_the_models_minus_those_of_another_hazard(tmp_path):
    days = np.linspace(0, 400, 81)
    write_curve(tmp_path, days / MONTH, np.exp(-0.004 * days))
    tables = curve_of(TWO_HAZARDS, tmp_path).tables
    difference = (survival(days) - np.exp(-0.004 * days))[1:]  # everyone is there at time 0
    np.testing.assert_allclose(tables["published_curves"]["difference"], difference, atol=1e-9)
    fit = tables["published_curve_fit"].iloc[0]
    worst = np.argmax(np.abs(difference))
    assert fit["largest_difference"] == pytest.approx(difference[worst], rel=1e-8) and difference[worst] < 0
    assert fit["time"] == pytest.approx(days[1:][worst])
    assert fit["mean_absolute_difference"] == pytest.approx(np.abs(difference).mean(), rel=1e-8)


STEPS = """
time: {unit: month, horizon: 5 years, cycle: 1 month}
groups: {short: {weight: 0.3, end: 6 months}, long: {weight: 0.7, end: 18.5 months}}
states: {here: {start: 1, utility: 1}, dead: {}}
transitions:
  - {from: here, to: dead, at: end}
"""


def test_a_step_function_is_read_as_it_is(tmp_path):
    """Both ends of each step, as points are read off a figure: what holds from it on is the lower. Death at stated times."""
    write_curve(tmp_path, [0, 5.99, 6, 6, 18.49, 18.5], [1, 1, 1, 0.7, 0.7, 0])
    found = curve_of(STEPS, tmp_path).tables["published_curves"]
    assert found["published"].tolist() == [1, 0.7, 0.7, 0]
    np.testing.assert_allclose(found["model"], found["published"], atol=1e-12)


def test_a_group_and_an_effect_have_curves_of_their_own(tmp_path):
    write_curve(tmp_path, [1, 2, 3], 0.8 * survival(np.array([1, 2, 3]) * MONTH))
    text = TWO_HAZARDS + "effects: {ill_weeks: {time in: [ill], unit: week}}\n"
    found = curve_of(text, tmp_path, ", of: ill_weeks").tables
    np.testing.assert_allclose(found["published_curves"]["difference"], 0, atol=1e-9)
    write_curve(tmp_path, [1, 7], [1, 0])
    found = curve_of(STEPS, tmp_path, ", group: short").tables["published_curves"]
    assert found["difference"].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_points_beyond_the_horizon_are_counted_not_compared(tmp_path):
    write_curve(tmp_path, [12, 36], [0.05, 0.01])
    result = curve_of(TWO_HAZARDS, tmp_path)
    fit, points = result.tables["published_curve_fit"].iloc[0], result.tables["published_curves"]
    assert (fit["points"], fit["compared"], fit["note"]) == (2, 1, "1 of 2 points are beyond the horizon")
    assert np.isnan(points["model"].iloc[1])
    assert "km (Only): 1 of 2 points are beyond the horizon." in result.text


def test_simulated_patients_are_within_their_error(tmp_path):
    days = np.array([30, 60, 120, 300])
    write_curve(tmp_path, days / MONTH, survival(days))
    found = curve_of(TWO_HAZARDS, tmp_path, engine="individual", patients=400).tables["published_curves"]
    assert np.abs(found["difference"]).max() < 4 * np.sqrt(0.25 / 40_000)


def test_numbers_at_risk_give_greenwoods_error(tmp_path):
    """100 patients, nobody censored: the error of a share is binomial."""
    share = 1 - np.arange(1, 91) / 100
    write_curve(tmp_path, inverse(share) / MONTH, share)
    times, numbers = [0, *inverse(np.array([0.605, 0.305])) / MONTH], [100, 61, 31]
    rows = "\n".join(f"{t},{n}" for t, n in zip(times, numbers))
    (tmp_path / "risk.csv").write_text(f"time,at_risk\n{rows}")
    found = curve_of(TWO_HAZARDS, tmp_path, ", at risk: risk.csv").tables["published_curves"]
    np.testing.assert_allclose(found["standard_error"], np.sqrt(share * (1 - share) / 100), rtol=0.02)
    assert ((found["lower_95"] < found["published"]) & (found["published"] < found["upper_95"])).all()


@pytest.mark.parametrize(("hazard", "outcome"), [(0.0105, "pass"), (0.02, "fail")])
def test_verify_states_the_tolerance_and_the_worst_point(tmp_path, hazard, outcome):
    text = "time: {unit: day, horizon: 2 years, cycle: 30 days}\nstates: {ill: {start: 1, utility: 1}, dead: {}}\n"
    text += "transitions: [{from: ill, to: dead, rate: 0.01 per day}]\n"
    days = np.arange(10, 300, 10)
    write_curve(tmp_path, days / MONTH, np.exp(-hazard * days))
    entry = "published: {km: {measure: survival, strategy: only, file: km.csv, time unit: month}}\n"
    table = model.verify(write_scenario(tmp_path, text + entry), draws=50).tables["verification"]
    (row,) = table[table["check"] == "published results"].to_dict("records")
    gap = np.abs(np.exp(-0.01 * days) - np.exp(-hazard * days))
    worst = days[np.argmax(gap)]
    assert row["outcome"] == outcome and "tolerance 0.05" in row["note"]
    assert row["expected"] == pytest.approx(np.exp(-hazard * worst)) and row["found"] == pytest.approx(
        np.exp(-0.01 * worst), rel=1e-9
    )


def test_the_figure_says_which_line_is_the_model_and_the_page_shows_it(tmp_path):
    write_curve(tmp_path, [1, 2, 3], [0.9, 0.7, 0.5])
    more = "}\n  m: {measure: median, of: survival, strategy: only, value: 100 days, n: 50"
    result = curve_of(TWO_HAZARDS, tmp_path, ", label: The trial" + more)
    figure = result.plans["survival_published"].draw()
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["Published: The trial", "Model, Only", "Published medians and shares (95 % interval)"]
    point = result.plans["survival_published"].data.query("kind == 'point'").iloc[0]
    assert point["upper_95"] - point["lower_95"] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 50), rel=1e-4)
    folder = result.save(tmp_path / "out")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Published survival curves and the model" in page and "Survival, beside published curves" in page
    assert (folder / "figures" / "survival_published.csv").is_file()


def test_the_files_are_kept_by_their_digest_and_a_saved_scenario_finds_them(tmp_path):
    write_curve(tmp_path, [1, 2], [0.9, 0.5])
    scenario = curve_of(TWO_HAZARDS, tmp_path).run.scenario
    assert [path.endswith("km.csv") for path in scenario.files] == [True]
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "copy.yaml"
    copy.write_text(scenario.text)
    assert read(copy).published_curves[0].times == scenario.published_curves[0].times


def test_the_printed_summary_is_in_percentage_points(tmp_path):
    write_curve(tmp_path, [1], [0.9])
    result = curve_of(TWO_HAZARDS, tmp_path)
    printed = published_curve_tables.curves_text(result.tables["published_curve_fit"], result.run.scenario)
    points = f"{100 * (survival(MONTH) - 0.9):+.1f}"
    assert points in printed and "30.4 days" in printed and printed in result.text
