"""What all checks of a scenario share: its base case, its draws, and how a changed scenario is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from model import draws
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import COHORT, EngineError, Method
from model.analysis.run import Run, run
from model.decision import Decision
from model.draws import DomainError, Draws
from model.engines import engine_for
from model.engines.contract import Engine
from model.grouped import Grouped
from model.outcomes import Outcomes
from model.sample import Sample
from model.scenario import PerCycle, Scenario

FEW = 2000  # patients of the base case, where no cohort can run the scenario


@dataclass
class Case:
    """A scenario under verification. method: the engine that changed scenarios are run with."""

    scenario: Scenario
    sample: Sample
    decision: Decision
    method: Method

    @cached_property
    def run(self) -> Run:
        """Base case with trace and, where the engine follows no patients, the PSA."""
        return run(
            self.scenario, self.sample if self.of_cohort else Sample(0, self.sample.seed), self.method, self.decision
        )

    @cached_property
    def of_cohort(self) -> bool:
        return not self.method.follows_patients

    @cached_property
    def base(self) -> Evaluation:
        """With trace, where a cohort is followed."""
        return self.evaluated(self.scenario, trace=self.of_cohort)

    @cached_property
    def shorter(self) -> Scenario | None:
        """With half the cycle; None where the cycle is part of what the file says, not of how exact it is."""
        frame = self.scenario.time
        by_cycle = any(isinstance(t, PerCycle) for t in self.scenario.transitions)
        if not self.of_cohort or by_cycle or frame.convention != "integral":
            return None
        return replace(self.scenario, time=replace(frame, cycle=frame.cycle / 2))

    @cached_property
    def half_cycle(self) -> Grouped[Outcomes] | None:
        """The base case of `shorter`."""
        return None if self.shorter is None else self.outcomes(self.shorter)

    @property
    def engine(self) -> Engine:
        return engine_for(self.scenario, self.method.engine)

    def evaluated(self, scenario: Scenario, table: Draws | None = None, trace: bool = False, at=None) -> Evaluation:
        """A (changed) scenario at base values, or at those of a table of draws."""
        table = draws.base(scenario, self.sample.seed) if table is None else table
        times = np.zeros(0) if at is None else at
        return evaluate(scenario, table, self.method, trace=trace, at=times)

    def outcomes(self, scenario: Scenario) -> Grouped[Outcomes]:
        """Of a changed scenario, at base values."""
        return self.evaluated(scenario).outcomes

    def each(self, found: Grouped[Outcomes]) -> Iterator[tuple[str, int, str, Outcomes]]:
        """(group, index of the strategy, its key, outcomes) of every group and strategy."""
        for group, outcomes in found.items():
            for s, strategy in enumerate(outcomes.strategies):
                yield group, s, strategy, outcomes


def case_of(scenario: Scenario, sample: Sample, decision: Decision) -> Case:
    """The cohort engine where it can run the scenario, else a few patients of the individual engine."""
    return Case(scenario, sample, decision, method_of(scenario))


def method_of(scenario: Scenario) -> Method:
    """Raises the error of the cohort engine where neither can run it."""
    few = Method("individual", patients=FEW)
    first: Exception | None = None
    for method in (COHORT, few):
        try:
            engine_for(scenario, method.engine).check(scenario)
            evaluate(scenario, draws.base(scenario), replace(method, patients=2))
        except (EngineError, DomainError) as error:
            first = first or error
        else:
            return method
    assert first is not None
    raise first
