"""EVPPI of every parameter and of named groups on a PSA, and what proposed studies are worth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from model.analysis import studies
from model.analysis.run import Run
from model.analysis.studies import Proposal, Worth
from model.decision import Decision
from model.economics import evppi
from model.economics.net_benefit import nmb
from model.scenario import Scenario
from model.suggestions import did_you_mean

NOT_STATED = "not stated"
MOST_THRESHOLDS = 41  # of the curves by wtp, each of which needs its own standard errors


class InformationError(ValueError):
    """A question that this PSA cannot answer."""


@dataclass(frozen=True)
class Information:
    """Per person at one wtp; `single` and `grouped` by name.

    evpi: where draws carry the noise of finite samples of patients, that of the fit on all parameters, which does not
    have the noise; `simulated_evpi`, else None, then is the EVPI with it, which is too high. EVPPI is regression, which
    averages over the noise.
    """

    wtp: float
    evpi: float
    single: dict[str, evppi.Evppi]
    grouped: dict[str, evppi.Evppi]
    members: dict[str, tuple[str, ...]]
    simulated_evpi: float | None = None
    evpi_error: float | None = None
    constant: tuple[str, ...] = ()
    studies: tuple[Worth, ...] = ()
    by_status: dict[str, evppi.Evppi] = field(default_factory=dict)
    members_by_status: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranked:
    """EVPPI of a parameter, a named group or all parameters of one status (`kind`); share: of EVPI, nan where that is 0."""

    kind: str
    name: str
    members: tuple[str, ...]
    evppi: evppi.Evppi
    share: float


def ranked(found: Information) -> list[Ranked]:
    """Parameters, then named groups, then statuses, the largest of each first."""
    return [
        Ranked(kind, name, members.get(name, (name,)), value, float(value.value) / found.evpi if found.evpi else np.nan)
        for kind, values, members in (
            ("parameter", found.single, {}),
            ("group", found.grouped, found.members),
            ("status", found.by_status, found.members_by_status),
        )
        for name, value in sorted(values.items(), key=lambda item: -item[1].value)
    ]


def information(
    net_benefit: np.ndarray,
    parameters: dict[str, np.ndarray],
    wtp: float,
    groups: dict[str, tuple[str, ...]],
    noisy: bool = False,
) -> Information:
    """EVPPI of net_benefit[strategy, draw]; parameters that do not vary are left out. noisy: draws follow patients.

    Raises InformationError for too few draws or strategies, or unknown members of groups.
    """
    strategies, n = net_benefit.shape
    if strategies < 2 or n < evppi.FEWEST_DRAWS:
        raise InformationError(
            f"value of information needs two strategies and {evppi.FEWEST_DRAWS} draws or more; "
            f"there are {strategies} and {n}"
        )
    check_groups(groups, parameters)
    varying = {name: values for name, values in parameters.items() if np.ptp(values) > 0}
    if not varying:
        raise InformationError("no parameter varies over the draws, so none has a value of information")
    single = evppi.evppi_all(net_benefit, varying)
    grouped = evppi.evppi_all(net_benefit, parameters, {k: list(v) for k, v in groups.items()})
    evpi = float(net_benefit.max(axis=0).mean() - net_benefit.mean(axis=1).max())
    constant = tuple(name for name in parameters if name not in varying)
    if not noisy:
        return Information(wtp, evpi, single, grouped, groups, constant=constant)
    known = evppi.evppi(net_benefit, np.stack(list(varying.values())))
    return Information(wtp, float(known.value), single, grouped, groups, evpi, float(known.standard_error), constant)


def by_wtp(
    cost: np.ndarray, effect: np.ndarray, parameters: dict[str, np.ndarray], wtp: np.ndarray, also: float
) -> tuple[np.ndarray, dict[str, evppi.Evppi]]:
    """EVPPI by parameter at up to MOST_THRESHOLDS of `wtp`, evenly spread, and at `also`: (these, name -> fields [wtp])."""
    spread = np.linspace(0, len(wtp) - 1, MOST_THRESHOLDS).round().astype(int)
    some = np.unique(np.append(wtp[spread], also))
    return some, {name: evppi.evppi_by_wtp(cost, effect, values, some) for name, values in parameters.items()}


def of_run(
    run: Run,
    decision: Decision,
    groups: dict[str, tuple[str, ...]],
    proposals: tuple[Proposal, ...] = (),
    sizes: tuple[int, ...] = studies.SIZES,
) -> Information:
    """EVPPI of a run's PSA, for the decision that its draws leave open; groups: of parameters, by name.

    Raises InformationError or StudyError for names that the scenario does not have, or where nothing is sampled.
    """
    check(run.scenario, groups, proposals)
    psa = run.probabilistic
    if psa is None:
        raise InformationError("value of information needs a PSA: --draws is 0")
    result = psa.evaluation.outcomes[decision.group]
    net_benefit = nmb(result.cost, result.get(decision.effect), decision.wtp)
    parameters = {name: psa.draws.column(name) for name in sampled(run.scenario)}
    found = information(net_benefit, parameters, decision.wtp, groups, run.method.follows_patients)
    members = by_status(run.scenario)
    joint = evppi.evppi_all(net_benefit, parameters, {status or NOT_STATED: list(m) for status, m in members.items()})
    worth = tuple(studies.worth(study, run.scenario, psa.draws, net_benefit, sizes) for study in proposals)
    members = {status or NOT_STATED: names for status, names in members.items()}
    return replace(found, studies=worth, by_status=joint, members_by_status=members)


def by_status(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Sampled parameters of each status that the file states ('' for none); nothing where it states none at all."""
    known = set(sampled(scenario))
    found = {status: tuple(n for n in names if n in known) for status, names in scenario.by_status().items()}
    return {status: names for status, names in found.items() if names}


def sampled(scenario: Scenario) -> tuple[str, ...]:
    """Parameters that a PSA samples, in the order of the file."""
    return tuple(name for name, p in scenario.parameters.items() if p.sampled)


def check(scenario: Scenario, groups: dict[str, tuple[str, ...]], proposals=()) -> None:
    """Whatever can be known to be wrong before the PSA is run. Raises InformationError or StudyError."""
    known = sampled(scenario)
    if not known:
        raise InformationError(f"{scenario.path}: no parameter has a distribution, so there is nothing to learn")
    if len(scenario.strategies) < 2:
        raise InformationError(f"{scenario.path}: one strategy; information has a value only where there is a choice")
    check_groups(groups, known)
    for study in proposals:
        studies.check(scenario, study)


def check_groups(groups: dict[str, tuple[str, ...]], parameters) -> None:
    """InformationError for a member that is not one of `parameters`."""
    for name, members in groups.items():
        for member in members:
            if member not in parameters:
                raise InformationError(
                    f"group {name}: '{member}' is not a sampled parameter; sampled are "
                    f"{', '.join(parameters)}.{did_you_mean(member, parameters)}"
                )
