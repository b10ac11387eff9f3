"""CEAC, CEAF, expected loss and EVPI against dampack, BCEA, DARTH, voi, a closed form and brute force."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from reference import reference_file

from model.economics import acceptability as module
from model.economics.acceptability import acceptability
from model.economics.net_benefit import net_monetary_benefit


def psa(folder, cost, effect):
    read = (pd.read_csv(reference_file(folder, name)).set_index("sim") for name in (cost, effect))
    cost, effect = read
    return list(cost), cost.to_numpy().T, effect.to_numpy().T


def random_psa(seed, n_strategies=4, n_draws=500):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3_000, (n_strategies, n_draws)), rng.normal(0, 0.2, (n_strategies, n_draws))


def cdiff(table, value=None):
    """One column of a dampack table as [wtp, strategy], strategies in the order of the PSA files."""
    names, cost, effect = psa("dampack_cea", "psa_cdiff_cost.csv", "psa_cdiff_effect.csv")
    table = pd.read_csv(reference_file("dampack_cea", f"psa_cdiff_{table}.csv"))
    theirs = table.pivot(index="WTP", columns="Strategy", values=value)[names]
    return cost, effect, theirs.index.to_numpy(float), theirs.to_numpy()


def test_cdiff_optimal_strategies_equal_dampack():
    cost, effect, wtp, on_frontier = cdiff("ceac", "On_Frontier")
    optimal = acceptability(cost, effect, wtp).optimal
    assert on_frontier.shape == (41, 11)
    np.testing.assert_array_equal(np.eye(11, dtype=bool)[optimal], on_frontier)


# dampack takes the winner of each draw from R's max.col, which calls all within 1e-5 of the row's largest
# number a tie and draws lots. Ours takes what is highest, and shares true ties. So dampack's CEAC is off by
# the draws decided by lot, and its losses and EVPI fall short by what the lots gave away (< 0.08 USD here).
MAX_COL_TOLERANCE = 1e-5


def lots_may_give_away(cost, effect, wtp):
    """Most that the mean of the draws' maxima can lose to lots [wtp]: the worst of those in the draw wins."""
    nmb = np.sort(net_monetary_benefit(cost, effect, wtp), axis=1)
    gap = nmb[:, -1:] - nmb
    close = gap <= MAX_COL_TOLERANCE * np.abs(nmb).max(axis=1, keepdims=True)
    return np.where(close, gap, 0).max(axis=1).mean(axis=1)


def test_cdiff_evpi_equals_dampack_but_for_what_its_lots_give_away():
    cost, effect, wtp, _ = cdiff("ceac", "Proportion")
    theirs = pd.read_csv(reference_file("dampack_cea", "psa_cdiff_evpi.csv"))
    assert list(theirs.WTP) == list(wtp)
    given_away = acceptability(cost, effect, wtp).evpi - theirs.EVPI
    assert (given_away > -1e-8).all() and (given_away < lots_may_give_away(cost, effect, wtp) + 1e-8).all()
    assert given_away.max() < 0.08


def test_cdiff_expected_loss_equals_dampack_but_for_what_its_lots_give_away():
    cost, effect, wtp, theirs = cdiff("exp_loss", "Expected_Loss")
    given_away = acceptability(cost, effect, wtp).expected_loss - theirs
    # The same for all strategies, since it comes from the maximum of each draw.
    np.testing.assert_allclose(given_away, np.broadcast_to(given_away[:, :1], theirs.shape), atol=1e-8)
    most = lots_may_give_away(cost, effect, wtp)
    assert (given_away > -1e-8).all() and (given_away[:, 0] < most + 1e-8).all()
    assert given_away.max() < 0.08


def test_cdiff_ceac_equals_dampack_but_for_the_draws_decided_by_lot():
    cost, effect, wtp, theirs = cdiff("ceac", "Proportion")
    nmb = net_monetary_benefit(cost, effect, wtp)
    best = nmb.max(axis=1, keepdims=True)
    close = nmb >= best - MAX_COL_TOLERANCE * np.abs(nmb).max(axis=1, keepdims=True)
    certain = (close & (close.sum(axis=1, keepdims=True) == 1)).mean(axis=2)
    possible = close.mean(axis=2)
    ours = acceptability(cost, effect, wtp).probability_most_cost_effective
    np.testing.assert_allclose(ours, (nmb == best).mean(axis=2), atol=1e-12)
    assert (certain - 1e-12 <= theirs).all() and (theirs <= possible + 1e-12).all()
    decided = possible - certain < 1e-12
    assert decided.mean() > 0.4
    np.testing.assert_allclose(ours[decided], theirs[decided], atol=1e-12)


