"""What draws of cost and effect say of strategies: the incremental analysis of their means, and pairs of strategies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.economics import incremental, uncertainty
from model.economics.acceptability import Acceptability
from model.economics.icer import verdict
from model.economics.incremental import Incremental
from model.economics.net_benefit import mean_net_benefit
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


@dataclass(frozen=True)
class NetBenefits:
    """Each [wtp, strategy] at wtp [wtp]; standard_error: of the nmb; probability: of being most cost-effective, None without
    a PSA."""

    wtp: np.ndarray
    nmb: np.ndarray
    nhb: np.ndarray
    standard_error: np.ndarray
    probability: np.ndarray | None = None


def net_benefits(
    cost: np.ndarray,
    effect: np.ndarray,
    thresholds: tuple[float, ...],
    decisions: Acceptability | None = None,
    errors: np.ndarray | None = None,
) -> NetBenefits:
    """Of cost and effect [strategy, draw]; errors: those of a simulation, else they are over draws."""
    if not len(thresholds):
        none = np.zeros((0, len(cost)))
        return NetBenefits(np.zeros(0), none, none, none)
    found = mean_net_benefit(cost, effect, np.array(thresholds))
    probability = None if decisions is None else decisions.at(found.wtp).probability_most_cost_effective
    return NetBenefits(found.wtp, found.nmb, found.nhb, found.nmb_se if errors is None else errors, probability)
