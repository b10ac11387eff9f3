"""The model's results beside published ones: tables and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import published, published_over_time
from model.analysis.published import Comparison, Score, fit, patients_behind
from model.analysis.run import Run
from model.effects import words_of
from model.outcome_keys import LIFE_YEARS, QALY
from model.report import numbers, published_curve_tables, text
from model.report.numbers import brief
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {"median survival": "median"}


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Of a run of a scenario with published results, by file name."""
    found = published.compare(run)
    tables = {"published": published_table(run.scenario, found)} if found.scores else {}
    if found.panels:
        tables["over_time"] = over_time(run.scenario, found)
    if run.scenario.published_curves:
        tables |= published_curve_tables.run_tables(run, found.scores)
    return tables


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
        "of": target.of or "; ".join(target.states) or (target.outcome if target.measure == "total" else ""),
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
        return numbers.plural(effect.unit if effect is not None else scenario.time.unit)
    if target.measure == "icer":
        return f"{scenario.currency} per {words_of(scenario, target.outcome).one}"
    if target.measure != "total":
        return ""
    if target.outcome.startswith("cost"):
        return scenario.currency
    if target.outcome in (QALY, LIFE_YEARS):
        return words_of(scenario, QALY).many if target.outcome == QALY else "years"
    effect = scenario.effects[target.outcome]
    return numbers.plural(effect.unit) if effect.unit else ""


def over_time(scenario: Scenario, found: Comparison) -> pd.DataFrame:
    """Shares of patients over time: the model's curves, its landmarks (whole months), and the published points with their error."""
    import pandas as pd

    columns = ["panel", "group", "states", "strategy", "kind", "time", "months", "share", "standard_error", "name"]
    rows: list[dict[str, object]] = []
    for part in published_over_time.over_time(scenario, found):
        about = {"panel": part.panel, "group": part.group, "states": "; ".join(part.states), "strategy": part.strategy}
        rows += [about | {"kind": "curve", "time": t, "share": p} for t, p in zip(part.times, part.share)]
        rows += [about | {"kind": "landmark", **vars(mark)} for mark in part.landmarks]
        rows += [
            about | {"kind": "published", "time": p.time, "share": p.share, "standard_error": p.error, "name": p.key}
            for p in part.points
        ]
    return pd.DataFrame(rows, columns=columns)


def titles(scenario: Scenario, table: pd.DataFrame) -> dict[int, str]:
    """What each panel shows: 'Alive', 'Ambulatory, walking at presentation'."""
    found = {}
    for row in table.drop_duplicates("panel").itertuples():
        states = tuple(row.states.split("; "))
        alive = set(states) == set(scenario.living_states)
        what = "Alive" if alive else " or ".join(scenario.states[state].label for state in states)
        found[row.panel] = what + ("" if row.group == "all" else f": {scenario.group_labels[row.group]}")
    return found


def text_of(tables: Mapping[str, pd.DataFrame], scenario: Scenario) -> str:
    """All that a run prints of published results."""
    parts = [published_text(tables["published"], scenario)] if "published" in tables else []
    if "published_curve_fit" in tables:
        parts.append(published_curve_tables.curves_text(tables["published_curve_fit"], scenario))
    return "\n\n".join(parts)


def published_text(table: pd.DataFrame, scenario: Scenario) -> str:
    """The table as it is printed, and how many are within one standard error."""
    rows = [
        [
            _name(r, scenario),
            r.unit or "share",
            brief(r.model),
            brief(r.published),
            f"n {patients_behind(r.compared_standard_error):.0f}"
            if np.isnan(r.standard_error) and np.isfinite(r.compared_standard_error)
            else _error(r),
            numbers.signed(r.z, 2),
        ]
        for r in table.itertuples()
    ]
    lines = [text.table(["Published", "Unit", "Model", "Published", "SE", "z"], rows)]
    found = fit(table["z"].to_numpy(float))
    if found.known:
        lines.append(f"{found.within} of {found.known} within 1 SE; sum of z squared {found.squares:.2f}.")
    lines += [f"{key}: {note}." for key, note in zip(table["name"], table["note"]) if note]
    return "\n".join(lines)


def _error(row) -> str:
    return brief(row.standard_error)


def _name(row, scenario: Scenario) -> str:
    group = "" if row.group == "all" else f", {scenario.group_labels[row.group]}"
    return f"{row.label} ({scenario.labels[row.strategy]}{group})"
