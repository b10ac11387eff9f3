"""What names mean to a strategy, a group and a period: expressions of a spreadsheet that read cells of the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from model.formula import Formula
from model.instants import HAIR
from model.report.workbook.cells import WorkbookError, number
from model.report.workbook.expressions import translated
from model.scenario import Group, Period, Scenario, Strategy

CLOCKS = ("time", "cycle")
NO_PERIOD = Period("", 0.0, float("inf"), {})
Clock = Mapping[str, str]


class Scope:
    """cells: names of the file -> names of cells of inputs, in model units; tables: by name (range of arguments, of values)."""

    def __init__(
        self,
        scenario: Scenario,
        cells: Mapping[str, str],
        tables: Mapping[str, tuple[str, str]],
        strategy: Strategy | None = None,
        group: Group | None = None,
    ):
        self.scenario, self.cells, self.tables = scenario, cells, tables
        self.owners = [owner.bindings for owner in (strategy, group) if owner is not None]
        self.groups = () if group is None else (group,)
        self.periods = scenario.periods or (NO_PERIOD,)
        self.known: dict[str, str] = {}  # of a partition: its curves, in one row

    def text(self, formula: Formula, time: float = 0.0, clock: Clock | None = None) -> str:
        """A formula in model units as it reads at a time, in the period that is then in force; clock: what stands for time."""
        period, told = self.period(time), clock or self.at(time)
        name, table = partial(self._name, period, told), partial(self._table, period)
        return translated(formula, name, table, self.scenario.time.day)

    def at(self, time: float) -> dict[str, str]:
        """The clock stopped at a time."""
        frame = self.scenario.time
        cycle = int(time / frame.cycle + HAIR * frame.cycles) + 1
        return {"time": number(time), "cycle": str(cycle)}

    def period(self, time: float) -> Period:
        hair = HAIR * self.scenario.time.horizon
        return [p for p in self.periods if p.start <= time + hair][-1]

    def moves(self, formula: Formula) -> bool:
        """Whether it changes over model time."""
        read = self.reads(formula)
        return bool(read & set(CLOCKS)) or any(read & set(period.bindings) for period in self.periods)

    def clocked(self, formula: Formula) -> bool:
        """Whether it reads the model's clock."""
        return bool(self.reads(formula) & set(CLOCKS))

    def reads(self, formula: Formula) -> set[str]:
        """All names behind a formula, in any period."""
        found, waiting = set(), set(formula.names)
        while waiting:
            name = waiting.pop()
            found.add(name)
            waiting |= {n for meaning in self._meanings(name) for n in meaning.names} - found
        return found

    def _meanings(self, name: str) -> list[Formula]:
        for scope in self.owners:
            if name in scope:
                return [scope[name]]
        bound = [period.bindings[name] for period in self.periods if name in period.bindings]
        behind = self._behind(name)
        everywhere = len(bound) == len(self.periods)
        return bound if everywhere or behind is None else [*bound, behind]

    def _behind(self, name: str) -> Formula | None:
        """What a name means where nothing binds it; None of numbers, tables and clocks."""
        if name in self.scenario.definitions:
            return self.scenario.definitions[name]
        parameter = self.scenario.parameters.get(name)
        return None if parameter is None or parameter.base is not None else parameter.formula

    def _meaning(self, name: str, period: Period) -> Formula | None:
        for scope in (*self.owners, period.bindings):
            if name in scope:
                return scope[name]
        return None if name in self.cells or name in self.tables else self._behind(name)

    def _name(self, period: Period, clock: Clock, name: str) -> str:
        if name in self.known:
            return self.known[name]
        meaning = self._meaning(name, period)
        if meaning is not None:
            inner, table = partial(self._name, period, clock), partial(self._table, period)
            return translated(meaning, inner, table, self.scenario.time.day)
        if name in self.cells:
            return self.cells[name]
        if name in clock:
            return clock[name]
        if name == "waited" or (name == "time_in_state" and not self.scenario.time_in_state):
            return "0"
        raise WorkbookError(f"the workbook does not know '{name}'")

    def _table(self, period: Period, name: str, x: str) -> str:
        while (meaning := self._meaning(name, period)) is not None:
            (name,) = meaning.names
        at, values = self.tables[name]
        return f"INDEX({values},MATCH({x}+{number(self.scenario.tables[name].hair)},{at},1))"


def free_of_scopes(scenario: Scenario, name: str) -> bool:
    """Whether a parameter made by a formula is the same number in every strategy, group and period, at any time."""
    bound: set[str] = set(scenario.definitions)
    owners: Iterable[Strategy | Group | Period] = (
        *scenario.strategies.values(),
        *scenario.groups.values(),
        *scenario.periods,
    )
    for owner in owners:
        bound |= set(owner.bindings)
    formula = scenario.parameters[name].formula
    assert formula is not None
    read = Scope(scenario, {}, {}).reads(formula)
    return all(n in scenario.parameters or n in scenario.tables for n in read) and not read & bound
