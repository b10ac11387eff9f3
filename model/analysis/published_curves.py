"""The model's survival beside curves that were published, at the times of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.analysis import occupancy
from model.analysis.published import POINTS, Score
from model.analysis.published_over_time import PublishedPoint, point
from model.analysis.run import Run
from model.analysis.targets import share_in
from model.instants import HAIR
from model.scenario import PublishedCurve, Scenario, TimeToEvent

SURE = 3.0  # standard errors


@dataclass(frozen=True, eq=False)
class CurveFit:
    """Arrays [time] at the curve's times. model: share of patients, nan beyond the horizon and where there is a `reason`; error,
    lower, upper: of the published share, nan without numbers at risk."""

    curve: PublishedCurve
    model: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    reason: str = ""

    @property
    def difference(self) -> np.ndarray:
        """Model minus published [time]."""
        return self.model - np.array(self.curve.shares)

    @property
    def compared(self) -> int:
        """Points that the model reaches."""
        return int(np.isfinite(self.model).sum())

    @property
    def mean_absolute(self) -> float:
        """Mean size of the difference over the points compared."""
        known = self.difference[np.isfinite(self.model)]
        return float(np.abs(known).mean()) if len(known) else np.nan

    @property
    def largest(self) -> tuple[float, float]:
        """The difference that is largest in size, and its time; nan without any."""
        return self._worst(np.abs(self.difference))

    @property
    def allowed(self) -> np.ndarray:
        """Difference that is no failure [time]: the tolerance, or three standard errors where they are more."""
        return np.fmax(self.curve.tolerance, SURE * self.error)

    @property
    def worst(self) -> int:
        """Index of the point that is furthest beyond what is allowed."""
        return int(np.nanargmax(np.abs(self.difference) - self.allowed))

    def _worst(self, size: np.ndarray) -> tuple[float, float]:
        if not self.compared:
            return np.nan, np.nan
        i = int(np.nanargmax(size))
        return float(self.difference[i]), self.curve.times[i]


@dataclass(frozen=True, eq=False)
class CurvePanel:
    """Of one group, strategy and set of states: the model's share [time] at times [time], curves and single results on it."""

    group: str
    states: tuple[str, ...]
    strategy: str
    times: np.ndarray
    share: np.ndarray
    fits: tuple[CurveFit, ...]
    points: tuple[PublishedPoint, ...]


def panels(run: Run, scores: tuple[Score, ...] = ()) -> Iterator[CurvePanel]:
    """Every group, strategy and set of states that a curve is about; scores: the single results of the run."""
    scenario = run.scenario
    shares = _Shares(run)
    for group, states, strategy in dict.fromkeys((c.group, c.states, c.strategy) for c in scenario.published_curves):
        own = [c for c in scenario.published_curves if (c.group, c.states, c.strategy) == (group, states, strategy)]
        found = (point(scenario, score, group, states, strategy) for score in scores)
        points = tuple(p for p in found if p is not None)
        end = min(max([c.times[-1] for c in own] + [p.time for p in points]), scenario.time.horizon)
        about = group, states, strategy
        fits = tuple(_fit(scenario, curve, shares.at(*about, np.array(curve.times))) for curve in own)
        yield CurvePanel(*about, *shares.until(*about, end), fits, points)


def compare(run: Run) -> list[CurveFit]:
    """Every published curve of the scenario beside the base case of a run."""
    return [fit for panel in panels(run) for fit in panel.fits]


class _Shares:
    """Shares of patients in the base case, solved at the times of the curves."""

    def __init__(self, run: Run):
        self.scenario = run.scenario
        self.traces = occupancy.of_base(run, _times(run.scenario), whole=False)

    def at(self, group: str, states: tuple[str, ...], strategy: str, times: np.ndarray) -> np.ndarray:
        """[time]; nan beyond the horizon."""
        known, share = self._of(group, states, strategy)
        return np.where(times <= self.scenario.time.horizon * (1 + HAIR), np.interp(times, known, share), np.nan)

    def until(self, group: str, states: tuple[str, ...], strategy: str, end: float) -> tuple[np.ndarray, np.ndarray]:
        known, share = self._of(group, states, strategy)
        kept = known <= end * (1 + HAIR)
        return known[kept], share[kept]

    def _of(self, group: str, states: tuple[str, ...], strategy: str) -> tuple[np.ndarray, np.ndarray]:
        trace, s = self.traces[group], list(self.scenario.strategies).index(strategy)
        return trace.times, np.clip(share_in(self.scenario, trace, states)[:, s], 0.0, 1.0)


def _times(scenario: Scenario) -> np.ndarray:
    """Those of the curves, and others between them for the line of the model where they cost little."""
    stated = np.concatenate([curve.times for curve in scenario.published_curves])
    aged = any(isinstance(t, TimeToEvent) and t.survival.clock == "state" for t in scenario.transitions)
    line = np.zeros(1) if aged else np.linspace(0, min(stated.max(), scenario.time.horizon), POINTS + 1)
    times = np.unique(np.concatenate([np.zeros(1), line, stated]))
    return times[times <= scenario.time.horizon]


def _fit(scenario: Scenario, curve: PublishedCurve, model: np.ndarray) -> CurveFit:
    error, lower, upper = _spread(curve)
    reason, beyond = scenario.comes_back(curve.states), int(np.isnan(model).sum())
    if reason:
        model = np.full(len(model), np.nan)
    elif beyond:
        reason = f"{beyond} of {len(model)} points are beyond the horizon"
    return CurveFit(curve, model, error, lower, upper, reason)


def _spread(curve: PublishedCurve) -> np.ndarray:
    """[standard error, lower, upper; time] of the patients that the curve and its numbers at risk make."""
    from model.analysis.survival_data import ALL, SurvivalDataError
    from model.analysis.survival_data_guyot import figure, reconstructed
    from model.analysis.survival_data_kaplan_meier import kaplan_meier

    times = np.array(curve.times)
    none = np.full((3, len(times)), np.nan)
    if not curve.at_risk:
        return none
    risk_time, at_risk = np.array(curve.at_risk).T
    try:
        drawn = figure(times, np.array(curve.shares), risk_time, at_risk, curve.file)
        found = kaplan_meier(reconstructed({ALL: drawn}, "day", curve.file).arms[0])
    except SurvivalDataError:  # a curve that falls by less than a patient
        return none
    return np.stack([found.error_at(times), *found.limits_at(times)])
