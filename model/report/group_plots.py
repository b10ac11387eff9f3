"""Figures of groups of patients: forest of incremental net benefit, acceptability curves side by side."""

from __future__ import annotations

from model.decision import ALL
from model.report.group_report import ratios, shares_of
from model.report.numbers import interval, number, places, stated, versus
from model.report.style import FAINT, INK, Style, canvas, curves, legend, numbers, percent, shortened, wrapped

PROBABILITY = "probability_most_cost_effective"
ROW = 0.27  # inches of a line of the forest
LETTER = 4.5  # points of a letter of its columns


def group_forest(table, style: Style, groups, subgroups=(), note: str = ""):
    """Incremental net benefit of each group with its 95 % interval, a panel a strategy; all patients below, the ICER beside it.

    table: `groups`; groups: those that are shown, of which subgroups stand below the others.
    """
    about = table.iloc[0]
    kept = table[table["group"].isin(groups)]
    parts = [part for _, part in kept.groupby("strategy", sort=False)]
    heading = (
        f"Incremental net monetary benefit by group at {stated(about['wtp'])} {style.currency} per {style.effect.one}, "
        f"{_of(table)}{note}"
    )
    height = len(parts) * (ROW * len(groups) + 0.95) + 0.7
    figure, axes = canvas(style, heading, 10, height, len(parts), squeeze=False)
    for axis, part in zip(axes.ravel(), parts):
        _panel(axis, part, style, set(subgroups))
    axes[-1, 0].set_xlabel(f"Incremental net monetary benefit per person ({style.currency})", fontsize=9)
    return figure


def _of(table) -> str:
    """What the figures are: means with intervals of what."""
    if table["analysis"].iloc[0] == "probabilistic":
        return "mean and 95 % interval of the draws"
    return "base case" + (
        "" if table["incremental_nmb_lower_95"].isna().all() else ", 95 % interval of the simulated mean"
    )


def _panel(axis, part, style: Style, subgroups: set[str]) -> None:
    colour, rows = style.look(part["strategy"].iloc[0])["color"], list(part.itertuples())
    axis.axvline(0, color=INK, linewidth=0.9, zorder=1)
    for y, row in enumerate(rows):
        whole = row.group == ALL
        look = {"color": INK if whole else colour, "zorder": 3}
        axis.plot([row.incremental_nmb_lower_95, row.incremental_nmb_upper_95], [y, y], linewidth=1.6, **look)
        marker = "D" if whole else "o" if row.group in subgroups else "s"
        axis.scatter(
            row.incremental_nmb, y, marker=marker, s=44 if whole else 12 + 90 * row.share, linewidths=0, **look
        )
    for edge in _breaks(rows, subgroups):
        axis.axhline(edge, color=FAINT, linewidth=0.6, linestyle=(0, (2, 2)))
    axis.set_yticks(range(len(rows)), [shortened(row.label, 46) for row in rows], fontsize=8.5)
    axis.get_yticklabels()[-1].set_fontweight("bold")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.grid(False, axis="y")
    numbers(axis.xaxis)
    labels = style.labels
    pair = versus(labels[part["strategy"].iloc[0]], labels[part["comparator"].iloc[0]])
    axis.set_title(wrapped(pair, 70), fontsize=9.5, loc="left", pad=20)
    _columns(axis, part, style, shares_of(part, subgroups))


def _breaks(rows, subgroups: set[str]) -> list[float]:
    """Between groups, subgroups and all patients."""
    kinds = [2 if row.group == ALL else row.group in subgroups for row in rows]
    return [y - 0.5 for y in range(1, len(kinds)) if kinds[y] != kinds[y - 1]]


def _columns(axis, part, style: Style, shares: list[str]) -> None:
    """Share, net benefit with its interval, and ICER, to the right of the panel."""
    digits = places(part["incremental_nmb"])
    rows = list(part.itertuples())
    limits = [interval(row.incremental_nmb_lower_95, row.incremental_nmb_upper_95, digits) for row in rows]
    columns = {
        "Patients": shares,
        "Net benefit (95 %)": [
            number(row.incremental_nmb, digits) + (f" ({limit})" if limit != "-" else "")
            for row, limit in zip(rows, limits)
        ],
        f"ICER ({style.currency} per {style.effect.one})": ratios(part, style.effect),
    }
    place = 10.0
    for heading, texts in columns.items():
        for y, words in ((-1, heading), *enumerate(texts)):
            axis.annotate(
                words,
                (1, y),
                (place, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=FAINT if y < 0 else INK,
                annotation_clip=False,
            )
        place += LETTER * max(map(len, (heading, *texts))) + 14


def group_acceptability(ceac, style: Style, groups: dict[str, str], wtp: float, note: str = ""):
    """Acceptability curves, a panel a group. groups: the label of each that is shown; wtp: of the decision."""
    columns = 4 if len(groups) > 9 else min(3, len(groups))
    rows = -(-len(groups) // columns)
    heading = f"Cost-effectiveness acceptability curves by group{note}"
    figure, axes = canvas(
        style, heading, 2.8 * columns + 0.6, 2.2 * rows + 1.2, rows, columns, squeeze=False, sharex=True, sharey=True
    )
    for place, (axis, (group, label)) in enumerate(zip(axes.ravel(), groups.items())):
        handles = curves(axis, ceac[ceac["group"] == group], "wtp", PROBABILITY, style)
        at = f"Threshold, {stated(wtp)} {style.currency} per {style.effect.one}"
        handles.append(axis.axvline(wtp, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1, label=at))
        if place + columns >= len(groups):
            axis.set_xlabel(f"Willingness to pay ({style.currency} per {style.effect.one})", fontsize=8)
        axis.set_title(wrapped(label, 38), fontsize=8.5, fontweight="bold" if group == ALL else "normal")
        axis.set_ylim(0, 1)
        axis.tick_params(labelsize=8)
        axis.tick_params(labelbottom=True)
    for axis in axes.ravel()[len(groups) :]:
        axis.set_visible(False)
    own = ceac[ceac["group"] == next(iter(groups))]["wtp"]
    axes[0, 0].set_xlim(own.min(), max(own.max(), own.min() + 1e-9))
    numbers(axes[0, 0].xaxis, 3)
    percent(axes[0, 0].yaxis)
    figure.get_layout_engine().set(wspace=0.09)  # room between the last number of a panel and the first of the next
    figure.supylabel("Probability most cost-effective", fontsize=9)
    legend(figure, handles)
    return figure
