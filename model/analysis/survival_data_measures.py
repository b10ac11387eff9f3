"""What a reader asks of survival data and of each distribution: survival at landmarks, medians, restricted means, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.analysis.survival_data import SurvivalData
from model.analysis.survival_data_cox import Cox, cox
from model.analysis.survival_data_fits import BY_ARM, Fit
from model.analysis.survival_data_kaplan_meier import KaplanMeier, kaplan_meier, smoothed_hazard
from model.hazards import Hazard

LANDMARKS = (1.0, 2.0, 5.0, 10.0)  # years
HORIZON = 20.0  # years
POINTS = 201  # of a curve
OBSERVED = "Kaplan-Meier"
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True)
class Analysed:
    """Survival data with what was fitted. observed[arm]; landmarks and horizon in years; cox: None for one arm."""

    data: SurvivalData
    fits: tuple[Fit, ...]
    observed: dict[str, KaplanMeier]
    landmarks: tuple[float, ...]
    horizon: float
    cox: Cox | None

    @property
    def until(self) -> float:
        """Where restricted means end: the longest time that every arm has seen, in the unit of the data."""
        return min(arm.last for arm in self.data.arms)

    @property
    def end(self) -> float:
        """The horizon in the unit of the data."""
        return self.horizon * self.data.years

    def curves(self) -> Iterator[tuple[Fit, str, Hazard]]:
        """(fit, arm, distribution) of each that was fitted."""
        for fit in self.fits:
            if not fit.why:
                yield from ((fit, arm, fit.hazard(arm)) for arm in fit.arms)

    def best(self, arm: str) -> Fit | None:
        """The fit of lowest AIC of an arm."""
        own = [fit for fit in self.fits if fit.arm == arm and not fit.why]
        return min(own, key=lambda fit: fit.aic, default=None)


@dataclass(frozen=True)
class Means:
    """Of an arm under a distribution (or OBSERVED), in the unit of the data; nan for what is not known. lower, upper: of the median,
    error: of the restricted mean, both of what was observed."""

    arm: str
    kind: str
    name: str
    median: float
    restricted: float
    to_horizon: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    error: float = np.nan


@dataclass(frozen=True)
class Landmark:
    """Survival at a time in years; lower, upper: of what was observed."""

    arm: str
    kind: str
    name: str
    years: float
    survival: float
    lower: float = np.nan
    upper: float = np.nan


def analysed(data: SurvivalData, fits: Sequence[Fit], landmarks: Sequence[float], horizon: float) -> Analysed:
    observed = {arm.name: kaplan_meier(arm) for arm in data.arms}
    return Analysed(data, tuple(fits), observed, tuple(landmarks), horizon, cox(data.arms))


def means(found: Analysed) -> list[Means]:
    rows = []
    for arm, curve in found.observed.items():
        median, low, high = curve.median()
        restricted, error = curve.restricted_mean(found.until)
        rows.append(Means(arm, BY_ARM, OBSERVED, median, restricted, lower=low, upper=high, error=error))
    for fit, arm, hazard in found.curves():
        median = float(hazard.quantile(0.5))
        areas = (area(hazard, end) for end in (found.until, found.end))
        rows.append(Means(arm, fit.kind, fit.name, median if np.isfinite(median) else np.nan, *areas))
    return rows


def landmarks(found: Analysed) -> list[Landmark]:
    at = np.array(found.landmarks) * found.data.years
    rows = []
    for arm, curve in found.observed.items():
        values = zip(found.landmarks, curve.at(at), *curve.limits_at(at))
        rows += [Landmark(arm, BY_ARM, OBSERVED, years, *map(float, numbers)) for years, *numbers in values]
    for fit, arm, hazard in found.curves():
        rows += [Landmark(arm, fit.kind, fit.name, y, float(s)) for y, s in zip(found.landmarks, hazard.survival(at))]
    return rows


def area(hazard: Hazard, end: float) -> float:
    """Integral of the survival over 0..end: Gauss points between edges that crowd towards 0."""
    edges = end * np.concatenate([[0.0], 2.0 ** np.arange(-16, 0), np.linspace(0.5, 1, 9)[1:]])
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    points = middle[:, None] + half[:, None] * _NODES
    return float((hazard.survival(points.ravel()).reshape(points.shape) @ _WEIGHTS) @ half)


def grid(end: float) -> np.ndarray:
    """Times at which a curve is drawn."""
    return np.linspace(0, end, POINTS)


def observed_hazard(found: Analysed, arm: str) -> tuple[np.ndarray, np.ndarray]:
    """(time, smoothed hazard) up to the time from which fewer than five are followed."""
    curve = found.observed[arm]
    followed = curve.time[curve.at_risk >= min(5, curve.at_risk[0])]
    at = np.linspace(0, followed[-1], POINTS)
    return at, smoothed_hazard(curve, at)


def at_risk_times(end: float, columns: int = 6) -> np.ndarray:
    """Round times from 0 to end, about as many as there is room for."""
    step = end / columns
    unit = 10.0 ** np.floor(np.log10(step))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= step * 0.999)
    return step * np.arange(int(end / step + 1e-9) + 1)


def log_log(curve: KaplanMeier) -> tuple[np.ndarray, np.ndarray]:
    """(log time, log(-log S)) where S is between 0 and 1."""
    inside = (curve.survival > 0) & (curve.survival < 1)
    return np.log(curve.time[inside]), np.log(-np.log(curve.survival[inside]))
