"""Tables as CSV files that spreadsheets open without running what is written in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.spreadsheets import escape

if TYPE_CHECKING:
    import pandas as pd


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Numbers with 12 significant digits; text that a spreadsheet would take for a formula has an apostrophe before it."""
    escaped(table).to_csv(
        path, index=False, float_format="%.12g", lineterminator="\n", encoding="utf-8", errors="backslashreplace"
    )


def escaped(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `escape` for each text, column names included."""
    texts = {i: column for i, (_, column) in enumerate(table.items()) if column.dtype.kind not in "biufcmM"}
    changed = table.copy(deep=False)
    for i, column in texts.items():
        marked = {value: escape(value) for value in column.unique() if isinstance(value, str)}
        marked = {value: text for value, text in marked.items() if text != value}
        if marked:
            changed.isetitem(i, column.map(lambda value, marked=marked: marked.get(value, value)))
    return changed.set_axis([escape(str(name)) for name in table.columns], axis=1)
