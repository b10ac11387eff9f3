"""Which strategy is best at each point of a sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis.sweep import Sweep
from model.decision import ALL


@dataclass(frozen=True)
class Best:
    """strategy: [point] index of the highest net benefit of all patients (the first of a tie), -1 where it is not known; lead: [point]
    by how much it is ahead of the second."""

    strategy: np.ndarray
    lead: np.ndarray


def best(found: Sweep) -> Best:
    """Of a sweep over two strategies or more."""
    benefit = found.columns["nmb"][:, found.groups.index(ALL)]
    known = np.isfinite(benefit).all(axis=1)
    ranked = np.sort(benefit, axis=1)
    return Best(
        np.where(known, np.where(np.isnan(benefit), -np.inf, benefit).argmax(axis=1), -1),
        np.where(known, ranked[:, -1] - ranked[:, -2], np.nan),
    )
