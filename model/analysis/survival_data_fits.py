"""Distributions of this language fitted to survival data by maximum likelihood, by arm or to all arms with their effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from model import hazards
from model.analysis.survival_data import ALL, Arm, SurvivalData
from model.analysis.survival_data_kaplan_meier import Z
from model.analysis.survival_data_likelihood import FitError, Maximum, log_likelihood, maximise
from model.hazards import Hazard

DISTRIBUTIONS = ("exponential", "weibull", "gompertz", "gamma", "lognormal", "loglogistic", "gengamma")
PROPORTIONAL = (
    "exponential",
    "weibull",
    "gompertz",
)  # arms differ by a hazard ratio; in the others by an acceleration factor
LOG, REAL = "log", "real"
_LOCATIONS = ("meanlog", "mu")  # of log time
BY_ARM, JOINT = "by arm", "joint"


@dataclass(frozen=True, eq=False)
class Fit:
    """A distribution fitted to an arm, or to ALL arms with a factor for each but the first (`factors`: 'hazard ratio' or
    'acceleration factor').

    coefficients[parameter] on the `scales` of the search ('log' or 'real'), covariance[parameter, parameter] of them.
    why: what stood in the way of a fit; then there is nothing else. knots: log times, of splines.
    """

    arm: str
    name: str
    arms: tuple[str, ...]
    patients: int
    events: int
    parameters: tuple[str, ...]
    scales: tuple[str, ...]
    coefficients: np.ndarray = field(default_factory=lambda: np.empty(0))
    covariance: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    log_likelihood: float = np.nan
    factors: str = ""
    why: str = ""
    knots: tuple[float, ...] = ()

    @property
    def kind(self) -> str:
        return JOINT if self.factors else BY_ARM

    @property
    def aic(self) -> float:
        return 2 * len(self.parameters) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """With the number of patients, as R has it."""
        return float(np.log(self.patients)) * len(self.parameters) - 2 * self.log_likelihood

    @property
    def standard_errors(self) -> np.ndarray:
        return np.sqrt(np.diag(self.covariance))

    @property
    def estimates(self) -> np.ndarray:
        """[(estimate, lower 95 % limit, upper), parameter] as the language has them."""
        return np.array([self.natural(self.coefficients + z * self.standard_errors) for z in (0.0, -Z, Z)])

    def natural(self, coefficients: np.ndarray) -> np.ndarray:
        """Parameters as the language has them, of coefficients [parameter]."""
        return np.array([np.exp(c) if scale == LOG else c for c, scale in zip(coefficients, self.scales)])

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the parameters: their names, and 'hazard ratio of ARM'."""
        return self.parameters[: self.own] + tuple(f"{self.factors} of {arm}" for arm in self.parameters[self.own :])

    @property
    def own(self) -> int:
        """Number of the distribution's own parameters; those of arms follow."""
        return len(self.parameters) - (len(self.arms) - 1 if self.factors else 0)

    def hazard(self, arm: str) -> Hazard:
        """The distribution of an arm, in the unit of the data."""
        values = self.natural(self.coefficients)
        base = Hazard(self.name, dict(zip(self.parameters[: self.own], values)))
        place = self.arms.index(arm)
        return _with_factor(base, self.factors, values[self.own + place - 1] if place else 1.0)


def _with_factor(base: Hazard, factors: str, factor) -> Hazard:
    if factors == "hazard ratio":
        return Hazard(base.family, base.parameters, ratio=factor)
    return Hazard(base.family, base.parameters, acceleration=factor) if factors else base


def fit_each(data: SurvivalData, names: Sequence[str] = DISTRIBUTIONS, joint: bool = False) -> list[Fit]:
    """Every distribution in every arm; joint: also in all arms together. What cannot be fitted says why."""
    found = [fit(name, (arm,)) for arm in data.arms for name in names]
    return found + ([fit(name, data.arms) for name in names] if joint and len(data.arms) > 1 else [])


