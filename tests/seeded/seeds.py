"""The seeded errors: what they are, and how one is put into a copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
COPIED = ("model", "scenarios", "run_model.py")


@dataclass(frozen=True)
class Seed:
    """One error, in words, and as a change of a text that stands in its file exactly once."""

    id: str
    file: str
    old: str
    new: str
    wrong: str
    scenario: str
    visible: bool = True
    reason: str = ""
    engine: str = "cohort"
    changes: str = ""

    def put_into(self, root: Path) -> None:
        """Make the error in a copy of the checkout."""
        path = root / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.id}: {self.old!r} stands {text.count(self.old)} times in {self.file}"
        path.write_text(text.replace(self.old, self.new))

    def take_out_of(self, root: Path) -> None:
        """Make it good again."""
        shutil.copyfile(ROOT / self.file, root / self.file)


def read(name: str) -> list[Seed]:
    """'code' or 'files'."""
    entries = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    return [Seed(**{"scenario": entry["file"], **entry}) for entry in entries]


def copy(root: Path) -> Path:
    """What a seed may change, and what is needed to run it, in an empty folder."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, root / name)
    return root
