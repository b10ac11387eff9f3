"""Figure of the model's curves over time with the published points on them."""

from __future__ import annotations

from model.report.numbers import percent as percent_of
from model.report.style import FAINT, MARKERS, Style, canvas, legend, numbers, percent

MOST_COLUMNS = 2


def over_time(table, style: Style, titles: dict[int, str]):
    """A panel a group and set of states: share of patients by strategy, landmarks on the curves, published points.

    table: panel, strategy, kind ('curve', 'landmark', 'published'), time, months, share, standard_error.
    """
    panels = list(dict.fromkeys(table["panel"]))
    columns = min(MOST_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = canvas(
        style, "Model and published results over time", 5.2 * columns, 3.4 * rows + 0.8, rows, columns, squeeze=False
    )
    handles: dict[str, object] = {}
    for axis, panel in zip(axes.flat, panels):
        _panel(axis, table[table["panel"] == panel], style, handles)
        axis.set_title(titles[panel], fontsize=9, loc="left", pad=14)
    for axis in axes.flat[len(panels) :]:
        axis.axis("off")
    for axis in axes[-1]:
        axis.set_xlabel(f"Time ({style.time_unit}s)")
    for row in axes:
        row[0].set_ylabel("Share of patients")
    legend(figure, list(handles.values()))
    return figure


def _panel(axis, table, style: Style, handles: dict) -> None:
    for place, strategy in enumerate(style.labels):
        own = table[table["strategy"] == strategy]
        colour = style.look(strategy)["color"]
        curve, marks, points = (own[own["kind"] == kind] for kind in ("curve", "landmark", "published"))
        line = axis.plot(curve["time"], curve["share"], **style.curve(strategy))[0]
        handles.setdefault(strategy, line)
        axis.plot(marks["time"], marks["share"], "|", color=colour, markersize=8, markeredgewidth=1.6)
        for mark in marks.itertuples():
            # Curves fall: there is room below to the left of the first strategy's, and above to the right of the others'.
            below = place == 0
            axis.annotate(
                percent_of(mark.share, 0),
                (mark.time, mark.share),
                (-2, -10) if below else (2, 4),
                textcoords="offset points",
                ha="right" if below else "left",
                fontsize=7.5,
                color=colour,
            )
        if len(points):
            handles.setdefault(f"published {strategy}", _points(axis, points, style, strategy))
    for month, time in table[table["kind"] == "landmark"].groupby("months")["time"].first().items():
        axis.axvline(time, color=FAINT, linewidth=0.6, linestyle=":", zorder=0)
        axis.text(time, 1.0, f"{month:g} mo", fontsize=7, color=FAINT, ha="center", va="bottom")
    axis.set(ylim=(0, 1), xlim=(0, table["time"].max() * 1.07))
    percent(axis.yaxis)
    numbers(axis.xaxis, 6)


def _points(axis, points, style: Style, strategy: str):
    """Published shares with one standard error either way; medians as half of the patients."""
    look = style.look(strategy)
    return axis.errorbar(
        points["time"],
        points["share"],
        yerr=points["standard_error"].fillna(0),
        fmt=look["marker"] or MARKERS[0],
        color=look["color"],
        markersize=6,
        markeredgecolor="white",
        capsize=2,
        elinewidth=1,
        zorder=5,
        label=f"Published, {look['label']} (± 1 SE)",
    )
