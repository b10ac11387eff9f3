"""Sums over all earlier steps, against sums one by one, and how much work they are."""

import numpy as np
import pytest

from model.engines import causal, lags
from model.engines.causal import NEAR, Earlier
from model.engines.lags import Table

ROWS = 3


def table(steps, background=None):
    """A Weibull hazard in time in state, another size in each row."""
    size, shape = np.array([0.02, 0.2, 1.0]), np.array([1.5, 0.7, 1.0])

    def rise(_, part):
        age = np.arange(part.start, part.stop + 1)[:, None]
        return np.diff((size * age / 4) ** shape, axis=0)

    return Table(steps, ROWS, rise, {0: 1.0}, background)


def run(sums, entries, mass):
    """[step, exposed | transition, row], entries coming to be known step by step."""
    found = []
    for step in range(1, len(entries) + 1):
        mass[step - 1] = entries[step - 1]
        found.append(sums.at(step).copy())
    return np.array(found)


@pytest.mark.parametrize("steps", [1, NEAR - 1, NEAR, NEAR + 1, 5 * NEAR, 400])
def test_sums_by_blocks_are_sums_one_by_one(steps):
    made, entries = table(steps, np.full(ROWS, 0.01)), np.random.default_rng(1).random((steps, ROWS))
    mass = np.zeros((steps + 1, ROWS))
    found = run(Earlier(made, mass, 0, steps + 1, [(0.0, 1.0)]), entries, mass)
    for step in range(1, steps + 1):
        for place, share in enumerate((made.there, made.leaving[0])):
            plain = sum(entries[e] * share[step - 1 - e] for e in range(step))
            np.testing.assert_allclose(found[step - 1, place], plain, rtol=1e-13)


@pytest.mark.parametrize("scale", [0.01, 0.1, 0.6, 4.0])
def test_a_background_that_changes_is_beside_the_table(scale):
    """Each bin aged by itself, with the mean survival of a step in closed form."""
    steps, rng = 150, np.random.default_rng(2)
    made, entries, background = table(steps), rng.random((steps, ROWS)), scale * rng.random((steps + 1, ROWS))
    points = lags.nodes(made.there.max() + background.max())
    mass, reached = np.zeros((steps + 1, ROWS)), np.concatenate([np.zeros((1, ROWS)), np.cumsum(background, axis=0)])
    found = run(Earlier(made, mass, 0, steps + 1, points, reached), entries, mass)
    left = np.zeros((steps, ROWS))
    for step in range(1, steps + 1):
        left[step - 1] = entries[step - 1]
        own = made.there[:step][::-1]
        total = own + background[step]
        exposed = left[:step] * -np.expm1(-total) / total
        np.testing.assert_allclose(found[step - 1, 0], exposed.sum(axis=0), rtol=2e-13)
        np.testing.assert_allclose(found[step - 1, 1], (own * exposed).sum(axis=0), rtol=2e-13)
        left[:step] *= np.exp(-total)


@pytest.mark.parametrize(("most", "count"), lags.NODES)
def test_points_of_a_step_give_its_mean_survival(most, count):
    points = lags.nodes(most)
    assert len(points) == count
    for total in np.linspace(0, most, 50):
        mean = sum(weight * np.exp(-total * point) for point, weight in points)
        assert mean == pytest.approx(lags.mean_survival(np.array(total)), rel=2e-14)


def test_there_are_no_points_for_hazards_that_are_too_large():
    assert lags.nodes(10.0) is None


def test_a_row_does_not_depend_on_those_beside_it(monkeypatch):
    steps = 200
    entries = np.random.default_rng(1).random((steps, ROWS))
    found = []
    for at_once in (causal.AT_ONCE, 1):
        monkeypatch.setattr(causal, "AT_ONCE", at_once)
        mass = np.zeros((steps + 1, ROWS))
        found.append(run(Earlier(table(steps, np.zeros(ROWS)), mass, 0, steps + 1, [(0.0, 1.0)]), entries, mass))
    assert np.array_equal(*found)


def test_the_work_grows_with_the_steps_and_not_with_their_square(monkeypatch):
    """Numbers multiplied one by one, and numbers transformed, a step and row: the logarithm's square at most."""
    work = {}
    for steps in (512, 4096):
        counted = [0, 0]
        summed, transform = causal._summed, np.fft.irfft

        def note(mass, shares, summed=summed, counted=counted):
            counted[0] += len(mass)
            return summed(mass, shares)

        def inverse(values, size, transform=transform, counted=counted):
            counted[1] += size
            return transform(values, size)

        with monkeypatch.context() as patch:
            patch.setattr(causal, "_summed", note)
            patch.setattr(np.fft, "irfft", inverse)
            mass = np.zeros((steps + 1, ROWS))
            run(Earlier(table(steps, np.zeros(ROWS)), mass, 0, steps + 1, [(0.0, 1.0)]), np.ones((steps, ROWS)), mass)
        work[steps] = [count / steps for count in counted]
    assert work[4096][0] <= NEAR / 2
    assert work[4096][1] <= 2.2 * work[512][1]
