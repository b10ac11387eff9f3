"""What a column and a table are: name, unit and meaning.

Names in braces are patterns: `incremental_{effect}` is a column for the effect of the decision. What stands in brackets may be left
out: `bridge[_{strategy}]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

TEXT, NUMBER, COUNT, TRUTH = "text", "number", "count", "true or false"
MONEY, EFFECT, RATIO = "money", "effect", "money per effect"
SHARE, TIME, DAYS, HOURS, YEARS = "share", "time unit", "days", "hours", "years"
SQUARE, ROW = "money squared", "of the row"

UNITS = {
    TEXT: "a key of the file, a label or a word",
    NUMBER: "a number without a unit",
    COUNT: "a whole number of something",
    TRUTH: "`true` or `false`",
    MONEY: "the scenario's currency at its price year, per patient unless the column says otherwise",
    EFFECT: "the unit of the effect: QALYs and life-years are years, others as the file defines them",
    RATIO: "money per unit of the effect",
    SQUARE: "a variance of money",
    SHARE: "a share or a probability, from 0 to 1",
    TIME: "the scenario's `time: unit`, from the start of the model",
    DAYS: "days",
    HOURS: "hours",
    YEARS: "years",
    ROW: "depends on the row: of the outcome, parameter, result or measure that it names, or of its column `unit`",
}


@dataclass(frozen=True)
class Column:
    """optional: only where there is something to say, as standard errors of simulation. many: one for each name of the pattern."""

    name: str
    unit: str
    meaning: str
    optional: bool = False
    many: bool = False

    def matches(self, header: str, names: Mapping[str, Iterable[str]]) -> bool:
        """Whether a header is this column; names: what may stand for each word in braces."""
        parts = re.split(r"\{(\w+)\}", self.name)
        allowed = ("|".join(map(re.escape, names.get(word, ()))) for word in parts[1::2])
        pattern = "".join(f"{re.escape(text)}(?:{found})" for text, found in zip(parts[0::2], allowed))
        return re.fullmatch(pattern + re.escape(parts[-1]), header) is not None

    def may_be(self, header: str) -> bool:
        """Whether a header may be this column; what stands in braces may be anything."""
        return "{" in self.name and _fits(self.name, header)


def _fits(pattern: str, name: str) -> bool:
    parts = re.split(r"\{\w+\}", pattern)
    return re.fullmatch(".+".join(map(re.escape, parts)), name) is not None


def error(of: str, unit: str, name: str = "standard_error", optional: bool = False) -> Column:
    """The standard error of something."""
    return Column(name, unit, f"standard error of {of}", optional)


def limits(of: str, unit: str) -> tuple[Column, Column]:
    """A 95 % interval."""
    return Column("lower_95", unit, f"lower limit of the 95 % interval of {of}"), Column(
        "upper_95", unit, "its upper limit"
    )


def between(name: str, of: str, unit: str) -> tuple[Column, Column]:
    """A 95 % interval in columns named after what it is of; blank without draws or simulation."""
    lower, upper = limits(of, unit)
    return replace(lower, name=f"{name}_{lower.name}"), replace(upper, name=f"{name}_{upper.name}")


@dataclass(frozen=True)
class Table:
    """A CSV that commands write, by its name without '.csv'; figure: it stands beside a figure."""

    commands: tuple[str, ...]
    name: str
    about: str
    columns: tuple[Column, ...]
    figure: bool = False

    def is_called(self, name: str) -> bool:
        """Whether a file of that name may be this table; what stands in braces may be anything."""
        pattern = re.sub(r"\{\w+\}", ".+", self.name).replace("[", "(?:").replace("]", ")?")
        return re.fullmatch(pattern, name) is not None

    def differences(self, header: Sequence[str], names: Mapping[str, Iterable[str]]) -> list[str]:
        """What a header has that is not described, or lacks; names: what may stand for each word in braces. A table without
        rows may have no header."""
        if not header:
            return []
        left, problems = list(header), []
        for column in sorted(self.columns, key=lambda column: "{" in column.name):
            taken = [name for name in left if column.matches(name, names)][: None if column.many else 1]
            left = [name for name in left if name not in taken]
            if not taken and not column.optional:
                problems.append(f"{column.name} is missing")
        return problems + [f"{name} is not described" for name in left]
