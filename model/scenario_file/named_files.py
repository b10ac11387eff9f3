"""The files that a scenario names: data beside it, of which a run keeps the digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from model import files
from model.scenario_file.nodes import Map, Node, Text


def beside(node: Node, file: str) -> Path:
    """The path of a file that a field names: relative to the scenario file in which the field stands."""
    return (Path(node.file).parent if node.line else Path()) / file


def empirical_file(distribution: str) -> str:
    """The file that 'empirical(file.csv)' or 'empirical(file="file.csv")' names, or nothing."""
    if not distribution.startswith("empirical(") or not distribution.endswith(")"):
        return ""
    inner = distribution.removeprefix("empirical(").removesuffix(")").strip()
    before, equals, after = inner.partition("=")
    if equals and before.strip() == "file":
        inner = after.strip()
    name = inner.strip("'\"").strip()
    return "" if set("'\")") & set(name) else name


def resolved(root: Map) -> tuple[Map, dict[str, str]]:
    """The tree with full paths, as a copy of it stands elsewhere; and the SHA-256 of each file read, by its path."""
    digests = {}
    for place, node, file, written in list(_named(root)):
        path = beside(node, file)
        try:
            digests[str(path)] = hashlib.sha256(files.content(path)).hexdigest()
            path = path.resolve()
        except files.FileError:  # that is one of the problems
            pass
        root = root.put(place, replace(node, value=written.format(path)))
    return root, digests


def _named(root: Map) -> Iterator[tuple[tuple[str, ...], Text, str, str]]:
    """(path of the field, the field, the file it names, how it names one)."""
    for key, parameter in root.section("parameters").maps():
        match parameter.get("table"), parameter.get("distribution"):
            case Text() as table, _:
                yield ("parameters", key, "table"), table, table.value, "{}"
            case _, Text() as distribution if file := empirical_file(distribution.value):
                yield ("parameters", key, "distribution"), distribution, file, "empirical('{}')"
    if isinstance(norms := root.section("severity").get("norms"), Text):
        yield ("severity", "norms"), norms, norms.value, "{}"
    for key, entry in root.section("published").maps():
        for field in ("file", "at risk"):
            if isinstance(named := entry.get(field), Text):
                yield ("published", key, field), named, named.value, "{}"
    if isinstance(file_of_patients := root.section("patients").get("file"), Text):
        yield ("patients", "file"), file_of_patients, file_of_patients.value, "{}"
    if isinstance(file_of_arrivals := root.section("arrivals").get("file"), Text):
        yield ("arrivals", "file"), file_of_arrivals, file_of_arrivals.value, "{}"
