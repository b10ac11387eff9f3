"""Verification: no false alarm on files that are shipped, an alarm where the program or a file is wrong."""

import math
from dataclasses import replace

import numpy as np
import pytest
from runs import SCENARIOS

import model
from model.analysis.verify_cohort import Model
from model.analysis.verify_plain import Plain, in_model_units
from model.analysis.verify_recomputed import totals
from model.cli.main import main
from model.outcome_keys import LIFE_YEARS
from model.quantities import Quantities

QUICK = ("mscc_constant_hazards.yaml", "validation/closed_forms_exponential.yaml", "validation/guma_savo_psm.yaml",
         "validation/hiv_chancellor.yaml", "gallery/sumatriptan_evans1997.yaml", "gallery/tegaderm_jenks2016.yaml",
         "validation/sick_sicker.yaml", "gallery/crc_screening_heemod.yaml", "validation/immortal.yaml")  # fmt: skip
REST = sorted(
    str(p.relative_to(SCENARIOS)) for p in SCENARIOS.rglob("*.yaml") if str(p.relative_to(SCENARIOS)) not in QUICK
)
PATH = SCENARIOS / "mscc_constant_hazards.yaml"


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)])
def test_no_false_alarm(name):
    found = model.verify(SCENARIOS / name, draws=1000).details
    assert not found.failures
    assert found.counts["pass"] > 30


def test_the_small_model_is_right_where_there_is_a_closed_form():
    """Immortal but for a constant hazard: (1 - exp(-h T)) / h life-years, discounted with h + ln(1 + r)."""
    scenario = model.read(SCENARIOS / "validation" / "closed_forms_exponential.yaml")
    strategy = next(iter(scenario.strategies))
    values = {name: p.base for name, p in scenario.parameters.items() if p.base is not None}
    plain = Plain(scenario, strategy, "all", values)
    rates = {t.target: plain.number(t.rate) for t in scenario.transitions if t.source == "well"}
    years, found = scenario.time.horizon, totals(plain, Model(plain, 4).counted())
    ill = next(plain.number(t.rate) for t in scenario.transitions if t.source == "ill")
    out, into = sum(rates.values()), rates.get("ill", 0.0)
    for index, r in ((0, 0.0), (1, math.log(1 + scenario.discount.effect))):
        a, b = out + r, ill + r
        well = (1 - math.exp(-a * years)) / a
        sick = into / (out - ill) * ((1 - math.exp(-b * years)) / b - well)
        assert found[LIFE_YEARS][index] == pytest.approx(well + sick, rel=1e-9)


@pytest.mark.parametrize(
    "unit, value",
    [("per month", 12 / 365.25), ("probability over 2 days", math.log(2) / 2), ("week", 7.0), ("USD", 1.0)],
)
def test_units_of_the_plain_evaluator_in_days(unit, value):
    assert in_model_units(0.5 if "over" in unit else 1.0, unit, 1.0) == pytest.approx(value)


def test_a_cost_counted_twice_is_seen(monkeypatch):
    from model import outcomes

    whole = outcomes._totals

    def wrong(quantities: Quantities, prices):
        return whole(replace(quantities, transitions=2 * quantities.transitions), prices)

    monkeypatch.setattr(outcomes, "_totals", wrong)
    failed = {failure.check for failure in model.verify(PATH, draws=50).details.failures}
    assert {"recomputed", "everyone is somewhere"} <= failed


def test_the_table_and_the_exit_codes(tmp_path, capsys):
    assert main(["verify", str(PATH), "--draws", "100", "--out", str(tmp_path / "good")]) == 0
    assert "All checks passed" in capsys.readouterr().out
    wrong = ["--set", "u_amb=1", "--set", "hr_nonamb=0.01", "--draws", "100"]
    assert main(["verify", str(PATH), *wrong, "--out", str(tmp_path / "bad")]) == 1
    assert "FAILED" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "none.yaml")]) == 2
    table = model.verify(PATH, draws=0).tables["verification"]
    own = ["check", "title", "group", "strategy", "outcome", "expected", "found", "note"]
    assert list(table) == [*own, "strategy_label", "group_label"]
    assert np.isfinite(table[table["outcome"] == "pass"][["expected", "found"]]).all(axis=None)
