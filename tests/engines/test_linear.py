"""Small matrix exponentials of many rows at once, against scipy.linalg.expm."""

import numpy as np
import pytest
from scipy.linalg import expm

from model.engines import linear
from model.engines.linear import Flow

ROWS = 7


def random_flows(states, seed, scale=1.0, density=0.6):
    """Flows between random pairs, with rates that spread over `scale`'s order of magnitude and below."""
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(states) for j in range(states) if i != j and rng.random() < density]
    return [Flow(i, j, scale * 10 ** rng.uniform(-6, 0, ROWS)) for i, j in pairs]


def generator(flows, states, row):
    matrix = np.zeros((states, states))
    for flow in flows:
        matrix[flow.target, flow.source] += flow.rate[row]
        matrix[flow.source, flow.source] -= flow.rate[row]
    return matrix


def dense(grid, row):
    """One row of a grid as a matrix."""
    return np.array([[0.0 if cell is None else np.broadcast_to(cell, (ROWS,))[row] for cell in line] for line in grid])


def exact(matrix):
    """(exp(A), phi1(A)) from the exponential of [[A, I], [0, 0]] (Van Loan 1978)."""
    n = len(matrix)
    whole = expm(np.block([[matrix, np.eye(n)], [np.zeros((n, n)), np.zeros((n, n))]]))
    return whole[:n, :n], whole[:n, n:]


@pytest.mark.parametrize("decay", [0.0, 0.03, 2.0])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("states", [2, 4, 7])
def test_exponential_is_scipys_for_mild_and_stiff_generators(states, scale, decay):
    flows = random_flows(states, states, scale, density=1.0)
    whole, mean = linear.exponential(flows, states, ROWS, decay)
    for row in range(ROWS):
        matrix = generator(flows, states, row) - decay * np.eye(states)
        for found, expected in zip((dense(whole, row), dense(mean, row)), exact(matrix)):
            np.testing.assert_allclose(found, expected, atol=2e-15 * max(1, scale))


def test_exponential_without_flows_is_the_identity():
    whole, mean = linear.exponential([], 3, ROWS)
    np.testing.assert_array_equal(dense(whole, 0), np.eye(3))
    np.testing.assert_array_equal(dense(mean, 0), np.eye(3))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 500.0])
def test_step_and_mean_of_the_integrator_are_those_of_the_exponential(scale):
    flows, rng = random_flows(4, 5, scale, density=1.0), np.random.default_rng(1)
    x, source = rng.dirichlet(np.ones(4), ROWS).T.copy(), rng.random((4, ROWS))
    end, mean = linear.advance(flows, x, linear.largest_exit(flows), source)
    for row in range(ROWS):
        # mass flows in evenly: a constant state 5 feeds the source
        matrix = np.zeros((5, 5))
        matrix[:4, :4], matrix[:4, 4] = generator(flows, 4, row), source[:, row]
        whole, average = exact(matrix)
        start = np.append(x[:, row], 1.0)
        np.testing.assert_allclose(end[:, row], (whole @ start)[:4], atol=1e-13 * max(1, scale))
        np.testing.assert_allclose(mean[:, row], (average @ start)[:4], atol=1e-13 * max(1, scale))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3, 1e6])
def test_columns_of_the_exponential_sum_to_1_and_are_probabilities(scale):
    whole, mean = linear.exponential(random_flows(5, 2, scale), 5, ROWS)
    for row in range(ROWS):
        for matrix in (dense(whole, row), dense(mean, row)):
            np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=1e-9)
            assert matrix.min() > -1e-12


def test_step_by_probabilities_keeps_the_complement():
    flows = [Flow(0, 1, np.full(ROWS, 0.3)), Flow(0, 2, np.full(ROWS, 0.2)), Flow(1, 0, np.full(ROWS, 0.4))]
    expected = [[0.5, 0.4, 0], [0.3, 0.6, 0], [0.2, 0, 1]]
    np.testing.assert_allclose(dense(linear.stay_and_move(flows, 3, ROWS), 0), expected, rtol=1e-15)


@pytest.mark.parametrize("fast", [1e3, 1e6, 1e9, 1e12])
def test_a_slow_rate_beside_a_fast_one_keeps_its_digits(fast):
    """0 -> 1 at 0.01, at once on to 2, which 0.02 leave: closed form of a chain."""
    one = np.ones(1)
    flows = [Flow(0, 1, 0.01 * one), Flow(1, 2, fast * one), Flow(2, 3, 0.02 * one)]
    whole, mean = (
        np.array([0.0 if line[0] is None else line[0][0] for line in grid]) for grid in linear.exponential(flows, 4, 1)
    )
    assert whole[0] == pytest.approx(np.exp(-0.01), rel=1e-14) and whole.sum() == pytest.approx(1, rel=1e-14)
    assert mean[1] * fast == pytest.approx(-np.expm1(-0.01), rel=2 / fast + 1e-12)
    assert mean.sum() == pytest.approx(1, rel=1e-14)
