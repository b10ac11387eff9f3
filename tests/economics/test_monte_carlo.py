"""Simulation noise is taken out of a PSA: moments, CEAC and EVPI are those of the noiseless draws."""

import numpy as np
import pytest

from model.economics import acceptability
from model.economics.monte_carlo import without_noise

N = 20_000
NOISE = np.array([[4e6, 300.0], [300.0, 0.09]])


@pytest.fixture(scope="module")
def psa():
    """(true cost, true effect, simulated cost, simulated effect, noise) of two strategies."""
    generator = np.random.default_rng(1)
    true = generator.multivariate_normal([2000, 0.1], [[1e6, 50], [50, 0.04]], N)
    seen = true + generator.multivariate_normal([0, 0], NOISE, N)
    base = generator.normal([[10_000], [5]], [[500], [0.2]], (2, N))
    noise = np.broadcast_to(np.stack([np.zeros((2, 2)), NOISE])[:, None], (2, N, 2, 2))
    stack = [np.stack([base[k], base[k] + x[:, k]]) for x in (true, seen) for k in (0, 1)]
    return *stack, noise


def test_moments_are_those_without_noise(psa):
    cost, effect, seen_cost, seen_effect, noise = psa
    found = without_noise(seen_cost, seen_effect, noise)
    wanted = np.cov(cost[1] - cost[0], effect[1] - effect[0])
    np.testing.assert_allclose(
        np.cov(found.cost[1] - found.cost[0], found.effect[1] - found.effect[0]), wanted, rtol=0.1
    )
    assert found.cost[1].mean() == pytest.approx(seen_cost[1].mean()) and found.determined.all()
    # 4 of 5 parts of the variance of cost, 0.09 of 0.13 of that of the effect.
    assert found.noise_share[1] == pytest.approx((4 / 5 + 0.09 / 0.13) / 2, abs=0.02)


def test_ceac_and_evpi_are_those_without_noise(psa):
    cost, effect, seen_cost, seen_effect, noise = psa
    wtp = np.array([5000.0, 20_000, 60_000])
    made = without_noise(seen_cost, seen_effect, noise)
    truth, raw, found = (
        acceptability.acceptability(c, e, wtp)
        for c, e in ((cost, effect), (seen_cost, seen_effect), (made.cost, made.effect))
    )
    error = abs(found.probability_most_cost_effective - truth.probability_most_cost_effective).max()
    assert error < 0.02 < 0.1 < abs(raw.probability_most_cost_effective - truth.probability_most_cost_effective).max()
    np.testing.assert_allclose(found.evpi, truth.evpi, rtol=0.1)
    assert (raw.evpi > 1.5 * truth.evpi).all()


def test_no_noise_changes_nothing(psa):
    cost, effect, *_, noise = psa
    found = without_noise(cost, effect, np.zeros_like(noise))
    np.testing.assert_allclose(found.cost, cost)
    np.testing.assert_allclose(found.effect, effect)


def test_noise_above_what_is_seen_is_flagged(psa):
    *_, seen_cost, seen_effect, noise = psa
    found = without_noise(seen_cost, seen_effect, noise * 2)
    assert found.determined.tolist() == [True, False]
    assert np.ptp(found.cost[1] - found.cost[0]) == pytest.approx(0, abs=1e-6)


def test_a_strategy_with_equal_increments_is_left_as_it_is(psa):
    cost, effect, *_, noise = psa
    same = np.stack([cost[0], cost[0] + 100]), np.stack([effect[0], effect[0]])
    found = without_noise(*same, noise * 0)
    np.testing.assert_allclose(found.cost, same[0])
