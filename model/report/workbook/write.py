"""A book as a file. What a formula is known to give is written beside it; where that is not known, the program that opens it computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from model.report.workbook.cells import Book, Place, Value

if TYPE_CHECKING:
    from pathlib import Path

Known = Mapping[str, Mapping[Place, Value]]  # by title of a sheet
_NUMBER, _SHARE = "#,##0.0000", "0.000000"
_YELLOW, _GREY = "#FFF2CC", "#EDEDED"
STYLES: dict[str, dict[str, object]] = {
    "": {},
    "title": {"bold": True, "font_size": 14},
    "section": {"bold": True, "font_color": "#1F4E79"},
    "heading": {"bold": True, "bg_color": "#D9E2F3", "text_wrap": True, "valign": "top", "bottom": 1},
    "note": {"italic": True, "font_color": "#595959"},
    "number": {"num_format": _NUMBER},
    "rate": {"num_format": "0.000000E+00"},
    "share": {"num_format": _SHARE},
    "time": {"num_format": "0.###"},
    "money": {"num_format": "#,##0.00"},
    "total": {"bold": True},
    "total number": {"bold": True, "num_format": _NUMBER},
    "total money": {"bold": True, "num_format": "#,##0.00"},
    "input": {"bg_color": _YELLOW, "font_color": "#0000FF", "border": 1},
    "input per cent": {"bg_color": _YELLOW, "font_color": "#0000FF", "border": 1, "num_format": "0.00 %"},
    "input threshold": {
        "bg_color": _YELLOW,
        "font_color": "#0000FF",
        "border": 1,
        "num_format": '"Net benefit at "#,##0" per QALY"',
        "align": "left",
    },
    "held": {"bg_color": _GREY, "border": 1},
}


def write(book: Book, path: Path | str, known: Known | None = None) -> None:
    """known: what formulas give, by sheet and place, in the place of what the cells say themselves."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(str(path), options)
    formats = {name: file.add_format(style) for name, style in STYLES.items()}
    for sheet in book.sheets:
        page, values = file.add_worksheet(sheet.title), (known or {}).get(sheet.title, {})
        for column, width in sheet.widths.items():
            page.set_column(column, column, width)
        page.freeze_panes(*sheet.frozen)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        for row in {row for (row, _), cell in sheet.cells.items() if cell.style == "heading"}:
            page.set_row(row, 48 if sheet.title != "Results" else 32)
        for (row, column), cell in sorted(sheet.cells.items()):
            style = formats[cell.style]
            if cell.kind == "text":
                page.write_string(row, column, str(cell.content), style)
            elif cell.kind == "number":
                page.write_number(row, column, float(cell.content), style)
            else:
                value = values.get((row, column), cell.value)
                page.write_formula(row, column, f"={cell.content}", style, "" if value is None else value)
    for name, target in book.names.items():
        file.define_name(name, target)
    try:
        file.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from None
