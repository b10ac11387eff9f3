"""Figures of survival data: Kaplan-Meier, fitted curves, hazards, log-log; with numbers at risk below."""

from __future__ import annotations

import numpy as np

from model.analysis.survival_data_curves import SMOOTHED
from model.analysis.survival_data_measures import OBSERVED
from model.report.style import COLOURS, FAINT, INK, LINES, Style, canvas, legend, numbers, percent, shortened

STEPS = {"drawstyle": "steps-post"}
FITS = (*COLOURS[:6], "#7A4B00")  # black is what was observed
NAMES = {"gengamma": "Generalised gamma", "loglogistic": "Log-logistic", "lognormal": "Log-normal"}
SEEN = {"color": "black", "linewidth": 1.8}


def kaplan_meier(table, at_risk, style: Style, unit: str):
    """All arms, with 95 % limits and numbers at risk. table: arm, time, survival, lower_95, upper_95; at_risk: arm, time, at_risk."""
    figure, axis = canvas(style, "Kaplan-Meier estimate with 95 % confidence limits", 7.5, 5.2)
    handles = []
    for arm, own in table.groupby("arm", sort=False):
        look = style.curve(arm)
        time, survival = _from_start(own, "survival")
        handles += axis.plot(time, survival, **look, **STEPS)
        for limit in ("lower_95", "upper_95"):
            axis.plot(*_from_start(own, limit), color=look["color"], linewidth=0.7, alpha=0.8, **STEPS)
        axis.fill_between(*_band(own), step="post", color=look["color"], alpha=0.12, linewidth=0)
        censored = own[own["censored"] > 0]
        axis.plot(censored["time"], censored["survival"], "|", color=look["color"], markersize=6)
    _survival_axis(axis, table["time"].max(), unit)
    _numbers_at_risk(axis, at_risk, style)
    legend(figure, handles)
    return figure


def _from_start(own, column: str) -> tuple[np.ndarray, np.ndarray]:
    return np.append(0.0, own["time"]), np.append(1.0, own[column])


def _band(own) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.append(0.0, own["time"]), np.append(1.0, own["lower_95"]), np.append(1.0, own["upper_95"])


def curves(table, style: Style, unit: str, heading: str, at_risk=None):
    """A panel an arm: what was observed, and the fits. table: arm, distribution, time, survival."""
    figure, panels = _panels(table, style, heading)
    for axis, (arm, part) in panels:
        handles = _lines(axis, part, "survival", OBSERVED, STEPS)
        _survival_axis(axis, part["time"].max(), unit)
        axis.set_title(shortened(style.labels[arm], 40), fontsize=9, loc="left")
        if at_risk is not None:
            _numbers_at_risk(axis, at_risk[at_risk["arm"] == arm], style)
    legend(figure, handles)
    return figure


def hazards(table, style: Style, unit: str, heading: str):
    """A panel an arm: the smoothed hazard, and those of the fits. table: arm, distribution, time, hazard."""
    figure, panels = _panels(table, style, heading)
    for axis, (arm, part) in panels:
        handles = _lines(axis, part, "hazard", SMOOTHED, {})
        axis.set(xlim=(0, part["time"].max()), xlabel=f"Time ({unit}s)", ylim=(0, _top(part)))
        axis.set_title(shortened(style.labels[arm], 40), fontsize=9, loc="left")
        numbers(axis.xaxis, 5)
        numbers(axis.yaxis)
    panels[0][0].set_ylabel(f"Hazard per {unit}")
    legend(figure, handles)
    return figure


def _top(table) -> float:
    """Twice the highest smoothed hazard: a fitted one may have none at 0."""
    return 2.0 * float(table.loc[table["distribution"] == SMOOTHED, "hazard"].max())


def log_log(table, style: Style, unit: str):
    """Straight lines speak for Weibull, parallel ones for proportional hazards. table: arm, log_time, log_minus_log_survival."""
    figure, axis = canvas(style, "Log-log plot of the Kaplan-Meier estimate", 7.0, 4.8)
    handles = []
    for arm, own in table.groupby("arm", sort=False):
        handles += axis.plot(own["log_time"], own["log_minus_log_survival"], **style.curve(arm), **STEPS)
    axis.set(xlabel=f"log time ({unit}s)", ylabel="log(\N{MINUS SIGN}log survival)")
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
    return figure


def _panels(table, style: Style, heading: str):
    """(figure, [(axis, (arm, its rows))])."""
    parts = list(table.groupby("arm", sort=False))
    columns = min(len(parts), 2)
    rows = -(-len(parts) // columns)
    figure, axes = canvas(style, heading, 7.5 if columns == 1 else 10.0, 4.9 * rows, rows, columns, squeeze=False)
    for axis in axes.ravel()[len(parts) :]:
        axis.axis("off")
    return figure, list(zip(axes.ravel(), parts))


def _lines(axis, part, column: str, observed: str, how: dict) -> list:
    """What was observed in black, each fit in a line of its own."""
    handles = []
    for i, (name, own) in enumerate(part.groupby("distribution", sort=False)):
        seen = name == observed
        look = SEEN | how if seen else _look(name, i - 1)
        handles += axis.plot(own["time"], own[column], **look, label=_called(name), zorder=3 if seen else 2)
    return handles


def _called(name: str) -> str:
    """A distribution as people write it."""
    return NAMES.get(name, name[:1].upper() + name[1:])


def _look(name: str, place: int) -> dict:
    """Of a spline: a colour a scale, a line a number of knots; of others both by their place."""
    if name.startswith("spline"):
        _, scale, inner = name.split()
        colour = ("hazard", "odds", "normal").index(scale)
        return {"color": COLOURS[colour], "linestyle": LINES[int(inner) - 1], "linewidth": 1.2}
    return {"color": FITS[place % len(FITS)], "linestyle": LINES[place % len(LINES)], "linewidth": 1.4}


def _survival_axis(axis, end: float, unit: str) -> None:
    axis.set(xlim=(0, end), ylim=(0, 1.01), xlabel=f"Time ({unit}s)", ylabel="Survival")
    percent(axis.yaxis)
    numbers(axis.xaxis, 6)


def _numbers_at_risk(axis, table, style: Style) -> None:
    """Below the axis, a row an arm, each number under its time."""
    times = sorted(table["time"].unique())
    axis.set_xticks(times)
    arms = list(table.groupby("arm", sort=False))
    axis.set_xlabel("\n".join([axis.get_xlabel(), *[" "] * (len(arms) + 1)]))
    for row, words in enumerate(["At risk", *(shortened(style.labels[arm], 18) for arm, _ in arms)]):
        _below(axis, row, 0, words, "right", -18)
    for row, (_, own) in enumerate(arms, 1):
        for time, number in zip(own["time"], own["at_risk"]):
            _below(axis, row, time, f"{number:,.0f}", "center")


def _below(axis, row: int, time: float, words: str, side: str, right: int = 0) -> None:
    """A text below the axis, under a time."""
    place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    colour = INK if row else FAINT
    axis.annotate(words, (time, 0), (right, -44 - 12 * row), **place, ha=side, fontsize=8, color=colour)
