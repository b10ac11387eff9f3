"""What a check of a scenario finds: two numbers that should be the same, or in order, and whether they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model.grouped import ALL

if TYPE_CHECKING:
    from model.analysis.verify_case import Case

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not applicable"
EXACT = 1e-9  # relative difference that rounding may make


@dataclass(frozen=True)
class Finding:
    """expected, found: the two numbers compared, nan where there are none. check, title: set by `Check`."""

    outcome: str
    expected: float = np.nan
    found: float = np.nan
    note: str = ""
    group: str = ALL
    strategy: str = ""
    check: str = ""
    title: str = ""


@dataclass(frozen=True)
class Check:
    """One idea to hold a scenario against. find(case) yields what it sees."""

    key: str
    title: str
    find: Callable[[Case], Iterator[Finding]]


class NotApplicable(ValueError):
    """Why a check says nothing of a scenario."""


CHECKS: list[Check] = []


def whom(group: str, strategy: str) -> dict[str, Any]:
    """Of whom a finding is."""
    return {"group": group, "strategy": strategy}


def check(key: str, title: str) -> Callable:
    """Adds a function to the checks, in the order in which modules are loaded."""

    def added(find: Callable[[Case], Iterator[Finding]]) -> Callable[[Case], Iterator[Finding]]:
        CHECKS.append(Check(key, title, find))
        return find

    return added


def equal(
    expected: float, found: float, note: str = "", tolerance: float = 0.0, size: float = 0.0, **of: Any
) -> Finding:
    """Passes where both are equal up to `tolerance` and rounding; size: of the numbers that the two are made of."""
    allowed = tolerance + EXACT * max(abs(expected), abs(found), size)
    good = abs(expected - found) <= allowed
    return Finding(PASS if good else FAIL, float(expected), float(found), note, **of)


def at_most(limit: float, found: float, note: str = "", **of: Any) -> Finding:
    """Passes where what was found is not above the limit, up to rounding."""
    good = found <= limit + EXACT * max(abs(limit), abs(found), 1e-300)
    return Finding(PASS if good else FAIL, float(limit), float(found), note or "at most the expected", **of)


def inside(low: float, high: float, found: float, note: str = "", **of: Any) -> Finding:
    """Passes where low <= found <= high; `expected` is the limit that is nearer."""
    good = low <= found <= high
    nearer = low if abs(found - low) <= abs(found - high) else high
    return Finding(PASS if good else FAIL, float(nearer), float(found), note or f"{low:.6g} to {high:.6g}", **of)


def not_applicable(reason: str, **of: Any) -> Finding:
    return Finding(NOT_APPLICABLE, note=reason, **of)
