"""Royston-Parmar splines: a natural cubic spline in x = log t of the log cumulative hazard, log odds or normal score of an event.

    s(x) = g0 + g1 x + g2 v1(x) + ..,   v_j(x) = (x - k_j)+^3 - l_j (x - k_min)+^3 - (1 - l_j) (x - k_max)+^3

with l_j = (k_max - k_j) / (k_max - k_min): straight outside the boundary knots. As flexsurv's survspline: knots on the scale of
log t, the first and the last of them the boundary knots, and as many coefficients as knots.
Source: Royston & Parmar 2002, Statistics in Medicine 21:2175-2197. Arrays: knots[.., knot], coefficients[.., knot].
"""

from __future__ import annotations

import numpy as np

SCALES = ("hazard", "odds", "normal")
_STEPS, _CLOSE = 60, 1e-13  # towards the inverse: Newton's, kept within what is known to hold it


def cumulative(t, knots, coefficients, scale):
    """H(t)."""
    return _cumulative(_spline(np.log(t), knots, coefficients)[0], int(scale))


def hazard(t, knots, coefficients, scale):
    """h(t); at 0 its limit from above."""
    t = np.maximum(t, 1e-300)
    level, slope = _spline(np.log(t), knots, coefficients)
    return _rise(level, int(scale)) * slope / t


def inverse(h, knots, coefficients, scale):
    """Earliest t at which H(t) reaches h: infinity where it never does."""
    return np.exp(_crossing(_level(np.asarray(h, float), int(scale)), knots, coefficients))


@np.errstate(all="ignore")
def steepest_fall(knots, coefficients) -> np.ndarray:
    """[..] the lowest slope of s(x) for any x; survival would rise where it is below 0.

    Between two knots the slope is a parabola, lowest at a knot or at its vertex.
    """
    slopes, bends, vertices = [], [], []
    for j in range(knots.shape[-1]):
        x = knots[..., j]
        slopes.append(_spline(x, knots, coefficients)[1])
        bends.append(_bend(x, knots, coefficients))
    for j in range(len(bends) - 1):
        share = np.clip(np.nan_to_num(bends[j] / (bends[j] - bends[j + 1])), 0, 1)
        x = knots[..., j] + share * (knots[..., j + 1] - knots[..., j])
        vertices.append(_spline(x, knots, coefficients)[1])
    return np.min(np.broadcast_arrays(*slopes, *vertices), axis=0)


def _spline(x, knots, coefficients):
    """s(x) and its slope."""
    low, high = knots[..., 0], knots[..., -1]
    level = coefficients[..., 0] + coefficients[..., 1] * x
    slope = coefficients[..., 1] + 0.0 * x
    below, above = np.maximum(x - low, 0.0), np.maximum(x - high, 0.0)
    for j in range(1, knots.shape[-1] - 1):
        knot, weight = knots[..., j], coefficients[..., j + 1]
        share, within = (high - knot) / (high - low), np.maximum(x - knot, 0.0)
        level = level + weight * (within**3 - share * below**3 - (1 - share) * above**3)
        slope = slope + 3 * weight * (within**2 - share * below**2 - (1 - share) * above**2)
    # Beyond the last knot squares and cubes cancel: there it is the straight line from that knot.
    return _straight(x, above, level, slope, knots, coefficients)


def _straight(x, above, level, slope, knots, coefficients):
    if knots.shape[-1] == 2 or not np.any(above > 0):
        return level, slope
    at_last, last_slope = _spline(knots[..., -1], knots, coefficients)
    beyond = above > 0
    return np.where(beyond, at_last + last_slope * above, level), np.where(beyond, last_slope, slope)


def _bend(x, knots, coefficients):
    """Second derivative of s at x between the boundary knots."""
    low, high = knots[..., 0], knots[..., -1]
    total = 0.0 * x
    for j in range(1, knots.shape[-1] - 1):
        share = (high - knots[..., j]) / (high - low)
        total = total + 6 * coefficients[..., j + 1] * (np.maximum(x - knots[..., j], 0) - share * (x - low))
    return total


def _crossing(level, knots, coefficients):
    """x at which s(x) is `level`."""
    first, start_slope = _spline(knots[..., 0], knots, coefficients)
    last, end_slope = _spline(knots[..., -1], knots, coefficients)
    before = knots[..., 0] + (level - first) / start_slope
    after = knots[..., -1] + (level - last) / end_slope
    after = np.where(level > last, np.where(end_slope > 0, after, np.inf), knots[..., -1])
    x = np.where(level <= first, before, after)
    inside = (level > first) & (level < last)
    return np.where(inside, _between(level, knots, coefficients), x) if np.any(inside) else x


def _between(level, knots, coefficients):
    """x between the boundary knots, by Newton's steps; a step that leaves the bracket is replaced by its middle."""
    low, high = np.broadcast_arrays(knots[..., 0], knots[..., -1], level)[:2]
    x = (low + high) / 2
    for _ in range(_STEPS):
        reached, slope = _spline(x, knots, coefficients)
        low, high = np.where(reached < level, x, low), np.where(reached < level, high, x)
        step = x - (reached - level) / slope
        new = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        if np.all((np.abs(new - x) < _CLOSE) | (high - low < _CLOSE)):
            return new
        x = new
    return x


def _cumulative(level, scale: int):
    from scipy.special import log_ndtr

    if scale == 2:
        return -log_ndtr(-level)
    return np.logaddexp(0.0, level) if scale else np.exp(level)


def _rise(level, scale: int):
    """dH/ds."""
    from scipy.special import expit, log_ndtr

    if scale == 2:
        return np.exp(-(level**2) / 2 - log_ndtr(-level)) / np.sqrt(2 * np.pi)
    return expit(level) if scale else np.exp(level)


def _level(h, scale: int):
    """s at which H is h."""
    from scipy.special import ndtri_exp

    if scale == 2:
        return -ndtri_exp(-h)
    return h + np.log(-np.expm1(-h)) if scale else np.log(h)
