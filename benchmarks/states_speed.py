"""How the cohort engine's time grows with the number of states, and what sampling and tables take."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from cohort_speed import ROOT, best

STATES = (4, 8, 15, 30, 60)
DRAWS = 200


def chain(states: int) -> str:
    """A scenario: one state after the other, some steps back, death from everywhere; 40 years, yearly cycles."""
    alive = range(states - 1)
    lines = [
        f"  s{i}: {{utility: {1 - i / states / 2:.3f}, cost: {10 * i} USD per year, start: {int(i == 0)}}}"
        for i in alive
    ]
    moves = [f"  - {{from: s{i}, to: s{i + 1}, rate: r * h}}" for i in range(states - 2)]
    moves += [f"  - {{from: s{i}, to: s{i - 1}, rate: r / 3}}" for i in range(1, states - 1, 2)]
    moves += [f"  - {{from: s{i}, to: dead, rate: m * {1 + i}}}" for i in alive]
    return "\n".join(
        [
            "title: Many states",
            "currency: {code: USD}",
            "time: {unit: year, horizon: 40 years, cycle: 1 year}",
            "discount: {cost: 3 %, effect: 3 %}",
            "wtp: {thresholds: [1000]}",
            "parameters:",
            '  r: {distribution: "gamma(mean=0.2, cv=0.2)", unit: per year}',
            '  m: {distribution: "gamma(mean=0.01, cv=0.2)", unit: per year}',
            "  hr: {value: 0.7}",
            "strategies: {a: {h: 1}, b: {h: hr}}",
            "states:",
            *lines,
            "  dead: {alive: false}",
            "transitions:",
            *moves,
        ]
    )


def psa(states: int, folder: Path) -> float:
    from model import draws
    from model.analysis.evaluate import evaluate
    from model.sample import Sample
    from model.scenario_file import read

    path = folder / f"chain_{states}.yaml"
    path.write_text(chain(states))
    scenario = read(path)
    sample = draws.probabilistic(scenario, Sample(DRAWS))
    return best(lambda: evaluate(scenario, sample), 3)


def sampling() -> float:
    from model import draws
    from model.sample import Sample
    from model.scenario_file import read

    scenario = read(ROOT / "scenarios" / "mscc_furlan.yaml")
    return best(lambda: draws.probabilistic(scenario, Sample(10_000)))


def writing(folder: Path) -> float:
    """Microseconds a number."""
    import pandas as pd

    from model.report.csv_files import write_csv

    table = pd.DataFrame(np.random.default_rng(1).gamma(2, 1000, (20_000, 16)))
    return best(lambda: write_csv(table, folder / "t.csv"), 3) / table.size * 1e6


def measure() -> list[dict]:
    """One row a figure: name, seconds (or microseconds, or a power), target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = {n: psa(n, folder) for n in STATES}
        written = writing(folder)
    power = np.log(seconds[60] / seconds[15]) / np.log(4)
    return [
        *({"name": f"{n} states, {DRAWS} draws, integral", "seconds": seconds[n], "target": 0.1} for n in STATES),
        {"name": "the same: power of the states, 15 to 60", "seconds": power, "target": 1.5, "unit": ""},
        {"name": "sampling of the default scenario, 10,000 draws", "seconds": sampling(), "target": 0.016},
        {"name": "a number of a CSV file", "seconds": written, "target": 0.3, "unit": "us"},
    ]
