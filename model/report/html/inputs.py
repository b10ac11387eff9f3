"""Inputs with their sources, and which of them are assumptions."""

from __future__ import annotations

from collections.abc import Mapping

from model.report import numbers
from model.report.html.blocks import Block, Cell, Grid, Named, Section, Text
from model.report.html.material import Material
from model.report.html.sources import cited, sources
from model.report.parameter_tables import NOT_REPORTED

HEADER = ("Parameter", "Value", "95 % interval or range", "Unit", "Distribution or formula", "Status", "Source", "Note")


def section(material: Material) -> Section:
    blocks: list[Block] = [table(material)]
    blocks += [sources(material.scenario)] if material.scenario.sources else []
    pictures = material.pictures.get("run", {})
    blocks += [pictures["sampled_distributions"]] if "sampled_distributions" in pictures else []
    return Section("parameters", "Parameters", tuple(blocks))


def table(material: Material) -> Block:
    found = material.table("parameters")
    if found is None:
        return Text(("The scenario has no parameters: its numbers stand in its formulas.",))
    rows = [_row(material, row) for row in found.to_dict("records")]
    return Grid(
        f"All {numbers.count(len(rows), 'parameter')}",
        HEADER,
        tuple(rows),
        frozenset({1, 2}),
        wraps=frozenset({0, 4, 7}),
    )


def _row(material: Material, row: Mapping) -> tuple[Cell, ...]:
    label = str(row["label"])
    low, high = row["lower_95"], row["upper_95"]
    interval = f"{numbers.brief(low)} to {numbers.brief(high)}" if low == low else "\N{EN DASH}"
    return (
        Named(label, row["name"]) if label else Named("", row["name"]),
        numbers.brief(row["value"]),
        interval,
        row["unit"] or "\N{EN DASH}",
        row["distribution"] or "\N{EN DASH}",
        row["status"],
        cited(material.scenario, str(row["source"])),
        str(row["note"]),
    )


def assumptions(material: Material) -> Section | None:
    """Parameters that rest on a judgement, a memory or a fit."""
    found = material.table("parameters")
    if found is None:
        return None
    blocks: list[Block] = []
    for status, title in (
        ("assumed", "Assumed: a judgement"),
        ("recalled", "Recalled: from memory, not seen"),
        ("calibrated", "Calibrated: chosen so that the model meets a result"),
        (NOT_REPORTED, "Of these the scenario does not say on what they rest"),
    ):
        rows = [
            (
                Named(str(row["label"]), row["name"]),
                numbers.brief(row["value"]),
                row["unit"] or "\N{EN DASH}",
                str(row["note"]) or "\N{EN DASH}",
            )
            for row in found[found["status"] == status].to_dict("records")
        ]
        if rows:
            blocks.append(
                Grid(
                    title, ("Parameter", "Value", "Unit", "Note"), tuple(rows), frozenset({1}), wraps=frozenset({0, 3})
                )
            )
    return Section("assumptions", "Assumptions", tuple(blocks)) if blocks else None
