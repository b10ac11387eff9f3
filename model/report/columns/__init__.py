"""Every column of every table that a command writes: its name, its unit and what it means.

docs/tables.md is made from TABLES, and a test compares what commands write with them.
"""

from __future__ import annotations

from model.report.columns.calibration import CALIBRATION
from model.report.columns.column import UNITS, Column, Table
from model.report.columns.engines import ENGINES
from model.report.columns.run import RUN
from model.report.columns.sensitivity import SENSITIVITY
from model.report.columns.survival import SURVIVAL
from model.report.columns.value import VALUE
from model.report.columns.verification import VERIFICATION

__all__ = ["TABLES", "UNITS", "Column", "Table", "described"]

TABLES: tuple[Table, ...] = (*RUN, *SENSITIVITY, *VALUE, *CALIBRATION, *ENGINES, *SURVIVAL, *VERIFICATION)


def described(command: str, name: str, figure: bool = False) -> list[Table]:
    """Tables, or CSVs of figures, of a command that a file of that name may be."""
    return [t for t in TABLES if command in t.commands and t.figure == figure and t.is_called(name)]
