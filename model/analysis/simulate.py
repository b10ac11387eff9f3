"""Run an engine that follows patients over a table of draws: means over patients, each with its standard error.

Groups are strata: each has its own number of patients, and the total is weighted with the exact shares, so that only
the variation within groups is left as noise.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import effort, inputs, outcomes, pricing
from model.analysis.workers import in_order
from model.draws import Draws
from model.effects import QALY
from model.engines import individual
from model.outcomes import Outcomes
from model.scenario import Scenario

CHUNK = 100_000  # strategies x draws x patients of one task: about the processor's cache


@dataclass(frozen=True)
class Simulated:
    """Means over the patients of each draw, and how far they may be off.

    mean: Outcomes [outcome, discounted, strategy, draw]; se: standard errors of the same shape; increment_se: those of
    the difference from the reference strategy, paired by patient; covariance: [strategy, draw] of the errors of the
    discounted incremental cost and QALYs; own_covariance: of those of the discounted cost and QALYs themselves; freedom:
    degrees of freedom of these errors (patients or replications, less one a group).
    """

    mean: Outcomes
    se: np.ndarray
    increment_se: np.ndarray
    covariance: np.ndarray
    own_covariance: np.ndarray
    freedom: float

    def nmb_se(self, wtp: float, effect: str = QALY) -> np.ndarray:
        """Standard error of the net monetary benefit at a willingness to pay, [strategy, draw]."""
        cost, qaly = (self.se[self.mean.names.index(name), 1] for name in ("cost", effect))
        return np.sqrt(np.maximum(cost**2 - 2 * wtp * self.own_covariance + wtp**2 * qaly**2, 0.0))

    def inb_se(self, wtp: float, effect: str = QALY) -> np.ndarray:
        """Standard error of the incremental net benefit at a willingness to pay, [strategy, draw]."""
        cost, qaly = (self.increment_se[self.mean.names.index(name), 1] for name in ("cost", effect))
        return np.sqrt(np.maximum(cost**2 - 2 * wtp * self.covariance + wtp**2 * qaly**2, 0.0))

    def increment_noise(self, effect: str) -> np.ndarray:
        """Covariance of the errors of incremental cost and effect, [strategy, draw, 2, 2]."""
        cost, other = (self.increment_se[self.mean.names.index(name), 1] for name in ("cost", effect))
        both = self.covariance
        return np.stack([np.stack([cost**2, both], -1), np.stack([both, other**2], -1)], -1)


@dataclass(frozen=True)
class Moments:
    """Of n patients: means [outcome, discounted, strategy, draw], and sums of squared deviations from them, of the values
    and of the increments from the reference; `cross` is that of incremental cost and QALYs, `own` that of cost and QALYs,
    [strategy, draw]."""

    n: int
    mean: Outcomes
    gain: np.ndarray
    squares: np.ndarray
    gain_squares: np.ndarray
    cross: np.ndarray
    own: np.ndarray

    def __add__(self, other: Moments) -> Moments:
        """Of both samples together (Chan, Golub and LeVeque 1983)."""
        n, share = self.n + other.n, self.n * other.n / (self.n + other.n)
        step, gain = other.mean.values - self.mean.values, other.gain - self.gain
        places = [self.mean.names.index(name) for name in ("cost", "qaly")]
        (cost, qaly), (own_cost, own_qaly) = (gain[place, 1] for place in places), (step[place, 1] for place in places)
        mean = Outcomes(self.mean.names, self.mean.strategies, self.mean.values + step * (other.n / n))
        return Moments(
            n,
            mean,
            self.gain + gain * (other.n / n),
            self.squares + other.squares + share * step**2,
            self.gain_squares + other.gain_squares + share * gain**2,
            self.cross + other.cross + share * cost * qaly,
            self.own + other.own + share * own_cost * own_qaly,
        )

    def simulated(self) -> Simulated:
        scale = self.n * (self.n - 1)
        return Simulated(
            self.mean,
            np.sqrt(self.squares / scale),
            np.sqrt(self.gain_squares / scale),
            self.cross / scale,
            self.own / scale,
            self.n - 1,
        )


def simulate(
    scenario: Scenario,
    draws: Draws,
    patients: int,
    engine: Callable = individual.run,
    progress: Callable[[int], None] = lambda done: None,
    executor: Executor | None = None,
) -> dict[str, Simulated]:
    """Simulated outcomes by group, 'all' (the weighted total) first, of `patients` patients a strategy and draw.

    engine: like individual.run. Draws and patients are cut into independent tasks; who runs them changes nothing.
    """
    weights = inputs.group_weights(scenario, draws)
    blocks = _blocks(strata(scenario, patients), len(scenario.strategies))
    width = max(1, CHUNK // (patients * len(scenario.strategies)))
    tables = [draws.part(start, min(start + width, draws.n)) for start in range(0, draws.n, width)]
    tasks = [(table, *block) for table in tables for block in blocks]
    arguments = (scenario, engine)
    done = in_order(executor, _task, ((*task, *arguments) for task in tasks))
    found = []
    for table in effort.loop(tables):
        found.append(_together(next(done) for _ in effort.loop(blocks)))
        progress(table.n)
    by_group = {key: _joined([part[key].simulated() for part in found]) for key in scenario.groups}
    return by_group if list(by_group) == ["all"] else {"all": _pooled(by_group, weights), **by_group}


def strata(scenario: Scenario, patients: int) -> dict[str, int]:
    """Patients of each group, in proportion to the weights of the base case; at least two."""
    weights = inputs.group_weights(scenario, draw_tables.base(scenario))
    edges = np.round(np.cumsum([0.0, *(float(w[0]) for w in weights.values())]) * patients).astype(int)
    return dict(zip(weights, np.maximum(np.diff(edges), 2).tolist()))


def _blocks(numbers: dict[str, int], strategies: int) -> list[tuple[dict[str, int], dict[str, int]]]:
    """(numbers, first patients) by group of the parts of a sample that is too large for one task."""
    parts = max(1, -(-sum(numbers.values()) * strategies // CHUNK))
    edges = {key: np.linspace(0, n, min(parts, n // 2) + 1).astype(int).tolist() for key, n in numbers.items()}
    return [
        (
            {key: e[i + 1] - e[i] for key, e in edges.items() if i + 1 < len(e)},
            {key: e[i] for key, e in edges.items() if i + 1 < len(e)},
        )
        for i in range(parts)
    ]


def _task(
    draws: Draws, numbers: dict[str, int], first: dict[str, int], scenario: Scenario, engine: Callable
) -> dict[str, Moments]:
    """Moments by group of some patients under some draws: one piece of independent work."""
    found = {}
    for key, number in numbers.items():
        group = scenario.groups[key]
        quantities = engine(
            inputs.dynamics(scenario, draws, group), number, draws.seed, draws.index, stream=key, first=first[key]
        )
        prices = pricing.price_list(scenario, draws, group)
        found[key] = moments(outcomes.value(quantities, prices, tuple(scenario.strategies)), scenario.reference_index)
    return found


def _together(parts) -> dict[str, Moments]:
    total: dict[str, Moments] = {}
    for part in parts:
        total |= {key: total[key] + found if key in total else found for key, found in part.items()}
    return total


def moments(values: Outcomes, reference: int = 0) -> Moments:
    """Over the patient axis of outcomes [outcome, discounted, strategy, draw, patient]."""
    x = values.values
    gain = x - x[:, :, reference : reference + 1]
    mean, gains = x.mean(axis=-1), gain.mean(axis=-1)
    from_mean = gain - gains[..., None]
    places = [values.names.index(name) for name in ("cost", "qaly")]
    cost, qaly = (from_mean[place, 1] for place in places)
    own_cost, own_qaly = (x[place, 1] - mean[place, 1][..., None] for place in places)
    return Moments(
        x.shape[-1],
        Outcomes(values.names, values.strategies, mean),
        gains,
        x.var(axis=-1) * x.shape[-1],
        (from_mean**2).sum(axis=-1),
        (cost * qaly).sum(axis=-1),
        (own_cost * own_qaly).sum(axis=-1),
    )


def summary(values: Outcomes, reference: int = 0) -> Simulated:
    """Means and standard errors over the patient axis of outcomes [outcome, discounted, strategy, draw, patient]."""
    return moments(values, reference).simulated()


def _joined(parts: list[Simulated]) -> Simulated:
    names = ("se", "increment_se", "covariance", "own_covariance")
    columns = (np.concatenate([getattr(p, name) for p in parts], axis=-1) for name in names)
    return Simulated(outcomes.joined([p.mean for p in parts]), *columns, parts[0].freedom)


def _pooled(parts: dict[str, Simulated], weights: dict[str, np.ndarray]) -> Simulated:
    """All strata together; their errors are independent."""

    def root(name: str) -> np.ndarray:
        return np.sqrt(sum((getattr(parts[key], name) * weights[key]) ** 2 for key in parts))

    mean = outcomes.pooled({key: p.mean for key, p in parts.items()}, weights)
    covariances = (
        sum(getattr(parts[key], name) * weights[key] ** 2 for key in parts) for name in ("covariance", "own_covariance")
    )
    freedom = sum(part.freedom for part in parts.values())
    return Simulated(mean, root("se"), root("increment_se"), *covariances, freedom)
