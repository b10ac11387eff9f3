"""Dominance, frontier and ICERs against published tables, dampack and the definitions."""

import itertools

import numpy as np
import pandas as pd
import pytest
from reference import reference_file

from model.economics.incremental import frontier, increments, pairwise

# dampack's HIV screening example (Paltiel et al., N Engl J Med 2006;355:1137).
HIV = {
    "status quo": (26_000, 277.25 / 12),
    "one time": (27_000, 277.57 / 12),
    "5yr": (28_020, 277.78 / 12),
    "3yr": (28_440, 277.83 / 12),
    "annual": (29_440, 277.76 / 12),
}
STATUS = {"ND": ("reference", "frontier"), "D": ("dominated",), "ED": ("extendedly dominated",)}


def random_strategies(seed, n=12):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1_000, n), rng.normal(0, 1, n)


def test_hiv_screening_gives_the_published_icers():
    cost, effect = np.array(list(HIV.values())).T
    result = frontier(cost, effect)
    assert result.icer[1:4] == pytest.approx([37_500, 58_285.71, 100_800], abs=0.01)
    assert list(result.status) == ["reference", "frontier", "frontier", "frontier", "dominated"]
    assert list(result.comparator) == [-1, 0, 1, 2, 3]


def test_sick_sicker_gives_the_published_icers():
    # DARTH cohort tutorial (Alarid-Escudero et al., Med Decis Making 2023;43:3-20): SoC, A, B, AB.
    result = frontier([151_580, 284_805, 259_100, 378_875], [20.7113, 21.4987, 22.1845, 23.1368])
    assert list(result.status) == ["reference", "dominated", "frontier", "frontier"]
    assert list(result.comparator) == [-1, 2, 0, 2]
    # The inputs of this test are the table's rounded figures, hence 0.01 %.
    assert result.icer[[2, 3]] == pytest.approx([72_988, 125_764], rel=1e-4)


@pytest.mark.parametrize(
    "file, rows",
    [
        (("dampack_cea", "hiv_screening_icers.csv"), 5),
        (("dampack_cea", "psa_cdiff_icers.csv"), 11),
        (("darth_sick_sicker_timeindep", "cea_table.csv"), 4),
    ],
)
def test_frontier_equals_dampack(file, rows):
    table = pd.read_csv(reference_file(*file)).sample(frac=1, random_state=3)
    result = frontier(table.Cost, table.Effect)
    assert len(table) == rows
    assert all(status in STATUS[code] for status, code in zip(result.status, table.Status))
    on_frontier = result.status == "frontier"
    theirs = table[["Inc_Cost", "Inc_Effect", "ICER"]].to_numpy().T
    ours = np.stack([result.incremental_cost, result.incremental_effect, result.icer])
    np.testing.assert_allclose(ours[:, on_frontier], theirs[:, on_frontier], rtol=1e-9)


def test_extended_dominance_needs_no_single_dominator():
    # B is neither dearer nor worse than A or C, but a mix of the two gives more for the same money.
    result = frontier([0, 900, 1_000], [0, 0.5, 1])
    assert list(result.status) == ["reference", "extendedly dominated", "frontier"]
    assert (result.comparator[1], result.incremental_cost[1], result.incremental_effect[1]) == (0, 900, 0.5)
    assert np.isnan(result.icer[1]) and result.icer[2] == 1_000


def test_a_strategy_on_the_line_between_two_others_is_extendedly_dominated():
    result = frontier([0, 1_000, 2_000, 3_000], [0, 0.1, 0.2, 0.3])
    assert list(result.status) == ["reference", "extendedly dominated", "extendedly dominated", "frontier"]


def test_dominated_only_by_an_extendedly_dominated_strategy_names_it():
    result = frontier([0, 900, 950, 1_000], [0, 0.5, 0.4, 1])
    assert result.status[2] == "dominated" and result.comparator[2] == 1


def test_of_equally_cheap_strategies_the_more_effective_is_the_reference():
    result = frontier([100, 100, 200], [1, 2, 3])
    assert list(result.status) == ["dominated", "reference", "frontier"]
    assert list(result.comparator) == [1, -1, 1]


def test_of_equally_effective_strategies_the_dearer_is_dominated():
    assert list(frontier([100, 200], [1, 1]).status) == ["reference", "dominated"]


def test_equal_strategies_do_not_dominate_each_other():
    result = frontier([0, 500, 500, 800, 800], [0, 1, 1, 1, 1])
    assert list(result.status) == ["reference", "frontier", "equal", "dominated", "dominated"]
    assert list(result.comparator) == [-1, 0, 1, 1, 1]
    assert result.icer[1] == 500 and np.isnan(result.icer[2])
    assert (result.incremental_cost[2], result.incremental_effect[2]) == (0, 0)


def test_a_strategy_equal_to_the_cheapest_is_equal_to_it():
    result = frontier([0.0, -0.0], [1, 1])
    assert list(result.status) == ["reference", "equal"] and np.isnan(result.icer).all()
    assert list(result.comparator) == [-1, 0]


def test_round_off_makes_no_icer():
    # 0.1 + 0.2 is not 0.3 in floating point: the "gain" of 5e-17 would cost 2e19 per unit.
    assert list(frontier([0, 1_000], [0.3, 0.1 + 0.2]).status) == ["reference", "dominated"]
    assert pairwise([0, 1_000], [0.3, 0.1 + 0.2], 0).incremental_effect[1] == 0
    assert increments([[0], [1_000]], [[0.3], [0.1 + 0.2]], 0)[1][1, 0] == 0


def test_a_single_strategy_is_the_reference():
    result = frontier([5], [0])
    assert list(result.status) == ["reference"] and list(result.comparator) == [-1]


