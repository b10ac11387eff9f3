"""The model's survival beside published curves: tables and text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from model.analysis import published_curves
from model.analysis.published import Score
from model.analysis.published_curves import CurveFit, CurvePanel
from model.analysis.run import Run
from model.report import text
from model.report.numbers import NONE, count, number, signed
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run, scores: tuple[Score, ...]) -> dict[str, pd.DataFrame]:
    """Of a run of a scenario with published curves, by file name."""
    found = list(published_curves.panels(run, scores))
    fits = [fit for panel in found for fit in panel.fits]
    return {"published_curves": points(fits), "published_curve_fit": summary(fits), "survival_published": drawn(found)}


def points(fits: Sequence[CurveFit]) -> pd.DataFrame:
    """A row a point of a curve."""
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                **_about(fit),
                "time": fit.curve.times,
                "published": fit.curve.shares,
                "standard_error": fit.error,
                "lower_95": fit.lower,
                "upper_95": fit.upper,
                "model": fit.model,
                "difference": fit.difference,
            }
        )
        for fit in fits
    ]
    return pd.concat(parts, ignore_index=True)


def summary(fits: Sequence[CurveFit]) -> pd.DataFrame:
    """A row a curve."""
    import pandas as pd

    return pd.DataFrame([_summary(fit) for fit in fits])


def _about(fit: CurveFit) -> dict[str, str]:
    return {"name": fit.curve.key, "strategy": fit.curve.strategy, "group": fit.curve.group}


def _summary(fit: CurveFit) -> dict[str, object]:
    largest, at = fit.largest
    return {
        **_about(fit),
        "label": fit.curve.label or fit.curve.key,
        "of": fit.curve.of,
        "points": len(fit.curve.times),
        "compared": fit.compared,
        "largest_difference": largest,
        "time": at,
        "mean_absolute_difference": fit.mean_absolute,
        "status": fit.curve.status,
        "source": fit.curve.source,
        "note": fit.reason,
    }


def drawn(panels: Sequence[CurvePanel]) -> pd.DataFrame:
    """What the figure shows, panels numbered from 1: the model's line, each curve by its points, and single results."""
    import pandas as pd

    return pd.concat(
        [part for place, panel in enumerate(panels, 1) for part in _drawn(place, panel)], ignore_index=True
    )


def _drawn(place: int, panel: CurvePanel) -> list[pd.DataFrame]:
    import pandas as pd

    about = {
        "panel": place,
        "group": panel.group,
        "states": "; ".join(panel.states),
        "strategy": panel.strategy,
    }
    parts: list[dict[str, object]] = [{"kind": "model", "name": "", "time": panel.times, "share": panel.share}]
    parts += [
        {
            "kind": "curve",
            "name": fit.curve.key,
            "label": fit.curve.label or fit.curve.key,
            "time": fit.curve.times,
            "share": fit.curve.shares,
            "lower_95": fit.lower,
            "upper_95": fit.upper,
        }
        for fit in panel.fits
    ]
    parts += [
        {"kind": "point", "name": p.key, "time": [p.time], "share": p.share, "lower_95": p.lower, "upper_95": p.upper}
        for p in panel.points
    ]
    columns = [*about, "kind", "name", "label", "time", "share", "lower_95", "upper_95"]
    return [pd.DataFrame({**about, **part}).reindex(columns=columns) for part in parts]


def curves_text(table: pd.DataFrame, scenario: Scenario) -> str:
    """The summary as it is printed."""
    header = ["Published curve", "Points", "Largest difference", "At", "Mean size"]
    rows = [
        [
            _name(r, scenario),
            f"{r.compared} of {r.points}",
            _points(r.largest_difference),
            count(_three(r.time), scenario.time.unit) if r.compared else NONE,
            f"{number(100 * r.mean_absolute_difference, 1)}",
        ]
        for r in table.itertuples()
    ]
    lines = [text.table(header, rows), "Differences are model minus published, in percentage points."]
    return "\n".join(lines + [f"{_name(r, scenario)}: {r.note}." for r in table.itertuples() if r.note])


def _name(row, scenario: Scenario) -> str:
    group = "" if row.group == "all" else f", {scenario.group_labels[row.group]}"
    return f"{row.label} ({scenario.labels[row.strategy]}{group})"


def headings(fit: pd.DataFrame, drawn: pd.DataFrame, scenario: Scenario) -> dict[int, tuple[str, str]]:
    """Of each panel: strategy and group, and how far the model is from its curves."""
    found = {}
    known = fit.set_index("name")
    for place, rows in drawn.groupby("panel"):
        row, states = rows.iloc[0], tuple(rows["states"].iloc[0].split("; "))
        alive = set(states) == set(scenario.living_states)
        what = "alive" if alive else " or ".join(scenario.states[state].label for state in states)
        group = "" if row["group"] == "all" else f", {scenario.group_labels[row['group']]}"
        names = rows.loc[rows["kind"] == "curve", "name"].drop_duplicates()
        found[place] = (
            f"{scenario.labels[row['strategy']]}{group}: {what}",
            "\n".join(_told(known.loc[name], scenario) for name in names),
        )
    return found


def _told(row: pd.Series, scenario: Scenario) -> str:
    if not row["compared"]:
        return ""
    at = count(_three(row["time"]), scenario.time.unit)
    return f"Largest difference {_points(row['largest_difference'])} percentage points at {at}; mean size {number(100 * row['mean_absolute_difference'], 1)}"


def _three(time: float) -> float:
    """In three figures."""
    return float(f"{time:.3g}")


def _points(share: float) -> str:
    """Percentage points of a difference in shares."""
    return f"{signed(100 * share, 1)}"
