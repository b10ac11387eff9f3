"""results.xlsx has what the CSVs have, whatever the labels; it is among the files of a run, and never what a run fails of."""

import csv
import json
import math
from pathlib import Path

import pandas as pd
import pytest

import model
from model.report import results_sheets, results_workbook
from model.report.html.material import Material
from model.report.result import Result
from model.report.workbook.cells import sheet_title
from tests.runs import write_scenario

openpyxl = pytest.importorskip("openpyxl")
ROOT = Path(__file__).resolve().parents[2]
SMALL = """
title: "=1+1"
currency: {code: EUR}
parameters:
  r: {distribution: "gamma(mean=0.2, cv=0.2)", unit: per year, label: "=HYPERLINK(A1)", note: "-1+1"}
groups: {young: {weight: 0.4, label: "@young"}, old: {weight: 0.6, label: "Old [1]: a/b"}}
strategies: {plain: {label: "=1+2", h: 1}, new: {label: "+New's", h: 0.5}}
states: {well: {label: "=well", start: 1, utility: 1, cost: {drug: 20 EUR per year}}, dead: {alive: false}}
transitions: [{from: well, to: dead, rate: r * h}]
"""


def saved(path: Path, folder: Path, draws: int = 300) -> tuple[Result, Path, dict]:
    result = model.run(path, draws=draws)
    result.plans, result.pages = {}, {}
    out = result.save(folder / "out")
    return result, out, openpyxl.load_workbook(out / "results.xlsx")


def listed(book) -> dict[str, str]:
    """Sheet by place of its CSV."""
    titles = [title for title in book.sheetnames if title not in ("Contents", "Columns")]
    return {book[title]["A3"].value.split("whole table is ")[1].split(",")[0]: title for title in titles}


def same(value, written: str) -> bool:
    """A cell and what the CSV has, with its 12 digits."""
    if isinstance(value, (int, float)):
        return written != "" and abs(float(written) - value) <= 6e-12 * abs(value)
    return (value or "") == written.removeprefix("'")


@pytest.mark.parametrize("shipped", ["mscc_furlan", "hostile"])
def test_every_value_is_that_of_the_csv(tmp_path, shipped):
    path = ROOT / "scenarios" / f"{shipped}.yaml" if shipped != "hostile" else write_scenario(tmp_path, SMALL)
    result, out, book = saved(path, tmp_path)
    sheets = listed(book)
    files = {file.relative_to(out).as_posix(): file for file in (out / "tables").glob("*.csv")}
    assert set(sheets) == set(files) and len(files) == len(result.tables) and book.sheetnames[0] == "Contents"
    for name, file in files.items():
        header, *rows = list(csv.reader(file.open(encoding="utf-8")))
        sheet = book[sheets[name]]
        names = [cell.value for cell in sheet[4]]
        # Where labels stand first, the keys are the last of their name.
        places = [len(names) - 1 - names[::-1].index(one) for one in header]
        values = [[row[at].value for at in places] for row in sheet.iter_rows(min_row=results_workbook.TOP + 1)]
        told = sheet["A3"].value
        differ = [pair for row in zip(values, rows) for pair in zip(*row, strict=True) if not same(*pair)]
        assert not differ, name
        assert told.startswith(f"All {len(rows):,} rows" if len(values) == len(rows) else f"The first {len(values):,}")


def test_labels_stand_first_and_no_text_is_a_formula(tmp_path):
    _, out, book = saved(write_scenario(tmp_path, SMALL), tmp_path)
    sheet = book["Outcomes"]
    headings = [cell.value for cell in sheet[results_workbook.TOP]]
    assert headings[:4] == ["Analysis", "Group", "Strategy", "Outcome"]
    assert headings[-3:] == ["Group (key)", "Strategy (key)", "Outcome (key)"]
    assert {row[2].value for row in sheet.iter_rows(min_row=6)} == {"=1+2", "+New's"}
    assert sheet.freeze_panes == "B6" and book["Contents"]["A1"].value == "=1+1"
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds and "e" not in kinds
    of_increments = [cell.value for cell in book["Incremental"][results_workbook.TOP]]
    assert "Incremental cost (EUR)" in of_increments and "Incremental cost: 95 % interval to (EUR)" in of_increments


