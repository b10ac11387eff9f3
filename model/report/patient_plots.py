"""Figures of single patients: time-to-event curves, spread of outcomes, example histories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.report.marks import histogram
from model.report.numbers import brief, plural
from model.report.style import (
    FAINT,
    OTHER,
    OTHER_AREA,
    Style,
    area,
    canvas,
    legend,
    nothing,
    numbers,
    percent,
    shortened,
    with_others,
    wrapped,
)


def time_to_event(curves, medians, style: Style, labels: dict[str, str]):
    """A panel an event: share of patients later than a time, with simulated and published medians.

    curves: event, strategy, time, unit, share. medians: event, strategy, median, published. labels: of events.
    """
    heading = "Time to event of single patients, base values"
    keys = list(dict.fromkeys(curves["event"]))
    if not keys:
        return nothing(style, heading, "No event: the scenario has no dead state and no effect that is time in states.")
    figure, axes = canvas(style, heading, max(5.5, 4.6 * len(keys)), 4.6, 1, len(keys), squeeze=False, sharey=True)
    for axis, key in zip(axes[0], keys):
        part, middle = curves[curves["event"] == key], medians[medians["event"] == key].set_index("strategy")
        handles = [
            axis.plot(own["time"], own["share"], **style.curve(strategy))[0]
            for strategy, own in ((s, part[part["strategy"] == s]) for s in style.labels)
            if len(own)
        ]
        handles += _published(axis, middle, style)
        axis.axhline(0.5, color=FAINT, linewidth=0.8)
        axis.set(ylim=(0, 1), xlim=(0, _end(part)), xlabel=with_unit(labels[key], part["unit"].iloc[0]))
        axis.set_title(_medians_text(middle, style), fontsize=8.5, loc="left")
        percent(axis.yaxis)
        numbers(axis.xaxis, 5)
    axes[0][0].set_ylabel("Share of patients")
    legend(figure, _unlike(handles))
    return figure


def with_unit(label: str, unit: str) -> str:
    """'Survival (days)', but 'Days able to walk' as it is."""
    return label if unit.lower() in label.lower() else f"{label} ({plural(unit)})"


def _end(part) -> float:
    """Where fewer than 1 % are left in every strategy."""
    left = part[part["share"] > 0.01]["time"]
    return float(left.max()) if len(left) and left.max() > 0 else float(part["time"].max()) or 1.0


def _published(axis, medians, style: Style) -> list:
    found = []
    for strategy, row in medians[medians["published"].notna()].iterrows():
        look = style.look(strategy)
        found += axis.plot(
            row["published"],
            0.5,
            look["marker"],
            color=look["color"],
            markersize=8,
            markeredgecolor="white",
            zorder=5,
            label=f"Published median, {look['label']}",
        )
    return found


def _medians_text(medians, style: Style) -> str:
    words = [
        f"{style.labels[s]}: median {_or_not(row['median'])}"
        + (f" (published {_or_not(row['published'])})" if np.isfinite(row["published"]) else "")
        for s, row in medians.iterrows()
    ]
    return "\n".join(words)


def _or_not(value: float) -> str:
    return brief(value) if np.isfinite(value) else "not reached"


def _unlike(handles) -> list:
    return list({handle.get_label(): handle for handle in handles}.values())


def patient_spread(values: dict[str, np.ndarray], style: Style, names: dict[str, str]):
    """Histograms of outcomes over single patients, a panel an outcome; values[outcome]: [strategy, patient]."""
    heading = "Spread over single patients at base values (not the uncertainty of the mean)"
    figure, axes = canvas(style, heading, max(7.0, 3.6 * len(values)), 3.9, 1, len(values), squeeze=False)
    for axis, (name, sample) in zip(axes[0], values.items()):
        edges = np.linspace(*_span(sample), 41)
        handles = []
        for s, strategy in enumerate(style.labels):
            look = {key: style.curve(strategy)[key] for key in ("color", "linestyle")}
            drawn = histogram(axis, sample[s], edges, shares=True, outline=True, **look, label=style.labels[strategy])
            handles.append(drawn)
            axis.axvline(sample[s].mean(), **look, linewidth=0.9, alpha=0.6)
        axis.set(xlabel=f"{names[name]}\n(thin line: mean)", xlim=(edges[0], edges[-1]))
        axis.set_ylim(bottom=0)
        numbers(axis.xaxis, 4)
        percent(axis.yaxis)
    axes[0][0].set_ylabel("Share of patients")
    legend(figure, handles)
    return figure


def _span(sample: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(sample, [0.001, 0.995])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def swimlanes(histories, style: Style, time_unit: str, dead: tuple[str, ...], groups: Mapping[str, str]):
    """Example patients, a lane each, the same patients in each strategy; the end of a lane is death or the horizon.

    histories: group, strategy, patient, state, entered_time, left_time, time_waited. groups: labels.
    """
    shown = histories[~histories["state"].isin(dead)]
    shown = shown.assign(state=with_others(shown["state"], shown["left_time"] - shown["entered_time"]))
    found = set(shown["state"])
    states = [
        *(s for s in style.state_labels if s in found),
        *sorted(found - set(style.state_labels)),
    ]  # as elsewhere, OTHER last
    strategies = [s for s in style.labels if (shown["strategy"] == s).any()]
    people = list(dict.fromkeys(zip(histories["group"], histories["patient"])))
    lane = {who: i for i, who in enumerate(people)}
    figure, axes = canvas(
        style,
        "Histories of example patients",
        max(7.0, 4.2 * len(strategies)),
        1.6 + 0.2 * len(people),
        1,
        len(strategies),
        squeeze=False,
        sharey=True,
        sharex=True,
    )
    handles: dict[str, object] = {}
    for axis, strategy in zip(axes[0], strategies):
        _stays(axis, shown[shown["strategy"] == strategy], states, style, lane, handles)
        _deaths(axis, histories[(histories["strategy"] == strategy) & histories["state"].isin(dead)], lane, handles)
        axis.set_title(wrapped(style.labels[strategy], 34), fontsize=10)
        axis.set_xlabel(f"Time since start ({time_unit}s)")
        axis.set_xlim(0, max(shown["left_time"].max(), 1e-9) * 1.03)
        axis.grid(False, axis="y")
        numbers(axis.xaxis, 5)
    ticks = [
        f"{shortened(groups.get(group, group), 34)}, {patient}" if group != "all" else f"{patient}"
        for group, patient in people
    ]
    axes[0][0].set_yticks(range(len(people)), ticks, fontsize=7)
    axes[0][0].set_ylabel("Patient")
    axes[0][0].invert_yaxis()
    legend(figure, list(handles.values()))
    return figure


def _stays(axis, stays, states: list[str], style: Style, lane: dict, handles: dict) -> None:
    """Bars of each state in the lanes of their patients, and of what was waited."""
    for i, state in enumerate(states):
        here = stays[stays["state"] == state]
        if here.empty:
            continue
        bars = axis.barh(
            [lane[who] for who in zip(here["group"], here["patient"])],
            here["left_time"] - here["entered_time"],
            0.72,
            here["entered_time"],
            label="Other states" if state == OTHER else style.state_labels.get(state, state),
            **OTHER_AREA if state == OTHER else area(i),
        )
        handles.setdefault(state, bars)
    waits = stays[stays["time_waited"] > 0]
    if len(waits):
        handles["waiting"] = axis.barh(
            [lane[who] for who in zip(waits["group"], waits["patient"])],
            waits["time_waited"],
            0.2,
            waits["left_time"] - waits["time_waited"],
            color="black",
            label="Waiting for a resource",
        )


def _deaths(axis, deaths, lane: dict, handles: dict) -> None:
    if len(deaths):
        rows = [lane[who] for who in zip(deaths["group"], deaths["patient"])]
        (line,) = axis.plot(deaths["entered_time"], rows, "x", color="black", markersize=4, label="Death", linestyle="")
        handles["death"] = line
