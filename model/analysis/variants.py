"""Named variants of a scenario, side by side with the base case, on common random numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis import comparison
from model.analysis.comparison import Columns
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.summaries import of_draws
from model.analysis.workers import in_order
from model.decision import Decision
from model.draws import DomainError
from model.economics import incremental
from model.economics.net_benefit import nmb
from model.intervals import standard_error
from model.outcomes import OutcomeError
from model.sample import NO_PSA, Sample
from model.scenario import Scenario
from model.scenario_file.variants import Variants


class VariantError(ValueError):
    """A variant that leaves the model's domain, or cannot be compared."""


@dataclass(frozen=True)
class Found:
    """Of one variant: columns[name] as [point (one), group, strategy], see comparison; incremental_cost and _effect of
    each draw, [group, strategy, draw] (None without a PSA)."""

    groups: tuple[str, ...]
    base: Columns
    psa: Columns | None
    incremental_cost: np.ndarray | None
    incremental_effect: np.ndarray | None

    def net_benefit(self, wtp: float) -> np.ndarray | None:
        """Incremental net benefit of each draw, [group, strategy, draw]."""
        if self.incremental_cost is None or self.incremental_effect is None:
            return None
        return nmb(self.incremental_cost, self.incremental_effect, wtp)

    def interval(self, wtp: float, group: int, strategy: int) -> tuple[float, float]:
        """95 % interval over draws of the incremental net benefit; nan without a PSA."""
        drawn = self.net_benefit(wtp)
        if drawn is None:
            return np.nan, np.nan
        summary = of_draws(drawn[group, strategy])
        return summary.lower_95, summary.upper_95

    def analyses(self) -> dict[str, Columns]:
        return {"deterministic": self.base} | ({} if self.psa is None else {"probabilistic": self.psa})


@dataclass(frozen=True)
class Compared:
    """found[key]: of the base case ('base', first) and every variant, for one decision."""

    variants: Variants
    decision: Decision
    sample: Sample
    found: dict[str, Found]


def compare(
    variants: Variants,
    decision: Decision,
    sample: Sample = NO_PSA,
    method: Method = COHORT,
    progress: Callable[[int], None] = lambda done: None,
) -> Compared:
    """Base case and PSA (where `sample` has draws) of every variant. Each compares with its own reference strategy.

    Draws of parameters that a variant shares with the base are the same. Raises VariantError that names the variant.
    """
    alone, found = dataclasses.replace(method, executor=None), {}
    tasks = ((key, scenario, decision, sample, alone) for key, scenario in variants.scenarios.items())
    for key, one in zip(variants.scenarios, in_order(method.executor, _task, tasks)):
        found[key] = one
        progress(1)
    return Compared(variants, decision, sample, found)


def _task(key: str, scenario: Scenario, decision: Decision, sample: Sample, method: Method) -> Found:
    try:
        return _found(scenario, decision, sample, method)
    except (DomainError, OutcomeError, EngineError) as error:
        raise VariantError(f"variant '{key}': {error}") from None


def _found(scenario: Scenario, decision: Decision, sample: Sample, method: Method) -> Found:
    at, reference, effect = np.array([decision.wtp]), scenario.reference_index, decision.effect
    result = evaluate(scenario, draws.base(scenario, sample.seed), method.for_base())
    base = comparison.of_base(result, np.zeros(1, int), at, effect)
    base = comparison.with_economics(base, at, reference, effect)
    if sample.n and any(p.sampled for p in scenario.parameters.values()):
        drawn = evaluate(scenario, draws.probabilistic(scenario, sample), method.for_psa())
        psa = comparison.with_economics(comparison.of_psa(scenario, drawn, at, decision), at, reference, effect)
        pairs = [incremental.increments(part.cost, part.get(effect), reference) for part in drawn.outcomes.values()]
        cost, effects = (np.stack(column) for column in zip(*pairs))
        return Found(tuple(result.outcomes), base, psa, cost, effects)
    return Found(tuple(result.outcomes), base, None, None, None)


@dataclass(frozen=True)
class Structure:
    """How much of the uncertainty of an incremental net benefit lies between structures, each weighing the same.

    between: variance of the structures' means; within: mean of their variances over draws; share: between / (between +
    within), by the law of total variance.
    """

    between: float
    within: float

    @property
    def share(self) -> float:
        total = self.between + self.within
        return self.between / total if total else float("nan")


def structure(found: Compared, strategy: str, wtp: float) -> Structure | None:
    """Of all patients, over the base case and every variant that has the strategy; None without a PSA."""
    drawn = []
    for key, one in found.found.items():
        strategies = list(found.variants.scenarios[key].strategies)
        benefit = one.net_benefit(wtp)
        if benefit is not None and strategy in strategies:
            drawn.append(benefit[0, strategies.index(strategy)])
    if len(drawn) < 2:
        return None
    return Structure(float(np.var([d.mean() for d in drawn])), float(np.mean([d.var(ddof=1) for d in drawn])))


def difference(value: np.ndarray, base: np.ndarray, same: np.ndarray | bool = True) -> np.ndarray:
    """Of results in variants from those of the base case; nan where they are not the `same` kind of thing (an ICER that lies in
    another quadrant)."""
    return np.where(same, value - base, np.nan)


def paired_error(found: Compared, key: str, group: str, strategy: str) -> float:
    """Standard error of the difference of a variant's incremental net benefit from that of the base case, paired by draw; nan
    where the base case does not have the group or the strategy."""
    own, base, wtp = found.found[key], found.found["base"], found.decision.wtp
    here, there = (list(s.strategies) for s in (found.variants.scenarios[key], found.variants.base))
    drawn, before = own.net_benefit(wtp), base.net_benefit(wtp)
    if drawn is None or before is None or group not in base.groups or strategy not in there:
        return float("nan")
    own_place = own.groups.index(group), here.index(strategy)
    return difference_error(drawn[own_place], before[base.groups.index(group), there.index(strategy)])


def difference_error(one: np.ndarray, other: np.ndarray) -> float:
    """Standard error of the difference between the means of two samples [draw], paired by draw."""
    if len(one) != len(other):
        return float("nan")
    return float(standard_error(one - other))
