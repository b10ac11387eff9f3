"""Shares of patients at landmarks: table and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis import landmarks as at_landmarks
from model.analysis.landmarks import ALIVE, Landmark
from model.analysis.run import Run
from model.report.numbers import percent
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def landmarks(run: Run) -> pd.DataFrame:
    """A row a group, strategy, state (or `alive`) and time."""
    import pandas as pd

    return pd.DataFrame([_row(run.scenario, mark) for mark in at_landmarks.landmarks(run)])


def _row(scenario: Scenario, mark: Landmark) -> dict[str, object]:
    together = mark.state == ALIVE and mark.states == scenario.living_states
    return {
        "group": mark.group,
        "strategy": mark.strategy,
        "state": mark.state,
        "label": "Alive" if together else scenario.states[mark.state].label,
        "states": "; ".join(mark.states),
        "at": mark.at,
        "time": mark.time,
        "months": mark.months,
        "share": mark.share,
        "standard_error": mark.error,
        "mean": mark.mean,
        "lower_95": mark.lower,
        "upper_95": mark.upper,
        "draws": mark.draws,
    }


def landmarks_text(table: pd.DataFrame, scenario: Scenario) -> str:
    """One line: who is alive, at base values; nothing where nobody can die."""
    alive = table[(table["state"] == ALIVE) & (table["group"] == "all")]
    if alive.empty or not scenario.dead_states:
        return ""
    shares = [
        f"{scenario.labels[str(strategy)]} {', '.join(map(percent, rows['share']))}"
        for strategy, rows in alive.groupby("strategy", sort=False)
    ]
    return f"Alive at {', '.join(dict.fromkeys(alive['at']))} (base case): {'; '.join(shares)}."
