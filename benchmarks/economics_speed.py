"""Time of the acceptability pass: 10,000 draws over 501 thresholds, one process, against its targets."""

from __future__ import annotations

import numpy as np
from timing import Job, best

from model.economics.acceptability import acceptability

TARGET_SECONDS = {2: 0.050, 10: 0.300}


def measure(small: bool = False) -> list[dict]:
    """One row a case: name, seconds, target in seconds. small: tiny sizes, to see that everything works."""
    draws = 10 if small else 10_000
    return [
        {
            "name": f"CEAC, CEAF, expected loss and EVPI: {n} strategies, {draws:,} draws, 501 thresholds",
            "seconds": best(_job(n, draws), 1 if small else 5),
            "target": target,
        }
        for n, target in TARGET_SECONDS.items()
    ]


def _job(n_strategies: int, draws: int) -> Job:
    rng = np.random.default_rng(20240501)
    ladder = np.arange(n_strategies)[:, None]
    cost = rng.normal(10_000, 3_000, (n_strategies, draws)) + 1_500 * ladder
    effect = rng.normal(5, 1, (n_strategies, draws)) + 0.05 * ladder
    wtp = np.linspace(0, 100_000, 501)
    return lambda: acceptability(cost, effect, wtp)
