"""A scenario held against what must be so whatever the disease."""

from __future__ import annotations

from typing import Unpack

from model.api.asked import Asked, Options, Source, analysis
from model.progress import progress
from model.report.result import Result
from model.sample import Sample


@analysis("group", "engine", "patients", "replications", "jobs", "cluster", "executor")
def verify(source: Source, draws: int = 1000, sampling: str = "random", **options: Unpack[Options]) -> Result:
    """Black-box tests of a scenario, and of the program with it (TECH-VER): each with the two numbers that it compares.

    `details.failures` has what failed; the table `verification` has every comparison, by check, group and strategy.

    draws         of the PSA that is looked at
    sampling      "random", "latin hypercube" or "sobol"

    >>> verify("scenarios/validation/closed_forms_exponential.yaml", draws=0).details.counts["fail"]
    0

    Raises ScenarioError (the file), DomainError and EngineError (a scenario that no engine can run).
    """
    from model.analysis import verify as analyses
    from model.report import verify_report

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    sample = Sample(draws, asked.seed, sampling)
    with progress(len(analyses.CHECKS), "checks", asked.progress) as bar:
        found = analyses.verify(scenario, sample, decision, bar)
    about = {
        name: value for name, value in asked.about(decision, sample).items() if name not in ("engine", "patients_group")
    }
    return asked.result(verify_report.report(found), scenario, about, "verify")
