"""Partitioned survival in a scenario file: `curves`, the shares of states that they make, and what goes without them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model import chances, draws, inputs
from model.draws import DomainError, Draws
from model.scenario import Curve, Fall, Partition, Portion, Scenario
from model.scenario_file import structure
from model.scenario_file.living import DEATH, PROBED
from model.scenario_file.nodes import Map
from model.scenario_file.problems import Problems
from model.scenario_file.schema import bad_name
from model.scenario_file.structure import Reader

BINDS = 1e-9  # difference of survival that is more than rounding


def read_partition(root: Map, reader: Reader) -> Partition | None:
    """What the file says with curves; None in a file that has none."""
    if "curves" not in root:
        return None
    curves = {}
    for key, node in root.section("curves").maps():
        survival = structure.read_survival(node, reader, clock="model")
        if survival is None:
            reader.problems.damaged.add(key)
        else:
            curves[key] = Curve(survival, node.text("at most"))
    reader.problems.damaged |= root.section("curves").dropped
    return Partition(curves, tuple(_portions(root, reader)), tuple(_falls(root, reader)))


def _portions(root: Map, reader: Reader):
    for key, state in root.section("states").maps():
        for component, node in state.section("cost").maps():
            amount, share = reader.formula(node.get("amount")), reader.formula(node.get("share"))
            if amount is not None and share is not None:
                yield Portion(key, component, amount, share)


def _falls(root: Map, reader: Reader):
    for component, node in root.section("costs").maps():
        cost = reader.formula(node.get("cost"))
        if cost is not None and "fall of" in node:
            yield Fall(component, node.text("fall of"), cost)


# --- what goes together -----------------------------------------------------------------------------------------


def check(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Report what does not go with curves, or not without them."""
    if not root.stated("curves"):
        _check_without(root, problems)
    elif scenario.partition is not None:
        _check_curves(scenario, scenario.partition, root, problems)
        _check_others(root, problems)
        for key, node in root.section("states").maps():
            _check_state(key, node, problems)
            _check_paid(node, problems)
        _check_entries(scenario, root, problems)


def _check_without(root: Map, problems: Problems) -> None:
    if not root.stated("transitions"):
        problems.add(root, "'transitions' is missing (moves between states)")
    if "costs" in root:
        problems.add(root.at("costs"), "counts falls of 'curves', and the file has none: give a transition its 'cost'")
    for _, state in root.section("states").maps():
        if "share" in state:
            problems.add(state.at("share"), "goes with 'curves', and the file has none: say where patients 'start'")
        for _, node in state.section("cost").maps():
            if "share" in node:
                problems.add(node, "a cost with a 'share' goes with 'curves', and the file has none: write one formula")


def _check_curves(scenario: Scenario, partition: Partition, root: Map, problems: Problems) -> None:
    section, circle = root.section("curves"), False
    known = {*partition.curves, *section.dropped, *problems.damaged}
    if not section.fields and not section.dropped:
        problems.add(section, "needs at least one curve; leave 'curves' out of a file with transitions")
    for key, node in section.maps():
        if fault := bad_name(key) or _taken(scenario, key):
            problems.add(node, fault)
        if "at most" in node and node.text("at most") not in known:
            problems.unknown(node.at("at most"), "curve", node.text("at most"), partition.curves)
        elif not circle and key in partition.curves and key in partition.above(key):
            circle = True
            path = " -> ".join([key, *partition.above(key)])
            problems.add(
                node.at("at most"), f"curves are at most each other in a circle: {path}; one has to be the upper"
            )
    for _, node in root.section("costs").maps():
        if "fall of" in node and node.text("fall of") not in known:
            problems.unknown(node.at("fall of"), "curve", node.text("fall of"), partition.curves)


def _taken(scenario: Scenario, key: str) -> str:
    """A name stands for one thing."""
    bound: list[Mapping[str, object]] = [scenario.parameters, scenario.tables, scenario.definitions]
    bound += [strategy.bindings for strategy in scenario.strategies.values()]
    bound += [group.bindings for group in scenario.groups.values()]
    bound += [period.bindings for period in scenario.periods]
    if any(key in names for names in bound):
        return f"'{key}' is the name of a parameter or of something that is bound; choose another name for the curve"
    return ""


_NOT_WITH_CURVES = {
    "transitions": "nobody moves by 'curves': the share of each state follows from them; leave 'transitions' out, or 'curves', "
    "where transitions compete",
    "resources": "nobody waits by 'curves', which do not follow patients; leave 'resources' out",
    "arrivals": "nobody arrives by 'curves', which do not follow patients; leave 'arrivals' out",
}
_NOT_IN_STATE = {
    "start": "follows from the shares at time 0; leave it out",
    "stay": "nobody passes through a chance node by 'curves'; give the state a 'share', or leave it out",
    "holds": "nobody waits by 'curves', which do not follow patients; leave it out",
}