def fit(name: str, arms: tuple[Arm, ...]) -> Fit:
    """To one arm, or to several with a factor for each but the first."""
    time, event = (np.concatenate([getattr(arm, what) for arm in arms]) for what in ("time", "event"))
    place = np.repeat(np.arange(len(arms)), [len(arm.time) for arm in arms])
    family = hazards.FAMILIES[name]
    own = tuple(argument for argument, _ in family.arguments)
    scales = tuple(REAL if family.allowed[argument] == "any number" else LOG for argument in own)
    more = tuple(arm.name for arm in arms[1:])
    factors = "" if not more else "hazard ratio" if name in PROPORTIONAL else "acceleration factor"
    blank = Fit(
        arm=arms[0].name if not more else ALL,
        name=name,
        arms=tuple(arm.name for arm in arms),
        patients=len(time),
        events=int(event.sum()),
        parameters=own + more,
        scales=scales + (LOG,) * len(more),
        factors=factors,
    )
    if event.sum() < len(own) + len(more):
        return replace(blank, why=too_few(int(event.sum()), len(own) + len(more)))
    mean = float(time.mean())
    try:
        best = _maximum(name, scales, factors, time / mean, event, place, len(more))
    except FitError as error:
        return replace(blank, why=str(error))
    shift, factor = _units(family, scales, mean)
    shift, factor = np.append(shift, np.zeros(len(more))), np.append(factor, np.ones(len(more)))
    return replace(
        blank,
        coefficients=best.values * factor + shift,
        covariance=best.covariance * np.outer(factor, factor),
        log_likelihood=best.log_likelihood - float(event.sum() * np.log(mean)),
    )


def too_few(events: int, parameters: int) -> str:
    return f"{events} event{'s' * (events != 1)}, but {parameters} parameters"


def _maximum(name, scales, factors, time, event, place, more) -> Maximum:
    """Of times [patient] with a mean of 1; place[patient]: number of the arm."""
    names = [argument for argument, _ in hazards.FAMILIES[name].arguments]
    n = len(names)

    def function(x: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            values = {k: np.exp(v) if scale == LOG else v for k, v, scale in zip(names, x, scales)}
            factor = np.exp(np.append(0.0, x[n:]))[place] if more else 1.0
            hazard = _with_factor(Hazard(name, values), factors, factor)
            return log_likelihood(event, hazard.cumulative(time), hazard.hazard(time))

    return maximise(function, [np.append(start, np.zeros(more)) for start in _starts(name, time, event)])


def _starts(name: str, time: np.ndarray, event: np.ndarray) -> list[np.ndarray]:
    """Where to search from: coefficients, of times with a mean of 1."""
    rate, logs = np.log(event.sum() / time.sum()), np.log(time[event])
    middle, spread = logs.mean(), np.log(max(logs.std(), 0.05))
    shapes = (0.0, -spread)  # that of the exponential, and one from the spread of the logs
    return [
        np.array(start)
        for start in {
            "exponential": [[rate]],
            "weibull": [[s, -rate] for s in shapes],
            "gompertz": [[s, rate] for s in (-1.0, -0.1, 0.1, 1.0)],
            "gamma": [[s, rate + s] for s in shapes],
            "lognormal": [[middle, spread], [middle + 0.5, spread]],
            "loglogistic": [[s, m] for s in shapes for m in (middle, middle + 0.5)],
            "gengamma": [[m, spread, q] for m in (middle, middle + 0.5) for q in (-0.8, 0.2, 0.8)],
        }[name]
    ]


def _units(family: hazards.Family, scales: tuple[str, ...], unit: float) -> tuple[np.ndarray, np.ndarray]:
    """(shift, factor) of each coefficient, from times in `unit` to times in the unit of the data."""
    power = [{"time": 1, "per time": -1}.get(dimension, 0) for _, dimension in family.arguments]
    logs = [
        p if scale == LOG else int(name in _LOCATIONS) for p, scale, (name, _) in zip(power, scales, family.arguments)
    ]
    factor = [unit**p if scale == REAL else 1.0 for p, scale in zip(power, scales)]
    return np.array(logs) * np.log(unit), np.array(factor)
