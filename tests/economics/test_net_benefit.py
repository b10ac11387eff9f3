"""Net benefit against its definition, computed draw by draw."""

import numpy as np
import pytest

from model.economics.incremental import increments
from model.economics.net_benefit import mean_net_benefit, net_monetary_benefit

WTP = np.array([0, 20_000, 50_000.0])


@pytest.fixture
def psa():
    rng = np.random.default_rng(11)
    effect = rng.normal(5, 1, (3, 400))
    return 1_000 * effect + rng.normal(9_000, 800, (3, 400)), effect


def test_net_monetary_benefit_is_wtp_times_effect_less_cost():
    # 2 QALYs valued at 30,000 each, bought for 45,000.
    assert net_monetary_benefit([[45_000]], [[2]], 30_000).tolist() == [[[15_000]]]


def test_means_and_standard_errors_are_those_of_the_draws(psa):
    result = mean_net_benefit(*psa, WTP)
    draws = net_monetary_benefit(*psa, WTP)
    assert draws.shape == (3, 3, 400) and result.nmb.shape == (3, 3)
    np.testing.assert_allclose(result.nmb, draws.mean(axis=2), rtol=1e-12)
    np.testing.assert_allclose(result.nmb_se, draws.std(axis=2, ddof=1) / 20, rtol=1e-10)  # sqrt(400) = 20


def test_net_health_benefit_is_effect_less_cost_over_wtp_and_not_defined_at_zero(psa):
    result = mean_net_benefit(*psa, WTP)
    draws = psa[1] - psa[0] / 50_000
    np.testing.assert_allclose(result.nhb[2], draws.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(result.nhb_se[2], draws.std(axis=1, ddof=1) / 20, rtol=1e-10)
    assert np.isnan(result.nhb[0]).all() and np.isnan(result.nhb_se[0]).all()


def test_increments_give_incremental_net_benefit_with_a_paired_standard_error(psa):
    draws = net_monetary_benefit(*psa, WTP)
    paired = draws - draws[:, :1]
    result = mean_net_benefit(*increments(*psa, 0), WTP)
    np.testing.assert_allclose(result.nmb_se, paired.std(axis=2, ddof=1) / 20, rtol=1e-10, atol=1e-12)


def test_one_draw_has_no_standard_error():
    result = mean_net_benefit([[100.0]], [[1.0]], 200)
    assert result.nmb[0, 0] == 100 and np.isnan(result.nmb_se[0, 0])


def test_cost_and_effect_that_move_together_leave_no_variance():
    effect = np.array([[0.1, 0.7, 0.9]])
    assert mean_net_benefit(30_000 * effect, effect, 30_000).nmb_se[0, 0] == pytest.approx(0, abs=1e-3)


def test_a_negative_threshold_is_refused(psa):
    with pytest.raises(ValueError, match="wtp holds -1: a willingness to pay is 0 or more"):
        mean_net_benefit(*psa, [-1, 5])
