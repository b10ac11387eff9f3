"""Tails of the standard gamma distribution in logs, where its probabilities under- and overflow.

In s = log(x / shape): for a large shape (a small Q of gengamma) log(x) itself has too few digits. `upper` is
-log Q(shape, x), `lower` is -log P(shape, x), Q = 1 - P = gammaincc.
"""

from __future__ import annotations

import numpy as np

_SMALLEST, _LARGEST = 1e-280, 600.0  # probability, and -log of one, that are computed directly


def _upper(a, s):
    from scipy.special import gammainc, gammaincc

    return _minus_log(gammaincc, gammainc, _upper_far, a, s)


def _lower(a, s):
    from scipy.special import gammainc, gammaincc

    return _minus_log(gammainc, gammaincc, _lower_far, a, s)


def _minus_log(tail, other, far, a, s):
    x = a * np.exp(s)
    p = tail(a, x)
    value = _mend(-np.log(p), p > 0.5, lambda a, x: -np.log1p(-other(a, x)), a, x)
    return _mend(value, p < _SMALLEST, far, a, s)


def _mend(value, bad, compute, *arguments):
    """`value` with its bad elements computed by another method."""
    if np.any(bad):
        value, bad = np.asarray(value), np.broadcast_to(bad, np.shape(value))
        value[bad] = compute(*(np.broadcast_to(x, value.shape)[bad] for x in arguments))
    return value


def _upper_far(a, s):
    """Continued fraction for Q (DLMF 8.9.2), from the bottom up; it converges fast where Q is tiny."""
    x = a * np.exp(s)
    b = x + 1 - a
    fraction = b + 2 * 400
    for n in range(400, 0, -1):
        fraction = b + 2 * (n - 1) - n * (n - a) / fraction
    return np.log(fraction) - log_density(a, s)


def _lower_far(a, s):
    """Power series for P (DLMF 8.7.1)."""
    x = a * np.exp(s)
    term = total = np.ones_like(x)
    n = 0
    while np.any(term > 1e-17 * total):
        n += 1
        term = term * x / (a + n)
        total = total + term
    return np.log(a / total) - log_density(a, s)


def log_density(a, s):
    """log of x^a e^-x / Gamma(a), the density of log(x)."""
    from scipy.special import gammaln

    large = np.maximum(a, 100.0)
    stirling = 0.5 * np.log(large / (2 * np.pi)) - 1 / (12 * large) + 1 / (360 * large**3) - 1 / (1260 * large**5)
    constant = np.where(a > 100, stirling, a * np.log(a) - a - gammaln(a))
    return a * (s - np.expm1(s)) + constant


def _upper_inverse(a, h):
    from scipy.special import gammainccinv, gammaincinv

    x = _quantile(gammainccinv, gammaincinv, a, h)
    return _mend(np.log(x / a), h > _LARGEST, _upper_inverse_far, a, h)


def _lower_inverse(a, h):
    from scipy.special import gammainccinv, gammaincinv

    x = _quantile(gammaincinv, gammainccinv, a, h)
    return _mend(np.log(x / a), (x < _SMALLEST) | (h > _LARGEST), _lower_inverse_far, a, h)


def _quantile(tail_inverse, other_inverse, a, h):
    x = tail_inverse(a, np.exp(-h))
    return _mend(x, h < 0.5, lambda a, h: other_inverse(a, -np.expm1(-h)), a, h)


def _upper_inverse_far(a, h):
    # starts above the root, at the sub-gamma bound (Boucheron, Lugosi & Massart 2013, section 2.4)
    return _newton(_upper, 1.0, a, np.log1p((h + np.sqrt(2 * a * h)) / a), h)


def _lower_inverse_far(a, h):
    from scipy.special import gammaln

    # starts below the root, where P is the first term of its series, x^a / Gamma(a + 1)
    return _newton(_lower, -1.0, a, (gammaln(a + 1) - h) / a - np.log(a), h)


def _newton(tail, slope, a, s, h):
    """Newton's method on -log of a tail, which is convex in s, so that it nears the root from one side."""
    for _ in range(60):
        value = tail(a, s)
        step = (h - value) * slope * np.exp(-log_density(a, s) - value)
        s = s + np.where(np.isfinite(step), step, 0.0)
        if not np.any(np.abs(step) > 1e-13 * (1 + np.abs(s))):
            break
    return s


TAILS = {"upper": _upper, "lower": _lower}
INVERSE_TAILS = {"upper": _upper_inverse, "lower": _lower_inverse}
