"""Tables and figures of an analysis of results made elsewhere: the same as a run leaves, as far as they apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.external import ByWtp, External
from model.analysis.means import Means, Pair, means, net_benefits, pairs
from model.analysis.summaries import of_draws
from model.analysis.value_of_information import Information, ranked
from model.effects import Words
from model.report import figures, numbers, plots, psa_tables, sampling_plots, tables, text, voi_report
from model.report.named_tables import Tables
from model.report.result import Result
from model.report.rows import Part, Rows

if TYPE_CHECKING:
    import pandas as pd


def report(found: External, currency: str = "", effect: str = "effect") -> Result:
    names, middle = found.strategies, means(found.cost, found.effect)
    others = pairs(found.cost, found.effect, found.reference)
    labels = {name: name for name in names}
    called = Words(effect, numbers.plural(effect), numbers.plural(effect))
    style = plots.Style(labels=labels, currency=currency or "units of cost", effect=called)
    made, plans = _tables(found, middle, others), {}
    if found.curves is not None:
        plane = psa_tables.plane(others, names, found.reference)
        plans = figures.economics_figures(made, plane, style, ())
    words = text.incremental_text(names, labels, middle, currency, called)
    if found.information is not None and found.by_wtp is not None:
        more, figure, paragraph = _information(found.information, found.by_wtp, style)
        made, plans, words = made | more, plans | figure, f"{words}\n\n{paragraph}"
    return Result(Tables(made), plans, None, words)


def _information(about: Information, by_wtp: ByWtp, style: plots.Style) -> tuple[dict, dict, str]:
    """Tables, figures and text of the value of information."""
    made, plans = voi_report.evppi_part(about, style)
    table = voi_report.by_wtp_table(by_wtp.wtp, by_wtp.evppi)
    made["evppi_by_wtp"] = table
    plans["evppi_by_wtp"] = figures.Plan(lambda: sampling_plots.evppi_by_wtp(table, style, about.wtp), table)
    lines = [
        f"Value of information per person at {numbers.stated(about.wtp)} {style.currency} per {style.effect.one}; "
        f"EVPI {numbers.brief(about.evpi)}",
        "",
        voi_report.evppi_text(ranked(about), style),
    ]
    if about.constant:
        lines += ["", f"Left out, since they are the same in all draws: {', '.join(about.constant)}"]
    return made, plans, "\n".join(lines)


def _draws(strategy: str, cost: np.ndarray, effect: np.ndarray) -> Part:
    import pandas as pd

    def make(start: int, stop: int) -> pd.DataFrame:
        values = {"cost": cost[start:stop], "effect": effect[start:stop]}
        return pd.DataFrame({"draw": np.arange(start + 1, stop + 1), "strategy": strategy, **values, "group": "all"})

    return Part(len(cost), make)


def _tables(found: External, middle: Means, others: list[Pair]) -> dict[str, pd.DataFrame | Rows]:
    import pandas as pd

    names = found.strategies
    about = {"analysis": "deterministic" if found.curves is None else "probabilistic", "group": "all"}
    benefits = net_benefits(found.cost, found.effect, found.thresholds, found.reference, found.curves)
    summary = [
        about | {"strategy": n, "outcome": what, **of_draws(values[s])._asdict()}
        for what, values in (("cost", found.cost), ("effect", found.effect))
        for s, n in enumerate(names)
    ]
    made = {
        "outcomes": pd.DataFrame(summary),
        "incremental": pd.DataFrame(
            [about | row for row in tables.incremental_rows(names, middle, found.cost, found.effect)]
        ),
        "net_benefit": pd.DataFrame([about | row for row in tables.net_benefit_rows(names, benefits, found.reference)]),
    }
    if found.curves is None:
        made["net_benefit"] = made["net_benefit"].drop(columns=tables.PROBABILITY)
        return made
    return {
        **made,
        "psa": Rows([_draws(name, cost, effect) for name, cost, effect in zip(names, found.cost, found.effect)]),
        **psa_tables.curves(found.curves, names),
        **psa_tables.uncertainty_tables(others, names, found.reference),
    }
