"""A mean, how sure it is, and its 95 % interval: over draws, over simulated patients, over replications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model import intervals
from model.analysis.evaluate import Evaluation

LEVELS = (0.025, 0.975)


class Summary(NamedTuple):
    """In the unit of what is summarised; nan where there is none."""

    mean: float
    standard_error: float
    lower_95: float
    upper_95: float


def of_draws(values: np.ndarray) -> Summary:
    """Of a sample [draw]: the interval holds 95 % of the draws. A single value has no error."""
    if len(values) == 1:
        return Summary(values[0], np.nan, np.nan, np.nan)
    return Summary(values.mean(), float(intervals.standard_error(values)), *limits(values))


def limits(values: np.ndarray) -> np.ndarray:
    """[2, ...] limits between which 95 % of the draws of values [..., draw] lie; nan with a single draw."""
    if values.shape[-1] == 1:
        return np.full((2, *values.shape[:-1]), np.nan)
    return np.quantile(values, LEVELS, axis=-1)


def of_simulation(mean: float, error: float, freedom: float) -> Summary:
    """Of a simulated mean: the interval is that of the mean."""
    return Summary(**intervals.interval(mean, error, freedom))


def of_replications(values: np.ndarray) -> Summary:
    """Of the mean over replications [replication]; NaN aside."""
    return Summary(**intervals.of_replications(values))


class OutcomeSummary(NamedTuple):
    """One outcome of one strategy in one group."""

    group: str
    strategy: str
    outcome: str
    discounted: bool
    summary: Summary


def outcomes(evaluation: Evaluation, of_patients: bool) -> Iterator[OutcomeSummary]:
    """Every outcome: over draws, or, of_patients, of the mean of simulated patients in the one draw there is."""
    for group, result in evaluation.outcomes.items():
        simulated = evaluation.simulated[group] if evaluation.simulated and of_patients else None
        for o, outcome in enumerate(result.names):
            for discounted in (True, False):
                values = result.get(outcome, discounted)
                for s, strategy in enumerate(result.strategies):
                    summary = (
                        of_draws(values[s])
                        if simulated is None
                        else of_simulation(values[s][0], simulated.se[o, int(discounted), s][0], simulated.freedom)
                    )
                    yield OutcomeSummary(group, strategy, outcome, discounted, summary)
