"""Occupancies: shares that add up to 1, and what the results must be that follow from them by plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model import draws, inputs
from model.analysis import verify_changes as changes
from model.analysis.evaluate import Trace
from model.analysis.verify_case import Case
from model.analysis.verify_cohort import bindings
from model.analysis.verify_findings import Finding, at_most, check, equal, inside, not_applicable, whom
from model.outcome_keys import COST, LIFE_YEARS, QALY, cost_of

SHARES = 1e-8  # rounding of shares after many cycles


def _traces(case: Case) -> Iterator[tuple[str, int, str, np.ndarray]]:
    """(group, index, strategy, occupancy[time, state]) of the base case."""
    for group, trace in case.base.traces.items():
        for s, strategy in enumerate(case.scenario.strategies):
            yield group, s, strategy, trace.occupancy[:, s, 0]


NO_TRACE = "no cohort can run this scenario, so there is no trace"


@check("occupancies", "Occupancies lie in 0 to 1 and add up to 1")
def occupancies(case: Case) -> Iterator[Finding]:
    if not case.of_cohort:
        yield not_applicable(NO_TRACE)
    for group, _, strategy, occupancy in _traces(case) if case.of_cohort else ():
        of = whom(group, strategy)
        total = occupancy.sum(axis=1)
        worst = float(total[np.argmax(np.abs(total - 1))])
        yield equal(1.0, worst, "sum that is furthest from 1", SHARES, **of)
        yield inside(-SHARES, 1 + SHARES, float(occupancy.min()), "smallest share", **of)
        yield inside(-SHARES, 1 + SHARES, float(occupancy.max()), "largest share", **of)


@check("absorbing states", "States that nobody leaves, and the dead, never shrink")
def absorbing(case: Case) -> Iterator[Finding]:
    scenario = case.scenario
    kept = {key for key in scenario.states if not any(t.source == key for t in scenario.transitions)}
    if scenario.partition is not None:
        kept = set(scenario.dead_states)
    places = [i for i, key in enumerate(scenario.states) if key in kept and not scenario.states[key].chance]
    if not places or not case.of_cohort:
        yield not_applicable("no state that nobody leaves" if case.of_cohort else NO_TRACE)
        return
    for group, _, strategy, occupancy in _traces(case):
        fall = float(-np.diff(occupancy[:, places], axis=0).min())
        yield at_most(SHARES, fall, "largest fall of a share", **whom(group, strategy))


@check("everyone is somewhere", "Entries into a state minus ways out of it are who is in it at the end")
def flows(case: Case) -> Iterator[Finding]:
    """One-off costs of 1 count transitions, so their number must explain the trace: patients, not time."""
    scenario = case.scenario
    if reason := _no_flows(case):
        yield not_applicable(reason)
        return
    found = case.outcomes(changes.counting(scenario))
    for group, s, strategy, occupancy in _traces(case):
        if group not in scenario.groups:
            continue
        components = found[group]
        number = [components.component(f"transition {i}")[s, 0] for i in range(len(scenario.transitions))]
        starts = _starts(case, group)[s]
        for i, (key, state) in enumerate(scenario.states.items()):
            came = sum(n for n, t in zip(number, scenario.transitions) if t.target == key)
            went = sum(n for n, t in zip(number, scenario.transitions) if t.source == key)
            end = 0.0 if state.chance else occupancy[-1, i]
            note, of = f"{key}: share at the end v start + entries - ways out", whom(group, strategy)
            yield equal(end, starts[i] + came - went, note, SHARES, size=came + went, **of)


def _starts(case: Case, group: str) -> np.ndarray:
    """[strategy, state] share that starts in each state, chance nodes included."""
    scenario = case.scenario
    return inputs.dynamics(scenario, draws.base(scenario), scenario.groups[group]).start[:, 0]


def _no_flows(case: Case) -> str:
    frame = case.scenario.time
    if not case.of_cohort:
        return NO_TRACE
    if not case.scenario.transitions:
        return "no transitions"
    if frame.counted == "with the state entered":
        return "transitions count with the weight of the point at which they arrive"
    return ""


@check("time from the trace", "Life-years are the area under the trace")
def area(case: Case) -> Iterator[Finding]:
    scenario, frame = case.scenario, case.scenario.time
    if not case.of_cohort or frame.convention != "integral":
        yield not_applicable(
            NO_TRACE if not case.of_cohort else f"time is counted by the convention '{frame.convention}'"
        )
        return
    living = [i for i, state in enumerate(scenario.states.values()) if state.alive and not state.chance]
    grid, half = frame.grid, case.half_cycle
    finer = case.evaluated(scenario, trace=True, at=(grid[1:] + grid[:-1]) / 2).traces
    for group, s, strategy, outcomes in case.each(case.base.outcomes):
        area, error = _simpson(finer[group], grid, s, living)
        years = outcomes.get(LIFE_YEARS, discounted=False)[s, 0]
        grid_error = 0.0 if half is None else abs(half[group].get(LIFE_YEARS, discounted=False)[s, 0] - years)
        slack = 3 * error * frame.years + 2 * grid_error
        note = f"area under the trace v life-years; tolerance {slack:.2g}"
        yield equal(area * frame.years, years, note, slack, **whom(group, strategy))


def _simpson(trace: Trace, grid: np.ndarray, s: int, states: list[int]) -> tuple[float, float]:
    """Area under the share of some states by Simpson's rule on the cycles, and how far it is from the trapezoids."""
    share = trace.occupancy[:, s, 0][:, states].sum(axis=1)
    ends, middles = (np.interp(at, trace.times, share) for at in (grid, (grid[1:] + grid[:-1]) / 2))
    width = np.diff(grid)
    coarse = width * (ends[1:] + ends[:-1]) / 2
    fine = width * (ends[1:] + ends[:-1] + 2 * middles) / 4
    return float((4 * fine - coarse).sum() / 3), float(np.abs(fine - coarse).sum() / 2)


