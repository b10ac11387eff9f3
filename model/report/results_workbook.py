"""results.xlsx: every table of a run and of the analyses saved with it, a sheet each, after a sheet of contents.

The numbers are those of the CSVs; nothing in the file is a formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model import software
from model.report.file_names import file_names
from model.report.html import answer, provenance
from model.report.html.material import RUN, Material
from model.report.named_tables import rows_of
from model.report.result import Result
from model.report.results_sheets import Page, Shown, page
from model.report.workbook.cells import sheet_title

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

NAME = "results.xlsx"
TOP = 5  # row of the first values
LONGEST = 32_000  # characters of a cell
CONTENTS, COLUMNS = "Contents", "Columns"
STYLES: dict[str, dict[str, object]] = {
    "": {},
    "title": {"bold": True, "font_size": 14},
    "section": {"bold": True, "font_color": "#1F4E79"},
    "heading": {"bold": True, "bg_color": "#D9E2F3", "text_wrap": True, "valign": "top", "bottom": 1},
    "note": {"italic": True, "font_color": "#595959"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "top": {"valign": "top"},
    "link": {"font_color": "#0563C1", "underline": 1, "valign": "top"},
    "money": {"num_format": "#,##0.00_ "},
    "effect": {"num_format": "#,##0.0000_ "},
    "share": {"num_format": "0.00%_ "},
    "count": {"num_format": "#,##0_ "},
    "rows": {"num_format": "#,##0_ ", "valign": "top"},
}
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
ABOUT = 100  # characters of what a sheet says that fit in a line


def write(path: Path, result: Result, manifest: Mapping[str, object] | None = None) -> None:
    """Of a run. A file that cannot be made is left out, and `result.notes` says why: the CSVs are what counts."""
    try:
        _write(path, Material({RUN: result} | result.parts, result.manifest if manifest is None else manifest))
    except Exception as error:  # whatever it is, the run has its results without this file
        path.unlink(missing_ok=True)
        result.notes.append(f"{NAME} was not written: {str(error) or type(error).__name__}")


def _write(path: Path, material: Material) -> None:
    import xlsxwriter

    pages = [
        page(material, command, name, rows)
        for command, result in material.results.items()
        for name in result.tables
        if len((rows := rows_of(result.tables, name)).columns)
    ]
    titles = [CONTENTS]
    for one in pages:
        titles.append(sheet_title(one.title, [*titles, COLUMNS]))
    with xlsxwriter.Workbook(str(path), OPTIONS) as file:
        file.set_properties({"title": plain(material.scenario.title), "comments": plain(_version(material))})
        formats = {name: file.add_format(style) for name, style in STYLES.items()}
        _contents(_sheet(file, CONTENTS), formats, material, list(zip(titles[1:], pages)))
        for title, one in zip(titles[1:], pages):
            _table(_sheet(file, title), formats, one, _place(material, one))
        _columns(_sheet(file, COLUMNS), formats, list(zip(titles[1:], pages)))


def _sheet(file: Workbook, title: str) -> Worksheet:
    sheet = file.add_worksheet(title)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")
    return sheet


def _version(material: Material) -> str:
    return f"{software.identity()}, scenario {provenance.fingerprint(material)}"


def _place(material: Material, one: Page) -> str:
    """Of the CSV, seen from the folder of the run."""
    tables = material.results[one.command].tables
    file = dict(zip(tables, file_names(tables)))[one.name]
    return f"{'' if one.command == RUN else f'{one.command}/'}tables/{file}.csv"


def plain(text: object) -> str:
    """As a cell takes it: not too long, and without halves of characters."""
    return str(text)[:LONGEST].encode("utf-8", "backslashreplace").decode()


# --- contents -----------------------------------------------------------------------------------------------------


def _contents(sheet: Worksheet, formats: dict, material: Material, pages: list[tuple[str, Page]]) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, ABOUT)
    sheet.set_column(2, 3, 16)
    lines = [(material.scenario.title, "title"), (answer.question(material), ""), (answer.base_case(material), "")]
    lines += [(words, "") for words in answer.probabilistic(material)]
    lines.append((_version(material), "note"))
    for row, (words, style) in enumerate(lines):
        sheet.write_string(row, 0, plain(words), formats[style])
    top = len(lines) + 1
    for column, words in enumerate(("Sheet", "What it says", "Rows in the CSV", "Analysis")):
        sheet.write_string(top, column, words, formats["heading"])
    for row, (title, one) in enumerate(pages, top + 1):
        sheet.write_url(row, 0, _link(title), formats["link"], title)
        sheet.set_row(row, 15 * max(1, math.ceil(len(one.about) / ABOUT)))
        sheet.write_string(row, 1, plain(one.about), formats["wrapped"])
        sheet.write_number(row, 2, one.rows, formats["rows"])
        sheet.write_string(row, 3, one.command, formats["top"])
    last = top + 1 + len(pages)
    sheet.write_url(last, 0, _link(COLUMNS), formats["link"], COLUMNS)
    sheet.write_string(last, 1, "What each column of each table means", formats["wrapped"])
    sheet.freeze_panes(top + 1, 0)


def _link(title: str) -> str:
    quoted = title.replace("'", "''")
    return f"internal:'{quoted}'!A1"


def _columns(sheet: Worksheet, formats: dict, pages: list[tuple[str, Page]]) -> None:
    for column, (words, width) in enumerate((("Sheet", 28), ("Column", 44), ("Name in the CSV", 30), ("Meaning", 100))):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, words, formats["heading"])
    row = 1
    for title, one in pages:
        for shown in one.columns[:60]:
            for column, words in enumerate((title, shown.heading, shown.name, shown.about)):
                sheet.write_string(row, column, plain(words))
            row += 1
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, row - 1, 3)


# --- a table ------------------------------------------------------------------------------------------------------


def _table(sheet: Worksheet, formats: dict, one: Page, place: str) -> None:
    for at, column in enumerate(one.columns):
        sheet.set_column(at, at, column.width)
    sheet.write_string(0, 0, plain(one.title), formats["title"])
    sheet.write_string(1, 0, plain(one.about))
    sheet.write_string(2, 0, plain(_note(one, place)), formats["note"])
    sheet.write_url(2, 6, _link(CONTENTS), formats["link"], CONTENTS)
    for at, column in enumerate(one.columns):
        sheet.write_string(3, at, plain(column.name), formats["note"])
    sheet.set_row(4, 62)
    for at, column in enumerate(one.columns):
        sheet.write_string(4, at, plain(column.heading), formats["heading"])
    _values(sheet, formats, one)
    sheet.freeze_panes(TOP, 1)
    if one.shown:
        sheet.autofilter(TOP - 1, 0, TOP - 1 + one.shown, len(one.columns) - 1)


def _note(one: Page, place: str) -> str:
    rows = f"All {one.rows:,} rows" if one.shown == one.rows else f"The first {one.shown:,} of {one.rows:,} rows"
    columns = f", without {one.left:,} columns" if one.left else ""
    return f"{rows}{columns}; the whole table is {place}, whose names stand above the headings."


def _values(sheet: Worksheet, formats: dict, one: Page) -> None:
    columns = [_cells(formats, column, one.shown) for column in one.columns]
    text, number = sheet.write_string, sheet.write_number
    for row, cells in enumerate(zip(*columns), TOP):
        for at, (value, style) in enumerate(cells):
            if value is None:
                continue
            if isinstance(value, str):
                text(row, at, value)
            else:
                number(row, at, value, style)


def _cells(formats: dict, column: Shown, rows: int) -> Iterator[tuple[Any, Any]]:
    """(value, format) of each row."""
    styles = [column.formats] * rows if isinstance(column.formats, str) else column.formats
    known = {value: _value(value) for value in set(column.values)}
    return zip([known[value] for value in column.values], [formats[style] for style in styles])


def _value(value: Any) -> Any:
    """A number, a text, or None for nothing; infinities are texts, as in the CSV."""
    if isinstance(value, str):
        return plain(value) or None
    if isinstance(value, bool) or value is None:
        return None if value is None else str(value)
    if not isinstance(value, (int, float)):
        return plain(value)
    return value if math.isfinite(value) else (None if value != value else f"{value:g}")
