"""Small multiples of pairs of strategies: increments of the draws, and acceptability of each versus its comparator."""

from __future__ import annotations

from model.report.numbers import stated, versus
from model.report.psa_plots import MOST_POINTS, cloud, limits_with_zero, wtp_axis
from model.report.style import FAINT, Style, canvas, curves, legend, numbers, percent, wrapped

MOST_COLUMNS = 3


def plane_pairwise(table, style: Style, wtp: float | None = None):
    """A panel a pair, all on one scale: draws, their mean and 95 % ellipse. table: as the plane has it."""
    parts = list(table.groupby(["comparator", "strategy"], sort=False))
    figure, axes = _panels(style, "Incremental cost-effectiveness planes, by pair", len(parts))
    ends = [limits_with_zero(table[f"incremental_{what}"].to_numpy(), 0.05) for what in ("effect", "cost")]
    line = []
    for axis, ((comparator, strategy), part) in zip(axes, parts):
        cloud(axis, part, style.look(strategy), MOST_POINTS // len(parts))
        axis.axhline(0, color=FAINT, linewidth=0.9)
        axis.axvline(0, color=FAINT, linewidth=0.9)
        axis.set(xlim=ends[0], ylim=ends[1])
        if wtp is not None:
            label = f"{stated(wtp)} {style.currency} per {style.effect.one}"
            line = [axis.axline((0, 0), slope=wtp, color="black", linewidth=1, linestyle=(0, (1, 2)), label=label)]
        _title(axis, style, strategy, comparator)
        numbers(axis.xaxis, 4)
        numbers(axis.yaxis, 4)
    for axis in _lowest(axes):
        axis.set_xlabel(f"Incremental {style.effect.many} per person", fontsize=9)
    figure.supylabel(f"Incremental cost per person ({style.currency})", fontsize=9)
    legend(figure, line)
    return figure


def acceptability_pairwise(table, style: Style, thresholds=()):
    """A panel a comparator: the chance that each other strategy has the higher net benefit of the two.

    table: wtp, strategy, comparator, probability_more_cost_effective.
    """
    parts = list(table.groupby("comparator", sort=False))
    figure, axes = _panels(style, "Acceptability of each strategy versus its comparator", len(parts))
    handles: dict[str, object] = {}
    for axis, (comparator, part) in zip(axes, parts):
        for line in curves(axis, part, "wtp", "probability_more_cost_effective", style):
            handles.setdefault(line.get_label(), line)
        axis.axhline(0.5, color=FAINT, linewidth=0.7, linestyle=":")
        axis.set_ylim(0, 1)
        percent(axis.yaxis)
        wtp_axis(axis, style, part["wtp"], thresholds)
        axis.set_xlabel("")
        axis.set_title(wrapped(f"versus {style.labels[comparator]}", 42), fontsize=9, loc="left", pad=24)
        numbers(axis.xaxis, 3)
    for axis in _lowest(axes):
        axis.set_xlabel(f"Willingness to pay ({style.currency} per {style.effect.one})", fontsize=9)
    figure.supylabel("Probability of the higher net benefit", fontsize=9)
    legend(figure, list(handles.values()))
    return figure


def _panels(style: Style, heading: str, panels: int):
    columns = min(MOST_COLUMNS, panels)
    rows = -(-panels // columns)
    figure, axes = canvas(style, heading, max(6.5, 3.6 * columns), 3.2 * rows + 1.2, rows, columns, squeeze=False)
    for axis in axes.flat[panels:]:
        axis.set_visible(False)
    return figure, axes.flat[:panels]


def _lowest(axes):
    """The last panel of each column."""
    return axes[-min(MOST_COLUMNS, len(axes)) :]


def _title(axis, style: Style, strategy: str, comparator: str) -> None:
    axis.set_title(wrapped(versus(style.labels[strategy], style.labels[comparator]), 42), fontsize=8.5, loc="left")
