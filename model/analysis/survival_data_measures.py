"""What a reader asks of survival data and of each distribution: survival at landmarks, medians, restricted means, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.analysis.survival_data import SurvivalData
from model.analysis.survival_data_cox import Cox, cox
from model.analysis.survival_data_fits import BY_ARM, Fit, fit_each
from model.analysis.survival_data_kaplan_meier import KaplanMeier, kaplan_meier
from model.analysis.survival_data_splines import SPLINES, curve, fit_spline
from model.hazards import Hazard

LANDMARKS = (1.0, 2.0, 5.0, 10.0)  # years
HORIZON = 20.0  # years
OBSERVED = "Kaplan-Meier"
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


class Fitted(NamedTuple):
    fit: Fit
    arm: str
    curve: Hazard


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

    def curves(self) -> Iterator[Fitted]:
        """Of each fit that was possible, in each of its arms."""
        for fit in self.fits:
            if not fit.why:
                yield from (Fitted(fit, arm, curve(fit) if fit.knots else fit.hazard(arm)) for arm in fit.arms)

    def best(self, arm: str, kind: str = BY_ARM) -> Fit | None:
        """The fit of lowest AIC of an arm."""
        own = [fit for fit in self.fits if (fit.arm, fit.kind) == (arm, kind) and not fit.why]
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


def analyse(
    data: SurvivalData, joint: bool, splines: bool, landmarks: Sequence[float] = LANDMARKS, horizon: float = HORIZON
) -> Analysed:
    """joint: distributions also in all arms together; splines: too."""
    fits = fit_each(data, joint=joint)
    fits += [fit_spline(name, arm) for arm in data.arms for name in SPLINES] if splines else []
    observed = {arm.name: kaplan_meier(arm) for arm in data.arms}
    return Analysed(data, tuple(fits), observed, tuple(landmarks), horizon, cox(data.arms))


def means(found: Analysed) -> list[Means]:
    rows = []
    for arm, observed in found.observed.items():
        median, low, high = observed.median()
        restricted, error = observed.restricted_mean(found.until)
        rows.append(Means(arm, BY_ARM, OBSERVED, median, restricted, lower=low, upper=high, error=error))
    for fit, arm, curve_of in found.curves():
        median = float(curve_of.quantile(0.5))
        areas = (area(curve_of, end) for end in (found.until, found.end))
        rows.append(Means(arm, fit.kind, fit.name, median if np.isfinite(median) else np.nan, *areas))
    return rows


def landmarks(found: Analysed) -> list[Landmark]:
    at = np.array(found.landmarks) * found.data.years
    rows = []
    for arm, observed in found.observed.items():
        values = zip(found.landmarks, observed.at(at), *observed.limits_at(at))
        rows += [Landmark(arm, BY_ARM, OBSERVED, years, *map(float, numbers)) for years, *numbers in values]
    for fit, arm, curve_of in found.curves():
        rows += [Landmark(arm, fit.kind, fit.name, y, float(s)) for y, s in zip(found.landmarks, curve_of.survival(at))]
    return rows


def area(curve_of: Hazard, end: float) -> float:
    """Integral of the survival over 0..end: Gauss points between edges that crowd towards 0."""
    edges = end * np.concatenate([[0.0], 2.0 ** np.arange(-16, -1), np.linspace(0.5, 1, 9)])
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    points = middle[:, None] + half[:, None] * _NODES
    return float((curve_of.survival(points.ravel()).reshape(points.shape) @ _WEIGHTS) @ half)
