"""Time of EVPPI at 10,000 draws, two strategies, one process, against its targets.

Run: python benchmarks/voi_speed.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model.economics.evppi import evppi, evppi_all, evppi_by_wtp

DRAWS = 10_000


def measure(repeats: int = 3) -> list[dict]:
    """Best of `repeats` runs of each case: name, seconds, target in seconds."""
    net_benefit, parameters = _analysis()
    table = {f"p{i}": row for i, row in enumerate(parameters)}
    effect, wtp = net_benefit / 20_000, np.linspace(0, 50_000, 501)
    cases = [
        ("EVPPI of 15 single parameters, 10,000 draws", 0.3, lambda: evppi_all(net_benefit, table)),
        ("EVPPI of a pair, 10,000 draws", 0.1, lambda: evppi(net_benefit, parameters[:2])),
        ("EVPPI of a group of 5, 10,000 draws", 1.0, lambda: evppi(net_benefit, parameters[:5])),
        ("EVPPI of a group of 15, 10,000 draws", 1.0, lambda: evppi(net_benefit, parameters)),
        (
            "EVPPI of one parameter, 10,000 draws, 501 thresholds",
            0.5,
            lambda: evppi_by_wtp(-net_benefit / 2, effect, parameters[0], wtp),
        ),
    ]
    return [
        {"name": name, "seconds": min(_seconds(run) for _ in range(repeats)), "target": target}
        for name, target, run in cases
    ]


def _analysis():
    """Net benefit [2, draw] with an interaction and noise; parameters [15, draw] of three distributions."""
    rng = np.random.default_rng(20240501)
    parameters = np.concatenate([rng.normal(size=(5, DRAWS)), rng.gamma(2, 1, (5, DRAWS)), rng.beta(3, 7, (5, DRAWS))])
    gain = 600 * parameters[0] * parameters[1] + 300 * np.log(parameters[5]) - 2_000 * parameters[10] + 600
    return np.stack([np.zeros(DRAWS), gain + rng.normal(0, 1_000, DRAWS)]), parameters


def _seconds(run) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds'] * 1e3:7.1f} ms (target {row['target'] * 1e3:.0f} ms)  {row['name']}")
