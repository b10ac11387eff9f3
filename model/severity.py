"""What the general population of the age and sex of the patients expects, by draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.context import Context
from model.draws import DomainError, Draws
from model.norms import SEXES, Norms
from model.scenario import Group, Scenario, Severity


@dataclass(frozen=True)
class People:
    """Of one group: age in years, share of women, and QALYs of the general population, each [draw]; late: share of the QALYs
    that come from the last row of the norms."""

    age: np.ndarray
    female: np.ndarray
    qaly: np.ndarray
    late: np.ndarray


def check(scenario: Scenario, draws: Draws) -> None:
    """Raises DomainError where the norms have nothing on someone: before a run, not after it."""
    if scenario.severity is not None:
        for group in scenario.groups.values():
            people(scenario, scenario.severity, draws, group)


def people(scenario: Scenario, severity: Severity, draws: Draws, group: Group) -> People:
    """Under the comparator. Raises DomainError where an age is not in the norms, or a share is none."""
    context, s = Context(scenario, draws, group), list(scenario.strategies).index(severity.comparator)
    age = context.at(severity.age)[s] * scenario.time.years
    female = context.at(severity.female)[s]
    _check_share(scenario, female)
    shares = {"female": female, "male": 1 - female}
    rate = scenario.discount.continuous(scenario.discount.effect)
    qaly, late = np.zeros((2, draws.n))
    for sex in SEXES:
        if (shares[sex] > 0).any():
            norms = _norms(scenario, severity, sex, age[shares[sex] > 0])
            own = shares[sex] * norms.remaining(age, rate)
            qaly, late = qaly + own, late + own * norms.of_the_last(age, rate)
    return People(age, female, qaly, late / qaly)


def _check_share(scenario: Scenario, female: np.ndarray) -> None:
    wrong = female[(female < 0) | (female > 1) | np.isnan(female)]
    if len(wrong):
        raise DomainError(
            f"{scenario.line('severity.female')}: the share of women must be 0 to 1, found {wrong[0]:.6g}"
        )


def _norms(scenario: Scenario, severity: Severity, sex: str, age: np.ndarray) -> Norms:
    norms = severity.norms.get(sex)
    if norms is None:
        raise DomainError(f"{scenario.line('severity.norms')}: {severity.file} has no rows of sex '{sex}'")
    wrong = age[~((age >= norms.first) & (age < norms.last + 1))]
    if len(wrong):
        raise DomainError(
            f"{scenario.line('severity.age')}: {severity.file} has no age of {wrong[0]:.6g} years ({sex}: {norms.first} to {norms.last})"
        )
    return norms
