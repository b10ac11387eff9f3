"""Survival distributions as texts: 'weibull(shape=1.2, scale=14) in months', one within another, life tables and curves."""

from __future__ import annotations

import ast
import re

from model import formula, hazards
from model.formula import FormulaError
from model.hazards import Family
from model.scenario import Argument, Survival
from model.suggestions import did_you_mean
from model.units import DAYS, days_in

LISTS = ("rates", "breaks", "knots", "coefficients")  # arguments that are lists
TABLES = ("life_table", "kaplan_meier")  # families that name a table
_UNIT = re.compile(r"^(.*\))\s+in\s+([A-Za-z]+)$")
_KAPLAN_MEIER_FILE = re.compile(r"kaplan_meier\(\s*(?:file\s*=\s*)?['\"]?([^,'\"()]+\.\w+)['\"]?")
FORMS = {
    "life_table": ("life_table(table)", "life_table(table, age=age at start)"),
    "kaplan_meier": ("kaplan_meier(table)", "kaplan_meier(table, then=distribution, after=time)"),
}


def parsed(text: str, day: float, field: str = "survival") -> Survival:
    """A distribution, without what stands beside it; FormulaError on a fault."""
    if file := _KAPLAN_MEIER_FILE.search(text):
        raise FormulaError(_needs_table(file[1].strip()))
    body, scale = _in_unit(text, day)
    made = _distribution(*formula.parse_call(body), scale, field)
    if made.table is not None and not made.arguments.get("then") and scale is not None:
        raise FormulaError("a table states its own units ('unit', 'by unit'); leave 'in ...' out")
    if unclear := next((part for part in made.parts() if not _has_unit(part)), None):
        raise FormulaError(f"say in which unit of time the {unclear.family} is stated, such as '{text} in months'")
    return made


def _has_unit(part: Survival) -> bool:
    """Its clock is known: by 'in ..', by the units of arguments, by a table, or by the distributions within."""
    if part.scale is not None or part.table is not None:
        return True
    form = next(f for f in hazard_forms(hazards.FAMILIES[part.family]) if set(f) == set(part.arguments))
    return any(dimension in ("time", "per time", "distribution") for dimension in form.values())


def _in_unit(text: str, day: float) -> tuple[str, float | None]:
    match = _UNIT.match(text)
    if not match:
        return text, None
    length = days_in(match[2])
    if length is None:
        raise FormulaError(
            f"'{match[2]}' is no unit of time; allowed: {', '.join(DAYS)}.{did_you_mean(match[2], DAYS)}"
        )
    return match[1], length / day


def _distribution(family: str, positional, named, scale: float | None, field: str) -> Survival:
    if family == "life_table":
        return _life_table(positional, named, scale, field)
    if family == "kaplan_meier":
        return _kaplan_meier(positional, named, scale, field)
    known = hazards.FAMILIES.get(family)
    if known is None:
        allowed = [*hazards.FAMILIES, *TABLES]
        raise FormulaError(
            f"unknown distribution '{family}'.{did_you_mean(family, allowed)} Allowed: {', '.join(allowed)}"
        )
    for form in hazard_forms(known):
        given = {**dict(zip(form, positional)), **named}
        if set(given) == set(form) and len(positional) + len(named) == len(form):
            arguments = {name: _argument(known, name, form[name], tree, scale) for name, tree in given.items()}
            return Survival(family, _checked(arguments), None, "model", None, None, scale, field)
    forms = " or ".join(f"({', '.join(names)})" for names in hazard_forms(known))
    raise FormulaError(f"{family} takes {forms}; found ({', '.join([*map(ast.unparse, positional), *named])})")


def hazard_forms(family: Family) -> list[dict[str, str]]:
    """The accepted sets of arguments of a survival family, each {argument: dimension}."""
    return [dict(form) for form in family.forms]


