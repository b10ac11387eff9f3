"""The price list: which quantity counts how much in which outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.context import Context
from model.draws import DomainError, Draws
from model.effects import BUILT_IN, BuiltIn
from model.formula import Formula
from model.limits import check_values
from model.outcome_keys import QALY
from model.scenario import Effect, Group, Partition, Scenario

FULL_HEALTH = 1 + 1e-9

Counted = Literal["time", "transition", "start"]


@dataclass(frozen=True)
class Price:
    """One value per unit of a quantity. of: what is counted; index: of the state or transition; value: [strategy, draw]."""

    of: Counted
    index: int
    period: int
    value: np.ndarray


@dataclass(frozen=True)
class Prices:
    """What makes up each component of the cost, and each effect."""

    costs: dict[str, tuple[Price, ...]]
    effects: dict[str, tuple[Price, ...]]


def price_list(scenario: Scenario, draws: Draws, group: Group) -> Prices:
    """Costs by component (discounted as costs), QALYs, life-years and other effects (discounted as effects)."""
    context = Context(scenario, draws, group)
    _check_dead(context)
    costs = {component: tuple(_cost(context, component)) for component in scenario.components}
    built_in = {key: tuple(_built_in(context, effect)) for key, effect in BUILT_IN.items()}
    return Prices(costs, built_in | {key: tuple(_effect(context, effect)) for key, effect in scenario.effects.items()})


def _check_dead(context: Context) -> None:
    """DomainError where a state that was taken for dead, as it gives nothing, gives something in a draw."""
    for key, state in context.scenario.states.items():
        if not state.alive and not state.alive_stated:
            for formula in filter(None, (*state.costs.values(), state.utility)):
                _check_nothing(context, key, formula)


def _check_nothing(context: Context, key: str, formula: Formula) -> None:
    most = np.max([context.at(formula, period) for period in range(len(context.periods))], axis=0).max(axis=0)
    if (most > 0).any():
        draw = int(np.argmax(most > 0))
        raise DomainError(
            f"{context.scenario.line(f'states.{key}')}: counts as dead, as nothing leaves it and it gives nothing above 0 at base "
            f"values, but '{formula.text}' is {most[draw]:.6g} in draw {context.draws.index[draw] + 1}; write 'alive: true' or "
            "'alive: false'"
        )


def utilities(scenario: Scenario, prices: Prices) -> dict[str, np.ndarray]:
    """Highest utility that each state has at any time, [strategy, draw]; states of utility 0 are left out."""
    keys = list(scenario.states)
    highest: dict[str, np.ndarray] = {}
    for price in prices.effects[QALY]:
        if price.of == "time":
            value, key = price.value / scenario.time.years, keys[price.index]
            highest[key] = np.maximum(value, highest.get(key, value))
    return highest


def _each(
    context: Context, place: str, formula: Formula | None, of: Counted, index: int, factor: float = 1.0
) -> Iterator[Price]:
    """The price in every period. Starts are paid in the first."""
    if formula is None:
        return
    for period in range(1 if of == "start" else len(context.periods)):
        value = context.at(formula, period)
        check_values(context, place, value, -np.inf, np.inf, formula)
        if value.any():
            yield Price(of, index, period, value * factor if factor != 1 else value)


def _cost(context: Context, component: str) -> Iterator[Price]:
    for i, (key, state) in enumerate(context.scenario.states.items()):
        place = f"states.{key}"
        yield from _each(context, f"{place}.cost.{component}", state.costs.get(component), "time", i)
        yield from _entry(context, f"{place}.entry cost.{component}", state.entry_costs.get(component), i, 1.0)
    for i, transition in enumerate(context.scenario.transitions):
        place = f"transitions.{transition.label}.cost.{component}"
        yield from _each(context, place, transition.costs.get(component), "transition", i)
    if context.scenario.partition is not None:
        yield from _of_curves(context, context.scenario.partition, component)


def _of_curves(context: Context, partition: Partition, component: str) -> Iterator[Price]:
    """Portions stand behind the states, and falls where other models have transitions."""
    for i, portion in enumerate(partition.portions, len(context.scenario.states)):
        if portion.component == component:
            yield from _each(context, f"{portion.place}.amount", portion.amount, "time", i)
    for i, fall in enumerate(partition.falls):
        if fall.component == component:
            yield from _each(context, fall.place, fall.cost, "transition", i)


def _built_in(context: Context, effect: BuiltIn) -> Iterator[Price]:
    """Years of the effect."""
    years, (field, in_state), (entry_field, on_entry) = context.scenario.time.years, effect.state, effect.entry
    for i, (key, state) in enumerate(context.scenario.states.items()):
        worth = in_state(state)
        if isinstance(worth, bool):
            yield from _as_it_is(context, i, years) if worth else ()
        else:
            yield from _each(context, f"states.{key}.{field}", worth, "time", i, years)
        yield from _entry(context, f"states.{key}.{entry_field}", on_entry(state), i, years)
    field, on_transition = effect.transition
    for i, transition in enumerate(context.scenario.transitions):
        place = f"transitions.{transition.label}.{field}"
        yield from _each(context, place, on_transition(transition), "transition", i, years)


def _entry(context: Context, place: str, formula: Formula | None, state: int, factor: float) -> Iterator[Price]:
    """A price on every way into a state, starting there included."""
    key = list(context.scenario.states)[state]
    yield from _each(context, place, formula, "start", state, factor)
    for i, transition in enumerate(context.scenario.transitions):
        if transition.target == key:
            yield from _each(context, place, formula, "transition", i, factor)


def _time(context: Context, place: str, weights: dict[str, Formula | None], factor: float) -> Iterator[Price]:
    """Time in states, weighted or as it is."""
    states = list(context.scenario.states)
    for key, weight in weights.items():
        if weight is None:
            yield from _as_it_is(context, states.index(key), factor)
        else:
            yield from _each(context, f"{place}.{key}", weight, "time", states.index(key), factor)


def _as_it_is(context: Context, state: int, factor: float) -> Iterator[Price]:
    for period in range(len(context.periods)):
        yield Price("time", state, period, np.ones(context.shape) * factor)


def _effect(context: Context, effect: Effect) -> Iterator[Price]:
    if effect.states:
        yield from _time(context, f"effects.{effect.key}.time in", effect.states, 1 / effect.per)
        return
    one, states = np.ones(context.shape), list(context.scenario.states)
    for key in effect.entries:
        yield Price("start", states.index(key), 0, one)
    for i, transition in enumerate(context.scenario.transitions):
        if transition.label in effect.transitions or transition.target in effect.entries:
            for period in range(len(context.periods)):
                yield Price("transition", i, period, one)
