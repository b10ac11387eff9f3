"""Dot plot of one result over named cases: variants of a scenario, or settings that are no numbers."""

from __future__ import annotations

import numpy as np

from model.intervals import half_width
from model.report import sensitivity_plots
from model.report.numbers import brief, number, places, signed
from model.report.style import COLOURS, FAINT, MARKERS, Style, canvas, legend, nothing, numbers, wrapped

MOST_TICKS = 7


def input_map(table, style: Style, x: str, y: str, label: str, base: tuple | None):
    """A result over two inputs. Few values are the ticks themselves: others would name values, such as a rate below 0, that were not run."""
    figure = sensitivity_plots.heat_map(table, style, x, y, label, base)
    for axis, column in ((figure.axes[0].xaxis, "x"), (figure.axes[0].yaxis, "y")):
        values = np.unique(table[column])
        if len(values) <= MOST_TICKS and np.all(np.diff(values) * MOST_TICKS > np.ptp(values)):
            axis.set_ticks(values)
    return figure


def dots(table, style: Style, heading: str, result_label: str, base: dict[str, float] | None = None):
    """A row a case, a mark a series; 95 % bars of the standard errors; a line at each series' base result.

    table: case, series, result, standard_error and its degrees_of_freedom (nan: none), in the order in which they are shown.
    """
    shown = table[np.isfinite(table["result"])]
    if shown.empty:
        return nothing(style, heading, "No case has a finite result.")
    cases, series = list(dict.fromkeys(table["case"])), list(dict.fromkeys(table["series"]))
    figure, axis = canvas(style, heading, 7.5, 1.9 + 0.36 * len(cases))
    handles = []
    for i, name in enumerate(series):
        part = shown[shown["series"] == name]
        shift = 0.16 * (i - (len(series) - 1) / 2)
        at = [cases.index(case) + shift for case in part["case"]]
        look = {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)], "label": name}
        error = np.nan_to_num(half_width(part["standard_error"], part["degrees_of_freedom"]))
        handles.append(axis.errorbar(part["result"], at, xerr=error, linestyle="", markersize=6.5, capsize=2.5, **look))
        if base is not None and np.isfinite(base.get(name, np.nan)):
            handles.append(
                axis.axvline(
                    base[name],
                    color=look["color"],
                    linewidth=0.9,
                    linestyle=(0, (4, 2 + i)),
                    label=f"Base case, {name.lower()}: {brief(base[name])}",
                )
            )
    if np.nan_to_num(shown["standard_error"]).any():
        axis.set_title("Bars: 95 % intervals", fontsize=8, color=FAINT, loc="right")
    axis.margins(x=0.08)
    low, high = axis.get_xlim()
    if low < 0 < high:
        axis.axvline(0, color=FAINT, linewidth=0.9)
    axis.set_yticks(range(len(cases)), [wrapped(case, 42) for case in cases], fontsize=9)
    axis.set_ylim(len(cases) - 0.5, -0.5)
    axis.set_xlabel(wrapped(result_label, 52))
    numbers(axis.xaxis)
    legend(figure, handles)
    return figure


def contributions(table, style: Style, heading: str, result_label: str):
    """From one result to another: a floating bar for each change, with 95 % bars where they were sampled.

    table: change, result, level, standard_error, degrees_of_freedom; its first and last rows are the two ends (level nan: a change, whose
    `result` is what it adds).
    """
    level = table["result"].to_numpy(float)
    figure, axis = canvas(style, heading, 7.5, 1.9 + 0.36 * len(table))
    reached, digits = level[0], places(level)
    for i, row in enumerate(table.to_dict("records")):
        if i in (0, len(table) - 1):
            axis.plot(row["result"], i, marker="D", color="black", markersize=7)
            text, at = number(row["result"], digits), row["result"]
        else:
            colour = COLOURS[0] if row["result"] >= 0 else COLOURS[1]
            axis.barh(
                i,
                row["result"],
                left=reached,
                height=0.6,
                color=colour,
                xerr=half_width(row["standard_error"], row["degrees_of_freedom"]) if row["standard_error"] else None,
                error_kw={"capsize": 2.5},
            )
            text, at = signed(row["result"], digits), reached + max(row["result"], 0)
            reached += row["result"]
        axis.plot([reached, reached], [i, min(i + 1, len(table) - 1)], color=FAINT, linewidth=0.8, zorder=0)
        axis.annotate(text, (at, i), (7, 0), textcoords="offset points", va="center", fontsize=8)
    axis.use_sticky_edges = False
    axis.margins(x=0.16)
    axis.set_yticks(range(len(table)), [wrapped(c, 42) for c in table["change"]], fontsize=9)
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.grid(False, axis="y")
    axis.set_xlabel(wrapped(result_label, 52))
    numbers(axis.xaxis)
    return figure
