"""Figures of Sobol indices, Morris screening and convergence."""

from __future__ import annotations

import numpy as np

from model.intervals import half_width
from model.report.style import COLOURS, FAINT, Style, canvas, legend, numbers, percent, wrapped

MOST = 20  # inputs shown


def sobol(table, style: Style, label: str):
    """First-order and total index of each input with 95 % intervals, by total index."""
    rows = table.head(MOST)
    figure, axis = canvas(style, _heading("Sobol indices", rows, table), 7.5, 1.9 + 0.36 * len(rows))
    handles = []
    for name, words, colour, shift in (
        ("first_order", "Alone (first order)", COLOURS[0], -0.19),
        ("total", "With interactions (total)", COLOURS[4], 0.19),
    ):
        error = np.stack([rows[name] - rows[f"{name}_lower_95"], rows[f"{name}_upper_95"] - rows[name]])
        handles.append(
            axis.barh(
                np.arange(len(rows)) + shift,
                rows[name],
                0.36,
                color=colour,
                label=f"{words}, with its 95 % interval",
                xerr=np.clip(error, 0, None),
                error_kw={"ecolor": "black", "capsize": 2, "elinewidth": 0.9},
            )
        )
    _names(axis, rows, style)
    axis.set_xlabel(wrapped(f"Share of the variance of the {label}", 60))
    axis.set_xlim(left=min(0.0, float(rows["first_order_lower_95"].min())))
    percent(axis.xaxis)
    legend(figure, handles)
    return figure


def morris(table, style: Style, label: str):
    """Mean absolute elementary effect with its 95 % interval, and the standard deviation of the effects."""
    rows = table.head(MOST)
    figure, axis = canvas(style, _heading("Morris screening", rows, table), 7.5, 1.9 + 0.36 * len(rows))
    handles = [
        axis.barh(
            np.arange(len(rows)),
            rows["mean_absolute_effect"],
            0.6,
            color=COLOURS[0],
            label="Mean |effect|, with its 95 % interval",
            xerr=rows["half_width_95"],
            error_kw={"ecolor": "black", "capsize": 2},
        )
    ]
    if rows["standard_deviation"].notna().any():
        handles += axis.plot(
            rows["standard_deviation"],
            np.arange(len(rows)),
            "D",
            color=COLOURS[4],
            markeredgecolor="black",
            markersize=5,
            linestyle="",
            label="Standard deviation (interactions, curvature)",
        )
    _names(axis, rows, style)
    axis.set_xlabel(wrapped(f"Effect on the {label}", 60))
    axis.set_xlim(left=0)
    numbers(axis.xaxis)
    legend(figure, handles)
    return figure


def _heading(words: str, rows, table) -> str:
    return words + (f" (the {len(rows)} largest of {len(table)} inputs)" if len(rows) < len(table) else "")


def _names(axis, rows, style: Style) -> None:
    axis.set_yticks(range(len(rows)), [wrapped(style.named(name), 32) for name in rows["input"]], fontsize=9)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.grid(False, axis="y")
    axis.axvline(0, color=FAINT, linewidth=0.8)


def convergence(table, style: Style, label: str):
    """Running mean of the incremental net benefit and running probability, each with its 95 % interval."""
    from matplotlib.ticker import StrMethodFormatter

    figure, axes = canvas(style, "Convergence of the PSA", 9.0, 4.4, 1, 2)
    for axis, name, error, words in (
        (axes[0], "incremental_net_benefit", "standard_error", label[0].upper() + label[1:]),
        (axes[1], "probability_most_cost_effective", "probability_standard_error", "Probability most cost-effective"),
    ):
        late = table[table["draws"] >= min(10, table["draws"].max())]  # the first few swing too far to be shown
        half = half_width(late[error], late["draws"] - 1)
        (line,) = axis.plot(late["draws"], late[name], color=COLOURS[0], label="Running estimate")
        band = axis.fill_between(
            late["draws"],
            late[name] - half,
            late[name] + half,
            color=COLOURS[0],
            alpha=0.2,
            linewidth=0,
            label="95 % interval",
        )
        axis.axhline(table[name].iloc[-1], color=FAINT, linewidth=0.8)
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axis.set(xlabel="Draws", ylabel=wrapped(words, 36))
    numbers(axes[0].yaxis)
    axes[1].set_ylim(0, 1)
    percent(axes[1].yaxis)
    legend(figure, [line, band])
    return figure
