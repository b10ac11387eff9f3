"""Peak memory of whole commands by draws, and microseconds a number of a CSV; each in a process of its own.

Run: python benchmarks/memory_speed.py
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SCENARIO = "scenarios/mscc_constant_hazards.yaml"
DRAWS, TARGET = (1_000, 10_000, 100_000, 1_000_000), 600.0
PEAK = """
import resource, sys
from model.cli.main import main
main(sys.argv[1:])
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(most / (2**20 if sys.platform == "darwin" else 2**10))
"""
ROWS, NUMBERS = 40_000, 16


def measure() -> list[dict]:
    """Name, seconds (here MB, exponents and microseconds: see unit), target."""
    peaks = [peak("run", SCENARIO, "--draws", str(n), "--no-figures") for n in DRAWS]
    rows = [
        {"name": f"peak memory of run, {n:,} draws, without figures", "seconds": found, "unit": "MB", "target": TARGET}
        for n, found in zip(DRAWS, peaks)
    ]
    grown = {"name": "exponent of peak memory in draws, 100,000 to 1,000,000", "unit": ""}
    rows.append(grown | {"seconds": math.log10(peaks[-1] / peaks[-2]), "target": 0.5})
    return [
        *rows,
        {"name": "a number of a CSV, 12 digits", "seconds": a_number() * 1e6, "unit": "us", "target": 0.3},
    ]


def peak(*options: str) -> float:
    """MB that a command holds at its height."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PEAK, *options, "--out", f"{folder}/out"]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def a_number(repeats: int = 3) -> float:
    """Seconds that a number takes in a table like those of draws: the least of `repeats`."""
    import numpy as np
    import pandas as pd

    from model.report.csv_files import write_csv

    values = np.random.default_rng(1).gamma(2, 30, (NUMBERS, ROWS))
    table = pd.DataFrame({**{f"x{i}": row for i, row in enumerate(values)}, "strategy": "radiotherapy"})
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeats):
            start = process_time()
            write_csv(table, Path(folder, "table.csv"))
            taken.append(process_time() - start)
    return min(taken) / values.size


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds']:8.2f} {row['unit']:2s} (target {row['target']:g})  {row['name']}")
