"""Sources of the scenario, and links to them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from model.report.html.blocks import Cell, Grid, Link
from model.report.parameter_tables import NOT_REPORTED
from model.scenario import Scenario

_PAGE = re.compile(r"https?://\S+")


def cited(scenario: Scenario, source: str) -> Cell:
    """A source that the file describes leads to its citation."""
    if source == NOT_REPORTED or not source:
        return NOT_REPORTED.capitalize()
    keys = [key.strip() for key in source.split(",")]
    if all(key in scenario.sources for key in keys):
        return tuple(Link(key, f"#source-{_order(scenario, key)}") for key in keys)
    return source


def _order(scenario: Scenario, key: str) -> int:
    """Number of a source: keys may have letters that an address may not."""
    return list(scenario.sources).index(key) + 1


def sources(scenario: Scenario) -> Grid:
    rows = [(key, _citation(about), _leads(about), about.get("note", "")) for key, about in scenario.sources.items()]
    anchors = tuple(f"source-{i}" for i in range(1, len(rows) + 1))
    header = ("Key", "Citation", "Link", "What was seen of it")
    return Grid("Sources", header, tuple(rows), anchors=anchors, wraps=frozenset({1, 3}))


def _citation(about: Mapping[str, str]) -> str:
    return ", ".join(about[key] for key in ("citation", "page") if about.get(key))


def _leads(about: Mapping[str, str]) -> Cell:
    if about.get("doi"):
        return Link(about["doi"], f"https://doi.org/{about['doi']}")
    page = about.get("url", "")
    return Link(page, page) if _PAGE.fullmatch(page) else page
