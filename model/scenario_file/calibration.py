"""The `calibration:` section: what may vary, and what must be met."""

from __future__ import annotations

from model.scenario import Calibration, Target
from model.scenario_file.nodes import Node, Problems
from model.scenario_file.schema import number

MEASURES = {
    "median survival": (),
    "occupancy": ("states", "at"),
    "total": ("outcome",),
    "icer": ("comparator",),
    "probability cost-effective": ("wtp",),
}


def read_calibration(section: Node | None, reader, scenario, problems: Problems) -> Calibration | None:
    """The section checked against the scenario it stands in; None where there is none."""
    if section is None:
        return None
    vary = {}
    for key, node in section.get("vary").items():
        low, high = number(node.get("from"), problems), number(node.get("to"), problems)
        for name in key.split(","):
            parameter, _, argument = name.strip().partition(".")
            known = scenario.parameters.get(parameter)
            if known is None or known.formula is not None:
                inputs = [n for n, p in scenario.parameters.items() if p.formula is None]
                problems.unknown(node, "parameter", parameter, inputs)
            elif argument and f"{argument}=" not in known.text.replace(" ", ""):
                problems.add(node, f"'{known.text}' has no argument '{argument}'")
        if low is not None and high is not None and low >= high:
            problems.add(node, f"'from' ({low:g}) must be below 'to' ({high:g})")
        vary[key] = (low or 0.0, high or 1.0)
    targets = [_target(key, node, reader, scenario, problems) for key, node in section.get("targets").items()]
    return Calibration(vary, tuple(t for t in targets if t is not None))


def _target(key: str, node: Node, reader, scenario, problems: Problems) -> Target | None:
    measure = reader.text(node, "measure")
    for field in MEASURES.get(measure, ()):
        if field not in node and field != "comparator":
            problems.add(node, f"'{field}' is missing: the measure '{measure}' needs it")
    if ("tolerance" in node) == ("standard error" in node):
        problems.add(node, "needs either 'tolerance' or 'standard error'")
        return None
    for field, allowed in (
        ("strategy", scenario.strategies),
        ("comparator", scenario.strategies),
        ("group", ["all", *scenario.groups]),
    ):
        if field in node and reader.text(node, field) not in allowed:
            problems.unknown(node.get(field), field, reader.text(node, field), allowed)
    states = tuple(n.value for n in node.get("states").value) if "states" in node else ()
    for state in states:
        if state not in scenario.states:
            problems.unknown(node.get("states"), "state", state, scenario.states)
    error = number(node.get("tolerance") or node.get("standard error"), problems)
    value = number(node.get("value"), problems)
    wtp = number(node.get("wtp"), problems) if "wtp" in node else 0.0
    if None in (error, value, wtp) or problems.found:
        return None
    if error <= 0:
        problems.add(node, "the tolerance or standard error must be above 0")
    outcome = reader.text(node, "outcome", "qaly")
    outcomes = ["cost", "qaly", "life_years", *(f"cost: {c}" for c in scenario.components), *scenario.effects]
    if outcome not in outcomes:
        problems.unknown(node.get("outcome"), "outcome", outcome, outcomes)
    return Target(
        key,
        measure,
        value,
        error,
        reader.text(node, "strategy"),
        reader.text(node, "group", "all"),
        states,
        reader.length(node.get("at")) or 0.0,
        outcome,
        reader.text(node, "comparator") or scenario.reference or next(iter(scenario.strategies)),
        wtp,
    )
