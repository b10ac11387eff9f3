"""Figures of the base case: state occupancy with survival, and costs by component."""

from __future__ import annotations

import numpy as np

from model.outcome_keys import cost_of
from model.report.numbers import number, places
from model.report.numbers import percent as percent_of
from model.report.style import (
    FAINT,
    GREYS,
    OTHER,
    OTHER_AREA,
    Style,
    area,
    canvas,
    few,
    legend,
    nothing,
    numbers,
    percent,
    with_others,
    wrapped,
)

ALIVE_TO_SHOW = 0.005  # the time axis ends when fewer than this share are alive in every strategy


def occupancy(trace, style: Style, dead_states: tuple[str, ...], group: str = "all"):
    """A panel per strategy with the states stacked and survival as a line; with several, survival side by side.

    trace: group, strategy, time (in style.time_unit), state, occupancy.
    """
    heading = "State occupancy, base case" + ("" if group == "all" else f", {group}")
    trace = trace[trace["group"] == group]
    if trace.empty:
        return nothing(style, heading, f"No occupancy is recorded for group '{group}'.")
    living = ~trace["state"].isin(dead_states)
    names = (
        with_others(trace.loc[living, "state"], trace.loc[living, "occupancy"])
        .reindex(trace.index)
        .fillna(trace["state"])
    )
    wide = trace.assign(state=names).pivot_table(
        index="time", columns=["strategy", "state"], values="occupancy", aggfunc="sum"
    )
    states = sorted(dict.fromkeys(names), key=lambda state: state == OTHER)
    alive, dead = [s for s in states if s not in dead_states], [s for s in states if s in dead_states]
    parts = {s: wide[s] for s in style.labels if s in wide.columns}
    survival = {s: part[alive].sum(axis=1) for s, part in parts.items()} if dead else {}
    panels = len(parts) + (len(survival) > 1)
    columns = panels if panels <= 3 else 4 if panels in (4, 7, 8) else 3
    rows = -(-panels // columns)
    last = _last_time(wide.index, survival)
    factor, unit = _time_unit(last, style.time_unit)
    if last < wide.index.max():
        heading += f" (until {percent_of(ALIVE_TO_SHOW)} are alive)"
    width = max(7.0, 3.3 * columns)
    figure, axes = canvas(style, heading, width, 2.9 * rows + 1.2, rows, columns, sharey=True, squeeze=False)
    axes = axes.ravel()
    for axis, (strategy, part) in zip(axes, parts.items()):
        handles = _stack(axis, few(part), alive, dead, style, factor)
        axis.set_title(wrapped(style.labels[strategy], 30), fontsize=10)
    if len(survival) > 1:
        handles += _survival(axes[len(parts)], survival, style, factor)
    _occupancy_axes(axes, panels, columns, last * factor, unit)
    legend(figure, handles)
    return figure


def _occupancy_axes(axes, panels: int, columns: int, end: float, unit: str) -> None:
    for i, axis in enumerate(axes[:panels]):
        axis.set(xlim=(0, end), ylim=(0, 1))
        numbers(axis.xaxis, 5)
        if unit == "month":
            axis.xaxis.set_major_locator(_months(end))
        percent(axis.yaxis)
        if i + columns >= panels:
            axis.set_xlabel(f"Time since start ({unit}s)")
    for axis in axes[panels:]:
        axis.set_visible(False)
    for axis in axes[::columns]:
        axis.set_ylabel("Share of patients")


def _stack(axis, part, alive, dead, style: Style, factor: float) -> list:
    """Areas of one strategy, the first state at the bottom; their legend and that of survival."""
    time = part.index.to_numpy() * factor
    names = [style.state_labels.get(s, s.capitalize() if s == OTHER else s) for s in (*alive, *dead)]
    handles = axis.stackplot(time, part[[*alive, *dead]].T, labels=names, linewidth=0.4)
    for i, patch in enumerate(handles):
        grey = {"facecolor": GREYS[(i - len(alive)) % len(GREYS)], "edgecolor": "white"}
        patch.set(**grey if i >= len(alive) else OTHER_AREA if alive[i] == OTHER else area(i))
    if dead:
        handles += axis.plot(time, part[alive].sum(axis=1), color="black", linewidth=1.6, label="Survival")
    return handles


def _survival(axis, survival, style: Style, factor: float) -> list:
    axis.set_title("Survival by strategy", fontsize=10)
    shown = {strategy: few(alive) for strategy, alive in survival.items()}
    return [axis.plot(alive.index * factor, alive, **style.curve(s))[0] for s, alive in shown.items()]


def _last_time(times, survival) -> float:
    """Where the time axis ends: the horizon, or when all but a few have died in every strategy."""
    living = [s.index[s > ALIVE_TO_SHOW].max() for s in survival.values() if (s > ALIVE_TO_SHOW).any()]
    return float(max(living) if living else times.max()) or float(times.max()) or 1.0


def _time_unit(last: float, own: str) -> tuple[float, str]:
    """(factor, unit): the model's own unit, unless the axis would have over 1,000 or under 3 of them."""
    from model.units import DAYS

    days = last * DAYS[own]
    fitting = [u for u in (own, "year", "month", "day", "hour") if 3 <= days / DAYS[u] <= 1000]
    unit = fitting[0] if fitting else own
    return DAYS[own] / DAYS[unit], unit


def _months(last: float):
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(next((step for step in (1, 2, 3, 6, 12, 24) if last / step <= 6), 60))


def _called(component: str) -> str:
    """A component has no label: its key as words."""
    words = component.removeprefix(cost_of("")).replace("_", " ")
    return words[:1].upper() + words[1:]


def cost_components(outcomes, style: Style):
    """Mean cost by component, stacked: base case, discounted, all groups; totals at the end of the bars.

    outcomes: analysis, group, strategy, outcome, discounted, mean, of which rows 'cost: <component>' are used.
    """
    heading = "Cost by component, base case"
    rows = outcomes[
        (outcomes["analysis"] == "deterministic")
        & (outcomes["group"] == "all")
        & outcomes["outcome"].str.startswith(cost_of(""))
        & (outcomes["discounted"].astype(str).str.lower() == "true")
    ]
    if rows.empty:
        return nothing(style, heading, "No cost components: no cost of the scenario has one.")
    table = rows.pivot(index="strategy", columns="outcome", values="mean").fillna(0.0)
    table = table.loc[[s for s in style.labels if s in table.index], list(dict.fromkeys(rows["outcome"]))]
    figure, axis = canvas(style, heading, 7.5, 1.9 + 0.5 * len(table))
    above, below = np.zeros(len(table)), np.zeros(len(table))
    handles = []
    for i, component in enumerate(table):
        values = table[component].to_numpy()
        start = np.where(values >= 0, above, below)
        handles.append(axis.barh(range(len(table)), values, 0.62, start, label=_called(component), **area(i)))
        above, below = above + np.maximum(values, 0), below + np.minimum(values, 0)
    digits = places(above + below)
    for i, total in enumerate(above + below):
        axis.annotate(number(total, digits), (above[i], i), (5, 0), textcoords="offset points", va="center", fontsize=9)
    axis.set_yticks(range(len(table)), [wrapped(style.labels[s], 30) for s in table.index])
    axis.invert_yaxis()
    axis.grid(False, axis="y")
    span = (above.max() - below.min()) or 1.0
    axis.set_xlim(below.min() - 0.03 * span * (below.min() < 0), above.max() + 0.15 * span)
    if below.min() < 0:
        axis.axvline(0, color=FAINT, linewidth=0.9)
    axis.set_xlabel(f"Discounted cost per person ({style.currency}); totals at the end of the bars")
    numbers(axis.xaxis)
    legend(figure, handles)
    return figure
