"""Read one scenario file into a Scenario."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from model import files, shipped
from model.scenario import Discount, Scenario, TimeFrame, Wtp
from model.scenario_file import diagram, living, names, structure, table_ends, ties
from model.scenario_file.base_case import check_base_case
from model.scenario_file.calibration import read_calibration
from model.scenario_file.merge import read_merged
from model.scenario_file.nodes import Node, Problems, dump
from model.scenario_file.parameters import beside, empirical_file, read_correlations, read_parameters
from model.scenario_file.plausible import warn_of_parameters
from model.scenario_file.published import read_published
from model.scenario_file.schema import check, number
from model.scenario_file.size import warn_of_size
from model.scenario_file.system import read_system
from model.units import days_in

MOST_CYCLES = 1_000_000


def read(path: str | Path, settings: Sequence[str] = ()) -> Scenario:
    """The scenario in `path`, with `settings` ('name=value') laid over it; a shipped one where no such file is there.

    Raises ScenarioError, which lists every problem as 'file:line: field: what was found, what is allowed'.
    Warnings (a parameter that nothing uses) are in `Scenario.warnings`.
    """
    path, problems = shipped.find_and_tell(path), Problems()
    root = read_merged(path, settings, problems)
    structure.name_moves(root.get("transitions"))
    check(root, problems)
    scenario = _build(root, path, tuple(settings), problems)
    _check_diagram(scenario, root, problems)
    scenario = _check_names(scenario, root, problems)
    problems.stop()
    scenario = living.settled(scenario, root, problems)
    problems.stop()
    ties.check(scenario, problems)
    problems.stop()
    check_base_case(scenario, problems)
    warn_of_parameters(scenario, problems)
    warn_of_size(scenario, problems)
    problems.stop()
    diagram.warn(scenario, root, problems)
    table_ends.warn(scenario, root, problems)
    scenario = dataclasses.replace(scenario, published=read_published(root, scenario, problems))
    calibration = read_calibration(root.get("calibration"), scenario, problems)
    problems.stop()
    return dataclasses.replace(scenario, calibration=calibration, text=dump(root), warnings=tuple(problems.warnings))


def _build(root: Node, path: Path, settings: tuple[str, ...], problems: Problems) -> Scenario:
    """The scenario as far as it can be read: what is wrong is reported and left out."""
    currency, unit = _currency(root.get("currency"), problems), _text(root.get("time"), "unit")
    sources = {key: {f: c.value for f, c in node.items()} for key, node in _items(root, "sources")}
    inputs = read_parameters(root.get("parameters"), currency, days_in(unit) or 1.0, sources, problems)
    reader = structure.Reader(currency, days_in(unit) or 1.0, inputs.tables, problems)
    reader.lines |= _lines(root)
    moves = structure.moves_of(root.get("transitions"))
    time = _time(root.get("time"), unit, reader)
    states = structure.read_states(root.get("states"), reader)
    scenario = Scenario(
        key=path.stem,
        path=str(path),
        title=_text(root, "title"),
        currency=currency,
        price_year=_text(root.get("currency"), "year"),
        time=time,
        discount=_discount(root.get("discount"), time, problems),
        wtp=_wtp(root.get("wtp"), problems),
        sources=sources,
        parameters=inputs.parameters,
        joints=inputs.joints,
        correlations=read_correlations(root.get("correlations"), inputs, problems),
        tables=inputs.tables,
        strategies=structure.read_strategies(root.get("strategies"), reader),
        groups=structure.read_groups(root.get("groups"), reader),
        periods=structure.read_periods(root.get("periods"), time.horizon, reader),
        states=states,
        transitions=structure.read_transitions(root.get("transitions"), reader),
        effects=structure.read_effects(root.get("effects"), states, [structure.label_of(n) for n in moves], reader),
        reference=_text(root, "reference") or None,
        used_in={},
        lines=reader.lines,
        settings=settings,
        **_perspective(root.get("perspective")),
    )
    system = read_system(root, scenario.groups, problems)
    return dataclasses.replace(scenario, system=system, files=_find_files(root))


def _items(root: Node, key: str):
    section = root.get(key)
    return list(section.items()) if section is not None else []


def _text(node: Node | None, key: str) -> str:
    child = node.get(key) if node is not None else None
    return child.value if child is not None and child.kind == "text" else ""


def _lines(root: Node) -> dict[str, str]:
    """Where each parameter, state and section stands, for messages about draws."""
    nodes = [
        *root.value.values(),
        *(n for key in ("parameters", "states", "transitions") for _, n in _items(root, key)),
    ]
    nodes += [child for _, node in _items(root, "parameters") for child in node.value.values()]
    return {node.place: node.where for node in nodes}


def _find_files(root: Node) -> dict[str, str]:
    """SHA-256 of each file read, by its path.

    The resolved copy of a scenario stands elsewhere, so there they are named by their full path.
    """
    found = {}

    def full(node: Node, file: str) -> Path:
        path = beside(node, file)
        try:
            found[str(path)] = hashlib.sha256(files.content(path)).hexdigest()
            return path.resolve()
        except files.FileError:  # that is one of the problems
            return path

    for _, node in _items(root, "parameters"):
        table, distribution = node.get("table"), node.get("distribution")
        if table is not None:
            table.value = str(full(table, table.value))
        elif distribution is not None and (file := empirical_file(distribution.value)):
            distribution.value = f"empirical('{full(distribution, file)}')"
    arrivals = root.get("arrivals")
    if arrivals is not None and (file := arrivals.get("file")) is not None:
        file.value = str(full(file, file.value))
    return found


def _currency(node: Node | None, problems: Problems) -> str:
    code = _text(node, "code")
    if not code or re.fullmatch("[A-Z]{3}", code):
        return code or "USD"
    near = code.upper() if re.fullmatch("[A-Za-z]{3}", code) else "USD"
    problems.add(node.get("code"), f"'{code}' is not a currency code; write three capital letters, such as {near}")
    return near


def _perspective(node: Node | None) -> dict:
    if node is None or node.kind == "text":
        return {"perspective": node.value if node else "", "left_out": ()}
    out = node.get("leave out")
    return {
        "perspective": _text(node, "name"),
        "left_out": tuple(n.value for n in out.value) if out is not None else (),
    }


def _time(node: Node | None, unit: str, reader: structure.Reader) -> TimeFrame:
    convention = _text(node, "convention") or "integral"
    frame = TimeFrame(unit or "day", reader.day, 1.0, 1.0, convention)
    horizon, cycle = (reader.length(node.get(key)) if node is not None else None for key in ("horizon", "cycle"))
    for key, value in (("horizon", horizon), ("cycle", cycle)):
        if value is not None and value <= 0:
            reader.problems.add(node.get(key), f"'{_text(node, key)}' must be longer than nothing")
    if not horizon or not cycle or horizon < 0 or cycle < 0:
        return frame
    cycles = horizon / cycle
    if cycles > MOST_CYCLES:
        reader.problems.add(
            node,
            f"the horizon ({_text(node, 'horizon')}) has {cycles:.3g} cycles of "
            f"{_text(node, 'cycle')}; at most {MOST_CYCLES:,} are allowed",
        )
        return frame
    if convention != "integral" and abs(cycles - round(cycles)) > 1e-9 * cycles:
        reader.problems.add(
            node,
            f"under the cycle convention '{convention}' the horizon must be a whole number of "
            f"cycles; "
            f"{_text(node, 'horizon')} are {cycles:.6g} cycles of {_text(node, 'cycle')}",
        )
    return dataclasses.replace(frame, horizon=horizon, cycle=cycle)


def _discount(node: Node | None, time: TimeFrame, problems: Problems) -> Discount:
    rates = {}
    for key in ("cost", "effect"):
        child = node.get(key) if node is not None else None
        rates[key] = number(child, problems) or 0.0 if child is not None else 0.0
        if not 0 <= rates[key] < 1:
            problems.add(
                child,
                f"'{child.value}' is not an annual discount rate (allowed: 0 % to below 100 %); write "
                "for example '3 %' or 0.03",
            )
    integral = time.convention == "integral"
    convention = _text(node, "convention") or ("continuous" if integral else "at cycle")
    if convention == "continuous" and not integral:
        problems.add(
            node.get("convention"),
            "'continuous' discounting goes with the cycle convention 'integral'; "
            "under "
            f"'{time.convention}' allowed: at cycle, by whole year",
        )
    return Discount(rates["cost"], rates["effect"], convention)


def _wtp(node: Node | None, problems: Problems) -> Wtp:
    listed, curve = (node.get(key) if node is not None else None for key in ("thresholds", "curve"))
    thresholds = tuple(number(n, problems) for n in listed.value) if listed is not None else ()
    values = {key: number(child, problems) for key, child in (curve.items() if curve else ())}
    low, high = values.get("from", 0.0), values.get("to", 2 * max(thresholds, default=0) or 100_000.0)
    step = values.get("step", (high - low) / 500)
    if min(thresholds, default=0) < 0:
        problems.add(listed, f"a threshold must be 0 or more, found {min(thresholds):g}")
    elif not 0 <= low < high or step <= 0:
        problems.add(
            curve or node, f"needs 0 <= from < to and step above 0; found from {low:g}, to {high:g}, step {step:g}"
        )
    elif (high - low) / step > 100_000:
        problems.add(curve, f"has {(high - low) / step:.0f} points; at most 100,000 are allowed: state a larger 'step'")
    return Wtp(thresholds, low, high, step)


def _check_diagram(scenario: Scenario, root: Node, problems: Problems) -> None:
    """The states hang together: known ends, chance nodes with a full set of branches, one way of moving."""
    states, nodes = scenario.states, structure.moves_of(root.get("transitions"))
    # A state that was reported as wrong is not unknown besides.
    known = {*states, *(root.get("states").dropped if root.get("states") else states)}
    for node in nodes:
        for field in ("from", "to"):
            if field in node and _text(node, field) not in known and "states" not in root.dropped:
                problems.unknown(node.get(field), "state", _text(node, field), states)
        source = states.get(_text(node, "from"))
        if source is not None:
            _check_kind(node, source, problems)
    structure.check_twice(nodes, problems)
    _check_chance(scenario, root, problems)
    _check_per_cycle(scenario, root, nodes, problems)
    started = [n for _, n in _items(root, "states") if "start" in {*n.value, *n.dropped}]
    if root.get("states") is not None and not started:
        problems.add(root.get("states"), "no state has a 'start': say where patients start, such as 'start: 1'")
    known = {*scenario.strategies, *(root.get("strategies").dropped if root.get("strategies") else ())}
    if scenario.reference and scenario.reference not in known and "strategies" not in root.dropped:
        problems.unknown(root.get("reference"), "strategy", scenario.reference, scenario.strategies)
    every = {c for s in states.values() for c in (*s.costs, *s.entry_costs)} | {
        c for t in scenario.transitions for c in t.costs
    }
    for component in scenario.left_out if not problems.found else ():
        if component not in every:
            problems.unknown(root.get("perspective").get("leave out"), "cost component", component, sorted(every))


def _check_per_cycle(scenario: Scenario, root: Node, nodes: list[Node], problems: Problems) -> None:
    per_cycle = [n for n in nodes if "probability per cycle" in n]
    hazards = [n for n in nodes if "rate" in n or "survival" in n]
    if per_cycle and hazards:
        problems.add(
            hazards[0],
            "rates and survival cannot be mixed with 'probability per cycle', as in "
            f"{structure.label_of(per_cycle[0])} (line {per_cycle[0].line}): make all moves rates, where "
            f"'0.1 over "
            "1 year' turns a probability into a rate",
        )
    elif (
        per_cycle
        and scenario.time.convention == "integral"
        and "convention" not in getattr(root.get("time"), "dropped", ("convention",))
    ):
        problems.add(
            root.get("time"),
            f"{structure.label_of(per_cycle[0])} (line {per_cycle[0].line}) has a "
            f"'probability per "
            "cycle', so what happens within a cycle is not known: state 'convention' as start, end, "
            "half-cycle, "
            "life-table or simpson",
        )


def _check_kind(node: Node, source, problems: Problems) -> None:
    wrong = next((kind for kind in structure.KINDS if kind != "probability" and kind in node), None)
    if source.chance and wrong:
        problems.add(
            node.get(wrong),
            f"'{source.key}' is a chance node (stay: 0), which patients leave at once: its "
            f"moves "
            f"need 'probability', found '{wrong}'",
        )
    if not source.chance and "probability" in node:
        problems.add(
            node.get("probability"),
            f"'{source.key}' is not a chance node, so a probability needs a "
            f"period: write "
            "'rate: p over 30 days' or 'probability per cycle: p'; or make the "
            "state a "
            "chance node with 'stay: 0'",
        )


def _check_chance(scenario: Scenario, root: Node, problems: Problems) -> None:
    nodes = structure.moves_of(root.get("transitions"))
    for key, state in scenario.states.items():
        branches = [n for n in nodes if _text(n, "from") == key]
        if state.chance and not branches and root.get("transitions") is not None:
            problems.add(root.get("states").get(key), "is a chance node (stay: 0), so it needs moves out of it")
        rest = [n for n in branches if _text(n, "probability") == "rest"]
        if len(rest) > 1:
            problems.add(
                rest[1].get("probability"),
                f"only one branch of a chance node can be 'rest'; the other is in line {rest[0].line}",
            )
    if loop := _loop({k for k, s in scenario.states.items() if s.chance}, scenario.transitions):
        problems.add(
            root.get("states"),
            f"chance nodes lead back to themselves: {' -> '.join(loop)}; let patients stay somewhere in between",
        )


def _loop(chance: set[str], transitions) -> list[str]:
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


def _check_names(scenario: Scenario, root: Node, problems: Problems) -> Scenario:
    """Unknown names and units that do not fit; warnings of what nothing uses."""
    if not {"parameters", "strategies", "groups", "periods"} & root.dropped:
        reached = names.check_names(scenario, problems)
        _warn_unused(scenario, root, reached, problems)
        _warn_within_cycle(scenario, root, problems)
    return dataclasses.replace(scenario, used_in=names.places_by_name(scenario))


def _warn_unused(scenario: Scenario, root: Node, reached: set[tuple[str, str]], problems: Problems) -> None:
    for key, node in _items(root, "parameters"):
        if not any(("parameters", name.strip()) in reached for name in key.split(",")):
            problems.warn(node, f"nothing uses '{key}'")
    periods = {period.key: period for period in scenario.periods}
    for kind, owners in (("strategies", scenario.strategies), ("groups", scenario.groups), ("periods", periods)):
        for key, owner in owners.items():
            for name in owner.bindings:
                if (kind, name) not in reached:
                    problems.warn(
                        root.get(kind).get(key).get(name), f"nothing uses '{name}'" + _hidden(scenario, kind, name)
                    )


def _warn_within_cycle(scenario: Scenario, root: Node, problems: Problems) -> None:
    """Periods that end within a cycle, where probabilities per cycle read what they bind."""
    held = [use for use in names.uses(scenario) if use.place.endswith(".probability per cycle")]
    for before, period in zip(scenario.periods, scenario.periods[1:]):
        bound, cycles = {*before.bindings, *period.bindings}, period.start / scenario.time.cycle
        use = next((u for u in held if scenario.reads(u.formula, scenario.groups.values()) & bound), None)
        if use and abs(cycles - round(cycles)) > 1e-9 * scenario.time.cycles and period.start < scenario.time.horizon:
            problems.warn(
                root.get("periods").get(before.key).get("until"),
                f"the period ends within a cycle ({cycles:.6g} cycles), and {use.place} is held as it is at the start of a "
                "cycle: what changes here takes effect in the next cycle",
            )


def _hidden(scenario: Scenario, kind: str, name: str) -> str:
    if kind != "strategies" and all(name in s.bindings for s in scenario.strategies.values()):
        return ", as every strategy binds that name too, and the strategy comes first"
    return ""
