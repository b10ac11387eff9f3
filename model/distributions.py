"""Parameter uncertainty of a probabilistic analysis: from what a paper reports to a quantile function.

A distribution is stated in any of its accepted forms (mean and standard error, 95% interval, counts...), is
converted once to its natural parameters, and is sampled by its inverse CDF. So one uniform makes one draw:
Latin hypercube, Sobol points, copulas and common random numbers work with every distribution.

Conversions: method of moments (Briggs, Claxton & Sculpher 2006, ch. 4). `lower` and `upper` are the 2.5th and
the 97.5th percentile.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_TAILS = np.array([0.025, 0.975])
_Z = 1.959963984540054  # 97.5th percentile of the standard normal


class DistributionError(ValueError):
    """A distribution that cannot be made: what was found, what is allowed."""


def _tails(level: float) -> np.ndarray:
    return np.array([(1 - level) / 2, (1 + level) / 2])


@dataclass(frozen=True)
class Distribution:
    """One uncertain number; `natural` holds its natural parameters, in the unit of the parameter."""

    name: str
    natural: dict[str, float]

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse CDF at u, 0 < u < 1, of any shape."""
        return _QUANTILES[self.name](np.asarray(u, float), *self.natural.values())

    @property
    def mean(self) -> float:
        return float(_MOMENTS[self.name](*self.natural.values())[0])

    @property
    def sd(self) -> float:
        return float(_MOMENTS[self.name](*self.natural.values())[1])

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval that holds `level` of the probability."""
        low, high = self.quantile(_tails(level))
        return float(low), float(high)


@dataclass(frozen=True, eq=False)
class JointDistribution:
    """`size` numbers that are drawn together, from `uniforms` independent uniforms a draw."""

    name: str
    natural: dict[str, np.ndarray]
    size: int
    uniforms: int

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """[component, draw] from independent uniforms u[uniforms, draw], 0 < u < 1."""
        return _JOINT[self.name].draw(np.asarray(u, float), **self.natural)

    @property
    def mean(self) -> np.ndarray:
        return _JOINT[self.name].moments(**self.natural)[0]

    @property
    def sd(self) -> np.ndarray:
        return _JOINT[self.name].moments(**self.natural)[1]

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Central marginal intervals: (lower[component], upper[component])."""
        low, high = _JOINT[self.name].marginal(_tails(level), **self.natural)
        return low, high


def make(name: str, positional: tuple = (), named: dict | None = None) -> Distribution | JointDistribution:
    """A distribution from its name and arguments, each a number, a list or a list of lists.

    Positional arguments are those of the first form in FORMS[name]; DistributionError says what is allowed.
    """
    if name not in FORMS:
        raise DistributionError(f"unknown distribution '{name}'; allowed: {', '.join(NAMES)}."
                                + _did_you_mean(name, NAMES))
    if name == "dirichlet" and positional and not isinstance(positional[0], (list, tuple, np.ndarray)):
        positional = (list(positional),)
    given = _arguments(name, tuple(positional), dict(named or {}))
    form = next((f for f in FORMS[name] if set(f) == set(given)), None)
    if form is None:
        raise DistributionError(f"{_takes(name)}; found ({', '.join(given)})" + _strangers(name, given))
    if name in _JOINT:
        return _JOINT[name].convert[form](*(_array(name, k, given[k], _AXES[k]) for k in form))
    return Distribution(name, _CONVERT[name][form](*(float(_array(name, k, given[k], 0)) for k in form)))


