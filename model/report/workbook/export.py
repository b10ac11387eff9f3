"""The whole workbook: made, recomputed by LibreOffice where it is found, compared with the engine, and only then written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model import draws as draws_of
from model import price_levels
from model.context import Context
from model.draws import Draws
from model.formula import Formula
from model.grouped import Grouped
from model.outcomes import Outcomes
from model.report.workbook import libreoffice, refusals, write
from model.report.workbook.cells import Book, Place, Value, WorkbookError
from model.report.workbook.inputs_sheet import inputs_sheet
from model.report.workbook.results_sheet import Key, Results, results_sheet
from model.report.workbook.steps import held
from model.report.workbook.strategy_sheet import Made, strategy_sheet
from model.scenario import Rate, Scenario, TimeToEvent

AGREES = 1e-9  # relative difference from the engine up to which the file is handed out
NOT_RECOMPUTED = "not recomputed: LibreOffice not found"


@dataclass(frozen=True)
class Workbook:
    """values: what the engine found; results: where it stands in the sheet Results; known: what LibreOffice computed, or None;
    worst: the largest relative difference between the two; inputs: address of the yellow cell of each input that may be changed."""

    book: Book
    results: Results
    values: dict[Key, float]
    inputs: dict[str, str]
    known: dict[str, dict[Place, Value]] | None
    worst: float
    asked: bool = True

    @property
    def summary(self) -> str:
        """Sheets and cells, and how it compares with the engine."""
        cells = sum(cell.kind == "formula" for sheet in self.book.sheets for cell in sheet.cells.values())
        compared = NOT_RECOMPUTED if self.asked else "not recomputed"
        if self.known is not None:
            number = f"{len(self.values)} results, largest relative difference {self.worst:.1e}"
            compared = f"recomputed by LibreOffice and compared with the engine: {number}"
        return f"{len(self.book.sheets)} sheets, {cells:,} formulas; {compared}"

    def save(self, path: str | Path, replace: bool = False) -> Path:
        """Write the file, whole or not at all."""
        target = Path(path)
        if target.exists() and not replace:
            raise WorkbookError(f"{target} exists; choose another --out, or give --replace")
        part = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write.write(self.book, part, self.known)
            part.replace(target)
        except OSError as error:
            raise WorkbookError(f"cannot write {target}: {error.strerror or error}") from None
        finally:
            if part.exists():
                part.unlink()
        return target


def export(scenario: Scenario, outcomes: Callable[[], Grouped[Outcomes]], recompute: bool = True) -> Workbook:
    """outcomes: makes those of the base case, one draw; asked for once it is known that the workbook covers the scenario. WorkbookError on what is not covered, or where the formulas disagree with the engine."""
    base = draws_of.base(scenario)
    refusals.check(scenario, base)
    book = Book()
    results = book.sheet("Results")
    inputs = inputs_sheet(book, scenario, set(_held(scenario, base)))
    made: dict[tuple[str, str], Made] = {}
    for key, group in scenario.groups.items():
        for name, strategy in scenario.strategies.items():
            made[key, name] = strategy_sheet(book, scenario, inputs, base, strategy, group)
    values = _values(scenario, outcomes())
    found = results_sheet(results, scenario, inputs, made, values)
    known = recomputed(book) if recompute and libreoffice.found() else None
    worst = 0.0 if known is None else _compared(found, values, known)
    return Workbook(book, found, values, inputs.values, known, worst, recompute)


def _values(scenario: Scenario, outcomes: Grouped[Outcomes]) -> dict[Key, float]:
    """Results of the engine, of all patients and of groups."""
    wanted = {key: outcomes[key] for key in outcomes if key == "all" or key in scenario.groups}
    return {
        (group, strategy, name, discounted): float(part.get(name, bool(discounted))[s, 0])
        for group, part in wanted.items()
        for name in part.names
        for discounted in (0, 1)
        for s, strategy in enumerate(scenario.strategies)
    }


def _held(scenario: Scenario, base: Draws):
    """Parameters that set times of steps."""
    by_cycle = any(
        t for t in scenario.transitions if not isinstance(t, Rate | TimeToEvent) and "Cycle" in type(t).__name__
    )
    for group in scenario.groups.values():
        context = Context(scenario, base, group)
        formulas: list[Formula | None] = list(price_levels.prices(scenario))
        if not by_cycle:
            formulas += [getattr(t, "rate", None) or getattr(t, "probability", None) for t in scenario.transitions]
            formulas += [t.survival.ratio for t in scenario.transitions if isinstance(t, TimeToEvent)]
        for formula in formulas:
            if formula is not None and context.reads(formula) & {"time", "cycle"}:
                yield from held(context, formula)


def recomputed(book: Book) -> dict[str, dict[Place, Value]]:
    """What LibreOffice computes, of formulas without any value beside them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xlsx"
        write.write(book, path, {sheet.title: dict.fromkeys(sheet.cells) for sheet in book.sheets})
        return libreoffice.recomputed([path])[0]


def _compared(results: Results, values: dict[Key, float], known: dict[str, dict[Place, Value]]) -> float:
    """The largest relative difference; WorkbookError where it is too large, or a check does not hold."""
    worst, sheet = 0.0, known["Results"]
    for key, place in results.cells.items():
        if key not in values:
            continue
        got, want = sheet.get(place), values[key]
        away = abs(got - want) / max(abs(want), 1e-6) if isinstance(got, float) else float("inf")
        if not away <= AGREES:
            group, strategy, outcome, discounted = key
            raise WorkbookError(
                f"the workbook is not handed out: {outcome} of {strategy}, group {group}, {'' if discounted else 'not '}discounted, is "
                f"{got} after recalculation and {want!r} by the engine"
            )
        worst = max(worst, away)
    if sheet.get(results.verdict) != "yes":
        raise WorkbookError("the workbook is not handed out: a check of its own does not hold after recalculation")
    return worst
