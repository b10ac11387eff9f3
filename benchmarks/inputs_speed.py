"""What sampling takes, and a number of a CSV file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from timing import ROOT, best

from model import draws
from model.report.csv_files import write_csv
from model.sample import Sample
from model.scenario_file import read


def sampling(n: int) -> float:
    scenario = read(ROOT / "scenarios" / "mscc_furlan.yaml")
    return best(lambda: draws.probabilistic(scenario, Sample(n)))


def writing(rows: int) -> float:
    """Microseconds a number."""
    table = pd.DataFrame(np.random.default_rng(1).gamma(2, 1000, (rows, 16)))
    with tempfile.TemporaryDirectory() as folder:
        return best(lambda: write_csv(table, Path(folder) / "t.csv"), 3) / table.size * 1e6


def measure(small: bool = False) -> list[dict]:
    """One row a figure: name, seconds or microseconds, target. small: tiny sizes, to see that everything works."""
    n = 20 if small else 10_000
    return [
        {"name": f"sampling of the default scenario, {n:,} draws", "seconds": sampling(n), "target": 0.016},
        {"name": "a number of a CSV file", "seconds": writing(2 * n), "target": 0.3, "unit": "us"},
    ]
