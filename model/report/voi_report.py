"""Tables, figures and text of a value-of-information analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.population import Population
from model.analysis.run import Run
from model.analysis.studies import Worth
from model.analysis.value_of_information import Information, Ranked, ranked
from model.economics.evppi import Evppi
from model.report import figures, numbers, plots, sampling_plots, text
from model.report.parameter_tables import NOT_REPORTED
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def report(run: Run, found: Information, population: Population | None) -> Result:
    style, currency = figures.style_of(run), run.scenario.currency
    made, plans = evppi_part(found, style)
    lines = [
        run.scenario.title,
        f"Value of information per person at {currency} {numbers.stated(found.wtp)} per {style.effect.one}, "
        f"{numbers.count(run.sample.n, 'draw')}; EVPI {numbers.brief(found.evpi)}",
        *_noise(found),
        "",
        evppi_text(ranked(found), style, run.scenario),
        *_status_text(found),
    ]
    if population is not None:
        made["evppi"]["population_evppi"] = population.total(made["evppi"]["evppi"])
        made["population"] = _population_table(found, population)
        lines += [
            "",
            f"Population of {numbers.number(population.size)} over {numbers.count(population.years, 'year')} (discounted at {numbers.rate(population.discount)} a year): EVPI "
            f"{currency} {numbers.number(population.total(found.evpi))}",
        ]
    if found.studies:
        table = made["evsi"] = studies_table(found, population)
        plans |= _studies_figures(table, style, found.wtp)
        lines += [line for worth in found.studies for line in ("", *_study_text(worth, table, currency))]
    return Result(made, plans, run, "\n".join(lines))


def evppi_part(found: Information, style: plots.Style) -> tuple[dict[str, pd.DataFrame], dict[str, figures.Plan]]:
    """The EVPPI table, and its figure."""
    table = evppi_table(found)
    return {"evppi": table}, {"evppi": figures.Plan(lambda: plots.evppi(table, style, found.evpi, found.wtp), table)}


def evppi_table(found: Information) -> pd.DataFrame:
    """Value of information per person: parameters, then named groups, then all parameters of one status together, the
    largest first."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "wtp": found.wtp,
                "kind": row.kind,
                "parameter": row.name,
                "members": "; ".join(row.members),
                "evppi": row.evppi.value,
                "standard_error": row.evppi.standard_error,
                "upward_bias": row.evppi.upward_bias,
                "evppi_share_of_evpi": row.share,
                "evpi": found.evpi,
                "clamped": "true" if row.evppi.clamped else "false",
                "doubt": row.evppi.doubt,
            }
            for row in ranked(found)
        ]
    )


def evppi_text(listed: list[Ranked], style: plots.Style, scenario: Scenario | None = None) -> str:
    """Of parameters of a scenario also their status."""
    digits = max(1, numbers.places([float(row.evppi.value) for row in listed]))
    rows = [
        [
            style.named(row.name) if row.kind == "parameter" else row.name,
            row.kind,
            *([_status(row, scenario)] if scenario else []),
            numbers.number(float(row.evppi.value), digits),
            numbers.number(float(row.evppi.standard_error), digits),
            numbers.percent(row.share),
        ]
        for row in listed
    ]
    header = ["Parameter", "Kind", *(["Status"] if scenario else []), "EVPPI", "SE", "of EVPI"]
    doubts = (line for row, shown in zip(listed, rows) for line in _doubts([shown[0]], row.evppi))
    return "\n".join([text.table(header, rows), *doubts])


def _status(row: Ranked, scenario: Scenario) -> str:
    """Of a parameter; of a group those of its members."""
    if row.kind == "status":
        return row.name
    known = (scenario.parameters[name].status or NOT_REPORTED for name in row.members or (row.name,))
    return ", ".join(dict.fromkeys(known))


def _doubts(names: list[str], found: Evppi) -> list[str]:
    """Warnings of values whose doubt is more than their error covers; names: of each value."""
    parts = (np.atleast_1d(part) for part in (found.value, found.doubt, found.standard_error, found.doubtful))
    return [
        f"warning: {name}: {numbers.brief(value)} may be off by about {numbers.brief(doubt)}, more than its standard error of {numbers.brief(error)} covers: "
        "the regression leaves a pattern in the draws that it cannot follow (many levels, or steps that depend on several "
        "parameters)"
        for name, value, doubt, error, doubtful in zip(names, *np.broadcast_arrays(*parts))
        if doubtful
    ]


def _status_text(found: Information) -> list[str]:
    """How much of the value of information sits in parameters of each status, most first."""
    if not found.by_status:
        return []
    listed = [row for row in ranked(found) if row.kind == "status"]
    words = [f"{row.name} {numbers.percent(row.share, 0)}" for row in listed]
    return [
        "",
        f"Joint EVPPI of the parameters of each status, of EVPI (they overlap, so they need not add up): {', '.join(words)}.",
    ]


