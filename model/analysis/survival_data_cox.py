"""Hazard ratio of two or more arms by Cox's partial likelihood, ties as Efron has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis.survival_data import Arm
from model.analysis.survival_data_kaplan_meier import Z
from model.analysis.survival_data_likelihood import FitError, maximise


@dataclass(frozen=True, eq=False)
class Cox:
    """log_ratio[arm] of each arm but the first against the first, and its standard_error."""

    reference: str
    arms: tuple[str, ...]
    log_ratio: np.ndarray
    standard_error: np.ndarray

    @property
    def ratios(self) -> np.ndarray:
        """[arm, (hazard ratio, lower 95 % limit, upper)]."""
        return np.exp(self.log_ratio[:, None] + Z * self.standard_error[:, None] * np.array([0.0, -1.0, 1.0]))


def cox(arms: tuple[Arm, ...]) -> Cox | None:
    """None for one arm, and where there is no single best ratio (all events of an arm come first, say)."""
    if len(arms) < 2:
        return None
    time, event = (np.concatenate([getattr(arm, what) for arm in arms]) for what in ("time", "event"))
    place = np.repeat(np.arange(len(arms)), [len(arm.time) for arm in arms])
    order = np.argsort(-time, kind="stable")
    ranked = time[order], event[order], place[order]
    try:
        found = maximise(lambda x: _partial(np.append(0.0, x), *ranked), [np.zeros(len(arms) - 1)])
    except FitError:
        return None
    names = tuple(arm.name for arm in arms)
    return Cox(names[0], names[1:], found.values, np.sqrt(np.diag(found.covariance)))


def _partial(effect: np.ndarray, time: np.ndarray, event: np.ndarray, place: np.ndarray) -> float:
    """Log partial likelihood; patients from the last to the first, effect[arm]."""
    score = effect[place]
    weight = np.exp(score)
    at_risk = np.cumsum(weight)
    dead = np.flatnonzero(event)
    last = np.searchsorted(-time, -time[dead], side="right") - 1  # the last of those who are at risk at its time
    moments, which, ties = np.unique(time[dead], return_inverse=True, return_counts=True)
    tied = np.bincount(which, weights=weight[dead])
    first = np.searchsorted(np.sort(which), np.arange(len(moments)))
    share = np.empty(len(dead))
    share[np.argsort(which, kind="stable")] = np.arange(len(dead)) - np.repeat(first, ties)
    return float(score[dead].sum() - np.log(at_risk[last] - share / ties[which] * tied[which]).sum())
