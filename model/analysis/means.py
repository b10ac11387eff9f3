"""What draws of cost and effect say of strategies: the incremental analysis of their means, and pairs of strategies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model import intervals
from model.analysis.summaries import limits
from model.economics import incremental, uncertainty
from model.economics.acceptability import Acceptability
from model.economics.icer import verdict
from model.economics.incremental import Incremental
from model.economics.net_benefit import mean_net_benefit, nmb
from model.economics.uncertainty import IcerInterval


@dataclass(frozen=True)
class Means:
    """cost, effect: means [strategy] over draws; incremental: their fully incremental analysis."""

    cost: np.ndarray
    effect: np.ndarray
    incremental: Incremental

    @property
    def by_cost(self) -> list[int]:
        """Strategies in order of cost."""
        return np.argsort(self.cost, kind="stable").tolist()

    @property
    def cheapest(self) -> int:
        """The strategy with which the frontier begins."""
        return int(np.argmax(self.incremental.status == incremental.REFERENCE))


def means(cost: np.ndarray, effect: np.ndarray) -> Means:
    """Of cost and effect [strategy, draw]."""
    middle = cost.mean(axis=1), effect.mean(axis=1)
    return Means(*middle, incremental.frontier(*middle))


@dataclass(frozen=True)
class Pair:
    """A strategy against the reference. cost, effect: increments [draw]."""

    strategy: int
    cost: np.ndarray
    effect: np.ndarray

    @property
    def status(self) -> str:
        """Of the means, a word of `icer.VERDICTS`."""
        return verdict(self.cost.mean(), self.effect.mean()).item()

    @property
    def intervals(self) -> dict[str, IcerInterval]:
        """95 % intervals of the ICER, by method."""
        return {
            "Fieller": uncertainty.fieller_interval(self.cost, self.effect),
            "percentile": uncertainty.percentile_interval(self.cost, self.effect),
        }

    @property
    def quadrants(self) -> dict[str, float]:
        """Shares of draws in the quadrants of the plane."""
        return uncertainty.quadrant_shares(self.cost, self.effect)


def pairs(cost: np.ndarray, effect: np.ndarray, reference: int) -> list[Pair]:
    """Each other strategy of cost and effect [strategy, draw]."""
    rows = zip(*incremental.increments(cost, effect, reference))
    return [Pair(s, *row) for s, row in enumerate(rows) if s != reference]


class Spread(NamedTuple):
    """95 % limits [2] over draws of a strategy's increments; those of the ICER are nan where it has none, or no interval."""

    cost: np.ndarray
    effect: np.ndarray
    icer: np.ndarray
    icer_kind: str


def spread(cost: np.ndarray, effect: np.ndarray, strategy: int, against: int, has_icer: bool) -> Spread:
    """Of a strategy of cost and effect [strategy, draw] against another, paired by draw."""
    both = [against, strategy]
    extra_cost, extra_effect = (x[1] for x in incremental.increments(cost[both], effect[both], 0))
    return of_increments(extra_cost, extra_effect, has_icer)


def of_increments(cost: np.ndarray, effect: np.ndarray, has_icer: bool) -> Spread:
    """Of increments [draw]. The interval of the ICER is that of percentiles, as in `uncertainty`."""
    icer, kind = np.full(2, np.nan), ""
    if has_icer and len(cost) > 1:
        found = uncertainty.percentile_interval(cost, effect)
        icer, kind = np.array([found.lower, found.upper]), found.kind
    return Spread(limits(cost), limits(effect), icer, kind)


class Errors(NamedTuple):
    """Standard errors of a simulation, [wtp, strategy]: of the net benefit, and of its increment paired by patient."""

    own: np.ndarray
    increment: np.ndarray
    freedom: float


@dataclass(frozen=True)
class NetBenefits:
    """Each [wtp, strategy] at wtp [wtp]; standard_error: of the nmb; limits [2, wtp, strategy]: of 95 %, over draws or of the
    simulated mean; increment: nmb minus that of the reference, nan for itself; probability: of being most cost-effective, None
    without a PSA."""

    wtp: np.ndarray
    nmb: np.ndarray
    nhb: np.ndarray
    standard_error: np.ndarray
    limits: np.ndarray
    increment: np.ndarray
    increment_limits: np.ndarray
    probability: np.ndarray | None = None


def net_benefits(
    cost: np.ndarray,
    effect: np.ndarray,
    thresholds: tuple[float, ...],
    reference: int,
    decisions: Acceptability | None = None,
    errors: Errors | None = None,
) -> NetBenefits:
    """Of cost and effect [strategy, draw]; errors: those of a simulation, else they are over draws."""
    if not len(thresholds):
        none, pair = np.zeros((0, len(cost))), np.zeros((2, 0, len(cost)))
        return NetBenefits(np.zeros(0), none, none, none, pair, none, pair)
    found = mean_net_benefit(cost, effect, np.array(thresholds))
    extra = incremental.increments(cost, effect, reference)
    itself = np.where(np.arange(len(cost)) == reference, np.nan, 0.0)
    more = mean_net_benefit(*extra, found.wtp).nmb + itself
    if errors is None:
        own, of_more = _over_draws(cost, effect, found.wtp), _over_draws(*extra, found.wtp)
    else:
        own, of_more = _about(found.nmb, errors.own, errors.freedom), _about(more, errors.increment, errors.freedom)
    probability = None if decisions is None else decisions.at(found.wtp).probability_most_cost_effective
    error = found.nmb_se if errors is None else errors.own
    return NetBenefits(found.wtp, found.nmb, found.nhb, error, own, more, of_more + itself, probability)


def _over_draws(cost: np.ndarray, effect: np.ndarray, wtp: np.ndarray) -> np.ndarray:
    """[2, wtp, strategy] limits of the net benefit, one threshold at a time."""
    return np.stack([limits(nmb(cost, effect, level)) for level in wtp], axis=1)


def _about(mean: np.ndarray, error: np.ndarray, freedom: float) -> np.ndarray:
    """[2, wtp, strategy] limits of a simulated mean."""
    half = intervals.half_width(error, freedom)
    return np.stack([mean - half, mean + half])
