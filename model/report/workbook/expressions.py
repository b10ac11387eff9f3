"""Formulas of the scenario language as formulas of a spreadsheet: one table of functions, and the tree around them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from model import literals
from model.formula import Formula, number_of
from model.instants import HAIR
from model.report.workbook.cells import WorkbookError, number
from model.units import Unit

Name = Callable[[str], str]  # what stands for a name: a number, the name of a cell, an expression in brackets
_HAIR = number(HAIR)


def hazard_of(p: str) -> str:
    """-ln(1 - p), with its digits where p is small."""
    return f"IF({p}<0.0001,{p}*(1+{p}*(1/2+{p}*(1/3+{p}/4))),-LN(1-{p}))"


def share_of(h: str) -> str:
    """1 - exp(-h), likewise."""
    return f"IF(ABS({h})<0.0001,{h}*(1-{h}/2*(1-{h}/3*(1-{h}/4))),1-EXP(-{h}))"


def floor(x: str) -> str:
    return f"INT({x}+{_HAIR})"


def _mod(x: str, y: str) -> str:
    left = f"({x}-{y}*{floor(f'{x}/{y}')})"
    return f"IF({left}*SIGN({y})<0,0,{left})"


FUNCTIONS: dict[str, Callable[..., str]] = {
    "min": lambda *x: f"MIN({','.join(x)})",
    "max": lambda *x: f"MAX({','.join(x)})",
    "exp": lambda x: f"EXP({x})",
    "log": lambda x: f"LN({x})",
    "sqrt": lambda x: f"SQRT({x})",
    "abs": lambda x: f"ABS({x})",
    "floor": floor,
    "ceil": lambda x: f"(-INT({_HAIR}-{x}))",
    "round": lambda x: f"(SIGN({x})*INT(ABS({x})+0.5+{_HAIR}))",
    "mod": _mod,
    "where": lambda condition, a, b: f"IF({condition}<>0,{a},{b})",
    "odds": lambda p: f"({p}/(1-{p}))",
    "from_odds": lambda o: f"({o}/(1+{o}))",
    "logit": lambda p: f"LN({p}/(1-{p}))",
    "expit": lambda x: f"(1/(1+EXP(-{x})))",
    "with_odds_ratio": lambda p, ratio: f"({ratio}*{p}/(1-{p}+{ratio}*{p}))",
    "with_hazard_ratio": lambda p, ratio: f"(1-POWER(1-{p},{ratio}))",
    "rate_from_probability": lambda p, t="1": f"({hazard_of(p)}/{t})",
    "probability_from_rate": lambda r, t="1": share_of(f"({r}*{t})"),
}
_SIGNS: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARED: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "=",
    ast.NotEq: "<>",
}


def translated(formula: Formula, name: Name, table: Callable[[str, str], str], day: float) -> str:
    """A formula in model units, of which one of time lasts `day` days. table(name, x): what a table has at x."""
    found = _node(formula.tree, name, table, day)
    return found if formula.unit is None else to_model(formula.unit, found, day)


def to_model(unit: Unit, stated: str, day: float) -> str:
    """A number stated in a unit, in model units (`Unit.to_model`)."""
    if unit.over is not None:
        return f"({hazard_of(stated)}/{number(unit.over / day)})"
    scale = float(unit.to_model(1.0, day))
    return stated if scale == 1 else f"({stated}*{number(scale)})"


def from_model(unit: Unit, value: str, day: float) -> str:
    """A number in model units as a unit states it."""
    if unit.over is not None:
        return share_of(f"({value}*{number(unit.over / day)})")
    scale = float(unit.to_model(1.0, day))
    return value if scale == 1 else f"{value}/{number(scale)}"


def _node(node: ast.expr, name: Name, table: Callable[[str, str], str], day: float) -> str:
    def of(child: ast.expr) -> str:
        return _node(child, name, table, day)

    match node:
        case ast.Constant():
            return number(number_of(node))
        case ast.Name(id=text) if literals.is_quantity(text):
            found = literals.quantity(text)
            return number(float(found.unit.to_model(found.number, day)))
        case ast.Name(id=text):
            return name(text)
        case ast.BinOp(op=ast.Pow()):
            return f"POWER({of(node.left)},{of(node.right)})"
        case ast.BinOp():
            return f"({of(node.left)}{_SIGNS[type(node.op)]}{of(node.right)})"
        case ast.UnaryOp(op=ast.Not()):
            return f"IF({of(node.operand)}=0,1,0)"
        case ast.UnaryOp():
            return f"(-{of(node.operand)})" if isinstance(node.op, ast.USub) else of(node.operand)
        case ast.BoolOp():
            word = "AND" if isinstance(node.op, ast.And) else "OR"
            return f"IF({word}({','.join(f'{of(part)}<>0' for part in node.values)}),1,0)"
        case ast.Compare():
            return _comparison(node, of)
        case ast.Call(func=ast.Name(id="lookup"), args=[ast.Name(id=text), x]):
            return table(text, of(x))
        case ast.Call(func=ast.Name(id=text)) if text in FUNCTIONS:
            return FUNCTIONS[text](*map(of, node.args))
    raise WorkbookError(f"'{ast.unparse(node)}' has no translation into a formula of a spreadsheet")


def _comparison(node: ast.Compare, of: Callable[[ast.expr], str]) -> str:
    sides = [of(side) for side in (node.left, *node.comparators)]
    parts = [f"{a}{_COMPARED[type(op)]}{b}" for op, a, b in zip(node.ops, sides, sides[1:])]
    return f"IF(AND({','.join(parts)}),1,0)" if len(parts) > 1 else f"IF({parts[0]},1,0)"
