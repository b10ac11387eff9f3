"""Each strategy against each of some comparators: increments of the draws, and the chance of the higher net benefit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.analysis.run import Run, decided_on, wtp_grid
from model.economics.acceptability import acceptability

FEW = 3  # strategies from which on pairs tell more than the plane and the curves of all


@dataclass(frozen=True)
class Pairwise:
    """cost, effect: increments [draw]; probability, error [wtp]: that the strategy has the higher net benefit of the two, ties
    counting a half, and its standard error."""

    strategy: str
    comparator: str
    cost: np.ndarray
    effect: np.ndarray
    wtp: np.ndarray
    probability: np.ndarray
    error: np.ndarray


def pairwise(run: Run, comparators: Sequence[str] = ()) -> list[Pairwise]:
    """Versus each comparator, of all patients; none stated: the reference, where there are three strategies or more."""
    names = list(run.scenario.strategies)
    chosen = comparators or ([run.scenario.reference_strategy] if len(names) >= FEW else [])
    if run.psa is None:
        return []
    return [_pair(run, names, strategy, against) for against in chosen for strategy in names if strategy != against]


def _pair(run: Run, names: list[str], strategy: str, comparator: str) -> Pairwise:
    psa, s, c = run.probabilistic, names.index(strategy), names.index(comparator)
    assert psa is not None
    total = psa.evaluation.total
    cost, effect = total.cost, total.get(run.decision.effect)
    decided_cost, decided_effect = decided_on(run.scenario, psa.evaluation, run.decision)
    found = acceptability(decided_cost[[s, c]], decided_effect[[s, c]], wtp_grid(run.scenario.wtp))
    share, error = found.probability_most_cost_effective[:, 0], found.probability_se[:, 0]
    return Pairwise(strategy, comparator, cost[s] - cost[c], effect[s] - effect[c], found.wtp, share, error)