def copula(z_uniforms: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Correlated uniforms u[name, draw] from independent ones (Gaussian copula).

    correlation[name, name] is that of the normal scores. Each row stays exactly uniform.
    DistributionError where the matrix is no correlation matrix.
    """
    from scipy.special import ndtr, ndtri

    root = _correlation_root("correlation", np.asarray(correlation, float), len(z_uniforms))
    return np.clip(ndtr(root @ ndtri(z_uniforms)), 1e-300, 1 - 2.0**-53)


# --- arguments and their domains ---------------------------------------------------------------------------

def _arguments(name: str, positional: tuple, named: dict) -> dict:
    first = FORMS[name][0]
    if len(positional) > len(first):
        raise DistributionError(f"{_takes(name)}; found {len(positional)} values without a name")
    given = dict(zip(first, positional))
    if twice := given.keys() & named.keys():
        raise DistributionError(f"{name}: {', '.join(sorted(twice))} given twice, by position and by name")
    return given | named


def _takes(name: str) -> str:
    forms = [f"({', '.join(form)})" for form in FORMS[name]]
    return f"{name} takes " + " or ".join(filter(None, (", ".join(forms[:-1]), forms[-1])))


def _strangers(name: str, given: dict) -> str:
    known = list(dict.fromkeys(k for form in FORMS[name] for k in form))
    return "".join(f". Unknown argument '{k}'." + _did_you_mean(k, known) for k in given if k not in known)


def _did_you_mean(word: str, known) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def _array(name: str, argument: str, value, axes: int) -> np.ndarray:
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


def _positive(name: str, **values) -> None:
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
            raise DistributionError(f"{name}: {argument} must be above {low:g} and below {high:g}, "
                                    f"found {value:g}")


def _with_cv(name: str, moments: Callable) -> dict[tuple[str, ...], Callable]:
    """Forms (mean, se) and (mean, cv); cv is the standard error as a share of the mean."""
    def by_se(mean, se):
        _positive(name, se=se)
        return moments(mean, se)

    def by_cv(mean, cv):
        _positive(name, cv=cv)
        if mean == 0:
            raise DistributionError(f"{name}: mean must not be 0 where the spread is given as cv")
        return moments(mean, cv * abs(mean))

    return {("mean", "se"): by_se, ("mean", "cv"): by_cv}


# --- conversions to natural parameters ---------------------------------------------------------------------

def _beta(a, b):
    _positive("beta", a=a, b=b)
    return {"a": a, "b": b}


def _beta_moments(mean, se):
    _inside("beta", 0, 1, mean=mean)
    if se**2 >= mean * (1 - mean):
        raise DistributionError(f"beta: the standard error must be below sqrt(mean (1 - mean)) = "
                                f"{np.sqrt(mean * (1 - mean)):g}, found {se:g}")
    n = mean * (1 - mean) / se**2 - 1
    return {"a": mean * n, "b": (1 - mean) * n}


def _beta_events(events, n):
    _inside("beta", 0, n, events=events) if n > 0 else _positive("beta", n=n)
    return {"a": events, "b": n - events}


def _beta_interval(lower, upper):
    from scipy.special import betainc, betaincinv

    _inside("beta", 0, 1, lower=lower, upper=upper)
    _rising("beta", lower=lower, upper=upper)

    # Two nested searches, each monotone: b puts the lower limit on its percentile, then a the upper limit.
    def b_of(a):
        return np.exp(_root(lambda log_b: betainc(a, np.exp(log_b), lower) - 0.025,
                            -40.0, np.log(a * (1 - lower) / lower + 40)))

    try:
        a = np.exp(_root(lambda log_a: betainc(np.exp(log_a), b_of(np.exp(log_a)), upper) - 0.975, -8.0, 20.0))
        b = b_of(a)
    except ValueError:
        a = b = np.nan
    if not np.allclose(betaincinv(a, b, _TAILS), (lower, upper), rtol=0, atol=1e-6 * (upper - lower)):
        raise _no_fit("beta", lower, upper, "(a, b), (mean, se) or (events, n)")
    return {"a": float(a), "b": float(b)}


def _gamma(shape, rate):
    _positive("gamma", shape=shape, rate=rate)
    return {"shape": shape, "rate": rate}


def _gamma_scale(shape, scale):
    _positive("gamma", shape=shape, scale=scale)
    return _gamma(shape, 1 / scale)


def _gamma_moments(mean, se):
    _positive("gamma", mean=mean)
    return _gamma((mean / se) ** 2, mean / se**2)


def _gamma_interval(lower, upper):
    from scipy.special import gammaincinv

    _positive("gamma", lower=lower)
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
    _positive("lognormal", sdlog=sdlog)
    return {"meanlog": meanlog, "sdlog": sdlog}


def _lognormal_mean(mean, sdlog):
    _positive("lognormal", mean=mean)
    return _lognormal(float(np.log(mean)) - sdlog**2 / 2, sdlog)


def _lognormal_median(median, sdlog):
    _positive("lognormal", median=median)
    return _lognormal(float(np.log(median)), sdlog)


def _lognormal_moments(mean, se):
    _positive("lognormal", mean=mean)
    return _lognormal_mean(mean, float(np.sqrt(np.log1p((se / mean) ** 2))))


def _lognormal_published(median, lower, upper):
    _positive("lognormal", lower=lower)
    _rising("lognormal", lower=lower, median=median, upper=upper)
    return _lognormal_median(median, float(np.log(upper / lower)) / (2 * _Z))


def _lognormal_interval(lower, upper):
    _positive("lognormal", lower=lower)
    _rising("lognormal", lower=lower, upper=upper)
    return _lognormal_published(float(np.exp((np.log(lower) + np.log(upper)) / 2)), lower, upper)


def _normal(mean, sd):
    _positive("normal", sd=sd)
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
    _positive("weibull", shape=shape, scale=scale)
    return {"shape": shape, "scale": scale}


def _weibull_moments(mean, se):
    from scipy.special import gamma, gammaln

    _positive("weibull", mean=mean)
    wanted = np.log1p((se / mean) ** 2)
    try:
        shape = np.exp(_root(lambda x: gammaln(1 + 2 * np.exp(-x)) - 2 * gammaln(1 + np.exp(-x)) - wanted,
                             np.log(0.05), np.log(1e4)))
    except ValueError:
        raise DistributionError("weibull: no shape between 0.05 and 10000 has a standard error of "
                                f"{se / mean:g} times the mean") from None
    return _weibull(float(shape), float(mean / gamma(1 + 1 / shape)))


def _weibull_interval(lower, upper):
    _positive("weibull", lower=lower)
    _rising("weibull", lower=lower, upper=upper)
    low, high = -np.log1p(-_TAILS)
    shape = float(np.log(high / low) / np.log(upper / lower))
    return _weibull(shape, float(upper / high ** (1 / shape)))


def _root(function: Callable, low: float, high: float) -> float:
    """Root of a monotone function; ValueError where it does not change sign."""
    from scipy.optimize import brentq

    return brentq(function, low, high, xtol=1e-14, rtol=1e-14, maxiter=200)


def _no_fit(name: str, lower: float, upper: float, instead: str) -> DistributionError:
    return DistributionError(f"{name}: no {name} distribution was found with the 95% interval {lower:g} to "
                             f"{upper:g}; state {instead}")


_CONVERT: dict[str, dict[tuple[str, ...], Callable]] = {
    "beta": {("a", "b"): _beta, **_with_cv("beta", _beta_moments), ("events", "n"): _beta_events,
             ("lower", "upper"): _beta_interval},
    "gamma": {("shape", "rate"): _gamma, ("shape", "scale"): _gamma_scale,
              **_with_cv("gamma", _gamma_moments), ("lower", "upper"): _gamma_interval},
    "lognormal": {("meanlog", "sdlog"): _lognormal, ("mean", "sdlog"): _lognormal_mean,
                  ("median", "sdlog"): _lognormal_median, **_with_cv("lognormal", _lognormal_moments),
                  ("lower", "upper"): _lognormal_interval,
                  ("median", "lower", "upper"): _lognormal_published},
    "normal": {("mean", "sd"): _normal, **_with_cv("normal", _normal), ("lower", "upper"): _normal_interval},
    "uniform": {("lower", "upper"): _uniform},
    "triangular": {("lower", "mode", "upper"): _triangular},
    "weibull": {("shape", "scale"): _weibull, **_with_cv("weibull", _weibull_moments),
                ("lower", "upper"): _weibull_interval},
}


# --- quantiles and moments from natural parameters ---------------------------------------------------------

def _quantile_beta(u, a, b):
    from scipy.special import betaincinv

    return betaincinv(a, b, u)


def _quantile_gamma(u, shape, rate):
    from scipy.special import gammaincinv

    return gammaincinv(shape, u) / rate


def _quantile_normal(u, mean, sd):
    from scipy.special import ndtri

    return mean + sd * ndtri(u)


def _quantile_triangular(u, lower, mode, upper):
    width = upper - lower
    return np.where(u * width < mode - lower, lower + np.sqrt(u * width * (mode - lower)),
                    upper - np.sqrt((1 - u) * width * (upper - mode)))


_QUANTILES: dict[str, Callable] = {
    "beta": _quantile_beta,
    "gamma": _quantile_gamma,
    "lognormal": lambda u, meanlog, sdlog: np.exp(_quantile_normal(u, meanlog, sdlog)),
    "normal": _quantile_normal,
    "uniform": lambda u, lower, upper: lower + u * (upper - lower),
    "triangular": _quantile_triangular,
    "weibull": lambda u, shape, scale: scale * (-np.log1p(-u)) ** (1 / shape),
}


def _moments_weibull(shape, scale):
    from scipy.special import gammaln

    mean = scale * np.exp(gammaln(1 + 1 / shape))
    return mean, mean * np.sqrt(np.expm1(gammaln(1 + 2 / shape) - 2 * gammaln(1 + 1 / shape)))


_MOMENTS: dict[str, Callable] = {
    "beta": lambda a, b: (a / (a + b), np.sqrt(a * b / (a + b + 1)) / (a + b)),
    "gamma": lambda shape, rate: (shape / rate, np.sqrt(shape) / rate),
    "lognormal": lambda m, s: (np.exp(m + s**2 / 2), np.exp(m + s**2 / 2) * np.sqrt(np.expm1(s**2))),
    "normal": lambda mean, sd: (mean, sd),
    "uniform": lambda a, b: ((a + b) / 2, (b - a) / np.sqrt(12)),
    "triangular": lambda a, c, b: ((a + b + c) / 3, np.sqrt(((b - a) ** 2 + (c - a) * (c - b)) / 18)),
    "weibull": _moments_weibull,
}


# --- several numbers at once -------------------------------------------------------------------------------

def _dirichlet(counts):
    _at_least("dirichlet", "counts", counts, 2)
    _positive("dirichlet", counts=counts)
    return JointDistribution("dirichlet", {"counts": counts}, len(counts), len(counts))


def _dirichlet_mean(mean, n):
    _positive("dirichlet", mean=mean, n=n)
    if abs(mean.sum() - 1) > 1e-6:
        raise DistributionError(f"dirichlet: the means must add up to 1, found {mean.sum():g}")
    return _dirichlet(mean * n)


def _draw_dirichlet(u, counts):
    """Gamma variates scaled to add up to 1; in logs, as those of a small count underflow."""
    from scipy.special import gammaincinv, gammaln

    a = counts[:, None]
    g = gammaincinv(a, u)
    leading = (np.log(u) + gammaln(a + 1)) / a
    logs = np.where(g > 1e-250, np.log(np.maximum(g, 1e-250)), leading)
    shares = np.exp(logs - logs.max(0))
    return shares / shares.sum(0)


def _moments_dirichlet(counts):
    return _MOMENTS["beta"](counts, counts.sum() - counts)


def _marginal_dirichlet(tails, counts):
    return _quantile_beta(tails[:, None], counts, counts.sum() - counts)


def _multinormal(mean, covariance):
    if covariance.shape != (len(mean), len(mean)):
        raise DistributionError(f"multinormal: covariance must have {len(mean)} rows and columns, one a mean; "
                                f"found {' x '.join(map(str, covariance.shape))}")
    _positive("multinormal", **{"the diagonal of covariance": np.diag(covariance)})
    se = np.sqrt(np.diag(covariance))
    return _multinormal_se(mean, se, covariance / np.outer(se, se), "covariance")


def _multinormal_se(mean, se, correlation, what="correlation"):
    if len(se) != len(mean):
        raise DistributionError(f"multinormal: se must have {len(mean)} values, one a mean; found {len(se)}")
    _positive("multinormal", se=se)
    root = se[:, None] * _correlation_root(f"multinormal: {what}", correlation, len(mean))
    return JointDistribution("multinormal", {"mean": mean, "root": root}, len(mean), len(mean))


def _draw_multinormal(u, mean, root):
    from scipy.special import ndtri

    return mean[:, None] + root @ ndtri(u)


def _moments_multinormal(mean, root):
    return mean, np.sqrt((root**2).sum(1))


def _marginal_multinormal(tails, mean, root):
    return _quantile_normal(tails[:, None], *_moments_multinormal(mean, root))


def _empirical(rows):
    return JointDistribution("empirical", {"rows": rows}, rows.shape[1], 1)


def _draw_empirical(u, rows):
    """A row is picked whole, so its numbers stay together."""
    return rows[np.minimum((u[0] * len(rows)).astype(int), len(rows) - 1)].T


def _at_least(name, argument, values, size):
    if len(values) < size:
        raise DistributionError(f"{name}: {argument} needs at least {size} values, found {len(values)}")


def _correlation_root(what: str, matrix: np.ndarray, size: int) -> np.ndarray:
    """Lower Cholesky factor of a correlation matrix; DistributionError where it is none."""
    if matrix.shape != (size, size):
        raise DistributionError(f"{what} must have {size} rows and columns, found "
                                f"{' x '.join(map(str, matrix.shape))}")
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-9):
        i, j = np.unravel_index(np.argmax(abs(matrix - matrix.T)), matrix.shape)
        raise DistributionError(f"{what} is not symmetric: row {i + 1}, column {j + 1} is {matrix[i, j]:g}, "
                                f"row {j + 1}, column {i + 1} is {matrix[j, i]:g}")
    if not np.allclose(np.diag(matrix), 1, rtol=0, atol=1e-9):
        raise DistributionError(f"{what}: the diagonal must be 1, found "
                                f"{', '.join(f'{v:g}' for v in np.diag(matrix))}")
    smallest = np.linalg.eigvalsh(matrix)[0]
    if not smallest > 1e-12:
        raise DistributionError(f"{what} is not positive definite: its smallest eigenvalue is {smallest:.3g}, and "
                                "it must be above 0 (the pairwise correlations contradict each other)")
    return np.linalg.cholesky(matrix)


@dataclass(frozen=True)
class _JointFamily:
    convert: dict[tuple[str, ...], Callable]
    draw: Callable
    moments: Callable
    marginal: Callable


_AXES = {"counts": 1, "mean": 1, "n": 0, "covariance": 2, "se": 1, "correlation": 2, "rows": 2}
_JOINT = {
    "dirichlet": _JointFamily(
        {("counts",): _dirichlet, ("mean", "n"): _dirichlet_mean},
        _draw_dirichlet, _moments_dirichlet, _marginal_dirichlet),
    "multinormal": _JointFamily(
        {("mean", "covariance"): _multinormal, ("mean", "se", "correlation"): _multinormal_se},
        _draw_multinormal, _moments_multinormal, _marginal_multinormal),
    "empirical": _JointFamily(
        {("rows",): _empirical},
        _draw_empirical, lambda rows: (rows.mean(0), rows.std(0)),
        lambda tails, rows: np.quantile(rows, tails, axis=0)),
}

FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    **{name: tuple(forms) for name, forms in _CONVERT.items()},
    **{name: tuple(family.convert) for name, family in _JOINT.items()},
}
NAMES: tuple[str, ...] = tuple(FORMS)
