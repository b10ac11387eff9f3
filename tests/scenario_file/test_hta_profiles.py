"""`profile:` gives what the file does not state, and lists in what the file departs."""

from pathlib import Path

import pytest
import yaml

import model
from model import profiles
from model.scenario_file import read

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "tests" / "invalid" / "good" / "base.yaml"
DECISION = ROOT / "scenarios" / "mscc_decision.yaml"


def written(tmp_path, **changes) -> Path:
    """The good file with other top-level fields; None leaves one out."""
    tree = yaml.safe_load(BASE.read_text()) | changes
    path = tmp_path / "made.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in tree.items() if value is not None}, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("key", "rate", "thresholds", "perspective"),
    [
        ("nice", 0.035, (20000, 25000, 30000, 35000), "NHS and personal social services"),
        ("cda-amc", 0.015, (50000, 100000), "Publicly funded payer"),
        ("us", 0.03, (50000, 100000, 150000), "Healthcare sector"),
    ],
)
def test_what_the_file_does_not_state_is_the_body_s(tmp_path, key, rate, thresholds, perspective):
    scenario = read(written(tmp_path, profile=key, discount=None, wtp=None, perspective=None))
    assert (scenario.discount.cost, scenario.discount.effect) == pytest.approx((rate, rate))
    assert scenario.wtp.thresholds == thresholds and scenario.perspective == perspective
    departing = {one.item for one in profiles.departures(scenario) if one.departs}
    assert not departing & {"discount rate of costs", "discount rate of effects", "thresholds"}


def test_what_the_file_states_comes_first_and_is_a_departure(tmp_path):
    changes = {"profile": "nice", "discount": {"cost": "6 %"}, "wtp": {"thresholds": [1000]}, "perspective": "Society"}
    scenario = read(written(tmp_path, **changes))
    assert (scenario.discount.cost, scenario.discount.effect) == (0.06, 0.035)
    found = {one.item: one for one in profiles.departures(scenario)}
    departing = [key for key, one in found.items() if one.departs]
    assert departing[:4] == ["currency", "discount rate of costs", "thresholds", "perspective"]
    assert (found["discount rate of costs"].body_asks, found["discount rate of costs"].here) == ("3.5 %", "6 %")
    assert (found["currency"].body_asks, found["currency"].here) == ("GBP", "USD")


def test_continuous_compounding_at_the_same_rate_departs(tmp_path):
    discount = {"cost": "3.5 %", "effect": "3.5 %", "compounding": "continuous"}
    scenario = read(written(tmp_path, profile="nice", discount=discount))
    assert next(one for one in profiles.departures(scenario) if one.item == "discount rate of costs").departs


def test_set_and_extends(tmp_path):
    stated = read(DECISION, ["profile=nice"])
    assert stated.discount.cost == 0.015
    child = tmp_path / "child.yaml"
    child.write_text(f"extends: {DECISION}\nprofile: nice\ndiscount: null\nwtp: null\nperspective: null\n")
    scenario = read(child)
    assert scenario.discount.cost == pytest.approx(0.035) and scenario.wtp.thresholds[0] == 20000
    departing = [one.item for one in profiles.departures(scenario) if one.departs]
    assert departing == ["currency"]  # a NICE profile in USD


def test_table_line_and_headline():
    result = model.run(DECISION, draws=20, seed=3)
    assert "profile_departures" not in result.tables and "Profile" not in result.summary
    settings = ["profile=cda-amc", "perspective=Publicly funded payer"]
    drawn = model.run(DECISION, draws=20, seed=3, settings=settings)
    table = drawn.tables["profile_departures"]
    assert list(table.columns) == ["item", "body_asks", "here", "departs"]
    assert table.loc[table["departs"] == "true", "item"].tolist() == ["currency"]
    assert "Profile of CDA-AMC (Canada): departures: currency (USD, not CAD)." in drawn.summary
    lines = drawn.summary.splitlines()
    first = next(line for line in lines if line.startswith(("Probabilistic", "Deterministic")))
    assert first == "Probabilistic (means of 20 draws): the reference case"
    means = drawn.tables["incremental"].query("analysis == 'probabilistic' and group == 'all' and effect == 'qaly'")
    icer = means["icer"].dropna().iloc[0]
    assert f"{icer:,.0f} per QALY" in lines[-1] and "(mean of the draws)" in lines[-1]
    assert drawn.tables["incremental"].equals(result.tables["incremental"])


def test_thresholds_of_the_profile_are_in_tables_and_figures(tmp_path):
    result = model.run(written(tmp_path, profile="nice", wtp=None), draws=50)
    wanted = [20000, 25000, 30000, 35000]
    assert result.tables["net_benefit"]["wtp"].unique().tolist() == wanted
    assert set(wanted) <= set(result.tables["ceac"]["wtp"])
    figure = result.figures["acceptability"]
    shown = {text.get_text() for axis in figure.axes for text in axis.texts}
    assert {f"{one:,}" for one in wanted} <= shown


def test_a_run_without_draws_departs(tmp_path):
    result = model.run(written(tmp_path, profile="nice"), draws=0)
    table = result.tables["profile_departures"].set_index("item")
    assert table.loc["parameter uncertainty", ["here", "departs"]].tolist() == ["no draws were made", "true"]
    assert "parameter uncertainty (no draws were made, not probabilistic analysis shown)" in result.summary
    assert table.loc["one-way analyses", ["here", "departs"]].tolist() == ["run_model.py tornado", "false"]


def test_the_report_knows_which_analyses_it_lacks(tmp_path):
    path = written(tmp_path, profile="nice")
    result = model.full_report(path, draws=50, only=["tornado"])
    table = result.tables["profile_departures"].set_index("item")
    assert table.loc["one-way analyses", ["here", "departs"]].tolist() == ["in the report", "false"]
    missing = table.loc["scenario analyses"]
    assert missing.tolist() == ["shown", "not in the report (run_model.py variants)", "true"]
    told = (
        "NICE (England) asks for, and not in this report: scenario analyses (run_model.py variants); threshold analyses "
        "(run_model.py threshold)."
    )
    assert told in result.summary
    result.save(tmp_path / "out")
    assert told in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "run_model.py variants" in (tmp_path / "out" / "tables" / "profile_departures.csv").read_text(
        encoding="utf-8"
    )
