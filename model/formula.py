"""Arithmetic on named numbers: the only language that a scenario file may use.

A formula is checked against a white list of the syntax tree, so it can do nothing but arithmetic on names of
the file. It is evaluated for all draws at once, and its unit follows from the units of its names.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from model import literals
from model.functions import FUNCTIONS, all_plain, fold, same, unless_unknown
from model.instants import HAIR, in_force
from model.suggestions import did_you_mean
from model.units import DIGITS, NUMBER, Dimension, Unit, UnitError, parse_unit

BUILT_IN = ("time", "cycle", "waited", "time_in_state", "cycle_in_state", "time_at_entry")
RENAMED = {"time_since_entry": "time_in_state"}  # old words of the language, which go on working
_OPERATORS: dict[type[ast.AST], Callable] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARE = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_SUFFIX = re.compile(
    rf"^(?P<body>.*?[\w.)%])\s+(?P<unit>(?:[A-Z]{{3}}\s+)?per\s+(?:{DIGITS}\s*+)?[A-Za-z]+|over\s+[\d.eE+-]*+\s*[A-Za-z]+"
    r"|QALYs?|[A-Z]{3}|[a-z]+)$"
)
_NUMBER_LAST = re.compile(rf"(?<![\w.]){DIGITS}(?:\s*%)?$")
_PERCENT = re.compile(rf"(?<![\w.])({DIGITS})\s*%")
_LONGEST, DEEPEST = 2000, 200


class FormulaError(ValueError):
    """A formula that cannot be read, or whose units do not go together."""


@dataclass(frozen=True)
class Table:
    """A step function read from a CSV: the value of the last row whose `at` is not above the argument.

    `at` and `values` are in model units once the scenario is built. Before the first row there is no value (nan), beyond the
    last row the last value holds. file, by_unit: as the scenario file states them, for messages.
    """

    name: str
    at: np.ndarray
    values: np.ndarray
    at_dimension: Dimension
    dimension: Dimension
    file: str = ""
    by_unit: Unit = Unit("", NUMBER)

    @property
    def hair(self) -> float:
        """So that age 50 reached by adding cycles finds the row of age 50."""
        return HAIR * max(1.0, abs(self.at[-1]))

    def lookup(self, x):
        index = in_force(self.at, x, self.hair)
        return np.where(index < 0, np.nan, self.values[np.maximum(index, 0)])


@dataclass(frozen=True)
class Formula:
    """One formula of the scenario file.

    text: as written; names: what it reads; unit: stated behind the whole ('(a + b) per year'), else None.
    within: the tree in which the unit at the end belongs to the number before it ('age + 1 year'), where that may be meant;
    which of the two is known by the units of the names (`reading`).
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)
    names: frozenset[str]
    unit: Unit | None = None
    within: ast.expr | None = field(default=None, repr=False, compare=False)

    @property
    def has_quantity(self) -> bool:
        """Some number in it has a unit of its own."""
        return literals.has_quantity(self.tree)

    def evaluate(self, values: Mapping, day: float = 1.0):
        """Value in model units (one unit of time lasts `day` days); names read from `values`, all draws at once."""
        with np.errstate(all="ignore"):
            result = _evaluate(self.tree, values, day)
            return result if self.unit is None else self.unit.to_model(result, day)

    def reading(self, dimensions: Mapping[str, Dimension | None]) -> Formula:
        """The formula in the one way in which its units fit; itself where both are the same.

        A unit at the end belongs to the whole where all that stands before it is plain numbers, and else to the last number.
        """
        if self.within is None:
            return self
        behind, inside = replace(self, within=None), Formula(self.text, self.within, self.names)
        before = _dimension_or_error(self.tree, dimensions)
        if isinstance(_dimension_or_error(self.within, dimensions), UnitError):
            return behind if before in (None, NUMBER) else inside
        if before != NUMBER:
            return self if before is None else inside
        if isinstance(self.within, (ast.Compare, ast.BoolOp)):
            return inside
        return self if _is_sum(self.within) else behind

    def dimension(self, dimensions: Mapping[str, Dimension | None]) -> Dimension | None:
        """Dimension that follows from those of its names; None for a literal zero, which fits any."""
        if self.within is not None:
            read = self.reading(dimensions)
            return _dimension(self.within, dimensions) if read is self else read.dimension(dimensions)
        inner = _dimension(self.tree, dimensions)
        if self.unit is None:
            return inner
        if inner not in (None, NUMBER):
            raise UnitError(
                f"'{self.text}' states the unit '{self.unit.text}', but what stands before it is already {inner}"
            )
        return self.unit.dimension


def _is_sum(tree: ast.expr) -> bool:
    return isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Add, ast.Sub))


