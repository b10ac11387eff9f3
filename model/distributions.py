"""Parameter uncertainty of a probabilistic analysis: from what a paper reports to a quantile function.

A distribution is stated in any of its accepted forms (mean and standard error, 95% interval, counts...), is
converted once to its natural parameters, and is sampled by its inverse CDF. So one uniform makes one draw:
Latin hypercube, Sobol points, copulas and common random numbers work with every distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model import quantile_tables
from model.distribution_checks import DistributionError, array
from model.distribution_families import FAMILIES
from model.joint_distributions import JOINT_FAMILIES, JointDistribution, copula, correlation_root, tails_of
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
        return FAMILIES[self.name].quantile(np.asarray(u, float), *self.natural.values())

    def sampled(self, u: np.ndarray) -> np.ndarray:
        """`quantile` for the many u of a table of draws: to within 1e-11 of each value, in a fraction of the time."""
        scale = FAMILIES[self.name].scale
        return self.quantile(u) if scale is None else quantile_tables.values(self.quantile, u, scale)

    @property
    def mean(self) -> float:
        return self._moments()[0]

    @property
    def sd(self) -> float:
        return self._moments()[1]

    def _moments(self) -> tuple[float, float]:
        """Mean and standard deviation; infinite or nan where they are beyond all numbers."""
        with np.errstate(all="ignore"):
            mean, sd = FAMILIES[self.name].moments(*self.natural.values())
        return float(mean), float(sd)

    def score(self, value: float) -> float:
        """Standard deviations from the middle: of the value for 'normal', of its logarithm for 'lognormal'."""
        score = FAMILIES[self.name].score
        if score is None:
            raise DistributionError(f"{self.name} is not normal on any scale, so a value has no score")
        return float(score(value, *self.natural.values()))

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value that it can take."""
        return FAMILIES[self.name].bounds(*self.natural.values())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Central interval that holds `level` of the probability."""
        low, high = self.quantile(tails_of(level))
        return float(low), float(high)


def make(
    name: str, positional: tuple[object, ...] = (), named: Mapping[str, object] | None = None
) -> Distribution | JointDistribution:
    """A distribution from its name and arguments, each a number, a list or a list of lists.

    Positional arguments are those of the first form in FORMS[name]; DistributionError says what is allowed.
    """
    check_known([name], NAMES, "distribution", DistributionError)
    joint = JOINT_FAMILIES.get(name)
    if joint and joint.listed and positional and not isinstance(positional[0], list | tuple | np.ndarray):
        positional = (list(positional),)
    given = _arguments(name, tuple(positional), dict(named or {}))
    form = next((f for f in FORMS[name] if set(f) == set(given)), None)
    if form is None:
        raise DistributionError(f"{_takes(name)}; found ({', '.join(given)})" + _strangers(name, given))
    try:
        if joint:
            return joint.forms[form](*(array(name, k, given[k], joint.axes[k]) for k in form))
        return Distribution(name, FAMILIES[name].forms[form](*(float(array(name, k, given[k], 0)) for k in form)))
    except ArithmeticError:
        shown = ", ".join(f"{k}={given[k]}" for k in form)
        raise DistributionError(f"{name}({shown}): numbers of such sizes cannot be reckoned with together") from None


# --- arguments ---------------------------------------------------------------------------------------------


def _arguments(name: str, positional: tuple[object, ...], named: dict[str, object]) -> dict[str, object]:
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


def _strangers(name: str, given: Mapping[str, object]) -> str:
    known = list(dict.fromkeys(k for form in FORMS[name] for k in form))
    return "".join(f". Unknown argument '{k}'." + did_you_mean(k, known) for k in given if k not in known)


FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    name: tuple(family.forms) for families in (FAMILIES, JOINT_FAMILIES) for name, family in families.items()
}
NAMES: tuple[str, ...] = tuple(FORMS)
