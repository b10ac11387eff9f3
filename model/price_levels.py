"""Prices over time: the stretches of the model in which none of them changes, those of a stay, and the mean of each in them.

Where a price steps at times that all draws share, a stretch begins; where it changes in another way, one begins with every cycle.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from model.context import Context
from model.draws import DomainError, Draws
from model.dynamics import Doses
from model.formula import Formula
from model.instants import HAIR, before, distinct, is_whole
from model.over_time import OverTime, Stepwise, on_grid
from model.scenario import Scenario, Schedule, State
from model.switches import Shapes
from model.timed_formula import AgedFormula, TimedFormula

CLOCK, AGE = {"time", "cycle"}, "time_in_state"
MOST_DOSES = 100_000  # of one stay
SOME = 20  # draws that are looked at to see whether they step together
AT_START = {"time": 0.0, "cycle": 1.0}


class Priced(Context):
    """Formulas of prices, with the stretches of all of them."""

    @cached_property
    def starts(self) -> np.ndarray:
        """Of the stretches of the model."""
        return starts(self)

    @cached_property
    def ages(self) -> dict[int, np.ndarray]:
        """By index of a state in which some price goes by the time in it, the times in it at which its stretches begin."""
        found = ((i, _age_starts(self, state)) for i, state in enumerate(self.scenario.states.values()))
        return {i: ages for i, ages in found if len(ages) > 1}

    @cached_property
    def doses(self) -> tuple[Doses, ...]:
        """All schedules of all states."""
        return tuple(
            _doses(self, i, f"states.{state.key}.cost.{component}", schedule)
            for i, state in enumerate(self.scenario.states.values())
            for component, schedule in state.schedules.items()
        )


def level(context: Context, formula: Formula, check: Callable = lambda values: None) -> Stepwise | OverTime:
    """A price over model time. check(values[.., strategy, draw]) raises on values that are not allowed."""
    if not context.reads(formula) & {*CLOCK, AGE}:
        return context.over_time(formula, check)
    return _at_age(context, formula, check, 0.0)


def _at_age(context: Context, formula: Formula, check: Callable, age: float) -> Stepwise | OverTime:
    found = TimedFormula(context, formula, check, beside={AGE: age}).level(most_splits=0)
    if isinstance(found, Stepwise):
        check(found.values)
    return found


def starts(context: Context) -> np.ndarray:
    """Start of each stretch: of the periods, and of those between the steps of prices."""
    frame, found = context.scenario.time, [np.array([period.start for period in context.periods])]
    for formula in prices(context.scenario):
        if context.reads(formula) & CLOCK:
            price = level(context, formula)
            found += [price.starts] if isinstance(price, Stepwise) else [price.edges[:-1], frame.grid[:-1]]
    if len(found) == 1:
        return found[0]
    times = np.concatenate(found)
    return distinct(times[before(times, frame.horizon)], frame.horizon)


def means(context: Context, price: Stepwise | OverTime, begins: np.ndarray) -> np.ndarray:
    """[stretch, strategy, draw] mean of a price; one stretch for all where it never changes."""
    if isinstance(price, OverTime):
        return on_grid(price, np.append(begins, context.scenario.time.horizon)).values
    if len(price.starts) == 1:
        return price.values
    ends = np.append(begins[1:], max(context.scenario.time.horizon, begins[-1]))
    return price.value((begins + ends) / 2)


def highest(context: Priced, formula: Formula) -> np.ndarray:
    """[strategy, draw] the most that a price is at any time."""
    if AGE in context.reads(formula):
        ages = distinct(np.concatenate(_steps_of_age(context, formula, "")), context.scenario.time.horizon)
        return aged_means(context, formula, lambda values: None, ages).max(axis=(0, 1))
    return means(context, level(context, formula), context.starts).max(axis=0)


def stretches(scenario: Scenario, draws: Draws) -> int:
    """How many there are, for a table of draws or a larger one with these."""
    some = draws.part(0, min(draws.n, SOME))
    return max(len(starts(Context(scenario, some, group))) for group in scenario.groups.values())


def by_stays(scenario: Scenario) -> bool:
    """Some price goes by the time in state, or is of doses."""
    states, groups = scenario.states.values(), scenario.groups.values()
    paid = [formula for state in states for formula in (*state.costs.values(), state.utility) if formula is not None]
    return any(s.limits or s.schedules for s in states) or any(AGE in scenario.reads(f, groups) for f in paid)


def prices(scenario: Scenario) -> Iterator[Formula]:
    """Every formula of what something costs or is worth."""
    for state in scenario.states.values():
        yield from (*state.costs.values(), *state.entry_costs.values())
        yield from (schedule.amount for schedule in state.schedules.values())
        yield from filter(None, (state.utility, state.entry_qaly))
    for transition in scenario.transitions:
        yield from transition.costs.values()
        yield from filter(None, (transition.qaly,))
    if scenario.partition is not None:
        yield from (portion.amount for portion in scenario.partition.portions)
        yield from (fall.cost for fall in scenario.partition.falls)
    for effect in scenario.effects.values():
        yield from filter(None, effect.states.values())


# --- by the time in state -----------------------------------------------------------------------------------------


def _age_starts(context: Context, state: State) -> np.ndarray:
    fields = {f"cost.{component}": formula for component, formula in state.costs.items()}
    fields |= {} if state.utility is None else {"utility": state.utility}
    found = [np.zeros(1)]
    for field, formula in fields.items():
        if AGE in context.reads(formula):
            found += _steps_of_age(context, formula, f"states.{state.key}.{field}")
    for component, most in state.limits.items():
        found += _steps_of_limit(context, limit(context, state.key, component, most))
    times, horizon = np.concatenate(found), context.scenario.time.horizon
    ages = distinct(times[before(times, horizon)], horizon)
    _check_whole_cycles(context, state, ages)
    return ages


def _check_whole_cycles(context: Context, state: State, ages: np.ndarray) -> None:
    """DomainError where a textbook convention, which sees the ends of cycles only, cannot tell when a stay is so long."""
    frame = context.scenario.time
    between = [age for age in ages if not is_whole(age / frame.cycle, frame.cycles)]
    if frame.convention != "integral" and between:
        raise DomainError(
            f"{context.scenario.line(f'states.{state.key}')}: a price changes {between[0]:.6g} {frame.unit}s after entry, within a "
            f"cycle; under the cycle convention '{frame.convention}' it can at the ends of cycles of a stay only: take a cycle that "
            "divides that time, or 'convention: integral'"
        )


def _steps_of_age(context: Context, formula: Formula, place: str) -> list[np.ndarray]:
    """Times in state at which a price steps, or all cycles where that differs by draw, or it changes smoothly."""
    edges, own, smooth = AgedFormula(context, formula, beside=AT_START).edges(0)
    if context.reads(formula) & _over_model_time(context):
        if own is not None:
            raise DomainError(
                f"{context.scenario.line(place)}: '{formula.text}' changes with the time in state at times that differ by draw, and "
                "with the time of the model besides: only one of the two can be; give the one a number that is not sampled"
            )
        _check_apart(context, formula, place)
    return [edges[:-1], context.scenario.time.grid[:-1]] if smooth or own is not None else [edges[:-1]]


def _over_model_time(context: Context) -> set[str]:
    return CLOCK | {name for period in context.periods for name in period.bindings}


def _check_apart(context: Context, formula: Formula, place: str) -> None:
    """DomainError where something turns by both clocks at once, such as the time of entry."""
    for strategy in context.scenario.strategies:
        for period in context.periods:
            shapes = Shapes(context.values(strategy, period).meaning, AGE)
            shapes.of(formula)
            for switch in shapes.switches:
                names = {node.id for node in ast.walk(switch.tree) if isinstance(node, ast.Name)}
                read = context.reads(Formula("", switch.tree, frozenset(names)))
                if read & CLOCK:
                    raise DomainError(
                        f"{context.scenario.line(place)}: in '{formula.text}' something turns by the time of the model and the time in "
                        "state together; let each comparison, lookup, min or max read one of them"
                    )


def aged_means(context: Priced, formula: Formula, check: Callable, ages: np.ndarray) -> np.ndarray:
    """[stretch of the stay, stretch of the model or one for all, strategy, draw] mean of a price."""
    ends = np.append(ages[1:], context.scenario.time.horizon)
    if not context.reads(formula) & _over_model_time(context):
        price = AgedFormula(context, formula, check).level(most_splits=0)
        found = means(context, price, ages)
        check(found)
        return np.broadcast_to(found, (len(ages), *found.shape[1:]))[:, None]
    middles = (ages + ends) / 2
    return np.stack([means(context, _at_age(context, formula, check, m), context.starts) for m in middles])


def limit(context: Context, state: str, component: str, most: Formula) -> np.ndarray:
    """[strategy, draw] time in state after which nothing is paid."""
    place, value = f"states.{state}.cost.{component}.for at most", context.at(most)
    _check_positive(context, place, value, most)
    return value


def _steps_of_limit(context: Context, most: np.ndarray) -> list[np.ndarray]:
    shared = (most == most[:, :1]).all()
    return [np.append(0.0, most[:, 0])] if shared else [context.scenario.time.grid[:-1]]


def within_limit(context: Context, most: np.ndarray, ages: np.ndarray) -> np.ndarray:
    """[stretch of the stay, 1, strategy, draw] share of each stretch that is before the limit."""
    ends = np.append(ages[1:], context.scenario.time.horizon)
    share = (most - ages[:, None, None]) / (ends - ages)[:, None, None]
    return np.clip(share, 0, 1)[:, None]


# --- schedules ----------------------------------------------------------------------------------------------------


def _doses(context: Context, state: int, place: str, schedule: Schedule) -> Doses:
    every = context.at(schedule.every)
    _check_positive(context, f"{place}.every", every, schedule.every)
    most = np.full(context.shape, np.inf) if schedule.at_most is None else context.at(schedule.at_most)
    if schedule.at_most is not None:
        most = np.floor(most + HAIR)
        _check_positive(context, f"{place}.at most", most, schedule.at_most)
    number = np.minimum(context.scenario.time.horizon / every, most).max()
    if number > MOST_DOSES:
        raise DomainError(
            f"{context.scenario.line(f'{place}.every')}: '{schedule.every.text}' makes {number:,.0f} doses up to the horizon; at most "
            f"{MOST_DOSES:,} are allowed: let them be further apart, or state a cost per unit of time"
        )
    return Doses(context.scenario.line(place), state, every, most, schedule.clock)


def _check_positive(context: Context, place: str, values: np.ndarray, formula: Formula) -> None:
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        strategy, draw = np.argwhere(bad)[0]
        raise DomainError(
            f"{context.scenario.line(place)}: '{formula.text}' must be above 0, and is {values[strategy, draw]:.6g} in strategy "
            f"{list(context.scenario.strategies)[strategy]}, {context.draws.label(draw) or 'the base case'}"
        )
