"""At which value of a parameter does the decision change? All such values in a range, to tolerance."""
from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis import comparison, oneway
from model.analysis.evaluate import Method, evaluate
from model.draws import Draws
from model.scenario import Scenario

GRID = 65  # points at which changes are looked for; two changes between neighbours are missed
TOLERANCE = 1e-9  # of the range
PARTS = 32  # of a stretch, looked at in one evaluation


class ThresholdError(ValueError):
    """A parameter that cannot be varied, or limits that cannot be."""


@dataclass(frozen=True)
class Change:
    """The decision changes from one strategy (index) to another at `value`."""

    value: float
    below: int
    above: int


@dataclass(frozen=True)
class Thresholds:
    """changes: in rising order; grid, net_benefit[strategy, point]: what was looked at."""

    scenario: Scenario
    parameter: str
    low: float
    high: float
    wtp: float
    draws: int
    changes: tuple[Change, ...]
    grid: np.ndarray
    net_benefit: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """[point] index of the best strategy."""
        return self.net_benefit.argmax(axis=0)


def thresholds(scenario: Scenario, parameter: str, low: float | None, high: float | None, method: Method,
               wtp: float | None = None, n: int = 0, seed: int = 1,
               progress: Callable[[int], None] = lambda done: None) -> Thresholds:
    """Values in low..high (default: the range of one-way analyses) at which the strategy of highest net benefit changes.

    n: draws of a PSA whose mean net benefit decides, the same draws at each value; 0: base values. Raises ThresholdError.
    """
    low, high = _limits(scenario, parameter, low, high)
    wtp = comparison.threshold(scenario, wtp)
    sample = draws.probabilistic(scenario, n, seed) if n else None

    def net_benefit(values: np.ndarray) -> np.ndarray:
        """[strategy, value]."""
        found = _evaluated(scenario, parameter, values, sample, method, wtp)
        progress(len(values))
        return found

    grid = np.linspace(low, high, GRID)
    seen = net_benefit(grid)
    changes = []
    for i in np.flatnonzero(np.diff(seen.argmax(axis=0))):
        changes += _refined(net_benefit, grid[i], grid[i + 1], (high - low) * TOLERANCE)
    return Thresholds(scenario, parameter, low, high, wtp, n, tuple(changes), grid, seen)


def _refined(net_benefit: Callable, low: float, high: float, tolerance: float) -> list[Change]:
    """Every change between two points, by cutting the stretches that have one into ever finer parts."""
    points = np.linspace(low, high, PARTS + 1)
    best = net_benefit(points).argmax(axis=0)
    found = []
    for i in np.flatnonzero(np.diff(best)):
        if points[i + 1] - points[i] <= tolerance:
            found.append(Change(float(points[i] + points[i + 1]) / 2, int(best[i]), int(best[i + 1])))
        else:
            found += _refined(net_benefit, points[i], points[i + 1], tolerance)
    return found


def _evaluated(scenario: Scenario, parameter: str, values: np.ndarray, sample: Draws | None, method: Method, wtp: float):
    if sample is None:
        table = draws.repeat(scenario, len(values))
        changed = [oneway.with_value(scenario, parameter, float(v)) for v in values]
        table = table.replace(**{name: np.array([c[name] for c in changed]) for name in changed[0]})
        total = evaluate(scenario, table, method.for_base()).total
        return wtp * total.qaly - total.cost
    means = []
    for value in values:
        total = evaluate(scenario, sample.replace(**{parameter: np.array([value])}), method.for_psa()).total
        means.append((wtp * total.qaly - total.cost).mean(axis=1))
    return np.array(means).T


def _limits(scenario: Scenario, parameter: str, low: float | None, high: float | None) -> tuple[float, float]:
    known = {name: p for name, p in scenario.parameters.items() if p.formula is None}
    if parameter not in known:
        near = difflib.get_close_matches(parameter, list(known), 1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        what = "is a formula of others" if parameter in scenario.parameters else "is no parameter"
        raise ThresholdError(f"'{parameter}' {what}; parameters that can be varied: {', '.join(known)}.{hint}")
    own = known[parameter]
    if low is None or high is None:
        if not own.sampled and own.low is None:
            raise ThresholdError(f"'{parameter}' has no distribution and no 'range': write {parameter}=LOW:HIGH")
        found = oneway.range_of(scenario, own)
        low, high = found.low, found.high
    least, most = own.unit.limits
    if not least <= low < high <= most or not np.isfinite(high - low):
        raise ThresholdError(f"{parameter}={low:g}:{high:g}: needs LOW below HIGH, both within what '{own.unit.text}' allows "
                             f"({least:g} to {most:g})")
    return low, high
