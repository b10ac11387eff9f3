"""How every figure looks: colours, canvas, number axes, legends, and how one is saved."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from model.effects import BUILT_IN, Words
from model.outcome_keys import QALY
from model.report.csv_files import write_csv
from model.report.numbers import number

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
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(partial(_tick, axis)))


def _tick(axis, value: float, position) -> str:
    return number(value, _digits(tuple(axis.get_majorticklocs())))


@lru_cache
def _digits(ticks: tuple) -> int:
    near = 1e-6 * (max(ticks) - min(ticks)) or 1e-12
    return next((d for d in range(10) if all(abs(round(t, d) - t) <= near for t in ticks)), 10)


def histogram(axis, sample, bins=40, shares: bool = False, outline: bool = False, **look):
    """Steps of a sample, on either axis (x=, y=); `shares` of the whole sample, also where bins leave some of it out."""
    import seaborn

    weights = np.full(len(sample), 1 / len(sample)) if shares else None
    where = {look.pop("on", "x"): np.asarray(sample, float)}
    line = {} if outline else {"linewidth": 0, "alpha": 1}
    bins = list(_edges(np.asarray(sample, float), bins) if isinstance(bins, int) else bins)
    before = len(axis.lines) if outline else len(axis.collections)
    seaborn.histplot(**where, bins=bins, weights=weights, element="step", fill=not outline, ax=axis, **line | look)
    axis.set(xlabel="", ylabel="")
    return (axis.lines if outline else axis.collections)[before]


def _edges(sample: np.ndarray, bins: int) -> np.ndarray:
    """Of equal bins; one bin around values that are all the same but for rounding."""
    low, high = sample.min(), sample.max()
    size = max(abs(low), abs(high))
    if high - low > 1e-9 * size:
        return np.linspace(low, high, bins + 1)
    return (low + high) / 2 + np.array([-0.05, 0.05]) * (size or 1)


def points(axis, x, y, colour, size: float = 6, alpha: float = 0.25) -> None:
    """A cloud of draws."""
    import seaborn

    seaborn.scatterplot(
        x=np.asarray(x),
        y=np.asarray(y),
        s=size,
        alpha=alpha,
        color=colour,
        linewidth=0,
        rasterized=True,
        zorder=2,
        ax=axis,
        legend=False,
    )


def colour_map(name: str):
    """Of heat maps: even in lightness, so that they are read in grey."""
    import seaborn

    return seaborn.color_palette(name, as_cmap=True)


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


def save(figure, data, folder: Path, name: str) -> None:
    """name.png, name.svg (the same bytes for the same data, text kept as text) and name.csv."""
    import matplotlib

    folder = Path(folder)
    engine = figure.get_layout_engine()
    figure.lay_out()
    try:
        figure.savefig(folder / f"{name}.png", dpi=150)
        with matplotlib.rc_context({"svg.hashsalt": "model", "svg.fonttype": "none"}):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=150)
    finally:
        figure.set_layout_engine(engine)
    write_csv(data, folder / f"{name}.csv")
