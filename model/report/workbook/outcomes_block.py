"""Costs and effects of a sheet: each line a quantity, a price and their product; each outcome the sum of its lines."""

from __future__ import annotations

from collections.abc import Callable

from model.outcome_keys import COST, cost_of
from model.report.workbook.cells import number, span
from model.report.workbook.levels import Levelled, of_price
from model.report.workbook.lines import Line
from model.report.workbook.work import COST as COST_WEIGHT
from model.report.workbook.work import EFFECT as EFFECT_WEIGHT
from model.report.workbook.work import UNDISCOUNTED, Work

HEADINGS = ("Outcome", "of", "Price", "Quantity", "Quantity, discounted", "Value", "Value, discounted")
QUANTITY, VALUE = (3, 4), (5, 6)  # columns: undiscounted, discounted
Totals = dict[tuple[str, int], str]  # (outcome, discounted) -> cell
Quantity = Callable[[Line, int], int]  # column of what is counted, by weight


def height(lines: list[Line], outcomes: tuple[str, ...]) -> int:
    """Rows that the block takes."""
    return len(lines) + len(outcomes) + 4


def block(
    work: Work, lines: list[Line], outcomes: tuple[str, ...], row: int, quantity: Quantity, start: dict[int, str]
) -> Totals:
    """Writes the block from a row on. start: cell of the share that starts in a state, by index."""
    sheet = work.sheet
    sheet.heading(row, HEADINGS)
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines, row + 1):
        _line(work, line, at, quantity, start)
        places.setdefault(line.outcome, []).append(at)
    at = row + len(lines) + 2
    sheet.text(at - 1, 0, "Totals of a patient of this group", "section")
    totals: Totals = {}
    components = [cost_of(c) for c in work.scenario.components]
    for offset, outcome in enumerate(outcomes):
        sheet.text(at + offset, 0, outcome, "total")
        of = components if outcome == COST else [outcome]
        rows = [place for one in of for place in places.get(one, [])]
        for discounted in (0, 1):
            column = VALUE[discounted]
            content = f"SUM({span(rows[0], rows[-1], column)})" if rows else "0"
            totals[outcome, discounted] = sheet.formula(at + offset, column, content, "total number")
    return totals


def _line(work: Work, line: Line, row: int, quantity: Quantity, start: dict[int, str]) -> None:
    sheet, weight = work.sheet, COST_WEIGHT if line.is_cost else EFFECT_WEIGHT
    sheet.text(row, 0, line.outcome)
    sheet.text(row, 1, line.words)
    price = None if line.price is None else of_price(work, f"price: {line.field}", line.price)
    factor = "" if line.factor == 1 else f"*{number(line.factor)}"
    if price is None or price.constant:
        sheet.formula(row, 2, f"{'1' if price is None else price.constant}{factor}", "number")
    else:
        sheet.text(row, 2, "by step", "note")
    for discounted, of in ((0, UNDISCOUNTED), (1, weight)):
        counted = _counted(work, line, of, quantity, start)
        amount = sheet.formula(row, QUANTITY[discounted], counted, "number")
        sheet.formula(row, VALUE[discounted], _value(work, line, of, quantity, price, amount, row, factor), "number")


def _counted(work: Work, line: Line, weight: int, quantity: Quantity, start: dict[int, str]) -> str:
    if line.of == "start":
        return start.get(line.index, "0")
    return f"SUM({work.rows.range(quantity(line, weight))})"


def _value(
    work: Work, line: Line, weight: int, quantity: Quantity, price: Levelled | None, amount: str, row: int, factor: str
) -> str:
    if price is None or price.constant:
        return f"{amount}*{span(row, row, 2).split(':')[0]}"
    if line.of == "start":
        return f"{amount}*{price.start}{factor}"
    columns = (
        work.rows.range(quantity(line, weight)),
        work.rows.range(work.rows.columns["price", f"price: {line.field}"]),
    )
    return f"SUMPRODUCT({columns[0]},{columns[1]}){factor}"
