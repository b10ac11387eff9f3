"""ICER intervals, quadrants and ellipse against closed forms, the CEAC they must agree with, and BCEA."""

from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from reference import reference_file

from model.economics.acceptability import acceptability
from model.economics.uncertainty import ellipse, fieller_interval, percentile_interval, quadrant_shares


def normal_draws(mean_cost, mean_effect, sd_cost, sd_effect, correlation=0.0, n=2_000, seed=1):
    """Increments whose sample moments are exactly those asked for."""
    z = np.random.default_rng(seed).normal(size=(2, n))
    z -= z.mean(axis=1, keepdims=True)
    z = np.linalg.solve(np.linalg.cholesky(np.cov(z)), z)
    cost = correlation * z[0] + np.sqrt(1 - correlation**2) * z[1]
    return mean_cost + sd_cost * cost, mean_effect + sd_effect * z[0]


def normal_ceac(cost, effect, wtp):
    benefit = wtp * effect - cost
    return NormalDist().cdf(benefit.mean() / benefit.std(ddof=1))


def empirical_ceac(cost, effect, wtp):
    none = np.zeros_like(cost)
    return acceptability([none, cost], [none, effect], wtp).probability_most_cost_effective[0, 1]


def test_fieller_limits_are_where_the_normal_ceac_passes_the_level():
    draws = normal_draws(5_000, 0.25, 900, 0.06, 0.4)
    result = fieller_interval(*draws)
    assert result.kind == "interval" and result.icer == pytest.approx(20_000)
    assert normal_ceac(*draws, result.lower) == pytest.approx(0.025, abs=1e-9)
    assert normal_ceac(*draws, result.upper) == pytest.approx(0.975, abs=1e-9)


def test_fieller_with_a_known_effect_is_the_normal_interval_of_cost():
    cost, _ = normal_draws(5_000, 1, 900, 1)
    result = fieller_interval(cost, np.full(len(cost), 0.25))
    assert [result.lower, result.upper] == pytest.approx(
        [(5_000 - 1.959964 * 900) * 4, (5_000 + 1.959964 * 900) * 4], rel=1e-6
    )


def test_fieller_with_a_known_cost_inverts_the_interval_of_effect():
    _, effect = normal_draws(0, 0.25, 1, 0.05)
    result = fieller_interval(np.full(len(effect), 1_000.0), effect)
    assert [result.lower, result.upper] == pytest.approx(
        [1_000 / (0.25 + 1.959964 * 0.05), 1_000 / (0.25 - 1.959964 * 0.05)], rel=1e-6
    )


def test_fieller_with_an_effect_near_zero_and_a_certain_extra_cost_excludes_the_middle():
    draws = normal_draws(5_000, 0.02, 300, 0.1)
    result = fieller_interval(*draws)
    assert result.kind == "exclusive" and result.lower < 0 < result.upper
    for inside in (result.lower + 1, 0, result.upper - 1):
        assert normal_ceac(*draws, inside) < 0.025
    assert normal_ceac(*draws, result.upper + 1) > 0.025 < normal_ceac(*draws, result.lower - 1)


def test_fieller_with_cost_and_effect_near_zero_rules_nothing_out():
    result = fieller_interval(*normal_draws(100, 0.02, 3_000, 0.1))
    assert result.kind == "not defined" and np.isnan([result.lower, result.upper]).all()


@pytest.mark.parametrize("interval", [fieller_interval, percentile_interval])
def test_swapping_the_strategies_leaves_the_interval(interval):
    cost, effect = normal_draws(5_000, 0.25, 900, 0.06, 0.4)
    forth, back = interval(cost, effect), interval(-cost, -effect)
    assert (back.lower, back.upper, back.kind) == pytest.approx((forth.lower, forth.upper, "interval"))


@pytest.mark.parametrize("interval", [fieller_interval, percentile_interval])
def test_a_limit_is_negative_where_the_strategy_may_save_money(interval):
    draws = normal_draws(500, 0.5, 400, 0.05)
    result = interval(*draws)
    assert result.kind == "interval" and result.lower < 0 < result.upper


