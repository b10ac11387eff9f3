"""One-way sensitivity: each parameter at its low and its high value, the others at base, in one table of draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model import draws, inputs, pricing
from model.analysis import comparison
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import Method
from model.decision import Decision
from model.draws import DomainError, Draws
from model.economics.icer import DEARER_AND_BETTER
from model.scenario import Parameter, Scenario


class OneWayError(ValueError):
    """A one-way analysis that cannot be made."""


@dataclass(frozen=True)
class Range:
    """Limits of one parameter, in the unit of the file; origin: 'stated range' or '95 % interval'."""

    name: str
    low: float
    high: float
    unit: str
    origin: str


@dataclass(frozen=True)
class Ends:
    """A result at base values and at both ends of the range of a parameter; status: words for ends that are no number; width:
    largest less smallest, nan where one of the three is no number; errors: of simulation, in the order base, low, high."""

    base: float
    low: float
    high: float
    status_low: str
    status_high: str
    width: float
    errors: tuple[float, float, float] | None


@dataclass(frozen=True)
class OneWay:
    """columns[name]: [row, group, strategy]; row 0 is the base case, rows 1 + 2 i and 2 + 2 i the ends of ranges[i].

    errors[name]: standard errors of increments, of the same shape; empty where the engine follows no patients.
    """

    scenario: Scenario
    decision: Decision
    ranges: tuple[Range, ...]
    groups: tuple[str, ...]
    columns: comparison.Columns
    errors: comparison.Columns

    def result(self, name: str, strategy: int, group: str = "all") -> tuple[np.ndarray, np.ndarray]:
        """(values, status words) of every row against the reference. name: 'inb', 'icer', or an outcome (its increment).

        An ICER that would mislead, or lies in another quadrant than the base case's (than more cost and effect, where the base
        case has none), is nan: its word says what it is.
        """
        g, reference = self.groups.index(group), self.scenario.reference_index
        status = self.columns["status"][:, g, strategy]
        if name == "inb":
            return self.columns["incremental_nmb"][:, g, strategy], status
        if name == "icer":
            values = self.columns["icer"][:, g, strategy]
            return np.where(
                status == (status[0] if np.isfinite(values[0]) else DEARER_AND_BETTER), values, np.nan
            ), status
        values = self.columns[name][:, g]
        return values[:, strategy] - values[:, reference], status

    def ends(self, name: str, strategy: int, group: str) -> Iterator[tuple[Range, Ends]]:
        """`result` at the two ends of every range."""
        values, words = self.result(name, strategy, group)
        base, lows, highs = values[0], values[1::2], values[2::2]
        both = np.stack([lows, highs, np.full_like(lows, base)])
        known = np.where(np.isfinite(both).all(axis=0), both, np.nan)
        width = known.max(axis=0) - known.min(axis=0)
        error = self.error(name, strategy, group)
        errors = [None] * len(width) if error is None else [(error[0], *pair) for pair in zip(error[1::2], error[2::2])]
        ends = zip([base] * len(width), lows, highs, words[1::2], words[2::2], width, errors)
        return ((varied, Ends(*end)) for varied, end in zip(self.ranges, ends))

    def error(self, name: str, strategy: int, group: str = "all") -> np.ndarray | None:
        """[row] standard errors of `result`; None for an ICER, and where nothing was simulated."""
        return self.errors[name][:, self.groups.index(group), strategy] if name in self.errors else None


def oneway(
    scenario: Scenario,
    decision: Decision,
    method: Method,
    seed: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> OneWay:
    """All parameters that are sampled or state a range. `progress` is told as by `evaluate`.

    Raises OneWayError where there is nothing to vary or to compare, or a value leaves the model's domain.
    """
    found = ranges(scenario)
    if len(scenario.strategies) < 2:
        raise OneWayError(f"{scenario.path}: one strategy, so there is no increment to vary")
    if not found:
        raise OneWayError(f"{scenario.path}: no parameter has a distribution or a 'range', so there is nothing to vary")
    table, at = table_of(scenario, found, seed), np.full(1 + 2 * len(found), decision.wtp)
    try:
        made = evaluate(scenario, table, method.for_base(), progress=progress)
    except DomainError as error:
        row, error = first_bad(scenario, table, error)
        raise OneWayError(f"{_where(found, row)}: {error}") from None
    columns = comparison.of_base(made, np.arange(table.n), at, decision.effect)
    columns = comparison.with_economics(columns, at, scenario.reference_index, decision.effect)
    return OneWay(scenario, decision, found, tuple(made.outcomes), columns, _errors(made, decision))


def _errors(made: Evaluation, decision: Decision) -> comparison.Columns:
    if made.simulated is None:
        return {}
    parts = made.simulated.values()
    errors = {name: [p.increment_se[p.mean.names.index(name), 1].T for p in parts] for name in made.total.names}
    return {
        name: np.stack(e, axis=1)
        for name, e in (errors | {"inb": [p.inb_se(decision.wtp, decision.effect).T for p in parts]}).items()
    }


def first_bad(scenario: Scenario, table: Draws, error: DomainError) -> tuple[int, DomainError]:
    """(row, what is wrong) of the first row that leaves the model's domain; (0, error) where none does by itself."""
    for row in range(table.n):
        part = table.part(row, row + 1)
        try:
            inputs.group_weights(scenario, part)
            for group in scenario.groups.values():
                inputs.checked(scenario, part, group)
                pricing.price_list(scenario, part, group)
        except DomainError as found:
            return row, DomainError(str(found).replace(", the base case", ""))
    return 0, error


