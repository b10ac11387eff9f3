"""What a finite number of patients leaves unknown: errors of the base case, and noise in a PSA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis.run import Run
from model.economics import acceptability, incremental
from model.economics.icer import icer, icer_error
from model.economics.net_benefit import nmb


@dataclass(frozen=True)
class SimulationError:
    """Of one outcome in the base case; increments are against `comparator`, paired by patient (blank for the reference).

    factor: how many times larger the error of the increment would be with independent patients.
    """

    group: str
    outcome: str
    strategy: str
    mean: float
    standard_error: float
    comparator: str = ""
    increment: float = np.nan
    increment_standard_error: float = np.nan
    increment_standard_error_of_independent_patients: float = np.nan
    factor: float = np.nan


def errors(run: Run) -> Iterator[SimulationError]:
    """Of every discounted outcome of the base case."""
    strategies, r = tuple(run.scenario.strategies), run.reference
    for group, found in (run.base.simulated or {}).items():
        for o, outcome in enumerate(found.mean.names):
            value, error, paired = (x[o, 1, :, 0] for x in (found.mean.values, found.se, found.increment_se))
            for s, strategy in enumerate(strategies):
                about = group, outcome, strategy, value[s], error[s]
                if s == r:
                    yield SimulationError(*about)
                    continue
                apart = np.hypot(error[s], error[r])
                factor = apart / paired[s] if paired[s] > 0 else np.nan
                yield SimulationError(*about, strategies[r], value[s] - value[r], paired[s], apart, factor)


@dataclass(frozen=True)
class SimulatedIncrement:
    """A strategy against the reference in the base case, each with the standard error of the simulation."""

    strategy: int
    effect: float
    net_benefit: float
    net_benefit_error: float
    icer: float
    icer_error: float


def simulated_increments(run: Run) -> list[SimulatedIncrement]:
    """Of the decision of a run, for each other strategy whose error is known."""
    if run.base.simulated is None:
        return []
    found, total, key, wtp = run.base.simulated["all"], run.base.total, run.decision.effect, run.decision.wtp
    errors = found.inb_se(wtp, key)[:, 0]
    made = []
    for s, parts in enumerate(zip(*incremental.increments(total.cost, total.get(key), run.reference))):
        if s == run.reference or not np.isfinite(errors[s]):
            continue
        cost, effect = (float(part[0]) for part in parts)
        ratio = float(icer(cost, effect))
        error = float(icer_error(effect, found.inb_se(ratio, key)[s, 0])) if np.isfinite(ratio) else np.nan
        made.append(SimulatedIncrement(s, effect, nmb(cost, effect, wtp), float(errors[s]), ratio, error))
    return made


@dataclass(frozen=True)
class Noise:
    """What taking the simulation noise out of a PSA does at one threshold; nan where the size of the noise is not known."""

    wtp: float
    strategy: str
    probability_most_cost_effective_with_noise: float
    probability_most_cost_effective: float
    evpi_with_noise: float
    evpi: float
    noise_share_of_variance: float
    status: str


def noise(run: Run) -> Iterator[Noise]:
    """At each threshold of the scenario, for each strategy."""
    if run.psa is None:
        return
    total, effect = run.psa.total, run.psa.total.get(run.decision.effect)
    for wtp in run.scenario.wtp.thresholds:
        raw = acceptability.acceptability(total.cost, effect, np.array([wtp]))
        clean = run.decisions["all"].at(wtp) if run.corrected else None
        for s, strategy in enumerate(run.scenario.strategies):
            yield Noise(
                wtp,
                strategy,
                raw.probability_most_cost_effective[0, s],
                clean.probability_most_cost_effective[0, s] if clean else np.nan,
                raw.evpi[0],
                clean.evpi[0] if clean else np.nan,
                run.corrected.noise_share[s] if run.corrected else np.nan,
                status(run, s),
            )


def status(run: Run, strategy: int) -> str:
    """What was done about simulation noise in the PSA of a strategy."""
    if run.corrected is None:
        return "noise not known (one replication a draw): not corrected"
    return "corrected" if run.corrected.determined[strategy] else "more patients needed: noise is all that is seen"
