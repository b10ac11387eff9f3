"""The formula language: what it computes, in which unit, and what it refuses."""

import math
import re

import numpy as np
import pytest

from model import formula
from model.formula import FUNCTIONS, FormulaError, Table
from model.units import MONEY, MONEY_PER_TIME, NUMBER, PER_TIME, TIME, UnitError

VALUES = {
    "p": 0.2,
    "q": 0.5,
    "r": 0.1,
    "x": 3.0,
    "zero": 0.0,
    "age": 51.0,
    "life": Table("life", np.array([0.0, 50.0, 60.0]), np.array([0.01, 0.02, 0.05]), NUMBER, NUMBER),
}
WORTH = [
    ("1 + 2 * x", 7),
    ("x ** 2 - 1", 8),
    ("-x ** 2", -9),
    ("2 ** -1", 0.5),
    ("(1 + x) / 2", 2),
    ("1 - p - q", 0.3),
    ("+x", 3),
    ("3 %", 0.03),
    ("x + 3 %", 3.03),
    ("50 % * x", 1.5),
    ("1.5e-3%", 1.5e-5),
    ("1e5", 100_000),
    (".5", 0.5),
    ("x > 2", 1),
    ("x < 2", 0),
    ("1 < x <= 3", 1),
    ("x == 3", 1),
    ("x != 3", 0),
    ("x > 2 and p > 1", 0),
    ("x > 2 or p > 1", 1),
    ("not zero", 1),
    ("min(x, p, q)", 0.2),
    ("max(x, 7)", 7),
    ("exp(1)", math.e),
    ("log(x)", math.log(3)),
    ("sqrt(x * 3)", 3),
    ("abs(-x)", 3),
    ("if(x > 2, 5, 6)", 5),
    ("where(x < 2, 5, 6)", 6),
    ("floor(2.7)", 2),
    ("floor(-0.5)", -1),
    ("floor(0.3 / 0.1)", 3),
    ("ceil(2.1)", 3),
    ("ceil(0.3 / 0.1)", 3),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(2.4)", 2),
    ("mod(age, 12)", 3),
    ("mod(-1, 12)", 11),
    ("mod(7, -3)", -2),
    ("mod(0.3, 0.1)", 0),
    ("mod(1, 0)", None),
    ("odds(p)", 0.25),
    ("from_odds(0.25)", 0.2),
    ("logit(p)", math.log(0.25)),
    ("expit(log(0.25))", 0.2),
    ("with_odds_ratio(p, 2)", 1 / 3),
    ("with_hazard_ratio(p, 2)", 1 - 0.64),
    ("rate_from_probability(0.06, 30)", -math.log(0.94) / 30),
    ("rate_from_probability(p)", -math.log(0.8)),
    ("probability_from_rate(r, 12)", 1 - math.exp(-1.2)),
    ("probability_from_rate(r)", 1 - math.exp(-0.1)),
    ("lookup(life, age)", 0.02),
    ("lookup(life, 60)", 0.05),
    ("if(age < 0, 1, lookup(life, -5))", None),
    ("lookup(life, -5)", None),
    ("lookup(life, -5) > 0", None),
    ("not (lookup(life, -5) > 0)", None),
    ("if(lookup(life, -5) > 0, 1, 2)", None),
    ("if(age >= 0, 1, lookup(life, -5))", 1),
    ("lookup(life, -5) > 0 and age < 0", 0),
    ("lookup(life, -5) > 0 and age > 0", None),
    ("lookup(life, -5) > 0 or age > 0", 1),
    ("lookup(life, -5) > 0 or age < 0", None),
    ("lookup(life, 1000)", 0.05),
]


@pytest.mark.parametrize(("text", "value"), WORTH, ids=[t for t, _ in WORTH])
def test_a_formula_is_worth_what_arithmetic_says(text, value):
    """None: it is not known, as a row of a table is missing."""
    expected = pytest.approx(np.nan if value is None else value, rel=1e-14, nan_ok=True)
    assert float(formula.parse(text).evaluate(VALUES)) == expected


def test_every_function_is_tried_above():
    for name in FUNCTIONS:
        assert any(f"{name}(" in text for text, _ in WORTH), name


def test_all_draws_are_evaluated_at_once():
    values = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([2.0])}
    assert formula.parse("if(a > b, a * 10, -b)").evaluate(values).tolist() == [-2, -2, 30]


