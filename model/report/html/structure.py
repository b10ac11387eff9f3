"""The model: its diagram, its states, and how patients go from one to another."""

from __future__ import annotations

from collections.abc import Mapping

from model.report import diagram
from model.report.html.blocks import Block, Drawing, Grid, Section
from model.report.html.material import Material
from model.report.html.pictures import address
from model.scenario import Branch, PerCycle, Rate, Survival, TimeToEvent, Transition

NONE = "\N{EN DASH}"
REST = "what the others leave"


def section(material: Material) -> Section:
    svg = diagram.svg(material.scenario)
    blocks: list[Block] = [Drawing("Model diagram", address("image/svg+xml", svg.encode()))] if svg else []
    blocks.append(states(material))
    blocks += [transitions(material)] if material.scenario.transitions else curves(material)
    return Section("model", "Model", tuple(blocks))


def states(material: Material) -> Grid:
    rows = [
        (
            state.label,
            _text(state.share or state.start),
            "chance node" if state.chance else "alive" if state.alive else "dead",
            _text(state.utility),
            _money(state.costs) or NONE,
        )
        for state in material.scenario.states.values()
    ]
    first = "Share" if material.scenario.partition is not None else "Start"
    return Grid(
        "States", ("State", first, "Kind", "Utility", "Cost per unit of time"), tuple(rows), wraps=frozenset({1, 3, 4})
    )


def transitions(material: Material) -> Grid:
    scenario = material.scenario
    rows = [
        (
            scenario.states[t.source].label,
            scenario.states[t.target].label,
            t.name or NONE,
            *_how(t),
            _money(t.costs) or NONE,
        )
        for t in scenario.transitions
    ]
    header = ("From", "To", "Name", "Kind", "Formula", "Cost")
    return Grid("Transitions", header, tuple(rows), wraps=frozenset({4, 5}))


def curves(material: Material) -> list[Grid]:
    partition = material.scenario.partition
    if partition is None:
        return []
    rows = [(key, _survival(curve.survival), curve.at_most or NONE) for key, curve in partition.curves.items()]
    return [Grid("Survival curves", ("Curve", "Distribution", "At most that of"), tuple(rows), wraps=frozenset({1}))]


def _how(transition: Transition) -> tuple[str, str]:
    match transition:
        case Rate(rate=rate):
            return "rate", rate.text
        case TimeToEvent(survival=survival):
            return "time to event", _survival(survival)
        case Branch(probability=probability):
            return "probability", _text(probability, REST)
        case PerCycle(probability=probability):
            return "probability per cycle", _text(probability, REST)


def _survival(survival: Survival) -> str:
    arguments = ", ".join(f"{name}={_argument(value)}" for name, value in survival.arguments.items())
    parts = [f"{survival.family}({arguments})"]
    parts += [f"hazard ratio {survival.ratio.text}"] if survival.ratio else []
    parts += [f"acceleration factor {survival.acceleration.text}"] if survival.acceleration else []
    parts += [f"plus the hazard of {_survival(survival.plus)}"] if survival.plus else []
    parts += [f"at least the hazard of {_survival(survival.floor)}"] if survival.floor else []
    return "; ".join(parts)


def _argument(value) -> str:
    if isinstance(value, Survival):
        return _survival(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_argument, value))}]"
    return value if isinstance(value, str) else value.text


def _text(formula, none: str = NONE) -> str:
    return none if formula is None else formula.text


def _money(costs: Mapping) -> str:
    return "; ".join(f"{component}: {formula.text}" for component, formula in costs.items())
