"""Curves of survival data as points: what was observed and what was fitted, at times for a figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model.analysis.survival_data_fits import BY_ARM
from model.analysis.survival_data_kaplan_meier import KaplanMeier, smoothed_hazard
from model.analysis.survival_data_measures import OBSERVED, Analysed

POINTS = 201  # of a curve
SMOOTHED = "smoothed"  # what the observed hazard is called
FEW = 5  # patients at risk, below which the observed hazard is not shown
FIRST = 1e-3  # of the follow-up: hazards are shown from here, since those at 0 may be infinite


class Points(NamedTuple):
    """values[time] of an arm under a distribution, or of what was observed."""

    arm: str
    kind: str
    name: str
    time: np.ndarray
    values: np.ndarray


def survival(found: Analysed, end: float) -> Iterator[Points]:
    """Up to `end`; what was observed at its steps."""
    for arm, curve in found.observed.items():
        inside = curve.time <= end
        yield Points(arm, BY_ARM, OBSERVED, np.append(0.0, curve.time[inside]), np.append(1.0, curve.survival[inside]))
    at = np.linspace(0, end, POINTS)
    for fit, arm, curve_of in found.curves():
        yield Points(arm, fit.kind, fit.name, at, curve_of.survival(at))


def hazards(found: Analysed) -> Iterator[Points]:
    """Up to the time from which fewer than FEW patients of the arm are followed."""
    ends = {arm: _followed_to(curve) for arm, curve in found.observed.items()}
    for arm, curve in found.observed.items():
        at = np.linspace(0, ends[arm], POINTS)
        yield Points(arm, BY_ARM, SMOOTHED, at, smoothed_hazard(curve, at))
    for fit, arm, curve_of in found.curves():
        at = np.linspace(FIRST * ends[arm], ends[arm], POINTS)
        yield Points(arm, fit.kind, fit.name, at, curve_of.hazard(at))


def _followed_to(curve: KaplanMeier) -> float:
    return float(curve.time[curve.at_risk >= min(FEW, curve.at_risk[0])][-1])


def log_log(found: Analysed) -> Iterator[Points]:
    """log(-log S) at log times, where S is between 0 and 1."""
    for arm, curve in found.observed.items():
        inside = (curve.survival > 0) & (curve.survival < 1)
        yield Points(arm, BY_ARM, OBSERVED, np.log(curve.time[inside]), np.log(-np.log(curve.survival[inside])))


def at_risk_times(end: float, columns: int = 6) -> np.ndarray:
    """Round times from 0 to end, about as many as there is room for."""
    step = end / columns
    unit = 10.0 ** np.floor(np.log10(step))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= step * 0.999)
    return step * np.arange(int(end / step + 1e-9) + 1)


def at_risk(found: Analysed) -> Iterator[Points]:
    """Patients still followed at round times, in every arm."""
    at = at_risk_times(max(arm.last for arm in found.data.arms))
    for arm, curve in found.observed.items():
        yield Points(arm, BY_ARM, OBSERVED, at, curve.at_risk_at(at))
