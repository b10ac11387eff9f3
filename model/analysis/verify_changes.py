"""The scenario with something changed that must have a known effect. All are values: the file's scenario stays as it is."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from model.formula import Formula, parse
from model.scenario import (
    Branch,
    PerCycle,
    Rate,
    Scenario,
    Survival,
    TimeToEvent,
    Transition,
)

ZERO, ONE = parse("0"), parse("1")
Change = Callable[[Formula], Formula]


def constant(value: float) -> Formula:
    return parse(repr(float(value)))


def times(factor: float) -> Change:
    """A formula, so many times as much."""

    def changed(formula: Formula) -> Formula:
        tree = ast.BinOp(formula.tree, ast.Mult(), ast.Constant(factor))
        return replace(formula, text=f"({formula.text}) * {factor:g}", tree=tree, within=None)

    return changed


def with_costs(scenario: Scenario, change: Change) -> Scenario:
    """Every cost of states, transitions, doses and curves."""

    def each(costs: dict[str, Formula]) -> dict[str, Formula]:
        return {key: change(formula) for key, formula in costs.items()}

    states = {
        key: replace(
            state,
            costs=each(state.costs),
            entry_costs=each(state.entry_costs),
            schedules={c: replace(s, amount=change(s.amount)) for c, s in state.schedules.items()},
        )
        for key, state in scenario.states.items()
    }
    moves = tuple(replace(t, costs=each(t.costs)) for t in scenario.transitions)
    partition = scenario.partition
    if partition is not None:
        partition = replace(
            partition,
            portions=tuple(replace(p, amount=change(p.amount)) for p in partition.portions),
            falls=tuple(replace(f, cost=change(f.cost)) for f in partition.falls),
        )
    return replace(scenario, states=states, transitions=moves, partition=partition)


def with_utilities(scenario: Scenario, living: Formula) -> Scenario:
    """The same utility in every living state, and no change of QALYs at one moment."""
    states = {
        key: replace(state, entry_qaly=None, utility=living if state.alive and not state.chance else None)
        for key, state in scenario.states.items()
    }
    return replace(scenario, states=states, transitions=tuple(replace(t, qaly=None) for t in scenario.transitions))


def undiscounted(scenario: Scenario) -> Scenario:
    return replace(scenario, discount=replace(scenario.discount, cost=0.0, effect=0.0))


def identical(scenario: Scenario) -> Scenario:
    """Every strategy is what the reference is."""
    bindings = scenario.strategies[scenario.reference_strategy].bindings
    return replace(scenario, strategies={k: replace(s, bindings=bindings) for k, s in scenario.strategies.items()})


def reversed_strategies(scenario: Scenario) -> Scenario:
    """Every name of a strategy stands for what the strategy at the other end of the list is."""
    found = list(scenario.strategies.values())
    return replace(
        scenario,
        strategies={own.key: replace(own, bindings=other.bindings) for own, other in zip(found, found[::-1])},
    )


# --- death ----------------------------------------------------------------------------------------------------------


def without_deaths(scenario: Scenario) -> Scenario:
    """Nobody gets into a dead state. ValueError where a branch leaves no other way."""
    if scenario.partition is not None:
        return with_curves(scenario, 0.0)
    dead = set(scenario.dead_states)
    moves = tuple(_never(t) if t.target in dead else t for t in scenario.transitions)
    for key, state in scenario.states.items():
        if state.chance and not any(t.source == key and isinstance(t, Branch) and t.probability is None for t in moves):
            moves = _first_takes_the_rest(moves, key, dead)
    return replace(scenario, transitions=moves)


def _never(transition: Transition) -> Transition:
    match transition:
        case Branch() | PerCycle():
            return replace(transition, probability=ZERO)
        case _:
            return _rate(transition, ZERO)


def _rate(transition: Transition, rate: Formula) -> Rate:
    return Rate(transition.source, transition.target, transition.name, transition.costs, transition.qaly, rate)


def _first_takes_the_rest(moves: tuple[Transition, ...], node: str, dead: set[str]) -> tuple[Transition, ...]:
    for i, move in enumerate(moves):
        if isinstance(move, Branch) and move.source == node and move.target not in dead:
            return (*moves[:i], replace(move, probability=None), *moves[i + 1 :])
    raise ValueError(f"all branches of {node} lead to death")


def with_curves(scenario: Scenario, rate: float) -> Scenario:
    """Every survival curve is exponential."""
    assert scenario.partition is not None
    survival = Survival("exponential", {"rate": constant(rate)}, None, "model", None, None)
    curves = {key: replace(curve, survival=survival) for key, curve in scenario.partition.curves.items()}
    return replace(scenario, partition=replace(scenario.partition, curves=curves))


def deadly(scenario: Scenario, rate: float) -> Scenario:
    """Everyone in a living state dies at this rate, beside all else; by probabilities per cycle, in the first cycle."""
    if scenario.partition is not None:
        return with_curves(scenario, rate)
    target = scenario.dead_states[0]
    by_cycle = any(isinstance(t, PerCycle) for t in scenario.transitions)
    moves = tuple(_never(t) if isinstance(t, PerCycle) else t for t in scenario.transitions)
    for key in scenario.living_states:
        ends = key, target, "of the verification", dict[str, Formula](), None
        moves += (PerCycle(*ends, ONE) if by_cycle else Rate(*ends, constant(rate)),)
    return replace(scenario, transitions=moves)


# --- counting -------------------------------------------------------------------------------------------------------


def counting(scenario: Scenario) -> Scenario:
    """The only costs are 1 of each transition and each start, so that components are numbers of them.

    Component 'transition 3' is the fourth transition's number.
    """
    bare = with_costs(scenario, lambda formula: ZERO)
    states = {k: replace(s, costs={}, entry_costs={}, schedules={}, limits={}) for k, s in bare.states.items()}
    moves = tuple(replace(t, costs={f"transition {i}": ONE}) for i, t in enumerate(bare.transitions))
    return replace(undiscounted(bare), states=states, transitions=moves, left_out=())


def by_state_clock(scenario: Scenario) -> bool:
    """Some time to event runs from the entry into the state."""
    return any(isinstance(t, TimeToEvent) and t.survival.clock == "state" for t in scenario.transitions)
