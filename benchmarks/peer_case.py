"""The same work here and in another package: results compared first, then times."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from timing import MEDIAN_OF, interleaved

ERRORS = 4.0  # standard errors by which two simulations may differ


@dataclass(frozen=True)
class Case:
    """package: as it is imported. ours, theirs: do the work and give its results, arrays of the same shape.

    simulated: results are [.., sample], samples of the same number in both, and may differ by their error; else they may differ by
    the share `allowed` of the largest of each row.
    """

    what: str
    package: str
    ours: Callable[[], np.ndarray]
    theirs: Callable[[], np.ndarray]
    simulated: bool = False
    allowed: float = 1e-9


@dataclass(frozen=True)
class Outcome:
    """seconds of each, by turns; difference in words; agree: whether results are the same, without which nothing is timed."""

    case: Case
    ours: float
    theirs: float
    difference: str
    agree: bool


def installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def compared(case: Case, repeats: int = MEDIAN_OF) -> Outcome:
    """Results, then medians of times that take turns; no times where the results differ."""
    ours, theirs = np.asarray(case.ours(), float), np.asarray(case.theirs(), float)
    if ours.shape != theirs.shape:
        return Outcome(case, np.nan, np.nan, f"results of shape {ours.shape} and {theirs.shape}", False)
    apart = errors(ours, theirs) if case.simulated else share(ours, theirs)
    agree = bool(apart <= (ERRORS if case.simulated else case.allowed))
    words = f"{apart:.1f} standard errors" if case.simulated else f"{apart:.1g}"
    return Outcome(case, *(interleaved([case.ours, case.theirs], repeats) if agree else (np.nan, np.nan)), words, agree)


def errors(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference between means over samples, in its standard errors; arrays [.., sample]."""
    apart = ours - theirs
    return float(np.max(np.abs(apart.mean(axis=-1)) / (apart.std(axis=-1, ddof=1) / np.sqrt(apart.shape[-1]))))


def share(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, as a share of the largest result of its row."""
    return float(np.max(np.abs(ours - theirs) / np.max(np.abs(ours), axis=-1, keepdims=True)))
