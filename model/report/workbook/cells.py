"""Sheets of cells before they are a file: texts, numbers and formulas by place, rows and columns counted from 0.

A text is never taken for a formula, whatever it begins with. Formulas have no function that Excel 2013 or LibreOffice lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

LONGEST = 8000  # characters of a formula; Excel takes 8,192
COLUMNS = 16_000  # of a sheet; Excel has 16,384
Place = tuple[int, int]
Value = float | str | None


class WorkbookError(ValueError):
    """A scenario that the workbook does not cover, or a place where it cannot be written."""


@dataclass(frozen=True)
class Cell:
    """kind: 'text', 'number' or 'formula'; value: what a formula is known to give; style: a name of `styles.STYLES`."""

    kind: str
    content: str | float
    style: str = ""
    value: Value = None


@dataclass
class Sheet:
    """cells by (row, column); widths by column; frozen: row and column above and left of which nothing scrolls."""

    title: str
    cells: dict[Place, Cell] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    frozen: Place = (0, 0)
    choices: dict[Place, list[str]] = field(default_factory=dict)

    def text(self, row: int, column: int, content: object, style: str = "") -> None:
        self.cells[row, column] = Cell("text", str(content), style)

    def number(self, row: int, column: int, content: float, style: str = "") -> str:
        self.cells[row, column] = Cell("number", float(content), style)
        return fixed(row, column)

    def formula(self, row: int, column: int, content: str, style: str = "", value: Value = None) -> str:
        """`content` without the sign of equality; returns the address within the sheet."""
        if len(content) > LONGEST:
            raise WorkbookError(f"a formula would have {len(content):,} characters; Excel takes {LONGEST:,}")
        if column >= COLUMNS:
            raise WorkbookError(f"a sheet would have more than {COLUMNS:,} columns")
        self.cells[row, column] = Cell("formula", content, style, value)
        return fixed(row, column)

    def heading(self, row: int, titles: Sequence[object], column: int = 0) -> None:
        for i, title in enumerate(titles, column):
            self.text(row, i, title, "heading")

    def outside(self, address: str) -> str:
        """An address of this sheet as other sheets write it."""
        return "'" + self.title.replace("'", "''") + "'!" + address


@dataclass
class Book:
    """Sheets in order, and names of cells."""

    sheets: list[Sheet] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def sheet(self, title: str) -> Sheet:
        """A new sheet; its title is made one that is allowed, and not yet there."""
        made = Sheet(sheet_title(title, [sheet.title for sheet in self.sheets]))
        self.sheets.append(made)
        return made


def sheet_title(title: str, taken: Iterable[str]) -> str:
    """One that Excel allows for a sheet, and that none in `taken` has."""
    printable = "".join(c if c.isprintable() else " " for c in title)
    clean = re.sub(r"[\[\]:*?/\\]", " ", printable).strip("' ")[:27].strip("' ") or "Sheet"
    used = {name.casefold() for name in taken} | {"history"}
    tries = chain([clean], (f"{clean} {i}" for i in range(2, 1000)))
    return next(name for name in tries if name.casefold() not in used)


def letters(column: int) -> str:
    """'A' of 0, 'AA' of 26."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def fixed(row: int, column: int) -> str:
    """'$B$5'."""
    return f"${letters(column)}${row + 1}"


def near(row: int, column: int) -> str:
    """'B5': an address that moves with a copy of the formula."""
    return f"{letters(column)}{row + 1}"


def span(first: int, last: int, column: int) -> str:
    """'$B$5:$B$9': the rows first..last of a column."""
    return f"{fixed(first, column)}:{fixed(last, column)}"


def number(value: float) -> str:
    """A number as formulas write it, with all its digits."""
    text = repr(float(value)).replace("e+", "E+").replace("e-", "E-")
    text = text.removesuffix(".0")
    return f"({text})" if text.startswith("-") else text
