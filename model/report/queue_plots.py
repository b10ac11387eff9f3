"""Figures of waiting and of the use of resources."""

from __future__ import annotations

import numpy as np

from model.report.numbers import number, places, signed
from model.report.style import FAINT, Style, canvas, legend, nothing, numbers, percent, wrapped


def waits(waits, style: Style, asked: dict[str, str]):
    """Mean wait and share treated within 24 h, by what was asked for and strategy, with 95 % intervals over replications.

    waits: strategy, resource, group, measure, mean, lower_95, upper_95. asked: labels by `resource`.
    """
    own = waits[waits["group"] == "all"]
    if own.empty:
        return nothing(style, "Waits", "Nobody asked for a resource.")
    keys = [k for k in asked if (own["resource"] == k).any()]
    figure, axes = canvas(
        style,
        "Waiting for resources (means with 95 % intervals over replications)",
        9.0,
        2.0 + 0.34 * len(keys) * len(style.labels),
        1,
        2,
        sharey=True,
    )
    for axis, measure, label in zip(
        axes, ("mean wait", "share treated within 24 h"), ("Mean wait (hours)", "Share treated within 24 h of asking")
    ):
        handles = _bars(axis, own[own["measure"] == measure], keys, style)
        axis.set_xlabel(label)
        axis.set_xlim(left=0)
        axis.grid(False, axis="y")
    numbers(axes[0].xaxis, 5)
    axes[1].set_xlim(0, 1.02)
    percent(axes[1].xaxis)
    axes[0].set_yticks(range(len(keys)), [wrapped(asked[k], 26) for k in keys])
    axes[0].invert_yaxis()
    legend(figure, handles)
    return figure


def _bars(axis, table, keys: list[str], style: Style) -> list:
    handles, height = [], 0.8 / len(style.labels)
    for s, strategy in enumerate(style.labels):
        rows = table[table["strategy"] == strategy].set_index("resource").reindex(keys)
        error = np.stack([rows["mean"] - rows["lower_95"], rows["upper_95"] - rows["mean"]])
        places = np.arange(len(keys)) + (s - (len(style.labels) - 1) / 2) * height
        look = style.look(strategy)
        handles.append(
            axis.barh(
                places,
                rows["mean"],
                height * 0.9,
                color=look["color"],
                label=look["label"],
                xerr=np.clip(np.nan_to_num(error), 0, None),
                error_kw={"ecolor": "black", "capsize": 2},
            )
        )
    return handles


def queue_length(table, style: Style, resources: dict[str, str]):
    """A panel a resource: mean number of patients waiting in stretches of the calendar, and the 90 % range over replications."""
    heading = "Patients waiting (mean and 90 % range over replications)"
    return _calendar(table, style, resources, "waiting", heading, "Patients waiting")


def units_in_use(table, style: Style, resources: dict[str, str], capacity: dict[str, float]):
    """A panel a resource: mean number of units in use in stretches of the calendar, and how many there are."""
    heading = "Units in use, day and night (mean and 90 % range over replications; dotted: how many there are)"
    return _calendar(table, style, resources, "in_use", heading, "Units in use", capacity)


