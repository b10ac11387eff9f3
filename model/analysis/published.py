"""The model's results beside published ones, and the curves over time that the published points lie on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from model.analysis import occupancy
from model.analysis.evaluate import Evaluation, Trace
from model.analysis.first_order import FirstOrder
from model.analysis.run import Run
from model.analysis.targets import NEEDS_PSA, measured, share_in, unit_of
from model.instants import HAIR, reaches
from model.scenario import Scenario, Target, TimeToEvent

MONTH = 365.25 / 12  # days
LANDMARKS = (1, 3, 6, 12, 24, 60, 120, 240)  # months; those that the span of the figure has room for
POINTS, ROOM = 240, 15  # of a curve; a landmark earlier than this part of the span would be lost at its start


@dataclass(frozen=True)
class Score:
    """model: in the unit of the published value (nan: see `reason`); compared: what `target.scored()` is compared with."""

    target: Target
    model: float
    compared: float
    reason: str = ""

    @property
    def z(self) -> float:
        """Model minus published, in standard errors; nan where no error is stated."""
        scored = self.target.scored()
        return (self.compared - scored.value) / scored.error


@dataclass(frozen=True)
class Comparison:
    """scores: one a published result; panels: (group, states) that published points are about; traces by group at the
    times of the curves, the landmarks and the published points; landmarks: in months; end: of the curves, in model time."""

    scores: tuple[Score, ...]
    panels: tuple[tuple[str, tuple[str, ...]], ...]
    traces: dict[str, Trace]
    landmarks: tuple[int, ...]
    end: float = 0.0


def compare(run: Run) -> Comparison:
    """Every published result of the scenario beside that of the run's base case (of its PSA, for points of the CEAC)."""
    scenario = run.scenario
    over_time = tuple(t for t in scenario.published if t.states)
    end = _span(scenario, over_time)
    landmarks = tuple(m for m in LANDMARKS if end / ROOM <= m * MONTH / scenario.time.day <= end) if over_time else ()
    # What is not over time is what the run says, to the last digit: more times make other steps.
    traces = occupancy.of_base(run, _times(scenario, over_time, end, landmarks)) if over_time else run.base.traces
    found = dataclasses.replace(run.base, traces=traces)
    panels = dict.fromkeys((t.group, _living_side(scenario, t.states)) for t in over_time)
    return Comparison(
        tuple(_score(run, t, found) for t in scenario.published), tuple(panels), found.traces, landmarks, end
    )


def _living_side(scenario: Scenario, states: tuple[str, ...]) -> tuple[str, ...]:
    """Deaths are shown as the survival that they leave."""
    return scenario.living_states if set(states) == set(scenario.dead_states) else states


def _span(scenario: Scenario, targets: tuple[Target, ...]) -> float:
    """Model time that the curves show: somewhat more than the published points, and a year where it is near."""
    last, year = 1.25 * max((t.at for t in targets), default=0.0), 1 / scenario.time.years
    return min(max(last, year if last > year / 4 else 0.0), scenario.time.horizon)


def _times(scenario: Scenario, targets: tuple[Target, ...], end: float, landmarks: tuple[int, ...]) -> np.ndarray:
    marks = [m * MONTH / scenario.time.day for m in landmarks]
    # By time in state each time between cycles costs the cohort engine a bin: the curve has the cycles' points.
    aged = any(isinstance(t, TimeToEvent) and t.survival.clock == "state" for t in scenario.transitions)
    curve = np.zeros(1) if aged else np.linspace(0, end, POINTS + 1)
    times = np.unique(np.concatenate([curve, [t.at for t in targets], marks]))
    return times[times <= scenario.time.horizon]


def _score(run: Run, target: Target, found: Evaluation) -> Score:
    reason = _why_not(run, target)
    if reason:
        return Score(target, np.nan, np.nan, reason)
    if run.patients is not None and target.is_median:
        model = _median_of_patients(run.scenario, run.patients, target)
    else:
        model = measured(run.scenario, target, found, run.psa)
    scored = target.scored()
    compared = model if scored is target else measured(run.scenario, scored, found, run.psa)
    beyond = "not reached within the horizon" if target.is_median and not np.isfinite(model) else ""
    return Score(target, model if np.isfinite(model) else np.nan, compared, beyond)


def _why_not(run: Run, target: Target) -> str:
    scenario = run.scenario
    if target.measure in NEEDS_PSA and run.psa is None:
        return "needs a PSA"
    if target.at > scenario.time.horizon:
        return "beyond the horizon"
    if target.is_median and run.patients is None and (why := scenario.comes_back(target.states)):
        return f"not with the cohort engine: {why}"
    return ""


def _median_of_patients(scenario: Scenario, patients: FirstOrder, target: Target) -> float:
    """Median of single patients' times, in the unit of the target; inf where half reach the horizon."""
    s = list(scenario.strategies).index(target.strategy)
    survival = target.of == "survival"
    name, per = ("life_years", 1 / scenario.time.years) if survival else (target.of, unit_of(scenario, target.of))
    times = patients.values(name, target.group, discounted=False)[s] * per
    median = float(np.median(times))
    return np.inf if reaches(median, scenario.time.horizon) else median / (1.0 if survival else per)


@dataclass(frozen=True)
class Fit:
    """Of results with a known error: how many there are, how many are within one error, and the sum of z squared."""

    known: int
    within: int
    squares: float


def fit(z: np.ndarray) -> Fit:
    """Of z [result], nan where no error is stated."""
    known = z[np.isfinite(z)]
    return Fit(len(known), int((np.abs(known) <= 1).sum()), float((known**2).sum()))


def patients_behind(error: float) -> float:
    """Number of patients whose share of one half has this standard error."""
    return 0.25 / error**2


def curves(scenario: Scenario, found: Comparison) -> dict[tuple[str, tuple[str, ...]], tuple[np.ndarray, np.ndarray]]:
    """(times, share of patients [time, strategy]) of every panel."""
    return {
        (group, states): _until(found.end, found.traces[group].times, share_in(scenario, found.traces[group], states))
        for group, states in found.panels
    }


def _until(end: float, times: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = times <= end * (1 + HAIR)
    return times[kept], share[kept]
