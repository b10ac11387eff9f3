"""Scenario + Draws -> Dynamics (for engines) and Prices (for outcomes): formulas become numbers.

Shapes: [strategy, draw], and [piece, strategy, draw] for what changes over model time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from model import hazards, tables
from model.dependencies import in_order
from model.draws import DomainError, Draws
from model.formula import Formula, Table
from model.hazards import Hazard
from model.over_time import OverTime, Stepwise, rest
from model.scenario import Discount, Group, Period, Scenario, Survival, TimeFrame, Transition
from model.timed_formula import TimedFormula

_NOTHING = Period("", 0.0, np.inf, {})
WAITING = np.concatenate([np.arange(720) / 24, np.arange(30, 366.0)])  # days
CLOCKS = {"waited": "waited", "time_since_entry": "entry"}


@dataclass(frozen=True)
class Move:
    """A transition between state indices. kind: 'rate', 'survival', 'chance', 'per cycle'.

    clock: of a survival distribution 'model' or 'state'; of a level 'model', or (branches of chance nodes) 'waited', the time
    queued so far, or 'entry', the time spent in the state that was left for the node. place: file, line and field, for messages.
    ratio: of a survival distribution, a hazard ratio that changes with model time: h(t) = ratio(t) h0(t on the clock).
    """

    label: str
    source: int
    target: int
    kind: str
    clock: str = "model"
    level: Stepwise | OverTime | None = None
    hazard: Hazard | None = None
    ratio: Stepwise | None = None
    place: str = ""


@dataclass(frozen=True)
class Dynamics:
    """All that an engine needs to know. start: [strategy, draw, state]; periods: start of each period; at: times beside
    the cycles' at which a trace is wanted."""

    states: tuple[str, ...]
    strategies: tuple[str, ...]
    chance: tuple[bool, ...]
    start: np.ndarray
    moves: tuple[Move, ...]
    time: TimeFrame
    discount: Discount
    periods: np.ndarray
    dead: tuple[bool, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        return self.start.shape[:2]

    @property
    def by_cycle(self) -> bool:
        """Patients move at the ends of cycles, by probabilities per cycle, and not by hazards."""
        return any(move.kind == "per cycle" for move in self.moves)


@dataclass(frozen=True)
class Price:
    """One value per unit of a quantity. of: 'time', 'move' or 'start'; index: state or transition; [strategy, draw]."""

    of: str
    index: int
    period: int
    value: np.ndarray


@dataclass(frozen=True)
class Prices:
    """Prices of each outcome; costs by component. `weights` says which discounted quantity each outcome uses."""

    items: dict[str, tuple[Price, ...]]
    weights: dict[str, int]


class Values(Mapping):
    """Names -> arrays[draw] in model units, in one context; bindings and formula parameters are followed.

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
        bindings = self.scenario.strategies[strategy].bindings
        return Values(self.scenario, self.draws, (bindings, self.group.bindings, period.bindings), built_in, rows)

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
            return TimedFormula(self, formula, check).level()
        check(level.values)
        return level

    def _by_period(self, formula: Formula, read: set[str]) -> Stepwise:
        if any(read & set(period.bindings) for period in self.periods):
            return Stepwise(
                np.array([p.start for p in self.periods]),
                np.stack([self.at(formula, p) for p in range(len(self.periods))]),
            )
        return Stepwise(np.zeros(1), self.at(formula)[None])

    def by_waiting(self, formula: Formula, name: str) -> Stepwise:
        """A formula of 'waited' or 'time_since_entry', in steps of an hour up to a month, then of a day up to a year; it is
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


def group_weights(scenario: Scenario, draws: Draws) -> dict[str, np.ndarray]:
    """Share of each group, array[draw]; DomainError where they do not add up to 1."""
    values = Values(scenario, draws)
    weights = {key: np.array(values.of(group.weight)) for key, group in scenario.groups.items()}
    total = sum(weights.values())
    stacked = np.stack(list(weights.values()))
    if (stacked < 0).any() or not (np.abs(total - 1) <= 1e-9).all():
        row = int(np.argmax(~(np.abs(total - 1) <= 1e-9) | (stacked < 0).any(0)))
        found = ", ".join(f"{key} {w[row]:.6g}" for key, w in weights.items())
        raise DomainError(
            f"{scenario.line('groups')}: the weights of the groups must be 0 to 1 and add up to 1; in "
            f"{draws.label(row)} they are {found}"
        )
    return weights


def dynamics(scenario: Scenario, draws: Draws, group: Group) -> Dynamics:
    """What the engines need, for one group. Raises DomainError naming field, strategy, draw and value."""
    context = Context(scenario, draws, group)
    index = {key: i for i, key in enumerate(scenario.states)}
    moves = [_move(context, move, index) for move in scenario.transitions]
    moves = _with_rest(context, moves)
    periods = np.array([p.start for p in context.periods])
    return Dynamics(
        tuple(scenario.states),
        tuple(scenario.strategies),
        tuple(s.chance for s in scenario.states.values()),
        _start(context),
        tuple(moves),
        scenario.time,
        scenario.discount,
        periods,
        dead=tuple(not s.alive for s in scenario.states.values()),
    )


def _start(context: Context) -> np.ndarray:
    scenario = context.scenario
    zero = np.zeros((len(scenario.strategies), context.draws.n))
    columns = [zero if s.start is None else context.at(s.start) for s in scenario.states.values()]
    for key, column in zip(scenario.states, columns):
        check_values(context, f"states.{key}.start", column, 0, 1, scenario.states[key].start)
    total = sum(columns)
    check_values(context, "states: the sum of 'start'", total, 1 - 1e-9, 1 + 1e-9)
    return np.stack(columns, axis=-1)


def _move(context: Context, move: Transition, index: dict[str, int]) -> Move:
    place, ends = f"transitions.{move.label}", (move.label, index[move.source], index[move.target], move.kind)
    if move.kind == "survival":
        line, (constant, ratio) = context.scenario.line(f"{place}.survival"), _ratio(context, place, move.survival)
        hazard = _hazard(context, place, move.survival, constant)
        return Move(*ends, clock=move.survival.clock, hazard=hazard, ratio=ratio, place=line)
    formula = move.rate if move.kind == "rate" else move.probability
    if formula is None:
        return Move(*ends)
    field = {"rate": "rate", "chance": "probability"}.get(move.kind, "probability per cycle")
    check = partial(_check_rate if move.kind == "rate" else check_values, context, f"{place}.{field}", low=0, high=1)
    return Move(*ends, *_level(context, place, formula, partial(check, formula=formula)))


def _level(context: Context, place: str, formula: Formula, check) -> tuple[str, Stepwise | OverTime]:
    """(clock, level) of a rate or probability."""
    read = context.reads(formula)
    waiting = sorted(read & set(CLOCKS))
    if not waiting:
        by_cycle = any(move.kind == "per cycle" for move in context.scenario.transitions)
        return "model", context.over_time(formula, check, by_cycle)
    varying = {"time", "cycle"} | {name for period in context.scenario.periods for name in period.bindings}
    if len(waiting) > 1 or read & varying:
        raise DomainError(
            f"{context.scenario.line(place)}: a probability can change with one clock only: 'waited', "
            f"'time_since_entry', or time and periods; found {', '.join(sorted(read & {*CLOCKS, *varying}))}"
        )
    level = context.by_waiting(formula, waiting[0])
    check(level.values)
    if waiting[0] == "time_since_entry" and not context.scenario.time_in_state:
        return "model", Stepwise(level.starts[:1], level.values[:1])
    return CLOCKS[waiting[0]], level


def _with_rest(context: Context, moves: list[Move]) -> list[Move]:
    """Branches of a chance node add up to 1 ('rest' is the complement); per-cycle moves to at most 1."""
    result = []
    for move in moves:
        others = [m for m in moves if m.source == move.source and m.kind == move.kind and m.level is not None]
        place = f"states.{list(context.scenario.states)[move.source]}: the sum of its"
        if move.kind == "chance" and move.level is None:
            move = replace(move, clock=_one_clock(context, move, others), level=_rest(context, move, others))
        elif move.kind == "chance" and len(others) == sum(m.source == move.source for m in moves):
            _one_clock(context, move, others)
            _check_sum(context, f"{place} branches", others, 1 - 1e-9, 1 + 1e-9)
        elif move.kind == "per cycle":
            _check_sum(context, f"{place} probabilities per cycle", others, 0, 1 + 1e-12)
        result.append(move)
    return result


def _rest(context: Context, move: Move, others: list[Move]) -> Stepwise | OverTime:
    check = partial(check_values, context, f"transitions.{move.label}.probability (the rest)", low=0, high=1)
    level = rest([m.level for m in others], check, context.shape)
    check(level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values)
    return level


def _check_sum(context: Context, place: str, moves: list[Move], low: float, high: float) -> None:
    level = rest([m.level for m in moves], lambda values: None, context.shape)
    values = level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values
    check_values(context, place, 1 - values, low, high)


def _one_clock(context: Context, move: Move, branches: list[Move]) -> str:
    """The clock of all branches of a chance node; those that do not change go with any."""
    clocks = {m.clock for m in branches if isinstance(m.level, OverTime) or len(m.level.starts) > 1}
    if len(clocks) > 1:
        node = list(context.scenario.states)[move.source]
        raise DomainError(
            f"{context.scenario.line(f'states.{node}')}: its branches change with different clocks "
            f"({', '.join(sorted(clocks))}); let them all change with one"
        )
    return next(iter(clocks), "model")


def _ratio(context: Context, place: str, survival: Survival) -> tuple[np.ndarray | float, Stepwise | None]:
    """The hazard ratio of a survival distribution: (one that never changes, one that changes with model time)."""
    if survival.ratio is None:
        return 1.0, None
    check = partial(check_values, context, f"{place}.hazard ratio", low=0, high=np.inf, formula=survival.ratio)
    level = context.over_time(survival.ratio, check)
    if survival.family == "fixed":
        return level.values.min(axis=0), None  # a ratio above 0 leaves a fixed time as it is
    return (level.values[0], None) if len(level.starts) == 1 else (1.0, level)


def _hazard(context: Context, place: str, survival: Survival, ratio: np.ndarray | float) -> Hazard:
    factor = 1.0 if survival.acceleration is None else context.at(survival.acceleration)
    check_values(context, f"{place}.acceleration factor", np.asarray(factor), 0, np.inf, survival.acceleration)
    # Distributions stated 'in months' run on a clock of months: the acceleration carries the change of unit.
    factor = factor if survival.scale is None else factor * survival.scale
    try:
        if survival.table is not None:
            made = _life_table(context, place, survival)
        else:
            arguments = {name: _argument(context, value) for name, value in survival.arguments.items()}
            made = hazards.make(survival.family, **arguments)
        hazard = hazards.Hazard(made.family, made.parameters, ratio, factor)
        hazards.check(hazard)
        return hazard
    except hazards.HazardError as error:
        words = f", in {_words(context, error.where)}" if len(error.where) == 2 else ""
        raise DomainError(f"{context.scenario.line(f'{place}.survival')}: {error}{words}") from None


def _argument(context: Context, value):
    if isinstance(value, tuple):
        return np.stack([context.at(part) for part in value], axis=-1)
    return context.at(value)


def _life_table(context: Context, place: str, survival: Survival) -> Hazard:
    found, age = context.tables(survival.table), context.at(survival.arguments["age"])
    for s, table in enumerate(found):
        tables.check_age(context, table, np.where(np.arange(len(found))[:, None] == s, age, np.inf), place)
    if (age == age.flat[0]).all():
        age = age.flat[0]
    if all(table is found[0] for table in found):
        return hazards.life_table(found[0].at, found[0].values, np.maximum(age, found[0].at[0]))
    ages = np.unique(np.concatenate([table.at for table in found]))
    rates = np.stack([table.lookup(np.maximum(ages, table.at[0])) for table in found])
    rates = np.broadcast_to(rates[:, None], (*context.shape, len(ages)))
    return hazards.life_table(ages, rates, np.maximum(age, ages[0]))


def _check_rate(context: Context, place: str, values: np.ndarray, low: float, high: float, formula: Formula) -> None:
    """As `check_values`, without an upper limit; a hazard has to be a finite number at every time."""
    try:
        check_values(context, place, values, low, np.inf, formula)
    except DomainError as error:
        if np.isfinite(values).all() or "is read at" in str(error):
            raise
        raise DomainError(
            f"{error}. A hazard that begins or ends without bound is written with 'survival:', such as weibull(shape=0.5, scale=3)"
        ) from None


def check_values(
    context: Context, place: str, values: np.ndarray, low: float, high: float, formula: Formula | None = None
) -> None:
    """DomainError that names the first value [.., strategy, draw] that is not finite, or outside low..high.

    formula: of which they are the values; the message names the parameters behind it.
    """
    bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if not bad.any():
        return
    if formula is not None:
        tables.check_known(context, formula, values, place)
    where = np.unravel_index(int(np.argmax(bad)), bad.shape)
    raise DomainError(
        f"{context.scenario.line(place)}: {_found(values[where], low, high)}, in "
        f"{_words(context, where)}{_behind(context, formula, where)}"
    )


def _words(context: Context, where) -> str:
    """'strategy b, group old, draw 3' of an index [.., strategy, draw]; events in time have no such index."""
    if len(where) < 2:
        return f"group {context.group.key}" if len(context.scenario.groups) > 1 else "an event"
    strategy, group = list(context.scenario.strategies)[where[-2]], context.group.key
    words = [f"strategy {strategy}", f"group {group}" if len(context.scenario.groups) > 1 else ""]
    return ", ".join(word for word in (*words, context.draws.label(where[-1])) if word)


def _found(value: float, low: float, high: float) -> str:
    if not np.isfinite(value):
        return f"{value:g} is not a finite number (is something divided by 0, or the logarithm of what is not above 0?)"
    if high - low < 1e-6:
        return f"{value:.6g} must be {low:.6g}"
    allowed = f"{low:g} to {high:g}" if np.isfinite(high) else f"from {low:g}"
    return f"{value:.6g} is outside what is allowed ({allowed})"


def _behind(context: Context, formula: Formula | None, where) -> str:
    """The parameters behind a formula, with their values in the draw at fault."""
    if formula is None or len(where) < 2:
        return ""
    found = [
        f"{n} = {context.draws.column(n)[where[-1]]:.6g}"
        for n in sorted(context.reads(formula))
        if n in context.draws.values
    ]
    return f" ('{formula.text}' with {', '.join(found)})" if found else ""
