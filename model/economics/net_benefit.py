"""Net monetary benefit, wtp x effect - cost, and net health benefit, effect - cost / wtp.

Source: Stinnett and Mullahy, Med Decis Making 1998;18(2 Suppl):S68-80. Net benefit is linear in cost and
effect, so its mean and variance over draws follow from the means, variances and covariance of the two: no
array [wtp, strategy, draw] is ever needed for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.economics.arrays import checked, checked_wtp


@dataclass(frozen=True)
class MeanNetBenefit:
    """Means over draws, shape [wtp, strategy], with Monte Carlo standard errors (nan with a single draw).

    nmb in units of cost; nhb in units of effect, nan where wtp is 0: it is not defined there.
    """

    wtp: np.ndarray
    nmb: np.ndarray
    nmb_se: np.ndarray
    nhb: np.ndarray
    nhb_se: np.ndarray


def nmb(cost, effect, wtp):
    """Net monetary benefit, elementwise: of totals, or of increments. Shapes as they broadcast."""
    return wtp * effect - cost


def net_monetary_benefit(cost, effect, wtp) -> np.ndarray:
    """wtp x effect - cost, shape [wtp, strategy, draw]. For few thresholds: it holds every draw of each."""
    cost, effect = checked(cost, effect, ("strategy", "draw"))
    return nmb(cost, effect, checked_wtp(wtp)[:, None, None])


def mean_net_benefit(cost, effect, wtp) -> MeanNetBenefit:
    """Mean net benefit of each strategy at each wtp; `cost`, `effect` are [strategy, draw], `wtp` is [wtp].

    Give increments instead of totals (`incremental.increments`) for incremental net benefit with its standard
    error, which is paired by draw.
    """
    cost, effect = checked(cost, effect, ("strategy", "draw"))
    wtp = checked_wtp(wtp)
    per_effect = np.where(wtp > 0, wtp, np.nan)[:, None]
    mean = nmb(cost.mean(axis=1), effect.mean(axis=1), wtp[:, None])
    se = _standard_error(cost, effect, wtp[:, None])
    return MeanNetBenefit(wtp, mean, se, mean / per_effect, se / per_effect)


def _standard_error(cost, effect, wtp):
    n = cost.shape[1]
    if n == 1:
        return np.full((len(wtp), len(cost)), np.nan)
    c = cost - cost.mean(axis=1, keepdims=True)
    e = effect - effect.mean(axis=1, keepdims=True)
    cc, ee, ce = (product.sum(axis=1) / (n - 1) for product in (c * c, e * e, c * e))
    # Round-off can leave a variance of -1e-20 where cost and wtp x effect move together exactly.
    return np.sqrt(np.maximum(wtp**2 * ee - 2 * wtp * ce + cc, 0) / n)
