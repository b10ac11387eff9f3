"""How a number is written for people: the one home of digits, minus sign, per cent, plurals and 'versus'. CSVs know none of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

MINUS = "\N{MINUS SIGN}"
ALL_PATIENTS = "All patients"
NONE = "-"  # a value that does not exist; no minus sign
FIGURES = 4  # of the largest number of a column
LEAST = 2  # of the smallest, as far as decimals allow
CENTS = 2  # decimals that the smallest may ask for where the largest needs none
MOST = 8  # decimals of any number
EFFECT_DIGITS = 4  # decimals of QALYs, life-years and other effects below LARGE
LARGE = 100.0
NOISE = 1e-9  # share of the largest number below which another is rounding


def number(value: float, digits: int = 0) -> str:
    """12,345 or −0.25, with a true minus sign; '-' for a value that does not exist."""
    if not np.isfinite(value):
        return NONE
    return f"{round(float(value), digits) + 0.0:,.{digits}f}".replace("-", MINUS)


def signed(value: float, digits: int = 0) -> str:
    """+12, −12 or 0: a change."""
    text = number(value, digits)
    return text if text == NONE or text.startswith(MINUS) or not re.search("[1-9]", text) else f"+{text}"


def brief(value: float) -> str:
    """One number alone, in four figures: 0.4877, 22.06, 34,000."""
    if not np.isfinite(value):
        return NONE
    return number(value) if abs(value) >= 999.95 else f"{float(value) + 0.0:.{FIGURES}g}".replace("-", MINUS)


def plain(value: float) -> str:
    """A number that was stated, as far as it was: 1, 0.035, 1,500."""
    return f"{float(value) + 0.0:,.6g}".replace("-", MINUS) if np.isfinite(value) else NONE


# --- columns ------------------------------------------------------------------------------------------------------


def places(*values) -> int:
    """Decimals that numbers of one unit share: four figures of the largest, two of the smallest, but no more than cents for it."""
    known = np.concatenate([np.abs(np.ravel(np.asarray(v, float))) for v in values] or [np.zeros(0)])
    known = known[np.isfinite(known)]
    largest = known.max(initial=0.0)
    known = known[known > NOISE * largest]
    if not len(known):
        return 0
    wanted, least = FIGURES - 1 - _exponent(largest, FIGURES), LEAST - 1 - _exponent(known.min(), LEAST)
    return int(min(max(wanted, min(least, CENTS), 0), MOST))


def _exponent(value: float, figures: int) -> int:
    """Of ten, once the value is rounded to so many figures."""
    return int(f"{value:.{figures - 1}e}".split("e")[1])


def effect_places(*values) -> int:
    """Decimals of effects: four below 100, else those that they need."""
    known = [np.ravel(np.asarray(v, float)) for v in values]
    largest = max((np.abs(v[np.isfinite(v)]).max(initial=0.0) for v in known), default=0.0)
    return max(places(*known), EFFECT_DIGITS if largest < LARGE else 0)


def column(values: Iterable[float]) -> list[str]:
    """Numbers below one another, with the decimals that they need together."""
    listed = [float(v) for v in values]
    digits = places(listed)
    return [number(v, digits) for v in listed]


def stated(value: float) -> str:
    """A price or a threshold as it was stated: 50,000, 1,234.5 and 0.5."""
    return f"{float(value) + 0.0:,.10g}".replace("-", MINUS)


# --- shares -------------------------------------------------------------------------------------------------------


def percent(share: float, digits: int = 1) -> str:
    """12.3 %; '-' for a share that does not exist."""
    return f"{number(100 * share, digits)} %" if np.isfinite(share) else NONE


def rate(share: float) -> str:
    """An annual rate as far as it was stated: 3 %, 3.5 %."""
    return f"{plain(round(100 * share, 6))} %"


def shares(values: Iterable[float], digits: int = 1) -> list[str]:
    """Per cent of shares that add up to one, so rounded that what is written adds up to 100.0; others are rounded one by one."""
    listed = np.array(list(values), float)
    if not len(listed) or not np.isclose(listed.sum(), 1.0, rtol=0, atol=1e-6) or listed.min() < 0:
        return [percent(v, digits) for v in listed]
    exact = np.round(listed * 100 * 10**digits, 6)
    units = np.floor(exact)
    short = int(round(100 * 10**digits - units.sum()))
    units[np.argsort(units - exact, kind="stable")[:short]] += 1  # those that lost most
    return [percent(u / (100 * 10**digits), digits) for u in units]


# --- words --------------------------------------------------------------------------------------------------------


def interval(low: float, high: float, digits: int = 0) -> str:
    """1,234 to 5,678."""
    return f"{number(low, digits)} to {number(high, digits)}" if np.isfinite(low) or np.isfinite(high) else NONE


def count(value: float, word: str) -> str:
    """1 year, 10 years, 0.5 years, 2 strategies."""
    return f"{plain(value) if abs(value) < 1e6 else number(value)} {word if value == 1 else plural(word)}"


def plural(word: str) -> str:
    """Years, QALYs, strategies; of 'day (Days able to walk)' the first word; a word that ends in s is plural already."""
    head, bracket, rest = word.partition(" (")
    if head.endswith("s") or not head:
        return word
    if re.search("[^aeiouAEIOU]y$", head):
        head = f"{head[:-1]}ie"
    elif re.search("(ch|sh|x)$", head):
        head = f"{head}e"
    return f"{head}s{bracket}{rest}"


def versus(label: str, against: str) -> str:
    """What every increment says: Surgery versus Radiotherapy."""
    return f"{label} versus {against}"
