"""Cumulative hazards, their inverses and hazards of the usual distributions; functions of (t or h, **parameters).

Parameters as in R's flexsurv (Jackson 2016, J Stat Softw 70(8)). The tails are computed in logs, so that an inverse returns the
time where the survival itself would be rounded to 0 or 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from model import shapes
from model.gamma_tails import INVERSE_TAILS, TAILS, log_density

_FIRST = 1e-300  # stands for t = 0 where a hazard is a limit there, 0 / 0 as written


def gompertz(t, shape, rate):
    return np.where(shape == 0, rate * t, rate * np.expm1(shape * t) / shape)


def gompertz_inverse(h, shape, rate):
    u = np.fmax(h / rate, 0.0)
    t = np.where(shape == 0, u, np.log1p(shape * u) / shape)
    return np.where(np.isnan(t), np.inf, t)  # shape below 0: H never exceeds -rate / shape


def loglogistic_inverse(h, shape, scale):
    # expm1(h) in logs, which does not overflow
    return scale * np.exp((h + np.log(-np.expm1(-h))) / shape)


def loglogistic_hazard(t, shape, scale):
    x = t / scale
    return shape / scale * x ** (shape - 1) / (1 + x**shape)


def gamma(t, shape, rate):
    return TAILS["upper"](shape, np.log(rate * t / shape))


def gamma_inverse(h, shape, rate):
    return shape / rate * np.exp(INVERSE_TAILS["upper"](shape, h))


def gamma_hazard(t, shape, rate):
    t = np.maximum(t, _FIRST)
    s = np.log(rate * t / shape)
    return np.exp(log_density(shape, s) + TAILS["upper"](shape, s)) / t


_NEARLY_LOGNORMAL = 2e-3  # |Q| below which an expansion is better than the incomplete gamma function


def gengamma_by_Q(near: Callable, function: Callable) -> Callable:
    """Evaluates rows by the size and the sign of Q (Prentice 1974; flexsurv's dgengamma)."""

    def evaluate(x, mu, sigma, Q):
        x, mu, sigma, Q = np.broadcast_arrays(np.asarray(x, float), mu, sigma, Q)
        small, result = np.abs(Q) < _NEARLY_LOGNORMAL, np.empty(x.shape)
        for rows, compute in (
            (small, near),
            (~small & (Q > 0), partial(function, tail="upper")),
            (~small & (Q < 0), partial(function, tail="lower")),
        ):
            if rows.any():
                result[rows] = compute(x[rows], mu[rows], sigma[rows], Q[rows])
        return result

    return evaluate


def gengamma(t, mu, sigma, Q, tail):
    return TAILS[tail](Q**-2, Q * (np.log(t) - mu) / sigma)


def gengamma_inverse(h, mu, sigma, Q, tail):
    return np.exp(mu + sigma / Q * INVERSE_TAILS[tail](Q**-2, h))


def gengamma_hazard(t, mu, sigma, Q, tail):
    t = np.maximum(t, _FIRST)
    s = Q * (np.log(t) - mu) / sigma
    return np.exp(log_density(Q**-2, s) + TAILS[tail](Q**-2, s)) * np.abs(Q) / (sigma * t)


def _normal_score(w, Q):
    """(z, dz/dw): S = 1 - Phi(z) at w = (log t - mu) / sigma, to order Q^2 (Barndorff-Nielsen's r*)."""
    c = np.clip(w, -40, 100)
    return w + Q * (c**2 + 2) / 6 + Q**2 * c * (c**2 - 1) / 36, 1 + Q * c / 3 + Q**2 * (3 * c**2 - 1) / 36


def nearly_lognormal(t, mu, sigma, Q):
    from scipy.special import log_ndtr

    return -log_ndtr(-_normal_score((np.log(t) - mu) / sigma, Q)[0])


def nearly_lognormal_inverse(h, mu, sigma, Q):
    from scipy.special import ndtri_exp

    z = w = -ndtri_exp(-h)
    for _ in range(4):
        reached, slope = _normal_score(w, Q)
        w = np.where(np.isfinite(z), w + (z - reached) / slope, z)
    return np.exp(mu + sigma * w)


def nearly_lognormal_hazard(t, mu, sigma, Q):
    from scipy.special import log_ndtr

    t = np.maximum(t, _FIRST)
    z, slope = _normal_score((np.log(t) - mu) / sigma, Q)
    return np.exp(-(z**2) / 2 - log_ndtr(-z)) * slope / (np.sqrt(2 * np.pi) * sigma * t)


def _pieces(rates, breaks):
    """(start of each piece [piece], H0 at it [..., piece])."""
    starts = np.concatenate([[0.0], breaks])
    reached = np.cumsum(rates[..., :-1] * np.diff(starts), axis=-1)
    return starts, np.concatenate([np.zeros((*rates.shape[:-1], 1)), reached], axis=-1)


def piecewise(t, rates, breaks, start=None):
    if start is not None:
        return piecewise(start + t, rates, breaks) - piecewise(start, rates, breaks)
    starts, reached = _pieces(rates, breaks)
    k = np.searchsorted(breaks, t, side="right")
    return shapes.pick(reached, k) + shapes.pick(rates, k) * (t - starts[k])


def piecewise_inverse(h, rates, breaks, start=None):
    if start is not None:
        return np.fmax(piecewise_inverse(h + piecewise(start, rates, breaks), rates, breaks) - start, 0.0)
    starts, reached = _pieces(rates, breaks)
    if rates.ndim == 1:
        k = np.searchsorted(reached[1:], h, side="left")
    else:
        k = np.zeros(np.broadcast(h, rates[..., 0]).shape, int)
        for j in range(1, len(starts)):
            k += reached[..., j] < h
    excess = h - shapes.pick(reached, k)
    return starts[k] + np.where(excess > 0, excess / shapes.pick(rates, k), 0.0)


def piecewise_hazard(t, rates, breaks, start=0.0):
    return shapes.pick(rates, np.searchsorted(breaks, start + t, side="right"))


def piecewise_mean(t, rates, breaks, start=0.0):
    """Each piece adds rate * (time in it so far), which rises and then stays."""
    edges = [np.maximum(edge - start, 0.0) for edge in (0.0, *breaks, np.inf)]
    total = 0.0
    for j, (low, high) in enumerate(zip(edges, edges[1:])):
        since = np.maximum(t - low, 0.0)
        within = np.minimum(since, high - low)
        total = total + rates[..., j] * within * (since - within / 2)
    return np.where(t > 0, total / t, 0.0)
