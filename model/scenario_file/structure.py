"""Strategies, groups, periods, states, transitions and effects of a scenario file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import TypedDict

from model import formula
from model.effects import BUILT_IN
from model.formula import Formula, FormulaError
from model.instants import HAIR
from model.outcome_keys import COST, cost_of
from model.scenario import (
    Branch,
    Clock,
    Effect,
    Group,
    PerCycle,
    Period,
    Rate,
    State,
    Strategy,
    Survival,
    TimeToEvent,
    Transition,
)
from model.scenario_file import survival as texts
from model.scenario_file.nodes import List, Map, Node, Text, renamed
from model.scenario_file.problems import Problems
from model.scenario_file.schema import bad_name
from model.suggestions import did_you_mean
from model.units import UnitError, days_in, duration

BESIDE = ("plus hazard", "at least hazard")  # hazards beside that of 'survival'
SURVIVAL = ("clock", "hazard ratio", "acceleration factor", *BESIDE)  # fields that go with 'survival'
KINDS = ("rate", "survival", "probability", "probability per cycle", "at")
OUTCOMES = (COST, *BUILT_IN, "draw", "strategy")


class Reader:
    """Reads formulas; remembers in which line each stands."""

    def __init__(self, currency: str, day: float, problems: Problems):
        self.currency, self.day, self.problems = currency, day, problems
        self.lines: dict[str, str] = {}

    def formula(self, node: Node | None) -> Formula | None:
        if not isinstance(node, Text):
            return None
        self.lines[node.place] = node.where
        self._warn_of_old_words(node)
        try:
            return formula.parse(node.value, self.currency)
        except FormulaError as error:
            self.problems.add(node, str(error))
            return None

    def _warn_of_old_words(self, node: Text) -> None:
        for old in {*re.findall(r"\w+", node.value)} & {*formula.RENAMED}:
            self.problems.warn(node, f"'{old}' is now called '{formula.RENAMED[old]}'; the old name goes on working")

    def money(self, node: Node | None, unnamed: str) -> dict[str, Formula]:
        """{component: formula}; one formula alone is the component `unnamed`."""
        if node is None:
            return {}
        parts = node.fields if isinstance(node, Map) else {unnamed: node}
        formulas = {component: self.formula(part) for component, part in parts.items()}
        self.lines |= {f"{node.place}.{component}": part.where for component, part in parts.items()}
        return {component: f for component, f in formulas.items() if f is not None}

    def bindings(self, node: Map, but: tuple[str, ...]) -> dict[str, Formula]:
        """What the entry binds: all its fields `but` those that mean something else."""
        bound = {}
        for name, child in node.fields.items():
            if name in but:
                continue
            if fault := bad_name(name):
                self.problems.add(child, fault + did_you_mean(name, but))
            elif (parsed := self.formula(child)) is not None:
                bound[name] = parsed
                continue
            self.problems.damaged.add(name)
        self.problems.damaged |= node.dropped
        return bound

    def length(self, node: Node | None) -> float | None:
        """A length of time in model units."""
        if not isinstance(node, Text):
            return None
        try:
            return duration(node.value) / self.day
        except UnitError as error:
            self.problems.add(node, str(error))
            return None


def read_strategies(root: Map, reader: Reader) -> dict[str, Strategy]:
    section = root.section("strategies")
    strategies = {
        key: Strategy(key, node.text("label") or key, reader.bindings(node, ("label",))) for key, node in section.maps()
    }
    if "strategies" in root and not strategies and not section.dropped:
        reader.problems.add(section, "needs at least one strategy")
    return strategies


def read_groups(root: Map, reader: Reader) -> dict[str, Group]:
    if "groups" not in root:
        return {"all": Group("all", "All patients", formula.parse("1"), {})}
    section, groups = root.section("groups"), {}
    for key, node in section.maps():
        if key == "all":
            reader.problems.add(node, "'all' is the name of the weighted total; choose another name for the group")
        weight = reader.formula(node.get("weight")) or formula.parse("0")
        groups[key] = Group(key, node.text("label") or key, weight, reader.bindings(node, ("label", "weight")))
    if not groups and not section.dropped:
        reader.problems.add(section, "needs at least one group; leave 'groups' out where all patients are alike")
    return groups


def read_periods(section: Map, horizon: float, reader: Reader) -> tuple[Period, ...]:
    periods: list[Period] = []
    entries = list(section.maps())
    for i, (key, node) in enumerate(entries):
        start, last = periods[-1].end if periods else 0.0, i == len(entries) - 1
        end = reader.length(node.get("until"))
        if end is None:
            if not last and "until" not in node:
                reader.problems.add(node, "'until' is missing (only the last period may leave it out)")
            end = max(horizon, start)
        elif end <= start:
            before = f"that of the period before ({entries[i - 1][0]})" if i else "the start"
            reader.problems.add(node.at("until"), f"'{node.text('until')}' must be later than {before}")
        elif last and end < horizon - HAIR:
            reader.problems.add(node.at("until"), "the last period must reach the horizon: leave its 'until' out")
        periods.append(Period(key, start, end, reader.bindings(node, ("until",))))
    return tuple(periods)


class Diagram(TypedDict):
    """The fields of a Scenario that say what the model is made of."""

    states: dict[str, State]
    strategies: dict[str, Strategy]
    groups: dict[str, Group]
    periods: tuple[Period, ...]
    transitions: tuple[Transition, ...]
    effects: dict[str, Effect]


def read_diagram(root: Map, horizon: float, reader: Reader) -> Diagram:
    """Every section of the diagram; what is wrong is reported and left out."""
    states = read_states(root.section("states"), reader)
    labels = [label_of(node) for node in moves_of(root)]
    return {
        "states": states,
        "strategies": read_strategies(root, reader),
        "groups": read_groups(root, reader),
        "periods": read_periods(root.section("periods"), horizon, reader),
        "transitions": read_transitions(root, reader),
        "effects": read_effects(root.section("effects"), states, labels, reader),
    }


def read_states(section: Map, reader: Reader) -> dict[str, State]:
    """Whether a state is alive, where it does not say so, is known once all is read (`living`)."""
    return {key: _state(key, node, reader) for key, node in section.maps()}


def _state(key: str, node: Map, reader: Reader) -> State:
    state = State(
        key,
        node.text("label") or key,
        reader.formula(node.get("start")),
        node.text("stay") == "0",
        node.text("alive") != "false",
        reader.money(node.get("cost"), "state"),
        reader.formula(node.get("utility")),
        reader.money(node.get("entry cost"), "entry"),
        reader.formula(node.get("entry qaly")),
        "alive" in node,
        reader.formula(node.get("share")),
    )
    for field in ("cost", "utility"):
        if state.chance and field in node:
            reader.problems.add(
                node.at(field),
                "nobody stays in a chance node (stay: 0), so what counts per unit of time never counts here: use "
                "'entry cost', 'entry qaly', or the 'cost' of a transition",
            )
    return state


def moves_of(root: Map) -> tuple[Map, ...]:
    """The entries of `transitions`."""
    return root.entries("transitions").maps


def label_of(node: Map) -> str:
    """'from -> to (name)', as Transition.label."""
    name = node.text("name")
    return f"{node.text('from') or '?'} -> {node.text('to') or '?'}" + (f" ({name})" if name else "")


def check_twice(nodes: Iterable[Map], problems: Problems) -> None:
    """Two moves of one list with the same ends need names, in the file itself and in each that it extends."""
    first: dict[str, Map] = {}
    for node in nodes:
        label = label_of(node)
        if label in first and "?" not in label:
            problems.add(
                node,
                f"is given twice (first in line {first[label].line}); give each a 'name' to tell them apart",
                f"transitions.{label}",
            )
        first.setdefault(label, node)


def with_named_moves(root: Map) -> Map:
    """Messages name a move by its ends, not by its number in the list."""
    section = root.get("transitions")
    if not isinstance(section, List):
        return root
    items = (made for n in section.items for made in (appointments(n) if isinstance(n, Map) else (n,)))
    named = tuple(renamed(n, f"transitions.{label_of(n)}") if isinstance(n, Map) else n for n in items)
    return root.put(("transitions",), replace(section, items=named))


def appointments(node: Map) -> tuple[Map, ...]:
    """An entry with several times in 'at' as entries with one each, named by them."""
    times, name = node.texts("at"), node.text("name")
    if len(times) < 2:
        return (node,) if not times else (node.put(("at",), times[0]),)
    names = [f"{name}, at {time.value}" if name else f"at {time.value}" for time in times]
    return tuple(
        node.put(("at",), time).put(("name",), replace(time, value=called)) for time, called in zip(times, names)
    )


def with_appointments(label: str, labels: Collection[str]) -> list[str]:
    """The moves that a label means: those of all appointments where it has several."""
    ends, _, name = label.partition(" (")
    opening = f"{ends} ({name[:-1]}, at " if name else f"{ends} (at "
    return [label] if label in labels else [other for other in labels if other.startswith(opening)] or [label]


def read_transitions(root: Map, reader: Reader) -> tuple[Transition, ...]:
    return tuple(t for t in (_transition(node, reader) for node in moves_of(root)) if t is not None)


def _transition(node: Map, reader: Reader) -> Transition | None:
    kinds = [key for key in KINDS if key in node]
    if len(kinds) != 1:
        if kinds or not node.dropped & set(KINDS):
            reader.problems.add(
                node, f"needs exactly one of {', '.join(KINDS)}; found {' and '.join(kinds) if kinds else 'none'}"
            )
        return None
    (kind,) = kinds
    if kind != "survival":
        for key in SURVIVAL:
            if key in node:
                reader.problems.add(node.at(key), f"'{key}' goes with 'survival' only")
    how = _how(kind, node, reader)
    if how is None:
        return None
    return how(
        source=node.text("from"),
        target=node.text("to"),
        name=node.text("name"),
        costs=reader.money(node.get("cost"), "transition"),
        qaly=reader.formula(node.get("qaly")),
    )


def _how(kind: str, node: Map, reader: Reader) -> Callable[..., Transition] | None:
    """A transition but for its ends and prices; None where it has a fault."""
    if kind in ("survival", "at"):
        survival = read_survival(node, reader) if kind == "survival" else _appointment(node, reader)
        return None if survival is None else partial(TimeToEvent, survival=survival)
    by_probability: dict[str, type[Branch] | type[PerCycle]] = {
        "probability": Branch,
        "probability per cycle": PerCycle,
    }
    if kind in by_probability and node.text(kind) == "rest":
        return partial(by_probability[kind], probability=None)
    stated = reader.formula(node.get(kind))
    if stated is None:
        return None
    if kind == "rate":
        return partial(Rate, rate=stated)
    return partial(by_probability[kind], probability=stated)


def _appointment(node: Map, reader: Reader) -> Survival | None:
    time = reader.formula(node.get("at"))
    return None if time is None else Survival("fixed", {"time": time}, None, "model", None, None, field="at")


def read_survival(node: Map, reader: Reader, clock: str = "") -> Survival | None:
    """A time-to-event distribution with its ratio and factor. clock: where the entry need not state one."""
    clock = clock or node.text("clock")
    counted: Clock = "state" if clock == "state" else "model"
    read = {field: _distribution(node, field, reader) for field in ("survival", *BESIDE) if field in node}
    made = read["survival"]
    if made is None or None in read.values():
        return None
    if not clock and made.family != "exponential" and "clock" not in node.dropped:
        reader.problems.add(
            node,
            f"'clock' is missing: say what the time of the {made.family} counts from, 'model' (time since the start) or 'state' "
            "(time in the state)",
        )
    if clock == "state":
        _warn_of_age(node, read, reader)
    ratio, factor = reader.formula(node.get("hazard ratio")), reader.formula(node.get("acceleration factor"))
    plus, floor = (read.get(field) for field in BESIDE)
    return replace(made, clock=counted, ratio=ratio, acceleration=factor, plus=plus, floor=floor)


def _warn_of_age(node: Map, read: dict[str, Survival | None], reader: Reader) -> None:
    for field in BESIDE:
        if (made := read.get(field)) is not None and any(part.family == "life_table" for part in made.parts()):
            reader.problems.warn(
                node.at(field),
                "on 'clock: state' the life table too counts from the entry to the state, so its age must be the age at that time; where "
                "it is the age at the start, write 'clock: model'",
            )


def _distribution(node: Map, field: str, reader: Reader) -> Survival | None:
    place = node.at(field)
    reader.lines[place.place] = place.where
    try:
        made = texts.parsed(node.text(field), reader.day, field)
        if made.family == "fixed" and any(other in node for other in BESIDE):
            raise FormulaError(f"a fixed time has no hazard: it does not go with '{BESIDE[0]}' or '{BESIDE[1]}'")
        return made
    except FormulaError as error:
        reader.problems.add(place, str(error))
        return None


def read_effects(section: Map, states: Collection[str], moves: Collection[str], reader: Reader) -> dict[str, Effect]:
    """`states`, `moves`: keys and labels that an effect can count."""
    effects = ((key, _effect(key, node, states, moves, reader)) for key, node in section.maps())
    return {key: effect for key, effect in effects if effect is not None}


def _effect(key: str, node: Map, states: Collection[str], moves: Collection[str], reader: Reader) -> Effect | None:
    kinds = [k for k in ("time in", "entries into", "count of") if k in node]
    if key in OUTCOMES or key.startswith(cost_of("").strip()):
        reader.problems.add(
            node, f"'{key}' is the name of an outcome or a column that is always there; choose another name"
        )
    if len(kinds) != 1:
        if not node.dropped:
            reader.problems.add(
                node,
                "needs exactly one of 'time in', 'entries into', 'count of'; found " + (" and ".join(kinds) or "none"),
            )
        return None
    kind = kinds[0]
    counted = _counted(node, kind, ("move", moves) if kind == "count of" else ("state", states), reader)
    names = tuple(name for name, _ in counted)
    if kind == "time in" and not node.stated("unit"):
        reader.problems.add(node, "'unit' is missing (unit of time of the total, such as day)")
    if kind != "time in" and "unit" in node:
        reader.problems.add(node.at("unit"), f"a count has no unit of time; '{kind}' goes without 'unit'")
    unit = node.text("unit") if kind == "time in" else ""
    return Effect(
        key,
        node.text("label") or key,
        unit,
        (days_in(unit) or 1.0) / reader.day,
        dict(counted) if kind == "time in" else {},
        names if kind == "entries into" else (),
        names if kind == "count of" else (),
    )


def _counted(
    node: Map, field: str, known: tuple[str, Collection[str]], reader: Reader
) -> list[tuple[str, Formula | None]]:
    """(name, weight) of what an effect counts; known: what such a thing is called, and those that there are."""
    listed, (what, names) = node.at(field), known
    listed_names = [each for name in node.entries(field).values for each in with_appointments(name, names)]
    counted = [*node.section(field).fields.items(), *((name, None) for name in listed_names)]
    for name, _ in counted:
        if name not in names:
            reader.problems.unknown(listed, what, name, names)
    return [(name, reader.formula(weight)) for name, weight in counted]
