"""What must be known to repeat the analysis."""

from __future__ import annotations

from collections.abc import Mapping

from model import software
from model.report.html.blocks import Block, Code, Facts, Section
from model.report.html.material import Material

_SHOWN = {
    "command": "Command",
    "scenario": "Scenario",
    "scenario_sha256": "SHA-256 of the scenario as it was run",
    "settings": "Settings",
    "engine": "Engine",
    "seed": "Seed",
    "draws": "Draws",
    "sampling": "Sampling",
    "finished": "Finished",
    "duration_seconds": "Duration in seconds",
    "platform": "Platform",
    "model_source_sha256": "SHA-256 of the software's source",
}


def section(material: Material) -> Section:
    manifest = material.manifest
    pairs = [("Version", software.identity())]
    pairs += [(words, _text(manifest[key])) for key, words in _SHOWN.items() if manifest.get(key) not in (None, [], "")]
    blocks: list[Block] = [Facts(tuple(pairs))]
    versions, files = manifest.get("versions"), manifest.get("sha256_of_files_it_reads")
    if isinstance(files, Mapping) and files:
        blocks.append(Facts(tuple((str(k), str(v)) for k, v in files.items()), "SHA-256 of files that it reads"))
    if isinstance(versions, Mapping):
        blocks.append(Facts((("Packages", ", ".join(f"{k} {v}" for k, v in versions.items())),)))
    if material.scenario.text:
        blocks.append(Code("The scenario as it was run", material.scenario.text))
    return Section("provenance", "Provenance", tuple(blocks))


def _text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def running(material: Material) -> str:
    """On each page: version and hash."""
    return f"Version {software.identity()}, scenario {fingerprint(material)}"


def fingerprint(material: Material) -> str:
    return str(material.manifest.get("scenario_sha256", ""))[:12]
