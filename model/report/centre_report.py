"""Tables, figures and text of what each change of a centre does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis.capacity import Alternative
from model.analysis.centre_changes import icer_changes, outcome_changes
from model.decision import Decision
from model.effects import BUILT_IN, words_of
from model.report import figures, numbers, plots, text
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def report(scenario: Scenario, found: list[Alternative], decision: Decision) -> Result:
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


def change_table(centres: list[Alternative], decision: Decision) -> pd.DataFrame:
    """A row an alternative, strategy and outcome; the change is paired by replication."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "alternative": found.centre.label,
                "settings": "; ".join(found.centre.settings),
                "strategy": found.strategy,
                "outcome": found.outcome,
                "mean": found.level.mean,
                "standard_error": found.level.standard_error,
                "change": found.change.mean,
                "change_standard_error": found.change.standard_error,
                "change_lower_95": found.change.lower_95,
                "change_upper_95": found.change.upper_95,
            }
            for found in outcome_changes(centres, decision)
        ]
    )


def change_of_icer(scenario: Scenario, centres: list[Alternative], decision: Decision) -> pd.DataFrame:
    """ICER against the reference in each alternative, and its change from the file as it is."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "alternative": found.centre.label,
                "strategy": found.strategy,
                "comparator": scenario.reference_strategy,
                "icer": found.icer,
                "standard_error": found.standard_error,
                "change": found.change,
                "change_standard_error": found.change_standard_error,
                "status": found.status,
            }
            for found in icer_changes(scenario, centres, decision)
        ]
    )


def _outcome_name(name: str, scenario: Scenario) -> str:
    known = {
        "cost": f"Cost ({scenario.currency})",
        **{key: f"{called.many[:1].upper()}{called.many[1:]}" for key, called in BUILT_IN.items()},
        "net_benefit": f"Net benefit ({scenario.currency})",
    }
    return known.get(name) or plots.with_unit(scenario.effects[name].label, scenario.effects[name].unit)


def _digits(name: str, own: pd.DataFrame) -> int:
    money = name in ("cost", "net_benefit")
    return (numbers.places if money else numbers.effect_places)(own["mean"], own["change"])


def _change_text(scenario: Scenario, table, ratios, names: dict[str, str], decision: Decision) -> str:
    digits = {name: _digits(name, own) for name, own in table.groupby("outcome")}
    ratio = numbers.places(ratios["icer"], ratios["change"])
    rows = [
        [
            r.alternative,
            scenario.labels[r.strategy],
            names[r.outcome],
            numbers.number(r.mean, digits[r.outcome]),
            numbers.number(r.change, digits[r.outcome]),
            numbers.number(r.change_standard_error, digits[r.outcome]),
        ]
        for r in table[table["change"].abs() > 0].itertuples()
    ]
    icers = [
        [
            r.alternative,
            scenario.labels[r.strategy],
            numbers.number(r.icer, ratio),
            numbers.number(r.standard_error, ratio),
            numbers.number(r.change, ratio),
            numbers.number(r.change_standard_error, ratio),
            r.status,
        ]
        for r in ratios.itertuples()
    ]
    currency, effect = scenario.currency, words_of(scenario, decision.effect).one
    return "\n".join(
        [
            scenario.title,
            f"Net benefit at {currency} {numbers.stated(decision.wtp)} per {effect}, a patient",
            "",
            text.table(["Centre", "Strategy", "Outcome", "Mean", "Change", "SE of change"], rows),
            "",
            text.table(
                ["Centre", "Strategy", f"ICER ({currency} per {effect})", "SE", "Change", "SE of change", "Status"],
                icers,
            ),
        ]
    )
