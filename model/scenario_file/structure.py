"""Strategies, groups, periods, states, transitions and effects of a scenario file."""
from __future__ import annotations

import ast
import re
from collections.abc import Callable

from model import formula, hazards
from model.formula import Formula, FormulaError
from model.scenario import Effect, Group, Period, State, Strategy, Survival, Transition
from model.scenario_file.nodes import Node, Problems, did_you_mean
from model.scenario_file.schema import NAME
from model.units import UnitError, days_in, duration

KINDS = {"rate": "rate", "survival": "survival", "probability": "chance", "probability per cycle": "per cycle"}
_SURVIVAL = re.compile(r"^(.*\))\s+in\s+([A-Za-z]+)$")


class Reader:
    """Reads formulas; remembers in which line each stands."""

    def __init__(self, currency: str, day: float, tables, problems: Problems):
        self.currency, self.day, self.tables, self.problems = currency, day, tables, problems
        self.lines: dict[str, str] = {}

    def formula(self, node: Node | None) -> Formula | None:
        if node is None or node.kind != "text":
            return None
        self.lines[node.place] = node.where
        try:
            return formula.parse(node.value, self.currency)
        except FormulaError as error:
            self.problems.add(node, str(error))
            return None

    def text(self, node: Node, key: str, default: str = "") -> str:
        child = node.get(key)
        return child.value if child is not None and child.kind == "text" else default

    def money(self, node: Node | None, unnamed: str) -> dict[str, Formula]:
        """{component: formula}; one formula alone is the component `unnamed`."""
        if node is None:
            return {}
        parts = dict(node.items()) if node.kind == "map" else {unnamed: node}
        found = {component: self.formula(part) for component, part in parts.items()}
        return {component: f for component, f in found.items() if f is not None}

    def bindings(self, node: Node, but: tuple[str, ...]) -> dict[str, Formula]:
        found = {}
        for name, child in node.items():
            if name in but:
                continue
            if not re.fullmatch(NAME, name) or name in formula.FUNCTIONS or name in formula.BUILT_IN:
                self.problems.add(child, f"'{name}' is not a name that can be bound: use letters, digits and _"
                                  + did_you_mean(name, but), node.keys.get(name))
                continue
            parsed = self.formula(child)
            if parsed is not None:
                found[name] = parsed
        return found

    def length(self, node: Node | None) -> float | None:
        """A length of time in model units."""
        if node is None or node.kind != "text":
            return None
        try:
            return duration(node.value) / self.day
        except UnitError as error:
            self.problems.add(node, str(error))
            return None


def read_strategies(section: Node | None, reader: Reader) -> dict[str, Strategy]:
    found = {key: Strategy(key, reader.text(node, "label", key), reader.bindings(node, ("label",)))
             for key, node in (section.items() if section else ()) if node.kind in ("map", "nothing")}
    if section is not None and not found:
        reader.problems.add(section, "needs at least one strategy")
    return found


def read_groups(section: Node | None, reader: Reader) -> dict[str, Group]:
    if section is None:
        return {"all": Group("all", "All patients", formula.parse("1"), {})}
    found = {}
    for key, node in section.items():
        weight = reader.formula(node.get("weight"))
        if key == "all":
            reader.problems.add(node, "'all' is the name of the weighted total; choose another name for the group")
        elif weight is not None:
            found[key] = Group(key, reader.text(node, "label", key), weight, reader.bindings(node, ("label", "weight")))
    return found


def read_periods(section: Node | None, horizon: float, reader: Reader) -> tuple[Period, ...]:
    found, start, entries = [], 0.0, list(section.items()) if section else []
    for i, (key, node) in enumerate(entries):
        end = reader.length(node.get("until"))
        if end is None:
            if i < len(entries) - 1:
                reader.problems.add(node, "'until' is missing (only the last period may leave it out)")
            end = max(horizon, start)
        elif end <= start:
            reader.problems.add(node, "'until' must be later than that of the period before")
        found.append(Period(key, start, end, reader.bindings(node, ("until",))))
        start = end
    if found and found[-1].end < horizon - 1e-9:
        reader.problems.add(entries[-1][1], "the last period must reach the horizon: leave its 'until' out")
    return tuple(found)


def read_states(section: Node | None, reader: Reader, left: set[str]) -> dict[str, State]:
    """`left`: states that some transition leaves."""
    found = {}
    for key, node in section.items() if section else ():
        priced = {"cost", "utility"} & set(node.value if node.kind == "map" else ())
        alive = reader.text(node, "alive", "true" if key in left or priced else "false") == "true"
        found[key] = State(
            key, reader.text(node, "label", key), reader.formula(node.get("start")), reader.text(node, "stay") == "0",
            alive, reader.money(node.get("cost"), "state"), reader.formula(node.get("utility")),
            reader.money(node.get("entry cost"), "entry"), reader.formula(node.get("entry qaly")))
        if found[key].chance and (found[key].costs or found[key].utility):
            reader.problems.add(node, "nobody stays in a chance node, so a cost or utility per unit of time never "
                                      "counts: use 'entry cost' or the 'cost' of a transition")
    return found


def read_transitions(section: Node | None, reader: Reader) -> tuple[Transition, ...]:
    nodes = [n for n in section.value if n.kind == "map"] if section is not None and section.kind == "list" else []
    for node in nodes:
        node.place = f"transitions.{reader.text(node, 'from', '?')} -> {reader.text(node, 'to', '?')}"
        if name := reader.text(node, "name"):
            node.place += f" ({name})"
        for key, child in node.items():
            child.place = f"{node.place}.{key}"
            for component, part in child.items():
                part.place = f"{child.place}.{component}"
    return tuple(t for t in (_transition(node, reader) for node in nodes) if t is not None)


