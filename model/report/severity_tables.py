"""QALY shortfall, and results with and without its weight: tables and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from model.analysis import severity
from model.analysis.run import Run
from model.decision import ALL
from model.report import numbers
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Both tables; none where the scenario has no `severity`, or another effect than QALYs decides."""
    import pandas as pd

    found = severity.shortfalls(run)
    if not found:
        return {}
    rows = [_row(one) for one in found]
    more = [_weighed(one) for one in severity.weighed(run, found)]
    return {"severity": pd.DataFrame(rows), "severity_weighted": pd.DataFrame(more, columns=WEIGHTED)}


WEIGHTED = [
    "analysis",
    "group",
    "strategy",
    "comparator",
    "weight",
    "incremental_cost",
    "incremental_qaly",
    "weighted_incremental_qaly",
    "status",
    "icer",
    "weighted_icer",
    "wtp",
    "incremental_nmb",
    "weighted_incremental_nmb",
]


def _row(one: severity.Shortfall) -> dict[str, object]:
    return {
        "analysis": one.analysis,
        "group": one.group,
        "comparator": one.comparator,
        "age": one.age,
        "female": one.female,
        "general_population_qaly": one.general,
        "comparator_qaly": one.own,
        "absolute_shortfall": one.absolute,
        "proportional_shortfall": one.proportional,
        "weight": one.weight,
        **{f"draws_of_weight_{weight:g}": share for weight, share in zip(one.weights, one.shares)},
    }


def _weighed(one: severity.Weighed) -> dict[str, object]:
    values = (
        one.analysis,
        one.group,
        one.strategy,
        one.comparator,
        one.weight,
        one.cost,
        one.effect,
        one.weighted_effect,
        one.status,
        one.icer,
        one.weighted_icer,
        one.wtp,
        one.nmb,
        one.weighted_nmb,
    )
    return dict(zip(WEIGHTED, values))


def severity_text(tables: Mapping[str, pd.DataFrame], scenario: Scenario) -> str:
    """Of all patients: shortfall and weight at base values, how sure the weight is, and ICERs without and with it."""
    if "severity" not in tables:
        return ""
    own = tables["severity"].query("group == @ALL", local_dict={"ALL": ALL})
    base = own[own["analysis"] == "deterministic"].iloc[0]
    comparator = scenario.labels[base["comparator"]]
    amounts = [base[name] for name in ("general_population_qaly", "comparator_qaly", "absolute_shortfall")]
    digits = numbers.effect_places(amounts)
    general, lived, absolute = (numbers.number(value, digits) for value in amounts)
    parts = [
        f"Severity (base case): the general population of {numbers.count(round(base['age'], 1), 'year')}, {numbers.percent(base['female'])} "
        f"women, expects {general} QALYs, patients under {comparator} {lived}: absolute shortfall {absolute}, proportional "
        f"{numbers.percent(base['proportional_shortfall'])}, so a QALY weighs {base['weight']:g}."
    ]
    for row in own[own["analysis"] == "probabilistic"].to_dict("records"):
        shares = {k.rpartition("_")[2]: v for k, v in row.items() if k.startswith("draws_of_weight_")}
        listed = ", ".join(f"{w} in {share}" for w, share in zip(shares, numbers.shares(shares.values())))
        parts.append(f"Weight by draws: {listed}.")
    return "\n".join([*parts, *_ratios(tables["severity_weighted"], scenario)])


def _ratios(table: pd.DataFrame, scenario: Scenario) -> list[str]:
    rows = table[(table["analysis"] == "deterministic") & (table["group"] == ALL)].drop_duplicates("strategy")
    found = []
    for row in rows.to_dict("records"):
        pair = numbers.versus(scenario.labels[row["strategy"]], scenario.labels[row["comparator"]])
        if row["icer"] != row["icer"]:
            found.append(f"{pair}: {row['status']}, which a weight does not change.")
            continue
        digits = numbers.places([row["icer"], row["weighted_icer"]])
        plain, weighted = (numbers.number(row[name], digits) for name in ("icer", "weighted_icer"))
        found.append(f"{pair}: ICER {plain} {scenario.currency} per QALY, {weighted} per weighted QALY.")
    return found
