"""Black-box tests of whole scenarios, after TECH-VER (Buyukkaramikli et al., PharmacoEconomics 2019; 37: 1391-1408)."""

import re

import numpy as np
import pytest
from runs import SCENARIOS, VALIDATION, base_case, outcome, write_scenario

from model import draws
from model.analysis.evaluate import evaluate
from model.economics.acceptability import acceptability
from model.sample import Sample
from model.scenario_file import read

DEFAULT, SICK = SCENARIOS / "mscc_constant_hazards.yaml", VALIDATION / "sick_sicker.yaml"
BOTH = pytest.mark.parametrize("path", [DEFAULT, SICK], ids=lambda p: p.stem)


def with_values(path, wanted, value):
    """Base case with every parameter whose unit `wanted` matches set to `value`."""
    scenario = read(path)
    table = draws.base(scenario)
    changed = {n: value for n, p in scenario.parameters.items() if re.search(wanted, p.unit.text) and n in table.values}
    assert changed, "nothing was changed"
    return evaluate(scenario, table.replace(**changed)).total


def with_parameter(path, name, factor):
    scenario = read(path)
    table = draws.base(scenario)
    return evaluate(scenario, table.replace(**{name: table.values[name] * factor})).total


@BOTH
def test_utilities_of_1_make_qalys_life_years(path):
    total = with_values(path, "utility", 1.0)
    np.testing.assert_allclose(total.get("qaly"), total.get("life_years"), rtol=1e-12)


@BOTH
def test_utilities_of_0_make_no_qalys(path):
    assert (with_values(path, "utility", 0.0).get("qaly") == 0).all()


@BOTH
def test_prices_of_0_make_no_costs(path):
    total = with_values(path, "USD", 0.0)
    assert (total.cost == 0).all() and (total.get("life_years") > 0).all()


@BOTH
def test_without_discounting_discounted_is_undiscounted(path):
    total = base_case(path, "discount=0 %").total
    np.testing.assert_array_equal(total.values[:, 0], total.values[:, 1])


@BOTH
def test_discounting_lessens_everything(path):
    total = base_case(path, "discount=5 %").total
    assert (total.values[:, 1] <= total.values[:, 0]).all() and (total.get("qaly") < total.get("qaly", False)).all()


@BOTH
def test_components_add_up_to_the_cost(path):
    total = base_case(path).total
    parts = sum(total.values[i] for i, name in enumerate(total.names) if name.startswith("cost: "))
    np.testing.assert_allclose(parts, total.values[total.names.index("cost")], rtol=1e-14)


def rebound(tmp_path, path, bindings):
    """The scenario with other strategies: {key: key whose bindings it takes}."""
    scenario = read(path)
    lines = ["strategies:"]
    for key, taken in bindings.items():
        words = ", ".join(f"{n}: '{f.text}'" for n, f in scenario.strategies[taken].bindings.items())
        lines.append(f"  {key}: {{{words}}}")
    return write_scenario(tmp_path, f"extends: {path}\n" + "\n".join(lines))


@BOTH
def test_identical_strategies_have_no_increments_in_any_draw(path, tmp_path):
    keys = list(read(path).strategies)
    scenario = read(rebound(tmp_path, path, {key: keys[-1] for key in keys}))
    total = evaluate(scenario, draws.probabilistic(scenario, Sample(50, 1))).total
    assert (np.diff(total.values, axis=2) == 0).all()


@BOTH
def test_swapped_strategies_mirror_the_increments(path, tmp_path):
    keys = list(read(path).strategies)
    swapped = base_case(rebound(tmp_path, path, dict(zip(keys, keys[::-1])))).total
    np.testing.assert_array_equal(swapped.values, base_case(path).total.values[:, :, ::-1])


@BOTH
def test_without_mortality_everyone_lives_to_the_horizon(path):
    names = {DEFAULT: ["hazard_death"], SICK: ["r_HD"]}[path]
    scenario = read(path, ["discount=0 %"] + ["convention=half-cycle"] * (path == SICK))
    table = draws.base(scenario)
    total = evaluate(scenario, table.replace(**{n: 0.0 for n in names})).total
    horizon = scenario.time.horizon * scenario.time.years
    np.testing.assert_allclose(total.get("life_years"), horizon, rtol=1e-12)


