"""QALYs of which the patients fall short, and results with their weight beside those without."""

from __future__ import annotations

from model.report import severity_tables
from model.report.html.blocks import Section, Text
from model.report.html.findings import whole
from model.report.html.material import RUN, Material


def section(material: Material) -> Section | None:
    """None where the scenario has no `severity`."""
    blocks = whole(material, "severity", "QALY shortfall against the general population")
    if not blocks:
        return None
    words = severity_tables.severity_text(material.results[RUN].tables, material.scenario)
    weighted = whole(material, "severity_weighted", "Results with QALYs as they are, and weighted")
    return Section("severity", "Severity", (Text(tuple(words.split("\n"))), *blocks, *weighted))
