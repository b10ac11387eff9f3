"""The price list: which quantity counts how much in which outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from model import price_levels
from model.draws import DomainError, Draws
from model.dynamics import columns
from model.effects import BUILT_IN, BuiltIn
from model.formula import Formula
from model.limits import check_values
from model.outcome_keys import QALY
from model.price_levels import Priced
from model.quantities import Counted
from model.scenario import Effect, Group, Partition, Scenario, State

FULL_HEALTH = 1 + 1e-9


@dataclass(frozen=True)
class Price:
    """One value per unit of a quantity. of: what is counted; index: of the state or transition.

    value: [stretch, strategy, draw], with one stretch where it never changes.
    """

    of: Counted
    index: int
    value: np.ndarray


@dataclass(frozen=True)
class Prices:
    """What makes up each component of the cost, and each effect."""

    costs: dict[str, tuple[Price, ...]]
    effects: dict[str, tuple[Price, ...]]
    ages: dict[int, slice] = field(default_factory=dict)  # as `Dynamics.columns`

    def of(self, draws: slice) -> Prices:
        """Those of some draws."""

        def some(parts: dict[str, tuple[Price, ...]]) -> dict[str, tuple[Price, ...]]:
            return {
                key: tuple(Price(p.of, p.index, p.value[..., draws]) for p in prices) for key, prices in parts.items()
            }

        return Prices(some(self.costs), some(self.effects), self.ages)


def price_list(scenario: Scenario, draws: Draws, group: Group) -> Prices:
    """Costs by component (discounted as costs), QALYs, life-years and other effects (discounted as effects)."""
    context = Priced(scenario, draws, group)
    _check_dead(context)
    costs = {component: tuple(_cost(context, component)) for component in scenario.components}
    built_in = {key: tuple(_built_in(context, effect)) for key, effect in BUILT_IN.items()}
    effects = built_in | {key: tuple(_effect(context, effect)) for key, effect in scenario.effects.items()}
    return Prices(costs, effects, columns(context.ages, len(scenario.states)))


def _check_dead(context: Priced) -> None:
    """DomainError where a state that was taken for dead, as it gives nothing, gives something in a draw."""
    for key, state in context.scenario.states.items():
        if not state.alive and not state.alive_stated:
            for formula in filter(
                None, (*state.costs.values(), *(s.amount for s in state.schedules.values()), state.utility)
            ):
                _check_nothing(context, key, formula)


def _check_nothing(context: Priced, key: str, formula: Formula) -> None:
    most = price_levels.highest(context, formula).max(axis=0)
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
            owner = (
                price.index
                if price.index < len(keys)
                else next(s for s, c in prices.ages.items() if price.index < c.stop)
            )
            value, key = price.value.max(axis=0) / scenario.time.years, keys[owner]
            highest[key] = np.maximum(value, highest.get(key, value))
    return highest


def _each(
    context: Priced, place: str, formula: Formula | None, of: Counted, index: int, factor: float = 1.0
) -> Iterator[Price]:
    """The price in every stretch. Starts are paid as it is at time 0."""
    if formula is None:
        return
    check = partial(check_values, context, place, low=-np.inf, high=np.inf, formula=formula)
    level = price_levels.level(context, formula, check)
    value = level.at(0.0)[None] if of == "start" else price_levels.means(context, level, context.starts)
    if value.any():
        yield Price(of, index, value * factor if factor != 1 else value)


def _cost(context: Priced, component: str) -> Iterator[Price]:
    for i, (key, state) in enumerate(context.scenario.states.items()):
        place = f"states.{key}"
        yield from _rate(context, f"{place}.cost.{component}", state.costs.get(component), i, 1.0, state, component)
        yield from _entry(context, f"{place}.entry cost.{component}", state.entry_costs.get(component), i, 1.0)
    for i, transition in enumerate(context.scenario.transitions):
        place = f"transitions.{transition.label}.cost.{component}"
        yield from _each(context, place, transition.costs.get(component), "transition", i)
    yield from _of_doses(context, component)
    if context.scenario.partition is not None:
        yield from _of_curves(context, context.scenario.partition, component)


def _rate(
    context: Priced,
    place: str,
    formula: Formula | None,
    index: int,
    factor: float,
    state: State | None = None,
    component: str = "",
) -> Iterator[Price]:
    """A price per unit of time in a state; where it goes by the time in it, one for each stretch of a stay."""
    most = None if state is None else state.limits.get(component)
    if formula is None or (most is None and price_levels.AGE not in context.reads(formula)):
        yield from _each(context, place, formula, "time", index, factor)
        return
    check = partial(check_values, context, place, low=-np.inf, high=np.inf, formula=formula)
    ages = context.ages.get(index, np.zeros(1))
    if most is None or state is None:
        values = price_levels.aged_means(context, formula, check, ages)
    else:
        limit = price_levels.limit(context, state.key, component, most)
        level = price_levels.level(context, formula, check)
        values = price_levels.within_limit(context, limit, ages) * price_levels.means(context, level, context.starts)
    first = columns(context.ages, len(context.scenario.states))[index].start if index in context.ages else index
    for i, value in enumerate(values):
        if value.any():
            yield Price("time", first + i, value * factor)


def _of_doses(context: Priced, component: str) -> Iterator[Price]:
    """Doses stand behind the transitions."""
    index = len(context.scenario.transitions)
    for key, state in context.scenario.states.items():
        for name, schedule in state.schedules.items():
            if name == component:
                yield from _each(context, f"states.{key}.cost.{name}.amount", schedule.amount, "transition", index)
            index += 1


def _of_curves(context: Priced, partition: Partition, component: str) -> Iterator[Price]:
    """Portions stand behind the states, and falls where other models have transitions."""
    for i, portion in enumerate(partition.portions, len(context.scenario.states)):
        if portion.component == component:
            yield from _each(context, f"{portion.place}.amount", portion.amount, "time", i)
    for i, fall in enumerate(partition.falls):
        if fall.component == component:
            yield from _each(context, fall.place, fall.cost, "transition", i)


def _built_in(context: Priced, effect: BuiltIn) -> Iterator[Price]:
    """Years of the effect."""
    years, (field, in_state), (entry_field, on_entry) = context.scenario.time.years, effect.state, effect.entry
    for i, (key, state) in enumerate(context.scenario.states.items()):
        worth = in_state(state)
        if isinstance(worth, bool):
            yield from _as_it_is(context, i, years) if worth else ()
        else:
            yield from _rate(context, f"states.{key}.{field}", worth, i, years)
        yield from _entry(context, f"states.{key}.{entry_field}", on_entry(state), i, years)
    field, on_transition = effect.transition
    for i, transition in enumerate(context.scenario.transitions):
        place = f"transitions.{transition.label}.{field}"
        yield from _each(context, place, on_transition(transition), "transition", i, years)


def _entry(context: Priced, place: str, formula: Formula | None, state: int, factor: float) -> Iterator[Price]:
    """A price on every way into a state, starting there included."""
    key = list(context.scenario.states)[state]
    yield from _each(context, place, formula, "start", state, factor)
    for i, transition in enumerate(context.scenario.transitions):
        if transition.target == key:
            yield from _each(context, place, formula, "transition", i, factor)


def _time(context: Priced, place: str, weights: dict[str, Formula | None], factor: float) -> Iterator[Price]:
    """Time in states, weighted or as it is."""
    states = list(context.scenario.states)
    for key, weight in weights.items():
        if weight is None:
            yield from _as_it_is(context, states.index(key), factor)
        else:
            yield from _each(context, f"{place}.{key}", weight, "time", states.index(key), factor)


def _as_it_is(context: Priced, state: int, factor: float) -> Iterator[Price]:
    yield Price("time", state, np.ones((1, *context.shape)) * factor)


def _effect(context: Priced, effect: Effect) -> Iterator[Price]:
    if effect.states:
        yield from _time(context, f"effects.{effect.key}.time in", effect.states, 1 / effect.per)
        return
    one, states = np.ones((1, *context.shape)), list(context.scenario.states)
    for key in effect.entries:
        yield Price("start", states.index(key), one)
    for i, transition in enumerate(context.scenario.transitions):
        if transition.label in effect.transitions or transition.target in effect.entries:
            yield Price("transition", i, one)
