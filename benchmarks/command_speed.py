"""Seconds of processor time that whole commands take, with all processes that they start."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from timing import ROOT, command

HAZARDS = str(ROOT / "scenarios" / "mscc_constant_hazards.yaml")
DEFAULT = str(ROOT / "scenarios" / "mscc_furlan.yaml")
CASES: list[
    tuple[str, float | None, tuple[str, ...]]
] = [  # what, target in seconds of processor time, words of the command
    ("the default command: tables, 9 figures, results.xlsx, report.html", 4.0, ("run", DEFAULT, "--out", "run")),
    ("the same without figures", 2.5, ("run", DEFAULT, "--no-figures", "--out", "tables")),
    ("mscc_constant_hazards.yaml, 10,000 draws", 10.0, ("run", HAZARDS, "--out", "hazards")),
    ("the same, 100,000 draws", None, ("run", HAZARDS, "--draws", "100000", "--out", "many")),
    ("tornado with its 2 figures", 1.2, ("tornado", DEFAULT, "--out", "tornado")),
    ("check", 0.5, ("check", DEFAULT)),
    ("--help", 0.1, ("--help",)),
]


def measure(small: bool = False) -> list[dict]:
    """Medians of processes that take turns: name, seconds of processor time, target. small: only those that are quick, once."""
    cases = CASES[-2:] if small else CASES
    with TemporaryDirectory() as folder:
        found = [[_spent(Path(folder), words) for _, _, words in cases] for _ in range(1 if small else 3)]
    return [
        {"name": name, "seconds": median(times), "target": target}
        for (name, target, _), times in zip(cases, zip(*found))
    ]


def _spent(folder: Path, words: tuple[str, ...]) -> float:
    """Results go into the folder."""
    *first, last = words
    return command(*first, str(folder / last) if "--out" in first else last)[0]
