"""Simpson's rule on the boundary points of cycles: an odd number ends with the 3/8 rule."""

import numpy as np
import pytest
from runs import base_case, outcome, write_scenario

from model.engines.conventions import shares, simpson_points

CUBIC = np.polynomial.Polynomial([2.0, -3.0, 0.5, 1.25])
EVEN, ODD = (2, 4, 10, 40), (3, 5, 7, 41, 75)
HAZARD = 0.3


def integral(polynomial, upper):
    return polynomial.integ()(upper)


@pytest.mark.parametrize("cycles", EVEN + ODD)
def test_a_cubic_is_integrated_exactly(cycles):
    assert simpson_points(cycles) @ CUBIC(np.arange(cycles + 1)) == pytest.approx(integral(CUBIC, cycles), rel=1e-13)


@pytest.mark.parametrize("cycles", EVEN + ODD)
def test_shares_of_starts_and_ends_of_cycles_make_the_same_integral(cycles):
    start, end = shares("simpson", cycles)
    values = CUBIC(np.arange(cycles + 1))
    assert start @ values[:-1] + end @ values[1:] == pytest.approx(integral(CUBIC, cycles), rel=1e-13)
    assert start.sum() + end.sum() == pytest.approx(cycles)


@pytest.mark.parametrize("cycles", EVEN)
def test_weights_are_symmetric_and_those_of_the_rule(cycles):
    points = simpson_points(cycles)
    assert points.tolist() == points[::-1].tolist()
    assert points * 3 == pytest.approx([1, *([4, 2] * cycles)[: cycles - 1], 1])


def test_one_cycle_is_counted_by_the_trapezoid():
    assert simpson_points(1).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("cycles", [4, 5, 20, 21])
def test_life_years_of_a_scenario_converge_with_the_fourth_power_of_the_cycle(cycles, tmp_path):
    """Three times the cycles, an 81st of the error: an odd number stays odd."""
    path = write_scenario(
        tmp_path,
        f"""
states: {{alive: {{start: 1, utility: 1}}, dead: {{}}}}
transitions: [{{from: alive, to: dead, rate: {HAZARD} per year}}]
""",
    )
    exact, errors = -np.expm1(-HAZARD * 10) / HAZARD, []
    for n in (cycles, 3 * cycles):
        settings = ["horizon=10 years", f"cycle={10 / n!r} years", "convention=simpson"]
        errors.append(outcome(base_case(path, *settings), "life_years")[0] - exact)
    assert np.log(errors[0] / errors[1]) / np.log(3) == pytest.approx(4, abs=0.3)
