"""Chancellor et al., PharmacoEconomics 1997; 12: 54-66, as in Briggs, Claxton & Sculpher 2006, exercise 2.5.

Digits beyond those of the book: heemod and rdecision 1.3.0, which reproduce the same model.
"""

import csv

import numpy as np
import pytest
from reference import reference_file
from runs import VALIDATION, base_case, occupancy, outcome, write_scenario

from model.economics.incremental import frontier

MONOTHERAPY, COMBINATION = 0, 1


def rows(*parts):
    with reference_file(*parts).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_published_costs_life_years_and_icer():
    book = base_case("hiv_chancellor")
    cost, life_years = outcome(book, "cost"), outcome(book, "life_years")
    assert np.round(cost).tolist() == [44_663, 50_602]
    assert np.round(life_years, 2).tolist() == [7.99, 8.94]
    assert round(np.diff(cost)[0] / np.diff(life_years)[0]) == 6_276


@pytest.mark.parametrize("cycles", [20, 50])
@pytest.mark.parametrize("convention", ["start", "end", "life-table"])
def test_every_counting_method_of_heemod_is_met_digit_by_digit(convention, cycles):
    """heemod's discount(x, 6 %, first = TRUE) discounts cycle k by k years whatever the counting; ours discounts what
    is counted at a cycle's start at its start, so a count at the start is 1.06 times that of heemod."""
    name, factor = ("beginning", 1.06) if convention == "start" else (convention, 1.0)
    found = base_case("hiv_chancellor", f"convention={convention}", f"horizon={cycles} years")
    theirs = [r for r in rows("heemod_hiv", "dmhee_methods.csv") if r["method"] == name and r["cycles"] == str(cycles)]
    expected = {r["strategy"]: (float(r["cost"]) * factor, float(r["ly"])) for r in theirs}
    ours = np.stack([outcome(found, "cost"), outcome(found, "life_years")], axis=1)
    np.testing.assert_allclose(ours, [expected["mono"], expected["comb"]], rtol=1e-12)


def test_trace_is_heemods():
    trace = occupancy(base_case("hiv_chancellor"))
    for row in rows("heemod_hiv", "dmhee_end20_counts.csv"):
        ours = trace[
            int(row["model_time"]), ["mono", "comb"].index(row[".strategy_names"]), "ABCD".index(row["state_names"])
        ]
        assert ours == pytest.approx(float(row["count"]), rel=1e-12)


def test_cost_components_add_up_to_heemods():
    book = base_case("hiv_chancellor", "discount=0 %")
    health = outcome(book, "cost: medical") + outcome(book, "cost: community")
    totals = {r[".strategy_names"]: r for r in rows("heemod_hiv", "dmhee_end20_totals.csv")}
    np.testing.assert_allclose(health, [float(totals[k]["cost_health"]) for k in ("mono", "comb")], rtol=1e-12)
    np.testing.assert_allclose(
        outcome(book, "cost: drugs"), [float(totals[k]["cost_drugs"]) for k in ("mono", "comb")], rtol=1e-12
    )


@pytest.mark.parametrize("settings, hcc", [([], "none"), (["convention=life-table"], "qaly+pop")])
def test_rdecision_with_its_slip_is_met_digit_by_digit(settings, hcc):
    """With its half-cycle correction of populations, rdecision still counts costs at the cycle's end."""
    expected = next(r for r in rows("rdecision_hiv", "totals.csv") if r["hcc"] == hcc)
    cost = outcome(base_case("hiv_rdecision"), "cost")
    life_years = outcome(base_case("hiv_rdecision", *settings), "life_years")
    np.testing.assert_allclose(cost, [float(expected["mono_cost"]), float(expected["comb_cost"])], rtol=1e-12)
    np.testing.assert_allclose(life_years, [float(expected["mono_ly"]), float(expected["comb_ly"])], rtol=1e-12)
    assert np.diff(cost)[0] / np.diff(life_years)[0] == pytest.approx(float(expected["icer"]), rel=1e-9)


def test_published_figures_of_rdecision_stand_without_its_files():
    found = base_case("hiv_rdecision")
    assert np.round(outcome(found, "cost")).tolist() == [44_663, 50_607]
    assert np.round(outcome(found, "life_years"), 3).tolist() == [7.991, 8.940]


def test_relative_risk_by_cycle_number_is_the_same_as_by_periods(tmp_path):
    """The two years of combination therapy stated as cycles 1 and 2 of every transition, not as a period."""
    risk = "if(combined and cycle <= 2, rr_combination, 1)"
    moves = "\n".join(
        f"  - {{from: {a}, to: {b}, probability per cycle: 'p_{a}{b} * {risk}'}}"
        for a, b in ("AB", "AC", "AD", "BC", "BD", "CD")
    )
    text = (
        f"extends: {VALIDATION / 'hiv_chancellor.yaml'}\n"
        f"periods:\n  first two years: {{rr: null}}\n  thereafter: {{rr: null}}\ntransitions:\n{moves}\n"
    )
    by_cycle, by_period = base_case(write_scenario(tmp_path, text)), base_case("hiv_chancellor")
    np.testing.assert_allclose(by_cycle.total.values, by_period.total.values, rtol=1e-14)


def test_incremental_table_has_the_published_icer():
    total = base_case("hiv_chancellor").total
    table = frontier(total.cost[:, 0], total.get("life_years")[:, 0])
    assert round(table.icer[COMBINATION]) == 6_276
