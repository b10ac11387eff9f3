"""Proposed studies: what each would tell about the parameters, and what that is worth by sample size.

A study is written as `name: parameter, ... ~ likelihood(option=value, ...)`, an arm a parameter:
binomial                            patients with an event; the parameters are probabilities
normal(sd=X)                        a mean, with the known standard deviation X between patients, in the parameter's unit
time-to-event(follow-up=2 years)    time to an event at a constant hazard; the parameters are rates, or hazard ratios
                                    with baseline=NAME, the hazard that they multiply, which is then an arm too
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model import chances, units
from model.analysis.population import Population
from model.draws import Draws
from model.economics import evppi, evsi
from model.scenario import Parameter, Scenario
from model.suggestions import did_you_mean

OPTIONS = {"binomial": (), "normal": ("sd",), "time-to-event": ("follow-up", "baseline")}
LIKELIHOOD = re.compile(r"([\w-]+)\s*(?:\(([^()]*)\))?")
MOST_PATIENTS = 2_000_000_000  # simulated, of a study that follows each of them
SIZES = (25, 50, 100, 200, 400, 800)


class StudyError(ValueError):
    """A study that cannot be read, or that this scenario's parameters do not allow."""


@dataclass(frozen=True)
class Proposal:
    """A study as the user wrote it."""

    name: str
    parameters: tuple[str, ...]
    likelihood: str
    options: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The scenario's parameters that its results depend on."""
        return (*self.parameters, *([self.options["baseline"]] if "baseline" in self.options else []))

    @property
    def arms(self) -> int:
        return len(self.names)

    @property
    def text(self) -> str:
        options = ", ".join(f"{key}={value}" for key, value in self.options.items())
        return f"{', '.join(self.parameters)} ~ {self.likelihood}" + (f"({options})" if options else "")


@dataclass(frozen=True)
class Worth:
    """evsi: fields are arrays [size]; sizes: patients in each arm; limit: EVPPI of what the study is about."""

    proposal: Proposal
    sizes: tuple[int, ...]
    evsi: evppi.Evppi
    limit: evppi.Evppi

    @property
    def patients(self) -> np.ndarray:
        """[size] in all arms."""
        return np.array(self.sizes) * self.proposal.arms

    @property
    def alike(self) -> list[int]:
        """Sizes whose EVSI does not differ beyond error from the highest."""
        found = evsi.enbs(self.evsi, np.array(self.sizes), 1.0, 0.0, 0.0)
        return [n for n, same in zip(self.sizes, found.as_good) if same]

    def sampling(self, population: Population) -> Sampling | None:
        """Net benefit of the study at each size; None where its cost is not known."""
        if population.costs is None:
            return None
        fixed, each = population.costs
        net = evsi.enbs(self.evsi, self.patients, population.size, fixed, each)
        worth_it = net.value[net.best] > 0
        return Sampling(
            fixed + each * self.patients,
            net.value,
            net.standard_error,
            (np.arange(len(self.sizes)) == net.best) & worth_it,
            net.as_good & worth_it,
        )


@dataclass(frozen=True)
class Sampling:
    """Of a study by size, each [size]: cost and net benefit in total; best: the size of highest net benefit, where that is
    above 0; as_good: not different from it beyond error."""

    cost: np.ndarray
    net_benefit: np.ndarray
    standard_error: np.ndarray
    best: np.ndarray
    as_good: np.ndarray


