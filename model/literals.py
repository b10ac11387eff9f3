"""Numbers with a unit of their own within a formula: `5 years`, `0.2 per month`, `3 % per year`, `100 USD per 3 weeks`.

In the tree of a formula such a number is a name that says what it is ('5 years'), which no name of a file can be.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from keyword import kwlist

from model.suggestions import did_you_mean
from model.units import DAYS, DIGITS, Unit, UnitError, days_in, parse_unit

_QUANTITY = re.compile(
    rf"(?<![\w.])(?P<number>{DIGITS}(?:\s*+%)?+)\s++(?P<unit>(?:[A-Z]{{3}}\s++)?per\s++(?:{DIGITS}\s*+)?[A-Za-z]++"
    rf"|over\s++(?:{DIGITS}\s*+)?[A-Za-z]++|[A-Za-z]++)(?![\w(.])"
)
_MARK = "λ"  # no name of a file begins with it
_MARKED = re.compile(rf"{_MARK}\d+")


@dataclass(frozen=True)
class Quantity:
    number: float
    unit: Unit


class CurrencyError(ValueError):
    """Money of another currency than that of the scenario."""


def _code(words: str) -> str:
    """The currency that a unit begins with."""
    first = words.split()[0]
    return first if re.fullmatch("[A-Z]{3}", first) and first != "AND" else ""


def _unit(words: str) -> Unit:
    return parse_unit(words, _code(words) or "USD")


def check_currency(words: str, currency: str) -> None:
    """CurrencyError where a unit begins with another currency; '' goes with any."""
    if currency and _code(words) not in ("", currency):
        raise CurrencyError(f"{_code(words)} is not the currency of this scenario ({currency})")


def is_unit(words: str) -> bool:
    """Whether words behind a number or a formula are meant as its unit, be they right or wrong."""
    return bool(_code(words)) or words.startswith(("per ", "over ", "QALY")) or days_in(words) is not None


def lifted(text: str, currency: str) -> tuple[str, list[str]]:
    """The text with a mark for each number with a unit, and what they are. UnitError, CurrencyError of a wrong unit."""
    found: list[str] = []

    def mark(match: re.Match) -> str:
        check_currency(match["unit"], currency)
        if match["unit"] in kwlist:
            return match[0]
        if not is_unit(match["unit"]):
            raise UnitError(_unknown(match["unit"], currency))
        _unit(match["unit"])
        found.append(match[0])
        return f"{_MARK}{len(found) - 1}"

    return _QUANTITY.sub(mark, text), found


def _unknown(word: str, currency: str) -> str:
    known = [*DAYS, *(f"{time}s" for time in DAYS), "QALY", *([currency] if currency else [])]
    return f"unknown unit '{word}' behind a number.{did_you_mean(word, known)} Allowed: {', '.join(DAYS)}, QALY, {currency or 'money'}, per .."


def put_back(tree: ast.expr, found: list[str]) -> None:
    """Names for the marks of `lifted`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and _MARKED.fullmatch(node.id) and int(node.id[1:]) < len(found):
            node.id = found[int(node.id[1:])]


def is_quantity(name: str) -> bool:
    return " " in name


@lru_cache(maxsize=1000)
def quantity(name: str) -> Quantity:
    """What a name of a tree stands for that is a number with a unit."""
    match = _QUANTITY.fullmatch(name)
    assert match is not None
    digits, percent, _ = match["number"].partition("%")
    return Quantity(float(digits) / (100 if percent else 1), _unit(match["unit"]))


def has_quantity(tree: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and is_quantity(node.id) for node in ast.walk(tree))
