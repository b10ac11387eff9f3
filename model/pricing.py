"""The price list: which quantity counts how much in which outcome."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model.context import Context
from model.draws import DomainError, Draws
from model.formula import Formula
from model.limits import check_values
from model.quantities import COST, EFFECT
from model.scenario import Effect, Group, Scenario

FULL_HEALTH = 1 + 1e-9


def price_list(scenario: Scenario, draws: Draws, group: Group) -> Prices:
    """Costs by component (weight: cost discount), QALYs, life-years and other effects (effect discount)."""
    context = Context(scenario, draws, group)
    _check_dead(context)
    items = {f"cost: {c}": tuple(_cost(context, c)) for c in scenario.components}
    items["qaly"] = tuple(_qaly(context))
    items["life_years"] = tuple(
        _time(
            context, "", {k: None for k, s in scenario.states.items() if s.alive and not s.chance}, scenario.time.years
        )
    )
    for key, effect in scenario.effects.items():
        items[key] = tuple(_effect(context, effect))
    weights = {name: COST if name.startswith("cost: ") else EFFECT for name in items}
    return Prices(items, weights)


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
    keys, found = list(scenario.states), {}
    for price in prices.items["qaly"]:
        if price.of == "time":
            value = price.value / scenario.time.years
            found[keys[price.index]] = np.maximum(value, found.get(keys[price.index], value))
    return found


def _each(
    context: Context, place: str, formula: Formula | None, of: str, index: int, factor: float = 1.0
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
    for i, move in enumerate(context.scenario.transitions):
        place = f"transitions.{move.label}.cost.{component}"
        yield from _each(context, place, move.costs.get(component), "move", i)


def _qaly(context: Context) -> Iterator[Price]:
    years = context.scenario.time.years
    for i, (key, state) in enumerate(context.scenario.states.items()):
        yield from _each(context, f"states.{key}.utility", state.utility, "time", i, years)
        yield from _entry(context, f"states.{key}.entry qaly", state.entry_qaly, i, years)
    for i, move in enumerate(context.scenario.transitions):
        yield from _each(context, f"transitions.{move.label}.qaly", move.qaly, "move", i, years)


def _entry(context: Context, place: str, formula: Formula | None, state: int, factor: float) -> Iterator[Price]:
    """A price on every way into a state, starting there included."""
    key = list(context.scenario.states)[state]
    yield from _each(context, place, formula, "start", state, factor)
    for i, move in enumerate(context.scenario.transitions):
        if move.target == key:
            yield from _each(context, place, formula, "move", i, factor)


def _time(context: Context, place: str, weights: dict[str, Formula | None], factor: float) -> Iterator[Price]:
    states = list(context.scenario.states)
    one = np.ones((len(context.scenario.strategies), context.draws.n))
    for key, weight in weights.items():
        if weight is not None:
            yield from _each(context, f"{place}.{key}", weight, "time", states.index(key), factor)
            continue
        for period in range(len(context.periods)):
            yield Price("time", states.index(key), period, one * factor)


def _effect(context: Context, effect: Effect) -> Iterator[Price]:
    if effect.states:
        yield from _time(context, f"effects.{effect.key}.time in", effect.states, 1 / effect.per)
        return
    one, states = np.ones((len(context.scenario.strategies), context.draws.n)), list(context.scenario.states)
    for key in effect.entries:
        yield Price("start", states.index(key), 0, one)
    for i, move in enumerate(context.scenario.transitions):
        if move.label in effect.moves or move.target in effect.entries:
            for period in range(len(context.periods)):
                yield Price("move", i, period, one)
