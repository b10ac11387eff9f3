"""Figures of the value of information over a range: EVPPI by willingness to pay, studies by sample size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.intervals import half_width
from model.report.numbers import brief, stated
from model.report.style import FAINT, Style, canvas, few, legend, nothing, numbers

MOST_LINES = 6


def evppi_by_wtp(table, style: Style, marked: float | None = None):
    """EVPPI of the parameters worth most, and the EVPI above them.

    table: wtp, parameter ('EVPI' for perfect information on everything), evppi.
    """
    heading = "Expected value of partial perfect information by willingness to pay"
    peaks = table[table["parameter"] != "EVPI"].groupby("parameter", sort=False)["evppi"].max()
    if peaks.empty:
        return nothing(style, heading, "No EVPPI: no parameter is sampled.")
    shown = list(peaks.sort_values(ascending=False, kind="stable").index[:MOST_LINES])
    figure, axis = canvas(style, heading)
    total = table[table["parameter"] == "EVPI"]
    handles = axis.plot(total["wtp"], total["evppi"], color="black", linewidth=2, label="EVPI (everything)")
    lines = replace(style, labels={name: name for name in shown})
    for name in shown:
        part = few(table[table["parameter"] == name])
        handles += axis.plot(
            part["wtp"],
            part["evppi"],
            **lines.look(name) | {"label": style.named(name)},
            markevery=max(1, len(part) // 8),
            markersize=5,
        )
    if marked is not None:
        handles.append(
            axis.axvline(
                marked, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)), label=f"EVPPI of the table: {stated(marked)}"
            )
        )
    axis.set_xlabel(f"Willingness to pay ({style.currency} per {style.effect.one})")
    axis.set_ylabel(f"EVPPI per person ({style.currency})")
    axis.set_ylim(bottom=0)
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    if len(shown) < len(peaks):
        axis.set_title(f"The {len(shown)} highest of {len(peaks)}", fontsize=8, color=FAINT, loc="right")
    legend(figure, handles)
    return figure


def evsi(table, style: Style, wtp: float):
    """EVSI by patients in each arm, with 95 % error bars, and the limit that no study can pass: its parameters' EVPPI.

    table: study, patients_per_arm, evsi, standard_error, evppi.
    """
    figure, axis = canvas(style, "Expected value of sample information (EVSI), with 95 % intervals")
    handles = []
    for name, part, look in _studies(table, style):
        error = half_width(part["standard_error"].to_numpy(float))
        value = part["evsi"].to_numpy(float)
        below = np.minimum(error, value.clip(0))
        handles.append(axis.errorbar(part["patients_per_arm"], value, yerr=[below, error], capsize=2.5, **look))
        handles.append(
            axis.axhline(
                part["evppi"].iloc[0],
                color=look["color"],
                linestyle=(0, (2, 2)),
                linewidth=1,
                label=f"EVPPI, the limit of {name}: {brief(part['evppi'].iloc[0])}",
            )
        )
    axis.set_ylabel(f"EVSI per person\n({style.currency}, at {stated(wtp)} {style.currency} per {style.effect.one})")
    _finish(figure, axis, handles)
    axis.set_ylim(bottom=0)
    return figure


def net_benefit_of_sampling(table, style: Style):
    """Population EVSI less the cost of the study, by patients in each arm, with 95 % error bars; the best size, of a study
    that is worth its cost, ringed.

    table: study, patients_per_arm, net_benefit_of_sampling, net_benefit_standard_error, best.
    """
    figure, axis = canvas(style, "Expected net benefit of sampling, with 95 % intervals")
    handles = []
    for _, part, look in _studies(table, style):
        x, value = part["patients_per_arm"].to_numpy(), part["net_benefit_of_sampling"].to_numpy(float)
        error = half_width(part["net_benefit_standard_error"].to_numpy(float))
        handles.append(axis.errorbar(x, value, yerr=error, capsize=2.5, **look))
    best = table[table["best"] == "true"]
    ring = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "color": "black", "linestyle": ""}
    handles += axis.plot(
        best["patients_per_arm"],
        best["net_benefit_of_sampling"],
        **ring,
        label="Best size of a study worth its cost" if len(best) else "No study is worth its cost",
    )
    axis.axhline(0, color=FAINT, linewidth=0.9)
    axis.set_ylabel(f"Net benefit of sampling ({style.currency})")
    _finish(figure, axis, handles)
    return figure


def _studies(table, style: Style):
    names = list(table["study"].unique())
    lines = replace(style, labels={name: name for name in names})
    for name in names:
        yield name, table[table["study"] == name], lines.look(name)


def _finish(figure, axis, handles) -> None:
    axis.set_xlabel("Patients in each arm")
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