def test_sick_sicker_equals_dampack():
    names, cost, effect = psa("darth_sick_sicker_timeindep", "psa_costs.csv", "psa_effects.csv")
    table = pd.read_csv(reference_file("darth_sick_sicker_timeindep", "psa_ceac_evpi.csv"))
    result = acceptability(cost, effect, table.wtp)
    theirs = table[[f"p_{name}" for name in names]]
    np.testing.assert_allclose(result.probability_most_cost_effective, theirs, atol=1e-12)
    np.testing.assert_allclose(result.evpi, table.evpi, rtol=1e-9, atol=1e-9)


def test_chemotherapy_evpi_equals_the_voi_package():
    _, cost, effect = psa("voi_chemo", "costs.csv", "effects.csv")
    table = pd.read_csv(reference_file("voi_chemo", "evpi_by_wtp.csv"))
    np.testing.assert_allclose(acceptability(cost, effect, table.k).evpi, table.evpi, rtol=1e-9, atol=1e-9)


def test_vaccine_equals_bcea():
    # BCEA's pairwise CEAC counts net benefit strictly above the comparator's; this sample has no ties.
    names, cost, effect = psa("bcea_vaccine", "costs.csv", "effects.csv")
    by_wtp = pd.read_csv(reference_file("bcea_vaccine", "outputs_by_wtp.csv"))
    multi = pd.read_csv(reference_file("bcea_vaccine", "multi_ce.csv"))
    result = acceptability(cost, effect, by_wtp.k)
    np.testing.assert_allclose(result.probability_most_cost_effective[:, 1], by_wtp.ceac, atol=1e-12)
    np.testing.assert_allclose(
        result.probability_most_cost_effective, multi[[f"p_best_{n}" for n in names]], atol=1e-12
    )
    np.testing.assert_allclose(result.probability_optimal, multi.ceaf, atol=1e-12)
    np.testing.assert_array_equal(np.array(names)[result.optimal], by_wtp.best)
    np.testing.assert_allclose(result.evpi, by_wtp.evpi, rtol=1e-9)


def test_vaccine_gives_the_figures_printed_in_bceas_manual():
    # Baio, Berardi and Heath, Bayesian Cost-Effectiveness Analysis with the R package BCEA (2017).
    _, cost, effect = psa("bcea_vaccine", "costs.csv", "effects.csv")
    summary = json.loads(reference_file("bcea_vaccine", "summary.json").read_text())
    result = acceptability(cost, effect, 25_000)
    assert result.probability_most_cost_effective[0, 1] == 0.529 == summary["CEAC_25000"]
    assert result.evpi[0] == pytest.approx(2.4145, abs=5e-5)
    assert result.evpi[0] == pytest.approx(summary["EVPI_25000"], rel=1e-12)


def test_ceaf_is_not_the_highest_ceac():
    # B is usually a little worse and rarely far better: best on average, most often not the best.
    cost, effect = np.zeros((2, 10)), np.array([[0] * 10, [-0.1] * 9 + [5]])
    result = acceptability(cost, effect, 1_000)
    assert result.optimal[0] == 1
    assert result.probability_optimal[0] == pytest.approx(0.1)
    assert result.probability_most_cost_effective.max() == pytest.approx(0.9)


def test_evpi_converges_to_the_unit_normal_loss():
    # Raiffa and Schlaifer: two strategies, incremental net benefit ~ N(m, s): s phi(m/s) - |m| Phi(-|m|/s).
    mean, sd, n = 700.0, 2_000.0, 200_000
    benefit = np.random.default_rng(8).normal(mean, sd, n)
    result = acceptability(np.stack([np.zeros(n), -benefit]), np.zeros((2, n)), 0)
    ratio = mean / sd
    density = math.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    exact = sd * density - mean * math.erfc(ratio / math.sqrt(2)) / 2
    assert abs(result.evpi[0] - exact) < 3 * result.evpi_se[0]
    assert result.evpi_se[0] < 0.01 * exact


@pytest.mark.parametrize("seed", range(5))
def test_every_output_equals_its_definition_draw_by_draw(seed, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 300)  # several blocks and a short last one
    cost, effect = random_psa(seed)
    cost, effect = np.round(cost, -3), np.round(effect, 1)  # round numbers make ties
    wtp = np.array([0, 5_000, 10_000, 40_000.0])
    nmb = net_monetary_benefit(cost, effect, wtp)
    best = nmb.max(axis=1)
    winner = nmb == best[:, None]
    loss = best[:, None] - nmb
    result = acceptability(cost, effect, wtp)
    assert (winner.sum(axis=1) > 1).any()
    np.testing.assert_allclose(
        result.probability_most_cost_effective, (winner / winner.sum(axis=1, keepdims=True)).mean(axis=2), atol=1e-12
    )
    np.testing.assert_allclose(result.expected_loss, loss.mean(axis=2), rtol=1e-9)
    np.testing.assert_array_equal(result.optimal, nmb.mean(axis=2).argmax(axis=1))
    np.testing.assert_allclose(result.evpi, best.mean(axis=1) - nmb.mean(axis=2).max(axis=1), rtol=1e-9)
    optimal_loss = loss[np.arange(4), result.optimal]
    np.testing.assert_allclose(result.evpi_se, optimal_loss.std(axis=1, ddof=1) / np.sqrt(500), rtol=1e-9)