@BOTH
def test_very_high_mortality_leaves_the_first_moments_only(path):
    """The default scenario integrates, so next to nothing is left; counted at boundaries, the first count is."""
    name, first = {DEFAULT: ("hazard_death", 0.0), SICK: ("r_HD", 1 / 3)}[path]
    assert with_parameter(path, name, 1e6).get("life_years") == pytest.approx(first, abs=1e-4)


@BOTH
def test_more_mortality_means_fewer_life_years(path):
    name = {DEFAULT: "hazard_death", SICK: "r_HD"}[path]
    lived = [with_parameter(path, name, f).get("life_years") for f in (0.5, 1, 2, 4)]
    assert (np.diff(lived, axis=0) < 0).all()


@pytest.mark.parametrize(
    "path, price, strategies",
    [(DEFAULT, "c_surgery", [0, 1]), (SICK, "c_trtA", [0, 1, 0, 1]), (SICK, "c_trtB", [0, 0, 1, 1])],
)
def test_a_dearer_treatment_costs_more_where_it_is_given_and_changes_nothing_else(path, price, strategies):
    before, after = base_case(path).total, with_parameter(path, price, 2.0)
    np.testing.assert_array_equal(after.cost[:, 0] > before.cost[:, 0], np.array(strategies, bool))
    np.testing.assert_array_equal(after.get("qaly"), before.get("qaly"))


@pytest.mark.parametrize("path, utility", [(DEFAULT, "u_nonamb"), (SICK, "u_S2")])
def test_a_better_utility_gives_more_qalys_at_the_same_cost(path, utility):
    before, after = base_case(path).total, with_parameter(path, utility, 1.2)
    assert (after.get("qaly") > before.get("qaly")).all()
    np.testing.assert_array_equal(after.cost, before.cost)


@BOTH
def test_every_sampled_parameter_moves_some_output(path):
    scenario = read(path)
    before = evaluate(scenario, draws.base(scenario)).total.values
    for name, parameter in scenario.parameters.items():
        if parameter.sampled:
            assert (with_parameter(path, name, 0.9).values != before).any(), name


@BOTH
def test_mean_of_the_psa_is_near_the_base_case(path):
    scenario = read(path)
    total, base = evaluate(scenario, draws.probabilistic(scenario, Sample(2000, 1))).total, base_case(path)
    for name in ("cost", "qaly"):
        ratio = total.get(name).mean(axis=1) / outcome(base, name)
        # Sick-Sicker: the base utility of health is 1, the mean of its distribution 0.985, as published
        assert ratio == pytest.approx(1, abs=0.05)


@BOTH
def test_acceptability_sums_to_1_and_at_wtp_0_is_the_probability_of_being_cheapest(path):
    scenario = read(path)
    total = evaluate(scenario, draws.probabilistic(scenario, Sample(500, 1))).total
    found = acceptability(total.cost, total.get("qaly"), [0.0, 50_000.0, 1e6]).probability_most_cost_effective
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    cheapest = np.bincount(total.cost.argmin(axis=0), minlength=len(total.cost)) / 500
    np.testing.assert_allclose(found[0], cheapest, atol=1e-12)


@BOTH
def test_the_default_way_of_counting_does_not_decide_the_result(path):
    """Another cycle gives the same integral; other conventions differ by less than a cycle."""
    if path == DEFAULT:
        for cycle in ("1 day", "30 days"):
            np.testing.assert_allclose(
                base_case(path, f"cycle={cycle}").total.values, base_case(path).total.values, rtol=1e-10
            )
    for convention in ("half-cycle", "life-table", "simpson"):
        found = outcome(
            base_case(
                path, f"convention={convention}", *([] if path == SICK else ["horizon=4 years", "cycle=1 month"])
            ),
            "life_years",
            False,
        )
        exact = outcome(
            base_case(path, *(["convention=simpson"] if path == SICK else ["horizon=4 years"])), "life_years", False
        )
        assert found == pytest.approx(exact, rel=0.01)
