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
            "seconds": best(job(n, draws, 501), 1 if small else 5),
            "target": target,
        }
        for n, target in TARGET_SECONDS.items()
    ]


def both(strategies: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """cost, effect [strategy, draw], each strategy a little dearer and better than the one before."""
    rng, step = np.random.default_rng(20240501), np.arange(strategies)[:, None]
    cost = rng.normal(10_000, 3_000, (strategies, draws)) + 1_500 * step
    return cost, rng.normal(5, 1, (strategies, draws)) + 0.05 * step


def job(strategies: int, draws: int, thresholds: int) -> Job:
    cost, effect = both(strategies, draws)
    return lambda: acceptability(cost, effect, np.linspace(0, 100_000, thresholds))
