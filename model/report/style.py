"""How every figure looks: colours, canvas, number axes, legends."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model.effects import BUILT_IN, Words
from model.outcome_keys import QALY

# Okabe and Ito's palette is told apart by colour-blind readers; lines and markers tell curves apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C")
LINES = ("-", "--", "-.", ":", (0, (7, 2, 1, 2, 1, 2)), (0, (10, 3)), (0, (1, 3)), (0, (2, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# For areas and stacked bars: dark and light by turns, so that neighbours differ in grey.
AREAS = ("#33699E", "#EBD98A", "#A8446B", "#A6DCEF", "#2B7A4B", "#F7B9C4", "#6B5B2E", "#CFE3A6", "#4B3B8F", "#E0C3E8")
HATCHES = ("", "//", "\\\\", "xx", "--")
GREYS = ("#D9D9D9", "#A6A6A6", "#BFBFBF", "#8C8C8C")
INK, FAINT = "#333333", "#666666"

_AXES = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E8E8E8",
    "grid.linewidth": 0.6,
}


@dataclass(frozen=True)
class Style:
    """How keys are shown; a strategy keeps its colour, line and marker in every figure."""

    labels: dict[str, str]
    state_labels: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    currency: str = "USD"
    effect: Words = BUILT_IN[QALY]
    time_unit: str = "day"
    title: str = ""

    def __post_init__(self):
        for name in ("labels", "state_labels", "parameters"):
            object.__setattr__(self, name, {key: shortened(label) for key, label in getattr(self, name).items()})

    def named(self, parameter: str) -> str:
        """Label of a parameter, or of what else is varied."""
        return named(parameter, self.parameters)

    def look(self, strategy: str) -> dict:
        """Keywords of a line."""
        i = list(self.labels).index(strategy)
        return {
            "color": COLOURS[i % len(COLOURS)],
            "linestyle": LINES[i % len(LINES)],
            "marker": MARKERS[i % len(MARKERS)],
            "label": self.labels[strategy],
        }

    def curve(self, strategy: str) -> dict:
        """Keywords of a line through many points: with few markers, each strategy's elsewhere, or none at all."""
        if len(self.labels) <= 3:
            return self.look(strategy) | {"marker": "", "linewidth": 1.8}
        start = 0.02 + 0.12 * list(self.labels).index(strategy) / len(self.labels)
        return self.look(strategy) | {"markevery": (start, 0.12), "markersize": 5, "linewidth": 1.5}


def named(key: str, labels: Mapping[str, str]) -> str:
    """Label of a parameter, the key where it has none. Arguments stand behind: of 'price.cv, wage.cv' 'Price (cv), Wage (cv)';
    those that are varied together are joined by ' + '."""
    if key in labels:
        return labels[key]
    if " + " in key:
        return " + ".join(named(part, labels) for part in key.split(" + "))
    parts = [part.strip().partition(".") for part in key.split(",")]
    if not any(name in labels for name, _, _ in parts):
        return key
    return ", ".join(labels.get(name, name) + (f" ({argument})" if argument else "") for name, _, argument in parts)


MOST_STATES = len(AREAS)
OTHER = "other states"
OTHER_AREA = {"facecolor": "#F2F2F2", "edgecolor": "#777777", "hatch": ""}


def with_others(states, time):
    """The states' names with all but the MOST_STATES - 1 in which most `time` is spent called OTHER, where they are more than
    can be told apart. Both are pandas Series of one length."""
    spent = time.groupby(states, sort=False).sum()
    if len(spent) <= MOST_STATES:
        return states
    kept = spent.nlargest(MOST_STATES - 1).index
    return states.where(states.isin(kept), OTHER)


def area(i: int) -> dict:
    """Keywords of the i-th area or bar of a stack; hatched from the third on, for print in grey."""
    dark = i % 2 == 0
    edge = "white" if dark or i < 2 else "#777777"
    return {"facecolor": AREAS[i % len(AREAS)], "edgecolor": edge, "hatch": HATCHES[i // 2 % len(HATCHES)]}


def canvas(style: Style, heading: str, width: float = 7.5, height: float = 5.0, rows=1, columns=1, **more):
    """Figure and its axes."""
    import matplotlib

    from model.report.figure import PlainFigure

    with matplotlib.rc_context(matplotlib.RcParams(_AXES)):
        figure = PlainFigure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, columns, **more)
    room, texts = int(width * 13), (*heading.split("\n"), style.title)
    lines = [line for text in texts for line in textwrap.wrap(shortened(text, 3 * room), room)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10, color=INK)
    return figure, axes


def nothing(style: Style, heading: str, reason: str):
    """A figure that says why it is empty."""
    figure, axis = canvas(style, heading, 7.5, 2)
    axis.axis("off")
    axis.text(0.5, 0.5, textwrap.fill(reason, 80), ha="center", va="center", transform=axis.transAxes, color=INK)
    return figure


def numbers(axis, ticks: int = 6) -> None:
    """Thousands separators, and as many decimals as the ticks of this x or y axis need."""
    from model.report.ticks import TickLabels, TickPlaces

    axis.set_major_locator(TickPlaces(ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(TickLabels())


def percent(axis) -> None:
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))


LONGEST = 80  # letters of a label: about the width of a figure


def shortened(label: str, longest: int = LONGEST) -> str:
    """The label, without its middle where it has too many letters."""
    half = longest // 2
    return label if len(label) <= longest else f"{label[: half - 1].rstrip()} … {label[1 - half :].lstrip()}"


def wrapped(text: str, width: int) -> str:
    return textwrap.fill(shortened(text, max(LONGEST, 4 * width)), width, break_on_hyphens=False)


def legend(figure, handles) -> None:
    """Below everything, in as many columns as its labels leave room for; the figure grows by its rows."""
    for handle in handles:
        handle.set_label(shortened(handle.get_label()))
    longest = max((len(h.get_label()) for h in handles), default=0)
    columns = max(1, min(int(figure.get_figwidth() / (0.066 * longest + 0.65)), 6, len(handles)))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8.5, handlelength=3
    )
    figure.set_figheight(figure.get_figheight() + 0.19 * (-(-len(handles) // columns) - 1))


def curves(axis, table, x: str, y: str, style: Style) -> list:
    """A line a strategy, in the order of the strategies. table: strategy and the two columns."""
    parts = dict(list(table.groupby("strategy", sort=False)))
    shown = {s: few(parts[s].sort_values(x)) for s in style.labels if s in parts}
    return [axis.plot(part[x], part[y], **style.curve(s))[0] for s, part in shown.items()]


def few(table, most: int = 501):
    """At most `most` evenly spread rows, first and last included."""
    if len(table) <= most:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, most).round().astype(int)]
