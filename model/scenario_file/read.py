"""Read one scenario file into a Scenario."""
from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from model.scenario import Discount, Scenario, TimeFrame, Wtp
from model.scenario_file import names, structure
from model.scenario_file.merge import read_merged
from model.scenario_file.nodes import Node, Problems, dump
from model.scenario_file.parameters import read_correlations, read_parameters
from model.scenario_file.schema import check, number
from model.units import days_in


def read(path: str | Path, settings: Sequence[str] = ()) -> Scenario:
    """The scenario in `path`, with `settings` ('name=value') laid over it.

    Raises ScenarioError, which lists every problem as 'file:line: field: what was found, what is allowed'.
    Warnings (a parameter that nothing uses) are in `Scenario.warnings`.
    """
    problems = Problems()
    root = read_merged(Path(path), settings, problems)
    check(root, problems)
    problems.stop()
    scenario = _build(root, Path(path), tuple(settings), problems)
    problems.stop()
    return dataclasses.replace(scenario, warnings=tuple(problems.warnings))


def _build(root: Node, path: Path, settings: tuple[str, ...], problems: Problems) -> Scenario:
    currency = _text(root.get("currency"), "code")
    if not re.fullmatch("[A-Z]{3}", currency):
        problems.add(root.get("currency"), f"code '{currency}' is not a currency code of three capital letters")
        currency = "USD"
    unit = _text(root.get("time"), "unit")
    day = days_in(unit)
    sources = {k: {f: c.value for f, c in n.items()} for k, n in _items(root, "sources")}
    inputs = read_parameters(root.get("parameters"), currency, day, sources, problems)
    reader = structure.Reader(currency, day, inputs.tables, problems)
    time = _time(root.get("time"), unit, day, reader)
    transitions = structure.read_transitions(root.get("transitions"), reader)
    states = structure.read_states(root.get("states"), reader, {t.source for t in transitions})
    moves = [t.label for t in transitions]

    def check_effect(part: Node, kind: str, found: list[str]) -> None:
        for name in found:
            allowed = moves if kind == "count of" else list(states)
            if name not in allowed:
                problems.unknown(part, "transition" if kind == "count of" else "state", name, allowed)

    for key, node in _items(root, "parameters"):
        for field in ("value", "distribution"):
            if field in node:
                reader.lines[f"parameters.{key}.{field}"] = node.get(field).where
        reader.lines[f"parameters.{key}"] = node.where
    scenario = Scenario(
        key=path.stem, path=str(path), title=_text(root, "title"), currency=currency,
        price_year=_text(root.get("currency"), "year"), time=time, discount=_discount(root, time, problems),
        wtp=_wtp(root.get("wtp"), problems), sources=sources, parameters=inputs.parameters, joints=inputs.joints,
        correlations=read_correlations(root.get("correlations"), inputs, problems), tables=inputs.tables,
        strategies=structure.read_strategies(root.get("strategies"), reader),
        groups=structure.read_groups(root.get("groups"), reader),
        periods=structure.read_periods(root.get("periods"), time.horizon, reader), states=states,
        transitions=transitions, effects=structure.read_effects(root.get("effects"), reader, check_effect),
        reference=_text(root, "reference") or None, used_in={}, lines=reader.lines, text=dump(root), settings=settings,
        **_perspective(root.get("perspective")))
    _check_diagram(scenario, root, problems)
    if not problems.found:
        scenario = _check_names(scenario, root, problems)
    return scenario


def _items(root: Node, key: str):
    section = root.get(key)
    return [(k, n) for k, n in (section.items() if section else ()) if n.kind == "map"]


def _text(node: Node | None, key: str) -> str:
    child = node.get(key) if node is not None else None
    return child.value if child is not None and child.kind == "text" else ""


def _perspective(node: Node | None) -> dict:
    if node is None or node.kind == "text":
        return {"perspective": node.value if node else "", "left_out": ()}
    out = node.get("leave out")
    return {"perspective": _text(node, "name"),
            "left_out": tuple(n.value for n in out.value) if out is not None and out.kind == "list" else ()}


def _time(node: Node, unit: str, day: float, reader: structure.Reader) -> TimeFrame:
    horizon, cycle = (reader.length(node.get(key)) or 1.0 for key in ("horizon", "cycle"))
    for key, value in (("horizon", horizon), ("cycle", cycle)):
        if value <= 0:
            reader.problems.add(node.get(key), "must be longer than nothing")
            return TimeFrame(unit, day, 1.0, 1.0, "integral")
    convention = _text(node, "convention") or "integral"
    if convention != "integral" and abs(horizon / cycle - round(horizon / cycle)) > 1e-9 * horizon / cycle:
        reader.problems.add(node, f"under the cycle convention '{convention}' the horizon must be a whole number of cycles; "
                                  f"it is {horizon / cycle:g}")
    if horizon / cycle > 1e6:
        reader.problems.add(node, f"the horizon has {horizon / cycle:.3g} cycles; at most a million are allowed")
    return TimeFrame(unit, day, horizon, cycle, convention)


