"""The functions of the formula language: what each computes, and how units pass through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from model.instants import ceil, floor
from model.units import NUMBER, PER_TIME, TIME, UnitError


def _plain_or_divided(dimensions):
    try:
        return all_plain(dimensions)
    except UnitError as error:
        raise UnitError(f"{error}: divide by a unit, such as floor(time / 1 year)") from None


def _round(x):
    """Halves away from 0, as in a spreadsheet."""
    return np.sign(x) * floor(np.abs(x) + 0.5)


def _mod(x, y):
    """What is left of x beyond whole multiples of y, with the sign of y; 0 a hair before a multiple."""
    left = x - y * floor(x / y)
    return np.where(left * np.sign(y) < 0, 0.0, left)


def _with_odds_ratio(p, ratio):
    return ratio * p / (1 - p + ratio * p)


def _where(condition, a, b):
    """A condition that is not known decides nothing."""
    return unless_unknown(np.where(condition, a, b), [condition])


def unless_unknown(result, parts):
    """nan where a part is nan: a comparison with a missing row of a table is not false."""
    for part in parts:
        missing = part != part  # nan alone is not equal to itself; quicker than isnan for the single numbers of a step
        if missing.any() if isinstance(missing, np.ndarray) else missing:
            result = np.where(missing, np.nan, result)
    return result


def all_plain(dimensions):
    """Dimension of a function of plain numbers."""
    for dimension in dimensions:
        if dimension not in (None, NUMBER):
            raise UnitError(f"needs plain numbers, found {dimension}")
    return NUMBER


def same(dimensions):
    """The one dimension that all have; None, of literal zeros, goes with any."""
    known = [d for d in dimensions if d is not None]
    if any(d != known[0] for d in known[1:]):
        raise UnitError("mixes " + " and ".join(dict.fromkeys(str(d) for d in known)))
    return known[0] if known else None


@dataclass(frozen=True)
class Function:
    """A function of the formula language: what it computes, how many arguments, and how units pass through."""

    compute: Callable
    arity: tuple[int, int]
    dimension: Callable
    help: str


def _rate_dimension(dims):
    all_plain(dims[:1])
    return PER_TIME if len(dims) == 2 and same([dims[1], TIME]) else NUMBER


def _probability_dimension(dims):
    all_plain([dims[0].times(dims[1])] if len(dims) == 2 and None not in dims else dims[:1])
    return NUMBER


FUNCTIONS = {
    "min": Function(lambda *x: fold(np.minimum, x), (1, 99), same, "smallest of its arguments"),
    "max": Function(lambda *x: fold(np.maximum, x), (1, 99), same, "largest of its arguments"),
    "exp": Function(np.exp, (1, 1), all_plain, "e to the power"),
    "log": Function(np.log, (1, 1), all_plain, "natural logarithm"),
    "sqrt": Function(np.sqrt, (1, 1), lambda d: d[0] and d[0].power(Fraction(1, 2)), "square root"),
    "abs": Function(np.abs, (1, 1), same, "absolute value"),
    "floor": Function(
        floor, (1, 1), _plain_or_divided, "largest whole number that is not above x, as in floor((age + time) / 1 year)"
    ),
    "ceil": Function(ceil, (1, 1), _plain_or_divided, "smallest whole number that is not below x"),
    "round": Function(_round, (1, 1), _plain_or_divided, "nearest whole number; halves are rounded away from 0"),
    "mod": Function(
        _mod, (2, 2), same, "mod(x, y): what is left of x beyond whole multiples of y, as in mod(time, 1 year)"
    ),
    "where": Function(_where, (3, 3), lambda d: same(d[1:]), "where(condition, a, b), also written if(...)"),
    "odds": Function(lambda p: p / (1 - p), (1, 1), all_plain, "odds of a probability"),
    "from_odds": Function(lambda o: o / (1 + o), (1, 1), all_plain, "probability from odds"),
    "logit": Function(lambda p: np.log(p / (1 - p)), (1, 1), all_plain, "log odds of a probability"),
    "expit": Function(lambda x: 1 / (1 + np.exp(-x)), (1, 1), all_plain, "probability from log odds"),
    "with_odds_ratio": Function(_with_odds_ratio, (2, 2), all_plain, "probability p after an odds ratio"),
    "with_hazard_ratio": Function(
        lambda p, hr: 1 - (1 - p) ** hr, (2, 2), all_plain, "probability p after a hazard ratio"
    ),
    "rate_from_probability": Function(
        lambda p, t=1.0: -np.log1p(-p) / t, (1, 2), _rate_dimension, "hazard -ln(1 - p) / period"
    ),
    "probability_from_rate": Function(
        lambda r, t=1.0: -np.expm1(-r * t), (1, 2), _probability_dimension, "probability 1 - exp(-rate * period)"
    ),
}


def fold(function, values):
    """A function of two, of any number of values."""
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result
