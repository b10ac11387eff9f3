"""Analyses beside the run: a section each, with what the terminal says, its short tables and its figures."""

from __future__ import annotations

from model.report.html.blocks import DETERMINISTIC, PROBABILISTIC, Block, Code, Section, Text
from model.report.html.grids import MOST_ROWS, grid
from model.report.html.material import RUN, Material

TITLES = {
    "tornado": "One-way sensitivity analysis",
    "variants": "Scenario analyses",
    "voi": "Value of information",
    "converge": "Number of draws",
    "global": "Global sensitivity analysis",
}
BASES = {"tornado": DETERMINISTIC, "voi": PROBABILISTIC, "converge": PROBABILISTIC}
ELSEWHERE = (RUN, "verify")
TABLES = {
    "enough_draws": "Are these enough draws?",
    "evppi": "Value of perfect information",
    "variants": "Named variants",
    "settings": "What each variant sets",
    "structure": "Uncertainty between the variants",
    "tornado": "Parameters at both ends of their ranges",
}


def sections(material: Material) -> list[Section]:
    return [_section(material, name) for name in material.results if name not in ELSEWHERE]


def _section(material: Material, command: str) -> Section:
    result = material.results[command]
    blocks: list[Block] = list(material.pictures.get(command, {}).values())
    for name in result.tables:
        blocks += _table(material, command, name)
    blocks.append(Code("As the terminal prints it", result.summary))
    return Section(command, TITLES.get(command, command.capitalize()), tuple(blocks))


def _table(material: Material, command: str, name: str) -> list[Block]:
    table = material.rows(name, command)
    if not table:
        return []
    title = TABLES.get(name, name.replace("_", " ").capitalize())
    if len(table) > MOST_ROWS:
        return [Text((f"{title}: {len(table):,} rows, in {command}/tables/{name}.csv.",))]
    return [grid(material, table.whole(), command, name, title, (), BASES.get(command, ""))]
