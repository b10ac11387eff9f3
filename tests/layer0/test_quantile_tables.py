"""Tables of quantile functions, against the searches that they save (SciPy)."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaincinv, gammaincinv

from model import distributions, quantile_tables

U = np.concatenate([np.random.default_rng(5).random(3000), [1e-300, 1e-18, 1e-9, 0.5, 1 - 1e-9, 1 - 2.0**-53]])
SHAPES = [1e-3, 0.02, 0.1, 0.3, 0.5, 1, 1.39, 2.7, 9, 30, 1e3, 1e6]


@pytest.mark.parametrize("shape", SHAPES)
def test_gamma(shape):
    made = distributions.make("gamma", (), {"shape": shape, "rate": 0.3})
    np.testing.assert_allclose(made.sampled(U), gammaincinv(shape, U) / 0.3, rtol=1e-11)


@pytest.mark.parametrize("a, b", [(42, 8), (3, 800), (1, 1), (0.5, 0.5), (0.02, 0.05), (30, 0.4), (8e4, 2e4), (2, 1e5)])
def test_beta(a, b):
    made = distributions.make("beta", (), {"a": a, "b": b})
    np.testing.assert_allclose(made.sampled(U), betaincinv(a, b, U), rtol=1e-11)


def test_dirichlet():
    counts = np.array([0.2, 3.0, 40.0])
    u = np.random.default_rng(6).random((3, 2000))
    gammas = stats.gamma.ppf(u, counts[:, None])
    made = distributions.make("dirichlet", (), {"counts": counts})
    np.testing.assert_allclose(made.quantile(u), gammas / gammas.sum(axis=0), rtol=1e-9, atol=1e-300)


def test_a_value_does_not_depend_on_what_is_asked_for_with_it():
    made = distributions.make("gamma", (), {"mean": 32300, "cv": 0.61})
    whole = made.sampled(U)
    assert np.array_equal(made.sampled(U[:7]), whole[:7])
    assert np.array_equal(made.sampled(U[::-1]), whole[::-1])
    assert np.array_equal(made.sampled(U[:3000].reshape(60, 50)), whole[:3000].reshape(60, 50))


def test_few_searches_for_many_values():
    """2,000 values of a smooth quantile take the searches of some thirty intervals, not 2,000."""
    asked = []

    def counted(u):
        asked.append(np.size(u))
        return gammaincinv(2.7, u)

    quantile_tables.values(counted, np.random.default_rng(7).random(2000), quantile_tables.LOG)
    assert sum(asked) < 300


def test_where_a_polynomial_does_not_hold_values_are_searched():
    def kinked(u):
        return np.where(u < 0.3, u, 0.3 + 5 * (u - 0.3)) + 1

    u = np.linspace(0.001, 0.999, 999)
    np.testing.assert_allclose(quantile_tables.values(kinked, u, quantile_tables.LOG), kinked(u), rtol=1e-11)
