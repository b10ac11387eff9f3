"""Every name is known, every unit fits, and nothing stands in the file that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model import hazards
from model.formula import BUILT_IN, Formula
from model.scenario import Period, Scenario
from model.scenario_file.nodes import Problems, did_you_mean
from model.scenario_file.structure import hazard_forms
from model.units import MONEY, MONEY_PER_TIME, NUMBER, PER_TIME, TIME, Dimension, UnitError

_DIMENSIONS = {"number": NUMBER, "time": TIME, "per time": PER_TIME}
_BUILT_IN = {"time": TIME, "cycle": NUMBER, "waited": TIME, "time_since_entry": TIME}


@dataclass(frozen=True)
class Use:
    """One formula of the model and the dimension that its place needs."""

    place: str
    formula: Formula
    needed: Dimension
    varies: str = ""  # may use 'time': time and periods; 'branch': waiting too; 'ratio', 'period': periods; '': neither
    outside: bool = False  # evaluated without strategy and period (weights of groups)


def uses(scenario: Scenario) -> Iterator[Use]:
    """Every formula that enters the model directly."""
    for group in scenario.groups.values():
        yield Use(f"groups.{group.key}.weight", group.weight, NUMBER, outside=True)
    for key, state in scenario.states.items():
        place = f"states.{key}"
        yield from _maybe(f"{place}.start", state.start, NUMBER)
        yield from _maybe(f"{place}.utility", state.utility, NUMBER, "period")
        yield from _maybe(f"{place}.entry qaly", state.entry_qaly, TIME, "period")
        yield from _money(f"{place}.cost", state.costs, MONEY_PER_TIME)
        yield from _money(f"{place}.entry cost", state.entry_costs, MONEY)
    for move in scenario.transitions:
        place = f"transitions.{move.label}"
        yield from _maybe(f"{place}.rate", move.rate, PER_TIME, "time")
        field, varies = ("probability", "branch") if move.kind == "chance" else ("probability per cycle", "time")
        yield from _maybe(f"{place}.{field}", move.probability, NUMBER, varies)
        yield from _maybe(f"{place}.qaly", move.qaly, TIME, "period")
        yield from _money(f"{place}.cost", move.costs, MONEY)
        if move.survival is not None:
            yield from _survival(place, move.survival, scenario.tables)
    for effect in scenario.effects.values():
        for state, weight in effect.states.items():
            yield from _maybe(f"effects.{effect.key}.time in.{state}", weight, NUMBER, "period")


def _maybe(place: str, formula: Formula | None, needed: Dimension, varies: str = "") -> Iterator[Use]:
    if formula is not None:
        yield Use(place, formula, needed, varies)


def _money(place: str, parts: Mapping[str, Formula], needed: Dimension) -> Iterator[Use]:
    for component, formula in parts.items():
        yield Use(f"{place}.{component}", formula, needed, "period")


def _survival(place: str, survival, tables) -> Iterator[Use]:
    yield from _maybe(f"{place}.hazard ratio", survival.ratio, NUMBER, "ratio")
    yield from _maybe(f"{place}.acceleration factor", survival.acceleration, NUMBER)
    dimensions = {"age": tables[survival.table].at_dimension if survival.table in tables else TIME}
    if survival.table is None:
        forms = hazard_forms(hazards.FAMILIES[survival.family])
        form = next(f for f in forms if set(f) == set(survival.arguments))
        dimensions = {name: _DIMENSIONS[kind] for name, kind in form.items()}
    for name, argument in survival.arguments.items():
        needed = dimensions[name] if survival.scale is None or survival.table else NUMBER
        for formula in argument if isinstance(argument, tuple) else (argument,):
            yield Use(f"{place}.survival", formula, needed)


_ALLOWED = {"time": ("time", "cycle"), "branch": tuple(_BUILT_IN)}
_SCOPES = ("strategies", "groups", "periods")
_DEEPEST = 400  # levels of formulas within formulas: evaluation is recursive


class Dimensions(Mapping):
    """Dimension of each name in one context (strategy, group, period); follows bindings.

    reached: (section, name) of every definition that was read.
    """

    def __init__(self, scenario: Scenario, scopes: tuple[Mapping[str, Formula], ...], varies: str, damaged=frozenset()):
        self.scenario, self.scopes, self.varies, self.damaged = scenario, scopes, varies, damaged
        self.reached: set[tuple[str, str]] = set()
        self._open: dict[str, int] = {}
        self._known: dict[str, object] = {}

    def __getitem__(self, name: str):
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str):
        for section, scope in zip(_SCOPES, self.scopes):
            if name in scope:
                self.reached.add((section, name))
                return self._follow(name, scope[name])
        self.reached.add(("parameters", name))
        parameter = self.scenario.parameters.get(name)
        if parameter is not None:
            return self._follow(name, parameter.formula) if parameter.formula else parameter.unit.dimension
        if name in self.scenario.tables:
            return self.scenario.tables[name]
        if name in _ALLOWED.get(self.varies, ()):
            return _BUILT_IN[name]
        if name in self.damaged:
            return None
        raise UnitError(self._unknown(name))

    def _follow(self, name: str, formula: Formula):
        if name in self._open:
            path = list(self._open)
            raise UnitError(f"'{name}' is defined by itself: {' -> '.join([*path[path.index(name) :], name])}")
        self._open[name] = formula.depth + 4
        if sum(self._open.values()) > _DEEPEST:
            first = next(iter(self._open))
            self._open.clear()
            raise UnitError(f"'{first}' is nested too deeply: it leads through {name} and many other names")
        try:
            return formula.dimension(self)
        finally:
            self._open.pop(name, None)

    def _unknown(self, name: str) -> str:
        if name in ("waited", "time_since_entry"):
            return f"'{name}' can be used in the probabilities of a chance node only"
        if name in BUILT_IN:
            return (
                f"'{name}' can be used in rates and probabilities only; to let a price or a hazard ratio change "
                "over time, state 'periods'"
            )
        bound = {
            section: [key for key, bindings in owners.items() if name in bindings]
            for section, owners in _owners(self.scenario).items()
        }
        for section, keys in bound.items():
            if keys and self.scopes:
                missing = [key for key in _owners(self.scenario)[section] if key not in keys]
                if not missing:
                    return (
                        f"'{name}' is bound by {section}, and nothing changes over time here: give it in 'strategies', "
                        "'groups' or 'parameters'"
                    )
                return f"'{name}' is bound in {section} {', '.join(keys)}, but not in {', '.join(missing)}"
            if keys:
                return f"'{name}' is bound in {section}, and cannot be used here: only parameters can"
        known = [
            *dict.fromkeys(n for scope in self.scopes for n in scope),
            *self.scenario.parameters,
            *self.scenario.tables,
        ]
        return (
            f"unknown name '{name}'.{did_you_mean(name, known)} Names come from parameters, strategies, groups, periods"
        )

    def __iter__(self):
        return iter(self.scenario.parameters)

    def __len__(self):
        return len(self.scenario.parameters)


def _owners(scenario: Scenario) -> dict[str, dict[str, Mapping[str, Formula]]]:
    owners = (scenario.strategies, scenario.groups, {p.key: p for p in scenario.periods})
    return {section: {key: owner.bindings for key, owner in some.items()} for section, some in zip(_SCOPES, owners)}


def check_names(scenario: Scenario, problems: Problems) -> set[tuple[str, str]]:
    """Report unknown names and units that do not fit; return (section, name) of every definition the model reads."""
    reached = {("parameters", t.survival.table) for t in scenario.transitions if t.survival and t.survival.table}
    contexts: dict = {}
    for use in uses(scenario):
        for where, scopes in _contexts(scenario, use):
            known = contexts.setdefault(
                (where, use.outside, use.varies), Dimensions(scenario, scopes, use.varies, problems.damaged)
            )
            message = _fault(use, known)
            reached |= known.reached
            if message:
                _report(scenario, problems, use.place, message + (f" ({where})" if _bound(use, scopes) else ""))
                break
    for name, parameter in scenario.parameters.items():
        if parameter.formula is not None:
            _check_parameter(scenario, name, problems)
    return reached


def _bound(use: Use, scopes) -> bool:
    """The formula means something else in another strategy, group or period."""
    return any(name in scope for scope in scopes for name in use.formula.names)


def _contexts(scenario: Scenario, use: Use):
    """(description, scopes from the innermost) for every group, strategy and period in which the use is read."""
    groups = [(f"group {g.key}", g.bindings) for g in scenario.groups.values()]
    if use.outside:
        yield "", ()
        return
    periods = scenario.periods if use.varies and scenario.periods else (Period("", 0, 0, {}),)
    for strategy in scenario.strategies.values():
        for group, group_bindings in groups:
            for period in periods:
                words = [
                    f"strategy {strategy.key}",
                    group if len(groups) > 1 else "",
                    f"period {period.key}" if period.key else "",
                ]
                yield ", ".join(w for w in words if w), (strategy.bindings, group_bindings, period.bindings)


def _fault(use: Use, known: Dimensions) -> str:
    try:
        found = use.formula.dimension(known)
    except UnitError as error:
        return str(error)
    if found is None or found == use.needed:
        return ""
    hint = {
        MONEY_PER_TIME: "such as '100 USD per day'",
        PER_TIME: "such as '0.1 per year'",
        MONEY: "such as '100 USD'",
        TIME: "such as '0.07 QALY' or '3 days'",
        NUMBER: "such as a probability, utility or ratio",
    }
    hint = hint[use.needed].replace("USD", known.scenario.currency)
    if use.place.endswith(".survival"):
        hint = "or a unit of time behind the distribution, such as 'weibull(shape=1.2, scale=14) in months'"
    return f"needs {use.needed} ({hint}), found {found} in '{use.formula.text}'"


def _check_parameter(scenario: Scenario, name: str, problems: Problems) -> None:
    """A formula of parameters reads parameters only, and its stated unit is the one that follows."""
    parameter, known = scenario.parameters[name], Dimensions(scenario, (), "", problems.damaged)
    try:
        found = parameter.formula.dimension(known)
    except UnitError as error:
        return _report(scenario, problems, f"parameters.{name}.value", str(error))
    if parameter.unit.text and found is not None and found != parameter.unit.dimension:
        _report(
            scenario,
            problems,
            f"parameters.{name}.value",
            f"its unit is '{parameter.unit.text}' ({parameter.unit.dimension}), but '{parameter.formula.text}' "
            f"gives {found}",
        )
    return None


def _report(scenario: Scenario, problems: Problems, place: str, message: str) -> None:
    problems.say(f"{scenario.line(place)}: {message}")


def places_by_name(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Where each name is read directly, for the parameter table."""
    found: dict[str, list[str]] = {}
    listed = [(use.place, use.formula) for use in uses(scenario)]
    for kind, owners in (
        ("strategies", scenario.strategies),
        ("groups", scenario.groups),
        ("periods", {p.key: p for p in scenario.periods}),
    ):
        listed += [(f"{kind}.{key}.{name}", f) for key, owner in owners.items() for name, f in owner.bindings.items()]
    listed += [(f"parameters.{p.name}", p.formula) for p in scenario.parameters.values() if p.formula]
    for place, formula in listed:
        for name in formula.names:
            if place not in found.setdefault(name, []):
                found[name].append(place)
    return {name: tuple(places) for name, places in found.items()}
