"""Uncertainty of one comparison: interval of the ICER, quadrants and ellipse of the cost-effectiveness plane.

All take `incremental_cost[draw]` and `incremental_effect[draw]` of a probabilistic analysis, as
`incremental.increments` gives them. The draws ARE the joint distribution of the two increments that our
knowledge leaves open, so their standard deviation, not their standard error, sets the width: more draws
sharpen an interval, they do not narrow it.

An ICER has no ordinary interval once the effect increment may well be zero: the ratio jumps from plus to
minus infinity there. Both methods then say so instead of giving two numbers. The limits are thresholds; a negative
one means that dominance is not ruled out, and where the means are dominant or dominated there is no ICER to stand
between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from model.economics.arrays import ROUND_OFF, checked
from model.economics.icer import icer

INTERVAL, EXCLUSIVE, NOT_DEFINED = "interval", "exclusive", "not defined"


@dataclass(frozen=True)
class IcerInterval:
    """icer: of the means, as in `economics.icer`. What the limits mean is in `kind`:

    'interval'     the ICER lies between lower and upper
    'exclusive'    it lies below lower or above upper: everything but the values between them
    'not defined'  no value can be ruled out, or there is no distribution; lower and upper are nan
    """

    icer: float
    lower: float
    upper: float
    kind: str


def fieller_interval(incremental_cost, incremental_effect, level: float = 0.95) -> IcerInterval:
    """Interval of the ICER by Fieller's theorem, from the means and covariance of the draws.

    It holds those thresholds R at which mean(R x effect - cost) is within z standard deviations of 0, that
    is, at which a bivariate-normal CEAC lies within (1-level)/2 and (1+level)/2.
    Sources: Fieller, J R Stat Soc B 1954;16:175-185; Willan and O'Brien, Health Econ 1996;5:297-305;
    Chaudhary and Stearns, Stat Med 1996;15:1447-1458.
    """
    cost, effect = checked(incremental_cost, incremental_effect, ("draw",))
    _check_level(level)
    if cost.size == 1:
        return _undefined(cost, effect)
    mean_cost, mean_effect = cost.mean(), effect.mean()
    ee, ec, cc = _covariance(effect, cost)
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    # The thresholds R with a R^2 - 2 b R + c <= 0.
    a = mean_effect**2 - z2 * ee
    b = mean_effect * mean_cost - z2 * ec
    c = mean_cost**2 - z2 * cc
    discriminant = b**2 - a * c
    if abs(discriminant) <= ROUND_OFF * b**2:
        discriminant = 0.0
    if a == 0 or discriminant < 0:
        return _undefined(cost, effect)
    lower, upper = np.sort((b + np.array([-1, 1]) * np.sqrt(discriminant)) / a)
    return IcerInterval(_of_means(cost, effect), float(lower), float(upper), INTERVAL if a > 0 else EXCLUSIVE)


def percentile_interval(incremental_cost, incremental_effect, level: float = 0.95) -> IcerInterval:
    """Interval of the ICER that leaves out (1-level)/2 of the draws on either side; no normality assumed.

    Draws are ranked by their angle on the cost-effectiveness plane, with the cut opposite the mean effect
    increment, so that where every draw gains effect the limits are the percentiles of the draws' ICERs and
    the thresholds at which the CEAC passes (1-level)/2 and (1+level)/2. A draw whose effect increment is 0 or
    of the other sign ranks beyond every number: below if the strategy that is more effective on average saves
    money in it, else above. If a limit falls among such draws the interval is 'not defined'; 'exclusive' does
    not occur.
    Sources: Briggs, Wonderling and Mooney, Health Econ 1997;6:327-340; Cook and Heyse, Stat Med
    2000;19:2989-3003 (angles); Briggs, O'Brien and Blackhouse, Annu Rev Public Health 2002;23:377-401.
    """
    cost, effect = checked(incremental_cost, incremental_effect, ("draw",))
    _check_level(level)
    if cost.size == 1 or effect.mean() == 0:
        return _undefined(cost, effect)
    east = effect * np.sign(effect.mean())
    north = cost * np.sign(effect.mean())
    ranked = np.where(north < 0, -np.inf, np.inf)
    np.divide(north, east, out=ranked, where=east > 0)
    with np.errstate(invalid="ignore"):  # a limit among the infinite ones comes out infinite or nan
        lower, upper = np.quantile(ranked, [(1 - level) / 2, (1 + level) / 2])
    if not np.isfinite([lower, upper]).all():
        return _undefined(cost, effect)
    return IcerInterval(_of_means(cost, effect), float(lower), float(upper), INTERVAL)


def quadrant_shares(incremental_cost, incremental_effect) -> dict[str, float]:
    """Share of draws in each quadrant of the plane (effect to the east, cost to the north); they sum to 1.

    A draw on an axis counts half in each quadrant beside it, one at the origin a quarter in each, so that the
    shares mirror each other when the two strategies swap.
    """
    cost, effect = checked(incremental_cost, incremental_effect, ("draw",))
    east, north = (np.sign(effect) + 1) / 2, (np.sign(cost) + 1) / 2
    return {
        "north-east": float((east * north).mean()),
        "south-east": float((east * (1 - north)).mean()),
        "south-west": float(((1 - east) * (1 - north)).mean()),
        "north-west": float(((1 - east) * north).mean()),
    }


def ellipse(incremental_cost, incremental_effect, level: float = 0.95, points: int = 101) -> np.ndarray:
    """Closed curve [point, 2] of (effect, cost) that holds `level` of the draws if they are bivariate normal.

    It has their means and covariance: it shows where draws fall, not how well their mean is known.
    Source: van Hout et al., Health Econ 1994;3:309-319; radius^2 = -2 ln(1 - level), chi-square with 2 d.f.
    """
    cost, effect = checked(incremental_cost, incremental_effect, ("draw",))
    _check_level(level)
    if cost.size == 1:
        raise ValueError("an ellipse needs at least two draws; this analysis has one")
    ee, ec, cc = _covariance(effect, cost)
    slope = ec / ee if ee > 0 else 0.0
    angle = np.linspace(0, 2 * np.pi, points)
    circle = np.sqrt(-2 * np.log1p(-level)) * np.array([np.cos(angle), np.sin(angle)])
    # The Cholesky factor of a 2 x 2 covariance, written out so that a constant effect or cost is no error.
    along = np.sqrt(ee) * circle[0]
    up = slope * along + np.sqrt(max(cc - slope * ec, 0)) * circle[1]
    return np.stack([effect.mean() + along, cost.mean() + up], axis=1)


def _covariance(effect, cost) -> tuple[float, float, float]:
    """Variance of effect, covariance, variance of cost; plain sums, as BLAS would depend on its threads."""
    e, c = effect - effect.mean(), cost - cost.mean()
    ee, ec, cc = (float(product.sum() / (e.size - 1)) for product in (e * e, e * c, c * c))
    return ee, ec, cc


def _of_means(cost, effect) -> float:
    return float(icer(cost.mean(), effect.mean()))


def _undefined(cost, effect) -> IcerInterval:
    return IcerInterval(_of_means(cost, effect), float("nan"), float("nan"), NOT_DEFINED)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: it must be between 0 and 1, such as 0.95")
