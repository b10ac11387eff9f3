"""Time of the acceptability pass: 10,000 draws over 501 thresholds, one process, against its targets.

Run: python benchmarks/economics_speed.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model.economics.acceptability import acceptability

TARGET_SECONDS = {2: 0.050, 10: 0.300}


def measure(repeats: int = 5) -> list[dict]:
    """Best of `repeats` runs of each case: name, seconds, target in seconds."""
    return [
        {
            "name": f"CEAC, CEAF, expected loss and EVPI: {n} strategies, 10,000 draws, 501 thresholds",
            "seconds": _best(n, repeats),
            "target": target,
        }
        for n, target in TARGET_SECONDS.items()
    ]


def _best(n_strategies: int, repeats: int) -> float:
    rng = np.random.default_rng(20240501)
    ladder = np.arange(n_strategies)[:, None]
    cost = rng.normal(10_000, 3_000, (n_strategies, 10_000)) + 1_500 * ladder
    effect = rng.normal(5, 1, (n_strategies, 10_000)) + 0.05 * ladder
    wtp = np.linspace(0, 100_000, 501)
    return min(_seconds(cost, effect, wtp) for _ in range(repeats))


def _seconds(cost, effect, wtp) -> float:
    start = perf_counter()
    acceptability(cost, effect, wtp)
    return perf_counter() - start


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds'] * 1e3:7.1f} ms (target {row['target'] * 1e3:.0f} ms)  {row['name']}")
