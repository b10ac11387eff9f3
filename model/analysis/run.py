"""The main job: base case and probabilistic sensitivity analysis of one scenario."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from model import draws
from model.analysis.evaluate import COHORT, Evaluation, Method, evaluate
from model.draws import Draws
from model.economics import acceptability
from model.scenario import Scenario, Wtp

DRAWS, SEED = 10_000, 1


@dataclass(frozen=True)
class Run:
    """Results of one scenario: `base` has one draw (base values), `psa` those of `draws` (None without a PSA)."""

    scenario: Scenario
    base: Evaluation
    draws: Draws | None
    psa: Evaluation | None
    curves: acceptability.Acceptability | None
    seed: int
    sampling: str
    seconds: dict[str, float] = field(default_factory=dict)
    method: Method = COHORT

    @property
    def reference(self) -> int:
        """Index of the strategy that pairwise increments compare with."""
        return list(self.scenario.strategies).index(self.scenario.reference) if self.scenario.reference else 0


def run(
    scenario: Scenario,
    n: int = DRAWS,
    seed: int = SEED,
    sampling: str = "random",
    progress: Callable[[int], None] = lambda done: None,
    method: Method = COHORT,
) -> Run:
    """Base case with trace, then a PSA of n draws (none where nothing is sampled or n is 0)."""
    clock = [time.perf_counter()]
    base = evaluate(scenario, draws.base(scenario), method.for_base(), trace=True)
    sample = psa = curves = None
    if n and any(p.sampled for p in scenario.parameters.values()):
        sample = draws.probabilistic(scenario, n, seed, sampling)
        clock.append(time.perf_counter())
        psa = evaluate(scenario, sample, method.for_psa(), progress=progress)
        clock.append(time.perf_counter())
        curves = acceptability.acceptability(psa.total.cost, psa.total.qaly, wtp_grid(scenario.wtp))
    clock.append(time.perf_counter())
    names = ("base case and sampling", "simulation", "economics") if psa else ("base case",)
    return Run(scenario, base, sample, psa, curves, seed, sampling, dict(zip(names, np.diff(clock).tolist())),
               method)


def wtp_grid(wtp: Wtp) -> np.ndarray:
    """Grid of the curves, with the listed thresholds in it."""
    grid = wtp.low + wtp.step * np.arange(int(np.floor((wtp.high - wtp.low) / wtp.step + 1e-9)) + 1)
    return np.unique(np.concatenate([grid, [t for t in wtp.thresholds if wtp.low <= t <= wtp.high]]))
