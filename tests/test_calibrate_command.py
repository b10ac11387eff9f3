"""`calibrate` as its user meets it: tables, figures, and scenario files that run at once."""

import json

import numpy as np
import pandas as pd
import pytest
from runs import write_scenario

from model import draws
from model.analysis.evaluate import evaluate
from model.cli import main
from model.sample import Sample
from model.scenario_file import read

# A share p of the ill recover at once; the others die at the rate h. Units of every kind, two of them correlated.
TEXT = """
time: {unit: month, horizon: 4 years, cycle: 1 month}
sources: {registry: {citation: "A registry, 2020"}}
parameters:
  p: {value: 0.5, distribution: "beta(mean=0.5, se=0.1)", unit: probability}
  h: {value: 0.5, unit: probability over 1 year}
  c: {distribution: "gamma(mean=1000, cv=0.3)", unit: USD per year}
  entry: {distribution: "gamma(mean=300, cv=0.3)", unit: USD}
  pct: {value: 40, unit: "%"}
  other: {distribution: "gamma(mean=10, cv=0.3)", unit: USD}
correlations: [{between: [c, entry], value: 0.5}]
strategies: {only: {label: Usual care}}
states:
  start: {start: 1, stay: 0}
  well: {utility: 1, alive: true}
  ill: {cost: {care: c}, utility: pct, entry cost: {drug: entry + other}}
  dead: {}
transitions:
  - {from: start, to: well, probability: p}
  - {from: start, to: ill, probability: rest}
  - {from: ill, to: dead, rate: h}
calibration:
  vary:
    p: {from: 0.1, to: 0.9}
    h: {from: 0.05, to: 0.8}
    c.mean: {from: 100, to: 5000}
    entry.mean: {from: 10, to: 3000}
    pct: {from: 0, to: 90}
  targets:
    recovered: {measure: occupancy, strategy: only, states: [well], at: 0 months, value: 0.4, standard error: 0.01}
    alive at 1 year: {measure: occupancy, strategy: only, states: [well, ill], at: 1 year, value: 0.7, standard error: 0.01,
                      source: registry}
    care: {measure: total, strategy: only, outcome: "cost: care", value: 1500, tolerance: 20}
    drug: {measure: total, strategy: only, outcome: "cost: drug", value: 600, tolerance: 20}
    qalys: {measure: total, strategy: only, outcome: qaly, value: 2, tolerance: 0.01}
"""


def command(*arguments):
    return main(["calibrate", *map(str, arguments)])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrate")
    assert command(write_scenario(folder, TEXT), "--posterior", 200, "--starts", 2, "--out", folder / "out") == 0
    return folder / "out"


def table(out, name):
    return pd.read_csv(out / "tables" / f"{name}.csv")


def test_the_targets_table_says_how_well_each_is_met(out):
    found = table(out, "targets").set_index("target")
    assert found["difference_in_errors"].abs().max() < 0.01
    assert found["unit"].fillna("").to_dict() == {
        "recovered": "",
        "alive at 1 year": "",
        "care": "USD",
        "drug": "USD",
        "qalys": "QALYs",
    }
    assert found["source"]["alive at 1 year"] == "registry"


def test_values_are_in_the_units_of_the_file(out):
    """0.4 recover; 0.7 are alive after a year, so half of the 0.6 ill have died."""
    best = table(out, "values").set_index("input")["best"]
    assert best["p"] == pytest.approx(0.4, abs=1e-4) and best["h"] == pytest.approx(0.5, abs=1e-4)
    assert best["entry.mean"] == pytest.approx(600 / 0.6 - 10, rel=1e-3)


def test_the_calibrated_file_runs_and_meets_the_targets(out):
    scenario = read(out / "calibrated.yaml")
    assert scenario.calibration is None and scenario.warnings == ()
    total = evaluate(scenario, draws.base(scenario)).total
    assert total.get("cost: drug")[0, 0] == pytest.approx(600, rel=1e-4) and total.get("qaly")[0, 0] == pytest.approx(
        2, rel=1e-4
    )


def test_the_posterior_file_draws_whole_rows_of_the_table_in_every_unit(out):
    scenario = read(out / "posterior.yaml")
    assert scenario.calibration is None and scenario.correlations == () and scenario.warnings == ()
    sample = draws.probabilistic(scenario, Sample(400, 1))
    names = ["p", "h", "c", "entry", "pct"]
    rows = np.column_stack([sample.values[f"posterior_{name}"] for name in names])
    sets = {tuple(np.round(row, 9)) for row in table(out, "posterior_parameters")[names].to_numpy()}
    assert {tuple(np.round(row, 9)) for row in rows} <= sets
    total = evaluate(scenario, sample).total
    assert total.get("qaly")[0].mean() == pytest.approx(2, abs=0.01)
    assert total.get("qaly")[0].std() == pytest.approx(0.01, rel=0.25)
    assert total.get("cost: drug")[0].mean() == pytest.approx(600, rel=0.05)


def test_each_figure_has_its_data_beside_it(out):
    for name in ("target_fit", "starts", "posterior"):
        assert {p.suffix for p in (out / "figures").glob(f"{name}.*")} == {".png", ".svg", ".csv"}


def test_the_manifest_says_how_to_repeat_it(out):
    found = json.loads((out / "manifest.json").read_text())
    assert found["starts"] == 2 and found["posterior"] == 200 and found["seed"] == 1 and found["command"]


def test_the_text_tells_an_open_direction_in_words(tmp_path, capsys):
    text = TEXT.split("    drug: {measure")[0] + TEXT[TEXT.index("    qalys: {measure") :]
    assert command(write_scenario(tmp_path, text), "--starts", "2", "--out", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert "Not determined: entry.mean. Over the whole width" in printed and "All targets are met" in printed


def test_without_the_section_nothing_is_written(tmp_path, capsys):
    path = write_scenario(tmp_path, TEXT[: TEXT.index("calibration:")])
    assert command(path, "--out", tmp_path / "out") == 2
    assert "has no 'calibration' section" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong", [("--starts", "0"), ("--posterior", "5"), ("--draws", "1e1"), ("--draws", "100.5"), ("--jobs", "-1")]
)
def test_a_wrong_number_is_refused(wrong):
    with pytest.raises(SystemExit) as stopped:
        command(*wrong)
    assert stopped.value.code == 2
