"""A sheet of one strategy and group while it is made: a list of cells on the left, rows over time on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from model.dynamics import Dynamics
from model.price_levels import Priced
from model.report.workbook.cells import Sheet, near, span
from model.report.workbook.inputs_sheet import Inputs
from model.report.workbook.scope import Scope
from model.report.workbook.steps import Step
from model.scenario import Scenario

TOP = 4  # row of the first step
UNDISCOUNTED, COST, EFFECT = 0, 1, 2
WEIGHT_WORDS = ("undiscounted", "discounted as costs", "discounted as effects")


@dataclass
class Rows:
    """Columns over time. A column is made when it is first asked for, and stands in one row a step; `closed` ones in the
    row of the horizon too."""

    sheet: Sheet
    steps: list[Step]
    left: int  # first column
    columns: dict[object, int] = field(default_factory=dict)

    def column(
        self,
        key: object,
        title: str,
        content: Callable[[int], str | float],
        style: str = "number",
        closed: bool = False,
    ) -> int:
        """content(k): the formula, or the number, of step k."""
        if key in self.columns:
            return self.columns[key]
        place = self.reserve(key, title)
        self.fill(place, content, style, closed)
        return place

    def reserve(self, key: object, title: str) -> int:
        """A column that is filled later, as others stand in its formulas and it in theirs."""
        place = self.columns[key] = self.left + len(self.columns)
        self.sheet.text(TOP - 1, place, title, "heading")
        self.sheet.widths.setdefault(place, 13)
        return place

    def fill(self, place: int, content: Callable[[int], str | float], style: str = "number", closed: bool = False):
        for k in range(len(self.steps) + closed):
            made = content(k)
            put = self.sheet.formula if isinstance(made, str) else self.sheet.number
            put(TOP + k, place, made, style)  # type: ignore[arg-type]

    def at(self, column: int, k: int) -> str:
        return near(TOP + k, column)

    def range(self, column: int) -> str:
        return span(TOP, TOP + len(self.steps) - 1, column)


@dataclass
class Work:
    """index: of the strategy; row: where the next cell of the list goes; states: in which time is spent, by index."""

    scenario: Scenario
    dynamics: Dynamics
    context: Priced
    scope: Scope
    inputs: Inputs
    sheet: Sheet
    rows: Rows
    index: int
    row: int = 0
    checks: dict[str, str] = field(default_factory=dict)
    beside: Sheet | None = None  # of the terms of its steps

    @property
    def steps(self) -> list[Step]:
        return self.rows.steps

    @property
    def states(self) -> list[int]:
        return [i for i, chance in enumerate(self.dynamics.chance) if not chance]

    @property
    def textbook(self) -> bool:
        return self.dynamics.time.convention != "integral"

    def name(self, state: int) -> str:
        """What people call a state."""
        key = self.dynamics.states[state]
        return self.scenario.states[key].label or key

    def title(self, words: str) -> None:
        """A heading within the list."""
        self.row += 1
        self.sheet.text(self.row, 0, words, "section")
        self.row += 1

    def cell(self, label: str, content: str, note: str = "", style: str = "number") -> str:
        """The next cell of the list."""
        self.sheet.text(self.row, 0, label)
        made = self.sheet.formula(self.row, 1, content, style)
        if note:
            self.sheet.text(self.row, 2, note, "note")
        self.row += 1
        return made
