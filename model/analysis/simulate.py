"""Means over patients or replications, and how far they may be off.

Groups are strata: each has its own number of patients, and the total is weighted with the exact shares, so that only
the variation within groups is left as noise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import inputs, outcomes
from model.outcome_keys import COST, QALY
from model.outcomes import Outcomes
from model.scenario import Scenario


@dataclass(frozen=True)
class Simulated:
    """Means over the patients of each draw, and how far they may be off.

    mean: Outcomes [outcome, discounted, strategy, draw]; se: standard errors of the same shape; increment_se: those of
    the difference from the reference strategy, paired by patient; covariance: [effect, strategy, draw] of the errors of the
    discounted incremental cost and each effect (`mean.effects`); own_covariance: of those of the discounted cost and effects
    themselves; freedom: degrees of freedom of these errors (patients or replications, less one a group).
    """

    mean: Outcomes
    se: np.ndarray
    increment_se: np.ndarray
    covariance: np.ndarray
    own_covariance: np.ndarray
    freedom: float

    def nmb_se(self, wtp: float, effect: str = QALY) -> np.ndarray:
        """Standard error of the net benefit at a willingness to pay, [strategy, draw]."""
        return self._net_benefit_se(wtp, effect, self.se, self.own_covariance)

    def inb_se(self, wtp: float, effect: str = QALY) -> np.ndarray:
        """Standard error of the incremental net benefit at a willingness to pay, [strategy, draw]."""
        return self._net_benefit_se(wtp, effect, self.increment_se, self.covariance)

    def increment_noise(self, effect: str) -> np.ndarray:
        """Covariance of the errors of incremental cost and effect, [strategy, draw, 2, 2]."""
        cost, other = (self.increment_se[self.mean.names.index(name), 1] for name in (COST, effect))
        both = self.covariance[self.mean.effects.index(effect)]
        return np.stack([np.stack([cost**2, both], -1), np.stack([both, other**2], -1)], -1)

    def _net_benefit_se(self, wtp: float, effect: str, errors: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        cost, other = (errors[self.mean.names.index(name), 1] for name in (COST, effect))
        both = covariance[self.mean.effects.index(effect)]
        return np.sqrt(np.maximum(cost**2 - 2 * wtp * both + wtp**2 * other**2, 0.0))

    @classmethod
    def joined(cls, parts: list[Simulated]) -> Simulated:
        """Draws of several parts, one behind the other."""

        def column(of: Callable[[Simulated], np.ndarray]) -> np.ndarray:
            return np.concatenate([of(part) for part in parts], axis=-1)

        return cls(
            outcomes.joined([part.mean for part in parts]),
            column(lambda part: part.se),
            column(lambda part: part.increment_se),
            column(lambda part: part.covariance),
            column(lambda part: part.own_covariance),
            parts[0].freedom,
        )

    @classmethod
    def pooled(cls, parts: Mapping[str, Simulated], weights: dict[str, np.ndarray]) -> Simulated:
        """All strata together, with their shares, array[draw]; their errors are independent."""

        def summed(of: Callable[[Simulated, np.ndarray], np.ndarray]) -> np.ndarray:
            return sum((of(part, weights[key]) for key, part in parts.items()), np.zeros(()))

        return cls(
            outcomes.pooled({key: part.mean for key, part in parts.items()}, weights),
            np.sqrt(summed(lambda part, weight: (part.se * weight) ** 2)),
            np.sqrt(summed(lambda part, weight: (part.increment_se * weight) ** 2)),
            summed(lambda part, weight: part.covariance * weight**2),
            summed(lambda part, weight: part.own_covariance * weight**2),
            sum(part.freedom for part in parts.values()),
        )


@dataclass(frozen=True)
class Moments:
    """Of n patients: means [outcome, discounted, strategy, draw], and sums of squared deviations from them, of the values
    and of the increments from the reference; `cross` is that of the products of incremental cost and each effect, `own` of cost
    and each effect, [effect, strategy, draw]."""

    n: int
    mean: Outcomes
    increment: np.ndarray
    squares: np.ndarray
    increment_squares: np.ndarray
    cross: np.ndarray
    own: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        """Of both samples together (Chan, Golub and LeVeque 1983)."""
        n, share = self.n + other.n, self.n * other.n / (self.n + other.n)
        step, increment = other.mean.values - self.mean.values, other.increment - self.increment
        return Moments(
            n,
            self.mean.of_values(self.mean.values + step * (other.n / n)),
            self.increment + increment * (other.n / n),
            self.squares + other.squares + share * step**2,
            self.increment_squares + other.increment_squares + share * increment**2,
            self.cross + other.cross + _products(self.mean, share * increment[self._cost], increment),
            self.own + other.own + _products(self.mean, share * step[self._cost], step),
        )

    @classmethod
    def joined(cls, parts: list[Moments]) -> Moments:
        """Draws of several parts, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        names = ("increment", "squares", "increment_squares", "cross", "own")
        columns = (np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names)
        return cls(parts[0].n, outcomes.joined([part.mean for part in parts]), *columns)

    @property
    def _cost(self) -> tuple[int, int]:
        return self.mean.names.index(COST), 1

    def simulated(self) -> Simulated:
        scale = self.n * (self.n - 1)
        return Simulated(
            self.mean,
            np.sqrt(self.squares / scale),
            np.sqrt(self.increment_squares / scale),
            self.cross / scale,
            self.own / scale,
            self.n - 1,
        )


