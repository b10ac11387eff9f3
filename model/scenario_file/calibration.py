"""The `calibration:` section: what may vary, and what must be met; and a parameter with other arguments."""

from __future__ import annotations

import dataclasses

from model import distributions, formula
from model.scenario import Calibration, Parameter, Scenario, Target
from model.scenario_file.nodes import Node, Problems, did_you_mean
from model.scenario_file.schema import number
from model.scenario_file.structure import Reader
from model.units import limits_in_words

# What a measure needs, and what it may have.
NEEDS = {
    "median survival": (),
    "occupancy": ("states", "at"),
    "total": ("outcome",),
    "icer": (),
    "probability cost-effective": ("wtp",),
}
MAY_HAVE = {"icer": ("comparator",)}
LOCATION = ("mean", "median")


def parts(key: str) -> list[tuple[str, str]]:
    """(parameter, argument or nothing) of a key of `vary`: 'c_a.cv, c_b.cv' -> [('c_a', 'cv'), ('c_b', 'cv')]."""
    return [(name, argument) for name, _, argument in (part.strip().partition(".") for part in key.split(","))]


def arguments_of(parameter: Parameter) -> tuple[str, dict[str, float]]:
    """Family and arguments by name of a parameter's distribution."""
    family, positional, named = formula.parse_call(parameter.text)
    trees = {**dict(zip(distributions.FORMS[family][0], positional)), **named}
    return family, {name: formula.constant(tree) for name, tree in trees.items()}


def argument_meant(parameter: Parameter, argument: str) -> str:
    """The argument of the distribution that a key stands for: a parameter's name alone means its mean or median."""
    if argument or parameter.distribution is None:
        return argument
    return next((a for a in LOCATION if a in arguments_of(parameter)[1]), "")


def with_arguments(parameter: Parameter, values: dict[str, float]) -> Parameter:
    """The parameter with other arguments of its distribution; with the key '' another value (mean or median).

    The base value follows the mean or median. DistributionError where the arguments do not go together.
    """
    if parameter.distribution is None:
        return dataclasses.replace(parameter, base=values[""])
    family, arguments = arguments_of(parameter)
    values = {argument_meant(parameter, argument): value for argument, value in values.items()}
    arguments |= values
    base = next((values[a] for a in LOCATION if a in values), parameter.base)
    text = f"{family}({', '.join(f'{name}={value:.8g}' for name, value in arguments.items())})"
    return dataclasses.replace(parameter, distribution=distributions.make(family, (), arguments), base=base, text=text)


def read_calibration(section: Node | None, scenario: Scenario, problems: Problems) -> Calibration | None:
    """The section checked against the scenario it stands in (which has no errors); None where there is none."""
    if section is None:
        return None
    if not section.get("vary").value:
        problems.add(section.get("vary"), "names no parameter that may vary")
    vary, fixed, taken = {}, [], set()
    for key, node in section.get("vary").items():
        bounds = _bounds(node, problems)
        for name, argument in parts(key):
            _check_varied(node, name, argument, bounds, scenario, taken, problems)
        loose = [(n, a) for n, a in parts(key) if a and n in scenario.parameters and _is_fixed(scenario.parameters[n])]
        fixed += [".".join(part) for part in loose]
        if kept := ", ".join(".".join(filter(None, part)) for part in parts(key) if part not in loose):
            vary[kept] = bounds
    if not section.get("targets").value:
        problems.add(section.get("targets"), "names no target")
    targets = [_target(key, node, scenario, problems) for key, node in section.get("targets").items()]
    return Calibration(vary, tuple(targets), tuple(fixed))


def _is_fixed(parameter: Parameter) -> bool:
    return parameter.distribution is None and parameter.formula is None and parameter.joint is None


def _bounds(node: Node, problems: Problems) -> tuple[float, float]:
    low, high = number(node.get("from"), problems), number(node.get("to"), problems)
    if low >= high:
        problems.add(node, f"'from' ({low:g}) must be below 'to' ({high:g})")
    return low, high


def _check_varied(node, name: str, argument: str, bounds, scenario: Scenario, taken: set, problems: Problems) -> None:
    known = scenario.parameters.get(name)
    if known is None:
        problems.unknown(node, "parameter", name, [n for n, p in scenario.parameters.items() if p.formula is None])
    elif known.formula is not None:
        problems.add(
            node,
            f"'{name}' is a formula ({known.formula.text}); vary what it is made of: "
            f"{', '.join(sorted(known.formula.names))}",
        )
    elif known.joint is not None:
        problems.add(node, f"'{name}' is drawn together with others ({known.joint}), so it cannot be varied alone")
    elif not (argument and _is_fixed(known)):
        _check_argument(node, known, argument, bounds, taken, problems)


