"""What outcomes are called and made of: those that every scenario has, and those that its file defines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.outcome_keys import COST, LIFE_YEARS, QALY, cost_of

if TYPE_CHECKING:
    from model.formula import Formula
    from model.scenario import Scenario, State, Transition


@dataclass(frozen=True)
class Words:
    """one: a unit of the effect, as in 'per QALY'; many: its name, as in 'Incremental QALYs'; heading: of a printed column."""

    one: str
    many: str
    heading: str


def _nothing(_) -> None:
    return None


@dataclass(frozen=True)
class BuiltIn(Words):
    """An effect that every scenario has, and what of the file makes it: the value of a year in a state (True: 1), and the
    years that an entry into a state, or a transition, brings at once. The field of the file is named with each."""

    state: tuple[str, Callable[[State], Formula | bool | None]]
    entry: tuple[str, Callable[[State], Formula | None]] = ("", _nothing)
    transition: tuple[str, Callable[[Transition], Formula | None]] = ("", _nothing)


BUILT_IN = {
    QALY: BuiltIn(
        "QALY",
        "QALYs",
        "QALYs",
        state=("utility", lambda state: state.utility),
        entry=("entry qaly", lambda state: state.entry_qaly),
        transition=("qaly", lambda transition: transition.qaly),
    ),
    LIFE_YEARS: BuiltIn(
        "life-year", "life-years", "life-years", state=("alive", lambda state: state.alive and not state.chance)
    ),
}


def words_of(scenario: Scenario, key: str) -> Words:
    """How an effect of the scenario is called: by its label, and by its unit where it has one."""
    if key in BUILT_IN:
        return BUILT_IN[key]
    effect = scenario.effects[key]
    label = effect.label or effect.key
    return Words(f"{effect.unit or 'unit'} ({label})", label, label)


def outcome_names(scenario: Scenario) -> tuple[str, ...]:
    """All outcomes in the order of tables."""
    return (COST, *BUILT_IN, *map(cost_of, scenario.components), *scenario.effects)
