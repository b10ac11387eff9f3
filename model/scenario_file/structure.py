"""Strategies, groups, periods, states, transitions and effects of a scenario file."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import TypedDict

from model import formula, hazards
from model.effects import BUILT_IN
from model.formula import Formula, FormulaError
from model.instants import HAIR
from model.outcome_keys import COST, cost_of
from model.scenario import (
    Argument,
    Branch,
    Clock,
    Effect,
    Group,
    PerCycle,
    Period,
    Rate,
    Schedule,
    State,
    Strategy,
    Survival,
    TimeToEvent,
    Transition,
)
from model.scenario_file.nodes import List, Map, Node, Text, renamed
from model.scenario_file.problems import Problems
from model.scenario_file.schema import bad_name
from model.suggestions import did_you_mean
from model.units import DAYS, UnitError, days_in, duration

SURVIVAL = ("clock", "hazard ratio", "acceleration factor")  # fields that go with 'survival'
KINDS = ("rate", "survival", "probability", "probability per cycle", "at")
# Arguments of survival families that are lists.
LISTS = ("rates", "breaks", "knots", "coefficients")
OUTCOMES = (COST, *BUILT_IN, "draw", "strategy")
_SURVIVAL = re.compile(r"^(.*\))\s+in\s+([A-Za-z]+)$")


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
        limits=_parts(node, "for at most", reader),
        schedules=_schedules(node, reader),
    )
    state.costs.update(_parts(node, "amount", reader, beside="for at most"))
    for field in ("cost", "utility"):
        if state.chance and field in node:
            reader.problems.add(
                node.at(field),
                "nobody stays in a chance node (stay: 0), so what counts per unit of time never counts here: use "
                "'entry cost', 'entry qaly', or the 'cost' of a transition",
            )
    return state


def _parts(node: Map, field: str, reader: Reader, beside: str = "") -> dict[str, Formula]:
    """{component: formula} of one field of the costs that have fields; beside: only of those that have this one too."""
    found = {
        component: reader.formula(part.get(field))
        for component, part in node.section("cost").maps()
        if not beside or beside in part
    }
    return {component: formula for component, formula in found.items() if formula is not None}


def _schedules(node: Map, reader: Reader) -> dict[str, Schedule]:
    found = {}
    for component, part in node.section("cost").maps():
        amount, every = reader.formula(part.get("amount")), reader.formula(part.get("every"))
        _check_paid(part, reader.problems)
        if amount is not None and every is not None:
            clock: Clock = "model" if part.text("clock") == "model" else "state"
            found[component] = Schedule(amount, every, reader.formula(part.get("at most")), clock)
    return found


def _check_paid(part: Map, problems: Problems) -> None:
    """A cost with fields is of a share, for some time, or of doses."""
    kinds = [key for key in ("share", "for at most", "every") if key in part]
    if len(kinds) != 1 and not part.dropped:
        problems.add(
            part,
            "needs one of 'share' (with curves), 'for at most' (a time in state) and 'every' (a time between doses) beside 'amount'; "
            f"found {' and '.join(kinds) or 'none'}",
        )
    for key in ("at most", "clock"):
        if key in part and "every" not in part:
            problems.add(
                part.at(key), f"'{key}' goes with 'every', the time between doses; a time is limited by 'for at most'"
            )


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
    place, text = node.at("survival"), node.text("survival")
    reader.lines[place.place] = place.where
    clock = clock or node.text("clock")
    counted: Clock = "state" if clock == "state" else "model"
    try:
        body, scale = _in_unit(text, reader.day)
        family, positional, named = formula.parse_call(body)
        arguments, table = _arguments(family, positional, named, reader)
        if table is not None and scale is not None:
            raise FormulaError("a table states its own units ('unit', 'by unit'); leave 'in ...' out")
        if table is None and scale is None and not _has_time(family, arguments):
            raise FormulaError(f"say in which unit of time the {family} is stated, such as '{text} in months'")
    except FormulaError as error:
        reader.problems.add(place, str(error))
        return None
    if not clock and family != "exponential" and "clock" not in node.dropped:
        reader.problems.add(
            node,
            f"'clock' is missing: say what the time of the {family} counts from, 'model' (time "
            f"since "
            "the start) or 'state' (time in the state)",
        )
    return Survival(
        family,
        arguments,
        table,
        counted,
        reader.formula(node.get("hazard ratio")),
        reader.formula(node.get("acceleration factor")),
        scale,
    )


def _has_time(family: str, arguments) -> bool:
    """Some argument is a time or a rate, so its own unit says what the clock counts in."""
    form = next(f for f in hazard_forms(hazards.FAMILIES[family]) if set(f) == set(arguments))
    return any(dimension in ("time", "per time") for dimension in form.values())


def _in_unit(text: str, day: float) -> tuple[str, float | None]:
    match = _SURVIVAL.match(text)
    if not match:
        return text, None
    length = days_in(match[2])
    if length is None:
        raise FormulaError(
            f"'{match[2]}' is no unit of time; allowed: {', '.join(DAYS)}.{did_you_mean(match[2], DAYS)}"
        )
    return match[1], length / day


def _arguments(family: str, positional, named, reader: Reader):
    if family == "life_table":
        return _life_table(positional, named)
    known = hazards.FAMILIES.get(family)
    if known is None:
        allowed = [*hazards.FAMILIES]
        raise FormulaError(
            f"unknown distribution '{family}'.{did_you_mean(family, allowed)} Allowed: {', '.join(allowed)}"
        )
    for names in hazard_forms(known):
        given = {**dict(zip(names, positional)), **named}
        if set(given) == set(names) and len(positional) + len(named) == len(names):
            return _checked({name: _argument(known, name, tree) for name, tree in given.items()}), None
    forms = " or ".join(f"({', '.join(names)})" for names in hazard_forms(known))
    raise FormulaError(f"{family} takes {forms}; found ({', '.join([*map(ast.unparse, positional), *named])})")


def hazard_forms(family) -> list[dict[str, str]]:
    """The accepted sets of arguments of a survival family, each {argument: dimension}."""
    return [dict(form) for form in (getattr(family, "forms", None) or (family.arguments,))]


def _argument(family: hazards.Family, name: str, tree) -> Argument:
    words = family.allowed[name]
    if isinstance(words, tuple):
        return _word(family.name, name, words, tree)
    listed = isinstance(tree, (ast.List, ast.Tuple))
    if listed != (name in LISTS) or (listed and not tree.elts):
        kind = "a list of numbers such as [0.1, 0.2]" if name in LISTS else "one number"
        raise FormulaError(f"{family.name}: {name} must be {kind}, found {ast.unparse(tree)}")
    return tuple(map(formula.from_tree, tree.elts)) if listed else formula.from_tree(tree)


def _word(family: str, name: str, words: tuple[str, ...], tree) -> str:
    text = tree.id if isinstance(tree, ast.Name) else ast.unparse(tree)
    if text not in words:
        raise FormulaError(f"{family}: {name} must be {', '.join(words[:-1])} or {words[-1]}, found {text}")
    return text


def _checked(arguments: dict) -> dict:
    length = {name: len(arguments[name]) for name in LISTS if name in arguments}
    if "rates" in length and length["rates"] != length["breaks"] + 1:
        raise FormulaError(
            "piecewise: needs one rate more than breaks (the first holds before the first break); found "
            f"{length['rates']} rates and {length['breaks']} breaks"
        )
    if "knots" in length and not length["knots"] == length["coefficients"] > 1:
        raise FormulaError(
            "spline: needs two knots or more (the first and the last are the boundary knots), and as many coefficients; found "
            f"{length['knots']} knots and {length['coefficients']} coefficients"
        )
    return arguments


def _life_table(positional, named):
    """The age at start, and the name of the table, which `names` checks: it may be bound by groups and strategies."""
    if len(positional) != 1 or not isinstance(positional[0], ast.Name) or set(named) - {"age"}:
        raise FormulaError("write life_table(name of a table) or life_table(name of a table, age=age at start)")
    age = formula.from_tree(named.get("age", ast.Constant(0)))
    if "age" in named and not age.names and not age.has_quantity and age.text != "0":
        raise FormulaError(
            f"the age {age.text} has no unit: write 'life_table({positional[0].id}, age={age.text} years)', without 'in ...', as a "
            "table states its own units"
        )
    return {"age": age}, positional[0].id


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