def _products(names: Outcomes, cost: np.ndarray, values: np.ndarray) -> np.ndarray:
    """[effect, ...] discounted cost times each discounted effect of values[outcome, discounted, ...]."""
    return np.stack([cost * values[names.names.index(effect), 1] for effect in names.effects])


def moments(values: Outcomes, reference: int = 0) -> Moments:
    """Over the patient axis of outcomes [outcome, discounted, strategy, draw, patient], which are written over."""
    own = values.values
    more = np.delete(own, reference, axis=2)
    more -= own[:, :, reference : reference + 1]
    mean, increment = _centre(own), _centre(more)
    effects, cost = [values.names.index(effect) for effect in values.effects], values.names.index(COST)

    def itself(found: np.ndarray) -> np.ndarray:
        """With the reference, which has no increment, in its place."""
        whole = np.zeros((*found.shape[:-2], own.shape[2], found.shape[-1]))
        whole[..., :reference, :], whole[..., reference + 1 :, :] = found[..., :reference, :], found[..., reference:, :]
        return whole

    return Moments(
        own.shape[-1],
        values.of_values(mean),
        itself(increment),
        np.vecdot(own, own),
        itself(np.vecdot(more, more)),
        itself(np.stack([np.vecdot(more[cost, 1], more[e, 1]) for e in effects])),
        np.stack([np.vecdot(own[cost, 1], own[e, 1]) for e in effects]),
    )


def _centre(values: np.ndarray) -> np.ndarray:
    """Means over the last axis, which are taken off the values."""
    mean = values.mean(axis=-1)
    values -= mean[..., None]
    return mean


def summary(values: Outcomes, reference: int = 0) -> Simulated:
    """Means and standard errors over the patient axis of outcomes [outcome, discounted, strategy, draw, patient]."""
    return moments(values.of_values(values.values.copy()), reference).simulated()


def over_replications(means: Outcomes, replications: int, reference: int) -> Simulated:
    """Of means [outcome, discounted, strategy, draw x replication]: over the replications of each draw."""
    if replications > 1:
        values = means.values.reshape(*means.values.shape[:-1], -1, replications)
        return summary(means.of_values(values), reference)
    unknown = np.full(means.values.shape, np.nan)
    both = np.full((len(means.effects), *means.values.shape[2:]), np.nan)
    return Simulated(means, unknown, unknown, both, both, np.nan)


def strata(scenario: Scenario, patients: int) -> dict[str, int]:
    """Patients of each group, in proportion to the weights of the base case; at least two."""
    weights = inputs.group_weights(scenario, draw_tables.base(scenario))
    edges = np.round(np.cumsum([0.0, *(float(w[0]) for w in weights.values())]) * patients).astype(int)
    return dict(zip(weights, np.maximum(np.diff(edges), 2).tolist()))
