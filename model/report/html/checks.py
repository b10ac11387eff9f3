"""Whether the model can be believed: published results, tests of the model, departures from what a body asks, warnings."""

from __future__ import annotations

from model.report.html.blocks import DETERMINISTIC, Block, Listed, Section, Text
from model.report.html.findings import whole
from model.report.html.grids import grid
from model.report.html.material import RUN, Material

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


def validation(material: Material) -> Section | None:
    """The model beside published results."""
    table, blocks = material.table("published"), []
    if table is not None:
        note = "z is the difference in standard errors of the published result; blank where none is known."
        blocks.append(
            grid(
                material, table, RUN, "published", "Published results and the model's", _PUBLISHED, DETERMINISTIC, note
            )
        )
    picture = material.pictures.get(RUN, {}).get("over_time")
    if table is None and picture is None:
        return None
    return Section("validation", "Validation against published results", (*blocks, *([picture] if picture else [])))


def verification(material: Material) -> Section | None:
    if "verify" not in material.results:
        return None
    blocks: list[Block] = [Text((material.results["verify"].summary.strip().split("\n")[-1],))]
    blocks += whole(material, "verification", "Tests of the model", "verify")
    return Section("verification", "Verification", tuple(blocks))


def departures(material: Material) -> Section | None:
    """From the profile of a body that the scenario names."""
    blocks = whole(material, "profile_departures", "What the body asks, and what is done here")
    return Section("departures", "Departures from the reference case", tuple(blocks)) if blocks else None


def warnings(material: Material) -> Section | None:
    told = dict.fromkeys(words for result in material.results.values() for words in result.warnings)
    return Section("warnings", "Warnings", (Listed(tuple(told)),)) if told else None
