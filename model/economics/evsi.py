"""Expected value of sample information (EVSI) and the net benefit of sampling.

EVSI is the EVPPI of what a study would report: a study is simulated once for every draw of the parameters,
and net benefit is regressed on its summary statistics. The summary need not be sufficient, but what it leaves
out counts as not learnt.
Sources: Strong et al., Med Decis Making 2015;35:570-583 (regression on summaries); Heath et al., Med Decis
Making 2020;40:314-326 (comparison of methods).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from model.economics.arrays import finite
from model.economics.evppi import Evppi, evppi
from model.intervals import half_width

PATIENTS_AT_ONCE = 2**20
CONTINUOUS, ANNUAL = "continuous", "annual"


class Study(Protocol):
    """Anything that simulates its data once for every draw."""

    def simulate(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Summary [statistic, draw] of a study with `n` patients in each arm."""


@dataclass(frozen=True)
class BinomialStudy:
    """Counts patients with an event; `probability` [arm, draw] or [draw]. Summary: events [arm, draw]."""

    probability: np.ndarray

    def simulate(self, n: int, rng: np.random.Generator) -> np.ndarray:
        probability = finite("probability", np.atleast_2d(self.probability), ("arm", "draw"))
        if probability.min() < 0 or probability.max() > 1:
            raise ValueError(f"probability runs from {probability.min():g} to {probability.max():g}: allowed is 0 to 1")
        return rng.binomial(n, probability).astype(float)


@dataclass(frozen=True)
class NormalStudy:
    """Measures a normal quantity of mean `mean` [arm, draw] or [draw] and known standard deviation `sd`.

    `sd` is that between patients: a number, or an array that fits `mean`. Summary: sample means [arm, draw].
    """

    mean: np.ndarray
    sd: float | np.ndarray

    def simulate(self, n: int, rng: np.random.Generator) -> np.ndarray:
        mean, sd = finite("mean", np.atleast_2d(self.mean), ("arm", "draw")), np.asarray(self.sd, dtype=float)
        if not (sd > 0).all():
            raise ValueError(f"sd of the study is {sd.min():g}: it must be above 0")
        return rng.normal(mean, sd / np.sqrt(n))


