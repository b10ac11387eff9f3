"""How a table of draws is run: by which engine, with how many patients, and where."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model.draws import Draws
from model.engines import ENGINES, engine_of
from model.engines.contract import SHARED, Engine, EngineError

__all__ = ["BASE_FACTOR", "COHORT", "ENGINES", "EngineError", "Method", "replicated"]

BASE_FACTOR = 100  # a base case has no draws to average over, so it follows more patients


@dataclass(frozen=True)
class Method:
    """How a table of draws is run. engine: one of ENGINES; the others apply to engines that follow patients.

    patients: a strategy, draw and replication, all groups together; replications: of a draw, where patients wait for each
    other; executor: (concurrent.futures) runs the tasks elsewhere, with the same result to the last bit.
    """

    engine: str = "cohort"
    patients: int = 1000
    replications: int = 20
    executor: Executor | None = None

    def __post_init__(self):
        if self.engine not in ENGINES:
            engine_of(self.engine)  # raises; one that exists is loaded when it runs

    @property
    def runner(self) -> Engine:
        """The engine itself."""
        return engine_of(self.engine)

    @property
    def follows_patients(self) -> bool:
        return self.runner.follows_patients

    @property
    def replicates(self) -> bool:
        """Each row of a table is run in replications, which take their time."""
        return self.runner.independent == "replications"

    @property
    def repeats(self) -> str:
        """The field that has to grow for a smaller standard error."""
        return self.runner.independent

    def pieces(self, rows: int) -> int:
        """Pieces of work that a table of rows is made of, as progress is told."""
        return rows * self.replications if self.replicates else rows

    def pieces_of_run(self, draws: int) -> int:
        """Of a PSA, with its base case where that takes its time."""
        return draws + (self.replications if self.replicates else 0)

    def for_base(self) -> Method:
        """For a table whose rows are not random draws: more patients, since there are no draws to average over."""
        if self.runner.independent != "patients":
            return self
        return dataclasses.replace(self, patients=self.patients * BASE_FACTOR)

    def for_psa(self) -> Method:
        """For random draws: one replication each, since the draws carry the noise."""
        return dataclasses.replace(self, replications=1)

    def at_most(self, patients: int) -> Method:
        """With no more patients than that in all, but at least one replication."""
        if self.replicates:
            return dataclasses.replace(self, replications=max(1, min(self.replications, patients // self.patients)))
        return dataclasses.replace(self, patients=min(self.patients, patients))

    def draws_of_task(self, most: int) -> int:
        """Fewer than can be held where others do the work; but whole blocks of the cohort engine (`points.BLOCK`), on whose size
        the last bit of a result may hang."""
        return most if self.executor is None or self.follows_patients else min(most, SHARED)

    def rows(self, draws: Draws) -> Draws:
        """What is run: each draw as often as it is replicated."""
        return replicated(draws, self.replications) if self.replicates else draws


COHORT = Method()


def replicated(draws: Draws, replications: int) -> Draws:
    """Each draw as many times, one behind the other; numbers are draw * replications + replication."""
    values = {name: v if len(v) == 1 else np.repeat(v, replications) for name, v in draws.values.items()}
    index = (draws.index[:, None] * replications + np.arange(replications)).ravel()
    return dataclasses.replace(draws, values=values, index=index)
