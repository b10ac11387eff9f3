"""Tables where they have no row: below the first row there is no value, beyond the last one the last value is held.

A formula in which a missing value matters is nan (`formula.Table`); here it is found out which table was read, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from model import timed_formula
from model.draws import DomainError
from model.formula import Formula, Table

SAMPLED = 257  # times of a horizon at which it is looked whether a table still has rows
_CERTAIN = 30.0  # cumulative hazard of the last row, over one step, after which nobody is left


@dataclass(frozen=True)
class _Watched(Table):
    """A table that remembers where it was read."""

    seen: list = field(default_factory=list)

    def lookup(self, x):
        self.seen.append(np.asarray(x, float))
        return super().lookup(x)


def _watched(table: Table) -> _Watched:
    return _Watched(*(getattr(table, name) for name in Table.__dataclass_fields__))


def read_at(context, formula: Formula, strategy: str, period, built_in: dict) -> Iterator[tuple[Table, np.ndarray]]:
    """(table, argument) of everything that a formula looks up, with `built_in` values of time and its like."""
    tables = {name: _watched(table) for name, table in context.scenario.tables.items()}
    scenario = replace(context.scenario, tables=tables)
    formula.evaluate(
        type(context)(scenario, context.draws, context.group).values(strategy, period, built_in), scenario.time.day
    )
    for name, table in tables.items():
        yield from ((context.scenario.tables[name], x) for x in table.seen)


def clock(time, frame) -> dict:
    """What formulas read at a model time, of those who have been where they are from the start and never waited."""
    own = {"time_in_state": 0.0 * time, "cycle_in_state": 1.0 + 0.0 * time, "time_at_entry": time}
    return {**timed_formula.clock(frame, time), "waited": 0.0 * time, **own}


# --- below the first row --------------------------------------------------------------------------------------------


def check_known(context, formula: Formula, values: np.ndarray, place: str = "") -> None:
    """DomainError where a value [.., strategy, draw] is missing because a table was read below its first row."""
    if values.ndim < 2 or not context.scenario.tables or not np.isnan(values).any():
        return
    *_, strategy, draw = np.unravel_index(int(np.argmax(np.isnan(values))), values.shape)
    one = type(context)(context.scenario, context.draws.part(draw, draw + 1), context.group)
    key, frame = list(context.scenario.strategies)[strategy], context.scenario.time
    for period in context.periods:
        for time in (period.start, min(period.end, frame.horizon)):
            for table, x in read_at(one, formula, key, period, clock(time, frame)):
                if x.min() < table.at[0] - table.hair:
                    place = place or place_of(context, formula)
                    raise DomainError(_below(context, table, float(x.min()), place, key, int(draw)))


def check_age(context, table: Table, ages: np.ndarray, place: str) -> None:
    """DomainError where an age at start [strategy, draw] is below the first row of a life table."""
    low = ages < table.at[0] - table.hair
    if low.any():
        strategy, draw = np.unravel_index(int(np.argmax(low)), low.shape)
        key = list(context.scenario.strategies)[strategy]
        raise DomainError(_below(context, table, float(ages[strategy, draw]), f"{place}.survival", key, int(draw)))


def _below(context, table: Table, x: float, place: str, strategy: str, draw: int) -> str:
    scenario, first = context.scenario, float(table.at[0])
    words = [f"strategy {strategy}", f"group {context.group.key}" if len(scenario.groups) > 1 else ""]
    words += [f"draw {context.draws.index[draw] + 1}" if any(p.sampled for p in scenario.parameters.values()) else ""]
    return (
        f"{scenario.line(place)}: the table '{table.name}' ({table.file}) is read at {stated(scenario, table, x)}, below the first "
        f"row, {stated(scenario, table, first)}, in {', '.join(w for w in words if w)}"
    )


def place_of(context, formula: Formula) -> str:
    """The field in which a formula stands."""
    from model.scenario_file.names import uses

    return next((use.place for use in uses(context.scenario) if use.formula is formula), formula.text)


def stated(scenario, table: Table, x: float) -> str:
    """A number of the table's column of age or time, in the unit of that column."""
    number, unit = table.by_unit.from_model(x, scenario.time.day), table.by_unit.text
    return f"{number:.6g}" + (f" {unit}{'' if number == 1 or unit.endswith('s') else 's'}" if unit else "")


# --- beyond the last row --------------------------------------------------------------------------------------------


def beyond(context, formula: Formula, strategy: str, period) -> dict[str, tuple[float, Table]]:
    """By table, the earliest time in a period at which a formula reads it beyond its last row, at base values."""
    times = np.linspace(period.start, min(period.end, context.scenario.time.horizon), SAMPLED)
    found: dict[str, tuple[float, Table]] = {}
    for i, (table, after) in enumerate(_after(context, formula, strategy, period, times)):
        # What falls on the horizon does not happen.
        if after[:-1].any():
            k = int(np.argmax(after))
            ends = (times[max(k - 1, 0)], times[k])
            time = _first(lambda t, i=i: _after(context, formula, strategy, period, np.array([t]))[i][1][0], *ends)
            found[table.name] = min(found.get(table.name, (np.inf, table)), (time, table), key=lambda end: end[0])
    return found


def _after(context, formula: Formula, strategy: str, period, times: np.ndarray) -> list[tuple[Table, np.ndarray]]:
    """(table, whether it has no row any more at each time) of everything that a formula looks up."""
    read = read_at(context, formula, strategy, period, clock(times, context.scenario.time))
    return [(table, np.broadcast_to(x, times.shape) >= last(table) - table.hair) for table, x in read]


def _first(after, low: float, high: float) -> float:
    """The time between `low` (before) and `high` (after) at which it begins, by bisection."""
    if after(low):
        return float(low)
    least = 1e-12 * high
    while high - low > least:
        middle = (low + high) / 2
        low, high = (low, middle) if after(middle) else (middle, high)
    return float(high)


def last(table: Table) -> float:
    """Where the last row ends: one usual step after its beginning; nowhere, if there is one row or it leaves nobody alive."""
    step = np.median(np.diff(table.at)) if len(table.at) > 1 else np.inf
    if table.dimension.time == -1 and table.dimension.money == 0 and table.values[-1] * step > _CERTAIN:
        return np.inf
    return float(table.at[-1] + step)
