"""What the result depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from model.analysis.method import Method
from model.api.asked import Asked, Options, Source, Value, analysis, several, whole
from model.decision import Decision, DecisionError
from model.effects import BUILT_IN
from model.progress import progress
from model.report.result import Result
from model.sample import Sample
from model.scenario import Scenario
from model.scenario_file.variants import Variants, is_variants, read_variants
from model.suggestions import check_known

if TYPE_CHECKING:
    from model.analysis.sweep_points import Axis

Vary = Mapping[str, Value] | Sequence[str]


class Stopped(KeyboardInterrupt):
    """An analysis that was interrupted; kept: whether what was done is kept, so that the same call goes on from there."""

    def __init__(self, kept: bool):
        self.kept = kept


@analysis()
def tornado(source: Source, on: Sequence[str] = ("inb", "icer"), **options: Unpack[Options]) -> Result:
    """One-way sensitivity: every parameter at its low and its high value, the others at base.

    on            results: "inb" (incremental net benefit), "icer", "cost" or an effect

    >>> tornado("scenarios/mscc_furlan.yaml").tables["tornado"]["parameter"].iloc[0]
    'hr_surgery'
    """
    from model.analysis import oneway
    from model.report import sensitivity_report

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    results = tuple(dict.fromkeys(several(on)))
    check_known(results, ("inb", "icer", "cost", *BUILT_IN, *scenario.effects), "result", DecisionError)
    rows = 1 + 2 * len(oneway.ranges(scenario))
    with asked.method() as method, progress(method.pieces(rows), "runs", asked.progress) as bar:
        found = oneway.oneway(scenario, decision, method, asked.seed, bar)
    result = sensitivity_report.tornado(found, results)
    return asked.result(result, scenario, {**asked.about(decision), "on": list(results)}, "tornado")


@analysis()
def threshold(
    source: Source,
    parameter: str,
    low: float | None = None,
    high: float | None = None,
    draws: int = 0,
    **options: Unpack[Options],
) -> Result:
    """At which values of a parameter does the decision change? All such values in a range, to tolerance.

    low, high     the range; by default that of one-way analyses
    draws         of a PSA whose mean net benefit decides; 0: base values decide

    >>> threshold("scenarios/mscc_furlan.yaml", "c_surgery", 0, 40_000, wtp=100_000).tables["threshold"].shape[0]
    1
    """
    from model.analysis import threshold as analyses
    from model.report import sensitivity_report

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    sample = Sample(draws, asked.seed)
    with asked.method() as method, progress(analyses.GRID, "values", asked.progress) as bar:
        found = analyses.break_even(scenario, parameter, low, high, decision, sample, method, bar)
    about = {**asked.about(decision, sample), "vary": [f"{parameter}={found.low:g}:{found.high:g}"]}
    return asked.result(sensitivity_report.threshold(found), scenario, about, "threshold")


@analysis("group")
def sweep(
    source: Source,
    vary: Vary,
    draws: int = 0,
    sampling: str = "random",
    points: str = "grid",
    n: int | None = None,
    journal: str | Path | None = None,
    **options: Unpack[Options],
) -> Result:
    """Results over any number of parameters, settings and willingness to pay.

    vary          {"c_surgery": "19000:34000:16"} (low:high:number), or {"horizon": ["1 year", "5 years"], "wtp": [0, 50_000]}
    draws         of a PSA at each point; 0: base values
    points        "grid" (all combinations), or "sobol" or "lhs" with `n` points that fill the ranges
    journal       a folder: points that are done are kept in a file beside it, from which an interrupted sweep goes on

    >>> sweep("scenarios/mscc_furlan.yaml", {"c_surgery": [20_000, 30_000]}).tables["sweep"]["c_surgery"].unique().tolist()
    [20000.0, 30000.0]
    """
    from model.analysis import sweep as analyses
    from model.analysis import sweep_points
    from model.report import sweep_report

    texts, asked = vary_texts(vary), Asked(**options)
    scenario = asked.scenario(source)
    axes = [sweep_points.axis(scenario, text) for text in texts]
    scenario, decision = _with_varied_wtp(asked, axes).decide(scenario)
    sample = Sample(draws, asked.seed, sampling)
    listed = sweep_points.points(axes, points, n, asked.seed, max(draws, 1))
    with asked.method() as method, progress(len(listed), "points", asked.progress) as bar:
        kept = _journal(journal, analyses.identity(scenario, listed, decision, sample, method))
        try:
            found = analyses.sweep(scenario, axes, listed, decision, sample, method, kept, bar)
        except KeyboardInterrupt:
            raise Stopped(kept is not None and kept.exists()) from None
    about = {**asked.about(decision, sample), "vary": texts, "points": len(listed), "draws_of_a_point": draws}
    result = asked.result(sweep_report.report(found), scenario, about | _followed(method), "sweep")
    result.saved = partial(_drop, kept)
    return result


def _with_varied_wtp(asked: Asked, axes: list[Axis]) -> Asked:
    """Where willingness to pay is varied it is stated, and not given besides."""
    from model.analysis.sweep_points import SweepError

    levels = [float(value) for axis in axes if axis.kind == "wtp" for value in axis.values]
    if levels and asked.wtp is not None:
        raise SweepError("the willingness to pay is both varied and given; leave one out")
    return replace(asked, wtp=max(levels)) if levels else asked


def _drop(journal: Path | None) -> None:
    if journal is not None:
        journal.unlink(missing_ok=True)


def _journal(folder: str | Path | None, identity: str) -> Path | None:
    """The file beside a folder in which the points of one sweep, and of no other, are kept."""
    return None if folder is None else Path(folder).parent / f".{Path(folder).name}-{identity}.journal"


@analysis("group")
def variants(
    file: str | Path | Variants, draws: int = 10_000, sampling: str = "random", **options: Unpack[Options]
) -> Result:
    """Named variants of a scenario side by side with its base case, on common random numbers.

    file          a file of variants, such as variants/mscc_structure.yaml

    >>> variants("variants/mscc_structure.yaml", draws=0).tables["variants"]["variant"].iloc[0]
    'base'
    """
    from model.analysis.variants import compare
    from model.report import variants_report

    asked = Asked(**options)
    listed = file if isinstance(file, Variants) else read_variants(file, asked.texts)
    scenarios, decision = _decided(listed.scenarios, asked)
    listed, base = replace(listed, scenarios=scenarios), scenarios["base"]
    sample = Sample(draws, asked.seed, sampling)
    with asked.method() as method, progress(len(listed.scenarios), "variants", asked.progress) as bar:
        found = compare(listed, decision, sample, method, bar)
    result = variants_report.report(found)
    result.warnings = tuple(
        f"variant {key}: {warning}"
        for key, scenario in listed.scenarios.items()
        for warning in scenario.warnings
        if key != "base" and warning not in base.warnings
    )
    about = {**asked.about(decision, sample), "variants": listed.path, **_followed(method)}
    return asked.result(result, base, about, "variants")


@analysis("group")
def diff(
    a: Source,
    b: Source,
    draws: int = 0,
    sampling: str = "random",
    permutations: int = 100,
    **options: Unpack[Options],
) -> Result:
    """What differs between two scenarios, and how much each difference moves the result (Shapley values).

    a, b          the scenario to start from, and the one to arrive at
    draws         attribute the mean over so many draws; 0: the base case
    permutations  orders that are sampled where more than 8 fields differ

    >>> table = diff("scenarios/mscc_furlan.yaml", "scenarios/mscc_furlan_5_years.yaml").tables["differences"]
    >>> table.query("field == 'time.horizon'")["after"].tolist()
    ['5 years']
    """
    from model.analysis.attribution import attribute
    from model.report import difference_report

    asked = Asked(**options)
    whole("permutations", permutations, 4)
    (first, decision), second = asked.question(a), asked.scenario(b)
    sample = Sample(draws, asked.seed, sampling)
    with asked.method() as method, progress(0, "runs", asked.progress) as bar:
        found = attribute(first, second, decision, sample, method, permutations, bar)
    about = {
        **asked.about(decision, sample),
        "other_scenario": second.path,
        "permutations": permutations,
        **_followed(method),
    }
    return asked.result(difference_report.report(found), first, about, "diff")


@analysis()
def sensitivity(source: Source, method: str = "sobol", n: int | None = None, **options: Unpack[Options]) -> Result:
    """Global sensitivity: which inputs make the variance of the incremental net benefit, alone and with others.

    method        "sobol" (indices) or "morris" (screening of models that are dear to run)
    n             points (4096, best a power of two) or trajectories (50)

    >>> sensitivity("scenarios/mscc_furlan.yaml", n=64).tables["sobol"]["input"].iloc[0]
    'c_surgery'
    """
    from model.analysis import globalsens
    from model.report import global_report

    asked = Asked(**options)
    scenario, decision = asked.question(source)
    factors = globalsens.factors(scenario)
    check_known([method], globalsens.METHODS, "method", globalsens.GlobalError)
    number = n or globalsens.METHODS[method]
    pieces = len(factors) + 2
    with asked.method() as how, progress(pieces, "tables of draws", asked.progress) as bar:
        found = globalsens.indices(scenario, decision, factors, method, number, how, asked.seed, bar)
    result = getattr(global_report, method)(scenario, factors, found, decision)
    about = {**asked.about(decision), "method": method, "n": number}
    return asked.result(result, scenario, about, "global")


@analysis("group")
def headroom(
    source: Source | Variants,
    component: str,
    draws: int = 10_000,
    sampling: str = "random",
    vary: Vary = (),
    mark: str | Path | None = None,
    **options: Unpack[Options],
) -> Result:
    """The highest price of a cost component at which a strategy is worth it, by group and willingness to pay.

    source        a scenario, or a file of variants
    component     cost component, such as "surgery"
    vary          two parameters: a map over both, at base values
    mark          a file of variants, each a point of the map

    >>> table = headroom("scenarios/mscc_furlan.yaml", "surgery", draws=0, wtp=[50_000, 100_000]).tables["headroom"]
    >>> table["wtp"].unique().tolist()
    [50000.0, 100000.0]
    """
    from model.analysis import headroom as analyses
    from model.report import headroom_report

    asked, texts = Asked(**options), vary_texts(vary)
    if len(texts) not in (0, 2):
        raise analyses.HeadroomError(f"--vary: give two parameters for a map, or none; found {len(texts)}")
    if mark is not None and not texts:
        raise analyses.HeadroomError("--mark belongs to a map: give --vary twice")
    if texts:
        return _map_of_headroom(source, component, texts, mark, asked)
    labels, scenarios = _cases(source, asked)
    scenarios, decision = _decided(scenarios, asked)
    first = next(iter(scenarios.values()))
    levels = asked.levels or first.wtp.thresholds
    sample = Sample(draws, asked.seed, sampling)
    with asked.method() as method, progress(len(scenarios), "scenarios", asked.progress) as bar:
        found = analyses.headroom(scenarios, labels, component, decision, levels, sample, method, bar)
    about = {**asked.about(decision, sample), "component": component, "wtp": list(levels)}
    return asked.result(headroom_report.report(found), first, about, "headroom")


def _decided(scenarios: Mapping[str, Scenario], asked: Asked) -> tuple[dict[str, Scenario], Decision]:
    """All with the reference and the effect that were asked for, and the decision of the first."""
    first, *others = scenarios
    start, decision = asked.decide(scenarios[first])
    decided = {first: start}
    for key in others:
        try:
            decided[key], _ = asked.decide(scenarios[key])
        except DecisionError as error:
            raise DecisionError(f"variant '{key}': {error}") from None
    return decided, decision


def _cases(source: Source | Variants, asked: Asked) -> tuple[dict[str, str], dict[str, Scenario]]:
    """(labels, scenarios) of a file of variants, or of the one scenario."""
    if not isinstance(source, Scenario | Variants) and is_variants(source):
        source = read_variants(source, asked.texts)
    if isinstance(source, Variants):
        return source.labels, dict(source.scenarios)
    scenario = asked.scenario(source)
    return {scenario.key: "All patients"}, {scenario.key: scenario}


def _map_of_headroom(source: Source | Variants, component: str, texts: list[str], mark, asked: Asked) -> Result:
    from model.analysis import headroom as analyses
    from model.analysis import sweep_points
    from model.report import headroom_report

    if isinstance(source, Variants) or (not isinstance(source, Scenario) and is_variants(source)):
        raise analyses.HeadroomError(
            f"{getattr(source, 'path', source)}: a map is made of one scenario; mark the variants with --mark"
        )
    if len(asked.levels) > 1:
        raise analyses.HeadroomError("--wtp: a map has one threshold")
    scenario, decision = asked.question(source)
    x, y = (sweep_points.axis(scenario, text) for text in texts)
    axes = (x, y)
    with asked.method() as method:
        found = analyses.over(scenario, component, axes, decision, method, asked.seed)
    points = [] if mark is None else analyses.marks(read_variants(mark), axes)
    result = headroom_report.map_report(scenario, component, axes, decision, found, points)
    about = {**asked.about(decision), "component": component, "vary": texts, "mark": str(mark or "")}
    return asked.result(result, scenario, about, "headroom_map")


def _followed(method: Method) -> dict[str, object]:
    """How many patients were followed at base values, and in a draw."""
    if not method.follows_patients:
        return {}
    return {
        "patients_of_a_point": method.for_base().patients,
        "patients_of_a_draw": method.for_psa().patients,
        "replications": method.replications,
    }


def vary_texts(vary: Vary) -> list[str]:
    """'name=low:high:number' or 'name=a,b,c' of each, as with --vary."""
    if not isinstance(vary, Mapping):
        return list(several(vary))
    return [f"{name}={_listed(values)}" for name, values in vary.items()]


def _listed(values: Value) -> str:
    if isinstance(values, str):
        return values
    listed = [values] if isinstance(values, Real) else values
    return ",".join(value if isinstance(value, str) else f"{value:.15g}" for value in listed)
