"""Every name is known, every unit fits, and nothing stands in the file that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model import hazards
from model.dependencies import CircleError, in_order
from model.formula import BUILT_IN, Formula, Table, parse
from model.scenario import Branch, Partition, PerCycle, Period, Rate, Scenario, State, Survival, TimeToEvent, Transition
from model.scenario_file.problems import Problems
from model.scenario_file.survival import hazard_forms
from model.suggestions import did_you_mean
from model.units import MONEY, MONEY_PER_TIME, NUMBER, PER_TIME, TIME, Dimension, UnitError

_DIMENSIONS = {"number": NUMBER, "time": TIME, "per time": PER_TIME}
_BUILT_IN = {
    "time": TIME,
    "cycle": NUMBER,
    "waited": TIME,
    "time_in_state": TIME,
    "cycle_in_state": NUMBER,
    "time_at_entry": TIME,
}


@dataclass(frozen=True)
class Use:
    """One formula of the model and the dimension that its place needs; None where it is the name of a life table, or of one of
    survival by time."""

    place: str
    formula: Formula
    needed: Dimension | None
    # May use 'time', 'ratio', 'price': time and periods; 'stay': time in state and its like too; 'in state': time in state too;
    # 'branch': waiting too; 'period': periods; '': neither.
    varies: str = ""
    outside: bool = False  # evaluated without strategy and period (weights of groups)
    curves: bool = False  # may read survival curves
    survival: bool = False  # the table is one of survival by time

    @property
    def names_table(self) -> bool:
        return self.needed is None


def uses(scenario: Scenario) -> Iterator[Use]:
    """Every formula that enters the model directly."""
    for group in scenario.groups.values():
        yield Use(f"groups.{group.key}.weight", group.weight, NUMBER, outside=True)
    for key, state in scenario.states.items():
        place = f"states.{key}"
        yield from _maybe(f"{place}.start", state.start, NUMBER)
        if state.share is not None:
            yield Use(f"{place}.share", state.share, NUMBER, curves=True)
        yield from _maybe(f"{place}.utility", state.utility, NUMBER, "in state")
        yield from _maybe(f"{place}.entry qaly", state.entry_qaly, TIME, "price")
        yield from _paid_in_state(place, state)
        yield from _money(f"{place}.entry cost", state.entry_costs, MONEY)
    for move in scenario.transitions:
        place = f"transitions.{move.label}"
        yield from _how(place, move)
        yield from _maybe(f"{place}.qaly", move.qaly, TIME, "price")
        yield from _money(f"{place}.cost", move.costs, MONEY)
        if isinstance(move, TimeToEvent):
            yield from _survival(place, move.survival)
    if scenario.partition is not None:
        yield from _of_curves(scenario.partition)
    for effect in scenario.effects.values():
        for name, weight in effect.states.items():
            yield from _maybe(f"effects.{effect.key}.time in.{name}", weight, NUMBER, "price")
    if scenario.severity is not None:
        yield Use("severity.age", scenario.severity.age, TIME)
        yield Use("severity.female", scenario.severity.female, NUMBER)


def _paid_in_state(place: str, state: State) -> Iterator[Use]:
    for component, formula in state.costs.items():
        field, limit = f"{place}.cost.{component}", state.limits.get(component)
        yield Use(
            field if limit is None else f"{field}.amount", formula, MONEY_PER_TIME, "price" if limit else "in state"
        )
        yield from _maybe(f"{field}.for at most", limit, TIME)
    for component, schedule in state.schedules.items():
        field = f"{place}.cost.{component}"
        yield Use(f"{field}.amount", schedule.amount, MONEY, "price")
        yield Use(f"{field}.every", schedule.every, TIME)
        yield from _maybe(f"{field}.at most", schedule.at_most, NUMBER)


def _of_curves(partition: Partition) -> Iterator[Use]:
    for key, curve in partition.curves.items():
        yield from _survival(f"curves.{key}", curve.survival)
    for portion in partition.portions:
        yield Use(f"{portion.place}.amount", portion.amount, MONEY_PER_TIME, "price")
        yield Use(f"{portion.place}.share", portion.share, NUMBER, curves=True)
    for fall in partition.falls:
        yield Use(fall.place, fall.cost, MONEY, "price")


def _how(place: str, transition: Transition) -> Iterator[Use]:
    """The rate or probability of a transition; a time to event has several formulas, see `_survival`."""
    match transition:
        case Rate(rate=rate):
            yield Use(f"{place}.rate", rate, PER_TIME, "time")
        case Branch(probability=probability):
            yield from _maybe(f"{place}.probability", probability, NUMBER, "branch")
        case PerCycle(probability=probability):
            yield from _maybe(f"{place}.probability per cycle", probability, NUMBER, "stay")


def _maybe(place: str, formula: Formula | None, needed: Dimension, varies: str = "") -> Iterator[Use]:
    if formula is not None:
        yield Use(place, formula, needed, varies)


def _money(place: str, parts: Mapping[str, Formula], needed: Dimension) -> Iterator[Use]:
    for component, formula in parts.items():
        yield Use(f"{place}.{component}", formula, needed, "price")


def _survival(place: str, survival: Survival) -> Iterator[Use]:
    yield from _maybe(f"{place}.hazard ratio", survival.ratio, NUMBER, "ratio")
    yield from _maybe(f"{place}.acceleration factor", survival.acceleration, NUMBER)
    for one in (survival, survival.plus, survival.floor):
        if one is not None:
            yield from _distribution(f"{place}.{one.field}", one)


def _distribution(place: str, survival: Survival) -> Iterator[Use]:
    if survival.table is not None:
        yield Use(place, parse(survival.table), None, survival=survival.family == "kaplan_meier")
    dimensions = _argument_dimensions(survival)
    for name, argument in survival.arguments.items():
        if isinstance(argument, Survival):
            yield from _distribution(place, argument)
        elif not isinstance(argument, str):
            needed = dimensions[name] if survival.scale is None or survival.family == "life_table" else NUMBER
            for formula in argument if isinstance(argument, tuple) else (argument,):
                yield Use(place, formula, needed)


def _argument_dimensions(survival: Survival) -> dict[str, Dimension]:
    if survival.table is not None:
        return {"age": TIME, "after": TIME}
    form = next(f for f in hazard_forms(hazards.FAMILIES[survival.family]) if set(f) == set(survival.arguments))
    return {name: _DIMENSIONS[kind] for name, kind in form.items() if kind in _DIMENSIONS}


_ALLOWED = {
    "time": ("time", "cycle", "time_in_state"),
    "price": ("time", "cycle"),
    "in state": ("time", "cycle", "time_in_state"),
    "ratio": ("time", "cycle"),
    "stay": ("time", "cycle", "time_in_state", "cycle_in_state", "time_at_entry"),
    "branch": ("time", "cycle", "waited", "time_in_state"),
}
# What is known of the single patient, and where formulas may read it.
_OF_PATIENTS = {
    "waited": "in the probabilities of a chance node only",
    "time_in_state": "in rates, in the costs and the utility of a state, in probabilities per cycle and in those of a chance node only",
    "cycle_in_state": "in probabilities per cycle only: the number of the cycle since the start is 'cycle'",
    "time_at_entry": "in probabilities per cycle only: the time since the start is 'time'",
}


class PlacedError(UnitError):
    """A fault of the definition that stands at `place`, wherever its name is read."""

    def __init__(self, place: str, message: str):
        super().__init__(message)
        self.place = place


class _FieldError(UnitError):
    """A fault of the field that reads a name: in another field, the definitions on the way would be good."""


class Dimensions(Mapping):
    """Dimension of each name in one context (strategy, group, period); follows bindings.

    scopes: place -> bindings, from the innermost. reached: (section, name) of every definition that was read. readings: by id, of
    formulas that can be read in two ways, the one that fits.
    Reading a name whose definition is wrong raises PlacedError; names in `damaged` are reported already and fit anywhere.
    """

    def __init__(
        self,
        scenario: Scenario,
        scopes: Mapping[str, Mapping[str, Formula]],
        varies: str,
        damaged=frozenset(),
        curves: bool = False,
        readings: dict[int, Formula] | None = None,
    ):
        self.scenario, self.scopes, self.varies, self.damaged = scenario, scopes, varies, damaged
        self.bound = any(place != "definitions" for place in scopes)  # there is a strategy, a group and a period
        self.curves = dict.fromkeys(scenario.partition.curves if scenario.partition else (), curves)
        self.readings = {} if readings is None else readings
        self.reached: set[tuple[str, str]] = set()
        self._known: dict[str, object] = {}

    def __getitem__(self, name: str):
        while name not in self._known:
            try:
                for one in in_order(name, self._needs, self._known):
                    self._known[one] = self._find(one)
            except CircleError as error:
                self._known |= dict.fromkeys(error.path, self._circle(error.path[:-1]))
        found = self._known[name]
        if isinstance(found, UnitError):
            raise found
        return found

    def _meaning(self, name: str) -> tuple[str, Formula] | None:
        """(place, formula) that a name stands for; None where it is no formula."""
        for place, scope in self.scopes.items():
            if name in scope:
                return f"{place}.{name}", scope[name]
        parameter = self.scenario.parameters.get(name)
        if parameter is None or parameter.formula is None or name in self.damaged:
            return None
        return f"parameters.{name}.value", parameter.formula

    def _needs(self, name: str):
        meaning = self._meaning(name)
        return meaning[1].names if meaning else ()

    def _find(self, name: str):
        """Dimension, table, or the error of reading the name; None fits anywhere."""
        meaning = self._meaning(name)
        self.reached.add((meaning[0].split(".")[0] if meaning else "parameters", name))
        try:
            return self._of(meaning[1]) if meaning else self._number(name)
        except (PlacedError, _FieldError) as error:
            return error
        except UnitError as error:
            return PlacedError(meaning[0], str(error)) if meaning else error

    def _number(self, name: str):
        if name in self.damaged:
            return None
        if self.curves.get(name):
            return NUMBER
        if name in self.scenario.parameters:
            return self.scenario.parameters[name].unit.dimension
        if name in self.scenario.tables:
            return self.scenario.tables[name]
        if name in _ALLOWED.get(self.varies, ()) and not (self.curves and name == "time_in_state"):
            return _BUILT_IN[name]
        by_period = self.bound and any(name in p.bindings for p in self.scenario.periods)
        of_the_field = by_period or (bool(self.scopes) and name in BUILT_IN)
        raise (_FieldError if of_the_field else UnitError)(self._unknown(name))

    def _circle(self, names: tuple[str, ...]) -> PlacedError:
        """One error for all names of a circle, the same wherever it is entered."""
        first = names.index(min(names))
        path = [*names[first:], *names[:first], names[first]]
        shown = path if len(path) <= 12 else [*path[:5], f"... {len(path) - 7} more ...", *path[-2:]]
        meaning = self._meaning(path[0])
        place = meaning[0] if meaning else f"parameters.{path[0]}"
        return PlacedError(place, f"'{path[0]}' is defined by itself: {' -> '.join(shown)}")

    def _of(self, formula: Formula):
        """Dimension of a formula; the table itself where it is the name of one, such as `mort: mort_men`."""
        (name,) = formula.names if len(formula.names) == 1 else ("",)
        if formula.text == name and isinstance(self[name], Table):
            return self[name]
        return self.of(formula)

    def of(self, formula: Formula) -> Dimension | None:
        """Dimension of a formula; how its unit was read is kept in `readings`."""
        read = formula.reading(self)
        if read is not formula and self.readings.setdefault(id(formula), read) != read:
            raise UnitError(
                f"the unit at the end of '{formula.text}' belongs to the last number in one place and to the whole in another, as its "
                "names have other units there: write brackets"
            )
        return read.dimension(self)

    def _not_here(self, name: str) -> str:
        """Why a name that exists in other fields cannot stand in this one; nothing where there is none such."""
        if name in self.curves:
            return f"'{name}' is a survival curve, which can be read in the 'share' of a state or of its cost only"
        if self.curves and name in BUILT_IN:
            return (
                f"'{name}' cannot be used with 'curves', which say how many are in a state, and not since when: let a price change "
                "with 'time', and a hazard ratio by 'periods'"
            )
        if name in _OF_PATIENTS:
            return f"'{name}' can be used {_OF_PATIENTS[name]}"
        if name in BUILT_IN:
            return (
                f"'{name}' can be used in rates, probabilities, hazard ratios, costs and utilities only: an acceleration factor "
                "stretches the time to an event as a whole"
            )
        return ""

    def _unknown(self, name: str) -> str:
        if name == "rest":
            return "'rest' stands alone, as the 'probability' of a branch of a chance node or a 'probability per cycle'"
        if not_here := self._not_here(name):
            return not_here
        bound = {
            section: [key for key, bindings in owners.items() if name in bindings]
            for section, owners in _owners(self.scenario).items()
        }
        for section, keys in bound.items():
            if keys and section == "periods" and self.bound and not self.varies:
                return (
                    f"'{name}' is bound in periods ({', '.join(keys)}), but this field does not change over time: it needs "
                    "one value, bound in strategies, groups or parameters"
                )
            if keys and self.bound:
                missing = [key for key in _owners(self.scenario)[section] if key not in keys]
                if not missing:
                    return (
                        f"'{name}' is bound by {section}, and nothing changes over time here: give it in 'strategies', "
                        "'groups' or 'parameters'"
                    )
                return f"'{name}' is bound in {section} {', '.join(keys)}, but not in {', '.join(missing)}"
            if keys:
                return f"'{name}' is bound in {section}, and cannot be used here: only parameters can"
        if name in self.scenario.definitions:
            return f"'{name}' is one of 'definitions', which parameters cannot read: state it in 'parameters' too, or this one in 'definitions'"
        known = [
            *dict.fromkeys(n for scope in self.scopes.values() for n in scope),
            *self.scenario.parameters,
            *self.scenario.tables,
            *(key for key, readable in self.curves.items() if readable),
        ]
        return f"unknown name '{name}'.{did_you_mean(name, known)} Names come from parameters, strategies, groups, periods, definitions"

    def __iter__(self):
        return iter(self.scenario.parameters)

    def __len__(self):
        return len(self.scenario.parameters)


def _owners(scenario: Scenario) -> dict[str, dict[str, Mapping[str, Formula]]]:
    return {
        "strategies": {key: strategy.bindings for key, strategy in scenario.strategies.items()},
        "groups": {key: group.bindings for key, group in scenario.groups.items()},
        "periods": {period.key: period.bindings for period in scenario.periods},
    }


@dataclass(frozen=True)
class Checked:
    """reached: (section, name) of every definition the model reads; readings: by id, how formulas of two readings are read."""

    reached: set[tuple[str, str]]
    readings: dict[int, Formula]


def check_names(scenario: Scenario, problems: Problems) -> Checked:
    """Report unknown names and units that do not fit."""
    reached: set[tuple[str, str]] = set()
    readings: dict[int, Formula] = {}
    _check_parameters(scenario, problems, readings)
    contexts: dict = {}
    for use in uses(scenario):
        for where, scopes in _contexts(scenario, use):
            known = contexts.setdefault(
                (where, use.outside, use.varies, use.curves),
                Dimensions(scenario, scopes, use.varies, problems.damaged, use.curves, readings),
            )
            fault = _fault(use, known)
            reached |= known.reached
            if isinstance(fault, PlacedError):
                _report(scenario, problems, fault.place, str(fault))
                break
            if fault:
                suffix = f" ({where})" if where and _bound(use, scopes) else ""
                _report(scenario, problems, use.place, f"{fault}{suffix}")
                break
    _check_definitions(scenario, problems, reached, readings)
    return Checked(reached, readings)


def _check_definitions(scenario: Scenario, problems: Problems, reached, readings: dict[int, Formula]) -> None:
    """A definition has a name of its own; one that nothing reads is looked at too, in the first strategy, group and period."""
    curves = scenario.partition.curves if scenario.partition else {}
    for name in scenario.definitions:
        if kinds := [
            kind
            for kind, of in (("parameter", scenario.parameters), ("table", scenario.tables), ("curve", curves))
            if name in of
        ]:
            _report(
                scenario,
                problems,
                f"definitions.{name}",
                f"'{name}' is the name of a {kinds[0]} too; choose another name",
            )
    for name in scenario.definitions:
        if ("definitions", name) not in reached:
            use = Use("", parse(name), None, "branch", curves=bool(curves))
            scopes: Mapping[str, Mapping[str, Formula]] = next((found for _, found in _contexts(scenario, use)), {})
            try:
                Dimensions(scenario, scopes, use.varies, problems.damaged, use.curves, readings)[name]
            except PlacedError as error:
                _report(scenario, problems, error.place, str(error))
            except UnitError:
                pass  # what it reads may be read in some fields, and none reads it


def looked_at(
    scenario: Scenario, formula: Formula, needed: Dimension, problems: Problems
) -> tuple[str, set[tuple[str, str]]]:
    """(what is wrong with a formula that does not change over time, in some strategy or group, or nothing; what it reads)."""
    use, reached = Use("", formula, needed), set()
    for _, scopes in _contexts(scenario, use):
        known = Dimensions(scenario, scopes, "", problems.damaged)
        fault = _fault(use, known)
        reached |= known.reached
        if fault:
            return str(fault), reached
    return "", reached


def _bound(use: Use, scopes) -> bool:
    """The formula means something else in another strategy, group or period."""
    return any(name in scope for scope in scopes.values() for name in use.formula.names)


def _contexts(scenario: Scenario, use: Use):
    """(description, scopes from the innermost) for every group, strategy and period in which the use is read."""
    if use.outside:
        yield "", {"definitions": scenario.definitions}
        return
    periods = scenario.periods if use.varies and scenario.periods else (Period("", 0, 0, {}),)
    for strategy in scenario.strategies.values():
        for group in scenario.groups.values():
            for period in periods:
                words = [
                    f"strategy {strategy.key}",
                    f"group {group.key}" if len(scenario.groups) > 1 else "",
                    f"period {period.key}" if period.key else "",
                ]
                scopes = {
                    f"strategies.{strategy.key}": strategy.bindings,
                    f"groups.{group.key}": group.bindings,
                    f"periods.{period.key}": period.bindings,
                    "definitions": scenario.definitions,
                }
                yield ", ".join(w for w in words if w), scopes


def _fault(use: Use, known: Dimensions) -> PlacedError | str:
    if use.needed is None:
        return _table_fault(use.formula.text, known, use.survival)
    try:
        found = known.of(use.formula)
    except PlacedError as error:
        return error
    except UnitError as error:
        return str(error)
    if found is None or found == use.needed:
        return ""
    hints = {
        MONEY_PER_TIME: "such as '100 USD per day'",
        PER_TIME: "such as '0.1 per year'",
        MONEY: "such as '100 USD'",
        TIME: "such as '0.07 QALY' or '3 days'",
        NUMBER: "such as a probability, utility or ratio",
    }
    hint = hints[use.needed].replace("USD", known.scenario.currency)
    if use.place.endswith((".survival", " hazard")):
        hint = "or a unit of time behind the distribution, such as 'weibull(shape=1.2, scale=14) in months'"
    return f"needs {use.needed} ({hint}), found {found} in '{use.formula.text}'"


def _table_fault(name: str, known: Dimensions, survival: bool) -> str:
    tables = known.scenario.tables
    try:
        table = known[name]
    except UnitError as error:
        bound = any(name in bindings for owners in _owners(known.scenario).values() for bindings in owners.values())
        table = error if bound or name in tables else ""
    if table is None:  # could not be read, which is reported already
        return ""
    if isinstance(table, UnitError):
        return str(table)
    if not isinstance(table, Table):
        return f"'{name}' is not a table.{did_you_mean(name, tables)} Tables: {', '.join(tables) or 'none'}"
    if table.at_dimension != TIME:
        column = "time" if survival else "age"
        return f"the table '{table.name}' has no unit of {column}: state 'by unit', such as year"
    if survival:
        return (
            ""
            if table.dimension == NUMBER
            else f"the table '{table.name}' must hold survival, 0 to 1: leave its 'unit' out"
        )
    if table.dimension != PER_TIME:
        return (
            f"the table '{table.name}' must hold rates, found {table.dimension}: state its 'unit', such as 'per year' or "
            "'probability over 1 year'"
        )
    return ""


def _check_parameters(scenario: Scenario, problems: Problems, readings: dict[int, Formula]) -> None:
    """A formula of parameters reads parameters only, and its stated unit is the one that follows."""
    known, wrong = Dimensions(scenario, {}, "", frozenset(problems.damaged), readings=readings), set()
    for name, parameter in scenario.parameters.items():
        if parameter.formula is None:
            continue
        try:
            found = known[name]
        except PlacedError as error:
            _report(scenario, problems, error.place, str(error))
            wrong.add(name)
            continue
        if parameter.unit.text and found is not None and found != parameter.unit.dimension:
            _report(
                scenario,
                problems,
                f"parameters.{name}.value",
                f"its unit is '{parameter.unit.text}' ({parameter.unit.dimension}), but '{parameter.formula.text}' "
                f"gives {found}",
            )
    problems.damaged |= wrong


def _report(scenario: Scenario, problems: Problems, place: str, message: str) -> None:
    problems.say(f"{scenario.line(place)}: {message}")


def places_by_name(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Where each name is read directly, for the parameter table."""
    found: dict[str, list[str]] = {}
    listed = [(use.place, use.formula) for use in uses(scenario)]
    for kind, owners in _owners(scenario).items():
        listed += [(f"{kind}.{key}.{name}", f) for key, bindings in owners.items() for name, f in bindings.items()]
    listed += [(f"definitions.{name}", f) for name, f in scenario.definitions.items()]
    listed += [(f"parameters.{p.name}", p.formula) for p in scenario.parameters.values() if p.formula]
    for place, formula in listed:
        for name in formula.names:
            if place not in found.setdefault(name, []):
                found[name].append(place)
    return {name: tuple(places) for name, places in found.items()}
