"""The page: its sections in order, and the template that lays them out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import model
from model.report.html import (
    analyses,
    answer,
    checks,
    cheers,
    findings,
    inputs,
    methods,
    pictures,
    provenance,
    severity,
    structure,
)
from model.report.html.blocks import Facts, Section
from model.report.html.material import RUN, Material
from model.report.result import Result

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = Path(__file__).parent / "templates"


def page(
    results: Mapping[str, Result],
    manifest: Mapping[str, object] | None = None,
    folders: Mapping[str, Path] | None = None,
) -> str:
    """The page of a run and of analyses beside it, by command; `run` is among them.

    manifest: of the run; folders: where figures of a command were written, which are drawn otherwise.
    """
    shown = {
        command: pictures.saved(command, result, folders[command])
        if folders and command in folders
        else pictures.drawn(command, result)
        for command, result in results.items()
        if result.plans
    }
    material = Material(results, results[RUN].manifest if manifest is None else manifest, shown)
    listed = sections(material)
    return _template().render(
        title=material.scenario.title,
        authors=material.scenario.study.get("authors", ""),
        running=provenance.running(material),
        version=model.__version__,
        fingerprint=provenance.fingerprint(material),
        finished=str(material.manifest.get("finished", ""))[:10],
        sections=listed,
        style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
    )


def write(
    path: Path, manifest: Mapping[str, object], results: Mapping[str, Result], folders: Mapping[str, Path]
) -> None:
    """The page of results whose figures stand in folders."""
    path.write_text(page(results, manifest, folders), encoding="utf-8", errors="backslashreplace")


def sections(material: Material) -> list[Section]:
    """Those that have something to say, in order."""
    listed = [
        answer.section(material),
        checks.warnings(material),
        methods.section(material),
        study(material),
        structure.section(material),
        inputs.section(material),
        findings.results(material),
        findings.groups(material),
        severity.section(material),
        *analyses.sections(material),
        checks.validation(material),
        checks.verification(material),
        inputs.assumptions(material),
        checks.departures(material),
        provenance.section(material),
    ]
    found = [section for section in listed if section is not None]
    return [*found, cheers.section(material, found)]


def study(material: Material) -> Section | None:
    """What the scenario says beside the model."""
    pairs = tuple((key.capitalize(), words) for key, words in material.scenario.study.items() if key != "authors")
    return Section("study", "Study", (Facts(pairs),)) if pairs else None


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    engine = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    engine.filters["css"] = css
    engine.finalize = together
    return engine.get_template("page.html.j2")


def together(value: object) -> object:
    """A number and its per-cent sign stay on one line."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", value) if type(value) is str else value


def css(text: str) -> str:
    """A text for a string of a style sheet: whatever is no plain letter, digit or blank is written as its number."""
    return re.sub(r"[^A-Za-z0-9 .,]", lambda found: f"\\{ord(found[0]):06x}", text)