def _dimension_or_error(tree: ast.expr, dimensions: Mapping[str, Dimension | None]) -> Dimension | None | UnitError:
    try:
        return _dimension(tree, dimensions)
    except UnitError as error:
        return error


def parse(text: str, currency: str = "USD") -> Formula:
    """Read a formula; FormulaError says what is not allowed."""
    text = " ".join(str(text).split())
    _check_length(text)
    body, unit = _split_unit(text, currency)
    tree = _tree(body, text, currency=currency)
    if unit is None or not _NUMBER_LAST.search(body) or isinstance(tree, ast.Constant):
        return _formula(text, tree, unit)
    within = _formula(text, _tree(text, text, currency=currency))
    made = replace(_formula(text, tree, unit), within=within.tree)
    return made if made.names else made.reading({})


def parse_call(text: str, currency: str = "") -> tuple[str, list[ast.expr], dict[str, ast.expr]]:
    """'gamma(mean=3, cv=0.5)' -> ('gamma', [], {'mean': ..., 'cv': ...}) as unevaluated trees."""
    text = " ".join(str(text).split())
    tree = _tree(
        text,
        text,
        "write name(argument=value, ...), such as gamma(mean=415, cv=0.69); a unit of time stands "
        "behind the bracket of a survival distribution ('in months'), that of a parameter in "
        "'unit'",
        currency,
    )
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)) or any(
        k.arg is None for k in tree.keywords
    ):
        raise FormulaError(f"'{text}' is not of the form name(argument=value, ...), such as gamma(mean=415, cv=0.69)")
    named = [(k.arg or "", k.value) for k in tree.keywords]
    names = [name for name, _ in named]
    if twice := [name for name in names if names.count(name) > 1]:
        raise FormulaError(f"'{text}': {twice[0]} is given twice")
    return tree.func.id, tree.args, dict(named)


def from_tree(tree: ast.expr) -> Formula:
    """A formula from a part of a parsed call."""
    return _formula(ast.unparse(tree), tree)


