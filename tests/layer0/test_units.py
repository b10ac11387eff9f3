"""Units of time and money: read, converted, refused."""

import math

import numpy as np
import pytest

from model.units import (
    DAYS,
    MONEY,
    MONEY_PER_TIME,
    NUMBER,
    PER_TIME,
    TIME,
    Dimension,
    UnitError,
    days_in,
    duration,
    parse_unit,
)


@pytest.mark.parametrize(
    ("text", "dimension", "in_days"),
    [
        ("per day", PER_TIME, 1),
        ("per week", PER_TIME, 1 / 7),
        ("per year", PER_TIME, 1 / 365.25),
        ("per month", PER_TIME, 12 / 365.25),
        ("per hour", PER_TIME, 24),
        ("USD", MONEY, 1),
        ("USD per day", MONEY_PER_TIME, 1),
        ("USD per 3 weeks", MONEY_PER_TIME, 1 / 21),
        ("USD per 21 days", MONEY_PER_TIME, 1 / 21),
        ("per 6 months", PER_TIME, 2 / 365.25),
        ("USD per year", MONEY_PER_TIME, 1 / 365.25),
        ("events per year", PER_TIME, 1 / 365.25),
        ("year", TIME, 365.25),
        ("days", TIME, 1),
        ("QALY", TIME, 365.25),
        ("QALYs", TIME, 365.25),
        ("probability", NUMBER, 1),
        ("utility", NUMBER, 1),
        ("", NUMBER, 1),
        ("hazard ratio", NUMBER, 1),
        ("%", NUMBER, 0.01),
    ],
)
def test_one_of_each_unit_in_a_model_of_days(text, dimension, in_days):
    unit = parse_unit(text, "USD")
    assert unit.dimension == dimension and unit.to_model(1.0, 1.0) == pytest.approx(in_days, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["per day", "USD per month", "year", "QALY", "probability over 30 days", "over 1 year", "USD", "utility"]
)
@pytest.mark.parametrize("model_unit", DAYS)
def test_converting_there_and_back_changes_nothing(text, model_unit):
    unit, day = parse_unit(text, "USD"), DAYS[model_unit]
    values = np.array([0.1, 0.5])
    assert unit.from_model(unit.to_model(values, day), day) == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize("model_unit", DAYS)
def test_the_same_rate_kills_as_many_in_a_year_whatever_the_models_unit(model_unit):
    day = DAYS[model_unit]
    years = 365.25 / day
    for text, rate, share in (("per month", 0.1, 1 - math.exp(-1.2)), ("probability over 1 year", 0.3, 0.3)):
        hazard = parse_unit(text, "USD").to_model(rate, day)
        assert 1 - math.exp(-hazard * years) == pytest.approx(share, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("5 years", 1826.25),
        ("1 week", 7),
        ("week", 7),
        ("30 days", 30),
        ("0.5 year", 182.625),
        ("1e2 hours", 100 / 24),
        ("12months", 365.25),
        (" 2  Days ", 2),
        (".5 days", 0.5),
    ],
)
def test_a_length_of_time(text, days):
    assert duration(text) == pytest.approx(days, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "years 5",
        "five years",
        "5 yrs",
        "1,5 years",
        "1e999 years",
        "e years",
        "nan days",
        "5 % days",
        "--5 days",
        "1 2 days",
    ],
)
def test_what_is_no_length_of_time(text):
    with pytest.raises(UnitError, match="is no length of time; write for example '5 years'"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("per yaer", "Did you mean 'per year'?"),
        ("USD/day", "Did you mean 'USD per day'?"),
        ("probabilty", "Did you mean 'probability'?"),
        ("EUR per day", "unknown unit 'EUR per day'"),
        ("per", "unknown unit"),
        ("probability per year", "write 'probability over 1 year'"),
        ("probability per 3 weeks", "write 'probability over 3 weeks'"),
        ("USD per 0 weeks", "the period must be longer than nothing"),
        ("USD per 3 weks", "unknown unit"),
        ("probability over 0 days", "must be longer than nothing"),
        ("probability over -1 days", "must be longer than nothing"),
        ("over soon", "no length of time"),
        ("per day per day", "unknown unit"),
        ("USD USD", "unknown unit"),
    ],
)
def test_what_is_no_unit(text, message):
    with pytest.raises(UnitError) as caught:
        parse_unit(text, "USD")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("probability", (0, 1)),
        ("proportion", (0, 1)),
        ("utility", (-math.inf, 1)),
        ("hazard ratio", (0, math.inf)),
        ("odds", (0, math.inf)),
        ("per year", (0, math.inf)),
        ("month", (0, math.inf)),
        ("USD", (-math.inf, math.inf)),
        ("QALY", (-math.inf, math.inf)),
        ("log odds ratio", (-math.inf, math.inf)),
        ("", (-math.inf, math.inf)),
        ("probability over 1 year", (0, 1 - 1e-12)),
    ],
)
def test_what_a_unit_can_be(text, limits):
    assert parse_unit(text, "USD").limits == limits


def test_words_for_units_of_time():
    assert (
        days_in("weeks") == days_in(" Week ") == 7
        and days_in("s") is None
        and days_in("") is None
        and days_in("fortnight") is None
    )


def test_dimensions_multiply_and_have_names():
    assert MONEY.times(TIME, -1) == MONEY_PER_TIME and str(MONEY_PER_TIME) == "money per unit of time"
    assert str(MONEY.times(MONEY)) == "money^2 time^0" and Dimension() == NUMBER
