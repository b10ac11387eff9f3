"""Tables, figures and text of the comparison of engines: agreement, and what changes the result from a cohort to queues."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from model.analysis.agreement import Agreement, Bridge
from model.analysis.bridge_results import step_results
from model.effects import Words, words_of
from model.report import figures, numbers, plots, text
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def comparison(scenario: Scenario, found: Agreement, bridge: Bridge) -> Result:
    tables = {"agreement": agreement_table(found), "bridge": bridge_table(bridge)}
    plans, style = {}, figures.style_of_scenario(scenario, bridge.decision.effect)
    for s, strategy in enumerate(bridge.strategies):
        if s != bridge.reference and len(bridge.steps) > 1:
            own = tables["bridge"].query("strategy == @strategy")
            column, label = _shown(own, scenario, strategy, bridge)
            name = "bridge" if len(bridge.strategies) == 2 else f"bridge_{strategy}"
            plans[name] = figures.Plan(partial(plots.waterfall, own, style, column, label), own)
    effect = words_of(scenario, bridge.decision.effect)
    pairs = _pairs(scenario, bridge)
    lines = [scenario.title, "", agreement_text(found), "", pairs, _bridge_text(tables["bridge"], scenario, effect)]
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


def agreement_text(found: Agreement) -> str:
    """One paragraph: do the engines agree?"""
    worst, differ = found.worst, sum(row.p_value < found.limit for row in found.rows)
    sentence = (
        f"{'The engines agree' if found.agree else 'THE ENGINES DIFFER'}: of {len(found.rows)} means (every outcome, "
        f"strategy and group, individual and queueing with slack capacity versus cohort) {differ} differ at p below "
        f"{found.limit:.2g}, which is 5 % for all comparisons together; the furthest apart is {numbers.signed(worst.t, 2)} standard "
        f"errors, p = {worst.p_value:.2g} ({worst.engine}, {worst.group}, {worst.strategy}, {worst.outcome})."
    )
    return sentence + (
        f" Queueing with slack capacity gives the same history as the individual engine for {found.patients - found.differing:,} of "
        f"{found.patients:,} patients."
    )


def bridge_table(bridge: Bridge) -> pd.DataFrame:
    """A row a step and strategy; standard errors are paired over replications."""
    import pandas as pd

    rows = []
    for found in step_results(bridge):
        row: dict[str, object] = {
            "strategy": bridge.strategies[found.strategy],
            "comparator": bridge.strategies[bridge.reference],
            "step": found.step,
            "wtp": bridge.decision.wtp,
        }
        ends = ("", "_standard_error", "_change", "_change_standard_error")
        for name, result in found.results.items():
            row |= {name + end: value for end, value in zip(ends, result)}
        rows.append(row | {"status": found.status})
    return pd.DataFrame(rows)


def _shown(own: pd.DataFrame, scenario: Scenario, strategy: str, bridge: Bridge) -> tuple[str, str]:
    """The ICER where it is defined in every step, else the incremental net benefit."""
    currency = f"{scenario.currency} {scenario.price_year}".strip()
    pair = numbers.versus(scenario.labels[strategy], scenario.labels[bridge.strategies[bridge.reference]])
    effect = words_of(scenario, bridge.decision.effect).one
    if own["icer"].notna().all() and (own["incremental_cost"] > 0).all():
        return "icer", f"ICER ({currency} per {effect})\n{pair}"
    return (
        "incremental_net_benefit",
        f"Incremental net benefit at {numbers.stated(own['wtp'].iloc[0])} per {effect} ({currency})\n{pair}",
    )


def _pairs(scenario: Scenario, bridge: Bridge) -> str:
    reference = bridge.strategies[bridge.reference]
    others = [scenario.labels[s] for s in bridge.strategies if s != reference]
    return f"From the cohort to queues, {numbers.versus(', '.join(others), scenario.labels[reference])}"


def _bridge_text(table: pd.DataFrame, scenario: Scenario, effect: Words) -> str:
    several = table["strategy"].nunique() > 1
    money, gained = numbers.places(table["incremental_cost"]), numbers.effect_places(table["incremental_effect"])
    ratio = numbers.places(table["icer"], table["icer_change"])
    rows = [
        [
            *([scenario.labels[r.strategy]] if several else []),
            r.step,
            numbers.number(r.incremental_cost, money),
            numbers.number(r.incremental_effect, gained),
            numbers.number(r.icer, ratio),
            numbers.number(r.icer_standard_error, ratio),
            numbers.signed(r.icer_change, ratio),
            numbers.number(r.icer_change_standard_error, ratio),
            r.status,
        ]
        for r in table.itertuples()
    ]
    return text.table(
        [
            *(["Strategy"] if several else []),
            "Step",
            f"Inc. cost ({scenario.currency})",
            f"Inc. {effect.heading}",
            f"ICER ({scenario.currency} per {effect.one})",
            "SE",
            "Change",
            "SE of change",
            "Status",
        ],
        rows,
    )
