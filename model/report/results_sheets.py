"""A table of results as a sheet for people: labels first, headings with units, keys last, formats by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.effects import BUILT_IN
from model.outcome_keys import COST
from model.report import numbers
from model.report.columns import Column, column_of, described
from model.report.columns.column import COUNT, DAYS, EFFECT, HOURS, MONEY, RATIO, ROW, SHARE, SQUARE, TIME, YEARS
from model.report.html.grids import heading
from model.report.html.material import Material
from model.report.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 100  # rows of a table of draws; the sheet says where the whole is
CELLS = 10_000  # of another table
COLUMNS = 1_000  # of a sheet
KEYED = ("strategy", "comparator", "reference", "group", "state", "outcome", "effect", "parameter", "name", "resource")
KEY_WORDS = " (key)"
SAMPLES = 100  # rows that widths are made from
WIDEST, NUMBERS = 48, 14  # characters


@dataclass(frozen=True)
class Shown:
    """A column of a sheet. name: that of the CSV; formats: one for all rows, or one a row; about: what it means."""

    name: str
    heading: str
    values: Sequence[object]
    formats: str | Sequence[str]
    width: float
    about: str = ""


@dataclass(frozen=True)
class Page:
    """A table of a command; about: what it says; rows: of the CSV, `shown` of which are here."""

    command: str
    name: str
    title: str
    about: str
    columns: Sequence[Shown]
    rows: int
    shown: int
    left: int  # columns that are not here


def page(material: Material, command: str, name: str, table: pd.DataFrame | Rows) -> Page:
    known, rows = described(command, name), Rows.of(table)
    few = _few(rows)
    part = rows.first(few).iloc[:, :COLUMNS]
    maker = _Maker(material, part)
    columns = [maker.shown(str(header), column_of(known, str(header)), at) for at, header in enumerate(part.columns)]
    labelled = [maker.label(column) for column in columns]
    first = [label or column for label, column in zip(labelled, columns)]
    keys = [column for label, column in zip(labelled, columns) if label]
    about = known[0].about.replace("`", "") if known else ""
    return Page(
        command, name, heading(name), about, [*first, *keys], len(rows), few, max(0, len(rows.columns) - COLUMNS)
    )


def _few(table: Rows) -> int:
    """Rows that are shown: all, unless they are many or draws."""
    most = DRAWS if "draw" in table.columns else CELLS // min(max(len(table.columns), 1), COLUMNS)
    return min(len(table), most)


class _Maker:
    def __init__(self, material: Material, table: pd.DataFrame):
        self.material, self.table = material, table
        self.effect_named = "effect" in table.columns
        self.outcomes = table["outcome"].tolist() if "outcome" in table.columns else []

    def shown(self, header: str, column: Column, at: int) -> Shown:
        values = self.table.iloc[:, at]
        words, unit = self._words(header, column)
        suffix = self._unit(unit)
        number = values.dtype.kind in "iuf"
        return Shown(
            header,
            f"{words} ({suffix})" if suffix and number else words,
            values.tolist(),
            self._formats(values, unit) if number else "",
            NUMBERS if number else _width(values.tolist()),
            column.meaning.replace("`", ""),
        )

    def label(self, column: Shown) -> Shown | None:
        """The column of labels of a column of keys; None where there is none that says more."""
        if column.name not in KEYED or not column.values:
            return None
        known = {key: self._label(column.name, key) for key in set(column.values)}
        if all(label == key for key, label in known.items()):
            return None
        values = [known[key] for key in column.values]
        return Shown(column.name, column.heading.removesuffix(KEY_WORDS), values, "", _width(values), column.about)

    def _label(self, name: str, key: object) -> object:
        return (self.material.word(name, key) or key) if isinstance(key, str) and key else key

    def _words(self, header: str, column: Column) -> tuple[str, str]:
        """(heading without unit, kind of unit)."""
        scenario = self.material.scenario
        if column.name == "{outcome}":
            money = header.startswith(COST)
            unit = MONEY if money else getattr(scenario.effects.get(header), "unit", "")
            return self.material.outcome(header), unit
        if header in scenario.parameters and header not in (column.name, *BUILT_IN):
            parameter = scenario.parameters[header]
            return parameter.label or header, parameter.unit.text
        words = _limit(header)
        return (f"{words}{KEY_WORDS}" if header in KEYED else words), column.unit

    def _unit(self, unit: str) -> str:
        material, frame = self.material, self.material.scenario.time
        effect = "unit of the effect" if self.effect_named else material.effect.one
        known = {
            MONEY: material.currency,
            EFFECT: "in its own unit" if self.effect_named else material.effect.many,
            RATIO: f"{material.currency} per {effect}",
            SQUARE: f"{material.currency} squared",
            TIME: numbers.plural(frame.unit),
            **{words: words for words in (DAYS, HOURS, YEARS)},
        }
        plain = ("text", "number", "true or false", COUNT, SHARE, ROW)
        return known.get(unit, "" if unit in plain else unit)

    def _formats(self, values: pd.Series, unit: str) -> str | list[str]:
        if unit == ROW and self.outcomes:
            return ["money" if str(outcome).startswith(COST) else "effect" for outcome in self.outcomes]
        kinds = {MONEY: "money", EFFECT: "effect", SHARE: "share", COUNT: "count"}
        if unit == RATIO:
            return "count" if numbers.places(values.to_numpy(float)) == 0 else "money"
        return kinds.get(unit, "")


def _limit(header: str) -> str:
    for end, words in (("lower_95", "95 % interval from"), ("upper_95", "95 % interval to")):
        if header.endswith(end):
            of = heading(header.removesuffix(end)) if header != end else ""
            return f"{of}: {words}" if of else words
    return heading(header)


def _width(values: Sequence[object]) -> float:
    return min(WIDEST, max([10, *(len(str(value)) + 2 for value in values[:SAMPLES])]))
