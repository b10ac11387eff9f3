"""Figures of headroom: a forest of cases and groups with intervals, and a map of the highest price over two inputs."""

from __future__ import annotations

import numpy as np

from model.report.marks import colour_map
from model.report.numbers import ALL_PATIENTS, brief, number
from model.report.style import COLOURS, FAINT, INK, Style, canvas, legend, nothing, numbers, wrapped


def forest(table, style: Style, heading: str, result_label: str, interval: str, lines: dict[str, float] | None = None):
    """A row a case and group: the mean with its interval; groups stand below their case. Vertical lines where asked.

    table: case, group ('' for all patients), result, low, high (nan: no interval), in the order in which they are shown.
    """
    if table.empty:
        return nothing(style, heading, "There is nothing to show.")
    figure, axis = canvas(style, heading, 7.8, 1.9 + 0.27 * len(table))
    handles = []
    for name, rows, colour, marker, size in (
        (ALL_PATIENTS, table["group"] == "", COLOURS[0], "D", 6.5),
        ("Group", table["group"] != "", COLOURS[1], "o", 4.5),
    ):
        part = table[rows]
        if part.empty:
            continue
        at, middle = np.flatnonzero(rows), part["result"].to_numpy(float)
        low, high = (part[end].fillna(part["result"]).to_numpy(float) for end in ("low", "high"))
        reach = [np.maximum(middle - low, 0), np.maximum(high - middle, 0)]
        look = {"color": colour, "marker": marker, "markersize": size, "label": f"{name}: mean and {interval}"}
        handles.append(axis.errorbar(middle, at, xerr=reach, linestyle="", capsize=2.5, linewidth=1.2, **look))
    for i, (name, value) in enumerate((lines or {}).items()):
        look = {"color": INK, "linewidth": 1, "linestyle": (0, (4, 2 + 2 * i))}
        handles.append(axis.axvline(value, **look, label=f"{name}: {brief(value)}"))
    low, high = axis.get_xlim()
    if low < 0 < high and 0 not in (lines or {}).values():
        axis.axvline(0, color=FAINT, linewidth=0.9)
    names = [f"    {g}" if g else wrapped(c, 52) for c, g in zip(table["case"], table["group"])]
    axis.set_yticks(range(len(table)), names, fontsize=8.5)
    axis.set_ylim(len(table) - 0.4, -0.6)
    axis.set_xlabel(wrapped(result_label, 60))
    numbers(axis.xaxis)
    legend(figure, handles)
    return figure


def price_map(grid, style: Style, heading: str, labels: tuple[str, str, str], marks=None):
    """Contours of the highest price over two inputs, a line a price; `marks` are points with names.

    grid: x, y, z, a row a point of a full grid; labels: of x, y and z; marks: x, y, name.
    """
    table = grid.pivot(index="y", columns="x", values="z")
    x, y, z = table.columns.to_numpy(float), table.index.to_numpy(float), table.to_numpy(float)
    figure, axis = canvas(style, heading, 7.8, 5.8)
    axis.grid(False)
    filled = axis.contourf(x, y, z, levels=14, cmap=colour_map("crest"))
    figure.colorbar(filled, ax=axis, label=wrapped(labels[2], 50), format=lambda v, _: number(v))
    drawn = axis.contour(x, y, z, levels=filled.levels[::2], colors="white", linewidths=0.8)
    axis.clabel(drawn, fmt=lambda v: number(v), fontsize=8)
    if marks is not None and len(marks):
        look = {"marker": "o", "markerfacecolor": "white", "color": "black", "linestyle": ""}
        axis.plot(marks["x"], marks["y"], markersize=6, **look)
        for i, row in enumerate(marks.to_dict("records")):
            _named(axis, row, i)
    axis.set_xlim(x.min(), x.max())
    axis.set_ylim(y.min(), y.max())
    axis.set_xlabel(wrapped(labels[0], 70))
    axis.set_ylabel(wrapped(labels[1], 60))
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    return figure


def _named(axis, row: dict, i: int) -> None:
    """The name above and below its point by turns, so that neighbours do not cover one another."""
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    up = 11 if i % 2 == 0 else -11
    axis.annotate(
        row["name"],
        (row["x"], row["y"]),
        (0, up),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=8,
        bbox=box,
    )
