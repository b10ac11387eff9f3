"""The random numbers of an analysis."""

from __future__ import annotations

from dataclasses import dataclass

SAMPLING = ("random", "latin hypercube", "sobol")


@dataclass(frozen=True)
class Sample:
    """n: draws of a PSA (0: none, base values decide); seed: of the draws and of simulated patients; sampling: one of SAMPLING."""

    n: int = 0
    seed: int = 1
    sampling: str = "random"


NO_PSA = Sample()
