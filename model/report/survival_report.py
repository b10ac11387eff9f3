"""Tables, figures, text and scenarios to paste, of survival data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import survival_data_curves as curves
from model.analysis.survival_data import ALL
from model.analysis.survival_data_cox import Cox
from model.analysis.survival_data_fits import BY_ARM, JOINT, Fit
from model.analysis.survival_data_measures import Analysed
from model.analysis.survival_data_splines import share_that_rises
from model.report import numbers, survival_plots, survival_yaml, text
from model.report.numbers import brief
from model.report.plan import Plan
from model.report.result import Result
from model.report.style import Style
from model.report.survival_tables import patients_table, points_table, tables

if TYPE_CHECKING:
    import pandas as pd

SPLINE = "spline"


def report(found: Analysed, source: str, reconstructed: bool) -> Result:
    """source: citation of the data; reconstructed: whether the patients were made from a figure."""
    made = tables(found)
    if reconstructed:
        made["reconstructed"] = patients_table(found.data)
    style = Style(labels={arm.name: _label(arm.name) for arm in found.data.arms}, title=source)
    result = Result(
        made,
        _figures(found, made, style),
        None,
        _text(found, made, reconstructed),
        survival_yaml.scenarios(found, source),
    )
    result.warnings = tuple(_warnings(found))
    return result


def _label(arm: str) -> str:
    return "All patients" if arm == ALL else arm


def _figures(found: Analysed, made: dict[str, pd.DataFrame], style: Style) -> dict[str, Plan]:
    unit = found.data.unit
    observed, at_risk = made["kaplan_meier"], made["at_risk"]
    log_log = points_table(curves.log_log(found), "log_minus_log_survival").rename(columns={"time": "log_time"})
    plans = {
        "kaplan_meier": Plan(lambda: survival_plots.kaplan_meier(observed, at_risk, style, unit), observed),
        "log_log": Plan(lambda: survival_plots.log_log(log_log, style, unit), log_log),
    }
    seen = points_table(curves.survival(found, max(arm.last for arm in found.data.arms)), "survival")
    extrapolated = points_table(curves.survival(found, found.end), "survival")
    hazards = points_table(curves.hazards(found), "hazard")
    for name, words, kept in _sets(found):
        plans[f"{name}_curves"] = _curves(kept(seen), style, unit, f"{words}, beside Kaplan-Meier", at_risk)
        plans[f"{name}_to_horizon"] = _curves(kept(extrapolated), style, unit, f"{words}, to the horizon")
        plans[f"{name}_hazards"] = _hazards(
            kept(hazards), style, unit, f"Hazards, beside the smoothed estimate. {words}"
        )
    return plans


def _sets(found: Analysed):
    """(name, words, which rows of a table of curves) of the fits that are shown together, each beside what was observed."""
    seen = (curves.OBSERVED, curves.SMOOTHED)

    def kept(kind: str, spline: bool):
        def rows(table):
            splines = table["distribution"].str.startswith(SPLINE) == spline
            return table[table["distribution"].isin(seen) | (splines & (table["fit"] == kind))]

        return rows

    yield "distribution", "Distributions fitted by arm", kept(BY_ARM, False)
    if any(fit.kind == JOINT for fit in found.fits):
        yield "joint", "Distributions fitted to all arms together", kept(JOINT, False)
    if any(fit.knots for fit in found.fits):
        yield "spline", "Royston-Parmar splines fitted by arm", kept(BY_ARM, True)


def _curves(table, style: Style, unit: str, heading: str, at_risk=None) -> Plan:
    return Plan(lambda: survival_plots.curves(table, style, unit, heading, at_risk), table)


def _hazards(table, style: Style, unit: str, heading: str) -> Plan:
    return Plan(lambda: survival_plots.hazards(table, style, unit, heading), table)


# --- text -------------------------------------------------------------------------------------------------------


def _warnings(found: Analysed) -> Iterator[str]:
    for fit in found.fits:
        if fit.why:
            yield f"{_of(fit)}: not fitted: {fit.why}"
    shares = ((fit, share_that_rises(fit)) for fit in found.fits if fit.knots)
    if rising := [f"{_of(fit)} {survival_yaml.percent(share)}" for fit, share in shares if share]:
        yield (
            "too many knots for these events: in some draws from the covariance survival would rise with time, which a PSA refuses "
            f"(base cases are not concerned): {'; '.join(rising)}"
        )


def _of(fit: Fit) -> str:
    return fit.name if fit.arm == ALL else f"{fit.name}, arm '{fit.arm}'"


def _text(found: Analysed, made: dict[str, pd.DataFrame], reconstructed: bool) -> str:
    data, unit = found.data, found.data.unit
    patients, events = (sum(counts) for counts in zip(*((len(arm.time), arm.events) for arm in data.arms)))
    lines = [f"{data.file}: {numbers.count(patients, 'patient')}, {numbers.count(events, 'event')}, time in {unit}s"]
    if reconstructed:
        lines.append(
            "Patients are reconstructed from the figure (table reconstructed): compare their events, medians and hazard ratio with "
            "those that are published."
        )
    for part in ("by arm", "joint"):
        for arm in dict.fromkeys(fit.arm for fit in found.fits if fit.kind == part):
            lines += ["", _heading(arm, part), _table(made, arm, part)]
    if found.cox is not None:
        lines += ["", *_hazard_ratios(found.cox)]
    lines += [
        "",
        f"Restricted means to {brief(found.until)} {unit}s (the longest time that every arm has seen), means to {brief(found.end)} "
        f"{unit}s ({numbers.count(found.horizon, 'year')}). Scenarios to paste: scenario_DISTRIBUTION.yaml. AIC says how a curve fits what was "
        "seen, nothing of what comes later.",
    ]
    return "\n".join(lines)


def _heading(arm: str, kind: str) -> str:
    if kind == JOINT:
        return "All arms together, with a hazard ratio or an acceleration factor for each but the first"
    return "All patients" if arm == ALL else f"Arm {arm}"


def _table(made: dict[str, pd.DataFrame], arm: str, kind: str) -> str:
    fits, means = (t[t["fit"] == kind].set_index("distribution") for t in (made["fit"], made["means"]))
    fits = fits[fits["arm"] == arm].sort_values("aic", kind="stable")
    own = {} if kind == JOINT else means[means["arm"] == arm].to_dict("index")
    rows = [_row(name, None, own.get(name, {})) for name in own if name == curves.OBSERVED]
    rows += [_row(name, fit, own.get(name, {})) for name, fit in fits.to_dict("index").items()]
    titles = ["Distribution", "AIC", "BIC", "Median", "Restricted mean", "Mean to horizon"]
    return text.table(titles if own else titles[:3], [row if own else row[:3] for row in rows])


def _row(name: str, fit: dict | None, mean: dict) -> list[str]:
    measures = [_figure(mean.get(name, np.nan)) for name in ("median", "restricted_mean", "mean_to_horizon")]
    scores = ["-", "-"] if fit is None else [numbers.number(fit[k], 2) for k in ("aic", "bic")]
    return [name, *scores, *measures]


def _figure(value: float) -> str:
    return brief(value)


def _hazard_ratios(found: Cox) -> Iterator[str]:
    for arm, (ratio, low, high) in zip(found.arms, found.ratios):
        yield f"Hazard ratio (Cox) of {numbers.versus(arm, found.reference)}: {numbers.number(ratio, 3)} (95 % interval {numbers.interval(low, high, 3)})"
