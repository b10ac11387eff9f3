"""The Python interface: the same as the command line, with DataFrames and figures instead of files.

import model
result = model.run("scenarios/mscc_furlan.yaml", draws=1000)
result.tables["incremental"]
result.figure("acceptability")
"""

from __future__ import annotations

import time
from pathlib import Path

from model.report.result import Result
from model.scenario_file import read


def run(
    path: str | Path,
    draws: int = 10_000,
    seed: int = 1,
    settings=(),
    sampling: str = "random",
    progress=lambda done: None,
    **method,
) -> Result:
    """Run a scenario file: base case and PSA. `settings` are 'name=value' texts, as with --set; `method`: engine,
    patients, replications, executor (see model.analysis.evaluate.Method).

    Raises ScenarioError (the file), DomainError (a draw outside the model's domain), EngineError (an engine that cannot).
    """
    from model.analysis.evaluate import Method

    return run_scenario(read(path, settings), draws, seed, sampling, progress, Method(seed=seed, **method))


def run_scenario(
    scenario,
    draws: int,
    seed: int,
    sampling: str = "random",
    progress=lambda done: None,
    method=None,
    until_se: float | None = None,
) -> Result:
    from model.analysis.evaluate import COHORT
    from model.analysis.run import run as run_analysis
    from model.report import figures, published_tables, tables, text

    found = run_analysis(scenario, draws, seed, sampling, progress, method or COHORT, until_se)
    made = tables.run_tables(found)
    published = published_tables.published_text(made["published"], scenario) if scenario.published else ""
    return Result(made, figures.run_figures(found, made), found, text.summary(found, published))


def save_run(result: Result, out: str | Path, command: str, started: float, step=lambda name: None) -> Path:
    """The folder of a run, with the manifest."""
    from model.report.manifest import manifest

    content = manifest(result.run, command, time.perf_counter() - started)
    return result.save(out, content, result.run.scenario.text, step)


def analyse(cost, effect, **options) -> Result:
    """Economics of a PSA made in any other software; see model.analysis.external.analyse."""
    from model.analysis import external
    from model.report import external_report

    return external_report.report(external.analyse(cost, effect, **options))


def value_of_information(
    scenario,
    draws: int,
    seed: int,
    sampling: str,
    wtp: float | None,
    groups,
    patient_group: str,
    population=None,
    progress=lambda done: None,
    method=None,
    studies=(),
    sizes=None,
) -> tuple[Result, object]:
    """EVPPI of a scenario's PSA, and EVSI of proposed studies.

    population: a voi_report.Population; studies: texts such as 'trial: p_cure ~ binomial'; sizes: patients in each arm.
    """
    from model.analysis import studies as proposed
    from model.analysis import value_of_information as voi
    from model.analysis.evaluate import COHORT
    from model.analysis.run import run as run_analysis
    from model.report import voi_report

    proposals = tuple(proposed.proposal(study) for study in studies)
    voi.check(scenario, groups, patient_group, proposals)
    found_run = run_analysis(scenario, draws, seed, sampling, progress, method or COHORT)
    found = voi.of_run(found_run, wtp, groups, patient_group, proposals, sizes or proposed.SIZES)
    return voi_report.report(found_run, found, population), found
