"""Black-box tests by extreme values: each changed scenario has a result that is known without a model (TECH-VER)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model.analysis import verify_changes as changes
from model.analysis.verify_case import Case
from model.analysis.verify_findings import Finding, at_most, check, equal, not_applicable, whom
from model.draws import DomainError
from model.outcome_keys import COST, LIFE_YEARS, QALY
from model.scenario import PerCycle

FAST = 1e4  # deaths per cycle of a living person, where all shall die at once


@check("utilities of 1", "Utilities all 1, no discount: QALYs are life-years")
def utilities_of_one(case: Case) -> Iterator[Finding]:
    scenario = changes.undiscounted(changes.with_utilities(case.scenario, changes.ONE))
    for group, s, strategy, found in case.each(case.outcomes(scenario)):
        years, qaly = (found.get(name, discounted=False)[s, 0] for name in (LIFE_YEARS, QALY))
        yield equal(years, qaly, "life-years v QALYs", **whom(group, strategy))


@check("utilities of 0", "Utilities all 0: no QALYs")
def utilities_of_zero(case: Case) -> Iterator[Finding]:
    for group, s, strategy, found in case.each(case.outcomes(changes.with_utilities(case.scenario, changes.ZERO))):
        yield equal(0.0, found.get(QALY)[s, 0], "QALYs", **whom(group, strategy))


@check("costs of 0", "Costs all 0: no costs, the same QALYs")
def costs_of_zero(case: Case) -> Iterator[Finding]:
    changed = changes.with_costs(case.scenario, lambda formula: changes.ZERO)
    for group, s, strategy, found in case.each(case.outcomes(changed)):
        of = whom(group, strategy)
        yield equal(0.0, found.cost[s, 0], "cost", **of)
        yield equal(case.base.outcomes[group].get(QALY)[s, 0], found.get(QALY)[s, 0], "QALYs as before", **of)


@check("costs doubled", "Every cost twice as high: twice the cost, the same QALYs")
def costs_doubled(case: Case) -> Iterator[Finding]:
    changed = changes.with_costs(case.scenario, changes.times(2.0))
    for group, s, strategy, found in case.each(case.outcomes(changed)):
        of, base = whom(group, strategy), case.base.outcomes[group]
        yield equal(2 * base.cost[s, 0], found.cost[s, 0], "twice the cost", **of)
        yield equal(base.get(QALY)[s, 0], found.get(QALY)[s, 0], "QALYs as before", **of)


@check("discount of 0", "No discount: discounted results are the undiscounted ones")
def discount_of_zero(case: Case) -> Iterator[Finding]:
    for group, s, strategy, found in case.each(case.outcomes(changes.undiscounted(case.scenario))):
        of = whom(group, strategy)
        for name in (COST, QALY, LIFE_YEARS):
            plain = case.base.outcomes[group].get(name, discounted=False)[s, 0]
            yield equal(plain, found.get(name)[s, 0], f"{name}: undiscounted with the file's rates v rates of 0", **of)


@check("identical strategies", "Strategies with the same inputs: increments are 0")
def identical_strategies(case: Case) -> Iterator[Finding]:
    if len(case.scenario.strategies) < 2:
        yield not_applicable("one strategy")
        return
    reference = case.scenario.reference_index
    for group, s, strategy, found in case.each(case.outcomes(changes.identical(case.scenario))):
        if s == reference:
            continue
        for name in (COST, QALY):
            value, size = found.get(name)[:, 0], abs(found.get(name)[reference, 0])
            difference = value[s] - value[reference]
            yield equal(0.0, difference, f"increment of {name}", size=size, **whom(group, strategy))


@check("swapped strategies", "Strategies in the other order: each keeps its results, increments are mirrored")
def swapped_strategies(case: Case) -> Iterator[Finding]:
    if len(case.scenario.strategies) < 2:
        yield not_applicable("one strategy")
        return
    changed = case.outcomes(changes.reversed_strategies(case.scenario))
    for group, s, strategy, found in case.each(changed):
        for name in (COST, QALY, LIFE_YEARS):
            before = case.base.outcomes[group].get(name)[:, 0][::-1][s]
            of = whom(group, strategy)
            yield equal(before, found.get(name)[s, 0], f"{name}, under the other's name v its own", **of)


# --- death ----------------------------------------------------------------------------------------------------------


@check("nobody dies", "Nobody dies: everyone lives to the horizon")
def nobody_dies(case: Case) -> Iterator[Finding]:
    scenario = case.scenario
    if scenario.time.convention == "simpson-interchanged":
        yield not_applicable("by this convention an immortal cohort does not gain the horizon, as published")
        return
    try:
        changed = case.outcomes(changes.without_deaths(scenario))
    except (ValueError, DomainError) as error:
        yield not_applicable(str(error))
        return
    dead = [i for i, state in enumerate(scenario.states.values()) if not state.alive]
    horizon = scenario.time.horizon * scenario.time.years
    for group, s, strategy, found in case.each(changed):
        share = 1.0 - _dead_at_start(case, group, s, dead)
        years = found.get(LIFE_YEARS, discounted=False)[s, 0]
        yield equal(share * horizon, years, "horizon v life-years", **whom(group, strategy))


def _dead_at_start(case: Case, group: str, s: int, dead: list[int]) -> float:
    traces = case.base.traces
    return float(traces[group].occupancy[0, s, 0, dead].sum()) if traces and dead else 0.0


@check("everyone dies at once", "Very high mortality: only the first moments count")
def everyone_dies(case: Case) -> Iterator[Finding]:
    scenario, frame = case.scenario, case.scenario.time
    if not scenario.dead_states:
        yield not_applicable("no dead state")
        return
    rate = FAST / frame.cycle
    try:
        changed = case.outcomes(changes.deadly(scenario, rate))
    except (ValueError, DomainError) as error:
        yield not_applicable(str(error))
        return
    by_cycle = frame.convention != "integral" or any(isinstance(t, PerCycle) for t in scenario.transitions)
    limit = (1.5 * frame.cycle if by_cycle else 1 / rate) * frame.years
    note = (
        "life-years v one and a half cycles" if by_cycle else f"life-years v 1 / {rate:.4g}, the mean life at this rate"
    )
    for group, s, strategy, found in case.each(changed):
        slack = 1.001 if case.of_cohort else 1.2
        years = found.get(LIFE_YEARS, discounted=False)[s, 0]
        yield at_most(limit * slack, years, note, **whom(group, strategy))


@check("life-years", "Life-years are 0 or more, and at most the horizon")
def life_years(case: Case) -> Iterator[Finding]:
    frame = case.scenario.time
    wider = 4 / 3 if frame.convention == "simpson-interchanged" else 1.0
    horizon = frame.horizon * frame.years * wider
    for name, evaluation in (("base case", case.base), ("draws", case.run.psa)):
        if evaluation is None:
            continue
        for group, s, strategy, found in case.each(evaluation.outcomes):
            years = found.get(LIFE_YEARS, discounted=False)[s]
            yield at_most(
                horizon, float(np.max(years)), f"largest of the {name} v the horizon", **whom(group, strategy)
            )
            yield at_most(0.0, -float(np.min(years)), f"0 v minus the smallest of the {name}", **whom(group, strategy))
