"""What only engines that follow patients can tell: simulation error, medians, spread, histories."""

import numpy as np
import pytest

import model
from model.analysis.method import EngineError, Method
from model.analysis.run import run
from model.sample import Sample
from model.scenario_file import read

TEXT = """
title: Exponential survival
currency: {code: USD}
time: {unit: day, horizon: 4 years, cycle: 1 week}
discount: {cost: 0 %, effect: 0 %}
wtp: {thresholds: [50000]}
parameters:
  h: {value: 0.01, distribution: "lognormal(mean=0.01, sdlog=0.2)", unit: per day}
strategies: {old: {hr: 1, c: 0}, new: {hr: 0.5, c: 1000}}
groups: {young: {weight: 0.75, k: 1}, aged: {weight: 0.25, k: 1}}
states: {alive: {start: 1, utility: 0.5, entry cost: c * 1 USD}, dead: {}}
transitions: [{from: alive, to: dead, rate: h * hr * k}]
effects: {days: {label: Days alive, time in: [alive], unit: day}}
published medians: [{of: survival, strategy: old, value: 70 days}, {of: days, strategy: new, value: 20 weeks}]
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    found = tmp_path_factory.mktemp("patients") / "exponential.yaml"
    found.write_text(TEXT)
    return found


@pytest.fixture(scope="module")
def result(path):
    return model.run(path, draws=200, engine="individual", patients=200)


def test_medians_are_those_of_the_exponential_distribution(result):
    table = result.tables["medians"].set_index(["event", "strategy"])
    for event in ("survival", "days"):
        for strategy, hazard in (("old", 0.01), ("new", 0.005)):
            row = table.loc[event, strategy]
            assert abs(row["median"] - np.log(2) / hazard) < 4 * row["standard_error"] < 20
    assert table.loc["survival", "old"]["published"] == 70 and table.loc["days", "new"]["published"] == 140
    assert np.isnan(table.loc["survival", "new"]["published"])


def test_share_alive_is_the_survival_function(result):
    table = result.tables["time_to_event"].query("event == 'survival' and strategy == 'new'")
    np.testing.assert_allclose(table["share"], np.exp(-0.005 * table["time"]), atol=4 * 0.5 / np.sqrt(20_000))


def test_those_alive_at_the_horizon_are_censored_there(path):
    table = model.run(path, draws=0, engine="individual", patients=50, settings=["horizon=30 days"]).tables[
        "time_to_event"
    ]
    for event in ("survival", "days"):
        last = table.query("event == @event and strategy == 'new'").iloc[-1]
        assert last["time"] == pytest.approx(30) and last["share"] == pytest.approx(np.exp(-0.15), abs=0.03)


def test_occupancy_is_the_survival_function(result):
    table = result.tables["trace"].query("group == 'aged' and strategy == 'old' and state == 'alive'")
    np.testing.assert_allclose(table["occupancy"], np.exp(-0.01 * table["time"]), atol=4 * 0.5 / np.sqrt(5000))


def test_spread_of_patients_is_that_of_the_exponential_distribution(result):
    row = result.tables["first_order"].query("group == 'all' and strategy == 'old' and outcome == 'life_years'").iloc[0]
    assert row["patients"] == 20_000 and row["standard_deviation"] == pytest.approx(100 / 365.25, rel=0.03)


def test_errors_of_increments_are_paired(result):
    table = result.tables["simulation_error"].query("group == 'all' and strategy == 'new'").set_index("outcome")
    # The same threshold E gives lives of E / 0.01 and E / 0.005 days: the increment is that of the first.
    assert table.loc["life_years", "increment_standard_error"] == pytest.approx(
        100 / 365.25 / np.sqrt(20_000), rel=0.05
    )
    assert table.loc["life_years", "factor"] == pytest.approx(np.sqrt(5), rel=0.05)


def test_the_first_line_of_every_history_starts_at_zero_and_the_dead_stay_dead(result):
    table = result.tables["patient_histories"]
    first = table.groupby(["group", "strategy", "patient"]).head(1)
    assert (first["entered_time"] == 0).all() and len(first) == 2 * 20
    assert set(table.query("state == 'dead'")["left_time"]) == {4 * 365.25}


def test_simulation_noise_is_taken_out_of_the_psa(result):
    table = result.tables["simulation_noise"]
    assert set(table["status"]) == {"corrected"}
    new = table[table["strategy"] == "new"].iloc[0]
    # Increment of a patient: E / 0.01 days; of the mean over draws: 1 / h, with h lognormal.
    noise, spread = 100**2 * np.exp(0.12) / 200, 100**2 * np.expm1(0.04) * np.exp(0.08)
    assert new["noise_share_of_variance"] == pytest.approx(noise / (noise + spread), rel=0.3)


def test_patients_are_followed_until_the_error_is_small_enough(path):
    found = run(read(path), Sample(0), method=Method("individual", 10), until_se=100)
    assert found.base.simulated["all"].inb_se(50_000)[1, 0] <= 100 and found.base_method.patients > 1000
    with pytest.raises(EngineError, match="ask for a larger one"):
        run(read(path), Sample(0), method=Method("individual", 10), until_se=1e-3)
    with pytest.raises(EngineError, match="must be above 0"):
        run(read(path), Sample(0), method=Method("individual", 10), until_se=0)
    with pytest.raises(EngineError, match="no simulation error"):
        run(read(path), Sample(0), until_se=1)


def test_figures_are_drawn_without_overlap(result):
    for name in ("time_to_event", "patient_spread", "swimlanes"):
        figure = result.figure(name)
        figure.draw_without_rendering()
        boxes = [
            text.get_window_extent()
            for axis in figure.axes
            for text in (axis.title, axis.xaxis.label)
            if text.get_text()
        ]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_the_text_says_how_exact_the_simulation_is(result):
    assert "Individual engine, base case: 20,000 patients a strategy." in result.text
    assert "simulation standard error" in result.text
