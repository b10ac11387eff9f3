"""Table of `verify`."""

from __future__ import annotations

from model.report.columns.column import ROW, TEXT, Column
from model.report.columns.shared import table

VERIFICATION = (
    table(
        "verify",
        "verification",
        "Every comparison that a check made, failures first (docs/verification.md).",
        Column("check", TEXT, "name of the check"),
        Column("title", TEXT, "what must be so"),
        "group strategy",
        Column("outcome", TEXT, "`pass`, `fail` or `not applicable`"),
        Column("expected", ROW, "number that must be found, or limit that must be kept"),
        Column("found", ROW, "number found"),
        Column("note", TEXT, "what the two numbers are, with the tolerance; or why the check says nothing here"),
    ),
)
