"""Holds a scenario, and the program with it, against what must be so whatever the disease (TECH-VER)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from model.analysis import (  # each adds its checks to the list, in this order
    verify_economics,
    verify_engines,
    verify_extremes,
    verify_inputs,
    verify_parameters,
    verify_recomputed,
    verify_samples,
    verify_trace,
)
from model.analysis.verify_case import Case, case_of
from model.analysis.verify_findings import CHECKS, FAIL, NOT_APPLICABLE, PASS, Check, Finding, not_applicable
from model.decision import Decision
from model.sample import Sample
from model.scenario import Scenario

MODULES = (
    verify_extremes,
    verify_trace,
    verify_recomputed,
    verify_parameters,
    verify_samples,
    verify_economics,
    verify_engines,
    verify_inputs,
)


@dataclass(frozen=True)
class Verification:
    """findings: of every check, in their order."""

    scenario: Scenario
    sample: Sample
    findings: tuple[Finding, ...]

    def of(self, outcome: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.outcome == outcome)

    @property
    def failures(self) -> tuple[Finding, ...]:
        return self.of(FAIL)

    @property
    def counts(self) -> dict[str, int]:
        """Findings by outcome."""
        return {outcome: len(self.of(outcome)) for outcome in (PASS, FAIL, NOT_APPLICABLE)}


def verify(
    scenario: Scenario, sample: Sample, decision: Decision, progress: Callable[[int], None] = lambda done: None
) -> Verification:
    """All checks. `progress` is told of each. Raises DomainError, EngineError where the scenario itself cannot be run."""
    case = case_of(scenario, sample, decision)
    found: list[Finding] = []
    for one in CHECKS:
        found += _findings(case, one)
        progress(1)
    return Verification(scenario, sample, tuple(found))


def _findings(case: Case, one: Check) -> Iterator[Finding]:
    seen = list(one.find(case)) or [not_applicable("nothing of the kind in this scenario")]
    return (replace(finding, check=one.key, title=one.title) for finding in seen)
