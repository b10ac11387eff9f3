"""What an editor offers and underlines in a value, by the `format` of its field: patterns and snippets.

Both are made from the tables that the reader of files uses, so a new unit, distribution or hazard is known here too. Patterns are in the
dialect of JSON Schema (ECMA 262) and say no more than the reader; whether names, arguments and numbers go together only `check` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from model import distributions, hazards
from model.joint_distributions import JOINT_FAMILIES
from model.scenario_file.survival import LISTS, TABLES, hazard_forms
from model.units import DAYS, PLAIN

DIGITS = r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"


def _any_case(word: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c).replace("\\ ", " +") for c in word)


def _one_of(words: Iterable[str]) -> str:
    return f"({'|'.join(words)})"


TIME = _one_of(f"{_any_case(word)}[sS]?" for word in DAYS)
LENGTH = rf"([+-]?{DIGITS})? *{TIME}"
UNITS = _one_of(
    (
        *(_any_case(word) for word in PLAIN if word),
        "[Qq][Aa][Ll][Yy][Ss]?",
        r"[A-Z]{3}",
        TIME,
        rf"([A-Z]{{3}} +|events +)?per +({DIGITS} +)?{TIME}",
        rf"(probability +)?over +{LENGTH}",
    )
)


def _calls(names: Iterable[str]) -> str:
    return rf"^\s*{_one_of(names)}\s*\([\s\S]*$"


def patterns() -> dict[str, str]:
    """What a text must look like, by format."""
    return {
        "number": rf"^\s*[+-]?{DIGITS}\s*%?\s*$",
        "duration": rf"^\s*{LENGTH}\s*$",
        "unit": rf"^\s*{UNITS}\s*$",
        "distribution": _calls(distributions.FORMS),
        "prior": rf"{_calls(distributions.FORMS)}|^own$",
        "survival": _calls([*hazards.FAMILIES, *TABLES]),
        "capacity": rf"^(unlimited|{DIGITS})$",
        "currency": "^[A-Z]{3}$",
    }


def snippets() -> dict[str, list[dict[str, str]]]:
    """What an editor offers, by format: {label, description, body} each, with places to be filled in."""
    return {
        "unit": list(_of_units()),
        "distribution": list(_of_distributions()),
        "prior": list(_of_distributions()),
        "survival": list(_of_survival()),
        "duration": [_snippet(f"{word}s", "length of time", f"${{1:1}} {word}s") for word in DAYS],
    }


def _snippet(label: str, description: str, body: str) -> dict[str, str]:
    return {"label": label, "description": description, "body": body}


def _of_units() -> Iterator[dict[str, str]]:
    for word in PLAIN:
        if word not in ("", "1"):
            yield _snippet(word, "a number without dimension", f'"{word}"' if word == "%" else word)
    yield _snippet("QALY", "years at utility 1", "QALY")
    yield _snippet("money", "currency of the file", "${1:USD}")
    for word in DAYS:
        yield _snippet(word, "an amount of time", word)
        yield _snippet(f"per {word}", "a rate", f"per {word}")
        yield _snippet(f"money per {word}", "a flow of money", f"${{1:USD}} per {word}")
    yield _snippet("probability over a time", "becomes a hazard", "probability over ${1:30} ${2:days}")


def _of_distributions() -> Iterator[dict[str, str]]:
    for name, forms in distributions.FORMS.items():
        joint = JOINT_FAMILIES.get(name)
        what = "uncertainty of a parameter" if joint is None else "several parameters, drawn together"
        for form in forms:
            yield _call(name, form, what, {} if joint is None else joint.axes)


def _of_survival() -> Iterator[dict[str, str]]:
    for name, family in hazards.FAMILIES.items():
        for form in hazard_forms(family):
            stated = {word: allowed for word, allowed in family.allowed.items() if isinstance(allowed, tuple)}
            words = {word: allowed[0] if allowed else "exponential(0.1)" for word, allowed in stated.items()}
            yield _call(name, form, "time to an event", dict.fromkeys(LISTS, 1), " in ${0:months}", words)
    yield _snippet("life_table(table)", "mortality by time", "life_table(${1:table})")
    yield _snippet("life_table(table, age)", "mortality by age", '"life_table(${1:table}, age=${2:age})"')
    yield _snippet("kaplan_meier(table)", "survival by time, as listed", "kaplan_meier(${1:table})")
    what, then = "as listed, then another", "then=${2:exponential(0.1)}, after=${3:12}"
    yield _snippet("kaplan_meier(table, then, after)", what, f'"kaplan_meier(${{1:table}}, {then}) in ${{0:months}}"')


def _call(
    name: str,
    form: Iterable[str],
    description: str,
    axes: Mapping[str, int],
    after: str = "",
    words: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """A call with places for its arguments, in quotes, since between { and } a comma would end the value. words: arguments that
    are one of some words, with the first of them."""
    if name == "empirical":
        return _snippet("empirical(file)", f"{description}, one row of a file each", "empirical(${1:draws.csv})")
    lists = {word: ("[" * axes.get(word, 0), "]" * axes.get(word, 0)) for word in form}
    places = [f"{w}={first}${{{i}:{words.get(w, w)}}}{last}" for i, (w, (first, last)) in enumerate(lists.items(), 1)]
    return _snippet(f"{name}({', '.join(lists)})", description, f'"{name}({", ".join(places)}){after}"')
