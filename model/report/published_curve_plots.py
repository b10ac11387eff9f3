"""Figure of published survival curves with the model's on them."""

from __future__ import annotations

import numpy as np

from model.report.style import INK, LINES, Style, canvas, legend, numbers, percent

MOST_COLUMNS = 2
SHADES = ("black", "#6E6E6E", "#A0A0A0")  # of curves in one panel


def survival_published(table, style: Style, headings: dict[int, tuple[str, str]]):
    """A panel a strategy, group and set of states: the model's curve in the strategy's colour, published steps in black and grey.

    table: panel, strategy, kind ('model', 'curve', 'point'), name, label, time, share, lower_95, upper_95. headings: by panel its
    title, and words on how far the curves are apart.
    """
    panels = list(dict.fromkeys(table["panel"]))
    columns = min(MOST_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    size = (5.4 * columns if columns > 1 else 7.5), 3.6 * rows + 0.9
    figure, axes = canvas(style, "The model's survival and published curves", *size, rows, columns, squeeze=False)
    handles: dict[str, object] = {}
    for axis, panel in zip(axes.flat, panels):
        _panel(axis, table[table["panel"] == panel], style, handles)
        title, words = headings[panel]
        axis.set_title(title, fontsize=9, loc="left", pad=6 + 10 * len(words.splitlines()))
        axis.text(0, 1.02, words, transform=axis.transAxes, ha="left", va="bottom", fontsize=7.5, color=INK)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis in axes.flat[max(0, len(panels) - columns) : len(panels)]:
        axis.set_xlabel(f"Time ({style.time_unit}s)")
    for row in axes:
        row[0].set_ylabel("Share of patients")
    legend(figure, list(handles.values()))
    return figure


def _panel(axis, table, style: Style, handles: dict) -> None:
    strategy = table["strategy"].iloc[0]
    for place, (_, curve) in enumerate(table[table["kind"] == "curve"].groupby("name", sort=False)):
        _curve(axis, curve, place, handles)
    line = table[table["kind"] == "model"]
    look = style.curve(strategy) | {"marker": "", "linewidth": 2, "label": f"Model, {style.labels[strategy]}"}
    drawn = axis.plot(line["time"], line["share"], **look, zorder=4)[0]
    handles.setdefault(f"model {strategy}", drawn)
    if len(points := table[table["kind"] == "point"]):
        handles.setdefault("points", _points(axis, points))
    axis.set(ylim=(0, 1.02), xlim=(0, table["time"].max() * 1.03))
    percent(axis.yaxis)
    numbers(axis.xaxis, 6)


def _curve(axis, curve, place: int, handles: dict) -> None:
    """Steps from everyone at the start, with the 95 % interval where it is known."""
    colour = SHADES[place % len(SHADES)]
    time = np.append(0.0, curve["time"])
    if curve["lower_95"].notna().any():
        low, high = np.append(1.0, curve["lower_95"]), np.append(1.0, curve["upper_95"])
        band = axis.fill_between(
            time, low, high, step="post", color="#D9D9D9", linewidth=0, label="95 % interval of a published curve"
        )
        handles.setdefault("band", band)
    look = {"color": colour, "linestyle": LINES[place % len(LINES)], "linewidth": 1.3}
    label = f"Published: {curve['label'].iloc[0]}"
    steps = axis.plot(time, np.append(1.0, curve["share"]), drawstyle="steps-post", label=label, **look, zorder=3)
    handles.setdefault(label, steps[0])


def _points(axis, points):
    """Single published results; medians as half of the patients."""
    low = (points["share"] - points["lower_95"]).fillna(0)
    high = (points["upper_95"] - points["share"]).fillna(0)
    return axis.errorbar(
        points["time"],
        points["share"],
        yerr=(low, high),
        fmt="D",
        color=INK,
        markersize=5,
        markeredgecolor="white",
        capsize=2,
        elinewidth=1,
        zorder=5,
        label="Published medians and shares" + (" (95 % interval)" if high.any() else ""),
    )
