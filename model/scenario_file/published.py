"""Results to be compared with the model's: the `published:` section, and the targets of a calibration."""

from __future__ import annotations

import math
from collections.abc import Collection

from model.effects import outcome_names
from model.outcome_keys import QALY
from model.scenario import Scenario, Target
from model.scenario_file.fields import SURVIVAL_CURVE
from model.scenario_file.nodes import List, Map
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number
from model.scenario_file.structure import Reader
from model.units import days_in

# What a measure needs, and what it may have.
NEEDS = {
    "median": ("of", "value"),
    "median survival": ("value",),
    "occupancy": ("states", "at", "value"),
    "total": ("outcome", "value"),
    "icer": ("value",),
    "probability cost-effective": ("wtp", "value"),
    SURVIVAL_CURVE: ("file", "time unit"),
}
MAY_HAVE = {
    "icer": ("comparator",),
    "occupancy": ("n",),
    "median": ("n",),
    "median survival": ("n",),
    SURVIVAL_CURVE: ("of", "at risk", "arm"),
}
ERRORS = ("standard error", "tolerance", "n")
ALIVE = "alive"


def read_published(root: Map, scenario: Scenario, problems: Problems) -> tuple[Target, ...]:
    """Both sections of published results, checked against the scenario they stand in (which has no errors)."""
    entries = [(key, node) for key, node in root.section("published").maps() if node.text("measure") != SURVIVAL_CURVE]
    for _, node in entries:
        if "tolerance" in node:
            problems.add(
                node.at("tolerance"),
                f"'tolerance' goes with the measure '{SURVIVAL_CURVE}' only; state 'standard error'",
            )
    results = [read_result(key, node, scenario, problems) for key, node in entries]
    if "published medians" in root:
        problems.warn(
            root.at("published medians"),
            "is now called 'published', by name, such as 'survival: {measure: median, of: survival, strategy: .., value: ..}'",
        )
    for node in root.entries("published medians").maps:
        key = f"{node.text('of')}, {node.text('strategy')}"
        results.append(read_result(key, node, scenario, problems, "median"))
    return tuple(results)


def read_result(key: str, node: Map, scenario: Scenario, problems: Problems, measure: str = "") -> Target:
    """One result. `measure`: where the section means only one."""
    reader = Reader(scenario.currency, scenario.time.day, problems)
    measure = measure or node.text("measure")
    check_fields(node, measure, problems)
    check_known(node, measure, scenario, problems)
    value, at, per = _value(node, measure, scenario, reader)
    n = _number(node, "n", problems)
    return Target(
        key,
        measure,
        value,
        _error(node, measure, value, n, per, reader),
        node.text("strategy"),
        node.text("group", "all"),
        states_of(node, measure, scenario, problems),
        at,
        node.text("outcome", QALY),
        comparator(node, scenario),
        _number(node, "wtp", problems) or 0.0,
        node.text("source"),
        of_what(node, measure),
        math.nan if n is None else n,
        node.text("label"),
        node.text("status"),
    )


def comparator(node: Map, scenario: Scenario) -> str:
    return node.text("comparator") or scenario.reference_strategy


def _number(node: Map, key: str, problems: Problems) -> float | None:
    child = node.get(key)
    return None if child is None else number(child, problems)


def of_what(node: Map, measure: str) -> str:
    """'survival' or an effect; nothing where the measure is not about time."""
    return node.text("of", "survival" if measure in ("median survival", SURVIVAL_CURVE) else "")


def of_time(measure: str) -> bool:
    """Whether the measure is about the time `of` something."""
    return measure.startswith("median") or measure == SURVIVAL_CURVE


def _value(node: Map, measure: str, scenario: Scenario, reader: Reader) -> tuple[float, float, float]:
    """(value in its own unit, model time at which it is compared, that unit in model time)."""
    if not measure.startswith("median"):
        value = _number(node, "value", reader.problems)
        if value is not None and measure in ("occupancy", "probability cost-effective") and not 0 <= value <= 1:
            reader.problems.add(node.at("value"), f"{value:g} is no share of patients or draws (allowed: 0 to 1)")
        return value or 0.0, reader.length(node.get("at")) or 0.0, 1.0
    length, effect = reader.length(node.get("value")) or 0.0, scenario.effects.get(of_what(node, measure))
    per = effect.per if effect is not None and effect.unit else 1.0
    return length / per, length, per


