"""The model's results beside published ones: tables and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.published import MONTH, Comparison, Score, curves
from model.effects import words_of
from model.outcome_keys import LIFE_YEARS, QALY
from model.report import text
from model.report.style import brief
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {"median survival": "median"}


def published_table(scenario: Scenario, found: Comparison) -> pd.DataFrame:
    """A row a published result. standard_error: in its unit, blank where it is compared as a share of patients; compared_*: what
    z = (compared_model - compared_published) / compared_standard_error is made of."""
    import pandas as pd

    return pd.DataFrame([_row(scenario, score) for score in found.scores])


def _row(scenario: Scenario, score: Score) -> dict:
    target, scored = score.target, score.target.scored()
    known = np.isfinite(score.z)
    return {
        "name": target.key,
        "label": target.label or target.key,
        "measure": MEASURES.get(target.measure, target.measure),
        "of": target.of or "; ".join(target.states) or target.outcome * (target.measure == "total"),
        "strategy": target.strategy,
        "group": target.group,
        "time": target.at if target.measure == "occupancy" else np.nan,
        "unit": unit(scenario, target),
        "model": score.model,
        "published": target.value,
        "standard_error": target.error,
        "compared_model": score.compared,
        "compared_published": scored.value,
        "compared_standard_error": scored.error,
        "z": score.z,
        "within_1_se": ("true" if abs(score.z) <= 1 else "false") if known else "",
        "status": target.status,
        "source": target.source,
        "note": score.reason,
    }


def unit(scenario: Scenario, target) -> str:
    """Unit of the target's value; nothing for a share."""
    if target.is_median:
        effect = scenario.effects.get(target.of)
        return f"{effect.unit if effect is not None else scenario.time.unit}s"
    if target.measure == "icer":
        return f"{scenario.currency} per {words_of(scenario, target.outcome).one}"
    if target.measure != "total":
        return ""
    if target.outcome.startswith("cost"):
        return scenario.currency
    effect = scenario.effects.get(target.outcome)
    return {QALY: words_of(scenario, QALY).many, LIFE_YEARS: "years"}.get(target.outcome) or (
        f"{effect.unit}s" if effect.unit else ""
    )


def over_time(scenario: Scenario, found: Comparison) -> pd.DataFrame:
    """Shares of patients over time: the model's curves, its landmarks (whole months), and the published points with their error."""
    import pandas as pd

    columns = ["panel", "group", "states", "strategy", "kind", "time", "months", "share", "standard_error", "name"]
    rows: list[dict] = []
    for panel, ((group, states), (times, share)) in enumerate(curves(scenario, found).items(), start=1):
        about = {"panel": panel, "group": group, "states": "; ".join(states)}
        for s, strategy in enumerate(scenario.strategies):
            own = about | {"strategy": strategy}
            rows += [own | {"kind": "curve", "time": t, "share": p} for t, p in zip(times, share[:, s])]
            rows += [own | _landmark(scenario, m, times, share[:, s]) for m in found.landmarks]
            rows += [
                own | point for score in found.scores if (point := _point(scenario, score, group, states, strategy))
            ]
    return pd.DataFrame(rows, columns=columns)


def _landmark(scenario: Scenario, months: int, times, share) -> dict:
    at = months * MONTH / scenario.time.day
    return {"kind": "landmark", "time": at, "months": months, "share": np.interp(at, times, share)}


def _point(scenario: Scenario, score: Score, group: str, states, strategy: str) -> dict:
    """A published share, or median: half of the patients at its value."""
    target, scored = score.target, score.target.scored()
    if (target.group, target.strategy) != (group, strategy) or not target.states:
        return {}
    flipped = target.measure == "occupancy" and set(target.states) == set(scenario.dead_states)
    if set(scenario.living_states if flipped else target.states) != set(states):
        return {}
    share = 0.5 if target.is_median else 1 - scored.value if flipped else scored.value
    error = np.nan if target.is_median and scored is target else scored.error
    return {"kind": "published", "time": target.at, "share": share, "standard_error": error, "name": target.key}


def titles(scenario: Scenario, table: pd.DataFrame) -> dict[int, str]:
    """What each panel shows: 'Alive', 'Ambulatory, walking at presentation'."""
    found = {}
    for row in table.drop_duplicates("panel").itertuples():
        states = tuple(row.states.split("; "))
        alive = set(states) == set(scenario.living_states)
        what = "Alive" if alive else " or ".join(scenario.states[state].label for state in states)
        found[row.panel] = what + ("" if row.group == "all" else f": {scenario.groups[row.group].label}")
    return found


def landmarks(table: pd.DataFrame) -> pd.DataFrame:
    """The landmarks of `over_time`."""
    return table[table["kind"] == "landmark"].drop(columns=["panel", "kind", "standard_error", "name"])


def published_text(table: pd.DataFrame, scenario: Scenario) -> str:
    """The table as it is printed, and how many are within one standard error."""
    rows = [
        [
            _name(r, scenario),
            r.unit or "share",
            brief(r.model) if np.isfinite(r.model) else "-",
            brief(r.published),
            f"n {_patients(r):.0f}"
            if np.isnan(r.standard_error) and np.isfinite(r.compared_standard_error)
            else _error(r),
            f"{r.z:+.2f}" if np.isfinite(r.z) else "-",
        ]
        for r in table.itertuples()
    ]
    lines = [text.table(["Published", "Unit", "Model", "Published", "SE", "z"], rows)]
    known = table[np.isfinite(table["z"])]
    if len(known):
        within = int((known["z"].abs() <= 1).sum())
        lines.append(f"{within} of {len(known)} within 1 SE; sum of z squared {(known['z'] ** 2).sum():.2f}.")
    lines += [f"{key}: {note}." for key, note in zip(table["name"], table["note"]) if note]
    return "\n".join(lines)


def _patients(row) -> float:
    return 0.25 / row.compared_standard_error**2


def _error(row) -> str:
    return brief(row.standard_error) if np.isfinite(row.standard_error) else "-"


def _name(row, scenario: Scenario) -> str:
    group = "" if row.group == "all" else f", {scenario.groups[row.group].label}"
    return f"{row.label} ({scenario.labels[row.strategy]}{group})"
