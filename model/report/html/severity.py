"""QALYs of which the patients fall short, and results with their weight beside those without."""

from __future__ import annotations

from model.report import severity_tables
from model.report.html.blocks import Grid, Section, Text
from model.report.html.findings import TITLES
from model.report.html.grids import MOST_ROWS, grid
from model.report.html.material import RUN, Material, of_all

HEADINGS = {"comparator": "Current care", "female": "Women", "general_population_qaly": "General population, QALYs"}
SAID = ("analysis", "group", "comparator", "status")  # by titles and words


def section(material: Material) -> Section | None:
    """None where the scenario has no `severity`."""
    table = material.table("severity")
    if table is None:
        return None
    words = severity_tables.severity_text(material.results[RUN].tables, material.scenario)
    columns = [c for c in table.columns if c != "group" or table["group"].nunique() > 1]
    shown = table if len(table) <= MOST_ROWS else of_all(table)
    title = "QALY shortfall against the general population"
    short = grid(material, shown, RUN, "severity", title, columns, "", "", HEADINGS)
    return Section("severity", "Severity", (Text(tuple(words.split("\n"))), short, *_weighted(material)))


def _weighted(material: Material) -> list[Grid]:
    """Of all patients, by analysis."""
    table = material.table("severity_weighted")
    found = []
    for analysis, words in TITLES.items():
        rows = None if table is None else of_all(table[table["analysis"] == analysis])
        if rows is not None and len(rows):
            title = f"Against current care without and with the weight, {words}"
            columns = [c for c in rows.columns if c not in SAID]
            found.append(grid(material, rows, RUN, "severity_weighted", title, columns, analysis))
    return found