@pytest.mark.parametrize(
    "text",
    [
        "odds(1)",
        "1 / 0",
        "log(-1)",
        "1 / zero",
        "0 / 0",
        "logit(1)",
        "10 ** 10 ** 10",
        "rate_from_probability(2)",
        "sqrt(-1)",
        "1 / 0 per year",
        "2 over 30 days",
    ],
)
def test_what_has_no_finite_value_is_no_exception(text):
    """The places that use a formula refuse such a value, and say in which draw."""
    assert not np.isfinite(formula.parse(text).evaluate(VALUES))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1 + a * b", {"a", "b"}),
        ("max(a, 3)", {"a"}),
        ("lookup(t, age)", {"t", "age"}),
        ("5", set()),
        ("a per year", {"a"}),
    ],
)
def test_the_names_of_a_formula_are_those_it_reads(text, names):
    assert formula.parse(text).names == names


@pytest.mark.parametrize(
    ("text", "in_months"),
    [
        ("(1 year)", 12),
        ("2 * (3 weeks)", 42 / (365.25 / 12)),
        ("0.6 per year * x", 0.15),
        ("3 % per year * 2", 0.005),
        ("0.06 over 1 month * 2", -2 * math.log(0.94)),
        ("100 USD per 3 weeks + 0 * x", 100 / 21 * 365.25 / 12),
        ("if(t < 5 years, p, 1)", 0.2),
        ("if(t < 1 year, p, 1)", 1),
        ("1e1 days / (1 day)", 10),
        ("1 QALY - 6 months", 6),
        ("max(5 USD, 3 USD)", 5),
        ("floor((t + 7 months) / 1 year)", 2),
        ("mod(t + 7 months, 1 year)", 7),
        ("ceil(t / 1 week)", 105),
        ("1 / (5 years)", 1 / 60),
        ("4 years ** 2 / (1 month) ** 2", 48**2),
        ("2 per 6 months * 1", 1 / 3),
    ],
)
def test_a_number_within_a_formula_may_have_its_own_unit(text, in_months):
    values = {"x": 3.0, "p": 0.2, "t": 24.0}
    read = formula.parse(text).reading({"x": NUMBER, "p": NUMBER, "t": TIME})
    assert float(read.evaluate(values, 365.25 / 12)) == pytest.approx(in_months, rel=1e-14)
    assert read.names <= {"x", "p", "t"}


@pytest.mark.parametrize(
    ("text", "dimension", "in_months"),
    [
        ("t + 1 year", TIME, 36),
        ("plain + 1 year", TIME, 36),  # as a whole, as in files before numbers had units
        ("zero + 1 year", TIME, 12),
        ("t / 1 year", NUMBER, 2),
        ("plain / 4 years", TIME, 6),
        ("2 / 4 years", TIME, 6),
        ("zero / 1 year", None, 0),
        ("t < 3 years", NUMBER, 1),
        ("zero < 3 years", NUMBER, 1),
        ("t > 3 years and t < 5 years", NUMBER, 0),
        ("1 year + 6 months", TIME, 18),
        ("2 * 3 years", TIME, 72),
        ("rate * 2 + 1 per month", PER_TIME, 1.2),
        ("plain * 2 + 1 per month", PER_TIME, 5),
        ("cost + 20 USD per month", MONEY_PER_TIME, 23),
        ("p + 0.1 over 1 month", PER_TIME, -math.log(0.5)),
        ("t - 3 years", TIME, -12),
        ("-1 year", TIME, -12),
    ],
)
def test_a_unit_at_the_end_belongs_to_the_whole_where_that_is_plain_numbers_and_else_to_the_last(
    text, dimension, in_months
):
    known = {"t": TIME, "plain": NUMBER, "zero": None, "rate": PER_TIME, "cost": MONEY_PER_TIME, "p": NUMBER}
    values = {"t": 24.0, "plain": 2.0, "zero": 0.0, "rate": 0.1, "cost": 3.0, "p": 0.4}
    parsed = formula.parse(text)
    assert parsed.dimension(known) == dimension
    assert float(parsed.reading(known).evaluate(values, 365.25 / 12)) == pytest.approx(in_months, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t + 5 USD", "mixes an amount of time and money"),
        ("p + (1 year)", "mixes a plain number and an amount of time"),
        ("t < 5", "mixes an amount of time and a plain number"),
        ("floor(t)", "needs plain numbers, found an amount of time: divide by a unit, such as floor(time / 1 year)"),
        ("round(3 USD)", "needs plain numbers, found money: divide by a unit"),
        ("mod(t, 12)", "mixes an amount of time and a plain number"),
        ("exp(1 year)", "needs plain numbers, found an amount of time"),
        ("rate + 1 year", "'rate + 1 year' mixes a rate (per unit of time) and an amount of time"),
    ],
)
def test_units_within_a_formula_must_fit(text, message):
    with pytest.raises(UnitError, match=re.escape(message)):
        formula.parse(text).dimension({"t": TIME, "p": NUMBER, "rate": PER_TIME})