@pytest.mark.parametrize("interval", [fieller_interval, percentile_interval])
@pytest.mark.parametrize("cost, effect", [([5.0], [1.0]), ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])])
def test_one_draw_or_no_effect_has_no_interval(interval, cost, effect):
    result = interval(cost, effect)
    assert result.kind == "not defined" and np.isnan([result.lower, result.upper]).all()


def test_percentile_limits_are_the_percentiles_of_the_ratios_where_every_draw_gains():
    cost, effect = normal_draws(5_000, 0.25, 900, 0.03, 0.4)
    assert (effect > 0).all()
    result = percentile_interval(cost, effect)
    assert [result.lower, result.upper] == pytest.approx(np.quantile(cost / effect, [0.025, 0.975]))


def test_percentile_limits_are_where_the_ceac_passes_the_level():
    draws = normal_draws(5_000, 0.25, 900, 0.03, 0.4)
    result = percentile_interval(*draws)
    assert empirical_ceac(*draws, result.lower) == pytest.approx(0.025, abs=1 / 2_000)
    assert empirical_ceac(*draws, result.upper) == pytest.approx(0.975, abs=1 / 2_000)


def test_a_few_draws_that_lose_effect_push_the_upper_limit_and_do_not_turn_negative():
    # 980 draws have ICERs 1..980; 20 cost more and lose effect. A naive percentile of the ratios would
    # rank these 20 (about -1000) as the best bargains.
    cost = np.append(np.arange(1, 981.0), np.full(20, 100.0))
    effect = np.append(np.ones(980), np.full(20, -0.1))
    result = percentile_interval(cost, effect)
    assert result.lower == pytest.approx(1 + 0.025 * 999) and result.upper == pytest.approx(1 + 0.975 * 999)
    assert np.quantile(cost / effect, 0.01) < 0


def test_percentile_interval_is_not_defined_once_a_limit_falls_among_draws_that_lose_effect():
    cost, effect = np.full(100, 500.0), np.where(np.arange(100) < 4, -0.1, 1)
    assert percentile_interval(cost, effect).kind == "not defined"
    assert percentile_interval(cost, effect, level=0.9).upper == pytest.approx(500)


def test_both_intervals_agree_for_a_precise_normal_sample():
    draws = normal_draws(5_000, 0.25, 500, 0.02, n=20_000)
    one, other = fieller_interval(*draws), percentile_interval(*draws)
    # The standard error of a 2.5 % quantile of 20,000 draws is about 0.02 standard deviations.
    tolerance = 4 * 0.019 * (one.upper - one.lower) / 3.92
    assert [other.lower, other.upper] == pytest.approx([one.lower, one.upper], abs=tolerance)


def vaccine():
    tables = (pd.read_csv(reference_file("bcea_vaccine", f"{name}.csv")) for name in ("costs", "effects"))
    return tuple((table.Vaccination - table.StatusQuo).to_numpy() for table in tables)


def test_vaccine_icer_is_that_of_bcea():
    assert fieller_interval(*vaccine()).icer == pytest.approx(20_097.59, abs=0.005)


def test_vaccine_quadrants_agree_with_the_ceac_of_bcea_at_zero():
    shares = quadrant_shares(*vaccine())
    assert shares["south-east"] + shares["south-west"] == pytest.approx(0.02)


def test_vaccine_has_no_ordinary_interval_for_its_ceac_never_reaches_the_level():
    # 17 % of the draws lose effect, so BCEA's CEAC is 0.02 at 0 and only 0.697 at 50,000: no upper limit.
    # The extra cost is sure (2.01 standard deviations), so Fieller can still rule out a stretch around 0.
    cost, effect = vaccine()
    assert (effect < 0).mean() == 0.17
    fieller = fieller_interval(cost, effect)
    assert fieller.kind == "exclusive"
    assert normal_ceac(cost, effect, fieller.upper) == pytest.approx(0.025, abs=1e-9)
    assert percentile_interval(cost, effect).kind == "not defined"


