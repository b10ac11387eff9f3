"""Formulas become numbers, in one context: a strategy, a group, a period; all draws at once.

Shapes: [strategy, draw], and [piece, strategy, draw] for what changes over model time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model import tables
from model.dependencies import in_order
from model.draws import DomainError, Draws
from model.formula import Formula, Table
from model.over_time import OverTime, Stepwise
from model.scenario import Group, Period, Scenario
from model.switches import TooManySteps
from model.timed_formula import TimedFormula

_NOTHING = Period("", 0.0, np.inf, {})
WAITING = np.concatenate([np.arange(720) / 24, np.arange(30, 366.0)])  # days


class Values(Mapping):
    """Names -> arrays[draw] in model units, in one context; bindings, definitions and formula parameters are followed.

    built_in: values of time and its like, which broadcast with [draw]. rows: the draws wanted, any number of times; all.
    """

    def __init__(
        self,
        scenario: Scenario,
        draws: Draws,
        scopes: tuple[Mapping[str, Formula], ...] = (),
        built_in: Mapping[str, float] | None = None,
        rows=slice(None),
    ):
        self.scenario, self.draws, self.scopes, self.rows = scenario, draws, scopes, rows
        self._known: dict[str, object] = dict(built_in or {})

    def __getitem__(self, name: str):
        for one in in_order(name, self._needs, self._known):
            self._known[one] = self._find(one)
        return self._known[name]

    def _needs(self, name: str):
        meaning = self.meaning(name)
        return meaning.names if isinstance(meaning, Formula) else ()

    def _find(self, name: str):
        day, meaning = self.scenario.time.day, self.meaning(name)
        if isinstance(meaning, Formula):
            return meaning.evaluate(self, day)
        if meaning is not None:
            return meaning
        return self.scenario.parameters[name].unit.to_model(self.draws.values[name][self.rows], day)

    def meaning(self, name: str):
        """The formula or table that a name stands for; None for a number of the draws, or what is built in."""
        for scope in self.scopes:
            if name in scope:
                return self._table(scope[name]) or scope[name]
        if name in self.scenario.tables:
            return self.scenario.tables[name]
        known = name in self.draws.values or name not in self.scenario.parameters
        return None if known else self.scenario.parameters[name].formula

    def _table(self, formula: Formula) -> Table | None:
        """The table for which a binding such as `mort: mort_men` stands."""
        (name,) = formula.names if len(formula.names) == 1 else ("",)
        found = self.meaning(name) if formula.text == name else None
        return found if isinstance(found, Table) else None

    def of(self, formula: Formula) -> np.ndarray:
        """array[draw] of a formula."""
        return np.broadcast_to(formula.evaluate(self, self.scenario.time.day), (self.draws.n,))

    def __iter__(self):
        return iter(self.scenario.parameters)

    def __len__(self):
        return len(self.scenario.parameters)


class Context:
    """Evaluates formulas for all strategies at once, in one group."""

    def __init__(self, scenario: Scenario, draws: Draws, group: Group):
        self.scenario, self.draws, self.group = scenario, draws, group
        self.periods = scenario.periods or (_NOTHING,)
        self._values = {
            (s, p): self.values(s, period) for s in scenario.strategies for p, period in enumerate(self.periods)
        }

    def values(self, strategy: str, period: Period, built_in=None, rows=slice(None)) -> Values:
        owners = (self.scenario.strategies[strategy], self.group, period)
        scopes = (*(owner.bindings for owner in owners), self.scenario.definitions)
        return Values(self.scenario, self.draws, scopes, built_in, rows)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.scenario.strategies), self.draws.n

    def at(self, formula: Formula, period: int = 0) -> np.ndarray:
        """[strategy, draw] of a formula in one period."""
        values = np.stack([self._values[s, period].of(formula) for s in self.scenario.strategies])
        tables.check_known(self, formula, values)
        return values

    def tables(self, name: str) -> list[Table]:
        """The table that a name stands for, in each strategy."""
        return [self._values[s, 0][name] for s in self.scenario.strategies]

    def over_time(self, formula: Formula, check, at_cycles: bool = False) -> Stepwise | OverTime:
        """A formula over model time. check(values[.., strategy, draw]) raises on values that are not allowed.

        at_cycles: as it is at the start of each cycle, and held; else at each instant, exactly where it is in steps that all
        draws share.
        """
        read = self.reads(formula)
        if not read & {"time", "cycle"}:
            level = self._by_period(formula, read)
        elif at_cycles:
            starts = self.scenario.time.grid[:-1]
            level = Stepwise(starts, TimedFormula(self, formula).value(starts))
        else:
            return self._in_steps(formula, check)
        check(level.values)
        return level

    def _in_steps(self, formula: Formula, check) -> Stepwise | OverTime:
        try:
            return TimedFormula(self, formula, check).level()
        except TooManySteps as error:
            place = self.scenario.line(tables.place_of(self, formula))
            raise DomainError(
                f"{place}: '{formula.text}' steps too often ({error} times); divide by a longer unit"
            ) from None

    def _by_period(self, formula: Formula, read: set[str]) -> Stepwise:
        if any(read & set(period.bindings) for period in self.periods):
            return Stepwise(
                np.array([p.start for p in self.periods]),
                np.stack([self.at(formula, p) for p in range(len(self.periods))]),
            )
        return Stepwise(np.zeros(1), self.at(formula)[None])

    def by_waiting(self, formula: Formula, name: str) -> Stepwise:
        """A formula of 'waited' or 'time_in_state', in steps of an hour up to a month, then of a day up to a year; it is
        taken at the start of a step, and as it is after a year from there on."""
        starts, day = WAITING / self.scenario.time.day, self.scenario.time.day
        shape, built_in = (len(starts), self.draws.n), {name: starts[:, None]}
        values = [
            np.broadcast_to(formula.evaluate(self.values(s, self.periods[0], built_in), day), shape)
            for s in self.scenario.strategies
        ]
        return Stepwise(starts, np.stack(values, axis=1))

    def reads(self, formula: Formula) -> set[str]:
        """Names that a formula reads, through bindings and formula parameters, in any strategy and period."""
        return self.scenario.reads(formula, (self.group,))