# --- discount -------------------------------------------------------------------------------------------------------


@check("discount", "Discounted results are below undiscounted ones, and above these discounted at the horizon")
def discount(case: Case) -> Iterator[Finding]:
    """Of outcomes that only ever add up: life-years, and costs and QALYs where no price is below 0."""
    rates, frame = case.scenario.discount, case.scenario.time
    for group, s, strategy, found in case.each(case.base.outcomes):
        for name in (LIFE_YEARS, QALY, COST, *(cost_of(c) for c in found.components)):
            if name != LIFE_YEARS and _may_fall(case, name):
                continue
            rate = rates.effect if name in (LIFE_YEARS, QALY) else rates.cost
            years = (frame.horizon + frame.cycle) * frame.years
            factor = float(np.exp(-rate * years) if rates.compounding == "continuous" else (1 + rate) ** -years)
            plain, less = (found.get(name, discounted=d)[s, 0] for d in (False, True))
            size, of = 1e-9 * abs(plain), whom(group, strategy)
            yield inside(
                plain * factor - size, plain + size, less, f"{name}: {plain * factor:.6g} to {plain:.6g}", **of
            )


def _may_fall(case: Case, name: str) -> bool:
    """Some formula of the outcome may be below 0: it has a minus sign somewhere."""
    scenario = case.scenario
    states, moves = scenario.states.values(), scenario.transitions
    if name == QALY:
        found = [f for state in states for f in (state.utility, state.entry_qaly)] + [t.qaly for t in moves]
    else:
        found = [f for state in states for f in (*state.costs.values(), *state.entry_costs.values())]
        found += [f for t in moves for f in t.costs.values()]
    read = {n for formula in found if formula is not None for n in scenario.reads(formula, scenario.groups.values())}
    below = any((p.base or 0) < 0 or "-" in p.text for n, p in scenario.parameters.items() if n in read)
    texts = [f.text for f in found if f is not None] + [f.text for n, f in bindings(scenario) if n in read]
    return below or any("-" in text for text in texts)
