"""At which value of a parameter does the decision change? All such values in a range, to tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from model import draws
from model.analysis import oneway
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import Method
from model.decision import Decision
from model.draws import DomainError, Draws
from model.economics.net_benefit import nmb
from model.intervals import standard_error
from model.sample import Sample
from model.scenario import Scenario
from model.suggestions import did_you_mean

GRID = 65  # points at which changes are looked for
CLOSE = 1 / ((GRID - 1) * 8**3)  # of the range: two changes closer to each other than this may be missed
PARTS = 8  # of a stretch, looked at in one evaluation
TOLERANCE, SIMULATED_TOLERANCE = 1e-9, 1e-5  # of the range; the error of simulated patients is far larger than either
FLOATS = 8  # numbers between which no further ones are looked for, however narrow the range
TIE = 1e-11  # of the largest net benefit: strategies closer than this differ by rounding
MOST = 50  # changes; more are noise


class ThresholdError(ValueError):
    """A parameter that cannot be varied, or limits that cannot be."""


@dataclass(frozen=True)
class Change:
    """The decision changes from one strategy (index) to another at `value`.

    standard_error: of `value`, from draws or simulated patients (delta method); nan where there are neither.
    """

    value: float
    below: int
    above: int
    standard_error: float


@dataclass(frozen=True)
class BreakEven:
    """changes: in rising order; grid[point], net_benefit[strategy, point]; best[point]: index of the strategy of highest
    net benefit, the first of those that tie; draws: 0 where base values decide."""

    scenario: Scenario
    parameter: str
    low: float
    high: float
    decision: Decision
    draws: int
    changes: tuple[Change, ...]
    grid: np.ndarray
    net_benefit: np.ndarray
    best: np.ndarray


@dataclass(frozen=True)
class _Question:
    scenario: Scenario
    parameter: str
    sample: Draws | None
    seed: int
    method: Method
    decision: Decision
    progress: Callable[[int], None]

    def net_benefit(self, values: np.ndarray) -> np.ndarray:
        """[strategy, value]; means over the draws of a PSA."""
        if self.sample is None:
            return self._benefit(self._base(values))
        return np.stack([self._benefit(self._psa(self.sample, value)).mean(axis=1) for value in values], axis=1)

    def _benefit(self, found: Evaluation) -> np.ndarray:
        outcomes = found.outcomes[self.decision.group]
        return nmb(outcomes.cost, outcomes.get(self.decision.effect), self.decision.wtp)

    def _base(self, values: np.ndarray) -> Evaluation:
        table = draws.repeat(self.scenario, len(values), self.seed)
        return self._evaluated(
            oneway.with_value(self.scenario, table, self.parameter, values), self.method.for_base(), values
        )

    def _psa(self, sample: Draws, value: float) -> Evaluation:
        at = np.array([value])
        table = oneway.with_value(self.scenario, sample, self.parameter, at)
        return self._evaluated(table, self.method.for_psa(), np.broadcast_to(at, table.n))

    def _evaluated(self, table: Draws, method: Method, values: np.ndarray) -> Evaluation:
        try:
            found = evaluate(self.scenario, table, method)
        except DomainError as error:
            row, error = oneway.first_bad(self.scenario, table, error)
            raise ThresholdError(f"{self.parameter} at {values[row]:.6g}: {error}") from None
        self.progress(1 if self.sample else len(values))
        return found

    def error(self, value: float, one: int, other: int) -> float:
        """Standard error of the difference in net benefit at a value of the parameter."""
        if self.sample is not None:
            benefit = self._benefit(self._psa(self.sample, value))
            return float(standard_error(benefit[one] - benefit[other]))
        if not self.method.follows_patients:
            return float("nan")
        paired = replace(self.scenario, reference=list(self.scenario.strategies)[one])
        simulated = replace(self, scenario=paired)._base(np.array([value])).errors[self.decision.group]
        return float(simulated.inb_se(self.decision.wtp, self.decision.effect)[other, 0])

    def slope(self, ends: np.ndarray, one: int, other: int) -> float:
        """Of the difference in net benefit between two values of the parameter."""
        benefit = self.net_benefit(ends)
        return float(np.diff(benefit[one] - benefit[other])[0] / np.ptp(ends))


def break_even(
    scenario: Scenario,
    parameter: str,
    low: float | None,
    high: float | None,
    decision: Decision,
    sample: Sample,
    method: Method,
    progress: Callable[[int], None] = lambda done: None,
) -> BreakEven:
    """Values in low..high (default: the range of one-way analyses) at which the strategy of highest net benefit changes.

    sample: of a PSA whose mean net benefit decides, the same draws at each value; without draws base values decide.
    `progress` is told of values looked at. Raises ThresholdError.
    """
    low, high = _limits(scenario, parameter, low, high)
    question = _Question(scenario, parameter, _sample(scenario, sample), sample.seed, method, decision, progress)
    grid = np.linspace(low, high, GRID)
    seen = question.net_benefit(grid)
    tie = TIE * np.abs(seen).max()
    tolerance = (high - low) * (SIMULATED_TOLERANCE if method.follows_patients else TOLERANCE)
    found = _changes(
        question.net_benefit, grid, seen, tie, max(tolerance, FLOATS * np.spacing(max(abs(low), abs(high))))
    )
    values = np.array([value for value, _, _ in found])
    changes = tuple(_change(question, grid, values, *one) for one in found)
    return BreakEven(scenario, parameter, low, high, decision, sample.n, changes, grid, seen, _best(seen, tie))


def _sample(scenario: Scenario, sample: Sample) -> Draws | None:
    if sample.n and not any(p.sampled for p in scenario.parameters.values()):
        raise ThresholdError(f"{scenario.path}: no parameter has a distribution, so there is no PSA")
    return draws.probabilistic(scenario, sample) if sample.n else None


def _best(net_benefit: np.ndarray, tie: float) -> np.ndarray:
    """[point] the first strategy that no other exceeds by more than `tie`."""
    return (net_benefit >= net_benefit.max(axis=0) - tie).argmax(axis=0)


def _changes(benefit_at: Callable, points: np.ndarray, benefit: np.ndarray, tie: float, tolerance: float) -> list:
    """(value, below, above) of every change of the best strategy, given benefit[strategy, point] of a grid of points.

    Stretches between points that have, or may hide, a change are cut into ever finer parts; one call of
    benefit_at(values) looks at all of them.
    """
    for suspect, least in ((_may_differ, CLOSE * np.ptp(points)), (_differ, tolerance)):
        while (cut := suspect(points, benefit, tie) & (np.diff(points) > least)).any():
            points, benefit = _finer(benefit_at, points, benefit, cut)
    best = _best(benefit, tie)
    return [
        (float(points[i] + points[i + 1]) / 2, int(best[i]), int(best[i + 1])) for i in np.flatnonzero(np.diff(best))
    ]


def _finer(benefit_at: Callable, points: np.ndarray, benefit: np.ndarray, cut: np.ndarray):
    """(points, benefit) with PARTS - 1 points more in each stretch for which cut[stretch]."""
    inner = np.arange(1, PARTS)[:, None] / PARTS
    added = (points[:-1][cut] + inner * np.diff(points)[cut]).ravel()
    joined = np.append(points, added)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.concatenate([benefit, benefit_at(added)], axis=1)[:, order]


def _differ(points: np.ndarray, benefit: np.ndarray, tie: float) -> np.ndarray:
    """[stretch] whether the best strategy at its ends differs."""
    differ = np.diff(_best(benefit, tie)) != 0
    if differ.sum() > MOST:
        raise ThresholdError(
            f"the decision changes over {MOST} times: net benefits differ by no more than noise; follow "
            "more patients, or take more draws"
        )
    return differ


def _may_differ(points: np.ndarray, benefit: np.ndarray, tie: float) -> np.ndarray:
    """[stretch] whether the best strategy at its ends differs, or another may be best between them.

    A lead that falls and rises again is convex there, so it lies above the lines through the points on either side: no
    dip where these stay above 0.
    """
    best, width, found = _best(benefit, tie), np.diff(points), _differ(points, benefit, tie)
    for one in np.unique(best):
        lead = np.delete(benefit[one] - benefit, one, axis=0)
        slope, lines = np.diff(lead) / width, np.full((2, *lead[:, 1:].shape), np.inf)
        lines[0, :, 1:] = lead[:, 1:-1] + np.minimum(0, slope[:, :-1] * width[1:])
        lines[1, :, :-1] = lead[:, 1:-1] + np.minimum(0, -slope[:, 1:] * width[:-1])
        found |= (best[:-1] == one) & (best[1:] == one) & (lines < -tie).any(axis=(0, 1))
    return found


def _change(question: _Question, grid: np.ndarray, values: np.ndarray, value: float, below: int, above: int) -> Change:
    """values: of all changes. The slope is taken over more than noise, but not as far as another change."""
    error = question.error(value, above, below)
    if np.isfinite(error):
        step = min((grid[1] - grid[0]) / 8, *np.abs(values[values != value] - value) / 2, np.inf)
        slope = question.slope(np.clip([value - step, value + step], grid[0], grid[-1]), above, below)
        error = error / abs(slope) if slope else float("inf")
    return Change(value, below, above, error)


def _limits(scenario: Scenario, parameter: str, low: float | None, high: float | None) -> tuple[float, float]:
    known = {name: p for name, p in scenario.parameters.items() if p.formula is None}
    if parameter not in known:
        hint = did_you_mean(parameter, known)
        what = "is a formula of others" if parameter in scenario.parameters else "is no parameter"
        raise ThresholdError(f"'{parameter}' {what}; parameters that can be varied: {', '.join(known)}.{hint}")
    if len(scenario.strategies) < 2:
        raise ThresholdError(f"{scenario.path}: one strategy, so there is no decision to change")
    own = known[parameter]
    if low is None or high is None:
        if not own.sampled and own.low is None:
            raise ThresholdError(f"'{parameter}' has no distribution and no 'range': write {parameter}=LOW:HIGH")
        found = oneway.range_of(scenario, own)
        low, high = found.low, found.high
    least, most = own.unit.limits
    if not least <= low < high <= most or not np.isfinite(high - low):
        raise ThresholdError(
            f"{parameter}={low:g}:{high:g}: needs LOW below HIGH, both within what '{own.unit.text}' allows "
            f"({least:g} to {most:g})"
        )
    return low, high