def _argument(family: Family, name: str, kind: str, tree, scale: float | None) -> Argument:
    if kind == "distribution":
        return _nested(family.name, name, tree, scale)
    words = family.allowed[name]
    if isinstance(words, tuple):
        return _word(family.name, name, words, tree)
    listed = isinstance(tree, (ast.List, ast.Tuple))
    if listed != (name in LISTS) or (listed and not tree.elts):
        wanted = "a list of numbers such as [0.1, 0.2]" if name in LISTS else "one number"
        raise FormulaError(f"{family.name}: {name} must be {wanted}, found {ast.unparse(tree)}")
    return tuple(map(formula.from_tree, tree.elts)) if listed else formula.from_tree(tree)


def _nested(family: str, name: str, tree, scale: float | None) -> Survival:
    if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)):
        raise FormulaError(
            f"{family}: {name} must be a distribution such as weibull(shape=1.2, scale=14), found {ast.unparse(tree)}"
        )
    if tree.func.id == "fixed":
        raise FormulaError(
            f"{family}: {name} cannot be a fixed time, which has no hazard; write a transition of its own"
        )
    named = {keyword.arg or "**": keyword.value for keyword in tree.keywords}
    return _distribution(tree.func.id, tree.args, named, scale, "survival")


def _word(family: str, name: str, words: tuple[str, ...], tree) -> str:
    text = tree.id if isinstance(tree, ast.Name) else ast.unparse(tree)
    if text not in words:
        raise FormulaError(f"{family}: {name} must be {', '.join(words[:-1])} or {words[-1]}, found {text}")
    return text


def _checked(arguments: dict) -> dict:
    length = {name: len(arguments[name]) for name in LISTS if name in arguments}
    if "rates" in length and length["rates"] != length["breaks"] + 1:
        raise FormulaError(
            "piecewise: needs one rate more than breaks (the first holds before the first break); found "
            f"{length['rates']} rates and {length['breaks']} breaks"
        )
    if "knots" in length and not length["knots"] == length["coefficients"] > 1:
        raise FormulaError(
            "spline: needs two knots or more (the first and the last are the boundary knots), and as many coefficients; found "
            f"{length['knots']} knots and {length['coefficients']} coefficients"
        )
    return arguments


# --- tables -----------------------------------------------------------------------------------------------------


def _life_table(positional, named, scale: float | None, field: str) -> Survival:
    """The age at start, and the name of the table, which `names` checks: it may be bound by groups and strategies."""
    if len(positional) != 1 or not isinstance(positional[0], ast.Name) or set(named) - {"age"}:
        raise FormulaError("write life_table(name of a table) or life_table(name of a table, age=age at start)")
    age = formula.from_tree(named.get("age", ast.Constant(0)))
    if "age" in named and not age.names and not age.has_quantity and age.text != "0":
        raise FormulaError(
            f"the age {age.text} has no unit: write 'life_table({positional[0].id}, age={age.text} years)', without 'in ...', as a "
            "table states its own units"
        )
    return Survival("life_table", {"age": age}, positional[0].id, "model", None, None, None, field)


def _kaplan_meier(positional, named, scale: float | None, field: str) -> Survival:
    """The name of a table of survival by time, and what follows from a time on."""
    one = len(positional) == 1 and isinstance(positional[0], ast.Name)
    if not one or set(named) not in (set(), {"then", "after"}):
        raise FormulaError(
            "write kaplan_meier(name of a table), or with what follows kaplan_meier(name of a table, then=weibull(shape=1.1, "
            "scale=14), after=18) in months"
        )
    arguments: dict[str, Argument] = {}
    if named:
        arguments["then"] = _nested("kaplan_meier", "then", named["then"], scale)
        arguments["after"] = formula.from_tree(named["after"])
    return Survival("kaplan_meier", arguments, positional[0].id, "model", None, None, scale, field)


def _needs_table(file: str) -> str:
    return (
        f"kaplan_meier reads a table, not a file: add the parameter 'km: {{table: {file}, by: time, by unit: month, column: "
        "survival}', and write here kaplan_meier(km)"
    )
