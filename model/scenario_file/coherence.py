"""The states hang together: known ends, chance nodes with a full set of branches, one way of moving."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from model.scenario import Scenario, State, Transition
from model.scenario_file import curves, structure
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems


def check_diagram(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Report what does not fit together; a state that was reported as wrong is not unknown besides."""
    moves = structure.moves_of(root)
    _check_ends(scenario, root, moves, problems)
    structure.check_twice(moves, problems)
    _check_chance(scenario, root, moves, problems)
    _check_per_cycle(scenario, root, moves, problems)
    curves.check(scenario, root, problems)
    partitioned = root.stated("curves")
    if (
        "states" in root
        and not partitioned
        and not any(state.stated("start") for _, state in root.section("states").maps())
    ):
        problems.add(root.at("states"), "no state has a 'start': say where patients start, such as 'start: 1'")
    known = {*scenario.strategies, *root.section("strategies").dropped}
    if scenario.reference and scenario.reference not in known and "strategies" not in root.dropped:
        problems.unknown(root.at("reference"), "strategy", scenario.reference, scenario.strategies)
    if not problems.errors:
        _check_left_out(scenario, root, problems)


def _check_ends(scenario: Scenario, root: Map, moves: Iterable[Map], problems: Problems) -> None:
    states, known = scenario.states, {*scenario.states, *root.section("states").dropped}
    for move in moves:
        for end in ("from", "to"):
            if end in move and move.text(end) not in known and "states" not in root.dropped:
                problems.unknown(move.at(end), "state", move.text(end), states)
        if (source := states.get(move.text("from"))) is not None:
            _check_kind(move, source, problems)


def _check_left_out(scenario: Scenario, root: Map, problems: Problems) -> None:
    every = dataclasses.replace(scenario, left_out=()).components
    for component in scenario.left_out:
        if component not in every:
            problems.unknown(root.section("perspective").at("leave out"), "cost component", component, sorted(every))


def _check_per_cycle(scenario: Scenario, root: Map, moves: Iterable[Map], problems: Problems) -> None:
    per_cycle = next((move for move in moves if "probability per cycle" in move), None)
    hazard = next((move for move in moves if "rate" in move or "survival" in move), None)
    if per_cycle is None:
        return
    shown, time = f"{structure.label_of(per_cycle)} (line {per_cycle.line})", root.section("time")
    if hazard is not None:
        problems.add(
            hazard,
            f"rates and survival cannot be mixed with 'probability per cycle', as in {shown}: make all moves rates, where "
            "'0.1 over 1 year' turns a probability into a rate",
        )
    elif scenario.time.convention == "integral" and "time" in root and "convention" not in time.dropped:
        problems.add(
            time,
            f"{shown} has a 'probability per cycle', so what happens within a cycle is not known: state 'convention' as "
            "start, end, half-cycle, life-table or simpson",
        )


def _check_kind(move: Map, source: State, problems: Problems) -> None:
    wrong = next((kind for kind in structure.KINDS if kind != "probability" and kind in move), None)
    if source.chance and wrong:
        problems.add(
            move.at(wrong),
            f"'{source.key}' is a chance node (stay: 0), which patients leave at once: its moves need 'probability', "
            f"found '{wrong}'",
        )
    if not source.chance and "probability" in move:
        problems.add(
            move.at("probability"),
            f"'{source.key}' is not a chance node, so a probability needs a period: write 'rate: p over 30 days' or "
            "'probability per cycle: p'; or make the state a chance node with 'stay: 0'",
        )


def _check_chance(scenario: Scenario, root: Map, moves: Iterable[Map], problems: Problems) -> None:
    for key, state in scenario.states.items():
        branches = [move for move in moves if move.text("from") == key]
        if state.chance and not branches and "transitions" in root:
            problems.add(root.section("states").at(key), "is a chance node (stay: 0), so it needs moves out of it")
        for kind, what in (
            ("probability", "branch of a chance node"),
            ("probability per cycle", "move out of a state"),
        ):
            rest = [move for move in branches if move.text(kind) == "rest"]
            if len(rest) > 1:
                problems.add(rest[1].at(kind), f"only one {what} can be 'rest'; the other is in line {rest[0].line}")
    if loop := _loop({k for k, s in scenario.states.items() if s.chance}, scenario.transitions):
        problems.add(
            root.at("states"),
            f"chance nodes lead back to themselves: {' -> '.join(loop)}; let patients stay somewhere in between",
        )


def _loop(chance: set[str], transitions: Iterable[Transition]) -> list[str]:
    """States of a cycle among the chance nodes; strips those from which no branch leads on, until none is left."""
    leads = {key: [t.target for t in transitions if t.source == key and t.target in chance] for key in sorted(chance)}
    while stuck := [key for key, targets in leads.items() if not any(t in leads for t in targets)]:
        for key in stuck:
            del leads[key]
    path = list(leads)[:1]
    while path:
        ahead = next(t for t in leads[path[-1]] if t in leads)
        if ahead in path:
            return [*path[path.index(ahead) :], ahead]
        path.append(ahead)
    return []
