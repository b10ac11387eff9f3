"""Named variants of a scenario, side by side with the base case, on common random numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis import comparison
from model.analysis.comparison import Columns
from model.analysis.evaluate import COHORT, EngineError, Method, evaluate
from model.analysis.sweep import Sample
from model.analysis.workers import in_order
from model.draws import DomainError
from model.economics import incremental
from model.intervals import standard_error
from model.outcomes import OutcomeError
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
        return None if self.incremental_cost is None else wtp * self.incremental_effect - self.incremental_cost

    def analyses(self) -> dict[str, Columns]:
        return {"deterministic": self.base} | ({} if self.psa is None else {"probabilistic": self.psa})


@dataclass(frozen=True)
class Compared:
    """found[key]: of the base case ('base', first) and every variant, at one willingness to pay."""

    variants: Variants
    wtp: float
    sample: Sample | None
    found: dict[str, Found]


def compare(
    variants: Variants,
    wtp: float | None = None,
    sample: Sample | None = None,
    method: Method = COHORT,
    progress: Callable[[int], None] = lambda done: None,
) -> Compared:
    """Base case and PSA (with `sample`) of every variant. The threshold is the base case's first where `wtp` is None.

    Draws of parameters that a variant shares with the base are the same. Raises VariantError that names the variant.
    """
    level, found = comparison.threshold(variants.base, wtp), {}
    alone = dataclasses.replace(method, executor=None)
    tasks = ((key, scenario, level, sample, alone) for key, scenario in variants.scenarios.items())
    for key, one in zip(variants.scenarios, in_order(method.executor, _task, tasks)):
        found[key] = one
        progress(1)
    return Compared(variants, level, sample, found)


def _task(key: str, scenario: Scenario, wtp: float, sample: Sample | None, method: Method) -> Found:
    try:
        return _found(scenario, wtp, sample, method)
    except (DomainError, OutcomeError, EngineError) as error:
        raise VariantError(f"variant '{key}': {error}") from None


def _found(scenario: Scenario, wtp: float, sample: Sample | None, method: Method) -> Found:
    at, reference = np.array([wtp]), scenario.reference_index
    result = evaluate(scenario, draws.base(scenario), method.for_base())
    base = comparison.with_economics(comparison.of_base(scenario, result, np.zeros(1, int), at), at, reference)
    psa, gains = None, (None, None)
    if sample is not None and any(p.sampled for p in scenario.parameters.values()):
        table = draws.probabilistic(scenario, sample.n, sample.seed, sample.sampling)
        drawn = evaluate(scenario, table, method.for_psa())
        psa = comparison.with_economics(comparison.of_psa(scenario, drawn, at), at, reference)
        pairs = [incremental.increments(part.cost, part.qaly, reference) for part in drawn.outcomes.values()]
        gains = tuple(np.stack(column) for column in zip(*pairs))
    return Found(tuple(result.outcomes), base, psa, *gains)


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
        if one.incremental_cost is not None and strategy in strategies:
            drawn.append(one.net_benefit(wtp)[0, strategies.index(strategy)])
    if len(drawn) < 2:
        return None
    return Structure(float(np.var([d.mean() for d in drawn])), float(np.mean([d.var(ddof=1) for d in drawn])))


def difference_error(one: np.ndarray, other: np.ndarray) -> float:
    """Standard error of the difference between the means of two samples [draw], paired by draw."""
    if len(one) != len(other):
        return float("nan")
    return float(standard_error(one - other))
