"""How numbers are written for people."""

import numpy as np
import pytest

from model.report import numbers


@pytest.mark.parametrize(
    "value, digits, text",
    [(1234567.4, 0, "1,234,567"), (-0.25, 2, "−0.25"), (-0.001, 1, "0.0"), (np.nan, 2, "-"), (np.inf, 0, "-")],
)
def test_a_number(value, digits, text):
    assert numbers.number(value, digits) == text


@pytest.mark.parametrize("value, text", [(12.4, "+12"), (-12.4, "−12"), (0.2, "0"), (-0.2, "0"), (np.nan, "-")])
def test_a_change_has_its_sign(value, text):
    assert numbers.signed(value) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (0.48771, "0.4877"),
        (22.0647, "22.06"),
        (34000.0, "34,000"),
        (-2.5, "−2.5"),
        (999.96, "1,000"),
        (0.0, "0"),
        (-0.0, "0"),
        (np.nan, "-"),
    ],
)
def test_one_number_alone(value, text):
    assert numbers.brief(value) == text


@pytest.mark.parametrize(
    "values, digits",
    [
        ([22.0647, 20.1], 2),  # a small model
        ([34123.4, 12000.0], 0),
        ([34123.4, 12.0], 0),
        ([34123.4, 0.31], 2),  # cents, no more
        ([34123.4, 1e-7], 0),  # what rounding leaves
        ([0.00312, 0.002], 6),
        ([999.96], 0),  # 1,000 in four figures
        ([99.99], 2),
        ([0.0, np.nan], 0),
        ([], 0),
    ],
)
def test_a_column_has_the_digits_that_it_needs(values, digits):
    assert numbers.places(values) == digits
    assert {len(text.partition(".")[2]) for text in numbers.column(values) if text != "-"} <= {digits}


@pytest.mark.parametrize("values, digits", [([0.5, 0.03], 4), ([9.1, 0.0], 4), ([234.0, 0.31], 2), ([0.00001], 8)])
def test_effects_have_four_decimals_where_they_are_small(values, digits):
    assert numbers.effect_places(values) == digits


@pytest.mark.parametrize(
    "value, text", [(50_000, "50,000"), (0.5, "0.5"), (0.035, "0.035"), (99.95, "99.95"), (1234.5, "1,234.5")]
)
def test_what_was_stated_is_written_as_it_was(value, text):
    assert numbers.stated(value) == text


@pytest.mark.parametrize(
    "shares, texts",
    [
        ([1 / 3, 1 / 3, 1 / 3], ["33.4 %", "33.3 %", "33.3 %"]),
        ([0.0005, 0.9995], ["0.1 %", "99.9 %"]),
        ([1.0, 0.0], ["100.0 %", "0.0 %"]),
        ([0.2, 0.3], ["20.0 %", "30.0 %"]),  # no shares of one whole
        ([np.nan, 0.5], ["-", "50.0 %"]),
        ([], []),
    ],
)
def test_shares_add_up_to_a_hundred(shares, texts):
    assert numbers.shares(shares) == texts


def test_any_shares_of_a_whole_add_up_to_a_hundred_and_move_by_less_than_a_tenth():
    for parts in np.random.default_rng(1).dirichlet([0.3] * 7, 200):
        written = [float(text.removesuffix(" %")) for text in numbers.shares(parts)]
        assert round(sum(written), 6) == 100.0
        assert np.abs(np.array(written) - 100 * parts).max() < 0.1


@pytest.mark.parametrize(
    "value, word, text",
    [
        (1, "year", "1 year"),
        (10, "year", "10 years"),
        (0.5, "year", "0.5 years"),
        (1500, "draw", "1,500 draws"),
        (2, "strategy", "2 strategies"),
        (3, "day", "3 days"),
        (2, "QALY", "2 QALYs"),
        (0, "life-year", "0 life-years"),
        (2, "day (Days able to walk)", "2 days (Days able to walk)"),
        (2, "months", "2 months"),
        (2, "branch", "2 branches"),
        (12_345_678, "patient", "12,345,678 patients"),
    ],
)
def test_units_have_plurals(value, word, text):
    assert numbers.count(value, word) == text


def test_rates_intervals_and_increments():
    assert [numbers.rate(r) for r in (0.03, 0.035, 0.0)] == ["3 %", "3.5 %", "0 %"]
    assert numbers.interval(-1234.4, 5678, 0) == "−1,234 to 5,678"
    assert numbers.interval(np.nan, np.nan) == "-"
    assert numbers.percent(-0.123) == "−12.3 %"
    assert numbers.versus("B", "A") == "B versus A"
