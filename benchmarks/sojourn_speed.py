"""Time in state and prices over time in the cohort engine: against a model without them, and how the time grows with the cycles."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
from timing import HERE, ROOT, Job, best, interleaved

from model import draws
from model.analysis.evaluate import evaluate
from model.sample import Sample
from model.scenario_file import read

AGED = HERE / "illness_death.yaml"
COLON = ROOT / "scenarios" / "gallery" / "colon_des_degeling2025.yaml"
LIFETIME = HERE / "lifetime.yaml"
HALF = "time.convention=half-cycle"
WEIBULL = re.compile(r'survival: "weibull\(shape=\w+, scale=(\w+)\)", clock: state(, hazard ratio: ratio)?')


def markov(folder: Path) -> Path:
    """The illness-death model with constant hazards in the place of Weibull's."""
    path = folder / "markov.yaml"
    path.write_text(WEIBULL.sub(lambda found: f"rate: {'ratio' if found[2] else 1} / {found[1]}", AGED.read_text()))
    return path


def work(path: Path, n: int, *settings: str, points: int = 0) -> Job:
    """Engine and outcomes of n draws, or of the base case with the occupancy at some times."""
    scenario = read(path, settings)
    sample = draws.probabilistic(scenario, Sample(n)) if n else draws.base(scenario)
    at = np.linspace(0, 0.9 * scenario.time.horizon, points + 1)[1:]
    return lambda: evaluate(scenario, sample, trace=points > 0, at=at)


def measure(small: bool = False) -> list[dict]:
    """One row a figure: name, seconds (or a ratio), target; of cycles with axis and size. small: tiny sizes, once."""
    n, repeats = (3, 1) if small else (1000, 5)
    with tempfile.TemporaryDirectory() as folder:
        plain, aged = interleaved([work(markov(Path(folder)), n, HALF), work(AGED, n, HALF)], repeats)
    cases = [
        (f"prices over time, {n:,} draws", 0.8, work(LIFETIME, n)),
        ("colon cancer, base case, points within cycles", 2.6, work(COLON, 0, points=3 if small else 300)),
        ("colon cancer, base case, short cycles", 8.0, work(COLON, 0, f"time.cycle={52 if small else 4} weeks")),
    ]
    return [
        {"name": f"time in state, 360 cycles, {n:,} draws, half-cycle", "seconds": aged},
        {"name": "  times a Markov model of that size", "seconds": aged / plain, "target": 15.0, "unit": "x"},
        *({"name": name, "seconds": best(job, min(repeats, 3)), "target": target} for name, target, job in cases),
        *_cycles(max(n // 5, 2), (12, 30) if small else (360, 1080, 3600), min(repeats, 3)),
    ]


def _cycles(n: int, sizes: tuple[int, ...], repeats: int) -> list[dict]:
    jobs = {size: work(AGED, n, f"time.cycle={10_800 / size:g} days") for size in sizes}
    named = {"name": f"time in state, {n:,} draws", "axis": "cycles", "power": 1.2}
    return [{**named, "size": size, "seconds": best(job, repeats)} for size, job in jobs.items()]
