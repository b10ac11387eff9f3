"""LibreOffice, where it is found, opens a workbook, computes all of its formulas and says what they give."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

from model.report.workbook.cells import Place, Value, WorkbookError

PROGRAMS = ("soffice", "libreoffice")
SECONDS = 900
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def found() -> str | None:
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def recomputed(files: Sequence[Path]) -> list[dict[str, dict[Place, Value]]]:
    """What every cell of each file gives, by sheet and place. Files must state no values of their formulas."""
    program = found()
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        profile = (Path(folder) / "profile").as_uri()
        command = [
            program,
            f"-env:UserInstallation={profile}",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            folder,
        ]
        done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, timeout=SECONDS)
        made = [Path(folder) / file.name for file in files]
        if not all(path.exists() for path in made):
            raise WorkbookError(
                f"LibreOffice did not recompute the workbook: {done.stderr.strip() or 'no reason given'}"
            )
        return [read(path) for path in made]


def read(path: Path) -> dict[str, dict[Place, Value]]:
    """Values of the cells of a file, by sheet and place."""
    with ZipFile(path) as file:
        shared = _shared(file)
        relations = ElementTree.fromstring(file.read("xl/_rels/workbook.xml.rels"))
        targets = {one.get("Id"): str(one.get("Target")) for one in relations}
        sheets = ElementTree.fromstring(file.read("xl/workbook.xml")).find(f"{_MAIN}sheets")
        assert sheets is not None
        return {
            str(one.get("name")): _cells(file.read(f"xl/{targets[one.get(_LINKED)].removeprefix('/xl/')}"), shared)
            for one in sheets
        }


def _shared(file: ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in file.namelist():
        return []
    items = ElementTree.fromstring(file.read("xl/sharedStrings.xml"))
    return ["".join(text.text or "" for text in item.iter(f"{_MAIN}t")) for item in items]


def _cells(xml: bytes, shared: list[str]) -> dict[Place, Value]:
    found: dict[Place, Value] = {}
    for cell in ElementTree.fromstring(xml).iter(f"{_MAIN}c"):
        value = cell.find(f"{_MAIN}v")
        if value is not None and value.text is not None:
            found[_place(str(cell.get("r")))] = _value(str(cell.get("t", "n")), value.text, shared)
    return found


def _value(kind: str, text: str, shared: list[str]) -> Value:
    if kind == "s":
        return shared[int(text)]
    return text if kind in ("str", "e") else float(text)


def _place(address: str) -> Place:
    match = re.fullmatch(r"([A-Z]+)(\d+)", address)
    assert match is not None
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - 64
    return int(match[2]) - 1, column - 1
