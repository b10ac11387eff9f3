"""Times that were reached by adding are the times that were written down."""

import numpy as np
import pytest

from model import instants


def test_a_whole_number_reached_by_adding_is_reached():
    weeks = np.full(52, 0.1).cumsum() * 10
    assert (weeks != np.arange(1, 53)).any()
    assert (instants.floor(weeks) == np.arange(1, 53)).all()
    assert (instants.ceil(weeks) == np.arange(1, 53)).all()


@pytest.mark.parametrize(
    "count, of, whole", [(3.0, 3, True), (3 + 1e-10, 3, True), (3.01, 3, False), (1e6 + 1e-4, 1e6, True)]
)
def test_whole(count, of, whole):
    assert instants.is_whole(count, of) is whole


def test_the_end_is_not_before_the_end_but_for_rounding():
    end = sum([0.1] * 10)
    assert end < 1 and instants.reaches(end, 1.0) and not instants.before(end, 1.0)
    assert instants.before(0.999, 1.0) and not instants.reaches(0.999, 1.0)


def test_of_times_that_are_one_the_first_is_kept():
    assert instants.distinct(np.array([2.0, 0.0, 1.0, 1.0 + 1e-10]), 2.0).tolist() == [0.0, 1.0, 2.0]
    assert instants.same(1.0, 1.0 + 1e-10) and not instants.same(1.0, 1.1)


def test_the_piece_in_force_is_the_last_that_has_started():
    starts = np.array([0.0, 0.3, 1.0])
    assert instants.in_force(starts, np.array([-1.0, 0.0, 0.1 + 0.2 - 1e-12, 0.5, 7.0])).tolist() == [-1, 0, 1, 1, 2]
