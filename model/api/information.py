"""What more knowledge is worth, what the inputs must be to meet targets, and the economics of results made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from model import threads
from model.api.asked import Asked, Options, Source, analysis, several, whole
from model.progress import progress
from model.report.result import Result
from model.sample import Sample

if TYPE_CHECKING:
    import pandas as pd

    from model.analysis.population import Population
    from model.analysis.run import Run
    from model.analysis.value_of_information import Information

Groups = Mapping[str, Sequence[str]]


@analysis()
def voi(
    source: Source,
    draws: int = 10_000,
    sampling: str = "random",
    parameter_groups: Groups | None = None,
    population: Population | None = None,
    studies: Sequence[str] = (),
    sizes: Sequence[int] = (),
    **options: Unpack[Options],
) -> Result:
    """Value of information: EVPI, EVPPI of every parameter and of named groups of them, EVSI of studies, population value.

    parameter_groups  parameters whose joint value is wanted, by name: {"survival": ["hr_surgery", "median_rt"]}
    population        `model.Population(incidence, years, discount)`: whom the decision concerns, and what a study costs
    studies           proposed ones: "trial: p_cure ~ binomial", "survey: utility ~ normal(sd=0.2)"
    sizes             patients in each arm

    >>> table = voi("scenarios/mscc_furlan.yaml", draws=500, wtp=100_000).tables["evppi"]
    >>> table["kind"].unique().tolist()
    ['parameter', 'status']
    """
    from model.analysis import studies as proposed
    from model.analysis import value_of_information as analyses
    from model.analysis.run import run

    asked = Asked(**options)
    for size in sizes:
        whole("sizes", size, 1)
    scenario, decision = asked.question(source)
    sample = Sample(draws, asked.seed, sampling)
    proposals = proposed.proposals(several(studies))
    groups = {name: tuple(members) for name, members in (parameter_groups or {}).items()}
    analyses.check(scenario, groups, proposals)
    with asked.method() as method, progress(method.pieces_of_run(draws), "draws", asked.progress) as bar:
        found = run(scenario, sample, method, decision, bar)
    information = analyses.of_run(found, decision, groups, proposals, tuple(sizes) or proposed.SIZES)
    questions = {"parameter_groups": groups, "studies": list(several(studies)), "sizes": list(sizes)}
    return _voi(found, information, asked, questions, population)


def information_of(found: Run, asked: Asked) -> Result:
    """EVPI and EVPPI of a run that is there."""
    from model.analysis import value_of_information as analyses

    return _voi(found, analyses.of_run(found, found.decision, {}), asked, {}, None)


def _voi(
    found: Run, information: Information, asked: Asked, questions: Mapping[str, object], population: Population | None
) -> Result:
    from model.report import voi_report
    from model.report.manifest import run_about

    result = voi_report.report(found, information, population)
    result.details = information
    about = asked.about(found.decision, found.sample) | run_about(found) | dict(questions)
    return asked.result(result, found.scenario, about | ({} if population is None else population.about()), "voi")


@analysis("effect", "wtp", "group", "reference", "engine", "patients", "replications")
def calibrate(
    source: Source, starts: int = 5, posterior: int = 0, draws: int = 10_000, **options: Unpack[Options]
) -> Result:
    """Inputs at which the model meets the targets of the scenario's `calibration` section.

    starts        of the search
    posterior     sets of values from the posterior, for a PSA; 0: none
    draws         of the PSA that targets on the acceptability curve need

    >>> list(calibrate("scenarios/mscc_trial.yaml", starts=1).tables)[:3]
    ['targets', 'values', 'starts']
    """
    from model.analysis.calibrate import calibrate as analyse_targets
    from model.report import calibration_report

    asked = Asked(**options)
    whole("starts", starts, 1)
    whole("posterior", posterior, 0)
    scenario, sample = asked.scenario(source), Sample(draws, asked.seed)
    with asked.method() as method, progress(starts + posterior, "starts and sets", asked.progress) as bar:
        found = analyse_targets(scenario, sample, starts, posterior, bar, method.executor)
    result = calibration_report.report(found)
    result.details = found
    about = {"starts": starts, "posterior": posterior, "draws": draws, "seed": asked.seed}
    return asked.result(result, scenario, about, "calibrate")


@threads.one()
def analyse(
    cost: str | Path | pd.DataFrame,
    effect: str | Path | pd.DataFrame | None = None,
    wtp=None,
    thresholds: Sequence[float] = (),
    reference: str | None = None,
    parameters: str | Path | pd.DataFrame | None = None,
    voi_wtp: float | None = None,
    parameter_groups: Groups | None = None,
) -> Result:
    """Economics of a PSA, or of a deterministic table, made in any other software.

    cost, effect  files or DataFrames: a column a strategy, a row a draw; without `effect`, `cost` is a table with the
                  columns strategy, cost, effect
    wtp           grid of the curves; thresholds: listed in tables
    reference     strategy to compare with; the first
    parameters    of the PSA, for EVPPI: a column a parameter, a row a draw, in the order of the costs
    voi_wtp       willingness to pay of the EVPPI; where EVPI is highest

    >>> import pandas as pd
    >>> cost, effect = pd.DataFrame({"a": [100, 120], "b": [300, 350]}), pd.DataFrame({"a": [1.0, 1.1], "b": [1.5, 1.4]})
    >>> print(analyse(cost, effect).tables["incremental"]["icer"].round(0).tolist())
    [nan, 538.0]
    """
    from model.analysis import external
    from model.report import external_report
    from model.report.manifest import environment

    groups = {name: tuple(members) for name, members in (parameter_groups or {}).items()}
    found = external.analyse(cost, effect, wtp, thresholds, reference, parameters, voi_wtp, groups)
    result = external_report.report(found)
    result.details = found
    result.manifest = {
        "files": list(found.files),
        "reference": found.strategies[found.reference],
        "voi_wtp": voi_wtp,
        "parameter_groups": {name: list(members) for name, members in groups.items()},
        **environment(),
    }
    result.folder = Path("results", "analyse")
    return result
