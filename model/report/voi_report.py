"""Tables, figure and text of a value-of-information analysis."""

from __future__ import annotations

import numpy as np

from model.analysis.run import Run
from model.analysis.value_of_information import Information
from model.economics.evsi import population_value
from model.report import figures, plots, tables, text
from model.report.result import Result


def report(run: Run, found: Information, population: tuple) -> Result:
    """population: (incidence a year or None, years, discount rate)."""
    import pandas as pd

    incidence, years, rate = population
    table = tables.evppi(found)
    made = {"evppi": table}
    lines = [run.scenario.title, f"Value of information per person at {run.scenario.currency} {found.wtp:,.0f} per QALY, "
             f"{run.draws.n:,} draws; EVPI {found.evpi:,.1f}", "", _text(table)]
    if incidence is not None:
        factor = population_value(1.0, incidence, years, rate)
        table["population_evppi"] = table["evppi"] * factor
        made["population"] = pd.DataFrame([{"incidence_per_year": incidence, "years": years, "discount_rate": rate,
                                            "population": factor, "population_evpi": found.evpi * factor}])
        lines += ["", f"Population of {factor:,.0f} (discounted) over {years:g} years: EVPI "
                  f"{run.scenario.currency} {found.evpi * factor:,.0f}"]
    style = figures.style_of(run)
    plan = figures.Plan(lambda: plots.evppi(table, style, found.evpi), table)
    return Result(made, {"evppi": plan}, run, "\n".join(lines))


def _text(table) -> str:
    rows = [[r.parameter, r.kind, text.amount(r.evppi, 1), text.amount(r.standard_error, 1),
             "-" if np.isnan(r.evppi_share_of_evpi) else f"{r.evppi_share_of_evpi:.1%}"] for r in table.itertuples()]
    return text.table(["Parameter", "Kind", "EVPPI", "SE", "of EVPI"], rows)
