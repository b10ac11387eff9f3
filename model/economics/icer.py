"""The incremental cost-effectiveness ratio (ICER): one rule for every table, figure and sentence.

Increments are strategy minus comparator. By where they lie on the cost-effectiveness plane:

costs more, more effective    ICER = incremental cost per unit of effect gained; good value where BELOW the threshold
costs less, less effective    ICER = saving per unit of effect lost; good value where ABOVE the threshold
dominant, dominated, equal    no ICER: a ratio would be negative, zero or endless, and the same number means opposite
                              things in opposite quadrants. Increments of exactly zero belong here.

Sources: Drummond et al., Methods for the Economic Evaluation of Health Care Programmes, 4th ed. 2015, ch. 4; Stinnett and
Mullahy, Med Decis Making 1997;17:129-134 (negative ratios).
"""

from __future__ import annotations

import numpy as np

VERDICTS = {  # signs of incremental cost and incremental effect
    (1, 1): "costs more, more effective",
    (-1, -1): "costs less, less effective",
    (0, 0): "equal",
    (-1, 1): "dominant",
    (-1, 0): "dominant",
    (0, 1): "dominant",
    (1, -1): "dominated",
    (1, 0): "dominated",
    (0, -1): "dominated",
}
DEARER_AND_BETTER, EQUAL = VERDICTS[1, 1], VERDICTS[0, 0]
_WORDS = np.array([[VERDICTS[cost, effect] for effect in (-1, 0, 1)] for cost in (-1, 0, 1)])


def verdict(cost, effect) -> np.ndarray:
    """Word of VERDICTS for increments of any shape, without round-off (`incremental.increments`)."""
    return _WORDS[np.sign(cost).astype(int) + 1, np.sign(effect).astype(int) + 1]


def icer(cost, effect) -> np.ndarray:
    """Incremental `cost` per unit of incremental `effect`, of any shape; nan where there is no ratio (see above)."""
    cost, effect = np.broadcast_arrays(np.asarray(cost, float), np.asarray(effect, float))
    ratio = np.full(cost.shape, np.nan)
    return np.divide(cost, effect, out=ratio, where=np.sign(cost) * np.sign(effect) > 0)


def icer_change(after, before) -> float:
    """ICER of (cost, effect) `after` less that of `before`; nan unless both lie in one quadrant and have an ICER."""
    alike = verdict(*after) == verdict(*before)
    return float(icer(*after) - icer(*before)) if alike else float("nan")


def icer_error(effect, net_benefit_error) -> np.ndarray:
    """Standard error of an ICER by the delta method, from that of the incremental net benefit at the ICER as threshold."""
    return net_benefit_error / np.abs(effect)
