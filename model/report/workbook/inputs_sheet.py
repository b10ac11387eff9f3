"""The sheet of inputs: a yellow cell for each number that may be changed, what it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from model.report.workbook.cells import Book, Sheet, span
from model.report.workbook.expressions import from_model, to_model
from model.report.workbook.names import defined
from model.report.workbook.scope import Scope, free_of_scopes
from model.scenario import Parameter, Scenario

HEADINGS = ("Input", "Label", "Value", "Unit", "In model units", "Status", "Distribution", "Source", "Note")
WIDTHS = (26, 40, 16, 22, 16, 12, 36, 22, 70)
FIXED = "not to be changed here: it sets the times at which rates or prices step. Change it in the scenario and export again"
VALUE, MODEL = 2, 4  # columns
RESERVED = ("discount_cost_rate", "discount_effect_rate")


@dataclass
class Inputs:
    """cells: name of the file -> name of the cell in model units; tables: name -> ranges; values: name -> its yellow cell."""

    cells: dict[str, str] = field(default_factory=dict)
    tables: dict[str, tuple[str, str]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    discount: tuple[str, str] = RESERVED


def inputs_sheet(book: Book, scenario: Scenario, held: Collection[str]) -> Inputs:
    """held: parameters that are shown but not to be changed."""
    sheet = book.sheet("Inputs")
    sheet.widths, sheet.frozen = dict(enumerate(WIDTHS)), (4, 1)
    sheet.text(0, 0, f"Inputs of: {scenario.title}", "title")
    sheet.text(1, 0, "Change yellow cells only; every other sheet is made of formulas that read them.", "note")
    sheet.heading(3, HEADINGS)
    made = Inputs()
    shown = [p for p in scenario.parameters.values() if p.base is not None or free_of_scopes(scenario, p.name)]
    made.cells = defined((p.name for p in shown), RESERVED)
    _tables(book, scenario, made)
    row = _settings(book, sheet, scenario, made, 4)
    for parameter in shown:
        _parameter(book, sheet, scenario, made, parameter, row, parameter.name in held)
        row += 1
    return made


def _settings(book: Book, sheet: Sheet, scenario: Scenario, made: Inputs, row: int) -> int:
    frame, discount = scenario.time, scenario.discount
    how = {"continuous": "rate r of exp(-r t)"}.get(discount.compounding, "by the year")
    for name, label, rate in zip(
        made.discount, ("Discount rate of costs", "Discount rate of effects"), (discount.cost, discount.effect)
    ):
        sheet.text(row, 0, name)
        sheet.text(row, 1, label)
        sheet.number(row, VALUE, rate, "input per cent")
        sheet.text(row, 3, f"per year ({how}; {discount.convention})")
        stated = sheet.outside(_cell(row, VALUE))
        exponent = stated if discount.compounding == "continuous" else f"LN(1+{stated})"
        sheet.formula(row, MODEL, f"{exponent}*{frame.years!r}", "number")
        sheet.text(row, 8, f"column E: continuous rate per {frame.unit}", "note")
        book.names[name] = f"={sheet.outside(_cell(row, MODEL))}"
        made.values[name] = sheet.outside(_cell(row, VALUE))
        row += 1
    for label, number, unit in (
        ("Horizon", frame.horizon, f"{frame.unit}s"),
        ("Cycle", frame.cycle, f"{frame.unit}s"),
        ("Days in a unit of model time", frame.day, "days"),
    ):
        sheet.text(row, 1, label)
        sheet.number(row, VALUE, number, "held")
        sheet.text(row, 3, unit)
        sheet.text(row, 8, "not to be changed here: the rows of the sheets are made for it", "note")
        row += 1
    sheet.text(row, 1, "Cycle convention")
    sheet.text(row, VALUE, frame.convention)
    return row + 2


def _cell(row: int, column: int) -> str:
    return span(row, row, column).split(":")[0]


def _parameter(
    book: Book, sheet: Sheet, scenario: Scenario, made: Inputs, parameter: Parameter, row: int, held: bool
) -> None:
    name, day = made.cells[parameter.name], scenario.time.day
    sheet.text(row, 0, parameter.name)
    sheet.text(row, 1, parameter.label)
    sheet.text(row, 3, parameter.unit.text)
    value = sheet.outside(_cell(row, VALUE))
    if parameter.base is not None:
        sheet.number(row, VALUE, parameter.base, "held" if held else "input")
        sheet.formula(row, MODEL, to_model(parameter.unit, value, day), "number")
        if not held:
            made.values[parameter.name] = value
    else:
        assert parameter.formula is not None
        sheet.formula(row, MODEL, Scope(scenario, made.cells, made.tables).text(parameter.formula), "number")
        sheet.formula(row, VALUE, from_model(parameter.unit, _cell(row, MODEL), day), "number")
    stated = parameter.text or ("" if parameter.formula is None else f"= {parameter.formula.text}")
    notes = [FIXED] if held else []
    for column, words in enumerate(
        (parameter.status, stated, parameter.source, "; ".join([*notes, parameter.note])), 5
    ):
        sheet.text(row, column, words.strip("; "))
    book.names[name] = f"={sheet.outside(_cell(row, MODEL))}"


def _tables(book: Book, scenario: Scenario, made: Inputs) -> None:
    """A sheet of the tables that formulas look up, in model units."""
    if not scenario.tables:
        return
    sheet = book.sheet("Tables")
    sheet.frozen = (3, 0)
    sheet.text(0, 0, "Tables, in model units; a row holds from its first column on", "title")
    column = 0
    for name, table in scenario.tables.items():
        sheet.text(1, column, f"{name} ({table.file})")
        sheet.heading(2, ("from", "value"), column)
        sheet.widths |= {column: 16, column + 1: 18}
        for row, (at, value) in enumerate(zip(table.at, table.values), 3):
            sheet.number(row, column, float(at), "number")
            sheet.number(row, column + 1, float(value), "input")
        last = 2 + len(table.at)
        made.tables[name] = (sheet.outside(span(3, last, column)), sheet.outside(span(3, last, column + 1)))
        column += 3
