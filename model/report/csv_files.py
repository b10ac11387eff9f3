"""Tables as CSV files that spreadsheets open without running what is written in them."""

from __future__ import annotations

import csv
import io
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from model.report.rows import Rows
from model.spreadsheets import escape

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 2_000  # rows that are written by one format string
TEXT = "%s"
FORMS = {"f": "%.12g", "i": "%d", "u": "%d", "b": TEXT}  # by the kind of a column


def write_csv(table: pd.DataFrame | Rows, path: Path) -> None:
    """Numbers with 12 significant digits; text that a spreadsheet would take for a formula has an apostrophe before it.

    Byte for byte what pandas writes with that format of numbers, one format string a block of rows in the place of a call a number.
    """
    rows = Rows.of(table)
    alone = len(names := rows.columns) == 1
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(",".join(_quoted(escape(str(name)), alone) for name in names) + "\n")
        for made in rows.blocks():
            for begin in range(0, len(made), BLOCK):
                file.write(_text_of(made.iloc[begin : begin + BLOCK], alone))


def _text_of(block: pd.DataFrame, alone: bool) -> str:
    cells = [_cells(block.iloc[:, i], alone) for i in range(len(block.columns))]
    row = ",".join(form for form, _ in cells) + "\n"
    values = chain.from_iterable(zip(*(column for _, column in cells if column is not None)))
    return row * len(block) % tuple(values)


def _cells(column: pd.Series, alone: bool) -> tuple[str, list | None]:
    """How each value of a column is written, and the values; none where all of them are one text, which then is the form."""
    form, values = FORMS.get(column.dtype.kind, ""), column.tolist()
    if not form and set(map(type, values)) == {str}:
        return _texts(values, alone)
    missing = column.isna()
    if form and not missing.any():
        return form, values
    empty, known = _quoted("", alone), dict[str, str]()
    gaps = zip(values, missing.tolist())
    return TEXT, [empty if gap else form % value if form else _text(value, known, alone) for value, gap in gaps]


def _texts(values: list[str], alone: bool) -> tuple[str, list[str] | None]:
    known = {value: _quoted(escape(value), alone) for value in set(values)}
    if len(known) == 1:
        return known[values[0]].replace("%", "%%"), None
    return TEXT, [known[value] for value in values]


def _text(value: object, known: dict[str, str], alone: bool) -> str:
    """known: texts and how they were written before."""
    if not isinstance(value, str):
        return _quoted(value, alone)
    if value not in known:
        known[value] = _quoted(escape(value), alone)
    return known[value]


def _quoted(value: object, alone: bool) -> str:
    """As the csv module writes it; an empty cell is quoted only where it is `alone` in its row."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow([value] if alone else [value, ""])
    return written.getvalue()[: -1 if alone else -2]
