"""A warning where a table ends before the model does: from then on its last row is held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model import draws, tables
from model.context import Context
from model.formula import Table
from model.instants import before
from model.scenario import Scenario, Survival, TimeToEvent
from model.scenario_file import names
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems


def warn(scenario: Scenario, root: Map, problems: Problems) -> None:
    """One warning a table, with the earliest time at which it is read beyond its last row, at base values."""
    found: dict[str, tuple[float, Table, str]] = {}
    base = draws.base(scenario)
    for group in scenario.groups.values() if scenario.tables else ():
        context = Context(scenario, base, group)
        for time, table, place in _ends(context):
            found[table.name] = min(
                found.get(table.name, (np.inf, table, place)), (time, table, place), key=lambda end: end[0]
            )
    for name, (time, table, place) in found.items():
        when = f"from {time:.6g} {scenario.time.unit}s on" if time > 0 else "from the start"
        problems.warn(
            root.section("parameters").at(name),
            f"{table.file} ends at {tables.stated(scenario, table, float(table.at[-1]))}, but is read beyond that {when} (by {place}); "
            "the value of its last row is held",
        )


def _ends(context: Context) -> Iterator[tuple[float, Table, str]]:
    """(time, table, place) of every use that reads a table beyond its last row."""
    scenario = context.scenario
    for use in names.uses(scenario):
        if not use.names_table and not use.outside and context.reads(use.formula) & set(scenario.tables):
            for strategy in scenario.strategies:
                for period in context.periods if use.varies else context.periods[:1]:
                    ends = tables.beyond(context, use.formula, strategy, period)
                    yield from ((time, table, use.place) for time, table in ends.values())
    stated = {f"transitions.{t.label}": t.survival for t in scenario.transitions if isinstance(t, TimeToEvent)}
    if scenario.partition is not None:
        stated |= {f"curves.{key}": curve.survival for key, curve in scenario.partition.curves.items()}
    for place, survival in stated.items():
        yield from ((time, table, f"{place}.survival") for time, table in _life_table_ends(context, survival))


def _life_table_ends(context: Context, survival: Survival) -> Iterator[tuple[float, Table]]:
    """(time, table) of the strategies whose table is over before the horizon."""
    for part in survival.all_parts():
        if part.family != "life_table" or part.table is None:
            continue
        for table, age in zip(context.tables(part.table), context.at(part.age)[:, 0]):
            time = max(tables.last(table) - float(age), 0.0)
            if before(time, context.scenario.time.horizon):
                yield time, table
