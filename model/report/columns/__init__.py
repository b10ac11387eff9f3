"""Every column of every table that a command writes: its name, its unit and what it means.

docs/tables.md is made from TABLES, and a test compares what commands write with them.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.report.columns.calibration import CALIBRATION
from model.report.columns.column import TEXT, UNITS, Column, Table
from model.report.columns.engines import ENGINES
from model.report.columns.run import RUN
from model.report.columns.sensitivity import SENSITIVITY
from model.report.columns.survival import SURVIVAL
from model.report.columns.value import VALUE
from model.report.columns.verification import VERIFICATION

__all__ = ["TABLES", "UNITS", "Column", "Table", "column_of", "described"]

TABLES: tuple[Table, ...] = (*RUN, *SENSITIVITY, *VALUE, *CALIBRATION, *ENGINES, *SURVIVAL, *VERIFICATION)


def described(command: str, name: str, figure: bool = False) -> list[Table]:
    """Tables, or CSVs of figures, of a command that a file of that name may be."""
    return [t for t in TABLES if command in t.commands and t.figure == figure and t.is_called(name)]


def column_of(tables: Sequence[Table], header: str) -> Column:
    """What is said of a column of one of the tables: by its name, else by a pattern; nothing where it is not described."""
    known = [column for one in tables for column in one.columns]
    named = [column for column in known if column.name == header]
    return next(iter(named), None) or next((c for c in known if c.may_be(header)), Column(header, TEXT, ""))
