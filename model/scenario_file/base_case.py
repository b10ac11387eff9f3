"""What a run would refuse for its numbers is refused when the file is read: every formula at base values.

The formulas are evaluated by the same functions that a run uses, for one row of values; no engine runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from model import draws, formula, inputs, pricing, severity
from model.draws import DomainError, Draws
from model.formula import Formula
from model.scenario import Group, Scenario
from model.scenario_file.problems import Problems


def check_base_case(scenario: Scenario, problems: Problems) -> None:
    """Report values outside the model's domain at base values; warn of utilities above 1."""
    table = draws.base(scenario)
    _try(problems, inputs.group_weights, scenario, table)
    _try(problems, severity.check, scenario, table)
    for group in scenario.groups.values():
        before = len(problems.errors)
        if not _try(problems, _dynamics, scenario, table, group, problems) and scenario.partition is None:
            _each_state(scenario, table, group, problems)
        _try(problems, _prices, scenario, table, group, problems)
        if len(problems.errors) > before:  # what is wrong in one group is most often so in the others
            return


def _try(problems: Problems, function, *arguments) -> bool:
    try:
        function(*arguments)
    except DomainError as error:
        problems.say(str(error))
        return False
    return True


def _dynamics(scenario: Scenario, table: Draws, group: Group, problems: Problems) -> None:
    for move in inputs.checked(scenario, table, group).events().values():
        if not move.is_fixed and not np.isfinite(move.hazard.cumulative(scenario.time.horizon)).all():
            problems.warn_at(
                f"{scenario.line(f'transitions.{move.label}.survival')}: the hazard of this {move.hazard.family} grows beyond "
                "all numbers before the horizon, so the cohort engine refuses it (write fixed(...) for a time that is certain)"
            )


def _each_state(scenario: Scenario, table: Draws, group: Group, problems: Problems) -> None:
    """The first fault of each state: the moves out of one state are evaluated without the others."""
    for part in _parts(scenario):
        _try(problems, inputs.dynamics, part, table, group)


def _parts(scenario: Scenario) -> Iterator[Scenario]:
    starts = (formula.parse("1"), *[None] * len(scenario.states))
    states = {k: dataclasses.replace(s, start=start) for (k, s), start in zip(scenario.states.items(), starts)}
    yield dataclasses.replace(scenario, transitions=())
    for key in states:
        moves = tuple(move for move in scenario.transitions if move.source == key)
        yield dataclasses.replace(scenario, states=states, transitions=moves)


def _prices(scenario: Scenario, table: Draws, group: Group, problems: Problems) -> None:
    for key, values in pricing.utilities(scenario, pricing.price_list(scenario, table, group)).items():
        utility = scenario.states[key].utility
        if utility is not None and values.max() > pricing.FULL_HEALTH:
            _above_one(scenario, f"states.{key}.utility", values, utility, problems)


def _above_one(scenario: Scenario, place: str, values: np.ndarray, utility: Formula, problems: Problems) -> None:
    """A number is an error, as that of a parameter whose unit is 'utility'; a combination of parameters may be meant."""
    found = f"{scenario.line(place)}: {values.max():.6g} is above 1, which is full health"
    if not utility.names:
        problems.say(f"{found} (allowed: at most 1); divide utilities of a scale of 0 to 100 by 100")
        return
    strategy = list(scenario.strategies)[int(values.max(-1).argmax())]
    problems.warn_at(
        f"{found}: '{utility.text}' in strategy {strategy}, the base case; let it end at 1, as in 'min(1, ...)'"
    )
