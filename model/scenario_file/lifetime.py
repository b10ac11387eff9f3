"""`horizon: lifetime`: to the end of the cycle in which the youngest patients become 100, whoever is left by then.

The age is that at the start, at base values, so that all draws have the same horizon; of several groups or strategies the
youngest decides. Who dies before counts no more from then on, so the horizon is also that at which nobody is left.
"""

from __future__ import annotations

from collections.abc import Callable

from model import draws, formula
from model.context import Context
from model.formula import Formula, FormulaError
from model.instants import ceil
from model.scenario import Scenario
from model.scenario_file import names
from model.scenario_file.nodes import Map, Node, Text
from model.scenario_file.problems import Problems
from model.units import DAYS, TIME, UnitError, duration

OLDEST = 100  # years
_PLACE = "time.horizon"


def stated_in_years(
    root: Map, build: Callable[[Map, Problems], Scenario], problems: Problems
) -> tuple[Map, set[tuple[str, str]]]:
    """(the tree with a length in place of `lifetime`, the definitions that it reads, by section and name).

    build: the scenario of a tree, as far as it can be read.
    """
    node = root.section("time").get("horizon")
    age = _age(node)
    if node is None or age is None:
        return root, set()
    trial, found = _with(root, node, f"{OLDEST} years"), Problems()
    years, read = _youngest(build(trial, found), age, found, problems)
    if years is None:
        return trial, read
    if years >= OLDEST:
        problems.add(age, f"a lifetime ends at {OLDEST} years, and the youngest patients are {years:.6g} years old")
        return trial, read
    return _with(root, node, f"{_whole_cycles(OLDEST - years, root)!r} years"), read


def _age(node: Node | None) -> Text | None:
    """The formula of the age at the start; None where the horizon is a length."""
    if isinstance(node, Text) and node.value.strip() == "lifetime":
        return Text(node.file, node.line, node.place, "age")
    age = node.get("lifetime") if isinstance(node, Map) else None
    return age if isinstance(age, Text) else None


def _with(root: Map, node: Node, length: str) -> Map:
    return root.put(("time", "horizon"), Text(node.file, node.line, _PLACE, length))


def _youngest(
    scenario: Scenario, age: Text, found: Problems, problems: Problems
) -> tuple[float | None, set[tuple[str, str]]]:
    """(years of age at the start, what it reads); None where the file does not say it, which is reported."""
    try:
        stated = formula.parse(age.value, scenario.currency)
    except FormulaError as error:
        problems.add(age, str(error))
        return None, set()
    fault, read = names.looked_at(scenario, stated, TIME, found)
    if fault:
        problems.add(age, f"a lifetime needs the age at the start: {fault}{_advice(stated)}")
    return None if fault or found.errors else _years(scenario, stated), read


def _advice(stated: Formula) -> str:
    if stated.text != "age":
        return ""
    return "; state a parameter or an attribute 'age', such as 'age: {value: 60 years}', or write 'horizon: {lifetime: age_at_start}'"


def _years(scenario: Scenario, age: Formula) -> float:
    base = draws.base(scenario)
    values = [Context(scenario, base, group).at(age).min() for group in scenario.groups.values()]
    return float(min(values)) * scenario.time.years


def _whole_cycles(years: float, root: Map) -> float:
    try:
        cycle = duration(root.section("time").text("cycle")) / DAYS["year"]
    except UnitError:
        return years
    return float(ceil(years / cycle)) * cycle if cycle > 0 else years