def proposals(texts: Sequence[str]) -> tuple[Proposal, ...]:
    """Each with a name of its own. Raises StudyError."""
    found = tuple(proposal(text) for text in texts)
    names = [study.name for study in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(f"two studies are called '{twice[0]}': give each its own name")
    return found


def proposal(text: str) -> Proposal:
    """Read 'name: parameter, ... ~ likelihood(option=value)'. Raises StudyError."""
    name, _, about = (part.strip() for part in text.partition(":"))
    parameters, _, form = (part.strip() for part in about.partition("~"))
    match = LIKELIHOOD.fullmatch(form)
    if match is None or not name or "~" in name or not parameters:
        raise StudyError(
            f"'{text}' is not 'name: parameter ~ likelihood', such as 'trial: p_cure ~ binomial', "
            "'survey: utility ~ normal(sd=0.2)' or 'cohort: rate ~ time-to-event(follow-up=2 years)'"
        )
    likelihood, options = match.groups()
    if likelihood not in OPTIONS:
        raise StudyError(
            f"study {name}: unknown likelihood '{likelihood}'; likelihoods: {', '.join(OPTIONS)}."
            f"{did_you_mean(likelihood, OPTIONS)}"
        )
    found = tuple(p.strip() for p in parameters.split(","))
    if len(set(found)) != len(found) or not all(found):
        raise StudyError(f"study {name}: give each parameter once, separated by commas; found '{parameters}'")
    return Proposal(name, found, likelihood, _options(name, likelihood, options or ""))


def _options(name: str, likelihood: str, text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (p.strip() for p in part.partition("="))
        if not equals or key not in OPTIONS[likelihood] or not value:
            allowed = ", ".join(f"{o}=..." for o in OPTIONS[likelihood]) or "none"
            raise StudyError(
                f"study {name}: '{part}' is no option of {likelihood}; options: {allowed}."
                f"{did_you_mean(key, OPTIONS[likelihood])}"
            )
        found[key] = value
    needed = OPTIONS[likelihood][:1]
    if needed and needed[0] not in found:
        example = {"sd": "sd=0.2", "follow-up": "follow-up=2 years"}[needed[0]]
        raise StudyError(f"study {name}: {likelihood} needs {needed[0]}, such as {likelihood}({example})")
    return found


def check(scenario: Scenario, study: Proposal) -> None:
    """StudyError where the scenario's parameters are not what the likelihood needs."""
    for name in study.parameters:
        known = [n for n, p in scenario.parameters.items() if p.sampled]
        if name not in known:
            raise StudyError(
                f"study {study.name}: '{name}' is not a sampled parameter; sampled are {', '.join(known)}."
                f"{did_you_mean(name, known)}"
            )
        _CHECKS[study.likelihood](study, scenario.parameters[name])
    if "baseline" in study.options:
        _check_baseline(scenario, study, study.options["baseline"])
    _number(study, "sd")
    _follow_up(study)


def _check_probability(study: Proposal, parameter: Parameter) -> None:
    unit = parameter.unit
    if unit.over is None and unit.text.lower() not in ("probability", "proportion", "%", "", "1"):
        raise StudyError(
            f"study {study.name}: binomial needs a probability, but '{parameter.name}' is in "
            f"'{unit.text}'; a rate is studied with time-to-event, a mean with normal"
        )


def _check_hazard(study: Proposal, parameter: Parameter) -> None:
    unit, baseline = parameter.unit, "baseline" in study.options
    if unit.text.lower() == "hazard ratio":
        if not baseline:
            raise StudyError(
                f"study {study.name}: '{parameter.name}' is a hazard ratio: say which hazard it multiplies, "
                "with baseline=NAME"
            )
    elif unit.dimension != units.PER_TIME:
        raise StudyError(
            f"study {study.name}: time-to-event needs a rate (such as 'per year') or a hazard ratio, but "
            f"'{parameter.name}' is in '{unit.text or 'no unit'}'"
        )
    elif baseline:
        raise StudyError(
            f"study {study.name}: baseline is for hazard ratios, but '{parameter.name}' is in '{unit.text}'"
        )


_CHECKS = {"binomial": _check_probability, "normal": lambda study, parameter: None, "time-to-event": _check_hazard}


def _check_baseline(scenario: Scenario, study: Proposal, name: str) -> None:
    found = scenario.parameters.get(name)
    if found is None or found.formula is not None or found.unit.dimension != units.PER_TIME:
        rates = [n for n, p in scenario.parameters.items() if p.formula is None and p.unit.dimension == units.PER_TIME]
        raise StudyError(
            f"study {study.name}: baseline '{name}' is not a rate of this scenario; rates: "
            f"{', '.join(rates) or 'none'}.{did_you_mean(name, rates)}"
        )


def _number(study: Proposal, key: str) -> float:
    text = study.options.get(key, "1")
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < np.inf:
        raise StudyError(f"study {study.name}: {key}={text} must be a number above 0")
    return value


def _follow_up(study: Proposal) -> float:
    """In years."""
    try:
        days = units.duration(study.options.get("follow-up", "1 year"))
    except units.UnitError as error:
        raise StudyError(f"study {study.name}: follow-up: {error}") from None
    if not days > 0:
        raise StudyError(f"study {study.name}: the follow-up must be longer than nothing")
    return days / units.DAYS["year"]


def worth(study: Proposal, scenario: Scenario, draws: Draws, net_benefit: np.ndarray, sizes: tuple[int, ...]) -> Worth:
    """EVSI per person of net_benefit[strategy, draw] by number of patients in each arm. Raises StudyError."""
    if study.likelihood == "time-to-event" and sum(sizes) * study.arms * draws.n > MOST_PATIENTS:
        raise StudyError(
            f"study {study.name}: {sum(sizes) * study.arms:,} patients in each of {draws.n:,} draws are more "
            f"than {MOST_PATIENTS:,}: take smaller --sizes or fewer --draws"
        )
    rng = chances.stream(draws.seed, "study", study.name)
    about = np.stack([draws.column(name) for name in study.names])
    return Worth(
        study,
        sizes,
        evsi.evsi_by_size(net_benefit, likelihood(study, scenario, draws), sizes, rng),
        evppi.evppi(net_benefit, about),
    )


def likelihood(study: Proposal, scenario: Scenario, draws: Draws) -> evsi.Study:
    """The study at each draw of the parameters; hazards per year."""

    def values(name: str) -> np.ndarray:
        return draws.column(name)

    def in_years(name: str) -> np.ndarray:
        return scenario.parameters[name].unit.to_model(values(name), units.DAYS["year"])

    if study.likelihood == "normal":
        return evsi.NormalStudy(np.stack([values(name) for name in study.parameters]), _number(study, "sd"))
    if study.likelihood == "binomial":
        return evsi.BinomialStudy(
            np.stack([_chances(study, scenario.parameters[n], values(n)) for n in study.parameters])
        )
    if "baseline" not in study.options:
        return evsi.TimeToEventStudy(
            _above_zero(study, [in_years(name) for name in study.parameters]), _follow_up(study)
        )
    base = in_years(study.options["baseline"])
    arms = [base, *(base * values(name) for name in study.parameters)]
    return evsi.TimeToEventStudy(_above_zero(study, arms), _follow_up(study))


def _chances(study: Proposal, parameter: Parameter, values: np.ndarray) -> np.ndarray:
    found = values * 0.01 if parameter.unit.text == "%" else values
    if found.min() < 0 or found.max() > 1:
        raise StudyError(
            f"study {study.name}: binomial needs a probability, but '{parameter.name}' runs from "
            f"{values.min():.4g} to {values.max():.4g}"
        )
    return found


def _above_zero(study: Proposal, arms: list[np.ndarray]) -> np.ndarray:
    hazard = np.stack(arms)
    if hazard.min() <= 0:
        raise StudyError(
            f"study {study.name}: time-to-event needs hazards above 0, but there are draws with {hazard.min():g}"
        )
    return hazard