@dataclass(frozen=True)
class TimeToEventStudy:
    """Follows patients to the event or for `follow_up` years, at constant `hazard` [arm, draw] or [draw].

    `hazard` is per year. For a study of a hazard ratio give np.stack([baseline, baseline * hazard_ratio]).
    Summary: log of (events + 1/2) per year at risk [arm, draw], so that their difference is the log hazard
    ratio and an arm without events is no error.
    """

    hazard: np.ndarray
    follow_up: float

    def simulate(self, n: int, rng: np.random.Generator) -> np.ndarray:
        hazard = finite("hazard", np.atleast_2d(self.hazard), ("arm", "draw"))
        if hazard.min() <= 0 or not self.follow_up > 0:
            raise ValueError(
                f"lowest hazard is {hazard.min():g} and follow_up is {self.follow_up:g}: both must be above 0"
            )
        step = max(1, PATIENTS_AT_ONCE // n)
        starts = range(0, hazard.shape[1], step)
        arms = [[self._log_rate(arm[start : start + step], n, rng) for start in starts] for arm in hazard]
        return np.array([np.concatenate(blocks) for blocks in arms])

    def _log_rate(self, hazard, n, rng) -> np.ndarray:
        time = rng.standard_exponential((n, len(hazard))) / hazard
        events = np.count_nonzero(time <= self.follow_up, axis=0)
        return np.log((events + 0.5) / np.minimum(time, self.follow_up).sum(axis=0))


def evsi(net_benefit, summary) -> Evppi:
    """EVSI per person of the study whose simulated `summary` [statistic, draw] belongs to the same draws.

    `net_benefit` is [strategy, draw]. Fields as for EVPPI: value, standard_error, upward_bias, clamped...
    """
    return evppi(net_benefit, summary)


def evsi_by_size(net_benefit, study: Study, sizes, rng: np.random.Generator) -> Evppi:
    """EVSI per person of `study` with each of `sizes` patients per arm; the fields are arrays [size].

    Every size is a fresh simulation, so the values rise with size only up to their standard errors.
    """
    found = [evsi(net_benefit, study.simulate(_size(n), rng)) for n in sizes]
    return Evppi(*(np.array([getattr(one, f.name) for one in found]) for f in fields(Evppi)))


def _size(n) -> int:
    if n < 1 or n != int(n):
        raise ValueError(f"a study has {n} patients per arm: it must be a whole number of 1 or more")
    return int(n)


def population_value(
    per_person: float,
    incidence_per_year: float,
    horizon_years: float,
    discount_rate: float,
    convention: str = CONTINUOUS,
) -> float:
    """Present value to all who will face the decision of a value `per_person`; 1 gives their number.

    `incidence_per_year` people face it each year for `horizon_years`. `discount_rate` is effective per year
    (0.035: a year divides by 1.035) in both conventions:
    'continuous'  people arrive evenly: incidence x (1 - (1 + rate)^-horizon) / ln(1 + rate)
    'annual'      all of a year's people arrive at its start, the first now; whole years only
    """
    if incidence_per_year < 0 or horizon_years < 0 or discount_rate < 0:
        raise ValueError(
            "incidence_per_year, horizon_years and discount_rate must be 0 or more; they are "
            f"{incidence_per_year:g}, {horizon_years:g} and {discount_rate:g}"
        )
    return per_person * incidence_per_year * _discounted_years(horizon_years, discount_rate, convention)


def _discounted_years(horizon, rate, convention) -> float:
    if convention not in (CONTINUOUS, ANNUAL):
        raise ValueError(f"convention is {convention!r}: allowed are {CONTINUOUS!r} and {ANNUAL!r}")
    if convention == ANNUAL and horizon != int(horizon):
        raise ValueError(f"horizon_years is {horizon:g}: the annual convention takes whole years")
    if rate == 0:
        return float(horizon)
    lost = -np.expm1(-horizon * np.log1p(rate))
    return float(lost / (np.log1p(rate) if convention == CONTINUOUS else rate / (1 + rate)))


@dataclass(frozen=True)
class NetBenefitOfSampling:
    """Expected net benefit of sampling (ENBS) in units of cost, arrays [size].

    value           population EVSI less the cost of the study; a study is worth its cost where above 0
    standard_error  that of the EVSI, for the population
    best            index of the size with the highest value
    as_good         True for the sizes whose value is not below that of the best by more than the error of the difference
    """

    value: np.ndarray
    standard_error: np.ndarray
    best: int
    as_good: np.ndarray


def enbs(
    evsi_by_n: Evppi, patients, population: float, fixed_cost: float, cost_per_patient: float
) -> NetBenefitOfSampling:
    """ENBS = EVSI x population - fixed_cost - cost_per_patient x patients.

    `patients` [size] are all recruited, over all arms; `population` is the discounted number of people that
    the decision concerns: `population_value(1, ...)`.
    """
    patients = finite("patients", np.atleast_1d(patients), ("size",))
    per_person, error = np.atleast_1d(evsi_by_n.value), np.atleast_1d(evsi_by_n.standard_error)
    if per_person.shape != patients.shape:
        raise ValueError(
            f"EVSI is given for {len(per_person)} sizes, patients for {len(patients)}: they must be the same"
        )
    value = per_person * population - fixed_cost - cost_per_patient * patients
    best = int(value.argmax())
    as_good = value[best] - value <= half_width(_difference_error(evsi_by_n, best) * population)
    return NetBenefitOfSampling(value, error * population, best, as_good)


def _difference_error(found: Evppi, one: int) -> np.ndarray:
    """[size] standard errors of EVSI less that of one size: of the two regressions, and of the draws, which are the same."""
    regression = np.atleast_1d(found.regression_error) ** 2
    variance = regression + regression[one]
    if found.loss is not None:
        gap = found.loss - found.loss[one]
        variance = variance + gap.var(axis=1) / gap.shape[1]
    return np.where(np.arange(len(regression)) == one, 0.0, np.sqrt(variance))
