"""From what a paper reports to the natural parameters of a distribution.

Method of moments (Briggs, Claxton & Sculpher 2006, ch. 4); `lower` and `upper` are the 2.5th and the 97.5th percentile.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_TAILS = np.array([0.025, 0.975])
_Z = 1.959963984540054  # 97.5th percentile of the standard normal


class DistributionError(ValueError):
    """A distribution that cannot be made: what was found, what is allowed."""


# --- checks ------------------------------------------------------------------------------------------------


def array(name: str, argument: str, value, axes: int) -> np.ndarray:
    kind = ("a number", "a list of numbers", "a list of rows of equal length")[axes]
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise DistributionError(f"{name}: {argument} must be {kind}, found {value!r}") from None
    if array.ndim != axes or (axes and array.size == 0):
        raise DistributionError(f"{name}: {argument} must be {kind}, found {value!r}")
    if not np.isfinite(array).all():
        found = array[~np.isfinite(array)].flat[0]
        raise DistributionError(f"{name}: {argument} must be finite, found {found:g}")
    return array


def positive(name: str, **values) -> None:
    for argument, value in values.items():
        if not np.all(np.asarray(value) > 0):
            raise DistributionError(f"{name}: {argument} must be above 0, found {np.min(value):g}")


def _rising(name: str, **values: float) -> None:
    pairs = list(values.items())
    for (low, a), (high, b) in zip(pairs, pairs[1:]):
        if not a < b:
            raise DistributionError(f"{name}: {low} must be below {high}, found {low} {a:g} and {high} {b:g}")


def _inside(name: str, low: float, high: float, **values: float) -> None:
    for argument, value in values.items():
        if not low < value < high:
            raise DistributionError(f"{name}: {argument} must be above {low:g} and below {high:g}, found {value:g}")


def _with_cv(name: str, moments: Callable) -> dict[tuple[str, ...], Callable]:
    """Forms (mean, se) and (mean, cv); cv is the standard error as a share of the mean."""

    def by_se(mean, se):
        positive(name, se=se)
        return moments(mean, se)

    def by_cv(mean, cv):
        positive(name, cv=cv)
        if mean == 0:
            raise DistributionError(f"{name}: mean must not be 0 where the spread is given as cv")
        return moments(mean, cv * abs(mean))

    return {("mean", "se"): by_se, ("mean", "cv"): by_cv}


# --- one number --------------------------------------------------------------------------------------------


def _beta(a, b):
    positive("beta", a=a, b=b)
    return {"a": a, "b": b}


def _beta_moments(mean, se):
    _inside("beta", 0, 1, mean=mean)
    if se**2 >= mean * (1 - mean):
        raise DistributionError(
            f"beta: the standard error must be below sqrt(mean (1 - mean)) = "
            f"{np.sqrt(mean * (1 - mean)):g}, found {se:g}"
        )
    n = mean * (1 - mean) / se**2 - 1
    return {"a": mean * n, "b": (1 - mean) * n}


def _beta_events(events, n):
    _inside("beta", 0, n, events=events) if n > 0 else positive("beta", n=n)
    return {"a": events, "b": n - events}


def _beta_interval(lower, upper):
    from scipy.special import betainc, betaincinv

    _inside("beta", 0, 1, lower=lower, upper=upper)
    _rising("beta", lower=lower, upper=upper)

    # Two nested searches, each monotone: b puts the lower limit on its percentile, then a the upper limit.
    def b_of(a):
        return np.exp(
            _root(lambda log_b: betainc(a, np.exp(log_b), lower) - 0.025, -40.0, np.log(a * (1 - lower) / lower + 40))
        )

    try:
        a = np.exp(_root(lambda log_a: betainc(np.exp(log_a), b_of(np.exp(log_a)), upper) - 0.975, -8.0, 20.0))
        b = b_of(a)
    except ValueError:
        a = b = np.nan
    if not np.allclose(betaincinv(a, b, _TAILS), (lower, upper), rtol=0, atol=1e-6 * (upper - lower)):
        raise _no_fit("beta", lower, upper, "(a, b), (mean, se) or (events, n)")
    return {"a": float(a), "b": float(b)}


def _gamma(shape, rate):
    positive("gamma", shape=shape, rate=rate)
    return {"shape": shape, "rate": rate}


def _gamma_scale(shape, scale):
    positive("gamma", shape=shape, scale=scale)
    return _gamma(shape, 1 / scale)


def _gamma_moments(mean, se):
    positive("gamma", mean=mean)
    return _gamma((mean / se) ** 2, mean / se**2)


def _gamma_interval(lower, upper):
    from scipy.special import gammaincinv

    positive("gamma", lower=lower)
    _rising("gamma", lower=lower, upper=upper)

    def excess(log_shape):
        low, high = gammaincinv(np.exp(log_shape), _TAILS)
        return np.log(high / low) - np.log(upper / lower)

    try:
        shape = float(np.exp(_root(excess, np.log(0.01), np.log(1e8))))
    except ValueError:
        raise _no_fit("gamma", lower, upper, "(shape, rate), (mean, se) or (mean, cv)") from None
    return _gamma(shape, float(gammaincinv(shape, 0.975)) / upper)


def _lognormal(meanlog, sdlog):
    positive("lognormal", sdlog=sdlog)
    return {"meanlog": meanlog, "sdlog": sdlog}


def _lognormal_mean(mean, sdlog):
    positive("lognormal", mean=mean)
    return _lognormal(float(np.log(mean)) - sdlog**2 / 2, sdlog)


def _lognormal_median(median, sdlog):
    positive("lognormal", median=median)
    return _lognormal(float(np.log(median)), sdlog)


def _lognormal_moments(mean, se):
    positive("lognormal", mean=mean)
    return _lognormal_mean(mean, float(np.sqrt(np.log1p((se / mean) ** 2))))


def _lognormal_published(median, lower, upper):
    positive("lognormal", lower=lower)
    _rising("lognormal", lower=lower, median=median, upper=upper)
    return _lognormal_median(median, float(np.log(upper / lower)) / (2 * _Z))


def _lognormal_interval(lower, upper):
    positive("lognormal", lower=lower)
    _rising("lognormal", lower=lower, upper=upper)
    return _lognormal_published(float(np.exp((np.log(lower) + np.log(upper)) / 2)), lower, upper)


def _normal(mean, sd):
    positive("normal", sd=sd)
    return {"mean": mean, "sd": sd}


def _normal_interval(lower, upper):
    _rising("normal", lower=lower, upper=upper)
    return _normal((lower + upper) / 2, (upper - lower) / (2 * _Z))


def _uniform(lower, upper):
    _rising("uniform", lower=lower, upper=upper)
    return {"lower": lower, "upper": upper}


def _triangular(lower, mode, upper):
    _rising("triangular", lower=lower, upper=upper)
    if not lower <= mode <= upper:
        raise DistributionError(f"triangular: mode must be {lower:g} to {upper:g}, found {mode:g}")
    return {"lower": lower, "mode": mode, "upper": upper}


def _weibull(shape, scale):
    positive("weibull", shape=shape, scale=scale)
    return {"shape": shape, "scale": scale}


def _weibull_moments(mean, se):
    from scipy.special import gamma, gammaln

    positive("weibull", mean=mean)
    wanted = np.log1p((se / mean) ** 2)
    try:
        shape = np.exp(
            _root(
                lambda x: gammaln(1 + 2 * np.exp(-x)) - 2 * gammaln(1 + np.exp(-x)) - wanted, np.log(0.05), np.log(1e4)
            )
        )
    except ValueError:
        raise DistributionError(
            f"weibull: no shape between 0.05 and 10000 has a standard error of {se / mean:g} times the mean"
        ) from None
    return _weibull(float(shape), float(mean / gamma(1 + 1 / shape)))


def _weibull_interval(lower, upper):
    positive("weibull", lower=lower)
    _rising("weibull", lower=lower, upper=upper)
    low, high = -np.log1p(-_TAILS)
    shape = float(np.log(high / low) / np.log(upper / lower))
    return _weibull(shape, float(upper / high ** (1 / shape)))


def _root(function: Callable, low: float, high: float) -> float:
    """Root of a monotone function; ValueError where it does not change sign."""
    from scipy.optimize import brentq

    return brentq(function, low, high, xtol=1e-14, rtol=1e-14, maxiter=200)


def _no_fit(name: str, lower: float, upper: float, instead: str) -> DistributionError:
    return DistributionError(
        f"{name}: no {name} distribution was found with the 95% interval {lower:g} to {upper:g}; state {instead}"
    )


CONVERT: dict[str, dict[tuple[str, ...], Callable]] = {
    "beta": {
        ("a", "b"): _beta,
        **_with_cv("beta", _beta_moments),
        ("events", "n"): _beta_events,
        ("lower", "upper"): _beta_interval,
    },
    "gamma": {
        ("shape", "rate"): _gamma,
        ("shape", "scale"): _gamma_scale,
        **_with_cv("gamma", _gamma_moments),
        ("lower", "upper"): _gamma_interval,
    },
    "lognormal": {
        ("meanlog", "sdlog"): _lognormal,
        ("mean", "sdlog"): _lognormal_mean,
        ("median", "sdlog"): _lognormal_median,
        **_with_cv("lognormal", _lognormal_moments),
        ("lower", "upper"): _lognormal_interval,
        ("median", "lower", "upper"): _lognormal_published,
    },
    "normal": {("mean", "sd"): _normal, **_with_cv("normal", _normal), ("lower", "upper"): _normal_interval},
    "uniform": {("lower", "upper"): _uniform},
    "triangular": {("lower", "mode", "upper"): _triangular},
    "weibull": {
        ("shape", "scale"): _weibull,
        **_with_cv("weibull", _weibull_moments),
        ("lower", "upper"): _weibull_interval,
    },
}
