"""Tables, figures and text of the value of capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis.capacity import Capacity
from model.analysis.unit_values import unit_values
from model.effects import words_of
from model.report import figures, numbers, plots, text
from model.report.result import Result

if TYPE_CHECKING:
    import pandas as pd


def report(found: Capacity) -> Result:
    table = capacity_table(found)
    style = figures.style_of_scenario(found.scenario, found.decision.effect)
    label = {r.key: r.label or r.key for r in found.system.resources}[found.resource]
    plan = figures.Plan(lambda: plots.capacity(table, style, label, style.currency), table)
    return Result({"capacity": table}, {"capacity": plan}, None, _capacity_text(found, table, label))


def capacity_table(found: Capacity) -> pd.DataFrame:
    """A row a number of units and strategy."""
    import pandas as pd

    return pd.DataFrame([vars(value) | {"best": "true" if value.best else "false"} for value in unit_values(found)])


def _capacity_text(found: Capacity, table: pd.DataFrame, label: str) -> str:
    currency, effect = found.scenario.currency, words_of(found.scenario, found.decision.effect).one
    money = numbers.places(table["gain_per_extra_unit_per_year"], table["net_gain_per_year"])
    rows = [
        [
            str(r.capacity),
            found.scenario.labels[r.strategy],
            numbers.number(r.mean_wait_hours, 1),
            numbers.percent(r.utilisation, 0),
            numbers.number(r.gain_per_extra_unit_per_year, money),
            numbers.number(r.gain_per_extra_unit_standard_error, money),
            numbers.number(r.net_gain_per_year, money),
            r.status,
        ]
        for r in table.itertuples()
    ]
    lines = [
        found.scenario.title,
        f"{label}: net benefit at {currency} {numbers.stated(found.decision.wtp)} per {effect}, "
        f"{numbers.count(round(found.patients_per_year), 'patient')} a year, {currency} {numbers.stated(found.unit_cost)} per unit and year",
        "",
        text.table(
            [
                "Units",
                "Strategy",
                "Mean wait (h)",
                "Used",
                f"Gain of last unit a year ({currency})",
                "SE",
                f"Net gain on least ({currency})",
                "Status",
            ],
            rows,
        ),
        "",
    ]
    for r in table[table["best"] == "true"].itertuples():
        lines.append(
            f"{found.scenario.labels[r.strategy]}: best number of units {r.capacity}{_end(found, r.capacity)}."
        )
    return "\n".join(lines)


def _end(found: Capacity, units: int) -> str:
    """Whether another number of units might do better."""
    if units == found.units[-1]:
        return " (the highest asked for)"
    return " (the lowest asked for)" if units == found.units[0] else ""
