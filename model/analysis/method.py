"""How a table of draws is run: by which engine, with how many patients, and where."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from dataclasses import dataclass

BASE_FACTOR = 100  # a base case has no draws to average over, so it follows more patients
ENGINES = ("cohort", "individual", "queueing")


class EngineError(ValueError):
    """An engine that does not exist, or cannot run this scenario."""


@dataclass(frozen=True)
class Method:
    """How a table of draws is run. engine: one of ENGINES; the others apply to engines that follow patients.

    patients: a strategy, draw and replication, all groups together; replications: of the queueing engine, a draw;
    executor: (concurrent.futures) runs the tasks elsewhere, with the same result to the last bit.
    """

    engine: str = "cohort"
    patients: int = 1000
    replications: int = 20
    executor: Executor | None = None

    def __post_init__(self):
        if self.engine not in ENGINES:
            raise EngineError(f"unknown engine '{self.engine}'; engines: {', '.join(ENGINES)}")

    @property
    def follows_patients(self) -> bool:
        return self.engine != "cohort"

    @property
    def replicates(self) -> bool:
        """Each row of a table is run in replications, which take their time."""
        return self.engine == "queueing"

    def pieces(self, rows: int) -> int:
        """Pieces of work that a table of rows is made of, as progress is told."""
        return rows * self.replications if self.replicates else rows

    def pieces_of_run(self, draws: int) -> int:
        """Of a PSA, with its base case where that takes its time."""
        return draws + (self.replications if self.replicates else 0)

    def for_base(self) -> Method:
        """For a table whose rows are not random draws: more patients, since there are no draws to average over."""
        return dataclasses.replace(self, patients=self.patients * BASE_FACTOR) if self.engine == "individual" else self

    def for_psa(self) -> Method:
        """For random draws: one replication each, since the draws carry the noise."""
        return dataclasses.replace(self, replications=1)


COHORT = Method()
