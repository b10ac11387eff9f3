"""A scenario run, and looked at in other engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from model.api.asked import Asked, Options, Settings, Source, analysis, setting_texts
from model.api.checks import read
from model.decision import Decision, DecisionError
from model.progress import progress
from model.report.result import Result
from model.sample import Sample
from model.scenario import Scenario
from model.suggestions import check_known

if TYPE_CHECKING:
    from model.analysis.run import Run


@analysis("group")
def run(
    source: Source,
    draws: int = 10_000,
    sampling: str = "random",
    until_se: float | None = None,
    comparators: Sequence[str] = (),
    **options: Unpack[Options],
) -> Result:
    """Base case and probabilistic sensitivity analysis: costs, effects, ICER, acceptability, occupancy, inputs.

    source        a scenario file, or a scenario that `model.read` gave
    draws         of the PSA; 0: none
    sampling      "random", "latin hypercube" or "sobol"
    until_se      follow more patients until the standard error of the incremental net benefit is below this
    comparators   strategies that figures of pairs compare each other one with; of three or more strategies the reference

    >>> result = run("scenarios/mscc_furlan.yaml", draws=200)
    >>> table = result.tables["incremental"].query("analysis == 'deterministic' and group == 'all' and effect == 'qaly'")
    >>> print(table["icer"].round(0).tolist())
    [nan, 250384.0]

    Raises ScenarioError (the file), DomainError (a draw outside the model's domain), EngineError (an engine that cannot).
    """
    from model.analysis import groups, severity
    from model.analysis.run import run as run_analysis
    from model.report import figures, group_report, landmark_tables, published_tables, severity_tables, tables, text
    from model.report.manifest import run_about

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    check_known(comparators, scenario.strategies, "strategy", DecisionError)
    if asked.levels:  # tables and figures show what was asked for, in the place of what the file lists
        scenario = replace(scenario, wtp=replace(scenario.wtp, thresholds=asked.levels))
    sample = Sample(draws, asked.seed, sampling)
    with asked.method() as method, progress(method.pieces_of_run(draws), "draws", asked.progress) as bar:
        found = run_analysis(scenario, sample, method, decision, bar, until_se)
    made = tables.run_tables(found)
    published = published_tables.text_of(made, scenario)
    alive = landmark_tables.landmarks_text(made["landmarks"], scenario)
    by_group = group_report.group_text(made["groups"], scenario) if "groups" in made else ""
    severe = severity_tables.severity_text(made, scenario)
    summary = text.summary(found, published, by_group, alive, severe)
    result = Result(made, figures.run_figures(found, made, comparators), found, summary, details=found)
    result.warnings = (*found.warnings, *groups.told(scenario, found.psa), *severity.warnings(found))
    result.books["results.xlsx"], result.pages["report.html"] = partial(_workbook, result), partial(_page, result)
    about = {
        **asked.about(decision, sample),
        **run_about(found),
        "until_se": until_se,
        "comparators": list(comparators),
    }
    return asked.result(result, scenario, about, "run")


def _page(result: Result, path: Path, manifest: Mapping[str, object], folders: Mapping[str, Path]) -> None:
    """report.html of a run, and of the analyses that are saved with it."""
    from model.report import html

    html.write(path, manifest, {"run": result} | result.parts, folders)


def _workbook(result: Result, path: Path, manifest: Mapping[str, object]) -> None:
    """results.xlsx of the same."""
    from model.report import results_workbook

    results_workbook.write(path, result, manifest)


@analysis("group")
def converge(
    source: Source,
    draws: int = 10_000,
    sampling: str = "random",
    target_se: float | None = None,
    **options: Unpack[Options],
) -> Result:
    """Are these enough draws? Running means, their standard errors, and the draws that are needed.

    target_se     standard error of the incremental net benefit that is wanted

    >>> converge("scenarios/mscc_furlan.yaml", draws=500).tables["enough_draws"]["enough"].tolist()
    ['false', 'true', 'false']
    """
    from model.analysis.run import run as run_analysis

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    sample = Sample(draws, asked.seed, sampling)
    with asked.method() as method, progress(method.pieces_of_run(draws), "draws", asked.progress) as bar:
        found = run_analysis(scenario, sample, method, decision, bar)
    return convergence_of(found, asked, target_se)


def convergence_of(found: Run, asked: Asked, target_se: float | None = None) -> Result:
    """Of a run that is there."""
    from model.analysis import convergence
    from model.report import global_report
    from model.report.manifest import run_about

    result = global_report.convergence(found, convergence.convergence(found, target_se))
    about = {**asked.about(found.decision, found.sample), **run_about(found), "target_se": target_se}
    return asked.result(result, found.scenario, about, "converge")


@analysis("engine", "group")
def compare(source: Source, **options: Unpack[Options]) -> Result:
    """Do the cohort, the individual and the queueing engine agree, and what changes the result from the first to the last?

    `details` is an Agreement, whose `agree` says the one; the table `bridge` tells the other.

    >>> compare("scenarios/mscc_constant_hazards.yaml", patients=50, replications=4).details.agree
    True
    """
    from model.analysis import agreement
    from model.report import comparison_report

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    with asked.method() as method, progress(4, "steps", asked.progress) as bar:
        found = agreement.agreement(scenario, method, asked.seed)
        bridge = agreement.bridge(scenario, decision, method, asked.seed, bar)
    result = comparison_report.comparison(scenario, found, bridge)
    result.details = found
    return asked.result(result, scenario, _replicated(asked, decision), "compare")


@analysis("engine", "group")
def capacity(
    source: Source,
    resource: str | None = None,
    low: int = 1,
    high: int = 4,
    unit_cost: float = 0.0,
    changes: Mapping[str, Settings] | None = None,
    **options: Unpack[Options],
) -> Result:
    """What one more unit of a resource is worth, or what each change of a centre does, where patients queue.

    resource      whose units are varied from `low` to `high`
    unit_cost     per unit and year
    changes       in the place of a resource: other centres, each with its settings,
                  such as {"night surgery": {"resources.theatre.open": "always"}}

    >>> table = capacity("scenarios/mscc_capacity.yaml", "linac", 2, 3, patients=40, replications=2).tables["capacity"]
    >>> table["capacity"].unique().tolist()
    [2, 3]
    """
    from model.analysis import capacity as analyses
    from model.report import capacity_report

    if (resource is None) == (not changes):
        raise analyses.CapacityError("give either --resource (how many units?) or --change (which centre?)")
    asked = Asked(**options)
    scenario, decision = asked.question(source)
    if resource is None:
        return _changes(asked, scenario, decision, changes or {})
    with asked.method() as method, progress(high - low + 1, "numbers of units", asked.progress) as bar:
        found = analyses.value_of_capacity(scenario, resource, low, high, decision, method, asked.seed, unit_cost, bar)
    units = {"resource": resource, "units_from": low, "units_to": high, "unit_cost": unit_cost}
    about = _replicated(asked, decision) | units
    return asked.result(capacity_report.report(found), scenario, about, "capacity")


def _changes(asked: Asked, scenario: Scenario, decision: Decision, changes: Mapping[str, Settings]) -> Result:
    """Centres other than that of the file."""
    from model.analysis.capacity import alternatives
    from model.report import centre_report

    settings = {label: setting_texts(change) for label, change in changes.items()}
    others = {label: (texts, read(scenario.path, (*scenario.settings, *texts))) for label, texts in settings.items()}
    with asked.method() as method, progress(len(others) + 1, "centres", asked.progress) as bar:
        found = alternatives(scenario, others, method, asked.seed, bar)
    about = _replicated(asked, decision) | {"changes": {label: list(texts) for label, texts in settings.items()}}
    return asked.result(centre_report.report(scenario, found, decision), scenario, about, "capacity")


def _replicated(asked: Asked, decision: Decision) -> dict[str, object]:
    """What is said of analyses in which every engine is run in replications."""
    known = {name: value for name, value in asked.about(decision).items() if name != "engine"}
    return known | {"patients_of_a_replication": asked.patients, "replications": asked.replications}
