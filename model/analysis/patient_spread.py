"""How single patients differ at base values, which says nothing on how sure the means are; and some whose stays are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis.first_order import FirstOrder
from model.decision import groups
from model.dynamics import Dynamics
from model.history import History

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
EXAMPLES = 20  # patients of each strategy whose histories are shown


@dataclass(frozen=True)
class Spread:
    """Of one discounted outcome over patients; quantiles: at QUANTILES."""

    group: str
    strategy: str
    outcome: str
    patients: int
    mean: float
    standard_deviation: float
    quantiles: np.ndarray


def spread(found: FirstOrder) -> Iterator[Spread]:
    """Of every outcome, for all patients and by group."""
    first = next(iter(found.groups.values())).outcomes
    for group in groups(found.scenario):
        for outcome in first.names:
            for strategy, values in zip(first.strategies, found.values(outcome, group)):
                moments = values.mean(), values.std(ddof=1)
                yield Spread(
                    group, strategy, outcome, len(values), *moments, np.quantile(values, QUANTILES) + 0.0
                )  # no -0


def examples(found: FirstOrder) -> Iterator[tuple[str, Dynamics, History]]:
    """(group, its diagram, stays) of the first patients of each group, in proportion to its share; the same patients in every
    strategy."""
    for key, part in found.groups.items():
        number, stays = max(1, round(EXAMPLES * found.weights[key])), part.history
        yield key, part.dynamics, stays.where((stays.patient < number) & (stays.draw == 0))
