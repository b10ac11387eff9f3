"""What the workbook does not cover: the field and the reason, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from model.draws import Draws
from model.dynamics import AtCycleEnd, Dynamics
from model.formula import Formula
from model.inputs import dynamics as dynamics_of
from model.instants import is_whole
from model.report.workbook.cells import WorkbookError
from model.report.workbook.hazard_formulas import unknown
from model.scenario import Branch, Partition, Rate, Scenario, TimeToEvent

OWN_CLOCKS = {"time_in_state", "cycle_in_state", "time_at_entry"}


def check(scenario: Scenario, draws: Draws) -> None:
    """WorkbookError that lists all that stands in the way."""
    found = list(dict.fromkeys(_all(scenario, draws)))
    if found:
        raise WorkbookError(
            "\n".join(f"{scenario.line(field)}: the workbook does not cover {why}" for field, why in found)
        )


def _all(scenario: Scenario, draws: Draws) -> Iterator[tuple[str, str]]:
    if scenario.system is not None:
        yield "resources", "queues for resources"
        return
    if scenario.partition is not None:
        yield from _of_curves(scenario, scenario.partition, draws)
    yield from _of_states(scenario)
    yield from _of_transitions(scenario)
    for group in scenario.groups.values():
        yield from _of_dynamics(scenario, dynamics_of(scenario, draws, group))


def _of_states(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for key, state in scenario.states.items():
        yield from ((f"states.{key}.cost.{name}", "a cost of doses ('every')") for name in state.schedules)
        yield from (
            (f"states.{key}.cost.{name}", "a cost for a limited time in state ('for at most')") for name in state.limits
        )
        fields = {f"cost.{name}": formula for name, formula in state.costs.items()}
        fields |= {f"entry cost.{name}": formula for name, formula in state.entry_costs.items()}
        fields |= {"utility": state.utility, "entry qaly": state.entry_qaly}  # type: ignore[dict-item]
        for field, formula in fields.items():
            if formula is not None and _own_clock(scenario, formula):
                yield f"states.{key}.{field}", "time in state"


def _own_clock(scenario: Scenario, formula: Formula) -> bool:
    return scenario.time_in_state and bool(scenario.reads(formula, scenario.groups.values()) & OWN_CLOCKS)


def _of_transitions(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for transition in scenario.transitions:
        place = f"transitions.{transition.label}"
        match transition:
            case Rate(rate=formula) if _own_clock(scenario, formula):
                yield f"{place}.rate", "time in state"
            case Branch(probability=Formula() as formula) if _own_clock(scenario, formula):
                yield f"{place}.probability", "time in state"
            case TimeToEvent(survival=survival):
                if survival.family == "fixed":
                    yield f"{place}.{survival.field}", "moves at fixed times"
                elif survival.clock == "state":
                    yield f"{place}.{survival.field}", "time in state ('clock: state')"
                elif family := unknown(survival):
                    yield f"{place}.{survival.field}", f"the distribution '{family}'"


def _of_curves(scenario: Scenario, partition: Partition, draws: Draws) -> Iterator[tuple[str, str]]:
    within = scenario.time.convention == "integral"
    for key, curve in partition.curves.items():
        place, survival = f"curves.{key}", curve.survival
        families = {part.family for part in survival.all_parts()}
        if "fixed" in families:
            yield place, "a curve that breaks off at a fixed time"
        elif family := unknown(survival):
            yield place, f"the distribution '{family}'"
        elif survival.ratio is not None and scenario.reads(survival.ratio, scenario.groups.values()) & _moving(
            scenario
        ):
            yield place, "a hazard ratio of a curve that changes with time"
        elif within and "piecewise" in families:
            yield place, "a curve that bends within a cycle ('piecewise') under 'integral'"
        elif within and curve.at_most and key in _crossing(scenario, draws):
            yield (
                place,
                f"curves that cross: {key} would be above {curve.at_most}, at some times only, under 'integral'",
            )


def _crossing(scenario: Scenario, draws: Draws) -> set[str]:
    """Curves that meet the one that they never exceed, after the beginning."""
    found = set()
    times = scenario.time.grid.copy()
    times[0] = 1e-6 * times[1]
    for group in scenario.groups.values():
        curves = dynamics_of(scenario, draws, group).curves
        assert curves is not None
        for key, excess in curves.excess(times[:, None, None]).items():
            found |= {key} if ((excess > 0).any(axis=0) & (excess < 0).any(axis=0)).any() else set()
    return found


def _moving(scenario: Scenario) -> set[str]:
    """Names whose values change with the time of the model."""
    return {"time", "cycle"}.union(*(period.bindings for period in scenario.periods))


def _of_dynamics(scenario: Scenario, dynamics: Dynamics) -> Iterator[tuple[str, str]]:
    frame = scenario.time
    for exit in dynamics.transitions:
        if isinstance(exit, AtCycleEnd) and exit.stay is not None:
            yield f"transitions.{exit.label}.probability per cycle", "probabilities by the cycle of the stay"
    if frame.convention == "integral":
        return
    between = [start for start in dynamics.periods if not is_whole(start / frame.cycle, frame.cycles)]
    if between:
        yield (
            "time.convention",
            f"a price that changes within a cycle (at {frame.unit} {between[0]:g}) under '{frame.convention}'",
        )