def test_quadrant_shares_count_draws():
    shares = quadrant_shares([1, 1, -1, -1, 1], [1, 2, 1, -1, -3])
    assert shares == {"north-east": 0.4, "south-east": 0.2, "south-west": 0.2, "north-west": 0.2}


def test_a_draw_on_an_axis_is_shared_by_the_quadrants_beside_it():
    shares = quadrant_shares([1, 0, 0, 0], [0, 1, 0, 0])
    assert shares == {"north-east": 0.375, "south-east": 0.25, "south-west": 0.125, "north-west": 0.25}
    assert sum(shares.values()) == 1


def test_ellipse_holds_its_share_of_normal_draws_and_touches_the_given_distance():
    cost, effect = normal_draws(5_000, 0.25, 900, 0.06, 0.7, n=20_000)
    curve = ellipse(cost, effect, points=60)
    inverse = np.linalg.inv(np.cov(effect, cost))

    def distance(points):
        centred = points - [effect.mean(), cost.mean()]
        return np.einsum("pi,ij,pj->p", centred, inverse, centred)

    # 5.991 is the 95 % quantile of chi-square with 2 degrees of freedom.
    np.testing.assert_allclose(distance(curve), 5.991465, rtol=1e-6)
    inside = (distance(np.stack([effect, cost], axis=1)) < 5.991465).mean()
    assert inside == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 20_000))
    np.testing.assert_allclose(curve[0], curve[-1])


def test_ellipse_of_a_constant_effect_is_a_line():
    curve = ellipse([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    assert (curve[:, 0] == 0.5).all() and np.ptp(curve[:, 1]) > 1


def test_an_ellipse_of_one_draw_and_an_impossible_level_are_refused():
    with pytest.raises(ValueError, match="an ellipse needs at least two draws"):
        ellipse([1.0], [1.0])
    with pytest.raises(ValueError, match="level is 95: it must be between 0 and 1"):
        fieller_interval([1.0, 2.0], [1.0, 2.0], level=95)


@pytest.mark.parametrize("cost, effect", [(387.4906420594312, 2.0701508548779763), (3.3, 0.7), (-0.1 * 3, 0.3)])
def test_increments_that_are_the_same_in_every_draw_have_an_interval_of_one_point(cost, effect):
    found = fieller_interval([cost] * 50, [effect] * 50)
    assert (found.kind, found.lower, found.upper) == (
        "interval",
        pytest.approx(cost / effect),
        pytest.approx(cost / effect),
    )
    assert found.lower == found.upper


def test_draws_that_save_money_and_lose_effect_rank_as_if_dominated():
    """The cut is opposite the mean effect increment. Draws in the south-west are no bargains and no bad buys: where the strategy
    saves money in them, they rank below every ratio. 30 of 1,000 such draws lie beyond the 2.5 % limit on that side."""
    east = np.linspace(100, 1_000, 970)
    for lost, kind in ((30, "not defined"), (20, "interval")):
        cost = np.append(east[: 1_000 - lost], np.full(lost, -50.0))
        effect = np.append(np.ones(len(east[: 1_000 - lost])), np.full(lost, -0.1))
        found = percentile_interval(cost, effect)
        assert found.kind == kind
    # Ranked below: the lower limit is the ratio that 2.5 % of all draws, these included, lie below.
    assert found.lower == pytest.approx(np.quantile(np.append(east, np.full(20, -np.inf)), 0.025, method="linear"))
    assert found.upper == pytest.approx(np.quantile(np.append(east, np.full(20, -np.inf)), 0.975))


@pytest.mark.parametrize("interval", [fieller_interval, percentile_interval])
@pytest.mark.parametrize("cost, effect", [(-500, 0.5), (500, -0.5)])
def test_no_icer_stands_between_the_limits_where_one_strategy_dominates(interval, cost, effect):
    assert np.isnan(interval(*normal_draws(cost, effect, 100, 0.05)).icer)


def test_an_icer_of_savings_is_that_of_the_swapped_strategies():
    assert fieller_interval(*normal_draws(-500, -0.5, 10, 0.01)).icer == pytest.approx(1000)