def test_probabilities_sum_to_one_and_evpi_is_the_lowest_expected_loss():
    result = acceptability(*random_psa(3, 6), np.linspace(0, 100_000, 51))
    np.testing.assert_allclose(result.probability_most_cost_effective.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(result.evpi, result.expected_loss.min(axis=1))
    assert (result.evpi > 0).all()


def test_at_wtp_zero_it_is_the_probability_of_being_cheapest():
    cost, effect = random_psa(4)
    share = np.bincount(cost.argmin(axis=0), minlength=4) / 500
    np.testing.assert_allclose(acceptability(cost, effect, 0).probability_most_cost_effective[0], share)


def test_identical_strategies_share_equally_and_nothing_is_lost():
    cost, effect = random_psa(9, 1)
    result = acceptability(np.repeat(cost, 3, axis=0), np.repeat(effect, 3, axis=0), [0, 12_345.678])
    np.testing.assert_allclose(result.probability_most_cost_effective, 1 / 3)
    assert not result.expected_loss.any() and not result.evpi.any()


def test_a_strategy_that_is_always_best_has_no_value_of_information():
    cost, effect = random_psa(10, 2)
    cost, effect = np.stack([cost[0], cost[0] + 0.1]), np.stack([effect[0], effect[0] - 0.1])
    result = acceptability(cost, effect, np.linspace(0, 1e5, 11))
    assert (result.evpi == 0).all() and (result.probability_optimal == 1).all()


def test_order_of_strategies_does_not_matter():
    cost, effect = random_psa(12)
    order, wtp = [2, 0, 3, 1], np.linspace(0, 1e5, 21)
    plain, shuffled = acceptability(cost, effect, wtp), acceptability(cost[order], effect[order], wtp)
    np.testing.assert_array_equal(
        plain.probability_most_cost_effective[:, order], shuffled.probability_most_cost_effective
    )
    np.testing.assert_array_equal(plain.evpi, shuffled.evpi)
    np.testing.assert_array_equal(plain.optimal, np.array(order)[shuffled.optimal])


def test_another_currency_scales_losses_and_leaves_probabilities():
    cost, effect = random_psa(13)
    wtp = np.linspace(0, 1e5, 21)
    plain, doubled = acceptability(cost, effect, wtp), acceptability(2 * cost, effect, 2 * wtp)
    np.testing.assert_array_equal(plain.probability_most_cost_effective, doubled.probability_most_cost_effective)
    np.testing.assert_allclose(doubled.expected_loss, 2 * plain.expected_loss, rtol=1e-12)


def test_memory_layout_of_the_caller_does_not_matter():
    cost, effect = random_psa(14)
    plain = acceptability(cost, effect, 3e4)
    turned = acceptability(np.asfortranarray(cost), np.asfortranarray(effect), 3e4)
    np.testing.assert_array_equal(plain.expected_loss, turned.expected_loss)


def test_a_deterministic_analysis_is_certain_and_has_no_standard_error():
    result = acceptability([[1_000], [2_000]], [[1], [2]], [500, 2_000])
    assert result.probability_most_cost_effective.tolist() == [[1, 0], [0, 1]]
    assert result.evpi.tolist() == [0, 0] and np.isnan(result.evpi_se).all()
    assert result.expected_loss.tolist() == [[0, 500], [1_000, 0]]


def test_probability_standard_error_is_binomial():
    result = acceptability(*random_psa(15), 0)
    p = result.probability_most_cost_effective
    np.testing.assert_allclose(result.probability_se, np.sqrt(p * (1 - p) / 500))


def test_a_draw_that_failed_is_refused_with_its_place():
    cost, effect = random_psa(16)
    effect[2, 41] = np.nan
    with pytest.raises(ValueError, match="effect is nan at strategy 3 of 4, draw 42 of 500"):
        acceptability(cost, effect, 1_000)


def test_strategies_that_differ_by_round_off_share_the_draws():
    """0.1 + 0.2 is not 0.3: the frontier calls them equal, and so does the CEAC."""
    utility = np.random.default_rng(1).uniform(0.5, 1, 1000)
    effect = np.stack([utility * 0.3, utility * (0.1 + 0.2)])
    found = acceptability(np.zeros_like(effect), effect, [20_000])
    assert found.probability_most_cost_effective.tolist() == [[0.5, 0.5]]
    assert found.evpi[0] == pytest.approx(0, abs=1e-9)
