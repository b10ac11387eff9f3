"""The `calibration:` section: what may vary, and what must be met."""

from __future__ import annotations

from model import distributions, formula
from model.distributions import Distribution
from model.scenario import Calibration, Parameter, Scenario, Target
from model.scenario_file.arguments import argument_meant, arguments_of, parts, with_arguments
from model.scenario_file.nodes import List, Map, Node, Text
from model.scenario_file.parameters import stated
from model.scenario_file.problems import Problems
from model.scenario_file.published import read_result
from model.scenario_file.schema import number
from model.suggestions import did_you_mean

Bounds = tuple[float, float]


def read_calibration(root: Map, scenario: Scenario, problems: Problems) -> Calibration | None:
    """The section checked against the scenario it stands in (which has no errors); None where there is none."""
    if "calibration" not in root:
        return None
    section = root.section("calibration")
    if not section.section("vary").fields:
        problems.add(section.at("vary"), "names no parameter that may vary")
    vary: dict[str, Bounds] = {}
    priors: dict[str, Distribution] = {}
    fixed, taken, logs = list[str](), set[tuple[str, str]](), set[str]()
    for key, node in section.section("vary").maps():
        bounds = _bounds(node, problems)
        for name, argument in parts(key):
            _check_varied(node, name, argument, bounds, scenario, taken, problems)
        loose = [(n, a) for n, a in parts(key) if a and n in scenario.parameters and _is_fixed(scenario.parameters[n])]
        fixed += [".".join(part) for part in loose]
        if kept := ", ".join(".".join(filter(None, part)) for part in parts(key) if part not in loose):
            vary[kept] = bounds
            if node.text("scale") == "log":
                logs.add(kept)
            if (prior := _prior(key, node, scenario, problems)) is not None:
                priors[kept] = prior
    return Calibration(vary, _targets(section, scenario, problems), tuple(fixed), frozenset(logs), priors)


def _targets(section: Map, scenario: Scenario, problems: Problems) -> tuple[Target, ...]:
    """Those of the section, and the entries of `published` that it names, as they are compared."""
    targets: list[tuple[Target, Node]] = [
        (read_result(key, node, scenario, problems), node) for key, node in section.section("targets").maps()
    ]
    targets += _of_published(section.get("published"), scenario, problems)
    if not targets:
        problems.add(section.at("targets"), "names no target")
    twice = {t.key for i, (t, _) in enumerate(targets) if t.key in {other.key for other, _ in targets[:i]}}
    for target, node in targets:
        if target.key in twice:
            problems.add(node, f"'{target.key}' is a target twice: as an entry of 'targets' and of 'published'")
        _check_target(target, node, scenario, problems)
    return tuple(target.scored() for target, _ in targets)


def _of_published(node: Node | None, scenario: Scenario, problems: Problems) -> list[tuple[Target, Node]]:
    if node is None:
        return []
    known = {target.key: target for target in scenario.published}
    if isinstance(node, Text):
        if node.value != "all":
            problems.add(node, f"'{node.value}': write a list of entries of 'published', or 'all'")
        return [(target, node) for target in known.values()]
    entries = node.texts if isinstance(node, List) else ()
    for entry in entries:
        if any(curve.key == entry.value for curve in scenario.published_curves):
            problems.add(
                entry, f"'{entry.value}' is a curve; a target is a single result, such as a median or an occupancy"
            )
        elif entry.value not in known:
            problems.unknown(entry, "entry of 'published'", entry.value, known)
    return [(known[entry.value], entry) for entry in entries if entry.value in known]


def _check_target(target: Target, node: Node, scenario: Scenario, problems: Problems) -> None:
    """What a result needs to be met beside what it needs to be shown."""
    if not target.has_error:
        about = "" if isinstance(node, Map) else f"'{target.key}' "
        problems.add(node, f"{about}needs either 'tolerance', 'standard error' or (of patients) 'n'")
    if target.is_median and (why := scenario.comes_back(target.states)):
        problems.add(node, f"the cohort engine, which calibrates, cannot tell the median of '{target.of}': {why}")


def _prior(key: str, node: Map, scenario: Scenario, problems: Problems) -> Distribution | None:
    """What is known of a value beside the targets."""
    text = node.get("prior")
    if not isinstance(text, Text):
        return None
    (name, argument), *others = parts(key)
    parameter = scenario.parameters.get(name)
    if others or argument:
        problems.add(text, f"a prior is for one parameter varied by its name; found '{key}'")
        return None
    if text.value != "own":
        return _matching(node, _stated_prior(text, problems), problems)
    if parameter is not None and parameter.distribution is None:
        problems.add(text, f"'{name}' has no distribution of its own: state one, such as 'normal(mean=1, se=0.2)'")
    return _matching(node, parameter.distribution if parameter is not None else None, problems)


def _matching(node: Map, prior: Distribution | None, problems: Problems) -> Distribution | None:
    """On the scale on which the value is searched the prior must be normal, or its density would not be what is minimised."""
    log = node.text("scale") == "log"
    wanted = "lognormal" if log else "normal"
    if prior is None or prior.name == wanted:
        return prior
    problems.add(
        node.at("prior"),
        f"a prior {'with' if log else 'without'} 'scale: log' must be {wanted}, found {prior.name}; state one, such as "
        + ("'lognormal(median=1, sdlog=0.3)'" if log else "'normal(mean=1, se=0.2)'")
        + (", or 'scale: log'" if prior.name == "lognormal" else ""),
    )
    return None


def _stated_prior(text: Text, problems: Problems) -> Distribution | None:
    try:
        prior = stated(text.value)
    except (formula.FormulaError, distributions.DistributionError) as error:
        problems.add(text, str(error))
        return None
    if isinstance(prior, Distribution):
        return prior
    problems.add(text, f"{prior.name} draws {prior.size} numbers together; a prior is of one")
    return None


def _is_fixed(parameter: Parameter) -> bool:
    return parameter.distribution is None and parameter.formula is None and parameter.joint is None


def _bounds(node: Map, problems: Problems) -> Bounds:
    low, high = (number(node.at(key), problems) or 0.0 for key in ("from", "to"))
    if low >= high:
        problems.add(node, f"'from' ({low:g}) must be below 'to' ({high:g})")
    elif low <= 0 and node.text("scale") == "log":
        problems.add(node.at("from"), f"'{low:g}' has no logarithm: with 'scale: log' the bounds must be above 0")
    return low, high


def _check_varied(
    node: Node,
    name: str,
    argument: str,
    bounds: Bounds,
    scenario: Scenario,
    taken: set[tuple[str, str]],
    problems: Problems,
) -> None:
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


def _check_argument(
    node: Node, parameter: Parameter, argument: str, bounds: Bounds, taken: set[tuple[str, str]], problems: Problems
) -> None:
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


def _check_ends(node: Node, parameter: Parameter, argument: str, bounds: Bounds, problems: Problems) -> None:
    """Both bounds must be possible, other things being as they are."""
    low, high = parameter.unit.limits
    for end in bounds:
        try:
            base = with_arguments(parameter, {argument: end}).base
        except distributions.DistributionError as error:
            problems.add(node, f"the bound {end:g} is not possible: {error}")
            return
        if base is not None and not low <= base <= high:
            problems.add(node, f"the bound {end:g} {parameter.unit.outside}")
            return