def _discount(root: Node, time: TimeFrame, problems: Problems) -> Discount:
    node = root.get("discount")
    cost, effect = (number(node.get(key), problems) or 0.0 for key in ("cost", "effect"))
    for key, rate in (("cost", cost), ("effect", effect)):
        if not 0 <= rate < 1:
            problems.add(node.get(key), f"{rate:g} is not an annual discount rate (allowed: 0 % to below 100 %; write "
                                        "3 % or 0.03)")
    integral = time.convention == "integral"
    convention = _text(node, "convention") or ("continuous" if integral else "at cycle")
    if convention == "continuous" and not integral:
        problems.add(node, f"'continuous' discounting goes with the cycle convention 'integral'; under "
                           f"'{time.convention}' allowed: at cycle, by whole year")
    return Discount(cost, effect, convention)


def _wtp(node: Node, problems: Problems) -> Wtp:
    listed = node.get("thresholds")
    thresholds = tuple(v for v in (number(n, problems) for n in listed.value) if v is not None)
    curve = node.get("curve")
    values = {k: number(c, problems) for k, c in (curve.items() if curve else ())}
    low, high = values.get("from") or 0.0, values.get("to") or 2 * max(thresholds, default=0) or 100_000.0
    step = values.get("step") or (high - low) / 500
    if low < 0 or high <= low or step <= 0 or min(thresholds, default=0) < 0:
        problems.add(node, "thresholds must not be negative, and the curve must go from low to high")
        return Wtp((), 0, 1, 1)
    if (high - low) / step > 100_000:
        problems.add(curve or node, f"the curve has {(high - low) / step:.0f} points; at most 100000 are allowed")
    return Wtp(thresholds, low, high, step)


def _check_diagram(scenario: Scenario, root: Node, problems: Problems) -> None:
    """The states hang together: known ends, chance nodes with a full set of branches, one way of moving."""
    states, section = scenario.states, root.get("transitions")
    nodes = [n for n in section.value if n.kind == "map"] if section.kind == "list" else []
    for node in nodes:
        for field in ("from", "to"):
            if _text(node, field) and _text(node, field) not in states:
                problems.unknown(node.get(field), "state", _text(node, field), states)
        source = states.get(_text(node, "from"))
        if source is not None:
            _check_kind(node, source, problems)
    labels = [t.label for t in scenario.transitions]
    for label in {x for x in labels if labels.count(x) > 1}:
        problems.add(section, f"'{label}' is given twice; give each a 'name' to tell them apart")
    _check_chance(scenario, root, problems)
    kinds = {t.kind for t in scenario.transitions} - {"chance"}
    if "per cycle" in kinds and kinds != {"per cycle"}:
        problems.add(section, "moves by 'probability per cycle' cannot be mixed with rates or survival: turn a "
                              "probability into a rate with 'p over 1 year'")
    if "per cycle" in kinds and scenario.time.convention == "integral":
        problems.add(root.get("time"), "moves by 'probability per cycle' have no integral over the cycle: state 'convention' "
                                       "as start, end, half-cycle, life-table or simpson")
    if not any(s.start is not None for s in states.values()):
        problems.add(root.get("states"), "no state has a 'start': say where patients start")
    if scenario.reference and scenario.reference not in scenario.strategies:
        problems.unknown(root.get("reference"), "strategy", scenario.reference, scenario.strategies)
    every = {c for s in states.values() for c in (*s.costs, *s.entry_costs)} | {
        c for t in scenario.transitions for c in t.costs}
    for component in scenario.left_out:
        if component not in every:
            problems.unknown(root.get("perspective"), "cost component", component, sorted(every))


def _check_kind(node: Node, source, problems: Problems) -> None:
    if source.chance and "probability" not in node:
        problems.add(node, f"'{source.key}' is a chance node (stay: 0), so its moves need 'probability'")
    if not source.chance and "probability" in node:
        problems.add(node.get("probability"), f"'{source.key}' is not a chance node: write 'probability per cycle', or a "
                                              "'rate' such as 'p over 30 days', or give the state 'stay: 0'")


def _check_chance(scenario: Scenario, root: Node, problems: Problems) -> None:
    for key, state in scenario.states.items():
        branches = [t for t in scenario.transitions if t.source == key]
        node = root.get("states").get(key)
        if state.chance and not branches:
            problems.add(node, "a chance node needs moves out of it")
        if sum(t.kind == "chance" and t.probability is None for t in branches) > 1:
            problems.add(node, "only one branch can be 'rest'")
    if loop := _loop({k for k, s in scenario.states.items() if s.chance}, scenario.transitions):
        problems.add(root.get("states"), f"chance nodes lead back to themselves: {' -> '.join(loop)}")


def _loop(chance: set[str], transitions) -> list[str]:
    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node):], node]
        for move in transitions:
            if move.source == node and move.target in chance and (found := walk(move.target, [*path, node])):
                return found
        return []

    return next((found for node in chance if (found := walk(node, []))), [])


def _check_names(scenario: Scenario, root: Node, problems: Problems) -> Scenario:
    reached = names.check_names(scenario, problems)
    section = root.get("parameters")
    for key in section.value if section else ():
        if not any(name.strip() in reached for name in key.split(",")):
            problems.warn(section.value[key], f"nothing uses '{key}'")
    for kind, owners in (("strategies", scenario.strategies), ("groups", scenario.groups)):
        for key, owner in owners.items():
            for name in owner.bindings:
                if name not in reached:
                    problems.warn(root.get(kind).get(key).get(name), f"nothing uses '{name}'")
    return dataclasses.replace(scenario, used_in=names.places_by_name(scenario))
