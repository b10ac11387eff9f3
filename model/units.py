"""Units of time and money, so that a rate per year is never read as one per day.

A unit has a dimension (powers of money and of time) and a factor that turns a number stated in it into the
model's own unit of time. A QALY is a year of time at utility 1, so it has the dimension of time.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from model.suggestions import did_you_mean

DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
PLAIN = (
    "",
    "1",
    "probability",
    "proportion",
    "utility",
    "ratio",
    "number",
    "count",
    "odds",
    "odds ratio",
    "hazard ratio",
    "relative risk",
    "log odds ratio",
    "log hazard ratio",
    "age factor",
    "%",
)
# A number without sign. Possessive (++, *+): no text makes the search go back over its digits.
DIGITS = r"(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?"
_LENGTH = re.compile(rf"([+-]?{DIGITS})?\s*+([A-Za-z]+)")
_SPAN = re.compile(rf"(?:({DIGITS})\s*+)?([A-Za-z]+)")
_OVER = re.compile(r"^(?:probability\s+)?over\s+(.+)$")


class UnitError(ValueError):
    """A unit that cannot be read, or two that do not go together."""


@dataclass(frozen=True)
class Dimension:
    """Powers of money and time: a cost rate is money 1, time -1."""

    money: Fraction = Fraction(0)
    time: Fraction = Fraction(0)

    def times(self, other: Dimension, sign: int = 1) -> Dimension:
        return Dimension(self.money + sign * other.money, self.time + sign * other.time)

    def power(self, exponent: Fraction) -> Dimension:
        return Dimension(self.money * exponent, self.time * exponent)

    def __str__(self) -> str:
        return _NAMES.get(self) or f"money^{self.money} time^{self.time}"


NUMBER = Dimension()
MONEY = Dimension(money=Fraction(1))
TIME = Dimension(time=Fraction(1))
PER_TIME = Dimension(time=Fraction(-1))
MONEY_PER_TIME = Dimension(Fraction(1), Fraction(-1))
_NAMES = {
    NUMBER: "a plain number",
    MONEY: "money",
    TIME: "an amount of time",
    PER_TIME: "a rate (per unit of time)",
    MONEY_PER_TIME: "money per unit of time",
}


@dataclass(frozen=True)
class Unit:
    """A unit as the file states it.

    `factor` turns a stated number into days (or per day, or money); `over` is the period in days of a
    probability over a period, which becomes the hazard -ln(1 - p) / period.
    """

    text: str
    dimension: Dimension
    factor: float = 1.0
    over: float | None = None

    def to_model(self, values, day: float):
        """Stated numbers in the model's unit of time, of which one lasts `day` days."""
        if self.over is not None:
            import numpy as np

            return -np.log1p(-values) / (self.over / day)
        scale = self._scale(day)
        return values if scale == 1 else values * scale

    @property
    def certain(self) -> float | None:
        """Of a probability over a period, the number that stands for 1 in a life table: the largest one below it.

        Its hazard is 36.7 a period: one of 10^16 people survives the period.
        """
        return None if self.over is None else 1.0 - 2.0**-53

    def from_model(self, values, day: float):
        """Numbers in the model's unit of time, as this unit states them."""
        if self.over is not None:
            import numpy as np

            return -np.expm1(-values * (self.over / day))
        return values / self._scale(day)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest number that a parameter of this unit can be."""
        words = self.text.lower()
        if words in ("probability", "proportion"):
            return 0.0, 1.0
        if self.over is not None:
            return 0.0, 1.0 - 1e-12
        if words == "utility":
            return -math.inf, 1.0
        positive = words in ("ratio", "hazard ratio", "odds ratio", "relative risk", "odds")
        positive |= self.dimension.money == 0 and self.dimension.time != 0 and not words.startswith("qaly")
        return (0.0 if positive else -math.inf), math.inf

    @property
    def outside(self) -> str:
        """What is wrong with a value beyond the limits."""
        return f"is outside what a '{self.text}' can be (allowed: {limits_in_words(*self.limits)})"

    def _scale(self, day: float) -> float:
        return self.factor * day ** -float(self.dimension.time)


def limits_in_words(low: float, high: float) -> str:
    """'0 to 1', '0 to below 1', '0 or more', 'at most 1', 'any number'."""
    if not math.isfinite(high):
        return f"{low:g} or more" if math.isfinite(low) else "any number"
    top = f"below {round(high):g}" if 0 < round(high) - high < 1e-6 else f"{high:.6g}"
    return f"{low:g} to {top}" if math.isfinite(low) else f"at most {top}"


def days_in(word: str) -> float | None:
    """Days in one `word` ('day', 'weeks', ...), or None where it is no unit of time."""
    word = word.strip().lower()
    return DAYS.get(word) or (DAYS.get(word[:-1]) if word.endswith("s") else None)


def duration(text: str) -> float:
    """'30 days', '1 week', 'week' -> days."""
    match = _LENGTH.fullmatch(text.strip())
    length = days_in(match[2]) if match else None
    number = float(match[1] or 1) if match else math.nan
    if length is None or not math.isfinite(number):
        raise UnitError(
            f"'{text}' is no length of time; write for example '5 years' or '30 days' (units: {', '.join(DAYS)})"
        )
    return length * number


def years(text: str) -> float:
    """The same in years."""
    return duration(text) / DAYS["year"]


def parse_unit(text: str, currency: str) -> Unit:
    """Read 'per day', 'USD per year', 'month', 'QALY', 'probability over 30 days', 'utility'..."""
    words = " ".join(text.split())
    if words.lower() in PLAIN:
        return Unit(text, NUMBER, 0.01 if words == "%" else 1.0)
    if words.upper() in ("QALY", "QALYS"):
        return Unit(text, TIME, DAYS["year"])
    if words == currency:
        return Unit(text, MONEY)
    if length := days_in(words):
        return Unit(text, TIME, length)
    if match := _OVER.match(words):
        period = duration(match[1])
        if not 0 < period < math.inf:
            raise UnitError(f"'{text}': the period of a probability must be longer than nothing")
        return Unit(text, PER_TIME, over=period)
    head, _, tail = words.rpartition("per ")
    if tail and (length := _span(tail)) is not None and head.strip() in ("", currency, "events", "probability"):
        if not 0 < length < math.inf:
            raise UnitError(f"'{text}': the period must be longer than nothing")
        if head.strip() == "probability":
            raise UnitError(
                f"'{text}': a probability belongs to a period: write 'probability over {tail if tail[0].isdigit() else f'1 {tail}'}' "
                f"(it becomes the hazard -ln(1 - p) / period), or 'per {tail}' if it is a rate"
            )
        return Unit(text, MONEY_PER_TIME if head.strip() == currency else PER_TIME, 1 / length)
    raise UnitError(
        f"unknown unit '{text}'.{_meant(words, currency)} Allowed: per <time>, {currency}, {currency} "
        f"per <time>, {currency} per <n> <time>, "
        f"<time>, QALY, probability over <n> <time>, {', '.join(p for p in PLAIN if p not in ('', '1'))} "
        f"(<time>: {', '.join(DAYS)})"
    )


def _span(text: str) -> float | None:
    """Days in '3 weeks' or 'week', or None where it is no length of time."""
    match = _SPAN.fullmatch(text)
    length = days_in(match[2]) if match else None
    return None if match is None or length is None else length * float(match[1] or 1)


def _meant(words: str, currency: str) -> str:
    """' Did you mean ...?' for 'USD/day', 'per yr', 'probabilty', 'EUR per day'."""
    known = [f"{head}per {time}" for time in DAYS for head in ("", f"{currency} ")] + [currency, *DAYS, *PLAIN[2:]]
    return did_you_mean(" ".join(words.replace("/", " per ").split()), known, 0.75)