def test_formats_go_by_unit(tmp_path):
    _, _, book = saved(write_scenario(tmp_path, SMALL), tmp_path)
    rows = {(row[3].value, row[5].number_format) for row in book["Outcomes"].iter_rows(min_row=6)}
    assert ("Cost", "#,##0.00_ ") in rows and ("QALYs", "#,##0.0000_ ") in rows
    trace = book["Trace"]
    place = [cell.value for cell in trace[4]].index("occupancy")
    assert {row[place].number_format for row in trace.iter_rows(min_row=6)} == {"0.00%_ "}


def test_it_is_listed_in_the_manifest_and_replaced_by_the_next_run(tmp_path):
    path = write_scenario(tmp_path, SMALL)
    saved(path, tmp_path, 50)
    result, out, _ = saved(path, tmp_path, 50)
    assert "results.xlsx" in json.loads((out / "manifest.json").read_text())["sha256_of_files_it_wrote"]
    assert [file.name for file in out.glob("results*")] == ["results.xlsx"] and result.notes == []


def test_odd_values_and_large_tables(tmp_path):
    result = model.run(write_scenario(tmp_path, SMALL), draws=20)
    odd = [math.inf, -math.inf, math.nan, 1e-300, 1e300, -0.0]
    texts = ["=1+1", "a" * 40_000, "\ud800", "\x00\x0b", None, ""]
    tables = {"odd [a]:*?/\\": pd.DataFrame({"value": odd, "text": texts})}
    tables |= {f"a very long name of a table that goes on {i}": pd.DataFrame({"x": [i]}) for i in range(120)}
    tables["none"] = pd.DataFrame()
    tables["wide"] = pd.DataFrame([range(3000)] * 50, columns=[f"c{i}" for i in range(3000)])
    tables["many"] = pd.DataFrame({"draw": range(1_000), "x": 1.0})
    result.tables = tables
    results_workbook.write(tmp_path / "odd.xlsx", result)
    assert result.notes == []
    book = openpyxl.load_workbook(tmp_path / "odd.xlsx")
    assert len(book.sheetnames) == len(tables) + 1 and max(map(len, book.sheetnames)) <= 31
    assert len({title.casefold() for title in book.sheetnames}) == len(book.sheetnames)
    assert not set("".join(book.sheetnames)) & set("[]:*?/\\")
    values = [[cell.value for cell in row] for row in book.worksheets[1].iter_rows(min_row=6)]
    assert [row[0] for row in values] == ["inf", "-inf", None, 1e-300, 1e300, 0]
    assert [len(row[1] or "") for row in values][:2] == [4, 32_000]
    assert "without 2,000 columns" in book["Wide"]["A3"].value
    assert book["Many"].max_row == results_workbook.TOP + results_sheets.DRAWS


def test_what_cannot_be_written_is_a_note(tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(results_workbook, "_write", full)
    result = model.run(write_scenario(tmp_path, SMALL), draws=20)
    result.plans = {}
    out = result.save(tmp_path / "out")
    assert not (out / "results.xlsx").exists() and (out / "tables" / "outcomes.csv").exists()
    assert result.notes == ["results.xlsx was not written: MemoryError"]


def test_sheet_titles_are_legal_and_distinct():
    taken = []
    for title in ["a" * 60] * 120 + ["History", "", "'x'", "a\x00b[c]", "A" * 31]:
        taken.append(sheet_title(title, taken))
    assert len({title.casefold() for title in taken}) == len(taken) and max(map(len, taken)) <= 31
    assert all(title and title[0] != "'" != title[-1] and not set(title) & set("[]:*?/\\\x00") for title in taken)


def test_material_labels_are_those_of_the_page(tmp_path):
    result = model.run(write_scenario(tmp_path, SMALL), draws=20)
    page = results_sheets.page(
        Material({"run": result}, result.manifest), "run", "psa_parameters", result.tables["psa_parameters"]
    )
    assert [column.heading for column in page.columns if column.name == "r"] == ["=HYPERLINK(A1) (per year)"]
