"""Which states are dead: those that are called so, and those that nothing leaves and that give nothing.

The answer may need numbers, so it is found once, when the file is read, and stands in `State.alive` for all that asks:
life-years, survival, figures, manifest, calibration. A draw that contradicts it is refused (`pricing`).
"""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from model import chances, draws, price_levels
from model.draws import DomainError
from model.price_levels import Priced
from model.scenario import Scenario, State
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems

PROBED = 256  # draws in which a formula of uncertain parameters is looked at
DEATH = re.compile(r"dead|death|died|deceas|mortality|^d$", re.IGNORECASE)


def settled(scenario: Scenario, root: Map, problems: Problems) -> Scenario:
    """The scenario with `alive` found for every state that does not state it."""
    if scenario.partition is not None:
        return scenario
    left = {t.source for t in scenario.transitions if t.target != t.source}
    states = dict(scenario.states)
    for key, state in states.items():
        if not state.alive_stated and key not in left and not _holds_all(scenario, state):
            given = _given(scenario, state, problems)
            states[key] = dataclasses.replace(state, alive=bool(given))
            if advice := _advice(state, given):
                problems.warn(root.section("states").at(key), advice)
    return dataclasses.replace(scenario, states=states)


def _holds_all(scenario: Scenario, state: State) -> bool:
    """Everyone starts here, nobody leaves, and something counts: the model is of the living, whatever a value is at the moment."""
    starts = [s.key for s in scenario.states.values() if s.start is not None and s.start.text != "0"]
    return starts == [state.key] and bool(state.costs or state.schedules or state.utility)


def _advice(state: State, given: str) -> str:
    if given:
        return (
            f"nothing leaves it and it gives a {given} above 0, so it counts as alive; write 'alive: true' if so, and "
            "'alive: false' if it is a dead state"
        )
    if DEATH.search(state.key) or DEATH.search(state.label):
        return ""
    return (
        "counts as dead, as nothing leaves it and it gives neither cost nor utility above 0; write 'alive: false' if so, and "
        "'alive: true' if it is not"
    )


def _given(scenario: Scenario, state: State, problems: Problems) -> str:
    """'utility' or 'cost', where one is above 0 in any group, strategy, period and draw."""
    formulas = [("utility", state.utility), *(("cost", formula) for formula in state.costs.values())]
    formulas += [("cost", schedule.amount) for schedule in state.schedules.values()]
    formulas = [(word, formula) for word, formula in formulas if formula is not None]
    for table in _tables(scenario) if formulas else ():
        try:
            for word, formula in formulas:
                if any(_positive(Priced(scenario, table, group), formula) for group in scenario.groups.values()):
                    return word
        except DomainError as error:
            problems.say(str(error))
            return ""
    return ""


def _positive(context: Priced, formula) -> bool:
    return bool((price_levels.highest(context, formula) > 0).any())


def _tables(scenario: Scenario):
    """Base values; then draws, where anything is sampled and can be: sampling that fails is the run's to report."""
    yield draws.base(scenario)
    keys = draws.uniform_keys(scenario)
    if not keys:
        return
    uniform = {key: chances.latin_hypercube(0, PROBED, "alive", key) for key in keys}
    try:
        table = draws.of_uniforms(scenario, uniform, np.arange(PROBED), 1)
    except DomainError:
        return
    yield table
