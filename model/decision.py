"""What decides between the strategies of a scenario."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from model.effects import BUILT_IN, words_of
from model.outcome_keys import QALY
from model.scenario import Scenario, Wtp
from model.suggestions import check_known

ALL = "all"
STEPS = 200  # of the curves, where the thresholds of the file do not apply


class DecisionError(ValueError):
    """A decision that the scenario does not know: an effect, a group or a strategy that it does not have."""


@dataclass(frozen=True)
class Decision:
    """The strategy with the highest net benefit, wtp x effect - cost, is chosen.

    wtp: money per unit of the effect; effect: key of an outcome; group: of patients, or 'all'; reference: the strategy that
    the others are compared with.
    """

    wtp: float
    reference: str
    effect: str = QALY
    group: str = ALL

    def of_group(self, group: str) -> Decision:
        """The same for other patients."""
        return dataclasses.replace(self, group=group)


def decide(
    scenario: Scenario,
    effect: str = QALY,
    wtp: float | Sequence[float] | None = None,
    group: str = ALL,
    reference: str | None = None,
) -> tuple[Scenario, Decision]:
    """The decision asked for, and the scenario with the reference and the thresholds that belong to it.

    wtp: by default the first threshold of the file. Those of the file are per QALY, so another effect needs its own.
    Raises DecisionError.
    """
    levels = () if wtp is None else tuple(wtp) if isinstance(wtp, Sequence) else (wtp,)
    check_known([effect], (*BUILT_IN, *scenario.effects), "effect", DecisionError)
    check_known([group], groups(scenario), "group", DecisionError)
    if reference is not None:
        check_known([reference], scenario.strategies, "strategy", DecisionError)
        scenario = dataclasses.replace(scenario, reference=reference)
    if effect != QALY:
        if not levels:
            raise DecisionError(
                f"{scenario.path}: its thresholds are per {BUILT_IN[QALY].one}; say what a {words_of(scenario, effect).one} is worth, "
                "with --wtp"
            )
        high = 2 * max(levels) or 1.0
        scenario = dataclasses.replace(scenario, wtp=Wtp(levels, 0.0, high, high / STEPS))
    level = levels[0] if levels else scenario.wtp.thresholds[0]
    return scenario, Decision(float(level), scenario.reference_strategy, effect, group)


def groups(scenario: Scenario) -> tuple[str, ...]:
    """Whom a decision may concern: all patients, or those of one group or subgroup."""
    return (ALL, *(key for key in scenario.groups if key != ALL), *scenario.subgroups)
