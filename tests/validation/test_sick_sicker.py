"""Sick-Sicker model, time-independent: Alarid-Escudero et al., Med Decis Making 2023; 43: 3-20, and its code.

The reference files hold what the published R code returns (commit d3c5497), to all digits.
"""

import csv

import numpy as np
import pytest
from reference import reference_file
from runs import VALIDATION, base_case, occupancy, outcome, write_scenario

from model import draws
from model.analysis.evaluate import evaluate
from model.economics.acceptability import acceptability
from model.economics.incremental import frontier
from model.sample import Sample
from model.scenario_file import read

NAMES = {"Standard of care": "SoC", "Strategy A": "A", "Strategy B": "B", "Strategy AB": "AB"}
SOC, A, B, AB = range(4)


def rows(name):
    with reference_file("darth_sick_sicker_timeindep", name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def totals(name):
    """(cost, qaly) [strategy] by one of DARTH's within-cycle corrections."""
    found = [r for r in rows("totals.csv") if r["wcc"] == name]
    assert [NAMES[r["strategy"]] for r in found] == ["SoC", "A", "B", "AB"]
    return np.array([[float(r["cost"]), float(r["qaly"])] for r in found]).T


def ours(*settings):
    found = base_case("sick_sicker", *settings)
    return np.array([outcome(found, "cost"), outcome(found, "qaly")])


def published():
    cost, qaly = ours()
    return cost, qaly, frontier(cost, qaly)


def test_published_costs_and_qalys():
    cost, qaly, _ = published()
    assert np.round(cost[[SOC, B, AB]]).tolist() == [151_580, 259_100, 378_875]
    assert np.round(qaly[[SOC, B, AB]], 3).tolist() == [20.711, 22.184, 23.137]


def test_published_icers_and_the_dominated_strategy():
    table = published()[2]
    assert np.round(table.icer[[B, AB]]).tolist() == [72_988, 125_764]
    assert list(table.status) == ["reference", "dominated", "frontier", "frontier"]
    assert table.comparator[[B, AB]].tolist() == [SOC, B]


@pytest.mark.parametrize("convention", ["simpson-interchanged", "half-cycle"])
def test_totals_are_darths_under_each_within_cycle_correction(convention):
    theirs = totals({"simpson-interchanged": "simpson_darth"}.get(convention, convention))
    np.testing.assert_allclose(ours(f"convention={convention}"), theirs, rtol=1e-12)


def test_darths_totals_without_correction_are_the_start_convention_over_one_year_more():
    """They add up all 76 boundary points: 76 cycles counted at their start, although the horizon has 75."""
    np.testing.assert_allclose(ours("convention=start", "horizon=76 years"), totals("none"), rtol=1e-12)


def test_right_simpson_weights_differ_from_the_published_and_agree_with_the_trapezoid():
    right, interchanged, trapezoid = ours("convention=simpson"), ours(), ours("convention=half-cycle")
    small_file = base_case("sick_sicker_simpson")
    np.testing.assert_array_equal(right, [outcome(small_file, "cost"), outcome(small_file, "qaly")])
    assert (np.abs(right[1] / trapezoid[1] - 1) < 1e-3).all()
    assert (interchanged[1] / trapezoid[1] - 1 < -0.01).all()  # a third of a year of full health is lost


def test_cea_table_is_darths():
    cost, qaly, table = published()
    for row in rows("cea_table.csv"):
        i = ["SoC", "A", "B", "AB"].index(NAMES[row["Strategy"]])
        assert [cost[i], qaly[i]] == pytest.approx([float(row["Cost"]), float(row["Effect"])], rel=1e-12)
        assert (table.status[i] == "dominated") == (row["Status"] == "D")
        if row["ICER"] != "NA":
            theirs = [float(row[k]) for k in ("Inc_Cost", "Inc_Effect", "ICER")]
            found = [table.incremental_cost[i], table.incremental_effect[i], table.icer[i]]
            assert found == pytest.approx(theirs, rel=1e-9)


def test_trace_is_darths():
    trace = occupancy(base_case("sick_sicker"))
    for row in rows("traces.csv"):
        strategy = ["SoC", "A", "B", "AB"].index(NAMES[row["strategy"]])
        theirs = [float(row[s]) for s in ("H", "S1", "S2", "D")]
        np.testing.assert_allclose(trace[int(row["cycle"]), strategy], theirs, rtol=1e-11)


def test_discounted_weights_are_darths():
    from model.engines.conventions import interchanged_points

    theirs = [float(r["wcc_simpson"]) for r in rows("weights.csv")]
    np.testing.assert_allclose(interchanged_points(75), theirs, rtol=1e-15)


@pytest.fixture(scope="module")
def darths_draws(tmp_path_factory):
    """(scenario, Draws) of DARTH's own 1,000 parameter sets, each row of the file once (a Latin hypercube)."""
    file = reference_file("darth_sick_sicker_timeindep", "psa_params.csv")
    sampled = [p for p in read(VALIDATION / "sick_sicker.yaml").parameters.values() if p.sampled]
    suffix = {p.name: p.unit.text if "per" in p.unit.text else "" for p in sampled}
    changed = "\n".join(f"  {name}: {{value: {name}_row {unit}}}" for name, unit in suffix.items())
    text = f"""extends: {VALIDATION / "sick_sicker.yaml"}
parameters:
{changed}
  {", ".join(f"{name}_row" for name in suffix)}:
    {{distribution: "empirical({file})", columns: [{", ".join(suffix)}]}}
"""
    scenario = read(write_scenario(tmp_path_factory.mktemp("darth"), text))
    return scenario, draws.probabilistic(scenario, Sample(1000, 1, "latin hypercube"))


@pytest.fixture(scope="module")
def darths_psa(darths_draws):
    """(our cost, our qaly, their cost, their qaly), each [strategy, draw], in the order of their file."""
    scenario, table = darths_draws
    place = {float(row["r_HD"]): i for i, row in enumerate(rows("psa_params.csv"))}
    order = np.argsort([place[value] for value in table.values["r_HD_row"]])
    total = evaluate(scenario, table).total
    files = ("psa_costs.csv", "psa_effects.csv")
    theirs = [np.array([[float(r[s]) for r in rows(name)] for s in ("SoC", "A", "B", "AB")]) for name in files]
    return total.cost[:, order], total.get("qaly")[:, order], *theirs


def test_psa_with_darths_parameter_sets_is_theirs_draw_by_draw(darths_psa):
    cost, qaly, their_cost, their_qaly = darths_psa
    np.testing.assert_allclose(cost, their_cost, rtol=1e-12)
    np.testing.assert_allclose(qaly, their_qaly, rtol=1e-12)


def test_acceptability_and_evpi_are_darths(darths_psa):
    theirs = rows("psa_ceac_evpi.csv")
    found = acceptability(*darths_psa[:2], [float(r["wtp"]) for r in theirs])
    expected = [[float(r[f"p_{s}"]) for s in ("SoC", "A", "B", "AB")] for r in theirs]
    np.testing.assert_allclose(found.probability_most_cost_effective, expected, atol=1e-12)
    np.testing.assert_allclose(found.evpi, [float(r["evpi"]) for r in theirs], rtol=1e-9, atol=1e-6)


def test_published_distributions_have_the_moments_of_darths_sample():
    """Ours and theirs are two samples of 1,000 of the same distributions."""
    scenario, theirs = read(VALIDATION / "sick_sicker.yaml"), rows("psa_params.csv")
    for name, parameter in scenario.parameters.items():
        if parameter.sampled:
            sample = np.array([float(r[name]) for r in theirs])
            error = parameter.distribution.sd / np.sqrt(len(sample))
            assert sample.mean() == pytest.approx(parameter.distribution.mean, abs=4 * error)
            assert sample.std() == pytest.approx(parameter.distribution.sd, rel=0.15)
