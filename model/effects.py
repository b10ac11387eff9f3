"""What effects are called: those that every scenario has, and those that its file defines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.scenario import Scenario

QALY, LIFE_YEARS = "qaly", "life_years"


@dataclass(frozen=True)
class Words:
    """one: a unit of the effect, as in 'per QALY'; many: its name, as in 'Incremental QALYs'."""

    one: str
    many: str


BUILT_IN = {QALY: Words("QALY", "QALYs"), LIFE_YEARS: Words("life-year", "life-years")}


def words_of(scenario: Scenario, key: str) -> Words:
    """How an effect of the scenario is called: by its label, and by its unit where it has one."""
    if key in BUILT_IN:
        return BUILT_IN[key]
    effect = scenario.effects[key]
    label = effect.label or effect.key
    return Words(f"{effect.unit} of '{label}'" if effect.unit else f"unit of '{label}'", label)