def _error(node: Map, measure: str, value: float, n: float | None, per: float, reader: Reader) -> float:
    """Standard error (or tolerance) in the value's unit; of a share of n patients, the binomial one; nan without one."""
    field = next((key for key in ("standard error", "tolerance") if key in node), None)
    if field is not None:
        stated = node.at(field)
        error = reader.length(stated) if measure.startswith("median") else number(stated, reader.problems)
        if error is not None and error <= 0:
            reader.problems.add(stated, f"'{node.text(field)}' must be above 0")
        return (error or 1.0) / per
    if n is None:
        return math.nan
    if n < 1:
        reader.problems.add(node.at("n"), f"'{node.text('n')}' is no number of patients (1 or more)")
    elif measure == "occupancy" and not 0 < value < 1:
        reader.problems.add(node, f"a share of {value:g} has no standard error by 'n': state 'standard error'")
    elif measure == "occupancy":
        return (value * (1 - value) / n) ** 0.5
    return math.nan


def states_of(node: Map, measure: str, scenario: Scenario, problems: Problems) -> tuple[str, ...]:
    """What an occupancy, a median or a curve is about."""
    if of_time(measure):
        effect = scenario.effects.get(of_what(node, measure))
        return scenario.living_states if effect is None else tuple(effect.states)
    if "states" not in node:
        return ()
    listed, word = node.at("states"), node.text("states")
    if isinstance(listed, List):
        return listed.values
    if word != ALIVE:
        problems.add(listed, f"'{word}': write a list of states, such as [{word}], or '{ALIVE}'")
    elif scenario.living_states != (ALIVE,) and ALIVE in scenario.states:
        problems.add(
            listed, f"'{ALIVE}' is the name of a state too: write [{ALIVE}] for the state, or list those who live"
        )
    return scenario.living_states


def check_fields(node: Map, measure: str, problems: Problems) -> None:
    """The fields go with the measure: none is missing, and none would not be read."""
    needs = NEEDS[measure]
    for field in needs:
        if field not in node:
            problems.add(node, f"'{field}' is missing: the measure '{measure}' needs it")
    special = {f for fields in (*NEEDS.values(), *MAY_HAVE.values()) for f in fields}
    for field in sorted(special - {*needs, *MAY_HAVE.get(measure, ())}):
        if field in node:
            problems.add(node.at(field), f"'{field}' does not go with the measure '{measure}'")
    if len(stated := [key for key in ERRORS if key in node]) > 1:
        problems.add(node, f"states {' and '.join(stated)}, which both say how exact it is: leave one out")


def check_known(node: Map, measure: str, scenario: Scenario, problems: Problems) -> None:
    """What the result names is in the scenario."""
    groups = dict.fromkeys(["all", *scenario.groups, *scenario.subgroups])
    outcomes = outcome_names(scenario)
    names: tuple[tuple[str, str, Collection[str]], ...] = (
        ("strategy", "strategy", scenario.strategies),
        ("comparator", "comparator", scenario.strategies),
        ("group", "group", groups),
        ("outcome", "outcome", outcomes),
        ("of", "event", ["survival", *scenario.effects]),
        ("source", "source", scenario.sources),
    )
    for field, what, known in names:
        if field in node and node.text(field) not in known:
            problems.unknown(node.at(field), what, node.text(field), known)
    stays = [key for key, state in scenario.states.items() if not state.chance]
    for state in node.entries("states").values:
        if state not in stays:
            problems.unknown(node.at("states"), "state", state, stays)
    _check_time(node, measure, scenario, problems)
    if measure == "probability cost-effective" and not any(p.sampled for p in scenario.parameters.values()):
        problems.add(node, "no parameter has a distribution, so there is no probability")
    if measure == "icer" and node.text("strategy") == comparator(node, scenario):
        problems.add(node, f"'{node.text('strategy')}' is compared with itself")


def _check_time(node: Map, measure: str, scenario: Scenario, problems: Problems) -> None:
    if not of_time(measure):
        return
    of = of_what(node, measure)
    if of == "survival" and not scenario.dead_states:
        problems.add(node, "no state of this scenario is dead, so there is no survival")
    effect = scenario.effects.get(of)
    if effect is not None and (not effect.states or any(effect.states.values()) or not days_in(effect.unit)):
        problems.add(
            node.at("of"),
            f"'{of}' is not plain time in states (it is a count, or has weights), so {'no curve is of it' if measure == SURVIVAL_CURVE else 'no time is its median'}; "
            "state an effect with "
            "'time in: [..]'",
        )
