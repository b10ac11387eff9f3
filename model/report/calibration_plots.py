"""Figures of a calibration: fit by target, where the starts ended, and the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.report.marks import histogram, points
from model.report.numbers import brief
from model.report.style import COLOURS, FAINT, INK, Style, canvas, legend, numbers, wrapped

if TYPE_CHECKING:
    from matplotlib.artist import Artist

MOST_INPUTS = 5  # of the posterior's pairs
LOOKS = {
    "same": ("o", COLOURS[0], "Ended at the best values"),
    "other values, as good": ("D", COLOURS[1], "Fits as well with other values"),
    "worse": ("X", COLOURS[3], "Fits worse"),
}


def target_fit(table, style: Style):
    """Difference of model and target in errors (standard error or tolerance).

    table: label, value, error, model, unit, difference_in_errors.
    """
    n = len(table)
    figure, axis = canvas(style, "Fit by target", 8.5, 1.9 + 0.5 * n)
    y, x = np.arange(n)[::-1], table["difference_in_errors"].to_numpy(float)
    reach = max(3.0, 1.15 * np.max(np.abs(x[np.isfinite(x)]), initial=0))
    band = axis.axvspan(-2, 2, color="#E4ECF4", zorder=0, label="Within 2 errors")
    axis.axvline(0, color=INK, linewidth=1)
    points = axis.plot(x, y, "o", color=COLOURS[0], markersize=8, label="Model", clip_on=False)
    endless = np.isinf(x)  # a median that the model does not reach, for example
    if endless.any():
        edge = np.sign(x[endless]) * reach
        points += axis.plot(edge, y[endless], "X", color=COLOURS[3], markersize=8, label="No value", clip_on=False)
    for row, at in zip(table.itertuples(), y):
        numbers_of = f"model {brief(row.model)}\ntarget {brief(row.value)} ± {brief(row.error)} {row.unit}".rstrip()
        axis.text(1.02, at, numbers_of, transform=axis.get_yaxis_transform(), va="center", fontsize=8, color=FAINT)
    axis.set_yticks(y, [wrapped(t, 28) for t in table["label"]])
    axis.set(
        xlim=(-reach, reach),
        ylim=(-0.6, n - 0.4),
        xlabel="Model minus target, in standard errors (or tolerances) of the target",
    )
    legend(figure, [*points, band])
    return figure


def starts(table, style: Style):
    """Where each start began and ended, in shares of the bounds.

    table: start, agreement, input, from, to, started_at, ended_at.
    """
    keys = list(table["input"].unique())
    figure, axis = canvas(style, "Where the starts of the search ended", 7.5, 1.9 + 0.65 * len(keys))
    width, handles = table["to"] - table["from"], {}
    count, rows = table["start"].max(), table["input"].map({key: i for i, key in enumerate(keys[::-1])})
    y = rows + 0.5 * ((table["start"] - 0.5) / count - 0.5) * -1
    begun, ended = ((table[column] - table["from"]) / width for column in ("started_at", "ended_at"))
    axis.hlines(y, np.minimum(begun, ended), np.maximum(begun, ended), color="#BBBBBB", linewidth=0.8)
    handles["start"] = axis.plot(begun, y, "|", color=FAINT, markersize=7, label="Start")[0]
    for agreement, (marker, colour, label) in LOOKS.items():
        chosen = table["agreement"] == agreement
        if chosen.any():
            handles[agreement] = axis.plot(ended[chosen], y[chosen], marker, color=colour, markersize=6, label=label)[0]
    bounds = table.groupby("input", sort=False)[["from", "to"]].first()
    labels = [
        f"{wrapped(style.named(key), 34)}\n({brief(bounds['from'][key])} to {brief(bounds['to'][key])})" for key in keys
    ]
    axis.set_yticks(np.arange(len(keys))[::-1], labels, fontsize=8.5)
    axis.set(
        xlim=(-0.02, 1.02), ylim=(-0.5, len(keys) - 0.5), xlabel="Position between the bounds (0: lowest, 1: highest)"
    )
    legend(figure, list(handles.values()))
    return figure


def posterior(table, values, style: Style):
    """Margins (histograms) and pairs of the posterior.

    table: a column an input; values: input, from, to, best, in_the_file.
    """
    keys, marks = list(table.columns[:MOST_INPUTS]), values.set_index("input")
    n, size = len(keys), 2.2
    heading = "Posterior of the inputs" + (f" (the first {n} of {table.shape[1]})" if n < table.shape[1] else "")
    figure, axes = canvas(style, heading, max(5.5, 1.2 + size * n), max(4.0, 1.2 + size * n), n, n, squeeze=False)
    handles: dict[str, Artist] = {}
    for i, row in enumerate(keys):
        for j, column in enumerate(keys):
            axis = axes[i, j]
            if j > i:
                axis.axis("off")
                continue
            _margin(axis, table[row], marks.loc[row], handles) if i == j else _pair(axis, table, marks, row, column)
            if i == n - 1:
                axis.set_xlabel(wrapped(style.named(column), 24), fontsize=8)
            if j == 0 and i > 0:
                axis.set_ylabel(wrapped(style.named(row), 24), fontsize=8)
            axis.tick_params(labelsize=7, labelbottom=i == n - 1, labelleft=j == 0 and i > 0)
            axis.xaxis.get_offset_text().set_fontsize(7)
    axes[0, 0].set_ylabel("Sets", fontsize=8)
    axes[0, 0].tick_params(labelleft=True)
    legend(figure, list(handles.values()))
    return figure


def _margin(axis, column, marks, handles: dict) -> None:
    handles["sets"] = histogram(axis, column, 24, color="#9FBAD0", label="Posterior sets")
    handles["best"] = axis.axvline(marks["best"], color=COLOURS[1], linewidth=1.5, label="Best fit")
    handles["file"] = axis.axvline(marks["in_the_file"], color=INK, linewidth=1.2, linestyle="--", label="In the file")
    numbers(axis.xaxis, 3)
    numbers(axis.yaxis, 3)


def _pair(axis, table, marks, row: str, column: str) -> None:
    points(axis, table[column], table[row], COLOURS[0], alpha=0.35)
    axis.plot(marks["best"][column], marks["best"][row], "o", color=COLOURS[1], markersize=5)
    numbers(axis.xaxis, 3)
    numbers(axis.yaxis, 3)
