"""Arguments of a parameter's distribution by their names: `c_surgery.mean`."""

from __future__ import annotations

import ast
import dataclasses

from model import distributions, formula
from model.distributions import Distribution
from model.scenario import Parameter
from model.suggestions import did_you_mean

LOCATION = ("mean", "median")


class ArgumentError(ValueError):
    """A distribution that has no such argument."""


def parts(key: str) -> list[tuple[str, str]]:
    """(parameter, argument or nothing) of a key of `vary`: 'c_a.cv, c_b.cv' -> [('c_a', 'cv'), ('c_b', 'cv')]."""
    return [(name, argument) for name, _, argument in (part.strip().partition(".") for part in key.split(","))]


def arguments_of(parameter: Parameter) -> tuple[str, dict[str, float]]:
    """Family and arguments by name of a parameter's distribution."""
    family, trees = _trees(parameter.text)
    return family, {name: formula.constant(tree) for name, tree in trees.items()}


def _trees(text: str) -> tuple[str, dict[str, ast.expr]]:
    family, positional, named = formula.parse_call(text)
    return family, {**dict(zip(distributions.FORMS[family][0], positional)), **named}


def argument_meant(parameter: Parameter, argument: str) -> str:
    """The argument of the distribution that a key stands for: a parameter's name alone means its mean or median."""
    if argument or parameter.distribution is None:
        return argument
    return next((a for a in LOCATION if a in arguments_of(parameter)[1]), "")


def with_arguments(parameter: Parameter, values: dict[str, float]) -> Parameter:
    """The parameter with other arguments of its distribution; with the key '' another value (mean or median).

    The base value follows the mean or median. DistributionError where the arguments do not go together.
    """
    if parameter.distribution is None:
        return dataclasses.replace(parameter, base=values[""])
    family, arguments = arguments_of(parameter)
    values = {argument_meant(parameter, argument): value for argument, value in values.items()}
    arguments |= values
    base = next((values[a] for a in LOCATION if a in values), parameter.base)
    text = f"{family}({', '.join(f'{name}={value:.8g}' for name, value in arguments.items())})"
    varied = distributions.make(family, (), arguments)
    if not isinstance(varied, Distribution):
        raise distributions.DistributionError(f"{family} draws several numbers together")
    return dataclasses.replace(parameter, distribution=varied, base=base, text=text)


def restated(text: str, argument: str, value: str) -> str:
    """A distribution as a file states it, with another value of one argument. Raises ArgumentError."""
    try:
        family, trees = _trees(text)
    except (formula.FormulaError, KeyError):
        raise ArgumentError(f"'{text}' has no arguments that could be set one by one") from None
    if argument not in trees:
        raise ArgumentError(
            f"{text} has no argument '{argument}'.{did_you_mean(argument, trees)} Allowed: {', '.join(trees)}"
        )
    stated = {name: value if name == argument else ast.unparse(tree) for name, tree in trees.items()}
    return f"{family}({', '.join(f'{name}={word}' for name, word in stated.items())})"