def _transition(node: Node, reader: Reader) -> Transition | None:
    kinds = [key for key in KINDS if key in node]
    if len(kinds) != 1:
        reader.problems.add(node, f"needs exactly one of {', '.join(KINDS)}; found "
                                  f"{' and '.join(kinds) if kinds else 'none'}")
        return None
    kind = KINDS[kinds[0]]
    if kind != "survival":
        for key in ("clock", "hazard ratio", "acceleration factor"):
            if key in node:
                reader.problems.add(node.get(key), f"'{key}' goes with 'survival' only")
    rest = kind == "chance" and reader.text(node, "probability") == "rest"
    probability = None if rest else reader.formula(node.get(kinds[0])) if kind in ("chance", "per cycle") else None
    survival = _survival(node, reader) if kind == "survival" else None
    rate = reader.formula(node.get("rate"))
    if not rest and probability is None and survival is None and rate is None:
        return None
    return Transition(reader.text(node, "from"), reader.text(node, "to"), reader.text(node, "name"), kind, rate, survival,
                      probability, reader.money(node.get("cost"), "transition"), reader.formula(node.get("qaly")))


def _survival(node: Node, reader: Reader) -> Survival | None:
    place, text = node.get("survival"), reader.text(node, "survival")
    reader.lines[place.place] = place.where
    clock = reader.text(node, "clock")
    try:
        body, scale = _in_unit(text, reader.day)
        family, positional, named = formula.parse_call(body)
        arguments, table = _arguments(family, positional, named, reader)
    except FormulaError as error:
        reader.problems.add(place, str(error))
        return None
    if not clock and family != "exponential":
        reader.problems.add(node, "'clock' is missing: 'model' (time since start) or 'state' (time in state)")
    return Survival(family, arguments, table, clock or "model", reader.formula(node.get("hazard ratio")),
                    reader.formula(node.get("acceleration factor")), scale)


def _in_unit(text: str, day: float) -> tuple[str, float | None]:
    match = _SURVIVAL.match(text)
    if not match:
        return text, None
    length = days_in(match[2])
    if length is None:
        raise FormulaError(f"'{match[2]}' is no unit of time")
    return match[1], length / day


def _arguments(family: str, positional, named, reader: Reader):
    if family == "life_table":
        return _life_table(positional, named, reader)
    known = hazards.FAMILIES.get(family)
    if known is None:
        allowed = [*hazards.FAMILIES]
        raise FormulaError(f"unknown distribution '{family}'; allowed: {', '.join(allowed)}." + did_you_mean(family, allowed))
    for names in hazard_forms(known):
        given = {**dict(zip(names, positional)), **named}
        if set(given) == set(names) and len(positional) + len(named) == len(names):
            return {name: _argument(tree) for name, tree in given.items()}, None
    forms = " or ".join(f"({', '.join(names)})" for names in hazard_forms(known))
    raise FormulaError(f"{family} takes {forms}; found ({', '.join([*map(ast.unparse, positional), *named])})")


def hazard_forms(family) -> list[dict[str, str]]:
    """The accepted sets of arguments of a survival family, each {argument: dimension}."""
    return [dict(form) for form in (getattr(family, "forms", None) or (family.arguments,))]


def _argument(tree):
    if isinstance(tree, (ast.List, ast.Tuple)):
        return tuple(formula.from_tree(item) for item in tree.elts)
    return formula.from_tree(tree)


def _life_table(positional, named, reader: Reader):
    if len(positional) != 1 or not isinstance(positional[0], ast.Name) or set(named) - {"age"}:
        raise FormulaError("write life_table(name of a table) or life_table(name of a table, age=age at start)")
    name = positional[0].id
    if name not in reader.tables:
        raise FormulaError(f"'{name}' is not a table; tables: {', '.join(reader.tables) or 'none'}")
    return {"age": formula.from_tree(named.get("age", ast.Constant(0)))}, name


def read_effects(section: Node | None, reader: Reader, problem: Callable) -> dict[str, Effect]:
    found = {}
    for key, node in section.items() if section else ():
        given = [k for k in ("time in", "entries into", "count of") if k in node]
        if len(given) != 1:
            reader.problems.add(node, "needs exactly one of 'time in', 'entries into', 'count of'")
            continue
        if key in ("cost", "qaly", "life_years") or key.startswith("cost:"):
            reader.problems.add(node, f"'{key}' is an outcome that is always there; choose another name")
            continue
        part = node.get(given[0])
        names = [n.value for n in part.value] if part.kind == "list" else list(part.value or ())
        weights = {n: reader.formula(part.get(n)) if part.kind == "map" else None for n in names}
        unit = reader.text(node, "unit", "year") if given[0] == "time in" else ""
        if given[0] == "time in" and "unit" not in node:
            reader.problems.add(node, "'unit' is missing (unit of time of the total, such as day)")
        found[key] = Effect(key, reader.text(node, "label", key), unit, (days_in(unit) or 1.0) / reader.day,
                            weights if given[0] == "time in" else {},
                            tuple(names) if given[0] == "entries into" else (),
                            tuple(names) if given[0] == "count of" else ())
        problem(part, given[0], names)
    return found