def test_negative_effects_keep_their_direction():
    # Losing fewer QALYs is a gain: the vaccine example of BCEA has negative effects throughout.
    result = frontier([9.66, 14.69], [-0.00106, -0.00081])
    assert result.status[1] == "frontier" and result.incremental_effect[1] == pytest.approx(0.00025)
    assert result.icer[1] == pytest.approx(5.03 / 0.00025)


def test_a_strategy_that_saves_money_and_gains_effect_leaves_one_choice():
    result = frontier([-100, 50], [2, 1])
    assert list(result.status) == ["reference", "dominated"] and list(result.comparator) == [-1, 0]
    assert (result.incremental_cost[1], result.incremental_effect[1]) == (150, -1)


@pytest.mark.parametrize(
    "cost, effect, verdict, icer",
    [
        (30, 1, "costs more, more effective", 30),
        (-30, -1, "costs less, less effective", 30),
        (-30, 1, "dominant", None),
        (0, 1, "dominant", None),
        (-30, 0, "dominant", None),
        (30, -1, "dominated", None),
        (30, 0, "dominated", None),
        (0, -1, "dominated", None),
        (0, 0, "equal", None),
    ],
)
def test_a_pairwise_icer_is_given_only_where_cost_and_effect_have_the_same_sign(cost, effect, verdict, icer):
    result = pairwise([1_000, 1_000 + cost], [-5, -5 + effect], comparator=0)
    assert list(result.status) == ["comparator", verdict] and list(result.comparator) == [-1, 0]
    assert (result.incremental_cost[1], result.incremental_effect[1]) == (cost, effect)
    assert np.isnan(result.icer[1]) if icer is None else result.icer[1] == icer


def test_swapped_strategies_mirror_their_increments():
    rng = np.random.default_rng(5)
    cost, effect = rng.normal(size=(2, 3, 7))
    forth, back = increments(cost, effect, 0), increments(cost, effect, 2)
    np.testing.assert_array_equal(forth[0][2], -back[0][0])
    np.testing.assert_array_equal(forth[1][2], -back[1][0])
    assert not forth[0][0].any() and forth[0].shape == (3, 7)


@pytest.mark.parametrize("seed", range(20))
def test_the_frontier_holds_exactly_what_is_best_at_some_threshold(seed):
    # Net benefit at the middle of each gap between ICERs, and beyond both ends, has one best strategy.
    cost, effect = random_strategies(seed)
    result = frontier(cost, effect)
    chosen = np.flatnonzero(np.isin(result.status, ["reference", "frontier"]))
    icers = np.sort(result.icer[result.status == "frontier"])
    between = [(low + high) / 2 for low, high in itertools.pairwise([0, *icers])] + [icers.max(initial=1) * 2]
    best = {int(np.argmax(threshold * effect - cost)) for threshold in between}
    assert best == set(chosen.tolist())


@pytest.mark.parametrize("seed", range(20))
def test_icers_strictly_increase_along_the_frontier(seed):
    cost, effect = random_strategies(seed, 40)
    result = frontier(cost, effect)
    icers = result.icer[np.argsort(cost)]
    assert (np.diff(icers[~np.isnan(icers)]) > 0).all()


@pytest.mark.parametrize("seed", range(20))
def test_dominated_means_dominated_by_the_comparator(seed):
    cost, effect = random_strategies(seed)
    result = frontier(cost, effect)
    dominated = result.status == "dominated"
    assert dominated.any()
    assert (result.incremental_cost[dominated] >= 0).all()
    assert (result.incremental_effect[dominated] <= 0).all()
    by_definition = ((cost[:, None] >= cost) & (effect[:, None] <= effect)).sum(axis=1) > 1  # 1 is itself
    np.testing.assert_array_equal(dominated, by_definition)


def test_order_of_strategies_does_not_matter():
    cost, effect = random_strategies(1)
    cost[4], effect[4] = cost[7], effect[7]  # twins included
    order = np.random.default_rng(2).permutation(len(cost))
    plain, shuffled = frontier(cost, effect), frontier(cost[order], effect[order])
    np.testing.assert_array_equal(plain.status[order], shuffled.status)
    np.testing.assert_array_equal(plain.icer[order], shuffled.icer)
    named = shuffled.comparator >= 0
    # Of twins either may be named: compare what was named, not its index.
    np.testing.assert_array_equal(cost[plain.comparator[order][named]], cost[order][shuffled.comparator[named]])


def test_icers_scale_with_currency_and_ignore_shifts():
    cost, effect = random_strategies(6)
    plain, changed = frontier(cost, effect), frontier(1.25 * cost + 300, 12 * effect - 5)
    np.testing.assert_array_equal(plain.status, changed.status)
    np.testing.assert_allclose(changed.icer, plain.icer * 1.25 / 12, rtol=1e-9)


def test_a_missing_number_is_refused_by_name_and_place():
    with pytest.raises(ValueError, match=r"effect is nan at strategy 2 of 3 \(1 such in all\)"):
        frontier([1, 2, 3], [1, np.nan, 3])
    with pytest.raises(ValueError, match=r"cost is inf at strategy 1 of 1, draw 2 of 2"):
        increments([[1, np.inf]], [[1, 2]], 0)


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match=r"cost has shape \(2,\) and effect \(3,\): both must be"):
        frontier([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"cost has shape \(2,\): expected \[strategy, draw\]"):
        increments([1, 2], [1, 2], 0)


def test_an_unknown_comparator_is_refused():
    with pytest.raises(ValueError, match="comparator is 2, but the strategies are numbered 0 to 1"):
        pairwise([1, 2], [1, 2], 2)