@pytest.mark.parametrize("text", ["gamma(mean=415 USD, cv=1)", "beta(1 year, 2)", "normal(mean=0.1 per year, sd=1)"])
def test_a_distribution_of_a_parameter_takes_plain_numbers(text):
    _, positional, named = formula.parse_call(text)
    with pytest.raises(
        FormulaError, match="only plain numbers are allowed here; the unit of a parameter stands in 'unit'"
    ):
        formula.constant([*positional, *named.values()][0])


UNITS = {"rate": PER_TIME, "cost": MONEY, "flow": MONEY_PER_TIME, "t": TIME, "p": NUMBER, "hr": NUMBER}


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("rate * hr", PER_TIME),
        ("cost + 3 * cost", MONEY),
        ("flow * t", MONEY),
        ("cost / t", MONEY_PER_TIME),
        ("rate * t", NUMBER),
        ("1 / t", PER_TIME),
        ("min(rate, 0)", PER_TIME),
        ("0", None),
        ("rate + 0", PER_TIME),
        ("t ** 2 / t", TIME),
        ("sqrt(t * t)", TIME),
        ("t ** -1", PER_TIME),
        ("0.1 per year", PER_TIME),
        ("100 USD per day", MONEY_PER_TIME),
        ("100 USD", MONEY),
        ("0.5 QALY", TIME),
        ("3 days", TIME),
        ("0.06 over 30 days", PER_TIME),
        ("p over 1 month", PER_TIME),
        ("if(t > t, cost, 2 * cost)", MONEY),
        ("rate_from_probability(p, t)", PER_TIME),
        ("probability_from_rate(rate, t)", NUMBER),
        ("exp(-rate * t)", NUMBER),
        ("lookup(table, t)", PER_TIME),
        ("abs(cost)", MONEY),
        ("1 - p", NUMBER),
        ("rate > rate and p > 1", NUMBER),
    ],
)
def test_the_unit_of_a_formula_follows_from_those_of_its_names(text, dimension):
    table = Table("table", np.zeros(1), np.zeros(1), TIME, PER_TIME)
    assert formula.parse(text).dimension({**UNITS, "table": table}) == dimension


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cost + t", "mixes money and an amount of time"),
        ("rate + 0.1", "mixes a rate (per unit of time) and a plain number"),
        ("exp(rate)", "needs plain numbers, found a rate"),
        ("min(cost, 3)", "mixes money and a plain number"),
        ("hr ** rate", "needs plain numbers"),
        ("cost ** p", "the power of money must be a number"),
        ("cost ** 99", "99 is no power"),
        ("if(cost > t, 1, 2)", "mixes money and an amount of time"),
        ("rate per year", "states the unit 'per year', but what stands before"),
        ("table * 2", "'table' is a table: read it with lookup(table, x)"),
        ("lookup(p, 1)", "'p' is not a table"),
        ("lookup(table, p)", "mixes a plain number and an amount of time"),
        ("rate and p", "needs plain numbers"),
        ("rate_from_probability(p, cost)", "mixes money and an amount of time"),
        ("log(t)", "needs plain numbers"),
    ],
)
def test_units_that_do_not_go_together_are_refused(text, message):
    table = Table("table", np.zeros(1), np.zeros(1), TIME, PER_TIME)
    with pytest.raises(UnitError) as caught:
        formula.parse(text).dimension({**UNITS, "table": table})
    assert message in str(caught.value)


