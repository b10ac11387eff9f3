"""Rates that read `time_in_state`: a part that goes by the time of the model times one that goes by the time in the state.

h(t, u) = f(t) g(u) is a hazard g on the clock of the state with a hazard ratio f at model time. What does not factor so is
refused: a sum is written as two transitions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model.draws import DomainError
from model.formula import Formula, from_tree
from model.hazards import Hazard
from model.over_time import Stepwise
from model.timed_formula import TimedFormula

OWN = "time_in_state"


def split(context, place: str, formula: Formula) -> tuple[Formula | None, Formula]:
    """(the factors that go by the time of the model, those that do not), of a rate that reads `time_in_state`."""
    varying = {"time", "cycle"} | {name for period in context.periods for name in period.bindings}
    of_model: list[ast.expr] = []
    of_state: list[ast.expr] = []
    for node in _factors(formula.tree):
        part = from_tree(node)
        read = context.reads(part)
        text = part.text.replace("where(", "if(")
        if OWN in read and read & varying:
            raise DomainError(
                f"{context.scenario.line(place)}: '{text}' goes by the time of the model and by {OWN} at once; write the rate "
                "as a product of a part with each, such as lookup(mort, age + time) * if(time_in_state < 1 year, 3, 1), and a sum as "
                "two transitions"
            )
        (of_model if read & varying else of_state).append(node)
    if of_model and formula.unit is not None and formula.unit.over is not None:
        raise DomainError(
            f"{context.scenario.line(place)}: a rate by {OWN} and by the time of the model cannot be stated 'over' a time: write it "
            "'per' a time"
        )
    return _product(of_model) if of_model else None, replace(_product(of_state), unit=formula.unit)


def hazard(context, place: str, formula: Formula, check) -> Hazard:
    """What goes by the time in the state, in steps that all draws share. check(values) raises on those that are not allowed."""
    level = TimedFormula(context, formula, check, OWN).level()
    if not isinstance(level, Stepwise):
        raise DomainError(
            f"{context.scenario.line(place)}: a rate may change with {OWN} in steps only; a hazard that changes smoothly since entry "
            "is written with 'survival:' and 'clock: state' (what goes by the time of the model is its 'hazard ratio:')"
        )
    return Hazard("piecewise", {"rates": np.moveaxis(level.values, 0, -1), "breaks": level.starts[1:]})


def _factors(tree: ast.expr) -> Iterator[ast.expr]:
    """Factors of a product or quotient."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.Div))):
        yield tree
        return
    yield from _factors(tree.left)
    for node in _factors(tree.right):
        yield ast.BinOp(ast.Constant(1.0), ast.Div(), node) if isinstance(tree.op, ast.Div) else node


def _product(nodes: list[ast.expr]) -> Formula:
    tree = nodes[0]
    for node in nodes[1:]:
        tree = ast.BinOp(tree, ast.Mult(), node)
    return from_tree(tree)
