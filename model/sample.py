"""The random numbers of an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral


class SampleError(ValueError):
    """A number of draws that cannot be."""


SAMPLING = ("random", "latin hypercube", "sobol")


@dataclass(frozen=True)
class Sample:
    """n: draws of a PSA (0: none, base values decide); seed: of the draws and of simulated patients; sampling: one of SAMPLING."""

    n: int = 0
    seed: int = 1
    sampling: str = "random"

    def __post_init__(self) -> None:
        if not isinstance(self.n, Integral) or self.n < 0 or self.n == 1:
            raise SampleError(f"draws: found {self.n!r}, needed a whole number: 0, or 2 or more")


NO_PSA = Sample()