REFUSED = [
    ("__import__('os')", "unknown function '__import__'"),
    ("a.b", "found a dot in 'a.b'"),
    ("a[0]", "square brackets"),
    ("(lambda: 1)()", "unknown function"),
    ("[1, 2]", "a list"),
    ("'text'", "found 'text'"),
    ("True", "found True"),
    ("None", "found None"),
    ("1j", "found 1j"),
    ("a if b else c", "write if(condition, a, b)"),
    ("{1: 2}", "braces"),
    ("f'{a}'", "a text"),
    ("(a := 1)", "':='"),
    ("max(*a)", "a star"),
    ("exp(x=1)", "exp takes 1 argument (e to the power), found 1"),
    ("exp(1, 2)", "found 2"),
    ("exp()", "found 0"),
    ("squrt(2)", "Did you mean 'sqrt'?"),
    ("a @ b", "allowed are + - * / **"),
    ("a // b", "allowed are"),
    ("a % b", "a percentage is written"),
    ("a ^ 2", "a power is written **"),
    ("~a", "allowed are"),
    ("a is b", "allowed comparisons"),
    ("a in b", "allowed comparisons"),
    ("a & b", "write 'and'"),
    ("", "is not arithmetic"),
    ("a b", "is not arithmetic"),
    ("(a", "its brackets do not match"),
    ("1,234", "without thousands separators"),
    ("1_000", "without thousands separators"),
    ("0,5", "write decimals with a point"),
    ("12:30", "a time of day"),
    ("a = 1", "equality is written =="),
    ("a # b", "leave the comment (#) out"),
    ("1 \u2212 a", "the minus sign"),
    ("2 \u00d7 a", "multiplication is written *"),
    ("$5", "write the currency behind"),
    ("5 EUR", "EUR is not the currency of this scenario (USD)"),
    ("5 EUR per day", "EUR is not the currency"),
    ("5 per annum", "unknown unit 'per annum'"),
    ("5 per annum * a", "unknown unit 'per annum'"),
    ("5 EUR + a", "EUR is not the currency of this scenario (USD)"),
    ("5 USD per 0 days", "the period must be longer than nothing"),
    ("max(5 yeers, 3)", "unknown unit 'yeers' behind a number. Did you mean 'years'?"),
    ("a per day * 2", "behind a name or a bracket within a formula write a product"),
    ("1e999", "the number is too large"),
    ("9" * 400, "the number is too large"),
    ("-" * 400 + "1", "more than 200 levels deep"),
    ("+".join(["a"] * 300), "more than 200 levels deep"),
    ("a" * 2001, "at most 2000 are allowed"),
    ("(" * 500 + ")" * 500, "is not arithmetic"),
    ("lookup(1, a)", "write lookup(table, x)"),
    ("a\x00b", "is not arithmetic"),
    ("lambda", "is not arithmetic"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[t[:20] for t, _ in REFUSED])
def test_anything_but_arithmetic_on_names_is_refused_with_advice(text, message):
    with pytest.raises(FormulaError) as caught:
        formula.parse(text)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 600


def test_the_call_of_a_distribution_is_read_without_evaluating_it():
    name, positional, named = formula.parse_call("gamma(1 + 2, scale=[1, 50 %], n=-log(1))")
    assert name == "gamma" and [formula.constant(t) for t in positional] == [3]
    assert {k: formula.constant(t) for k, t in named.items()} == {"scale": [1, 0.5], "n": 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("beta", "not of the form name(argument=value, ...)"),
        ("beta(1", "is not arithmetic"),
        ("a.b(1)", "not of the form"),
        ("beta(**x)", "not of the form"),
        ("beta(a=1, a=2)", "a is given twice"),
        ("weibull(1, (2 + 3) days)", "a unit of time stands behind"),
    ],
)
def test_what_is_no_call_is_refused(text, message):
    with pytest.raises(FormulaError) as caught:
        formula.parse_call(text)
    assert message in str(caught.value)


def test_a_table_is_a_step_function_that_survives_rounding():
    table = Table("t", np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0]), TIME, NUMBER)
    assert table.lookup(np.array([-1, 0, 0.99, 1, 1.5, 2, 9])).tolist()[1:] == [5, 5, 6, 6, 7, 7]
    assert np.isnan(table.lookup(-1))  # there is no row below the first
    assert table.lookup(sum([0.1] * 10)) == 6  # 0.1 ten times is a hair below 1
