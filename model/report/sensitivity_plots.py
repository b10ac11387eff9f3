"""Figures of sensitivity analyses: tornado, EVPPI, one-way and two-way sweeps."""

from __future__ import annotations

import numpy as np

from model.intervals import half_width
from model.report.marks import colour_map
from model.report.numbers import brief, stated
from model.report.style import COLOURS, FAINT, Style, canvas, few, legend, nothing, numbers, wrapped

LOW, HIGH = COLOURS[0], COLOURS[4]  # dark and light, so that they differ in grey too


def tornado(tornado, style: Style, result_label: str, max_bars: int = 20):
    """Result at the low and the high value of each parameter, widest first; values of the parameter at the ends.

    tornado: parameter, low_value, high_value, result_low, result_high, base_result; status_low and status_high say
    in words what an end that is no number means (such as 'dominated'); unit, if given, follows the parameter.
    """
    heading = "One-way sensitivity analysis"
    if tornado.empty:
        return nothing(style, heading, "No parameter was varied.")
    base = float(tornado["base_result"].iloc[0])
    if not np.isfinite(base):
        return nothing(style, heading, f"{result_label}: the base case has no finite value to start the bars from.")
    rows = _widest(tornado, base).head(max_bars)
    figure, axis = canvas(style, heading, 7.5, 1.8 + 0.33 * len(rows))
    for i, row in enumerate(rows.to_dict("records")):
        _bar(axis, i, row, base)
    line = axis.axvline(base, color="black", linewidth=1, label=f"Base case: {brief(base)}")
    ends = rows[["result_low", "result_high"]].to_numpy(float)
    seen = np.append(ends[np.isfinite(ends)], base)
    room = 0.2 * (np.ptp(seen) or 1.0)
    axis.set_xlim(seen.min() - room, seen.max() + room)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    units = rows["unit"] if "unit" in rows else [""] * len(rows)
    axis.set_yticks(
        range(len(rows)), [_with_unit(style.named(p), u) for p, u in zip(rows["parameter"], units)], fontsize=9
    )
    axis.grid(False, axis="y")
    axis.set_xlabel(wrapped(result_label, 60))
    numbers(axis.xaxis)
    if len(rows) < len(tornado):
        note = f"The {len(rows)} widest of {len(tornado)} parameters"
        axis.set_title(note, fontsize=8, color=FAINT, loc="right")
    legend(figure, [*_patches({"Low value of the parameter": LOW, "High value": HIGH}), line])
    return figure


def _widest(tornado, base: float):
    """Sorted by the distance that base and both ends span; an end that is no number counts as endless."""
    ends = tornado[["result_low", "result_high"]].to_numpy(float)
    ends = np.where(np.isfinite(ends), ends, np.inf)
    width = np.maximum(ends.max(axis=1), base) - np.minimum(ends.min(axis=1), base)
    return tornado.iloc[np.argsort(-width, kind="stable")]


def _bar(axis, i: int, row: dict, base: float) -> None:
    """Both ends of one parameter; in two half rows where they lie on the same side of the base case."""
    ends = {"low": row["result_low"], "high": row["result_high"]}
    side = _sides(ends["low"] - base, ends["high"] - base)
    shared = side["low"] == side["high"]
    for end, colour, shift in (("low", LOW, -0.2), ("high", HIGH, 0.2)):
        y = i + shift * shared
        value, finite = brief(row[f"{end}_value"]), np.isfinite(ends[end])
        if finite:
            axis.barh(y, ends[end] - base, left=base, height=0.36 if shared else 0.7, color=colour)
        else:
            value = f"{value}: {row.get(f'status_{end}') or 'no value'}"
        axis.annotate(
            value,
            (ends[end] if finite else base, y),
            (4 * side[end], 0),
            textcoords="offset points",
            ha="left" if side[end] > 0 else "right",
            va="center",
            fontsize=7 if shared else 8,
            style="normal" if finite else "italic",
        )


def _sides(low: float, high: float) -> dict[str, int]:
    """-1 or 1: on which side of the base case an end is written; one that does not move gives way to the other."""
    low, high = (int(np.sign(d)) if np.isfinite(d) else 0 for d in (low, high))
    return {"low": low or -high or -1, "high": high or -low or 1}


def _with_unit(parameter: str, unit) -> str:
    return wrapped(f"{parameter} ({unit})" if isinstance(unit, str) and unit else parameter, 40)


def _patches(colours: dict[str, str]) -> list:
    from matplotlib.patches import Patch

    return [Patch(color=colour, label=label) for label, colour in colours.items()]


