"""Figures from tidy tables; each function returns a matplotlib Figure and leaves no global state behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# Okabe & Ito's palette: told apart by colour-blind readers; line styles tell curves apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MOST_POINTS = 5000


@dataclass(frozen=True)
class Style:
    """How keys are shown; strategies keep their colour in every figure."""

    labels: dict[str, str]
    state_labels: dict[str, str] = field(default_factory=dict)
    currency: str = "USD"
    effect: str = "QALY"
    time_unit: str = "day"
    title: str = ""

    def look(self, strategy: str) -> dict:
        i = list(self.labels).index(strategy)
        return {"color": COLOURS[i % len(COLOURS)], "linestyle": LINES[i % len(LINES)], "label": self.labels[strategy]}


def _canvas(width: float = 7.5, height: float = 4.8, rows: int = 1, columns: int = 1, **more):
    import seaborn as sns
    from matplotlib.figure import Figure

    with sns.axes_style("ticks", {"axes.grid": True, "grid.color": "#e6e6e6", "axes.axisbelow": True}):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, columns, **more)
    for axis in np.ravel(axes):
        sns.despine(ax=axis)
    return figure, axes


def _thousands(axis, digits: int = 0) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.{digits}f}"))


def _thresholds(axis, thresholds, limit: float) -> None:
    for wtp in thresholds:
        if wtp <= limit:
            axis.axvline(wtp, color="#888888", linewidth=0.7, linestyle=":", zorder=1)


def _wtp_axis(axis, style: Style, high: float) -> None:
    axis.set_xlabel(f"Willingness to pay ({style.currency} per {style.effect})")
    axis.set_xlim(0, high)
    _thousands(axis.xaxis)


def acceptability(ceac, ceaf, style: Style, thresholds=()):
    """CEAC by strategy, with the frontier (CEAF) drawn where a strategy has the highest mean net benefit."""
    figure, axis = _canvas()
    for strategy, part in ceac.groupby("strategy", sort=False):
        axis.plot(part["wtp"], part["probability_most_cost_effective"], linewidth=1.8, **style.look(strategy))
    best = ceaf.sort_values("wtp")
    for i, strategy in enumerate(style.labels):
        where = (best["strategy"] == strategy).to_numpy()
        line = np.where(where, best["probability_most_cost_effective"], np.nan)
        if where.any():
            axis.plot(best["wtp"], line, color=style.look(strategy)["color"], linewidth=6, alpha=0.3,
                      label=f"Frontier: {style.labels[strategy]}", zorder=1 + i / 10)
    axis.set_ylim(0, 1)
    axis.set_ylabel("Probability most cost-effective")
    _wtp_axis(axis, style, float(ceac["wtp"].max()))
    _thresholds(axis, thresholds, float(ceac["wtp"].max()))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
    return figure


def expected_loss(loss, evpi, style: Style, thresholds=()):
    """Expected loss of choosing each strategy; the lower envelope is the EVPI."""
    figure, axis = _canvas()
    for strategy, part in loss.groupby("strategy", sort=False):
        axis.plot(part["wtp"], part["expected_loss"], linewidth=1.8, **style.look(strategy))
    axis.plot(evpi["wtp"], evpi["evpi"], color="black", linewidth=5, alpha=0.25, label="EVPI (lower envelope)", zorder=1)
    axis.set_ylim(bottom=0)
    axis.set_ylabel(f"Expected loss per person ({style.currency})")
    _thousands(axis.yaxis)
    _wtp_axis(axis, style, float(loss["wtp"].max()))
    _thresholds(axis, thresholds, float(loss["wtp"].max()))
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False)
    return figure


def cost_effectiveness_plane(increments, style: Style, wtp: float | None = None):
    """Draws of incremental effect and cost against the comparator, with mean, 95 % ellipse and quadrant shares."""
    from model.economics import uncertainty

    figure, axis = _canvas(7, 5.4)
    parts = list(increments.groupby("strategy", sort=False))
    for strategy, part in parts:
        shown, look = part.iloc[:MOST_POINTS], style.look(strategy)
        axis.scatter(shown["incremental_effect"], shown["incremental_cost"], s=5, alpha=0.25, color=look["color"],
                     linewidths=0, rasterized=True)
        outline = uncertainty.ellipse(part["incremental_cost"].to_numpy(), part["incremental_effect"].to_numpy())
        axis.plot(*outline.T, color=look["color"], linewidth=1.2, linestyle=look["linestyle"])
        axis.plot(part["incremental_effect"].mean(), part["incremental_cost"].mean(), "o", markersize=8,
                  markeredgecolor="white", color=look["color"], label=f"{look['label']} (mean and 95 % ellipse)")
    axis.axhline(0, color="#555555", linewidth=0.9)
    axis.axvline(0, color="#555555", linewidth=0.9)
    if wtp:
        _wtp_line(axis, wtp, style)
    if len(parts) == 1:
        _quadrants(axis, uncertainty.quadrant_shares(parts[0][1]["incremental_cost"].to_numpy(),
                                                     parts[0][1]["incremental_effect"].to_numpy()))
    axis.set_xlabel(f"Incremental {style.effect}s v {style.labels[increments['comparator'].iloc[0]]}")
    axis.set_ylabel(f"Incremental cost ({style.currency})")
    _thousands(axis.yaxis)
    if len(parts[0][1]) > MOST_POINTS:
        axis.set_title(f"{MOST_POINTS:,} of {len(parts[0][1]):,} draws shown", fontsize=8, loc="right", color="#555555")
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)
    return figure


def _wtp_line(axis, wtp: float, style: Style) -> None:
    x, y = axis.get_xlim(), axis.get_ylim()
    reach = np.array(x)
    axis.plot(reach, wtp * reach, color="black", linewidth=1, linestyle="--",
              label=f"{style.currency} {wtp:,.0f} per {style.effect}")
    axis.set_xlim(x)
    axis.set_ylim(y)


def _quadrants(axis, shares: dict[str, float]) -> None:
    places = {"north-east": (0.985, 0.98), "north-west": (0.015, 0.98), "south-east": (0.985, 0.02),
              "south-west": (0.015, 0.02)}
    for name, (x, y) in places.items():
        axis.text(x, y, f"{name}\n{shares[name]:.1%}", transform=axis.transAxes, fontsize=8, color="#333333",
                  ha="right" if x > 0.5 else "left", va="top" if y > 0.5 else "bottom")


def _time_axis(style: Style, last: float) -> tuple[float, str]:
    from model.units import DAYS

    days = last * DAYS[style.time_unit]
    unit = "year" if days > 1500 else "month" if days > 120 else "day"
    return DAYS[style.time_unit] / DAYS[unit], f"Time since start ({unit}s)"


def occupancy(trace, style: Style, dead_states: tuple[str, ...], group: str = "all"):
    """State occupancy by strategy (stacked), and survival of all strategies in the last panel."""
    trace = trace[trace["group"] == group]
    strategies, states = list(dict.fromkeys(trace["strategy"])), list(dict.fromkeys(trace["state"]))
    alive = [s for s in states if s not in dead_states]
    columns = min(len(strategies) + 1, 3)
    rows = -(-(len(strategies) + 1) // columns)
    figure, axes = _canvas(3.6 * columns, 3.4 * rows + 0.5, rows, columns, sharey=True, squeeze=False)
    axes = axes.ravel()
    wide = {s: trace[trace["strategy"] == s].pivot(index="time", columns="state", values="occupancy") for s in strategies}
    lived = max(float(w.index[w[alive].sum(axis=1) > 0.005].max()) for w in wide.values()) if alive else 1.0
    factor, label = _time_axis(style, lived)
    for axis, strategy in zip(axes, strategies):
        table = wide[strategy]
        names = [style.state_labels.get(s, s) for s in alive]
        axis.stackplot(table.index * factor, table[alive].T, labels=names, colors=COLOURS[2:], alpha=0.8, linewidth=0)
        axis.set_title(style.labels[strategy], fontsize=10)
        axes[len(strategies)].plot(table.index * factor, table[alive].sum(axis=1), **style.look(strategy))
    axes[len(strategies)].set_title("Survival", fontsize=10)
    axes[len(strategies)].legend(frameon=False, fontsize=8, loc="upper right")
    for axis in axes[: len(strategies) + 1]:
        axis.set(xlim=(0, lived * factor), ylim=(0, 1), xlabel=label)
    for axis in axes[len(strategies) + 1 :]:
        axis.set_visible(False)
    axes[0].set_ylabel("Share of patients")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def cost_components(outcomes, style: Style):
    """Costs by component, base case, discounted."""
    rows = outcomes[(outcomes["analysis"] == "deterministic") & (outcomes["group"] == "all")
                    & outcomes["outcome"].str.startswith("cost: ") & (outcomes["discounted"].astype(str) == "true")]
    figure, axis = _canvas(7.5, 1.8 + 0.5 * len(style.labels))
    names, left = list(style.labels), np.zeros(len(style.labels))
    for i, (component, part) in enumerate(rows.groupby("outcome", sort=False)):
        values = part.set_index("strategy")["mean"].reindex(names).to_numpy()
        axis.barh(range(len(names)), values, left=left, height=0.6, color=COLOURS[i % len(COLOURS)],
                  hatch=("", "//", "..", "xx")[i % 4], edgecolor="white", label=component.removeprefix("cost: "))
        left = left + values
    for i, total in enumerate(left):
        axis.text(total, i, f"  {total:,.0f}", va="center", fontsize=9)
    axis.set_yticks(range(len(names)), list(style.labels.values()))
    axis.invert_yaxis()
    axis.set_xlim(min(0, left.min() * 1.1), max(left.max(), 1e-9) * 1.15)
    axis.set_xlabel(f"Cost per person ({style.currency}, discounted, base case)")
    _thousands(axis.xaxis)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=4, frameon=False)
    return figure


def sampled_distributions(psa_parameters, parameters, style: Style):
    """Histogram of each sampled parameter with its base value."""
    names = [c for c in psa_parameters.columns if c != "draw"]
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    figure, axes = _canvas(2.7 * columns, 1.9 * rows + 0.3, rows, columns, squeeze=False)
    about = parameters.set_index("name")
    for axis, name in zip(axes.ravel(), names):
        axis.hist(psa_parameters[name], bins=40, color=COLOURS[5], linewidth=0)
        axis.axvline(about.loc[name, "value"], color=COLOURS[1], linewidth=1.5)
        unit = about.loc[name, "unit"]
        axis.set_title(f"{name}\n({unit})" if isinstance(unit, str) and unit else name, fontsize=8)
        axis.set_yticks([])
        axis.tick_params(labelsize=7)
        axis.xaxis.set_major_locator(_few_ticks())
    for axis in axes.ravel()[len(names):]:
        axis.set_visible(False)
    figure.suptitle("Sampled parameters; the line is the base value", fontsize=10)
    return figure


def _few_ticks():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def save(figure, data, folder: Path, name: str) -> None:
    """name.png, name.svg (the same bytes for the same data) and name.csv."""
    import matplotlib

    figure.savefig(folder / f"{name}.png", dpi=150)
    with matplotlib.rc_context({"svg.hashsalt": "model", "svg.fonttype": "none"}):
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=150)
    data.to_csv(folder / f"{name}.csv", index=False, float_format="%.12g", lineterminator="\n")