def by_wtp_table(wtp: np.ndarray, found: dict) -> pd.DataFrame:
    """EVPPI by parameter and willingness to pay; the parameter 'EVPI' is perfect information on everything."""
    import pandas as pd

    parts = [
        pd.DataFrame({"wtp": wtp, "parameter": name, "evppi": v.value, "standard_error": v.standard_error})
        for name, v in found.items()
    ]
    evpi = next(iter(found.values())).evpi
    parts.append(pd.DataFrame({"wtp": wtp, "parameter": "EVPI", "evppi": evpi, "standard_error": np.nan}))
    return pd.concat(parts, ignore_index=True)


def _noise(found: Information) -> list[str]:
    if found.simulated_evpi is None:
        return []
    return [
        f"The engine follows a finite number of patients in each draw. That noise raises the EVPI of the draws to "
        f"{numbers.brief(found.simulated_evpi)},",
        f"so the EVPI above is that of the regression on all parameters (standard error {numbers.brief(found.evpi_error or 0.0)}); EVPPI "
        "averages over the noise.",
        "More --patients make the two agree.",
    ]


def _population_table(found: Information, population: Population) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "incidence_per_year": population.incidence,
                "years": population.years,
                "discount_rate": population.discount,
                "population": population.size,
                "population_evpi": population.total(found.evpi),
            }
        ]
    )


def studies_table(found: Information, population: Population | None) -> pd.DataFrame:
    """A row a study and size; with a population also its EVSI, the study's cost and the net benefit of sampling."""
    import pandas as pd

    return pd.concat([_study_table(worth, found.wtp, population) for worth in found.studies], ignore_index=True)


def _study_table(worth: Worth, wtp: float, population: Population | None) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(
        {
            "wtp": wtp,
            "study": worth.proposal.name,
            "design": worth.proposal.text,
            "patients_per_arm": worth.sizes,
            "patients": worth.patients,
            "evsi": worth.evsi.value,
            "standard_error": worth.evsi.standard_error,
            "evppi": worth.limit.value,
            "doubt": worth.evsi.doubt,
        }
    )
    if population is None:
        return table
    table["population_evsi"] = population.total(worth.evsi.value)
    sampling = worth.sampling(population)
    if sampling is None:
        return table
    return table.assign(
        study_cost=sampling.cost,
        net_benefit_of_sampling=sampling.net_benefit,
        net_benefit_standard_error=sampling.standard_error,
        best=np.where(sampling.best, "true", "false"),
        as_good_as_best=np.where(sampling.as_good, "true", "false"),
    )


def _studies_figures(table, style: plots.Style, wtp: float) -> dict[str, figures.Plan]:
    plans = {"evsi": figures.Plan(lambda: sampling_plots.evsi(table, style, wtp), table)}
    if "net_benefit_of_sampling" in table:
        plans["net_benefit_of_sampling"] = figures.Plan(
            lambda: sampling_plots.net_benefit_of_sampling(table, style), table
        )
    return plans


def _study_text(worth: Worth, table, currency: str) -> list[str]:
    own = table[table["study"] == worth.proposal.name]
    digits = max(1, numbers.places(own["evsi"]))
    columns = {
        "Patients in each arm": ("patients_per_arm", 0),
        "Patients": ("patients", 0),
        "EVSI": ("evsi", digits),
        "SE": ("standard_error", digits),
        "Population EVSI": ("population_evsi", 0),
        "Study cost": ("study_cost", 0),
        "Net benefit": ("net_benefit_of_sampling", 0),
    }
    columns = {title: column for title, column in columns.items() if column[0] in own}
    rows = [[numbers.number(row[name], digits) for name, digits in columns.values()] for row in own.to_dict("records")]
    lines = [
        f"Study {worth.proposal.name}: {worth.proposal.text}; EVPPI, its limit: {numbers.brief(float(worth.limit.value))}",
        text.table(list(columns), rows),
    ]
    names = [f"EVSI of {worth.proposal.name} with {n:,} in each arm" for n in worth.sizes]
    lines += _doubts(names, worth.evsi)
    if "best" in own:
        return [*lines, _best(own, currency)]
    return [*lines, *_without_cost(worth)]


def _without_cost(worth: Worth) -> list[str]:
    lines = [
        "No cost of the study is given, so no size is the best: more patients never tell less. Give --incidence, --cost-fixed "
        "and --cost-per-patient."
    ]
    if len(worth.alike) > 1:
        lines.append(
            f"EVSI does not differ beyond error between {', '.join(f'{n:,}' for n in worth.alike)} in each arm."
        )
    return lines


def _best(own, currency: str) -> str:
    best = own[own["best"] == "true"]
    if best.empty:
        return "No size is worth its cost."
    row = best.iloc[0]
    value = f"net benefit of sampling {currency} {numbers.number(row.net_benefit_of_sampling)} (SE {numbers.number(row.net_benefit_standard_error)})"
    edge = (
        "; it is the largest size asked for: try larger"
        if row.patients == own["patients"].max() and len(own) > 1
        else ""
    )
    others = own[(own["as_good_as_best"] == "true") & (own["best"] != "true")]["patients_per_arm"]
    alike = f" Not different from it beyond error: {', '.join(f'{n:,}' for n in others)}." if len(others) else ""
    return f"Best size: {row.patients_per_arm:,} in each arm, {value}{edge}.{alike}"