def _calendar(table, style: Style, resources: dict[str, str], name: str, heading: str, label: str, capacity=None):
    keys = [k for k in resources if (table["resource"] == k).any()]
    columns = min(len(keys), 3) or 1
    rows = -(-len(keys) // columns) or 1
    figure, axes = canvas(style, heading, max(6.5, 3.6 * columns), 2.4 * rows + 1.0, rows, columns, squeeze=False)
    for axis, key in zip(axes.ravel(), keys):
        handles = []
        for strategy in style.labels:
            own = table[(table["resource"] == key) & (table["strategy"] == strategy)]
            look = style.curve(strategy)
            handles += axis.plot(own["day"], own[f"mean_{name}"], **look)
            axis.fill_between(
                own["day"],
                own[f"{name}_lower_90"],
                own[f"{name}_upper_90"],
                color=look["color"],
                alpha=0.15,
                linewidth=0,
            )
        if capacity and np.isfinite(capacity[key]):
            axis.axhline(capacity[key], color="black", linestyle=":", linewidth=1)
        axis.set_title(wrapped(resources[key], 30), fontsize=10)
        axis.set(xlabel="Day of the calendar", xlim=(0, table["day"].max()))
        axis.set_ylim(bottom=0)
        numbers(axis.xaxis, 4)
        numbers(axis.yaxis, 4)
    for axis in axes.ravel()[len(keys) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_ylabel(label)
    legend(figure, handles)
    return figure


def waterfall(bridge, style: Style, column: str, label: str):
    """The first level, the change of each step as a floating bar with its standard error, and the last level.

    bridge: step, <column>, <column>_standard_error, <column>_change, <column>_change_standard_error.
    """
    figure, axis = canvas(
        style, "From the cohort to queues, step by step (bars: one standard error of the simulation)", 7.5, 4.6
    )
    level, change = bridge[column].to_numpy(), bridge[f"{column}_change"].to_numpy()
    errors = _error(bridge[f"{column}_change_standard_error"])
    last, steps, digits = len(level), list(bridge["step"]), places(level, change)
    axis.bar(
        [0, last],
        level[[0, -1]],
        0.55,
        color="#33699E",
        yerr=_error(bridge[f"{column}_standard_error"])[[0, -1]],
        error_kw={"ecolor": "black", "capsize": 3},
    )
    for i in range(1, last):
        colour = "#A8446B" if change[i] > 0 else "#2B7A4B"
        axis.bar(
            i, change[i], 0.55, level[i - 1], color=colour, yerr=errors[i], error_kw={"ecolor": "black", "capsize": 3}
        )
        axis.annotate(
            f"{signed(change[i], digits)}\n(SE {number(errors[i], digits)})",
            (i, max(level[i], level[i - 1]) + errors[i]),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
        )
        axis.plot([i - 1 + 0.28, i - 0.28], [level[i - 1]] * 2, color=FAINT, linewidth=0.9)
    axis.plot([last - 1 + 0.28, last - 0.28], [level[-1]] * 2, color=FAINT, linewidth=0.9)
    axis.set_xticks(range(last + 1), [wrapped(s, 16) for s in [*steps, "Result with all steps"]])
    axis.set_ylabel(label)
    reach = errors + np.maximum(level, np.append(level[:1], level[:-1]))
    low, high = min(level.min(), 0), max(reach.max(), 0)
    axis.set_ylim(low - 0.1 * (high - low) * (low < 0), high + 0.25 * (high - low))
    axis.grid(False, axis="x")
    numbers(axis.yaxis)
    return figure


def _error(values) -> np.ndarray:
    return np.nan_to_num(values.to_numpy(float))


def capacity(table, style: Style, resource: str, currency: str):
    """Net benefit a year by number of units, a line a strategy, with 95 % intervals over replications."""
    import matplotlib.ticker

    figure, axis = canvas(style, f"Value of capacity: {resource} (95 % intervals over replications)", 7.0, 4.4)
    handles = []
    for strategy in style.labels:
        own = table[(table["strategy"] == strategy) & table["net_benefit_per_year"].notna()]
        look = style.look(strategy)
        error = np.nan_to_num(own["gain_from_least_upper_95"] - own["gain_from_least_per_year"])
        handles.append(axis.errorbar(own["capacity"], own["gain_from_least_per_year"], error, capsize=3, **look))
    axis.axhline(0, color=FAINT, linewidth=0.8)
    axis.set(xlabel=f"Units of {resource}", ylabel=f"Net benefit a year,\ngain on the least number ({currency})")
    axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    numbers(axis.yaxis)
    legend(figure, handles)
    return figure


def changes(table, style: Style, names: dict[str, str]):
    """A panel an outcome: change by alternative and strategy with 95 % intervals over replications."""
    keys, labels = list(names), list(dict.fromkeys(table["alternative"]))
    columns = min(3, len(keys))
    rows = -(-len(keys) // columns)
    figure, axes = canvas(
        style,
        "What each change does, per patient (95 % intervals over replications)",
        3.7 * columns + 1.5,
        (1.0 + 0.3 * len(labels) * len(style.labels)) * rows + 1.0,
        rows,
        columns,
        squeeze=False,
        sharey=True,
    )
    for axis, key in zip(axes.ravel(), keys):
        handles = []
        for s, strategy in enumerate(style.labels):
            own = (
                table[(table["outcome"] == key) & (table["strategy"] == strategy)]
                .set_index("alternative")
                .reindex(labels)
            )
            places = np.arange(len(labels)) + (s - (len(style.labels) - 1) / 2) * 0.25
            error = np.nan_to_num(
                np.stack([own["change"] - own["change_lower_95"], own["change_upper_95"] - own["change"]])
            )
            look = style.look(strategy) | {"linestyle": ""}
            handles.append(axis.errorbar(own["change"], places, xerr=np.clip(error, 0, None), capsize=2, **look))
        axis.axvline(0, color=FAINT, linewidth=0.8)
        axis.set_xlabel(f"Change: {names[key]}")
        axis.set_yticks(range(len(labels)), [wrapped(label, 24) for label in labels])
        axis.set_ylim(len(labels) - 0.5, -0.5)
        axis.grid(False, axis="y")
        numbers(axis.xaxis, 4)
    for axis in axes.ravel()[len(keys) :]:
        axis.set_visible(False)
    legend(figure, handles)
    return figure
