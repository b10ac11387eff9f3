"""What each engine cannot run, read off a scenario at base values before anything runs; so light that `check` can ask.

An engine refuses by `Engine.check`, which asks here; what it finds only in a draw is a DomainError of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model import draws, fixed_times, inputs, price_levels
from model.draws import DomainError, Draws
from model.dynamics import AtCycleEnd, AtEvent, Dynamics, unknown_to_cohort
from model.over_time import OverTime, Stepwise
from model.sample import Sample
from model.scenario import Branch, Group, PerCycle, Scenario, TimeToEvent

STAY = "time_in_state"
NO_STAY = f"does not know '{STAY}' of those who pass a chance node: use --engine individual or queueing"
NO_CURVES = "runs files with 'curves', and this one has transitions"
NO_SYSTEM = "needs 'arrivals' and 'resources', which it does not have"
NOWHERE = (
    "gives patients who start here no state to wait in; let them start in one that holds nothing and move here at once"
)
MOVES_SHARES = "moves shares of a cohort, and curves move nobody: the partitioned engine takes its place by itself"
TWO_CLOCKS = (
    "cannot follow probabilities per cycle that go by the cycle of the stay and, out of the same state, by the time of the model too: "
    "use --engine cohort"
)
FOLLOWS = (
    "cannot follow patients by curves, which say how many are in each state, and not who goes where: leave --engine out, or "
    "write 'transitions' instead of 'curves'"
)


@dataclass(frozen=True)
class Refusal:
    """What an engine cannot run. field: where it stands in the file, nothing where it is missing; why: `the engine ..`."""

    field: str
    why: str

    def where(self, scenario: Scenario) -> str:
        """File, line and field."""
        return scenario.line(self.field) if self.field else scenario.path


def of_cohort(scenario: Scenario) -> Iterator[Refusal]:
    """Branches by time in the state that was left, hazards without end before the horizon, and appointments it cannot keep."""
    if scenario.partition is not None:
        yield Refusal("curves", MOVES_SHARES)
    for transition in scenario.transitions:
        if isinstance(transition, Branch) and _reads_stay(scenario, transition):
            yield Refusal(f"transitions.{transition.label}.probability", NO_STAY)
    if any(isinstance(transition, TimeToEvent) for transition in scenario.transitions):
        yield from _endless(scenario)
    if any(isinstance(t, TimeToEvent) and _is_appointment(t) for t in scenario.transitions):
        yield from _missed(scenario)
    if scenario.partition is None and price_levels.by_stays(scenario):
        yield from _ageless(scenario)


def of_patients(scenario: Scenario) -> Iterator[Refusal]:
    """Survival curves, by which nobody could be followed, and probabilities per cycle with both clocks."""
    if scenario.partition is not None:
        yield Refusal("curves", FOLLOWS)
    if any(isinstance(transition, PerCycle) for transition in scenario.transitions):
        yield from _with_two_clocks(scenario)


def of_queues(scenario: Scenario) -> Iterator[Refusal]:
    """What `of_patients` is, a file without queues, and resources held by those who start."""
    yield from of_patients(scenario)
    if scenario.system is None:
        yield Refusal("", NO_SYSTEM)
    elif scenario.partition is None:
        first = {state for group in scenario.groups.values() for state in _first_states(scenario, group)}
        yield from (Refusal(f"states.{h.state}.holds", NOWHERE) for h in scenario.system.holds if h.state in first)


def of_curves(scenario: Scenario) -> Iterator[Refusal]:
    """A file without survival curves."""
    if scenario.partition is None:
        yield Refusal("", NO_CURVES)


REFUSED: dict[str, Callable[[Scenario], Iterator[Refusal]]] = {
    "cohort": of_cohort,
    "individual": of_patients,
    "queueing": of_queues,
    "partitioned": of_curves,
}


# --- the cohort ---------------------------------------------------------------------------------------------------------


def needs_finite(event: AtEvent) -> str:
    """Why a hazard that has no end is refused."""
    what = "a fixed time of the event" if event.is_fixed else f"this {event.hazard.family}"
    return (
        f"needs a hazard that stays finite up to the horizon; {what} can be run by the individual and queueing engines"
    )


def _reads_stay(scenario: Scenario, branch: Branch) -> bool:
    if branch.probability is None or not scenario.time_in_state:
        return False
    return STAY in scenario.reads(branch.probability, scenario.groups.values())


def _is_appointment(transition: TimeToEvent) -> bool:
    return transition.survival.family == "fixed" and transition.survival.clock == "model"


def _dynamics(scenario: Scenario, table: Draws) -> Iterator[Dynamics]:
    return (inputs.dynamics(scenario, table, group) for group in scenario.groups.values())


def _endless(scenario: Scenario) -> Iterator[Refusal]:
    found: dict[str, str] = {}
    for dynamics in _dynamics(scenario, draws.base(scenario)):
        for event in dynamics.events().values():
            if not _is_instant(event) and not _is_finite(event, scenario.time.horizon):
                found[f"transitions.{event.label}.survival"] = needs_finite(event)
    return (Refusal(field, why) for field, why in found.items())


def _is_instant(event: AtEvent) -> bool:
    """An appointment, or a state left after a fixed time of 0, which is passed as a chance node."""
    return event.is_fixed and (event.clock == "model" or not np.any(fixed_times.due(event)))


def _is_finite(event: AtEvent, horizon: float) -> bool:
    return bool(np.all(np.isfinite(event.hazard.cumulative(horizon)) | (np.asarray(event.hazard.ratio) == 0)))


def _missed(scenario: Scenario) -> Iterator[Refusal]:
    """Appointments that a cohort cannot keep, also as they are drawn."""
    from model.engines import appointments

    found: dict[str, str] = {}
    for table in _tables(scenario, appointments.MOST + 1):
        for dynamics in _dynamics(scenario, table):
            found |= {f"transitions.{event.label}.survival": why for event, why in appointments.missed(dynamics)}
    return (Refusal(field, why) for field, why in found.items())


def _ageless(scenario: Scenario) -> Iterator[Refusal]:
    """States whose stays have prices of their own, and from which the cohort does not know since when patients are there."""
    tables = (table for table in _tables(scenario, price_levels.SOME))
    found = dict(filter(None, (unknown_to_cohort(made) for table in tables for made in _dynamics(scenario, table))))
    return (Refusal(f"states.{state}", why) for state, why in found.items())


def _tables(scenario: Scenario, size: int) -> Iterator[Draws]:
    """Base values; then draws, where anything is sampled and can be: sampling that fails is the run's to report."""
    yield draws.base(scenario)
    try:
        drawn = draws.probabilistic(scenario, Sample(size))
    except DomainError:
        return
    yield drawn


