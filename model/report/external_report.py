"""Tables and figures of an analysis of results made elsewhere: the same as a run leaves, as far as they apply."""

from __future__ import annotations

import numpy as np

from model.analysis.external import External
from model.effects import Words
from model.report import figures, plots, sampling_plots, tables, text, voi_report
from model.report.result import Result


def report(found: External, currency: str = "", effect: str = "effect") -> Result:
    names = found.strategies
    means = found.cost.mean(axis=1), found.effect.mean(axis=1)
    about = {"analysis": "deterministic" if found.curves is None else "probabilistic", "group": "all"}
    made = _tables(found, means, about)
    plans = {}
    if found.curves is not None:
        style = plots.Style(
            labels={n: n for n in names}, currency=currency or "cost", effect=Words(effect, f"{effect}s")
        )
        plane = tables.increments(found.cost, found.effect, names, found.reference)
        plans = figures.economics_figures(made, plane, style, ())
    words = text.incremental_text(names, {n: n for n in names}, *means, currency or "cost", effect)
    if found.information is not None:
        more, figure, paragraph = _information(found, style)
        made, plans, words = made | more, plans | figure, f"{words}\n\n{paragraph}"
    return Result(made, plans, None, words)


def _information(found: External, style: plots.Style) -> tuple[dict, dict, str]:
    """Tables, figures and text of the value of information."""
    about = found.information
    made, plans = voi_report.evppi_part(about, style)
    table = voi_report.by_wtp_table(found.by_wtp.wtp, found.by_wtp.evppi)
    made["evppi_by_wtp"] = table
    plans["evppi_by_wtp"] = figures.Plan(lambda: sampling_plots.evppi_by_wtp(table, style, about.wtp), table)
    lines = [
        f"Value of information per person at {about.wtp:,.0f} {style.currency} per {style.effect.one}; "
        f"EVPI {about.evpi:,.1f}",
        "",
        voi_report.evppi_text(made["evppi"]),
    ]
    if about.constant:
        lines += ["", f"Left out, since they are the same in all draws: {', '.join(about.constant)}"]
    return made, plans, "\n".join(lines)


def _tables(found: External, means, about: dict) -> dict:
    import pandas as pd

    names = found.strategies
    rows = [about | row for row in tables.incremental_rows(names, *means)]
    listed = list(tables.net_benefit_rows(names, found.cost, found.effect, np.array(found.thresholds)))
    if found.curves is not None:
        listed = tables.with_probability(listed, found.curves)
    benefit = [about | row for row in listed]
    summary = [
        about | {"strategy": n, "outcome": what, **tables._summary(values[s])}
        for what, values in (("cost", found.cost), ("effect", found.effect))
        for s, n in enumerate(names)
    ]
    made = {"outcomes": pd.DataFrame(summary), "incremental": pd.DataFrame(rows), "net_benefit": pd.DataFrame(benefit)}
    if found.curves is None:
        return made
    n = found.cost.shape[1]
    psa = pd.DataFrame(
        {
            "draw": np.tile(np.arange(1, n + 1), len(names)),
            "strategy": np.repeat(names, n),
            "cost": found.cost.ravel(),
            "effect": found.effect.ravel(),
        }
    )
    return (
        made
        | {"psa": psa}
        | tables.curves(found.curves, names)
        | tables.uncertainty_tables(found.cost, found.effect, names, found.reference)
    )