def evppi(evppi, style: Style, evpi: float | None = None, wtp: float | None = None, max_bars: int = 20):
    """Value of knowing each parameter (or group) perfectly, with 95 % error bars; the EVPI as a line if given.

    evppi: parameter, evppi, standard_error, in currency per person at willingness to pay `wtp`.
    """
    heading = "Expected value of partial perfect information (EVPPI)"
    if evppi.empty:
        return nothing(style, heading, "No EVPPI: no parameter is sampled.")
    rows = evppi.sort_values("evppi", ascending=False, kind="stable").head(max_bars)
    figure, axis = canvas(style, heading, 7.5, 1.9 + 0.3 * len(rows))
    value, error = rows["evppi"].to_numpy(float), half_width(rows["standard_error"].fillna(0).to_numpy(float))
    bars = axis.barh(range(len(rows)), value, height=0.66, color="#7FB2D6", label="EVPPI")
    whiskers = axis.errorbar(
        value,
        range(len(rows)),
        xerr=[np.minimum(error, value.clip(0)), error],  # no value of information lies below 0
        fmt="none",
        color="black",
        linewidth=1,
        capsize=2.5,
        label="95 % interval (error of the regression)",
    )
    handles = [bars, whiskers]
    if evpi is not None:
        handles.append(axis.axvline(evpi, color=COLOURS[1], linestyle="--", label=f"EVPI: {brief(evpi)}"))
    axis.set_yticks(range(len(rows)), _named(rows, style), fontsize=9)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, max([*(value + error), evpi or 0, 1e-9]) * 1.05)
    axis.grid(False, axis="y")
    at = "" if wtp is None else f", at {stated(wtp)} {style.currency} per {style.effect.one}"
    axis.set_xlabel(f"EVPPI per person ({style.currency}{at})")
    numbers(axis.xaxis)
    if len(rows) < len(evppi):
        axis.set_title(f"The {len(rows)} highest of {len(evppi)}", fontsize=8, color=FAINT, loc="right")
    legend(figure, handles)
    return figure


def _named(rows, style: Style) -> list[str]:
    """Labels of parameters; groups by their names, and what is of all parameters of one status."""
    kinds = rows["kind"] if "kind" in rows else ["parameter"] * len(rows)
    called = {"parameter": style.named, "status": "All parameters with status {}".format}
    names = [called.get(kind, str)(str(p)) for p, kind in zip(rows["parameter"], kinds)]
    return [wrapped(name, 40) for name in names]


def line_sweep(sweep, style: Style, value_label: str, result_label: str, base: float | None = None, changes=()):
    """Result of each strategy over the values of one parameter; thin lines mark its base value and where lines cross.

    sweep: value, strategy, result. changes: values at which the best strategy changes. Labels with units.
    """
    heading = f"{result_label} by {value_label}"
    if sweep.empty:
        return nothing(style, heading, "The sweep has no values.")
    figure, axis = canvas(style, heading)
    parts = dict(list(sweep.groupby("strategy", sort=False)))
    handles = []
    for strategy in (s for s in style.labels if s in parts):
        part = few(parts[strategy].sort_values("value"))
        marks = {"markevery": max(1, len(part) // 10), "markersize": 5, "linewidth": 1.6}
        handles += axis.plot(part["value"], part["result"], **style.look(strategy), **marks)
    if sweep["result"].min() < 0 < sweep["result"].max():
        axis.axhline(0, color=FAINT, linewidth=0.9)
    if base is not None:
        look = {"color": FAINT, "linewidth": 0.9, "linestyle": (0, (2, 2))}
        handles.append(axis.axvline(base, **look, label=f"Base value: {brief(base)}"))
    if len(changes):
        listed = ", ".join(map(brief, changes[:3])) + (", ..." if len(changes) > 3 else "")
        lines = [axis.axvline(value, color="black", linewidth=1.1) for value in changes]
        lines[0].set_label(f"The decision changes at {listed}")
        handles.append(lines[0])
    axis.set_xlabel(wrapped(value_label, 70))
    axis.set_ylabel(wrapped(result_label, 45))
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
    return figure


def heat_map(grid, style: Style, x_label: str, y_label: str, z_label: str, base: tuple | None = None):
    """Incremental net benefit over two parameters: colours centred on 0, and the line of indifference.

    grid: x, y, z, a row a point of a full grid; `base` (x, y) is marked.
    """
    heading = f"{z_label}\nby {x_label} and {y_label}"
    if grid.empty:
        return nothing(style, heading, "The sweep has no values.")
    from matplotlib.lines import Line2D

    table = grid.pivot(index="y", columns="x", values="z")
    x, y, z = table.columns.to_numpy(float), table.index.to_numpy(float), table.to_numpy(float)
    largest = float(np.nanmax(np.abs(z))) or 1.0
    figure, axis = canvas(style, heading, 7.5, 5.6)
    axis.grid(False)
    colours = colour_map("vlag_r")  # over the inputs' own scales: a table of cells would space uneven values evenly
    mesh = axis.pcolormesh(x, y, z, cmap=colours, vmin=-largest, vmax=largest, shading="nearest", rasterized=True)
    bar = figure.colorbar(mesh, ax=axis, label=wrapped(z_label, 50))
    numbers(bar.ax.yaxis)
    handles = []
    if np.nanmin(z) < 0 < np.nanmax(z) and min(z.shape) > 1:
        axis.contour(x, y, z, levels=[0], colors="black", linewidths=2)
        handles.append(Line2D([], [], color="black", linewidth=2, label="Indifferent: 0"))
    else:
        always = "above" if np.nanmin(z) >= 0 else "below"
        axis.set_title(f"Nowhere indifferent: {always} 0 over the whole map", fontsize=8, color=FAINT, loc="right")
    if base is not None:
        look = {"marker": "o", "markersize": 8, "markerfacecolor": "white", "color": "black", "linestyle": ""}
        handles += axis.plot(*[[b] for b in base], **look, label=f"Base case ({brief(base[0])}; {brief(base[1])})")
    axis.set_xlabel(wrapped(x_label, 60))
    axis.set_ylabel(wrapped(y_label, 50))
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
    return figure
