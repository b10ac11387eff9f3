"""Peak memory of whole commands by draws, and microseconds a number of a CSV; each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from timing import ROOT, best

from model.report.csv_files import write_csv

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


def measure(small: bool = False) -> list[dict]:
    """MB, and microseconds: see unit. small: few draws, to see that everything works."""
    name = "peak memory of run, without figures"
    rows = [
        {
            **{"name": name, "axis": "draws", "size": n, "target": TARGET, "power": 0.5, "unit": "MB"},
            "seconds": peak("run", SCENARIO, "--draws", str(n), "--no-figures"),
        }
        for n in ((10,) if small else DRAWS)
    ]
    number = a_number(20 if small else ROWS)
    return [*rows, {"name": "a number of a CSV, 12 digits", "seconds": number * 1e6, "unit": "us", "target": 0.3}]


def peak(*options: str) -> float:
    """MB that a command holds at its height."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PEAK, *options, "--out", f"{folder}/out"]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def a_number(rows: int) -> float:
    """Seconds that a number takes in a table like those of draws."""
    values = np.random.default_rng(1).gamma(2, 30, (NUMBERS, rows))
    table = pd.DataFrame({**{f"x{i}": row for i, row in enumerate(values)}, "strategy": "radiotherapy"})
    with tempfile.TemporaryDirectory() as folder:
        return best(lambda: write_csv(table, Path(folder, "table.csv")), 3) / values.size
