"""The same scenario another way: single patients, half the cycle, published results."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model import draws
from model.analysis import published, published_curves
from model.analysis.evaluate import evaluate
from model.analysis.method import EngineError, Method
from model.analysis.verify_case import Case
from model.analysis.verify_findings import FAIL, PASS, Finding, check, equal, not_applicable, whom
from model.draws import DomainError
from model.engines import engine_for
from model.outcome_keys import COST, LIFE_YEARS, QALY

PATIENTS, TAIL = (
    40_000,
    4.5,
)  # of the individual engine; standard errors that chance may make, in some fifty comparisons
CYCLE = 0.01  # of the ICER, and of the larger total: how much half the cycle may change
NEAR = 0.025  # of a published total or ICER without an error: what rounding of published inputs makes
CHANCE = 0.10  # of a published probability without an error
SURE = 3.0  # standard errors of a published result


@check("engines agree", "Single patients followed from event to event have the mean of the cohort")
def engines(case: Case) -> Iterator[Finding]:
    scenario, method = case.scenario, Method("individual", patients=PATIENTS)
    try:
        if not case.of_cohort:
            raise EngineError("no cohort can run this scenario")
        engine_for(scenario, method.engine).check(scenario)
        found = evaluate(scenario, draws.base(scenario, case.sample.seed), method)
    except (EngineError, DomainError) as error:
        yield not_applicable(str(error))
        return
    simulated = found.errors
    for group, s, strategy, outcomes in case.each(case.base.outcomes):
        for name in (COST, QALY, LIFE_YEARS):
            place = outcomes.names.index(name), 1, s
            spread = float(simulated[group].se[place][0])
            mean = float(simulated[group].mean.values[place][0])
            cohort = float(outcomes.get(name)[s, 0])
            slack = TAIL * spread + _of_grid(case, group, name, s) + 1e-7 * abs(cohort)
            note = f"{name}: cohort v {PATIENTS:,} patients, standard error {spread:.3g}"
            yield equal(cohort, mean, note, slack, **whom(group, strategy))


def _of_grid(case: Case, group: str, name: str, s: int) -> float:
    """Error of the cohort's cycle: twice the change with half of it."""
    if case.half_cycle is None:
        return 0.0
    return 2 * abs(float(case.half_cycle[group].get(name)[s, 0] - case.base.outcomes[group].get(name)[s, 0]))


@check(
    "half the cycle", "Half the cycle changes increments by less than 1 % of the totals, and the ICER by less than 1 %"
)
def half_cycle(case: Case) -> Iterator[Finding]:
    half, reference = case.half_cycle, case.scenario.reference_index
    if half is None:
        reason = "the cycle is part of what the file says: of its probabilities or of its convention"
        yield not_applicable(reason if case.of_cohort else "the engine has no cycle")
        return
    for group, s, strategy, found in case.each(case.base.outcomes):
        of = whom(group, strategy)
        for name in (COST, QALY):
            yield equal(
                found.get(name)[s, 0], half[group].get(name)[s, 0], name, CYCLE * abs(found.get(name)[s, 0]), **of
            )
        if s != reference:
            before, after = (_ratio(o.cost[:, 0], o.get(QALY)[:, 0], s, reference) for o in (found, half[group]))
            if before is not None and after is not None:
                yield equal(before, after, f"ICER, tolerance {CYCLE:.0%}", CYCLE * abs(before), **of)


def _ratio(cost: np.ndarray, gain: np.ndarray, s: int, r: int) -> float | None:
    """None where the gain is next to nothing, so that the ratio is no measure of a small change."""
    if abs(gain[s] - gain[r]) <= 0.01 * abs(gain[r]):
        return None
    return float((cost[s] - cost[r]) / (gain[s] - gain[r]))


@check("published results", "The model meets the published results that the file states")
def published_results(case: Case) -> Iterator[Finding]:
    if not case.scenario.published and not case.scenario.published_curves:
        yield not_applicable("the file states no published results")
        return
    if case.scenario.published_curves:
        yield from map(_of_curve, published_curves.compare(case.run))
    for score in published.compare(case.run).scores:
        target, of = score.target, whom(score.target.group, score.target.strategy)
        name = target.label or target.key
        if score.reason and not np.isfinite(score.z):
            yield not_applicable(f"{name}: {score.reason or 'not reached'}", **of)
        elif not target.is_median and not np.isfinite(score.model):
            yield Finding(FAIL, target.value, np.nan, f"{name}: there is no such number here, as one dominates", **of)
        elif target.has_error:
            yield from _with_error(case, score, name, of)
        elif target.measure == "probability cost-effective":
            n = case.sample.n
            slack = CHANCE + 2 * np.sqrt(target.value * (1 - target.value) / n)
            yield equal(target.value, score.model, f"{name}; tolerance {slack:.2g}", slack, **of)
        else:
            yield equal(target.value, score.model, f"{name}; tolerance {NEAR:.1%}", NEAR * abs(target.value), **of)


def _of_curve(fit: published_curves.CurveFit) -> Finding:
    """At every point within the tolerance, or within three standard errors where they are more."""
    name, of = fit.curve.label or fit.curve.key, whom(fit.curve.group, fit.curve.strategy)
    if not fit.compared:
        return not_applicable(f"{name}: {fit.reason}", **of)
    i = fit.worst
    allowed = float(fit.allowed[i])
    note = f"{name}, at time {fit.curve.times[i]:.4g} (the worst of {fit.compared} points); tolerance {allowed:.2g}"
    return equal(fit.curve.shares[i], float(fit.model[i]), note, allowed, **of)


def _with_error(case: Case, score, name: str, of: dict) -> Iterator[Finding]:
    """Within three standard errors, or within what the uncertainty of the model's own inputs covers."""
    target, scored = score.target, score.target.scored()
    if abs(score.z) <= SURE or target.measure != "occupancy":
        note = f"{name}; {score.z:+.1f} standard errors, at most {SURE:g}"
        yield Finding(PASS if abs(score.z) <= SURE else FAIL, scored.value, score.compared, note, **of)
        return
    low, high = _drawn(case, target)
    wide = 2 * scored.error
    good = low - wide <= scored.value <= high + wide
    note = f"{name}; {score.z:+.1f} standard errors; 95 % of draws {low:.3g} to {high:.3g}, +- two standard errors"
    yield Finding(PASS if good else FAIL, scored.value, score.compared, note, **of)


def _drawn(case: Case, target) -> tuple[float, float]:
    """95 % interval over some draws of the share in some states at a time."""
    table = case.run.draws
    if table is None:
        return np.nan, np.nan
    some = table.part(0, min(table.n, 200))
    trace = case.evaluated(case.scenario, some, trace=True, at=np.array([target.at])).traces[target.group]
    places = [list(case.scenario.states).index(key) for key in target.states]
    row = int(np.argmin(np.abs(trace.times - target.at)))
    s = list(case.scenario.strategies).index(target.strategy)
    share = trace.occupancy[row, s][:, places].sum(axis=1)
    low, high = np.quantile(share, [0.025, 0.975])
    return float(low), float(high)