# --- patients -----------------------------------------------------------------------------------------------------------


def has_two_clocks(rivals: Sequence[AtCycleEnd]) -> bool:
    """Whether the probabilities per cycle out of one state go by the cycle of the stay, and by the time of the model too."""
    by_time = any(rival.by_both or len(rival.level.starts) > 1 for rival in rivals)
    return by_time and any(rival.stay is not None for rival in rivals)


def _with_two_clocks(scenario: Scenario) -> Iterator[Refusal]:
    found: dict[str, None] = {}
    for dynamics in _dynamics(scenario, draws.base(scenario)):
        for source in range(len(dynamics.states)):
            exits = [exit for exit in dynamics.transitions if isinstance(exit, AtCycleEnd) and exit.source == source]
            if has_two_clocks(exits):
                found |= {exit.label: None for exit in exits if exit.stay is not None}
    return (Refusal(f"transitions.{label}.probability per cycle", TWO_CLOCKS) for label in found)


# --- queues -------------------------------------------------------------------------------------------------------------


def _first_states(scenario: Scenario, group: Group) -> set[str]:
    """States in which patients of a group are when the start and its chance nodes are over."""
    dynamics = inputs.dynamics(scenario, draws.base(scenario), group)
    waiting, seen = {int(s) for s in np.flatnonzero(dynamics.start.any(axis=(0, 1)))}, set()
    while waiting:
        state = waiting.pop()
        seen.add(state)
        waiting |= {b.target for b in dynamics.branches(state).values() if _happens(b.level)} - seen
    return {dynamics.states[state] for state in seen if not dynamics.chance[state]}


def _happens(level: Stepwise | OverTime) -> bool:
    return not isinstance(level, Stepwise) or bool(level.values.any())
