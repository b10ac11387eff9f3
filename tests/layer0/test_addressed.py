"""Thresholds are uniform (exponential), independent across neighbouring addresses, and depend on the address only."""

import numpy as np
import pytest
from scipy import stats

from model import addressed

PATIENTS, DRAWS, VISITS = np.arange(400), np.arange(50), np.arange(1, 11)
LEVEL = 0.001


def block(seed=1, purpose="well -> dead"):
    """Uniforms [draw, patient, visit]."""
    streams = addressed.of_draws(addressed.key(seed, purpose), DRAWS)
    return addressed.uniforms(streams[:, None, None], PATIENTS[:, None], VISITS)


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_uniforms_are_uniform(seed):
    assert stats.kstest(block(seed).ravel(), "uniform").pvalue > LEVEL


def test_every_bit_is_set_half_of_the_time():
    bits = (block().ravel() * 2**52).astype(np.uint64)
    share = [((bits >> np.uint64(b)) & np.uint64(1)).mean() for b in range(52)]
    assert np.abs(np.array(share) - 0.5).max() < 4.5 * 0.5 / np.sqrt(bits.size)


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["draw", "patient", "visit"])
@pytest.mark.parametrize("lag", [1, 2, 3, 7])
def test_neighbours_are_independent(axis, lag):
    """Pairs of neighbours fill the cells of a 16 x 16 table evenly."""
    u = np.moveaxis(block(), axis, 0)
    counts = np.histogram2d(u[:-lag].ravel(), u[lag:].ravel(), bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(counts.ravel()).pvalue > LEVEL


@pytest.mark.parametrize("other", [block(2), block(1, "well -> ill"), block(1, "well -> dead ")])
def test_other_seeds_and_purposes_are_independent(other):
    counts = np.histogram2d(block().ravel(), other.ravel(), bins=16, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(counts.ravel()).pvalue > LEVEL


def test_no_two_addresses_share_a_number():
    assert len(np.unique(block())) == block().size


def test_exponentials_are_exponential():
    streams = addressed.of_draws(addressed.key(1, "a"), DRAWS)
    found = addressed.exponentials(streams[:, None], np.arange(2000))
    assert stats.kstest(found.ravel(), "expon").pvalue > LEVEL
    assert found.min() > 0


def test_a_number_depends_on_its_address_only():
    streams = addressed.of_draws(addressed.key(3, "x"), [7, 4])
    alone = addressed.of_draws(addressed.key(3, "x"), 4)
    assert addressed.exponentials(streams[:, None], np.arange(9), 2)[1, 5] == addressed.exponentials(alone, 5, 2)[0]
