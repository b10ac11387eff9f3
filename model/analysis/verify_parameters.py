"""What each parameter does to the results: prices in proportion, utilities to QALYs only, and none to nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from model import draws
from model.analysis.verify_case import Case
from model.analysis.verify_cohort import all_formulas, bindings
from model.analysis.verify_findings import FAIL, PASS, Finding, check, equal, not_applicable, whom
from model.draws import DomainError, Draws
from model.outcome_keys import COST, LIFE_YEARS, QALY
from model.outcomes import Outcomes
from model.scenario import Parameter, Scenario
from model.units import MONEY, MONEY_PER_TIME

STEP = 0.05  # of the value, by which a price is moved twice


def _is_price(parameter: Parameter) -> bool:
    return parameter.unit.dimension in (MONEY, MONEY_PER_TIME)


def _is_utility(parameter: Parameter) -> bool:
    return parameter.unit.text.lower() == "utility"


@check("prices", "Each price moves the cost in proportion, upwards, and nothing else")
def prices(case: Case) -> Iterator[Finding]:
    yield from _moved(case, _is_price, COST, (QALY, LIFE_YEARS))


@check("utilities moved", "Each utility moves the QALYs in proportion, upwards, and nothing else")
def utilities(case: Case) -> Iterator[Finding]:
    yield from _moved(case, _is_utility, QALY, (COST, LIFE_YEARS))


def _moved(case: Case, wanted, outcome: str, others: tuple[str, ...]) -> Iterator[Finding]:
    """Base values, and one parameter lower by one step and by two: equal differences, the first not above 0."""
    found = [p for p in case.scenario.parameters.values() if p.base and wanted(p)]
    if not found:
        return
    table = draws.repeat(case.scenario, 1 + 2 * len(found), case.sample.seed)
    for i, parameter in enumerate(found):
        base = parameter.base or 0.0
        column = np.full(table.n, base)
        column[1 + 2 * i], column[2 + 2 * i] = base * (1 - STEP), base * (1 - 2 * STEP)
        table = table.replace(**{parameter.name: column})
    try:
        evaluation = case.evaluated(case.scenario, table)
    except DomainError as error:
        yield not_applicable(str(error))
        return
    for i, parameter in enumerate(found):
        plain = _plain_product(case.scenario, parameter.name)
        for group, s, strategy, result in case.each(evaluation.outcomes):
            yield from _of_one(result, s, i, parameter, outcome, others, plain, whom(group, strategy))


def _of_one(
    result: Outcomes, s: int, i: int, parameter: Parameter, outcome: str, others, plain: bool, of: dict
) -> Iterator[Finding]:
    base, once, twice = (result.get(outcome)[s, row] for row in (0, 1 + 2 * i, 2 + 2 * i))
    size = 100 * (abs(base) + 1e-3)
    if plain:
        note = f"{parameter.name}: change of {outcome} by {2 * STEP:.0%} v twice that by {STEP:.0%}"
        yield equal(2 * (base - once), base - twice, note, size=size, **of)
        up = base - once >= -1e-9 * size if (parameter.base or 0) > 0 else base - once <= 1e-9 * size
        note = f"{parameter.name}: {outcome} with {STEP:.0%} less of it v before"
        yield Finding(PASS if up else FAIL, float(base), float(once), note, **of)
    else:
        yield not_applicable(f"{parameter.name}: stands within a function, a difference or a divisor", **of)
    for name in others:
        unmoved, moved = result.get(name)[s, 0], result.get(name)[s, 2 + 2 * i]
        yield equal(unmoved, moved, f"{parameter.name}: {name} stays", **of)


def _plain_product(scenario: Scenario, name: str) -> bool:
    """Wherever a name is read, in formulas of formulas too, it is added or multiplied only."""
    formulas, reached = all_formulas(scenario), {name}
    named = [(n, p.formula) for n, p in scenario.parameters.items() if p.formula is not None]
    named += bindings(scenario)
    while True:
        more = {n for n, f in named if f.names & reached} - reached
        if not more:
            break
        reached |= more
    return all(_adds_up(f.tree, reached) for f in formulas if f.names & reached)


def _adds_up(tree: ast.expr, names: set[str]) -> bool:
    """A tree in which these names are only ever added, or multiplied with what does not read them."""

    def reads(part: ast.AST) -> bool:
        return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(part))

    match tree:
        case _ if not reads(tree):
            return True
        case ast.Name():
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _adds_up(left, names) and _adds_up(right, names)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return (not reads(left) or not reads(right)) and _adds_up(left, names) and _adds_up(right, names)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return not reads(right) and _adds_up(left, names)
        case ast.Call(func=ast.Name(id="where"), args=[condition, a, b]):
            return not reads(condition) and _adds_up(a, names) and _adds_up(b, names)
    return False


# --- used -----------------------------------------------------------------------------------------------------------


@check("parameters used", "Every sampled parameter moves some result")
def used(case: Case) -> Iterator[Finding]:
    scenario = case.scenario
    singly = [name for name, p in scenario.parameters.items() if p.distribution is not None]
    joint = [joint.names for joint in scenario.joints.values()]
    if not singly and not joint:
        yield not_applicable("nothing is sampled")
        return
    known = case.run.draws
    units = [(name,) for name in singly] + joint
    table = draws.repeat(scenario, 1 + len(units), case.sample.seed)
    for row, names in enumerate(units, 1):
        for name in names:
            table = table.replace(**{name: _one_row(scenario, table, name, row, known)})
    try:
        evaluation = case.evaluated(scenario, table)
    except DomainError as error:
        yield not_applicable(str(error))
        return
    for row, names in enumerate(units, 1):
        most = max(_largest_change(o.values, row) for o in evaluation.outcomes.values())
        if most == 0 and (why := _why_nothing(scenario, names)):
            yield not_applicable(f"{', '.join(names)}: moves nothing at base values, as {why}")
            continue
        note = f"{', '.join(names)}: largest relative change of a result, must be above 0"
        yield Finding(PASS if most > 0 else FAIL, 0.0, most, note)


def _why_nothing(scenario: Scenario, names: tuple[str, ...]) -> str:
    """What may switch a parameter off: a number of 0 that stands beside it, that nobody waits, or that it is
    read by `severity` alone."""
    if scenario.system is not None:
        return "without queues nobody waits"
    places = {place for name in names for place in scenario.used_in.get(name, ())}
    if places and places <= {"severity.age", "severity.female"}:
        return "only the severity of the condition depends on it, which is no cost and no effect"
    zero = {name for name, p in scenario.parameters.items() if p.base == 0 and not p.sampled}
    for formula in all_formulas(scenario):
        read = scenario.reads(formula, scenario.groups.values())
        if read & set(names) and read & zero:
            return f"{', '.join(sorted(read & zero))} is 0"
    return ""


def _one_row(scenario: Scenario, table: Draws, name: str, row: int, known: Draws | None) -> np.ndarray:
    """The base value in every row but one."""
    parameter = scenario.parameters[name]
    column = table.column(name).copy()
    if parameter.distribution is not None:
        low, high = parameter.distribution.interval()
        column[row] = high if parameter.base != high else low
    elif known is not None:
        column[row] = known.column(name)[0]
    return column


def _largest_change(values: np.ndarray, row: int) -> float:
    change = np.abs(values[..., row] - values[..., 0])
    return float((change / np.maximum(np.abs(values[..., 0]), 1e-12)).max())
