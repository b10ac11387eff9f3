"""What looks odd in a diagram that has no errors: states nobody reaches, moves without effect, curves written as moves."""

from __future__ import annotations

from model.scenario import PerCycle, Rate, Scenario, State, TimeToEvent, Transition
from model.scenario_file import names, structure
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems

_OWN_CLOCK = {"time_in_state", "cycle_in_state", "time_at_entry"}


def warn(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Warnings of the diagram of a scenario without errors."""
    moves = {structure.label_of(node): node for node in structure.moves_of(root)}
    reached = _reached(scenario) if scenario.partition is None else set(scenario.states)
    for key, node in root.section("states").maps():
        if key not in reached:
            entered = any(t.target == key != t.source for t in scenario.transitions)
            problems.warn(node, "no patient can reach it from where they start" if entered else "nothing enters it")
    for move in scenario.transitions:
        if move.source == move.target and not _is_rest(move) and _idle(scenario, move):
            problems.warn(moves[move.label], "does nothing: who makes it is where he was; leave it out")
    for move in _as_curves(scenario):
        problems.warn(moves[move.label], _NOT_PARTITIONED.format(state=move.source, to=move.target))


def _reached(scenario: Scenario) -> set[str]:
    waiting = [key for key, state in scenario.states.items() if state.start is not None and state.start.text != "0"]
    found = set(waiting)
    while waiting:
        state = waiting.pop()
        new = {t.target for t in scenario.transitions if t.source == state} - found
        found |= new
        waiting += new
    return found


def _is_rest(move: Transition) -> bool:
    """What is written out of a matrix of probabilities: those who stay."""
    return isinstance(move, PerCycle) and move.probability is None


def _idle(scenario: Scenario, move: Transition) -> bool:
    """Nothing is paid, counted, given back or begun anew by a move from a state to itself."""
    state = scenario.states[move.source]
    paid = move.costs or move.qaly or state.entry_costs or state.entry_qaly
    counted = any(move.label in e.transitions or move.target in e.entries for e in scenario.effects.values())
    holds = scenario.system is not None and any(hold.state == state.key for hold in scenario.system.holds)
    return not (paid or counted or holds or _has_own_clock(scenario, state, move))


def _has_own_clock(scenario: Scenario, state: State, move: Transition) -> bool:
    """Something else depends on the time since the latest entry, which the move makes 0."""
    aged = (
        t.survival.clock == "state"
        for t in scenario.transitions
        if isinstance(t, TimeToEvent) and t.source == state.key and t != move
    )
    return any(aged) or any(use.formula.names & _OWN_CLOCK for use in names.uses(scenario))


# --- partitioned survival ---------------------------------------------------------------------------------------

_NOT_PARTITIONED = (
    "looks like partitioned survival: a curve out of '{state}' (PFS) and one curve to death from every living state (OS). But "
    "transitions compete, which is not partitioned survival: whoever dies first never makes this move, so the model's PFS and OS "
    "are not those curves. Write here the time from '{state}' to '{to}' with deaths censored, and out of '{to}' the survival after "
    "'{to}' with 'clock: state'; where this move does compete with death, 'clock: state' here says so"
)


def _as_curves(scenario: Scenario) -> list[Transition]:
    """Moves by survival on the model's clock between living states, where all of those die by one and the same curve."""
    living = [key for key, state in scenario.states.items() if state.alive and not state.chance]
    deaths = [t for t in scenario.transitions if t.target in scenario.dead_states and t.source in living]
    curves = {key: [t for t in deaths if t.source == key] for key in living}
    if len(living) < 2 or any(len(found) != 1 for found in curves.values()) or not _one_curve(deaths):
        return []
    return [
        t
        for t in scenario.transitions
        if isinstance(t, TimeToEvent)
        and t.survival.clock == "model"
        and t.survival.family != "life_table"
        and t.survival.family != "fixed"
        and t.source in living
        and t.target in living
        and scenario.states[t.source].start is not None
    ]


def _one_curve(deaths: list[Transition]) -> bool:
    """All die by the same survival on the model's clock, or by the same constant rate; a life table is no trial's curve."""
    first = deaths[0]
    match first:
        case Rate(rate=rate):
            return "lookup" not in rate.text and all(isinstance(t, Rate) and t.rate == rate for t in deaths)
        case TimeToEvent(survival=survival) if survival.clock == "model" and survival.family != "life_table":
            return all(isinstance(t, TimeToEvent) and t.survival == survival for t in deaths)
    return False
