"""How much work the cohort engine makes of time in state and of prices over time: calls, not seconds."""

from pathlib import Path

import numpy as np
import pytest

from model import draws
from model.analysis.evaluate import evaluate
from model.engines import linear, uniformisation
from model.hazards import Hazard
from model.sample import Sample
from model.scenario_file import read

ROOT = Path(__file__).resolve().parents[2]
COLON = ROOT / "scenarios" / "gallery" / "colon_des_degeling2025.yaml"


def counted(monkeypatch, owner, name):
    """A list that grows by one with each call."""
    calls, known = [], getattr(owner, name)

    def call(*arguments, **named):
        calls.append(name)
        return known(*arguments, **named)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.mark.parametrize("points", [10, 80])
def test_hazards_of_bins_are_asked_once_a_step_and_not_once_a_bin(points, monkeypatch):
    """Appointments and points that are looked at make steps uneven; then each bin has ages of its own."""
    scenario = read(COLON, ["time.cycle=1 year", "time.horizon=30 years"])
    calls = counted(monkeypatch, Hazard, "cumulative")
    at = np.linspace(0.1, 20, points)
    evaluate(scenario, draws.base(scenario), trace=True, at=at)
    steps = 2 * (30 + 14 + points)  # of two groups
    assert len(calls) < 100 + 12 * steps


def test_steps_of_the_same_rates_are_solved_once(monkeypatch):
    """720 months of two groups, in which mortality changes 59 times and the effect once."""
    scenario = read(ROOT / "benchmarks" / "lifetime.yaml")
    solved = counted(monkeypatch, linear, "weighted_grids")
    alone = counted(monkeypatch, uniformisation, "solve_once")
    evaluate(scenario, draws.probabilistic(scenario, Sample(2)))
    assert (len(solved), len(alone)) == (2 * 60, 0)


def test_time_in_state_evaluates_each_hazard_once_a_span_of_steps(monkeypatch):
    """Three nodes a block of lags or steps, not three a cycle."""
    scenario = read(ROOT / "benchmarks" / "illness_death.yaml")
    calls = counted(monkeypatch, Hazard, "cumulative")
    evaluate(scenario, draws.probabilistic(scenario, Sample(2)))
    assert len(calls) < 360 / 2
