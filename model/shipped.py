"""Files that come with the program: scenarios, variants of them, and the schema for editors.

They stand at the top of a checkout; a wheel has them inside the package, as `model/data/` (see setup.py).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import model
from model import effort

FOLDERS = ("scenarios", "variants", "schema")
DEFAULT = Path("scenarios", "mscc_furlan.yaml")
_KINDS = (".yaml", ".csv", ".json")


class ShippedError(ValueError):
    """Files that cannot be copied to where they are wanted."""


def root() -> Path:
    """The folder in which `FOLDERS` stand."""
    package = Path(model.__file__).resolve().parent
    return package / "data" if (package / "data").is_dir() else package.parent


def names() -> list[Path]:
    """Every shipped file, relative to `root()`, folder by folder."""
    return [
        path.relative_to(root())
        for folder in FOLDERS
        for path in sorted((root() / folder).rglob("*"))
        if path.suffix in _KINDS and path.is_file()
    ]


def find(path: str | Path, folder: str = "scenarios") -> Path:
    """The file that `path` means: that of the user, or where there is none the shipped one of that name.

    A shipped file is called `scenarios/mscc_furlan.yaml` or, in the `folder` that is looked in, `mscc_furlan.yaml`.
    """
    path = Path(path)
    if path.is_absolute() or ".." in path.parts or os.path.lexists(path):
        return path
    return next((root() / name for name in (Path(folder, path), path) if name in names()), path)


def find_and_tell(path: str | Path, folder: str = "scenarios") -> Path:
    """As `find`, and says which file is read where it is not the one that stands at `path`."""
    file = find(path, folder)
    if file != Path(path):
        effort.tell(f"note: no {path} in this folder; reading the one that comes with the program, {file}")
    return file


def title(name: Path) -> str:
    """What a shipped file says it is about; nothing where it says no more than its base."""
    lines = (root() / name).read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("title:").strip().strip("\"'") for line in lines if line.startswith("title:")), "")


def copy(folder: Path) -> list[Path]:
    """Copy every shipped file below `folder`, and return where they are. Raises ShippedError, with nothing copied."""
    targets = [folder / name for name in names()]
    if there := [target for target in targets if os.path.lexists(target)]:
        raise ShippedError(f"{there[0]} exists already; nothing was copied. Name another folder, or rename it")
    for name, target in zip(names(), targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root() / name, target)
    return targets