def _where(found: tuple[Range, ...], row: int) -> str:
    if row == 0:
        return "base case"
    one = found[(row - 1) // 2]
    return f"{one.name} at the {'low' if row % 2 else 'high'} end of its {one.origin}, {one.low if row % 2 else one.high:.6g}"


def ranges(scenario: Scenario) -> tuple[Range, ...]:
    """Stated range, or 95 % interval of the distribution, of each parameter that has one of them."""
    return tuple(
        range_of(scenario, p)
        for p in scenario.parameters.values()
        if p.formula is None and (p.sampled or p.low is not None)
    )


def range_of(scenario: Scenario, parameter: Parameter) -> Range:
    """Raises DomainError where the range goes beyond what the unit can be."""
    stated, place = parameter.stated_range is not None, f"parameters.{parameter.joint or parameter.name}"
    if stated and (fault := parameter.range_fault):
        raise DomainError(f"{scenario.line(f'{place}.range')}: {fault}")
    if not stated and (fault := scenario.beyond_unit(parameter)):
        raise DomainError(f"{scenario.line(f'{place}.distribution')}: {fault}; or state a 'range'")
    low, high = parameter.stated_range or scenario.interval(parameter)
    return Range(parameter.name, low, high, parameter.unit.text, "stated range" if stated else "95 % interval")


def table_of(scenario: Scenario, found: tuple[Range, ...], seed: int = 1) -> Draws:
    """Base values in row 0, then the low and the high value of each parameter."""
    table = draws.repeat(scenario, 1 + 2 * len(found), seed)
    columns = {name: np.full(table.n, v[0]) for name, v in table.values.items()}
    for i, one in enumerate(found):
        for row, value in ((1 + 2 * i, one.low), (2 + 2 * i, one.high)):
            for name, changed in with_value(scenario, table, one.name, np.array([value])).values.items():
                columns[name][row] = changed[0]
    return table.replace(**columns)


def with_value(scenario: Scenario, table: Draws, name: str, value: np.ndarray) -> Draws:
    """The table with value[draw or 1] of one parameter: other shares of a Dirichlet distribution keep their proportions."""
    joint = scenario.joints.get(scenario.parameters[name].joint or "")
    if joint is None or joint.distribution.name != "dirichlet":
        return table.replace(**{name: value})
    rest = (1 - value) / (1 - table.values[name])
    shares = {other: table.values[other] * rest for other in joint.names if other != name}
    return table.replace(**{name: np.broadcast_to(value, rest.shape)}, **shares)