def _check_others(root: Map, problems: Problems) -> None:
    for key, words in _NOT_WITH_CURVES.items():
        if key in root and not (key == "transitions" and not root.entries(key).items):
            problems.add(root.at(key), words)
    counted = root.section("time").text("transitions counted")
    if counted not in ("", "with the state entered"):
        problems.add(
            root.section("time").at("transitions counted"),
            f"found '{counted}'; falls of 'curves' count 'with the state entered', with the point at which they arrive; leave it out",
        )
    for _, node in root.section("effects").maps():
        for key in ("entries into", "count of"):
            if key in node:
                problems.add(
                    node.at(key),
                    "'curves' say how many are in a state, and not how many come into it or go; use 'time in', or count a cost by "
                    "'fall of' a curve",
                )


def _check_state(key: str, node: Map, problems: Problems) -> None:
    for field, words in _NOT_IN_STATE.items():
        if field in node:
            problems.add(node.at(field), words)
    if not node.stated("share", "stay"):
        problems.add(node, "'share' is missing (what share of the cohort it is, such as 'pfs', 'os - pfs' or '1 - os')")
    dead = DEATH.search(key) or DEATH.search(node.text("label"))
    if not node.stated("alive") and (dead or not node.stated("cost", "utility")):
        problems.add(
            node, "nothing leaves a state of 'curves', so say whether it is a dead one: 'alive: false' or 'alive: true'"
        )


def _check_paid(node: Map, problems: Problems) -> None:
    for _, part in node.section("cost").maps():
        for field in ("for at most", "every"):
            if field in part:
                problems.add(
                    part.at(field),
                    "'curves' say how many are in a state, and not since when: let the amount change with 'time', give it a 'share', "
                    "or write the model with transitions",
                )


def _check_entries(scenario: Scenario, root: Map, problems: Problems) -> None:
    for key, node in root.section("states").maps():
        for field in ("entry cost", "entry qaly"):
            if field in node and key in scenario.states and not scenario.only_left(key):
                problems.add(
                    node.at(field),
                    "how many come into the state after the start is not known from 'curves': only a state whose share is one curve "
                    "is entered at the start alone; use 'costs: {name: {fall of: curve, cost: ..}}'",
                )


# --- what is worth a look ---------------------------------------------------------------------------------------


def warn(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Curves that nothing reads, and those that 'at most' holds down."""
    if scenario.partition is None:
        return
    section, partition = root.section("curves"), scenario.partition
    for key in partition.curves:
        if not _read(scenario, partition, key):
            problems.warn(section.at(key), f"nothing uses '{key}'")
    for key, words in _binding(scenario).items():
        upper = partition.curves[key].at_most
        problems.warn(
            section.section(key).at("at most"), f"'{key}' would be above '{upper}', and is held at it, {words}"
        )


def _read(scenario: Scenario, partition: Partition, key: str) -> bool:
    shares = [*(state.share for state in scenario.states.values()), *(portion.share for portion in partition.portions)]
    named = {name for share in shares if share is not None for name in share.names}
    named |= {fall.curve for fall in partition.falls} | {curve.at_most for curve in partition.curves.values()}
    return key in named


def _binding(scenario: Scenario) -> dict[str, str]:
    """In words, from when and in how many draws a curve is held at the one that it never exceeds."""
    base, sampled = _earliest(scenario, draws.base(scenario)), _sample(scenario)
    by_draw = {} if sampled is None else _earliest(scenario, sampled)
    found, unit = {}, scenario.time.unit
    for key, (start,) in base.items():
        words = [f"in the base case from {unit} {start:.6g} on"] if np.isfinite(start) else []
        held = np.isfinite(by_draw[key]) if key in by_draw else np.zeros(0, bool)
        if held.any():
            first = by_draw[key].min()
            words.append(f"in {held.sum()} of {len(held)} draws, from {unit} {first:.6g} on at the earliest")
        if words:
            found[key] = " and ".join(words)
    return found


def _sample(scenario: Scenario) -> Draws | None:
    """Some draws, where anything is sampled and can be: sampling that fails is the run's to report."""
    if not (keys := draws.uniform_keys(scenario)):
        return None
    uniform = {key: chances.latin_hypercube(0, PROBED, "curves", key) for key in keys}
    try:
        return draws.of_uniforms(scenario, uniform, np.arange(PROBED), 1)
    except DomainError:
        return None


def _earliest(scenario: Scenario, table: Draws) -> dict[str, np.ndarray]:
    """[draw] first end of a cycle at which each curve is held, in any group and strategy; infinity where it never is."""
    found: dict[str, np.ndarray] = {}
    times = scenario.time.grid
    for group in scenario.groups.values():
        try:
            curves = inputs.dynamics(scenario, table, group).curves
        except DomainError:  # the run's to report
            continue
        assert curves is not None
        survival, excess = curves.survival(times[:, None, None]), curves.excess(times[:, None, None])
        for key, more in excess.items():
            held = (more > BINDS) & (survival[key] > BINDS)
            first = np.where(held, times[:, None, None], np.inf).min(axis=(0, 1))
            found[key] = np.minimum(found.get(key, np.inf), first)
    return found