def _formula(text: str, tree: ast.expr, unit: Unit | None = None) -> Formula:
    _check(tree, text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = RENAMED.get(node.id, node.id)
    return Formula(text, tree, frozenset(_names(tree)), unit)


def constant(tree: ast.expr):
    """Number or (nested) list of numbers that a tree without names stands for."""
    if isinstance(tree, (ast.List, ast.Tuple)):
        return [constant(item) for item in tree.elts]
    formula = from_tree(tree)
    if formula.has_quantity:
        raise FormulaError(
            f"'{formula.text}': only plain numbers are allowed here; the unit of a parameter stands in 'unit'"
        )
    if formula.names:
        raise FormulaError(
            f"'{formula.text}': only numbers are allowed here, found the name '{sorted(formula.names)[0]}'"
        )
    return float(formula.evaluate({}))


def _split_unit(text: str, currency: str) -> tuple[str, Unit | None]:
    match = _SUFFIX.match(text)
    if not match:
        return text, None
    words = match["unit"]
    try:
        literals.check_currency(words, currency)
        return (match["body"], parse_unit(words, currency)) if literals.is_unit(words) else (text, None)
    except (UnitError, literals.CurrencyError) as error:
        raise FormulaError(f"'{text}': {error}") from None


def _check_length(text: str) -> None:
    if len(text) > _LONGEST:
        raise FormulaError(f"'{text[:60]}...' has {len(text)} characters; at most {_LONGEST} are allowed")


def _tree(body: str, text: str, advice: str = "", currency: str = "") -> ast.expr:
    _check_length(body)
    lifted, quantities = _lifted(body, text, currency)
    if misread := re.search(r"#|(?<![\w.])\d+_\d", body):
        raise FormulaError(
            f"'{_short(text)}' is not arithmetic: "
            + ("leave the comment (#) out" if misread[0] == "#" else _TRAPS[0][1])
        )
    source = _PERCENT.sub(r"(\1 / 100)", re.sub(r"\bif\s*\(", "where(", lifted))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(
            f"'{_short(text)}' is not arithmetic: " + (advice or _trap(body) or "write for example '1 - p_walk * hr'")
        ) from None
    if _depth(tree) > DEEPEST:
        raise FormulaError(f"'{_short(text)}' is nested more than {DEEPEST} levels deep; give its parts names")
    literals.put_back(tree, quantities)
    return tree


def _lifted(body: str, text: str, currency: str) -> tuple[str, list[str]]:
    try:
        return literals.lifted(body, currency)
    except (UnitError, literals.CurrencyError) as error:
        raise FormulaError(f"'{_short(text)}': {error}") from None


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + "..."


# What people write out of habit -> what to write instead. Asked only where a formula cannot be read.
_TRAPS = (
    (r"\d[,'_]\d{3}(?!\d)", "write numbers without thousands separators"),
    (r"\d,\d", "write decimals with a point"),
    (r"\d:\d", "a time of day or a ratio is no number"),
    ("[\u00d7\u00b7\u2217]", "multiplication is written *"),
    ("[\u2212\u2013]", "write the minus sign of the keyboard, -"),
    ("[$\u00a3\u20ac]", "write the currency behind the number, such as '100 USD'"),
    (r"(?<![<>=!(,])=(?!=)", "equality is written =="),
    (
        r"\b(per|over)\s|\d\s+[A-Za-z]",
        "a unit stands behind a number ('5 years', '0.1 per year') or behind the whole formula; behind a name or a bracket within "
        "a formula write a product, such as '(a + b) * 1 year'",
    ),
)


def _trap(body: str) -> str:
    if body.count("(") != body.count(")"):
        return "its brackets do not match"
    return next((advice for pattern, advice in _TRAPS if re.search(pattern, body)), "")


def _depth(tree: ast.AST) -> int:
    """Levels of a tree, without recursion."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


_OTHER_OPERATORS: dict[type[ast.AST], str] = {
    ast.BitXor: "a power is written **, not ^; ",
    ast.Mod: "a percentage is written '3 %'; ",
    ast.BitAnd: "write 'and' for &; ",
    ast.BitOr: "write 'or' for |; ",
}
_WORDS = {
    "Tuple": "a comma",
    "List": "a list",
    "IfExp": "'if ... else' (write if(condition, a, b))",
    "Attribute": "a dot",
    "Subscript": "square brackets",
    "Lambda": "'lambda'",
    "JoinedStr": "a text",
    "Dict": "braces",
    "Set": "braces",
    "NamedExpr": "':='",
    "Starred": "a star",
    "ListComp": "a loop",
    "GeneratorExp": "a loop",
    "SetComp": "a loop",
    "DictComp": "a loop",
}


def _check(tree: ast.expr, text: str) -> None:
    for node in ast.walk(tree):
        if fault := _fault(node, text):
            raise FormulaError(f"'{_short(text)}': {fault}")


def _fault(node: ast.AST, text: str) -> str:
    """Why a node of the tree is not arithmetic on names; nothing where it is."""
    if isinstance(node, ast.Call):
        return _call_fault(node)
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return f"only numbers and names are allowed, found {_short(repr(node.value))}"
        return "" if abs(node.value) <= 1e300 else "the number is too large"
    if isinstance(node, (ast.BinOp, ast.UnaryOp)):
        op: type[ast.AST] = type(node.op)
        known = op in _OPERATORS or op is ast.Not
        return "" if known else _OTHER_OPERATORS.get(op, "") + "allowed are + - * / ** and comparisons"
    if isinstance(node, ast.Compare):
        return "" if all(type(op) in _COMPARE for op in node.ops) else "allowed comparisons are < <= > >= == !="
    if isinstance(node, (ast.Name, ast.BoolOp, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
        return ""
    kind = type(node).__name__
    if kind == "Tuple" and (advice := _trap(text)):
        return advice
    found = _WORDS.get(kind, kind.lower())
    return f"only arithmetic on names is allowed, found {found} in '{_short(ast.unparse(node))}'"


def number_of(node: ast.Constant) -> float:
    """The number that stands there, in a tree that was checked to have no other constants."""
    return node.value if isinstance(node.value, int | float) else np.nan


def name_of(node: ast.expr) -> str:
    """The name that a node is; '' where it is more than one."""
    return node.id if isinstance(node, ast.Name) else ""


def _call_fault(node: ast.Call) -> str:
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name == "lookup":
        good = len(node.args) == 2 and not node.keywords and isinstance(node.args[0], ast.Name)
        return "" if good else "write lookup(table, x)"
    function = FUNCTIONS.get(name)
    if function is None:
        allowed = [*FUNCTIONS, "if", "lookup"]
        return f"unknown function '{_short(name)}'.{did_you_mean(name, allowed)} Allowed: {', '.join(allowed)}"
    least, most = function.arity
    if node.keywords or not least <= len(node.args) <= most:
        return (
            f"{name} takes {least if least == most else f'{least} to {most}'} argument{'s' if most > 1 else ''} "
            f"({function.help}), found {len(node.args) + len(node.keywords)}"
        )
    return ""


def _names(tree: ast.expr) -> set[str]:
    functions = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    named = (n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions)
    return {name for name in named if not literals.is_quantity(name)}


def expression(tree: ast.expr, values: Mapping, day: float):
    """Value of a part of a formula, as `Formula.evaluate`."""
    with np.errstate(all="ignore"):
        return _evaluate(tree, values, day)


def _evaluate(node, values, day):
    if isinstance(node, ast.Constant):
        return np.float64(number_of(node))
    if isinstance(node, ast.Name):
        return _quantity(node.id, day) if literals.is_quantity(node.id) else values[node.id]
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_evaluate(node.left, values, day), _evaluate(node.right, values, day))
    if isinstance(node, ast.UnaryOp):
        inner = _evaluate(node.operand, values, day)
        if isinstance(node.op, ast.Not):
            return unless_unknown(np.logical_not(inner) * 1.0, [inner])
        return _OPERATORS[type(node.op)](inner)
    if isinstance(node, ast.BoolOp):
        together = _all_of if isinstance(node.op, ast.And) else _any_of
        return together([_evaluate(v, values, day) for v in node.values])
    if isinstance(node, ast.Compare):
        sides = [_evaluate(n, values, day) for n in (node.left, *node.comparators)]
        parts = [_COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:])]
        return unless_unknown(fold(np.logical_and, parts) * 1.0, sides)
    arguments = [_evaluate(a, values, day) for a in node.args]
    if node.func.id == "lookup":
        return arguments[0].lookup(arguments[1])
    return FUNCTIONS[node.func.id].compute(*arguments)


def _all_of(parts):
    """One that is false decides, whatever is not known."""
    result = fold(np.logical_and, parts) * 1.0
    return np.where(result == 0, result, unless_unknown(result, parts))


def _any_of(parts):
    """One that is true decides, whatever is not known."""
    true = fold(np.logical_or, [np.nan_to_num(part) for part in parts])
    return np.where(true, 1.0, unless_unknown(0.0, parts))


def _quantity(name, day):
    found = literals.quantity(name)
    return found.unit.to_model(np.float64(found.number), day)


def _dimension(node, known):
    if isinstance(node, ast.Constant):
        return None if node.value == 0 else NUMBER
    if isinstance(node, ast.Name):
        if literals.is_quantity(node.id):
            return literals.quantity(node.id).unit.dimension
        found = known[node.id]
        if isinstance(found, Table):
            raise UnitError(f"'{node.id}' is a table: read it with lookup({node.id}, x)")
        return found
    if isinstance(node, ast.UnaryOp):
        return _dimension(node.operand, known)
    if isinstance(node, ast.BoolOp):
        return all_plain([_dimension(v, known) for v in node.values])
    if isinstance(node, ast.Compare):
        _in_formula(node, same, [_dimension(n, known) for n in (node.left, *node.comparators)])
        return NUMBER
    if isinstance(node, ast.Call):
        return _call_dimension(node, known)
    left, right = _dimension(node.left, known), _dimension(node.right, known)
    if isinstance(node.op, (ast.Add, ast.Sub)):
        return _in_formula(node, same, [left, right])
    if isinstance(node.op, ast.Pow):
        return _power_dimension(node, left, right)
    if left is None:  # a literal zero stays zero
        return None
    return left.times(right or NUMBER, 1 if isinstance(node.op, ast.Mult) else -1)


def _power_dimension(node, left, right):
    _in_formula(node, all_plain, [right])
    if left in (None, NUMBER):
        return left
    if _names(node.right):
        raise UnitError(f"'{ast.unparse(node)}': the power of {left} must be a number")
    with np.errstate(all="ignore"):
        power = float(_evaluate(node.right, {}, 1.0))
    if not abs(power) < 10:
        raise UnitError(f"'{ast.unparse(node)}': {power:g} is no power that {left} can have")
    return left.power(Fraction(power).limit_denominator(1000))


def _call_dimension(node, known):
    if node.func.id == "lookup":
        table = known[node.args[0].id]
        if table is None:  # a table that could not be read, which is reported already
            return None
        if not isinstance(table, Table):
            raise UnitError(f"'{ast.unparse(node)}': '{node.args[0].id}' is not a table")
        _in_formula(node, same, [_dimension(node.args[1], known), table.at_dimension])
        return table.dimension
    return _in_formula(node, FUNCTIONS[node.func.id].dimension, [_dimension(a, known) for a in node.args])


def _in_formula(node, rule, dimensions):
    try:
        return rule(dimensions)
    except UnitError as error:
        raise UnitError(f"'{ast.unparse(node)}' {error}") from None


__all__ = [
    "BUILT_IN",
    "FUNCTIONS",
    "RENAMED",
    "Formula",
    "FormulaError",
    "Table",
    "constant",
    "from_tree",
    "parse",
    "parse_call",
]
