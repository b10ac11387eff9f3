"""Tables, figures and text of the comparison of engines and of the value of capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis import agreement as engines
from model.analysis.agreement import Agreement, Bridge
from model.analysis.capacity import Alternative, Capacity
from model.decision import Decision
from model.economics.icer import icer
from model.economics.icer import verdict as quadrant
from model.economics.net_benefit import nmb
from model.effects import BUILT_IN, words_of
from model.intervals import of_replications
from model.report import figures, plots, text
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


# --- agreement and bridge ---------------------------------------------------------------------------------------


def comparison(scenario: Scenario, found: Agreement, bridge: Bridge) -> Result:
    tables = {"agreement": agreement_table(found), "bridge": bridge_table(bridge)}
    plans, style = {}, figures.style_of_scenario(scenario, bridge.decision.effect)
    for s, strategy in enumerate(bridge.strategies):
        if s != bridge.reference and len(bridge.steps) > 1:
            own = tables["bridge"].query("strategy == @strategy")
            column, label = _shown(own, scenario, strategy, bridge)
            name = "bridge" if len(bridge.strategies) == 2 else f"bridge_{strategy}"
            plans[name] = figures.Plan(
                lambda own=own, column=column, label=label: plots.waterfall(own, style, column, label), own
            )
    effect = words_of(scenario, bridge.decision.effect).one
    lines = [scenario.title, "", verdict(found), "", _bridge_text(tables["bridge"], scenario, effect)]
    return Result(tables, plans, None, "\n".join(lines))


def agreement_table(found: Agreement) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "engine": row.engine,
                "group": row.group,
                "strategy": row.strategy,
                "outcome": row.outcome,
                "cohort": row.cohort,
                "value": row.value,
                "standard_error": row.standard_error,
                "difference_in_standard_errors": row.t,
                "p_value": row.p_value,
                "limit": found.limit,
                "verdict": "agrees" if row.p_value >= found.limit else "differs",
            }
            for row in found.rows
        ]
    )


def verdict(found: Agreement) -> str:
    """One paragraph: do the engines agree?"""
    worst, differ = found.worst, sum(row.p_value < found.limit for row in found.rows)
    sentence = (
        f"{'The engines agree' if found.agree else 'THE ENGINES DIFFER'}: of {len(found.rows)} means (every outcome, "
        f"strategy and group, individual and queueing with slack capacity v cohort) {differ} differ at p below "
        f"{found.limit:.2g}, which is 5 % for all comparisons together; the furthest apart is {worst.t:+.2f} standard "
        f"errors, p = {worst.p_value:.2g} ({worst.engine}, {worst.group}, {worst.strategy}, {worst.outcome})."
    )
    same = found.patients - found.differing
    return sentence + (
        f" Queueing with slack capacity gives the same history as the individual engine for {same:,} of "
        f"{found.patients:,} patients."
    )


def bridge_table(bridge: Bridge) -> pd.DataFrame:
    """A row a step and strategy; standard errors are paired over replications."""
    import pandas as pd

    wtp, rows = bridge.decision.wtp, []
    results = {
        "icer": icer,
        "incremental_net_benefit": lambda cost, effect: nmb(cost, effect, wtp),
        "incremental_cost": lambda cost, effect: cost,
        "incremental_effect": lambda cost, effect: effect,
    }
    for s, strategy in enumerate(bridge.strategies):
        if s == bridge.reference:
            continue
        found = {name: (*bridge.levels(s, result), *bridge.changes(s, result)) for name, result in results.items()}
        for k, step in enumerate(bridge.steps):
            row = {
                "strategy": strategy,
                "comparator": bridge.strategies[bridge.reference],
                "step": step.name,
                "wtp": wtp,
            }
            for name, columns in found.items():
                ends = ("", "_standard_error", "_change", "_change_standard_error")
                row |= {name + end: _zero(column[k]) for end, column in zip(ends, columns)}
            row["status"] = quadrant(row["incremental_cost"], row["incremental_effect"]).item()
            rows.append(row)
    return pd.DataFrame(rows)


def _zero(value: float) -> float:
    """Rounding of the jackknife of what does not vary."""
    return 0.0 if abs(value) < 1e-9 else float(value)


def _shown(own: pd.DataFrame, scenario: Scenario, strategy: str, bridge: Bridge) -> tuple[str, str]:
    """The ICER where it is defined in every step, else the incremental net benefit."""
    currency = f"{scenario.currency} {scenario.price_year}".strip()
    pair = f"{scenario.labels[strategy]} v {scenario.labels[bridge.strategies[bridge.reference]]}"
    effect = words_of(scenario, bridge.decision.effect).one
    if own["icer"].notna().all() and (own["incremental_cost"] > 0).all():
        return "icer", f"ICER ({currency} per {effect})\n{pair}"
    return (
        "incremental_net_benefit",
        f"Incremental net benefit at {own['wtp'].iloc[0]:,.0f} per {effect} ({currency})\n{pair}",
    )


def _bridge_text(table: pd.DataFrame, scenario: Scenario, effect: str) -> str:
    several = table["strategy"].nunique() > 1
    rows = [
        [
            *([scenario.labels[r.strategy]] if several else []),
            r.step,
            text.amount(r.incremental_cost),
            text.amount(r.incremental_effect, 4),
            text.amount(r.icer),
            text.amount(r.icer_standard_error),
            text.amount(r.icer_change),
            text.amount(r.icer_change_standard_error),
            r.status,
        ]
        for r in table.itertuples()
    ]
    return text.table(
        [
            *(["Strategy"] if several else []),
            "Step",
            f"Inc. cost ({scenario.currency})",
            f"Inc. {effect}",
            "ICER",
            "SE",
            "Change",
            "SE of change",
            "Status",
        ],
        rows,
    )


# --- capacity ---------------------------------------------------------------------------------------------------


def capacity(found: Capacity) -> Result:
    table = capacity_table(found)
    style = figures.style_of_scenario(found.scenario, found.decision.effect)
    label = {r.key: r.label or r.key for r in found.scenario.system.resources}[found.resource]
    plan = figures.Plan(lambda: plots.capacity(table, style, label, style.currency), table)
    return Result({"capacity": table}, {"capacity": plan}, None, _capacity_text(found, table, label))


def capacity_table(found: Capacity) -> pd.DataFrame:
    """A row a number of units and strategy. Gains are paired over replications; `best` is the number of units with the
    highest net benefit a year after the cost of the units, by strategy."""
    import pandas as pd

    rows = []
    for i, level in enumerate(found.levels):
        for s, strategy in enumerate(found.scenario.strategies):
            rows.append(
                {
                    "resource": found.resource,
                    "capacity": level.units,
                    "strategy": strategy,
                    "status": _status(level, s),
                    "offered_load": level.load[s],
                    **_level_row(found, i, s),
                }
            )
    table = pd.DataFrame(rows)
    known = table.dropna(subset=["net_gain_per_year"])
    table["best"] = "false"
    table.loc[known.groupby("strategy")["net_gain_per_year"].idxmax(), "best"] = "true"
    return table


def _status(level, s: int) -> str:
    if level.found is None:
        return "stopped: backlog beyond its bound"
    return "overloaded" if level.load[s] >= 1 else "ok"


def _level_row(found: Capacity, i: int, s: int) -> dict[str, float]:
    first, units, year = found.first, found.units, found.patients_per_year
    one, least = (of_replications(found.gain_per_year(i, j)[s]) for j in (max(i - 1, 0), first))
    wait, used, benefit = (of_replications(x[i, s]) for x in (found.wait, found.utilisation, found.net_benefit))
    price = found.unit_cost * float(units[i] - units[first])
    step = (one["mean"], one["standard_error"]) if i > first else (np.nan, np.nan)
    return {
        "mean_wait_hours": wait["mean"],
        "mean_wait_standard_error": wait["standard_error"],
        "utilisation": used["mean"],
        "net_benefit_per_patient": benefit["mean"],
        "net_benefit_standard_error": benefit["standard_error"],
        "net_benefit_per_year": benefit["mean"] * year,
        "gain_per_extra_unit_per_patient": step[0] / year,
        "gain_per_extra_unit_per_patient_standard_error": step[1] / year,
        "gain_per_extra_unit_per_year": step[0],
        "gain_per_extra_unit_standard_error": step[1],
        "gain_from_least_per_year": least["mean"],
        "gain_from_least_standard_error": least["standard_error"],
        "gain_from_least_lower_95": least["lower_95"],
        "gain_from_least_upper_95": least["upper_95"],
        "cost_of_units_per_year": price,
        "net_gain_per_year": least["mean"] - price,
    }


def _capacity_text(found: Capacity, table: pd.DataFrame, label: str) -> str:
    currency, effect = found.scenario.currency, words_of(found.scenario, found.decision.effect).one
    rows = [
        [
            str(r.capacity),
            found.scenario.labels[r.strategy],
            text.amount(r.mean_wait_hours, 1),
            f"{r.utilisation:.0%}",
            text.amount(r.gain_per_extra_unit_per_year),
            text.amount(r.gain_per_extra_unit_standard_error),
            text.amount(r.net_gain_per_year),
            r.status,
        ]
        for r in table.itertuples()
    ]
    lines = [
        found.scenario.title,
        f"{label}: net benefit at {currency} {found.decision.wtp:,.0f} per {effect}, "
        f"{found.patients_per_year:,.0f} patients a year, {currency} {found.unit_cost:,.0f} per unit and year",
        "",
        text.table(
            [
                "Units",
                "Strategy",
                "Mean wait (h)",
                "Used",
                "Gain of last unit a year",
                "SE",
                "Net gain on least",
                "Status",
            ],
            rows,
        ),
        "",
    ]
    for r in table[table["best"] == "true"].itertuples():
        lines.append(
            f"{found.scenario.labels[r.strategy]}: best number of units {r.capacity}"
            + (
                " (the highest asked for)"
                if r.capacity == found.units[-1]
                else " (the lowest asked for)"
                if r.capacity == found.units[0]
                else ""
            )
            + "."
        )
    return "\n".join(lines)


# --- changes of a centre ----------------------------------------------------------------------------------------


def changes(scenario: Scenario, found: list[Alternative], decision: Decision) -> Result:
    """What each change of a centre does to every outcome of every strategy, and to the ICER."""
    table, ratios = change_table(found, decision), change_of_icer(scenario, found, decision)
    style = figures.style_of_scenario(scenario, decision.effect)
    names = {name: _outcome_name(name, scenario) for name in dict.fromkeys(table["outcome"])}
    shown = table[table["alternative"] != found[0].label]
    plan = figures.Plan(lambda: plots.changes(shown, style, names), shown)
    return Result(
        {"changes": table, "icer": ratios},
        {"changes": plan},
        None,
        _change_text(scenario, table, ratios, names, decision),
    )


def change_table(found: list[Alternative], decision: Decision) -> pd.DataFrame:
    """A row an alternative, strategy and outcome; the change is paired by replication."""
    import pandas as pd

    first, rows = found[0].total, []
    for one in found:
        names = one.total.totals
        values = {n: (one.total.get(n), first.get(n)) for n in names}
        values["net_benefit"] = tuple(
            nmb(total.cost, total.get(decision.effect), decision.wtp) for total in (one.total, first)
        )
        for name, (own, before) in values.items():
            for s, strategy in enumerate(one.total.strategies):
                level, change = of_replications(own[s]), of_replications(own[s] - before[s])
                rows.append(
                    {
                        "alternative": one.label,
                        "settings": "; ".join(one.settings),
                        "strategy": strategy,
                        "outcome": name,
                        "mean": level["mean"],
                        "standard_error": level["standard_error"],
                        **{"change" if k == "mean" else f"change_{k}": v for k, v in change.items()},
                    }
                )
    return pd.DataFrame(rows)


def change_of_icer(scenario: Scenario, found: list[Alternative], decision: Decision) -> pd.DataFrame:
    """ICER against the reference in each alternative, and its change from the file as it is (jackknife)."""
    import pandas as pd

    reference, rows = scenario.reference_index, []
    steps = [
        engines.step_of(one.label, one.total, decision.effect, reference, one.total.cost.shape[1]) for one in found
    ]
    for s, strategy in enumerate(scenario.strategies):
        for step in steps if s != reference else ():
            pair = engines.Bridge((steps[0], step), tuple(scenario.strategies), reference, decision)
            (_, value), (_, error) = pair.levels(s, icer)
            (_, change), (_, change_error) = pair.changes(s, icer)
            rows.append(
                {
                    "alternative": step.name,
                    "strategy": strategy,
                    "comparator": scenario.reference_strategy,
                    "icer": value,
                    "standard_error": error,
                    "change": _zero(change),
                    "change_standard_error": _zero(change_error),
                    "status": quadrant(step.cost[s].mean(), step.effect[s].mean()).item(),
                }
            )
    return pd.DataFrame(rows)


def _outcome_name(name: str, scenario: Scenario) -> str:
    known = {
        "cost": f"Cost ({scenario.currency})",
        **{key: f"{called.many[:1].upper()}{called.many[1:]}" for key, called in BUILT_IN.items()},
        "net_benefit": f"Net benefit ({scenario.currency})",
    }
    return known.get(name) or plots.with_unit(scenario.effects[name].label, scenario.effects[name].unit)


def _change_text(scenario: Scenario, table, ratios, names: dict[str, str], decision: Decision) -> str:
    digits = dict.fromkeys(BUILT_IN, 4)
    rows = [
        [
            r.alternative,
            scenario.labels[r.strategy],
            names[r.outcome],
            text.amount(r.mean, digits.get(r.outcome, 1)),
            text.amount(r.change, digits.get(r.outcome, 1)),
            text.amount(r.change_standard_error, digits.get(r.outcome, 1)),
        ]
        for r in table[table["change"].abs() > 0].itertuples()
    ]
    icers = [
        [
            r.alternative,
            scenario.labels[r.strategy],
            text.amount(r.icer),
            text.amount(r.standard_error),
            text.amount(r.change),
            text.amount(r.change_standard_error),
            r.status,
        ]
        for r in ratios.itertuples()
    ]
    return "\n".join(
        [
            scenario.title,
            f"Net benefit at {scenario.currency} {decision.wtp:,.0f} per {words_of(scenario, decision.effect).one}, a patient",
            "",
            text.table(["Centre", "Strategy", "Outcome", "Mean", "Change", "SE of change"], rows),
            "",
            text.table(["Centre", "Strategy", "ICER", "SE", "Change", "SE of change", "Status"], icers),
        ]
    )
