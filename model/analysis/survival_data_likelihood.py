"""The likelihood of censored times, and its maximum with the covariance of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CONVERGED = 1e-9  # of twice the log-likelihood that one more Newton step would gain
STEPS = 30  # of Newton's method at most, after the search
_CENTRAL = ((1, 2 / 3), (-1, -2 / 3), (2, -1 / 12), (-2, 1 / 12))  # a slope to the fourth order


class FitError(ValueError):
    """A maximum that was not found; its text says why."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """Of a log-likelihood: values[parameter], covariance[parameter, parameter] (the inverse of the observed information)."""

    values: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


def log_likelihood(event: np.ndarray, cumulative: np.ndarray, hazard: np.ndarray) -> float:
    """Of times with these cumulative hazards and hazards [patient]; -inf where they cannot be."""
    with np.errstate(all="ignore"):
        total = np.log(hazard[event]).sum() - cumulative.sum()
    return float(total) if np.isfinite(total) else -np.inf


def maximise(function: Callable[[np.ndarray], float], starts: list[np.ndarray]) -> Maximum:
    """function(values) is a log-likelihood whose parameters are of order 1. The best of the starts is searched from."""
    from scipy.optimize import minimize

    start = max(starts, key=function)
    if not np.isfinite(function(start)):
        raise FitError("no parameters were found at which the data are possible")
    with np.errstate(all="ignore"):
        found = minimize(lambda x: -function(x), start, jac=lambda x: -slopes(function, x), method="BFGS")
    return _polished(function, found.x)


def _polished(function: Callable[[np.ndarray], float], values: np.ndarray) -> Maximum:
    """The maximum near values, by Newton's method, each step halved until it gains."""
    for _ in range(STEPS):
        information, slope = -curvature(function, values), slopes(function, values)
        if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
            raise FitError("the likelihood has no single maximum (its curvature there is not that of one)")
        step = np.linalg.solve(information, slope)
        if slope @ step < CONVERGED:
            return Maximum(values, np.linalg.inv(information), function(values))
        values = values + step * _gaining(function, values, step)
    raise FitError("the search for the highest likelihood did not come to its end")


def _gaining(function: Callable[[np.ndarray], float], values: np.ndarray, step: np.ndarray) -> float:
    now = function(values)
    return next((share for share in 0.5 ** np.arange(30) if function(values + share * step) >= now), 0.0)


def slopes(function: Callable[[np.ndarray], float], x: np.ndarray, width: float = 1e-4) -> np.ndarray:
    """Gradient by central differences."""
    return np.sum([weight * _moved(function, x, at * width) for at, weight in _CENTRAL], axis=0) / width


def _moved(function: Callable[[np.ndarray], float], x: np.ndarray, by: float) -> np.ndarray:
    """The function with each parameter moved in its turn."""
    return np.array([function(x + by * unit) for unit in np.eye(len(x))])


def curvature(function: Callable[[np.ndarray], float], x: np.ndarray, width: float = 2e-3) -> np.ndarray:
    """Matrix of second derivatives: differences of gradients, made symmetric."""
    rows = [
        sum(w * slopes(function, x + at * width * unit, width) for at, w in _CENTRAL) / width for unit in np.eye(len(x))
    ]
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2
