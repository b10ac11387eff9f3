"""Times to event of patients, as a CSV or a DataFrame with a row a patient: read, checked, by arm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model import files
from model.spreadsheets import unescape
from model.suggestions import nearest
from model.units import DAYS

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"  # the arm of data without arms, and of fits to all arms together


class SurvivalDataError(ValueError):
    """Data on survival that cannot be used; names file, row and column."""


@dataclass(frozen=True, eq=False)
class Arm:
    """Patients of one arm. time[patient], in the unit of the data; event[patient]: whether the time is that of the event (else the
    patient was last seen then)."""

    name: str
    time: np.ndarray
    event: np.ndarray

    @property
    def events(self) -> int:
        return int(self.event.sum())

    @property
    def last(self) -> float:
        """The longest time in the data."""
        return float(self.time.max())


@dataclass(frozen=True)
class SurvivalData:
    """Arms in the order of the file; unit: of time; file: what messages and sources call the data."""

    arms: tuple[Arm, ...]
    unit: str
    file: str

    @property
    def years(self) -> float:
        """Units of time in a year."""
        return DAYS["year"] / DAYS[self.unit]


@dataclass(frozen=True)
class Columns:
    """Names of the columns. arm: '' for none, all patients are one arm; None: 'arm' if there is such a column."""

    time: str = "time"
    event: str = "event"
    arm: str | None = None


def read(source: str | Path | pd.DataFrame, unit: str, names: Columns | None = None) -> SurvivalData:
    """SurvivalDataError where the data cannot be used."""
    names = names or Columns()
    table = Table.of(source)
    check_unit(unit, table)
    time, event = table.numbers(names.time), table.numbers(names.event)
    arms = table.texts(_arm_column(table, names.arm))
    table.check(names.time, time, time >= 0, "must be 0 or more")
    table.check(names.event, event, (event == 0) | (event == 1), "must be 1 (event) or 0 (censored)")
    table.check(
        names.time,
        time,
        (time > 0) | (event == 0),
        "is an event at time 0, which no distribution allows; give it half a day",
    )
    found = tuple(_arm(name, time, event, arms, table.name) for name in dict.fromkeys(arms))
    return SurvivalData(found, unit, table.name)


def check_unit(unit: str, table: Table) -> None:
    if unit not in DAYS:
        found = f"found '{unit}'" if unit else "none is stated"
        raise SurvivalDataError(
            f"{table.name}: the unit of time must be one of {', '.join(DAYS)}; {found} (--time-unit)"
        )


def _arm(name: str, time: np.ndarray, event: np.ndarray, arms: list[str], file: str) -> Arm:
    own = np.array([arm == name for arm in arms])
    found = Arm(name, time[own], event[own] == 1)
    if not found.events:
        where = "" if name == ALL else f"arm '{name}': "
        raise SurvivalDataError(
            f"{file}: {where}none of {len(found.time)} patients has the event, so nothing can be fitted"
        )
    return found


def _arm_column(table: Table, stated: str | None) -> str:
    """The column of arms; '' for none. One that is called nearly 'arm' is not passed over in silence."""
    if stated is not None:
        return table.known(stated) if stated else ""
    if "arm" in table.header:
        return "arm"
    meant = next(
        (name for name in table.header if name.strip().lower() in ("arm", "arms", "amr", "treatment", "group")), ""
    )
    if meant:
        raise SurvivalDataError(
            f"{table.name}: there is no column 'arm', but one '{meant}': state --arm {meant} to fit by it, or --arm \"\" to fit all "
            "patients as one arm"
        )
    return ""


@dataclass(frozen=True)
class Table:
    """Cells as texts, a row a line of the file below its header."""

    name: str
    header: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, source: str | Path | pd.DataFrame) -> Table:
        if not isinstance(source, (str, Path)):
            cells = [[str(cell) for cell in row] for row in source.itertuples(index=False)]
            return cls("data", [str(name) for name in source.columns], cells)
        try:
            header, rows = files.table(Path(source))
        except files.FileError as error:
            raise SurvivalDataError(f"{source}: {error}") from None
        return cls(str(source), [unescape(name.strip()) for name in header], rows)

    def known(self, column: str) -> str:
        """The column's name; SurvivalDataError where there is none."""
        if column not in self.header:
            meant = nearest(column, self.header)
            hint = f" Did you mean '{meant}'?" if meant else ""
            raise SurvivalDataError(f"{self.name}: no column '{column}'; {files.columns_in_words(self.header)}.{hint}")
        return column

    def column(self, name: str) -> list[str]:
        place = self.header.index(self.known(name))
        return [row[place].strip() if place < len(row) else "" for row in self.rows]

    def texts(self, name: str) -> list[str]:
        """The cells of a column; ALL in every row for no column."""
        if not name:
            return [ALL] * len(self.rows)
        cells = [unescape(cell) for cell in self.column(name)]
        if "" in cells:
            raise SurvivalDataError(f"{self.name}: row {cells.index('') + 2}, column '{name}': is empty")
        return cells

    def numbers(self, name: str) -> np.ndarray:
        return np.array([self._number(name, row, cell) for row, cell in enumerate(self.column(name), 2)])

    def _number(self, name: str, row: int, cell: str) -> float:
        words = {"true": 1.0, "false": 0.0} if name else {}
        try:
            value = words.get(cell.lower(), np.nan) if cell.lower() in words else float(cell)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise SurvivalDataError(f"{self.name}: row {row}, column '{name}': {files.cell_in_words(cell)}")
        return value

    def check(self, name: str, values: np.ndarray, good: np.ndarray, words: str) -> None:
        """SurvivalDataError at the first row that is not good."""
        if not good.all():
            row = int(np.argmin(good))
            raise SurvivalDataError(f"{self.name}: row {row + 2}, column '{name}': {values[row]:g} {words}")
