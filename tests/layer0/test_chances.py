"""Random numbers addressed by meaning: the same address the same numbers, another address independent ones."""

import inspect

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

from model import chances


def test_the_same_address_gives_the_same_numbers_whatever_was_drawn_before():
    first = chances.uniforms(1, 5, "parameter", "a")
    chances.uniforms(1, 1000, "parameter", "b")
    assert (chances.uniforms(1, 5, "parameter", "a") == first).all()


def test_the_numbers_do_not_change_from_release_to_release():
    """A run recorded in a manifest can be repeated: these numbers are part of the promise."""
    assert chances.uniforms(1, 3, "parameter", "a").tolist() == pytest.approx(
        [0.5128321709038413, 0.33570065320998754, 0.49441567072349957], abs=1e-15
    )


def test_a_shorter_call_gives_the_first_of_a_longer_one():
    assert (chances.uniforms(2, 10, "x") == chances.uniforms(2, 1000, "x")[:10]).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "a"), (2, "a")),
        ((1, "a"), (1, "b")),
        ((1, "a", "b"), (1, "ab")),
        ((1, "a", 12), (1, "a", 1, 2)),
        ((1, "1"), (11,)),
    ],
)
def test_other_addresses_are_independent(one, other):
    a, b = (chances.uniforms(address[0], 4000, *address[1:]) for address in (one, other))
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(4000)


def test_uniforms_are_uniform_and_inside_the_open_interval():
    u = chances.uniforms(3, 100_000, "x")
    assert u.min() > 0 and u.max() < 1 and stats.kstest(u, "uniform").pvalue > 0.001


def test_latin_hypercube_has_one_point_in_each_stratum_in_random_order():
    u = chances.latin_hypercube(1, 1000, "x")
    assert sorted(np.floor(u * 1000)) == list(range(1000)) and u.min() > 0 and u.max() < 1
    assert abs(np.corrcoef(u, np.arange(1000))[0, 1]) < 4 / np.sqrt(1000)
    assert abs(np.corrcoef(u, chances.latin_hypercube(1, 1000, "y"))[0, 1]) < 4 / np.sqrt(1000)


def test_scrambled_sobol_points_keep_their_one_point_in_each_elementary_interval():
    """The first 2^m points of one dimension are one in each of 2^m strata; of two dimensions, a (0, m, 2) net."""
    u = chances.sobol(5, 256, [("a",), ("b",)])
    for row in u:
        assert sorted(np.floor(row * 256)) == list(range(256))
    for k in range(9):
        cells = {(int(a * 2**k), int(b * 2 ** (8 - k))) for a, b in u.T}
        assert len(cells) == 256, k


def test_scrambled_sobol_points_are_as_even_as_scipys_and_uniform_over_seeds():
    points = chances.sobol(1, 512, [(str(i),) for i in range(6)])
    name = "rng" if "rng" in inspect.signature(qmc.Sobol).parameters else "seed"  # SciPy before 1.15
    scipys = qmc.Sobol(6, **{name: np.random.default_rng(1)}).random_base2(9)
    assert qmc.discrepancy(points.T) == pytest.approx(qmc.discrepancy(scipys), rel=0.5)
    over_seeds = np.array([chances.sobol(seed, 4, [("a",), ("b",)])[:, 2] for seed in range(2000)])
    assert (
        stats.kstest(over_seeds[:, 0], "uniform").pvalue > 0.001
        and stats.kstest(over_seeds[:, 1], "uniform").pvalue > 0.001
    )


def test_a_sobol_dimension_added_at_the_end_changes_no_other():
    two, three = chances.sobol(1, 50, [("a",), ("b",)]), chances.sobol(1, 50, [("a",), ("b",), ("c",)])
    assert (two == three[:2]).all()
