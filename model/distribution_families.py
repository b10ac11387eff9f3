"""The families of distributions of one number: a record each, with all that is known of the family.

Method of moments (Briggs, Claxton & Sculpher 2006, ch. 4); `lower` and `upper` are the 2.5th and the 97.5th percentile.
To add a family, add its record to FAMILIES: files, messages, sampling and the reference of scenario files read it there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.distribution_checks import (
    Convert,
    DistributionError,
    Natural,
    inside,
    no_fit,
    positive,
    rising,
    root,
    with_cv,
)
from model.quantile_tables import LOG, LOGIT, Scale

_TAILS = np.array([0.025, 0.975])
_Z = 1.959963984540054  # 97.5th percentile of the standard normal
_UPWARDS = (0.0, np.inf)


@dataclass(frozen=True)
class Family:
    """What is known of a family; functions take its natural parameters by position, in their order.

    forms: accepted sets of arguments, each with what makes natural parameters of them; the first is that of arguments
    without a name. quantile: (u, *natural), u of any shape. moments: (mean, standard deviation). bounds: lowest and
    highest value. score: standard deviations of a value from the middle, on the scale on which the family is normal.
    scale: where a quantile that takes a search is smooth, for tables of it.
    """

    name: str
    forms: dict[tuple[str, ...], Convert]
    quantile: Callable[..., np.ndarray]
    moments: Callable[..., tuple[float, float]]
    bounds: Callable[..., tuple[float, float]] = lambda *natural: _UPWARDS
    score: Callable[..., float] | None = None
    scale: Scale | None = None


def _beta(a: float, b: float) -> Natural:
    positive("beta", a=a, b=b)
    return {"a": a, "b": b}


def _beta_moments(mean: float, se: float) -> Natural:
    inside("beta", 0, 1, mean=mean)
    if se**2 >= mean * (1 - mean):
        raise DistributionError(
            f"beta: the standard error must be below sqrt(mean (1 - mean)) = "
            f"{np.sqrt(mean * (1 - mean)):g}, found {se:g}"
        )
    n = mean * (1 - mean) / se**2 - 1
    return {"a": mean * n, "b": (1 - mean) * n}


def _beta_events(events: float, n: float) -> Natural:
    inside("beta", 0, n, events=events) if n > 0 else positive("beta", n=n)
    return {"a": events, "b": n - events}


def _beta_interval(lower: float, upper: float) -> Natural:
    from scipy.special import betainc, betaincinv

    inside("beta", 0, 1, lower=lower, upper=upper)
    rising("beta", lower=lower, upper=upper)

    # Two nested searches, each monotone: b puts the lower limit on its percentile, then a the upper limit.
    def b_of(a):
        return np.exp(
            root(lambda log_b: betainc(a, np.exp(log_b), lower) - 0.025, -40.0, np.log(a * (1 - lower) / lower + 40))
        )

    try:
        a = np.exp(root(lambda log_a: betainc(np.exp(log_a), b_of(np.exp(log_a)), upper) - 0.975, -8.0, 20.0))
        b = b_of(a)
    except ValueError:
        a = b = np.nan
    if not np.allclose(betaincinv(a, b, _TAILS), (lower, upper), rtol=0, atol=1e-6 * (upper - lower)):
        raise no_fit("beta", lower, upper, "(a, b), (mean, se) or (events, n)")
    return {"a": float(a), "b": float(b)}


def _beta_quantile(u: np.ndarray, a: float, b: float) -> np.ndarray:
    from scipy.special import betaincinv

    return betaincinv(a, b, u)


def beta_mean_and_sd(a, b):
    """Of a beta distribution; numbers or arrays."""
    return a / (a + b), np.sqrt(a * b / (a + b + 1)) / (a + b)


def _gamma(shape: float, rate: float) -> Natural:
    positive("gamma", shape=shape, rate=rate)
    return {"shape": shape, "rate": rate}


def _gamma_scale(shape: float, scale: float) -> Natural:
    positive("gamma", shape=shape, scale=scale)
    return _gamma(shape, 1 / scale)


def _gamma_moments(mean: float, se: float) -> Natural:
    positive("gamma", mean=mean)
    return _gamma((mean / se) ** 2, mean / se**2)


def _gamma_interval(lower: float, upper: float) -> Natural:
    from scipy.special import gammaincinv

    positive("gamma", lower=lower)
    rising("gamma", lower=lower, upper=upper)

    def excess(log_shape):
        low, high = gammaincinv(np.exp(log_shape), _TAILS)
        return np.log(high / low) - np.log(upper / lower)

    try:
        shape = float(np.exp(root(excess, np.log(0.01), np.log(1e8))))
    except ValueError:
        raise no_fit("gamma", lower, upper, "(shape, rate), (mean, se) or (mean, cv)") from None
    return _gamma(shape, float(gammaincinv(shape, 0.975)) / upper)


def _gamma_quantile(u: np.ndarray, shape: float, rate: float) -> np.ndarray:
    from scipy.special import gammaincinv

    return gammaincinv(shape, u) / rate


def _normal(mean: float, sd: float) -> Natural:
    positive("normal", sd=sd)
    return {"mean": mean, "sd": sd}


def _normal_interval(lower: float, upper: float) -> Natural:
    rising("normal", lower=lower, upper=upper)
    return _normal((lower + upper) / 2, (upper - lower) / (2 * _Z))


def _normal_quantile(u: np.ndarray, mean: float, sd: float) -> np.ndarray:
    from scipy.special import ndtri

    return mean + sd * ndtri(u)


def _lognormal(meanlog: float, sdlog: float) -> Natural:
    positive("lognormal", sdlog=sdlog)
    return {"meanlog": meanlog, "sdlog": sdlog}


def _lognormal_mean(mean: float, sdlog: float) -> Natural:
    positive("lognormal", mean=mean)
    return _lognormal(float(np.log(mean)) - sdlog**2 / 2, sdlog)


def _lognormal_median(median: float, sdlog: float) -> Natural:
    positive("lognormal", median=median)
    return _lognormal(float(np.log(median)), sdlog)


def _lognormal_moments(mean: float, se: float) -> Natural:
    positive("lognormal", mean=mean)
    return _lognormal_mean(mean, float(np.sqrt(np.log1p((se / mean) ** 2))))


def _lognormal_published(median: float, lower: float, upper: float) -> Natural:
    positive("lognormal", lower=lower)
    rising("lognormal", lower=lower, median=median, upper=upper)
    return _lognormal_median(median, float(np.log(upper / lower)) / (2 * _Z))


def _lognormal_interval(lower: float, upper: float) -> Natural:
    positive("lognormal", lower=lower)
    rising("lognormal", lower=lower, upper=upper)
    return _lognormal_published(float(np.exp((np.log(lower) + np.log(upper)) / 2)), lower, upper)


def _lognormal_quantile(u: np.ndarray, meanlog: float, sdlog: float) -> np.ndarray:
    return np.exp(_normal_quantile(u, meanlog, sdlog))


def _lognormal_mean_and_sd(m: float, s: float) -> tuple[float, float]:
    return np.exp(m + s**2 / 2), np.exp(m + s**2 / 2) * np.sqrt(np.expm1(s**2))


def _uniform(lower: float, upper: float) -> Natural:
    rising("uniform", lower=lower, upper=upper)
    return {"lower": lower, "upper": upper}


def _triangular(lower: float, mode: float, upper: float) -> Natural:
    rising("triangular", lower=lower, upper=upper)
    if not lower <= mode <= upper:
        raise DistributionError(f"triangular: mode must be {lower:g} to {upper:g}, found {mode:g}")
    return {"lower": lower, "mode": mode, "upper": upper}


def _triangular_quantile(u: np.ndarray, lower: float, mode: float, upper: float) -> np.ndarray:
    width = upper - lower
    return np.where(
        u * width < mode - lower,
        lower + np.sqrt(u * width * (mode - lower)),
        upper - np.sqrt((1 - u) * width * (upper - mode)),
    )


def _triangular_mean_and_sd(a: float, c: float, b: float) -> tuple[float, float]:
    return (a + b + c) / 3, np.sqrt(((b - a) ** 2 + (c - a) * (c - b)) / 18)


def _weibull(shape: float, scale: float) -> Natural:
    positive("weibull", shape=shape, scale=scale)
    return {"shape": shape, "scale": scale}


def _weibull_moments(mean: float, se: float) -> Natural:
    from scipy.special import gamma, gammaln

    positive("weibull", mean=mean)
    wanted = np.log1p((se / mean) ** 2)
    try:
        shape = np.exp(
            root(
                lambda x: gammaln(1 + 2 * np.exp(-x)) - 2 * gammaln(1 + np.exp(-x)) - wanted, np.log(0.05), np.log(1e4)
            )
        )
    except ValueError:
        raise DistributionError(
            f"weibull: no shape between 0.05 and 10000 has a standard error of {se / mean:g} times the mean"
        ) from None
    return _weibull(float(shape), float(mean / gamma(1 + 1 / shape)))


def _weibull_interval(lower: float, upper: float) -> Natural:
    positive("weibull", lower=lower)
    rising("weibull", lower=lower, upper=upper)
    low, high = -np.log1p(-_TAILS)
    shape = float(np.log(high / low) / np.log(upper / lower))
    return _weibull(shape, float(upper / high ** (1 / shape)))


def _weibull_quantile(u: np.ndarray, shape: float, scale: float) -> np.ndarray:
    return scale * (-np.log1p(-u)) ** (1 / shape)


def _weibull_mean_and_sd(shape: float, scale: float) -> tuple[float, float]:
    from scipy.special import gammaln

    mean = scale * np.exp(gammaln(1 + 1 / shape))
    return mean, mean * np.sqrt(np.expm1(gammaln(1 + 2 / shape) - 2 * gammaln(1 + 1 / shape)))


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "beta",
            {
                ("a", "b"): _beta,
                **with_cv("beta", _beta_moments),
                ("events", "n"): _beta_events,
                ("lower", "upper"): _beta_interval,
            },
            _beta_quantile,
            beta_mean_and_sd,
            lambda a, b: (0.0, 1.0),
            scale=LOGIT,
        ),
        Family(
            "gamma",
            {
                ("shape", "rate"): _gamma,
                ("shape", "scale"): _gamma_scale,
                **with_cv("gamma", _gamma_moments),
                ("lower", "upper"): _gamma_interval,
            },
            _gamma_quantile,
            lambda shape, rate: (shape / rate, np.sqrt(shape) / rate),
            scale=LOG,
        ),
        Family(
            "lognormal",
            {
                ("meanlog", "sdlog"): _lognormal,
                ("mean", "sdlog"): _lognormal_mean,
                ("median", "sdlog"): _lognormal_median,
                **with_cv("lognormal", _lognormal_moments),
                ("lower", "upper"): _lognormal_interval,
                ("median", "lower", "upper"): _lognormal_published,
            },
            _lognormal_quantile,
            _lognormal_mean_and_sd,
            score=lambda value, meanlog, sdlog: (np.log(value) - meanlog) / sdlog,
        ),
        Family(
            "normal",
            {("mean", "sd"): _normal, **with_cv("normal", _normal), ("lower", "upper"): _normal_interval},
            _normal_quantile,
            lambda mean, sd: (mean, sd),
            lambda mean, sd: (-np.inf, np.inf),
            lambda value, mean, sd: (value - mean) / sd,
        ),
        Family(
            "uniform",
            {("lower", "upper"): _uniform},
            lambda u, lower, upper: lower + u * (upper - lower),
            lambda lower, upper: ((lower + upper) / 2, (upper - lower) / np.sqrt(12)),
            lambda lower, upper: (lower, upper),
        ),
        Family(
            "triangular",
            {("lower", "mode", "upper"): _triangular},
            _triangular_quantile,
            _triangular_mean_and_sd,
            lambda lower, mode, upper: (lower, upper),
        ),
        Family(
            "weibull",
            {
                ("shape", "scale"): _weibull,
                **with_cv("weibull", _weibull_moments),
                ("lower", "upper"): _weibull_interval,
            },
            _weibull_quantile,
            _weibull_mean_and_sd,
        ),
    )
}
