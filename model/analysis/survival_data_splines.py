"""Royston-Parmar splines fitted to survival data: g(S) is a natural cubic spline of log time, as in R's flexsurv.

g is log(-log S) on the scale `hazard`, log(1 / S - 1) on `odds`, the normal score of 1 - S on `normal`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.analysis.survival_data import Arm
from model.analysis.survival_data_fits import REAL, Fit, too_few
from model.analysis.survival_data_kaplan_meier import kaplan_meier
from model.analysis.survival_data_likelihood import FitError, log_likelihood, maximise
from model.hazards import Hazard
from model.splines import SCALES

DRAWS = 10_000  # by which it is found how often a fit's draws are no curve
SPLINES = tuple(f"spline {scale} {k}" for scale in SCALES for k in (1, 2, 3))


def basis(x, knots: np.ndarray) -> np.ndarray:
    """[.., coefficient] at log times x."""
    x = np.asarray(x, float)[..., None]
    low, high, inner = knots[0], knots[-1], knots[1:-1]
    share = (high - inner) / (high - low)
    cubes = _cube(x - inner) - share * _cube(x - low) - (1 - share) * _cube(x - high)
    return np.concatenate([np.ones_like(x), x, cubes], axis=-1)


def basis_slope(x, knots: np.ndarray) -> np.ndarray:
    """Its derivative by x."""
    x = np.asarray(x, float)[..., None]
    low, high, inner = knots[0], knots[-1], knots[1:-1]
    share = (high - inner) / (high - low)
    squares = 3 * (_square(x - inner) - share * _square(x - low) - (1 - share) * _square(x - high))
    return np.concatenate([np.zeros_like(x), np.ones_like(x), squares], axis=-1)


def _cube(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0.0) ** 3


def _square(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0.0) ** 2


def cumulative(score: np.ndarray, scale: str) -> np.ndarray:
    """H where g(S) is `score`."""
    from scipy.special import log_ndtr

    if scale == "hazard":
        return np.exp(score)
    return np.logaddexp(0.0, score) if scale == "odds" else -log_ndtr(-score)


def hazard(score: np.ndarray, slope: np.ndarray, scale: str) -> np.ndarray:
    """dH / d log t where g(S) is `score` and rises with `slope`."""
    from scipy.special import expit, log_ndtr

    if scale == "hazard":
        return slope * np.exp(score)
    if scale == "odds":
        return slope * expit(score)
    return slope * np.exp(-(score**2) / 2 - log_ndtr(-score)) / np.sqrt(2 * np.pi)


def knots_of(arm: Arm, inner: int) -> np.ndarray:
    """At quantiles of the log times of events, the first and the last included."""
    return np.quantile(np.log(arm.time[arm.event]), np.linspace(0, 1, inner + 2))


def curve(fit: Fit) -> Hazard:
    """The fitted spline as a distribution of the language, also where it is none: what rises is told, not refused."""
    scale = np.asarray(float(SCALES.index(fit.name.split()[1])))
    return Hazard("spline", {"knots": np.array(fit.knots), "coefficients": fit.coefficients, "scale": scale})


def share_that_rises(fit: Fit) -> float:
    """Share of draws from the covariance of a fit in which survival would rise with time, so that they are no curve."""
    return float(1 - _falls(fit, _drawn(fit)).mean())


def draws_that_fall(fit: Fit, most: int = 2000) -> np.ndarray:
    """[draw, coefficient] those that are curves."""
    drawn = _drawn(fit)
    return drawn[_falls(fit, drawn)][:most]


def _drawn(fit: Fit) -> np.ndarray:
    return np.random.default_rng(1).multivariate_normal(fit.coefficients, fit.covariance, DRAWS)


def _falls(fit: Fit, drawn: np.ndarray) -> np.ndarray:
    """Whether the survival of each draw falls all the time: g rises everywhere, straight outside the knots."""
    knots = np.array(fit.knots)
    return (drawn @ basis_slope(np.linspace(knots[0], knots[-1], 400), knots).T).min(axis=1) > 1e-6


def fit_spline(name: str, arm: Arm) -> Fit:
    """name: 'spline SCALE KNOTS', with the number of inner knots."""
    _, scale, inner = name.split()
    parameters = tuple(f"gamma{i}" for i in range(int(inner) + 2))
    blank = Fit(
        arm=arm.name,
        name=name,
        arms=(arm.name,),
        patients=len(arm.time),
        events=arm.events,
        parameters=parameters,
        scales=(REAL,) * len(parameters),
    )
    if arm.events < len(parameters):
        return replace(blank, why=too_few(arm.events, len(parameters)))
    knots = knots_of(arm, int(inner))
    if (np.diff(knots) <= 0).any():
        return replace(blank, why="the events stand at too few different times for so many knots")
    try:
        values, covariance, total = _maximum(arm, knots, scale)
    except FitError as error:
        return replace(blank, why=str(error))
    return replace(
        blank, coefficients=values, covariance=covariance, log_likelihood=total, knots=tuple(map(float, knots))
    )


def _maximum(arm: Arm, knots: np.ndarray, scale: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, their covariance, log-likelihood. The search is in terms made independent of each other and of order 1."""
    seen = arm.time > 0  # who was last seen at time 0 tells nothing
    time, event = arm.time[seen], arm.event[seen]
    x = np.log(time)
    terms, slopes = basis(x, knots), basis_slope(x, knots)
    root = np.linalg.inv(np.linalg.qr(terms[event])[1]) * np.sqrt(event.sum())
    terms_own, slopes_own = terms @ root, slopes @ root

    def function(values: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            score, slope = terms_own @ values, slopes_own @ values
            return log_likelihood(event, cumulative(score, scale), hazard(score, slope, scale) / time)

    back = np.linalg.inv(root)
    found = maximise(function, [back @ start for start in _starts(arm, knots, scale)])
    return root @ found.values, root @ found.covariance @ root.T, found.log_likelihood


def _starts(arm: Arm, knots: np.ndarray, scale: str) -> list[np.ndarray]:
    """The spline through the Kaplan-Meier curve by least squares, and the straight line through it, which always rises."""
    observed = kaplan_meier(arm)
    died = observed.events > 0
    survival = ((observed.survival + np.append(1.0, observed.survival[:-1])) / 2)[died]
    terms, score = basis(np.log(observed.time[died]), knots), _score(survival, scale)
    line = np.linalg.lstsq(terms[:, :2], score, rcond=None)[0]
    return [np.linalg.lstsq(terms, score, rcond=None)[0], np.append(line, np.zeros(terms.shape[1] - 2))]


def _score(survival: np.ndarray, scale: str) -> np.ndarray:
    """g(S)."""
    from scipy.special import ndtri

    if scale == "hazard":
        return np.log(-np.log(survival))
    return np.log(1 / survival - 1) if scale == "odds" else -ndtri(survival)
