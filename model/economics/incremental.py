"""Incremental analysis: dominance, the cost-effectiveness frontier and ICERs.

Increments are always strategy minus comparator, so a positive incremental cost is dearer and a positive
incremental effect is better, whatever the sign of the totals (negative effects and negative costs are legal).
An ICER is the ratio of mean increments, never a mean of ratios; give means over draws. Where there is one: `icer`.
Source: Drummond et al., Methods for the Economic Evaluation of Health Care Programmes, 4th ed. 2015, ch. 4;
Johannesson and Weinstein, J Health Econ 1993;12:459-467 (extended dominance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.economics.arrays import ROUND_OFF, checked, checked_strategy, without_round_off
from model.economics.icer import EQUAL, icer, verdict

REFERENCE, FRONTIER, DOMINATED, EXTENDED = "reference", "frontier", "dominated", "extendedly dominated"


@dataclass(frozen=True)
class Incremental:
    """One row per strategy, in the order given; every array has shape [strategy].

    status              a word of `frontier` or of `pairwise`
    comparator          index of the strategy it is compared with; -1 for none
    incremental_cost    cost minus the comparator's (nan without comparator)
    incremental_effect  effect minus the comparator's (nan without comparator)
    icer                as in `economics.icer`; nan where there is none
    """

    status: np.ndarray
    comparator: np.ndarray
    incremental_cost: np.ndarray
    incremental_effect: np.ndarray
    icer: np.ndarray


def increments(cost, effect, comparator: int) -> tuple[np.ndarray, np.ndarray]:
    """Incremental cost and effect [strategy, draw] of every strategy against one, draw by draw.

    A difference within round-off (1e-12 of the larger of the two) is 0: it would make an absurd ICER.
    """
    cost, effect = checked(cost, effect, ("strategy", "draw"))
    base = checked_strategy(comparator, len(cost))
    return _difference(cost, cost[base]), _difference(effect, effect[base])


def frontier(cost, effect) -> Incremental:
    """Fully incremental analysis of `cost[strategy]` and `effect[strategy]`.

    status: 'reference' is the cheapest (of equally cheap ones the most effective); 'frontier' follows it;
    'dominated': another costs no more and is at least as effective, and better in one of the two;
    'extendedly dominated': a mix of its neighbours on the frontier does as well or better (a strategy exactly
    on the line between two others adds nothing, so ICERs along the frontier strictly increase).
    comparator: for 'frontier' the previous frontier strategy; for 'extendedly dominated' the next cheaper
    frontier strategy; for 'dominated' the most effective of the undominated strategies that cost no more.
    icer: on the frontier only. For the others the increments are given, but a ratio would invite a decision.
    'equal': as cheap and as effective as an earlier strategy that is the reference or on the frontier, which is its
    comparator: neither dominates the other. Of others that are equal each has the status. Others compared with equal
    strategies name the first. Equal means up to round-off (1e-12 of the largest value).
    """
    cost, effect = _comparable(cost, effect)
    # np.unique sorts by cost, then by most effective: the order in which the frontier is walked.
    rows = np.stack([cost, -effect], axis=1)
    points, first, same = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    status, comparator = _walk(points[:, 0], -points[:, 1])
    named, same = np.append(first, -1), same.ravel()  # -1 stays -1
    status, comparator = status[same].astype(object), named[comparator][same]
    twin = (np.arange(len(cost)) != first[same]) & np.isin(status, [REFERENCE, FRONTIER])
    status[twin], comparator[twin] = EQUAL, first[same][twin]
    return _against(cost, effect, status.astype(str), comparator, status == FRONTIER)


def pairwise(cost, effect, comparator: int) -> Incremental:
    """Every strategy of `cost[strategy]`, `effect[strategy]` against one chosen comparator.

    status: 'comparator', or a word of `icer.VERDICTS`.
    """
    cost, effect = _comparable(cost, effect)
    base = checked_strategy(comparator, len(cost))
    itself = np.arange(len(cost)) == base
    status = np.where(itself, "comparator", verdict(cost - cost[base], effect - effect[base]))
    return _against(cost, effect, status, np.where(itself, -1, base), ~itself)


def _difference(values, base):
    difference = values - base
    size = np.maximum(np.abs(values), np.abs(base))
    return np.where(np.abs(difference) > ROUND_OFF * size, difference, 0.0)


def _comparable(cost, effect):
    cost, effect = checked(cost, effect, ("strategy",))
    return without_round_off(cost), without_round_off(effect)


def _walk(cost, effect):
    """Status and comparator of different points sorted by cost, then by falling effect."""
    undominated = np.flatnonzero(effect > np.maximum.accumulate(np.append(-np.inf, effect[:-1])))
    on_frontier = _lower_hull(cost, effect, undominated)
    status = np.full(len(cost), DOMINATED, dtype=object)
    status[undominated], status[on_frontier], status[0] = EXTENDED, FRONTIER, REFERENCE
    earlier = np.arange(len(cost)) - 1
    below = undominated[np.searchsorted(undominated, earlier, side="right") - 1]
    previous = on_frontier[np.searchsorted(on_frontier, earlier, side="right") - 1]
    comparator = np.where(status == DOMINATED, below, previous)
    comparator[0] = -1
    return status.astype(str), comparator


def _lower_hull(cost, effect, undominated):
    """From the cheapest, step to the strategy with the smallest ICER until none is more effective."""
    hull, rest = [undominated[0]], undominated[1:]
    while rest.size:
        ratio = icer(cost[rest] - cost[hull[-1]], effect[rest] - effect[hull[-1]])
        step = np.flatnonzero(ratio <= ratio.min() * (1 + ROUND_OFF))[-1]
        hull.append(rest[step])
        rest = rest[step + 1 :]
    return np.array(hull)


def _against(cost, effect, status, comparator, has_icer) -> Incremental:
    compared = comparator >= 0
    extra_cost = np.where(compared, cost - cost[comparator], np.nan)
    extra_effect = np.where(compared, effect - effect[comparator], np.nan)
    ratio = np.where(has_icer, icer(extra_cost, extra_effect), np.nan)
    return Incremental(status, comparator, extra_cost, extra_effect, ratio)
