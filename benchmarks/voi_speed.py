"""Time of EVPPI at 10,000 draws, two strategies, one process, against its targets."""

from __future__ import annotations

import numpy as np
from timing import best

from model.economics.evppi import evppi, evppi_all, evppi_by_wtp

DRAWS = 10_000


def measure(small: bool = False) -> list[dict]:
    """One row a case: name, seconds, target in seconds. small: few draws, to see that everything works."""
    net_benefit, parameters = analysis(200 if small else DRAWS)
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
    return [{"name": name, "seconds": best(run, 1 if small else 3), "target": target} for name, target, run in cases]


def analysis(draws: int):
    """Net benefit [2, draw] with an interaction and noise; parameters [15, draw] of three distributions."""
    rng = np.random.default_rng(20240501)
    parameters = np.concatenate([rng.normal(size=(5, draws)), rng.gamma(2, 1, (5, draws)), rng.beta(3, 7, (5, draws))])
    gain = 600 * parameters[0] * parameters[1] + 300 * np.log(parameters[5]) - 2_000 * parameters[10] + 600
    return np.stack([np.zeros(draws), gain + rng.normal(0, 1_000, draws)]), parameters
