"""Scenario + Draws -> Dynamics (for engines) and Prices (for outcomes): formulas become numbers.

Shapes: [strategy, draw], and [piece, strategy, draw] for what changes over model time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from model import hazards
from model.draws import DomainError, Draws
from model.formula import Formula
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
    queued so far, or 'entry', the time spent in the state that was left for the node.
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


@dataclass(frozen=True)
class Dynamics:
    """All that an engine needs to know. start: [strategy, draw, state]; periods: start of each period."""

    states: tuple[str, ...]
    strategies: tuple[str, ...]
    chance: tuple[bool, ...]
    start: np.ndarray
    moves: tuple[Move, ...]
    time: TimeFrame
    discount: Discount
    periods: np.ndarray

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
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

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
                return scope[name]
        if name in self.scenario.tables:
            return self.scenario.tables[name]
        known = name in self.draws.values or name not in self.scenario.parameters
        return None if known else self.scenario.parameters[name].formula

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
        return np.stack([self._values[s, period].of(formula) for s in self.scenario.strategies])

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
        starts = WAITING / self.scenario.time.day
        rows = []
        for start in starts:
            rows.append([self.values(s, self.periods[0], {name: start}).of(formula) for s in self.scenario.strategies])
        return Stepwise(starts, np.array(rows))

    def reads(self, formula: Formula) -> set[str]:
        """Names that a formula reads, through bindings and formula parameters, in any strategy and period."""
        return self.scenario.reads(formula, (self.group,))


def group_weights(scenario: Scenario, draws: Draws) -> dict[str, np.ndarray]:
    """Share of each group, array[draw]; DomainError where they do not add up to 1."""
    values = Values(scenario, draws)
    weights = {key: np.array(values.of(group.weight)) for key, group in scenario.groups.items()}
    total = sum(weights.values())
    stacked = np.stack(list(weights.values()))
    if (stacked < 0).any() or (np.abs(total - 1) > 1e-9).any():
        row = int(np.argmax((np.abs(total - 1) > 1e-9) | (stacked < 0).any(0)))
        found = ", ".join(f"{key} {w[row]:.6g}" for key, w in weights.items())
        raise DomainError(
            f"{scenario.line('groups')}: the weights of the groups must be 0 to 1 and add up to 1; in draw "
            f"{draws.index[row] + 1} they are {found}"
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
    )


def _start(context: Context) -> np.ndarray:
    scenario = context.scenario
    zero = np.zeros((len(scenario.strategies), context.draws.n))
    columns = [zero if s.start is None else context.at(s.start) for s in scenario.states.values()]
    for key, column in zip(scenario.states, columns):
        _check(context, f"states.{key}.start", column, 0, 1)
    total = sum(columns)
    _check(context, "states: the sum of 'start'", total, 1 - 1e-9, 1 + 1e-9)
    return np.stack(columns, axis=-1)


def _move(context: Context, move: Transition, index: dict[str, int]) -> Move:
    place, ends = f"transitions.{move.label}", (move.label, index[move.source], index[move.target], move.kind)
    if move.kind == "survival":
        constant, ratio = _ratio(context, place, move.survival)
        hazard = _hazard(context, place, move.survival, constant)
        return Move(*ends, clock=move.survival.clock, hazard=hazard, ratio=ratio)
    formula = move.rate if move.kind == "rate" else move.probability
    if formula is None:
        return Move(*ends)
    field = {"rate": "rate", "chance": "probability"}.get(move.kind, "probability per cycle")
    check = partial(_check_rate if move.kind == "rate" else _check, context, f"{place}.{field}", low=0, high=1)
    return Move(*ends, *_level(context, place, formula, check))


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
    check = partial(_check, context, f"transitions.{move.label}.probability (the rest)", low=0, high=1)
    level = rest([m.level for m in others], check, context.shape)
    check(level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values)
    return level


def _check_sum(context: Context, place: str, moves: list[Move], low: float, high: float) -> None:
    level = rest([m.level for m in moves], lambda values: None, context.shape)
    values = level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values
    _check(context, place, 1 - values, low, high)


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
    check = partial(_check, context, f"{place}.hazard ratio", low=0, high=np.inf)
    level = context.over_time(survival.ratio, check)
    if survival.family == "fixed":
        return level.values.min(axis=0), None  # a ratio above 0 leaves a fixed time as it is
    return (level.values[0], None) if len(level.starts) == 1 else (1.0, level)


def _hazard(context: Context, place: str, survival: Survival, ratio: np.ndarray | float) -> Hazard:
    factor = 1.0 if survival.acceleration is None else context.at(survival.acceleration)
    _check(context, f"{place}.acceleration factor", np.asarray(factor), 0, np.inf)
    # Distributions stated 'in months' run on a clock of months: the acceleration carries the change of unit.
    factor = factor if survival.scale is None else factor * survival.scale
    try:
        if survival.table is not None:
            made = _life_table(context, survival)
        else:
            arguments = {name: _argument(context, value) for name, value in survival.arguments.items()}
            made = hazards.make(survival.family, **arguments)
        hazard = hazards.Hazard(made.family, made.parameters, ratio, factor)
        hazards.check(hazard)
        return hazard
    except hazards.HazardError as error:
        raise DomainError(f"{context.scenario.line(f'{place}.survival')}: {error}") from None


def _argument(context: Context, value):
    if isinstance(value, tuple):
        return np.stack([context.at(part) for part in value], axis=-1)
    return context.at(value)


def _life_table(context: Context, survival: Survival) -> Hazard:
    table = context.scenario.tables[survival.table]
    age = context.at(survival.arguments["age"])
    if (age == age.flat[0]).all():
        age = age.flat[0]
    return hazards.life_table(table.at, table.values, age)


def _check_rate(context: Context, place: str, values: np.ndarray, low: float, high: float) -> None:
    """As `_check`, without an upper limit; a hazard has to be a finite number at every time."""
    if np.isfinite(values).all():
        return _check(context, place, values, low, np.inf)
    where = np.unravel_index(int(np.argmax(~np.isfinite(values))), values.shape)
    raise DomainError(
        f"{context.scenario.line(place)}: {values[where]:g} is not a finite number, {_whose(context, where)}"
        f"{_inputs_of(context, place, where)}. A hazard that begins or ends without bound is written with 'survival:', "
        "such as weibull(shape=0.5, scale=3)"
    )


def _check(context: Context, place: str, values: np.ndarray, low: float, high: float) -> None:
    """DomainError that names the first value outside low..high."""
    bad = ~((values >= low) & (values <= high))
    if not bad.any():
        return
    where = np.unravel_index(int(np.argmax(bad)), bad.shape)
    allowed = f"{low:g} to {high:g}" if np.isfinite(high) else f"from {low:g}"
    raise DomainError(
        f"{context.scenario.line(place)}: {values[where]:.6g} is outside what is allowed ({allowed}), "
        f"{_whose(context, where)}{_inputs_of(context, place, where)}"
    )


def _whose(context: Context, where) -> str:
    """Strategy, group and draw of a place [.., strategy, draw]."""
    words = [f"group {context.group.key}"] if len(context.scenario.groups) > 1 else []
    if len(where) >= 2:
        words = [
            f"strategy {list(context.scenario.strategies)[where[-2]]}",
            *words,
            f"draw {context.draws.index[where[-1]] + 1}",
        ]
    return f"in {', '.join(words)}" if words else "at the time of an event"


def _inputs_of(context: Context, place: str, where) -> str:
    """The sampled parameters behind a formula, with their values in the draw at fault."""
    from model.scenario_file.names import uses

    formula = next((u.formula for u in uses(context.scenario) if u.place == place), None)
    if formula is None or len(where) < 2:
        return ""
    row = where[-1]
    found = [
        f"{n} = {context.draws.column(n)[row]:.6g}" for n in sorted(context.reads(formula)) if n in context.draws.values
    ]
    return f" ('{formula.text}' with {', '.join(found)})" if found else ""
