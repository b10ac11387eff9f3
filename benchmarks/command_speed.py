"""Seconds of processor time that whole commands take, with all processes that they start.

Run: python benchmarks/command_speed.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "scenarios" / "mscc_furlan.yaml"
CASES = [  # what, target in seconds of processor time, words of the command
    ("the default command: tables, 9 figures, results.xlsx, report.html", 4.0, ("run", DEFAULT, "--out", "run")),
    ("the same without figures", 2.5, ("run", DEFAULT, "--no-figures", "--out", "tables")),
    ("tornado with its 2 figures", 1.2, ("tornado", DEFAULT, "--out", "tornado")),
    ("check", 0.5, ("check", DEFAULT)),
    ("--help", 0.1, ("--help",)),
]


def measure(repeats: int = 3) -> list[dict]:
    """Medians of interleaved processes: name, seconds of processor time, target; `wall`: seconds on the clock."""
    with TemporaryDirectory() as folder:
        found = [[_spent(Path(folder), words) for _, _, words in CASES] for _ in range(repeats)]
    rows = []
    for (name, target, _), times in zip(CASES, zip(*found)):
        spent, wall = (statistics.median(part) for part in zip(*times))
        rows.append({"name": name, "seconds": spent, "target": target, "wall": wall})
    return rows


def _spent(folder: Path, words) -> tuple[float, float]:
    """(seconds of processor time of the process and of those that it started, seconds on the clock)."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    command = [sys.executable, ROOT / "run_model.py", *words]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    wall, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds']:6.2f} s, {row['wall']:6.2f} on the clock (target {row['target']:g} s)  {row['name']}")
