"""What makes up each outcome of a sheet: a quantity and its price, line by line, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.effects import BUILT_IN
from model.formula import Formula
from model.outcome_keys import COST, cost_of
from model.scenario import Effect, Scenario

Counted = Literal["time", "transition", "start", "fall"]


@dataclass(frozen=True)
class Line:
    """outcome: its name in tables; of, index: the quantity; price: None is 1; factor: of all; field: where the price is stated."""

    outcome: str
    of: Counted
    index: int
    words: str
    price: Formula | None
    factor: float
    field: str

    @property
    def is_cost(self) -> bool:
        return self.outcome.startswith(f"{COST}:")


def lines(scenario: Scenario) -> list[Line]:
    """All lines of all outcomes but the total cost, which is the sum of its components."""
    found = [line for component in scenario.components for line in _cost(scenario, component)]
    for key in BUILT_IN:
        found += _built_in(scenario, key)
    for effect in scenario.effects.values():
        found += _effect(scenario, effect)
    return found


def _cost(scenario: Scenario, component: str) -> Iterator[Line]:
    outcome = cost_of(component)
    for i, (key, state) in enumerate(scenario.states.items()):
        field, label = f"states.{key}", state.label or key
        if component in state.costs:
            price = state.costs[component]
            yield Line(outcome, "time", i, f"time in {label}", price, 1.0, f"{field}.cost.{component}")
        if component in state.entry_costs:
            entry = state.entry_costs[component]
            yield from _entry(scenario, outcome, i, entry, 1.0, f"{field}.entry cost.{component}")
    for i, transition in enumerate(scenario.transitions):
        if component in transition.costs:
            price, field = transition.costs[component], f"transitions.{transition.label}.cost.{component}"
            yield Line(outcome, "transition", i, transition.label, price, 1.0, field)
    if scenario.partition is not None:
        for i, portion in enumerate(scenario.partition.portions, len(scenario.states)):
            if portion.component == component:
                words = f"time in {portion.state}, some"
                yield Line(outcome, "time", i, words, portion.amount, 1.0, f"{portion.place}.amount")
        for i, fall in enumerate(scenario.partition.falls):
            if fall.component == component:
                yield Line(outcome, "fall", i, f"fall of {fall.curve}", fall.cost, 1.0, fall.place)


def _entry(scenario: Scenario, outcome: str, state: int, price: Formula, factor: float, field: str) -> Iterator[Line]:
    key = list(scenario.states)[state]
    yield Line(outcome, "start", state, f"starts in {scenario.states[key].label or key}", price, factor, field)
    for i, transition in enumerate(scenario.transitions):
        if transition.target == key:
            yield Line(outcome, "transition", i, f"{transition.label}, entry", price, factor, field)


def _built_in(scenario: Scenario, outcome: str) -> Iterator[Line]:
    effect, years = BUILT_IN[outcome], scenario.time.years
    (field, in_state), (entry_field, on_entry), (own, on_transition) = effect.state, effect.entry, effect.transition
    for i, (key, state) in enumerate(scenario.states.items()):
        worth, label = in_state(state), state.label or key
        if isinstance(worth, Formula) or worth is True:
            price = worth if isinstance(worth, Formula) else None
            yield Line(outcome, "time", i, f"time in {label}", price, years, f"states.{key}.{field}")
        entry = on_entry(state)
        if entry is not None:
            yield from _entry(scenario, outcome, i, entry, years, f"states.{key}.{entry_field}")
    for i, transition in enumerate(scenario.transitions):
        qaly = on_transition(transition)
        if qaly is not None:
            yield Line(outcome, "transition", i, transition.label, qaly, years, f"transitions.{transition.label}.{own}")


def _effect(scenario: Scenario, effect: Effect) -> Iterator[Line]:
    states = list(scenario.states)
    for key, weight in effect.states.items():
        label = scenario.states[key].label or key
        field = f"effects.{effect.key}.time in.{key}"
        yield Line(effect.key, "time", states.index(key), f"time in {label}", weight, 1 / effect.per, field)
    if effect.states:
        return
    for key in effect.entries:
        yield Line(effect.key, "start", states.index(key), f"starts in {key}", None, 1.0, f"effects.{effect.key}")
    for i, transition in enumerate(scenario.transitions):
        if transition.label in effect.transitions or transition.target in effect.entries:
            yield Line(effect.key, "transition", i, transition.label, None, 1.0, f"effects.{effect.key}")