def _check_argument(node, parameter: Parameter, argument: str, bounds, taken: set, problems: Problems) -> None:
    name, meant = parameter.name, argument_meant(parameter, argument)
    if parameter.distribution is not None:
        arguments = arguments_of(parameter)[1]
        if not meant:
            problems.add(
                node,
                f"'{name}' has the distribution {parameter.text}: say which of its arguments varies, such as "
                f"'{name}.{next(iter(arguments))}'",
            )
            return
        if meant not in arguments:
            problems.add(
                node,
                f"{parameter.text} has no argument '{meant}'.{did_you_mean(meant, arguments)} Allowed: "
                f"{', '.join(arguments)}",
            )
            return
    if (name, meant) in taken:
        problems.add(node, f"'{'.'.join(filter(None, (name, meant)))}' is varied twice")
    taken.add((name, meant))
    _check_ends(node, parameter, meant, bounds, problems)


def _check_ends(node: Node, parameter: Parameter, argument: str, bounds, problems: Problems) -> None:
    """Both bounds must be possible, other things being as they are."""
    low, high = parameter.unit.limits
    for end in bounds:
        try:
            base = with_arguments(parameter, {argument: end}).base
        except distributions.DistributionError as error:
            problems.add(node, f"the bound {end:g} is not possible: {error}")
            return
        if not low <= base <= high:
            problems.add(
                node,
                f"the bound {end:g} is outside what a '{parameter.unit.text}' can be (allowed: {limits_in_words(low, high)})",
            )
            return


def _target(key: str, node: Node, scenario: Scenario, problems: Problems) -> Target:
    reader = Reader(scenario.currency, scenario.time.day, {}, problems)
    measure = reader.text(node, "measure")
    _check_fields(node, measure, problems)
    _check_known(node, measure, scenario, problems)
    read = reader.length if measure == "median survival" else (lambda n: None if n is None else number(n, problems))
    value, error, at = read(node.get("value")), read(_error(node)), reader.length(node.get("at"))
    if error is not None and error <= 0:
        problems.add(_error(node), f"'{_error(node).value}' must be above 0")
    for when, field in ((at, "at"), (value if measure == "median survival" else None, "value")):
        if when is not None and not 0 <= when <= scenario.time.horizon:
            problems.add(
                node.get(field),
                f"'{node.get(field).value}' is not within the horizon ({scenario.time.horizon:g} "
                f"{scenario.time.unit}s)",
            )
    return Target(
        key,
        measure,
        value or 0.0,
        error or 1.0,
        reader.text(node, "strategy"),
        reader.text(node, "group", "all"),
        _listed(node, "states"),
        at or 0.0,
        reader.text(node, "outcome", "qaly"),
        _comparator(node, scenario),
        (number(node.get("wtp"), problems) or 0.0) if "wtp" in node else 0.0,
        reader.text(node, "source"),
    )


def _error(node: Node) -> Node | None:
    return node.get("tolerance") or node.get("standard error")


def _listed(node: Node, key: str) -> tuple[str, ...]:
    return tuple(n.value for n in node.get(key).value) if key in node else ()


def _check_fields(node: Node, measure: str, problems: Problems) -> None:
    """The fields go with the measure: none is missing, and none would not be read."""
    needs = NEEDS[measure]
    for field in needs:
        if field not in node:
            problems.add(node, f"'{field}' is missing: the measure '{measure}' needs it")
    special = {f for fields in (*NEEDS.values(), *MAY_HAVE.values()) for f in fields}
    for field in sorted(special - {*needs, *MAY_HAVE.get(measure, ())}):
        if field in node:
            problems.add(node.get(field), f"'{field}' does not go with the measure '{measure}'")
    if ("tolerance" in node) == ("standard error" in node):
        problems.add(node, "needs either 'tolerance' or 'standard error'")


def _check_known(node: Node, measure: str, scenario: Scenario, problems: Problems) -> None:
    """What the target names is in the scenario."""
    groups = dict.fromkeys(["all", *scenario.groups])
    outcomes = ["cost", "qaly", "life_years", *(f"cost: {c}" for c in scenario.components), *scenario.effects]
    for field, known in (
        ("strategy", scenario.strategies),
        ("comparator", scenario.strategies),
        ("group", groups),
        ("outcome", outcomes),
        ("source", scenario.sources),
    ):
        if field in node and node.get(field).value not in known:
            problems.unknown(node.get(field), field, node.get(field).value, known)
    stays = [key for key, state in scenario.states.items() if not state.chance]
    for state in _listed(node, "states"):
        if state not in stays:
            problems.unknown(node.get("states"), "state", state, stays)
    if measure == "median survival" and not scenario.dead_states:
        problems.add(node, "no state of this scenario is dead, so there is no survival")
    if measure == "probability cost-effective" and not any(p.sampled for p in scenario.parameters.values()):
        problems.add(node, "no parameter has a distribution, so there is no probability")
    if measure == "icer" and node.get("strategy").value == _comparator(node, scenario):
        problems.add(node, f"'{node.get('strategy').value}' is compared with itself")


def _comparator(node: Node, scenario: Scenario) -> str:
    if "comparator" in node:
        return node.get("comparator").value
    return scenario.reference or next(iter(scenario.strategies))
