"""Time in state and prices over time in the cohort engine: against a model without them, and how the time grows with the cycles."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
from cohort_speed import HERE, ROOT, best

AGED = HERE / "illness_death.yaml"
COLON = ROOT / "scenarios" / "gallery" / "colon_des_degeling2025.yaml"
LIFETIME = HERE / "lifetime.yaml"
CYCLES = (360, 1440)


def markov(folder: Path) -> Path:
    """The illness-death model with constant hazards in the place of Weibull's."""
    pattern = re.compile(r'survival: "weibull\(shape=\w+, scale=(\w+)\)", clock: state(, hazard ratio: ratio)?')
    text = pattern.sub(lambda found: f"rate: {'ratio' if found[2] else 1} / {found[1]}", AGED.read_text())
    path = folder / "markov.yaml"
    path.write_text(text)
    return path


def psa(path: Path, n: int, *settings: str, points: int = 0) -> float:
    """Engine and outcomes of n draws, or of the base case with the occupancy at some times."""
    from model import draws
    from model.analysis.evaluate import evaluate
    from model.sample import Sample
    from model.scenario_file import read

    scenario = read(path, settings)
    sample = draws.probabilistic(scenario, Sample(n)) if n else draws.base(scenario)
    at = np.linspace(0, 0.9 * scenario.time.horizon, points + 1)[1:]
    return best(lambda: evaluate(scenario, sample, trace=points > 0, at=at), 3)


def measure() -> list[dict]:
    """One row a figure: name, seconds (or a ratio, or a power), target."""
    half = "time.convention=half-cycle"
    with tempfile.TemporaryDirectory() as folder:
        plain = psa(markov(Path(folder)), 1000, half)
    aged = psa(AGED, 1000, half)
    months = {n: psa(AGED, 200, f"time.cycle={360 / n:g} months") for n in CYCLES}
    power = np.log(months[CYCLES[1]] / months[CYCLES[0]]) / np.log(CYCLES[1] / CYCLES[0])
    return [
        {"name": "time in state, 360 cycles, 1,000 draws, half-cycle", "seconds": aged, "target": 15 * plain},
        {"name": "the same, times a Markov model", "seconds": aged / plain, "target": 15, "unit": "x"},
        {"name": "the same: power of the cycles, 360 to 1,440", "seconds": power, "target": 1.2, "unit": ""},
        {"name": "prices over time, 1,000 draws", "seconds": psa(LIFETIME, 1000), "target": 0.8},
        {"name": "colon cancer, base case, 300 points", "seconds": psa(COLON, 0, points=300), "target": 2.6},
        {"name": "colon cancer, base case, cycles of four weeks", "seconds": psa(COLON, 0, "time.cycle=4 weeks"), "target": 8},
    ]  # fmt: skip
