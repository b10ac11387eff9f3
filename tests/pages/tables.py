"""docs/tables.md, made from model/report/columns: `python tests/pages/tables.py` writes it."""

from __future__ import annotations

from pathlib import Path

from model.report.columns import TABLES, UNITS, Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
HEAD = """# Tables

What stands in each CSV that a command writes: in `tables/`, and beside each figure in `figures/`. The same tables are
`model.run(...).tables["outcomes"]` and so on in Python. A blank cell is a value that does not exist or is not known. Numbers
have 12 significant digits; a text that a spreadsheet would take for a formula has an apostrophe before it. Costs and effects are
discounted unless a column says otherwise, increments are strategy minus comparator, and standard errors and intervals of means
use Student's t where they come from replications.

A name in braces stands for a name of the scenario: with a decision on QALYs, `incremental_{effect}` is `incremental_qaly`. What is
in brackets is left out where there is only one. Columns in *italics* are there only where they have something to say: those with
draws in probabilistic analyses, standard errors of simulation with engines that follow patients.
"""


def page() -> str:
    """The whole page."""
    units = "\n".join(f"| {name} | {meaning} |" for name, meaning in UNITS.items())
    parts = [HEAD, f"| unit | meaning |\n|---|---|\n{units}\n"]
    for command in dict.fromkeys(table.commands[0] for table in TABLES):
        parts.append(f"## {command}\n")
        parts += [_table(table) for table in TABLES if table.commands[0] == command]
    return "\n".join(parts)


def _table(table: Table) -> str:
    place = f"{'figures' if table.figure else 'tables'}/{table.name}.csv"
    also = f" Also of `{'`, `'.join(table.commands[1:])}`." if len(table.commands) > 1 else ""
    title = f"### {place}\n\n{table.about}{also}\n"
    if _as_a_table(table):
        return title
    rows = "\n".join(f"| {_name(c.name, c.optional)} | {c.unit} | {c.meaning} |" for c in table.columns)
    return f"{title}\n| column | unit | meaning |\n|---|---|---|\n{rows}\n"


def _as_a_table(table: Table) -> bool:
    """Whether a figure shows a table that is described elsewhere."""
    return table.figure and any(t.columns == table.columns for t in TABLES if not t.figure)


def _name(name: str, optional: bool) -> str:
    return f"*`{name}`*" if optional else f"`{name}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
