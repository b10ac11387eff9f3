"""Parameter uncertainty of a probabilistic analysis: from what a paper reports to a quantile function.

A distribution is stated in any of its accepted forms (mean and standard error, 95% interval, counts...), is
converted once to its natural parameters, and is sampled by its inverse CDF. So one uniform makes one draw:
Latin hypercube, Sobol points, copulas and common random numbers work with every distribution.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.distribution_forms import CONVERT, DistributionError, array
from model.joint_distributions import AXES, FAMILIES, JointDistribution, copula, correlation_root, tails_of
from model.suggestions import check_known, did_you_mean

__all__ = [
    "FORMS",
    "NAMES",
    "Distribution",
    "DistributionError",
    "JointDistribution",
    "copula",
    "correlation_root",
    "make",
]


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
        return self._moments()[0]

    @property
    def sd(self) -> float:
        return self._moments()[1]

    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation; infinite or nan where they are beyond all numbers."""
        with np.errstate(all="ignore"):
            mean, sd = _MOMENTS[self.name](*self.natural.values())
        return float(mean), float(sd)

    def score(self, value: float) -> float:
        """Standard deviations from the middle: of the value for 'normal', of its logarithm for 'lognormal'."""
        middle, spread = self.natural.values()
        return float(((np.log(value) if self.name == "lognormal" else value) - middle) / spread)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value that it can take."""
        if self.name in ("uniform", "triangular"):
            return self.natural["lower"], self.natural["upper"]
        return {"normal": (-np.inf, np.inf), "beta": (0.0, 1.0)}.get(self.name, (0.0, np.inf))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval that holds `level` of the probability."""
        low, high = self.quantile(tails_of(level))
        return float(low), float(high)


def make(name: str, positional: tuple = (), named: dict | None = None) -> Distribution | JointDistribution:
    """A distribution from its name and arguments, each a number, a list or a list of lists.

    Positional arguments are those of the first form in FORMS[name]; DistributionError says what is allowed.
    """
    check_known([name], NAMES, "distribution", DistributionError)
    if name == "dirichlet" and positional and not isinstance(positional[0], (list, tuple, np.ndarray)):
        positional = (list(positional),)
    given = _arguments(name, tuple(positional), dict(named or {}))
    form = next((f for f in FORMS[name] if set(f) == set(given)), None)
    if form is None:
        raise DistributionError(f"{_takes(name)}; found ({', '.join(given)})" + _strangers(name, given))
    try:
        if name in FAMILIES:
            return FAMILIES[name].convert[form](*(array(name, k, given[k], AXES[k]) for k in form))
        return Distribution(name, CONVERT[name][form](*(float(array(name, k, given[k], 0)) for k in form)))
    except ArithmeticError:
        shown = ", ".join(f"{k}={given[k]}" for k in form)
        raise DistributionError(f"{name}({shown}): numbers of such sizes cannot be reckoned with together") from None


# --- arguments ---------------------------------------------------------------------------------------------


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
    return "".join(f". Unknown argument '{k}'." + did_you_mean(k, known) for k in given if k not in known)


# --- quantiles and moments from natural parameters ---------------------------------------------------------


def quantile_beta(u, a, b):
    from scipy.special import betaincinv

    return betaincinv(a, b, u)


def _quantile_gamma(u, shape, rate):
    from scipy.special import gammaincinv

    return gammaincinv(shape, u) / rate


def quantile_normal(u, mean, sd):
    from scipy.special import ndtri

    return mean + sd * ndtri(u)


def _quantile_triangular(u, lower, mode, upper):
    width = upper - lower
    return np.where(
        u * width < mode - lower,
        lower + np.sqrt(u * width * (mode - lower)),
        upper - np.sqrt((1 - u) * width * (upper - mode)),
    )


_QUANTILES: dict[str, Callable] = {
    "beta": quantile_beta,
    "gamma": _quantile_gamma,
    "lognormal": lambda u, meanlog, sdlog: np.exp(quantile_normal(u, meanlog, sdlog)),
    "normal": quantile_normal,
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


FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    **{name: tuple(forms) for name, forms in CONVERT.items()},
    **{name: tuple(family.convert) for name, family in FAMILIES.items()},
}
NAMES: tuple[str, ...] = tuple(FORMS)
