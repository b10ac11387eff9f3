"""Formulas by plain arithmetic: a second evaluator that shares no code with the one that engines use.

It knows the same language, one strategy, one group, one set of values and any times. What it does not know is `Unsupported`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from math import isinf

import numpy as np

from model.formula import Formula, Table
from model.scenario import Scenario

IN_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25, "qaly": 365.25}
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_UNIT = re.compile(rf"(?:(?:.*\s)?(?P<how>per|over)\s+)?(?:(?P<many>{_NUMBER})\s*)?(?P<word>[A-Za-z]+)")
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<percent>%?)\s*(?P<unit>.+)")


class Unsupported(ValueError):
    """What a plain recomputation does not know."""


def in_model_units(value, unit: str, day: float):
    """A number stated in a unit, in the model's unit of time, of which one lasts `day` days."""
    match = _UNIT.fullmatch(unit.strip())
    word = match["word"].lower() if match else ""
    days = IN_DAYS.get(word) or IN_DAYS.get(word.rstrip("s"))
    if match is None or days is None:
        return value
    length = float(match["many"] or 1) * days / day
    match match["how"]:
        case "per":
            return value / length
        case "over":
            return -np.log(1 - value) / length
    return value * length


class Plain:
    """values: of the parameters, in the units of the file; those that are formulas are worked out."""

    def __init__(self, scenario: Scenario, strategy: str, group: str, values: Mapping[str, float]):
        self.scenario, self.known = scenario, values
        self.scopes = (scenario.strategies[strategy].bindings, scenario.groups[group].bindings)

    def at(self, formula: Formula, times) -> np.ndarray:
        """[time] of a formula at model times."""
        times = np.atleast_1d(np.asarray(times, float))
        found = np.full(len(times), np.nan)
        for start, end, bindings in self.periods():
            own = (times >= start) & (times < end)
            if own.any():
                found[own] = self._whole(formula, times[own], bindings, 0)
        return found

    def periods(self) -> list[tuple[float, float, Mapping[str, Formula]]]:
        """(start, end, bindings); one for all times where the scenario has none."""
        stated: list[tuple[float, float, Mapping[str, Formula]]] = [
            (p.start, p.end if i + 1 < len(self.scenario.periods) else np.inf, p.bindings)
            for i, p in enumerate(self.scenario.periods)
        ]
        return stated or [(0.0, np.inf, dict[str, Formula]())]

    def number(self, formula: Formula) -> float:
        """Of a formula that does not change with time."""
        return float(self.at(formula, 0.0)[0])

    def _whole(self, formula: Formula, times, bindings, depth: int):
        value = self._node(formula.tree, times, bindings, depth)
        return value if formula.unit is None else in_model_units(value, formula.unit.text, self.scenario.time.day)

    def _name(self, name: str, times, bindings, depth: int):
        day = self.scenario.time.day
        if depth > 100:
            raise Unsupported(f"names too deep at {name}")
        if quantity := _QUANTITY.fullmatch(name) if " " in name else None:
            number = float(quantity["number"]) / (100 if quantity["percent"] else 1)
            return in_model_units(number, quantity["unit"], day)
        for scope in (*self.scopes, bindings, self.scenario.definitions):
            if name in scope:
                return self._whole(scope[name], times, bindings, depth + 1)
        if name == "time":
            return times
        if name == "cycle":
            return np.floor(times / self.scenario.time.cycle + 1e-9) + 1
        if name in self.known:
            return in_model_units(self.known[name], self.scenario.parameters[name].unit.text, day)
        parameter = self.scenario.parameters.get(name)
        if parameter is None or parameter.formula is None:
            raise Unsupported(f"'{name}' is not known at a time of the model")
        return self._whole(parameter.formula, times, bindings, depth + 1)

    def table(self, name: str, bindings: Mapping[str, Formula] | None = None) -> Table:
        """The table for which a name stands."""
        for scope in (*self.scopes, bindings or {}, self.scenario.definitions):
            if name in scope and scope[name].text != name:
                return self.table(scope[name].text, bindings)
        if name not in self.scenario.tables:
            raise Unsupported(f"'{name}' is no table")
        return self.scenario.tables[name]

    def _node(self, node: ast.AST, times, bindings, depth: int):
        def of(part: ast.AST):
            return self._node(part, times, bindings, depth)

        match node:
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.Name(id=name):
                return self._name(name, times, bindings, depth)
            case ast.BinOp(left=left, op=op, right=right):
                return _ARITHMETIC[type(op).__name__](of(left), of(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -of(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return of(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return 1.0 * (of(operand) == 0)
            case ast.BoolOp(op=op, values=parts):
                truths = [np.asarray(of(part)) != 0 for part in parts]
                together = np.all if isinstance(op, ast.And) else np.any
                return 1.0 * together(np.broadcast_arrays(*truths), axis=0)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [np.asarray(of(part)) for part in (left, *others)]
                pairs = [_COMPARED[type(op).__name__](a, b) for op, a, b in zip(ops, sides, sides[1:])]
                return 1.0 * np.all(np.broadcast_arrays(*pairs), axis=0)
            case ast.Call(func=ast.Name(id="lookup"), args=[ast.Name(id=name), where]):
                return _looked_up(self.table(name, bindings), np.asarray(of(where)))
            case ast.Call(func=ast.Name(id=name), args=parts) if name in _FUNCTIONS:
                return _FUNCTIONS[name](*map(of, parts))
        raise Unsupported(f"'{ast.unparse(node)}' is not known to the plain evaluator")


def _looked_up(table: Table, where: np.ndarray) -> np.ndarray:
    """The last row that is not above; a time a hair before a row is that row."""
    at, values = list(table.at), list(table.values)
    found = np.full(where.shape, np.nan)
    for place, value in zip(at, values):
        found = np.where(where >= place - 1e-7 * max(1.0, abs(at[-1])), value, found)
    return found


def _floor(x):
    return np.floor(np.asarray(x) + 1e-9)


_ARITHMETIC: dict[str, Callable] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mult": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "Pow": lambda a, b: a**b,
}
_COMPARED: dict[str, Callable] = {
    "Lt": lambda a, b: a < b,
    "LtE": lambda a, b: a <= b,
    "Gt": lambda a, b: a > b,
    "GtE": lambda a, b: a >= b,
    "Eq": lambda a, b: a == b,
    "NotEq": lambda a, b: a != b,
}
_FUNCTIONS: dict[str, Callable] = {
    "min": lambda *x: np.min(np.broadcast_arrays(*x), axis=0),
    "max": lambda *x: np.max(np.broadcast_arrays(*x), axis=0),
    "exp": np.exp,
    "log": np.log,
    "sqrt": lambda x: x**0.5,
    "abs": abs,
    "floor": _floor,
    "ceil": lambda x: -_floor(-np.asarray(x)),
    "round": lambda x: np.sign(x) * _floor(abs(np.asarray(x)) + 0.5),
    "mod": lambda x, y: x - y * _floor(x / y),
    "where": lambda condition, a, b: np.where(np.asarray(condition) != 0, a, b),
    "odds": lambda p: p / (1 - p),
    "from_odds": lambda o: o / (1 + o),
    "logit": lambda p: np.log(p) - np.log(1 - p),
    "expit": lambda x: 1 / (1 + np.exp(-x)),
    "with_odds_ratio": lambda p, ratio: 1 - 1 / (1 + ratio * p / (1 - p)),
    "with_hazard_ratio": lambda p, ratio: 1 - (1 - p) ** ratio,
    "rate_from_probability": lambda p, t=1.0: -np.log(1 - p) / t,
    "probability_from_rate": lambda r, t=1.0: 1 - np.exp(-r * t),
}


def steps(scenario: Scenario) -> list[float]:
    """Times at which periods begin."""
    return [p.start for p in scenario.periods if not isinf(p.start)]
