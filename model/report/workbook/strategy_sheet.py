"""The sheet of one strategy and group: rates, matrices, trace, costs and effects."""

from __future__ import annotations

from dataclasses import dataclass

from model.draws import Draws
from model.dynamics import Dynamics
from model.effects import outcome_names
from model.inputs import dynamics as dynamics_of
from model.price_levels import Priced
from model.report.workbook.by_curves import ByCurves
from model.report.workbook.cells import Book
from model.report.workbook.inputs_sheet import Inputs
from model.report.workbook.lines import Line, lines
from model.report.workbook.moves import moves
from model.report.workbook.occupancy import Occupancy
from model.report.workbook.outcomes_block import Quantity, Totals, block, height
from model.report.workbook.scope import Scope
from model.report.workbook.steps import steps
from model.report.workbook.work import TOP, Rows, Work
from model.scenario import Group, Scenario, Strategy

LIST = 3  # first row of the list on the left


@dataclass(frozen=True)
class Made:
    """totals: addresses as other sheets write them; checks: what must be true, by words."""

    title: str
    totals: Totals
    checks: dict[str, str]


def group_dynamics(scenario: Scenario, draws: Draws, group: Group) -> Dynamics:
    return dynamics_of(scenario, draws, group)


def strategy_sheet(
    book: Book, scenario: Scenario, inputs: Inputs, draws: Draws, strategy: Strategy, group: Group
) -> Made:
    """Adds the sheet to the book."""
    several = len(scenario.groups) > 1
    sheet = book.sheet(f"{strategy.key} {group.key}" if several else strategy.key)
    dynamics, context = group_dynamics(scenario, draws, group), Priced(scenario, draws, group)
    own, outcomes = lines(scenario), outcome_names(scenario)
    width = max(7, 1 + sum(not chance for chance in dynamics.chance)) + 1
    rows = Rows(sheet, steps(dynamics), width)
    scope = Scope(scenario, inputs.cells, inputs.tables, strategy, group)
    index = list(scenario.strategies).index(strategy.key)
    work = Work(scenario, dynamics, context, scope, inputs, sheet, rows, index)
    words = f"{strategy.label or strategy.key}{f', {group.label or group.key}' if several else ''}"
    sheet.text(0, 0, words, "title")
    sheet.text(
        1,
        0,
        "All cells are formulas of the sheet Inputs. Left: costs and effects, rates, matrices; right: over time.",
        "note",
    )
    sheet.widths |= {0: 38, 1: 26, **dict.fromkeys(range(2, width), 16)}
    sheet.frozen = (TOP, 1)
    work.row = LIST + height(own, outcomes)
    _clock(work)
    quantity, started = _quantities(work)
    work.title("Prices")
    totals = block(work, own, outcomes, LIST, quantity, started)
    if work.beside is not None:
        book.sheets.append(work.beside)
    return Made(
        sheet.title,
        {key: sheet.outside(cell) for key, cell in totals.items()},
        {f"{sheet.title}: {words}": _outside(sheet, test) for words, test in _checks(work).items()},
    )


def _quantities(work: Work) -> tuple[Quantity, dict[int, str]]:
    """(columns of what lines count, cells of the shares that start in states)."""
    occupancy: Occupancy
    if work.scenario.partition is not None:
        occupancy = curves = ByCurves(work)
        started = {j: work.rows.at(place, 0) for j, place in curves.x.items()}
        count = curves.fall
    else:
        moved = moves(work)
        occupancy = Occupancy(work, moved)
        started, count = moved.stated, occupancy.count

    def quantity(line: Line, weight: int) -> int:
        return (occupancy.time if line.of == "time" else count)(line.index, weight)

    return quantity, started


def _checks(work: Work) -> dict[str, str]:
    """Each check in a cell of the sheet: the words, and its address."""
    work.title("Checks")
    return {words: work.cell(words, f"IF({test},1,0)") for words, test in work.checks.items()}


def _outside(sheet, address: str) -> str:
    return sheet.outside(address)


def _clock(work: Work) -> None:
    """Columns of the time of each step."""
    unit, given = work.scenario.time.unit, work.steps
    ends = [step.begin for step in given] + [given[-1].end]
    work.rows.column("begin", f"{unit}", lambda k: ends[k], "time", closed=True)
    work.rows.column("cycle", "cycle", lambda k: float(given[k].cycle + 1), "time")
    work.rows.column("length", f"length, {unit}s", lambda k: given[k].length, "time")
