"""Columns of labels behind those of keys, for people who read or plot a table: `strategy_label` and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from model.decision import ALL
from model.report.columns.shared import LABELLED, keys_to_label
from model.report.figures import parameter_labels
from model.report.named_tables import Tables
from model.report.numbers import ALL_PATIENTS
from model.report.plan import Plan
from model.report.rows import Rows
from model.report.style import named
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def of_tables(tables: Mapping[str, pd.DataFrame], scenario: Scenario) -> Mapping[str, pd.DataFrame]:
    """Every table with its labels; those that are made when they are asked for still are."""
    if isinstance(tables, Tables):
        return tables.each(lambda name, table: labelled(name, table, scenario))
    return {name: labelled(name, table, scenario) for name, table in tables.items()}


def of_plans(plans: Mapping[str, Plan], scenario: Scenario) -> dict[str, Plan]:
    """Figures whose CSVs have labels."""
    return {name: _labelled_plan(name, plan, scenario) for name, plan in plans.items()}


def _labelled_plan(name: str, plan: Plan, scenario: Scenario) -> Plan:
    listed = plan.data.columns
    same = keys_to_label(name, listed) == keys_to_label(plan.table, listed)
    return plan._replace(data=_labelled(name, plan.data, scenario), table=plan.table if same else "")


def _labelled(name: str, data: pd.DataFrame | Rows, scenario: Scenario) -> pd.DataFrame | Rows:
    if isinstance(data, Rows):
        return data.each(lambda block: labelled(name, block, scenario))
    return labelled(name, data, scenario)


def labelled(name: str, table: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The table of that name with a label behind the last column for each column of keys; a key without a label stands for itself."""
    columns = keys_to_label(name, table.columns)
    if not columns:
        return table
    labels = _labels(scenario)
    return table.assign(**{f"{column}_label": _of_column(table[column], labels[column]) for column in columns})


def _of_column(keys: pd.Series, label: Callable[[object], object]) -> object:
    """Of each key; of a column of one key, as draws have, the label is asked for once."""
    first = keys.iloc[0] if len(keys) else None
    return label(first) if isinstance(first, str) and (keys == first).all() else keys.map(label)


def _labels(scenario: Scenario) -> dict[str, Callable[[object], object]]:
    strategy, groups = _in(scenario.labels), _in({ALL: ALL_PATIENTS} | scenario.group_labels)
    states, parameters = {key: state.label for key, state in scenario.states.items()}, parameter_labels(scenario)

    def parameter(key: object) -> object:
        return named(key, parameters) if isinstance(key, str) else key

    known = {"group": groups, "state": _in(states), "parameter": parameter, "input": parameter}
    return {column: known.get(column, strategy) for column in LABELLED}


def _in(labels: Mapping[str, str]) -> Callable[[object], object]:
    return lambda key: labels.get(key) or key if isinstance(key, str) else key
