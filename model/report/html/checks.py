"""Whether the model can be believed: published results, tests of the model, departures from what a body asks, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import numbers, profile_tables
from model.report.html.blocks import DETERMINISTIC, Block, Grid, Listed, Section, Text
from model.report.html.findings import whole
from model.report.html.grids import MOST_ROWS, grid
from model.report.html.material import RUN, Material

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ("pass", "fail", "not applicable")
_PUBLISHED = (
    "label",
    "strategy",
    "group",
    "unit",
    "model",
    "published",
    "standard_error",
    "z",
    "status",
    "source",
    "note",
)
_CURVES = "Published survival curves and the model's"
_FIT = (
    "label",
    "strategy",
    "group",
    "of",
    "compared",
    "largest_difference",
    "time",
    "mean_absolute_difference",
    "status",
    "source",
    "note",
)
_FIT_NOTE = (
    "Differences are model minus published share of patients at the points of the curve; the mean is of their size."
)


def validation(material: Material) -> Section | None:
    """The model beside published results."""
    table = material.table("published")
    blocks: list[Block] = []
    if table is not None:
        note = "z is the difference in standard errors of the published result; blank where none is known."
        blocks.append(
            grid(
                material, table, RUN, "published", "Published results and the model's", _PUBLISHED, DETERMINISTIC, note
            )
        )
    fits = material.table("published_curve_fit")
    if fits is not None:
        blocks.append(grid(material, fits, RUN, "published_curve_fit", _CURVES, _FIT, DETERMINISTIC, _FIT_NOTE))
    pictures = material.pictures.get(RUN, {})
    blocks += [pictures[name] for name in ("over_time", "survival_published") if name in pictures]
    return Section("validation", "Validation against published results", tuple(blocks)) if blocks else None


def verification(material: Material) -> Section | None:
    """How many comparisons of each check pass, and every one that does not."""
    table = material.table("verification", "verify")
    if table is None:
        return None
    failed = table[table["outcome"] == "fail"]
    told = f"{numbers.count(len(table), 'comparison')} of {numbers.count(table['title'].nunique(), 'check')}"
    blocks: list[Block] = [
        Text((f"{told}: {len(failed) or 'none'} failed.",)),
        *_failed(material, failed),
        _by_check(table),
    ]
    return Section("verification", "Verification", tuple(blocks))


def _failed(material: Material, rows: pd.DataFrame) -> list[Grid]:
    if not len(rows):
        return []
    return [grid(material, rows.head(MOST_ROWS), "verify", "verification", "Comparisons that failed")]


def _by_check(table: pd.DataFrame) -> Grid:
    rows = [
        (title, *(f"{(own['outcome'] == outcome).sum():,}" for outcome in OUTCOMES))
        for title, own in table.groupby("title", sort=False)
    ]
    header = ("Check", *(outcome.capitalize() for outcome in OUTCOMES))
    return Grid("Comparisons by check", header, tuple(rows), frozenset({1, 2, 3}), wraps=frozenset({0}))


def departures(material: Material) -> Section | None:
    """From the profile of a body that the scenario names."""
    blocks = whole(material, "profile_departures", "What the body asks, and what is done here")
    missing = profile_tables.left_out_text(material.scenario, material.results)
    told = [Text((missing,))] if missing else []
    return Section("departures", "Departures from the reference case", (*told, *blocks)) if blocks else None


def warnings(material: Material) -> Section | None:
    told = dict.fromkeys(words for result in material.results.values() for words in result.warnings)
    return Section("warnings", "Warnings", (Listed(tuple(told)),)) if told else None
