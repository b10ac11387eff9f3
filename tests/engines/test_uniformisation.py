"""Stretches of constant rates by uniformisation, against SciPy's matrix exponential and a closed form."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import gamma

from model.engines import linear, uniformisation
from model.engines.linear import Flow

ROWS = 5
DECAYS = [0.0, 0.03, 2.0]


def chain(states, scale, seed=3):
    """One state after the other, some steps back, the last from everywhere; rates of many sizes."""
    rng = np.random.default_rng(seed)
    pairs = [(i, i + 1) for i in range(states - 1)] + [(i, i - 1) for i in range(1, states - 1, 2)]
    pairs += [(i, states - 1) for i in range(states - 2)]
    return [Flow(i, j, scale * 10 ** rng.uniform(-2, 0, ROWS)) for i, j in pairs]


def dense(flows, states, row):
    matrix = np.zeros((states, states))
    for flow in flows:
        matrix[flow.target, flow.source] += flow.rate[row]
        matrix[flow.source, flow.source] -= flow.rate[row]
    return matrix


def expected(matrix, x, decay):
    """(exp(A) x, phi1(A - d I) x) (Van Loan 1978)."""
    n = len(matrix)
    zeros, less = np.zeros((n, n)), matrix - decay * np.eye(n)
    return expm(matrix) @ x, expm(np.block([[less, np.eye(n)], [zeros, zeros]]))[:n, n:] @ x


@pytest.mark.parametrize("scale", [1e-5, 0.1, 3.0, 40.0, 300.0, 1e4])
@pytest.mark.parametrize("states", [3, 6, 9, 20])
def test_end_and_means_are_scipys(states, scale):
    flows, x = chain(states, scale), np.random.default_rng(1).dirichlet(np.ones(states), ROWS).T.copy()
    end, means = uniformisation.solve(flows, x, DECAYS)
    for row in range(ROWS):
        matrix = dense(flows, states, row)
        for mean, decay in zip(means, DECAYS):
            whole, average = expected(matrix, x[:, row], decay)
            np.testing.assert_allclose(end[:, row], whole, atol=2e-15 * max(10, scale))
            np.testing.assert_allclose(mean[:, row], average, atol=2e-15 * max(10, scale))


@pytest.mark.parametrize("scale", [0.1, 3.0, 1e4])
@pytest.mark.parametrize("states", [6, 20])
def test_matrices_of_many_states_are_those_of_few(states, scale):
    flows = chain(states, scale)
    for found, known in zip(uniformisation.exponential(flows, states, ROWS), linear.exponential(flows, states, ROWS)):
        for line, same in zip(found, known):
            for cell, other in zip(line, same):
                np.testing.assert_allclose(0 * np.ones(ROWS) if cell is None else cell, 0 if other is None else other,
                                           atol=1e-13)  # fmt: skip


def test_small_occupancies_keep_their_digits():
    """The last of 12 states in a row at one rate: a gamma distribution, 1e-24 here."""
    rate, states = 0.02, 12
    flows = [Flow(i, i + 1, np.full(1, rate)) for i in range(states - 1)]
    x = np.eye(states)[:, :1].copy()
    end, _ = uniformisation.solve(flows, x, [0.0])
    assert end[-1, 0] == pytest.approx(gamma.cdf(1, states - 1, scale=1 / rate), rel=1e-12)


def test_a_row_does_not_depend_on_those_beside_it():
    flows, x = chain(9, 30.0), np.random.default_rng(1).dirichlet(np.ones(9), ROWS).T.copy()
    end, means = uniformisation.solve(flows, x, DECAYS)
    for row in range(ROWS):
        alone = [Flow(f.source, f.target, f.rate[row : row + 1]) for f in flows]
        one, some = uniformisation.solve(alone, x[:, row : row + 1].copy(), DECAYS)
        assert np.array_equal(end[:, row], one[:, 0])
        assert all(np.array_equal(mean[:, row], mine[:, 0]) for mean, mine in zip(means, some))


@pytest.mark.parametrize("states", [20, 60])
def test_the_work_grows_with_the_transitions_not_with_the_cube_of_the_states(states, monkeypatch):
    """No product of matrices; as many terms for 60 states as for 20, each a product a transition."""
    flows, asked = chain(states, 20.0), []
    known = uniformisation._weights
    monkeypatch.setattr(linear, "multiply", None)
    monkeypatch.setattr(uniformisation, "_weights", lambda q, decays: asked.append(known(q, decays)) or asked[-1])
    x = np.full((states, ROWS), 1 / states)
    uniformisation.solve(flows, x, [0.0])
    uniformisation.exponential([Flow(f.source, f.target, f.rate / 40) for f in flows], states, ROWS)
    assert max(weights.shape[1] for weights in asked) < 64 + 10 * 8 + 27


@pytest.mark.parametrize("scale", [1e-5, 0.1, 3.0, 300.0])
@pytest.mark.parametrize(("states", "steps"), [(6, 3), (20, 40), (20, 700)])
def test_sums_over_steps_are_scipys(states, steps, scale):
    flows, x = chain(states, scale), np.random.default_rng(1).dirichlet(np.ones(states), ROWS).T.copy()
    weights = np.random.default_rng(2).uniform(0, 1, (steps, 2))
    end, sums = uniformisation.sums(flows, x, weights)
    for row in range(ROWS):
        step, now = expm(dense(flows, states, row)), x[:, row]
        known = np.zeros((2, states))
        for weight in weights:
            known += weight[:, None] * now
            now = step @ now
        np.testing.assert_allclose(end[:, row], now, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(sums[:, :, row], known, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(end.sum(axis=0), 1, rtol=1e-12)  # as many as there were


def test_a_row_of_sums_does_not_depend_on_those_beside_it():
    flows, x = chain(20, 30.0), np.random.default_rng(1).dirichlet(np.ones(20), ROWS).T.copy()
    weights = np.random.default_rng(2).uniform(0, 1, (50, 3))
    end, sums = uniformisation.sums(flows, x, weights)
    for row in range(ROWS):
        alone = [Flow(f.source, f.target, f.rate[row : row + 1]) for f in flows]
        one, some = uniformisation.sums(alone, x[:, row : row + 1].copy(), weights)
        assert np.array_equal(end[:, row], one[:, 0]) and np.array_equal(sums[:, :, row], some[:, :, 0])


@pytest.mark.parametrize("states", [20, 60])
def test_steps_of_many_states_need_no_matrix(states, monkeypatch):
    """Sums over 40 steps are sums over terms, as many for 60 states as for 20."""
    flows, terms = [Flow(f.source, f.target, np.full(ROWS, 0.15)) for f in chain(states, 1.0)], []
    mixture = uniformisation._mixture
    monkeypatch.setattr(uniformisation, "exponential", None)
    monkeypatch.setattr(uniformisation, "_mixture", lambda *given: terms.append(given[-1].shape[1]) or mixture(*given))
    uniformisation.sums(flows, np.full((states, ROWS), 1 / states), np.ones((40, 2)))
    assert sum(terms) == int(20 + 10 * np.sqrt(20) + 25) + 1  # 40 cycles of half an exit at most
