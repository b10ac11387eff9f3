"""Read one scenario file into a Scenario."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from model import shipped
from model.instants import is_whole
from model.scenario import Scenario
from model.scenario_file import (
    curves,
    diagram,
    frame,
    lifetime,
    living,
    names,
    patients,
    profile,
    readings,
    structure,
    table_ends,
    ties,
)
from model.scenario_file.base_case import check_base_case
from model.scenario_file.calibration import read_calibration
from model.scenario_file.coherence import check_diagram
from model.scenario_file.correlations import read_correlations
from model.scenario_file.landmarks import read_landmarks
from model.scenario_file.merge import read_merged
from model.scenario_file.named_files import resolved
from model.scenario_file.nodes import Map, Node, Text
from model.scenario_file.parameters import read_parameters
from model.scenario_file.plausible import warn_of_parameters
from model.scenario_file.problems import Problems
from model.scenario_file.published import read_published
from model.scenario_file.published_curves import read_curves
from model.scenario_file.schema import check_file
from model.scenario_file.severity import check_outcome, read_severity
from model.scenario_file.size import warn_of_size
from model.scenario_file.system import read_system
from model.scenario_file.yaml_text import dump
from model.units import days_in


def read(path: str | Path, settings: Sequence[str] = ()) -> Scenario:
    """The scenario in `path`, with `settings` ('name=value') laid over it; a shipped one where no such file is there.

    Raises ScenarioError, which lists every problem as 'file:line: field: what was found, what is allowed'.
    Warnings (a parameter that nothing uses) are in `Scenario.warnings`.
    """
    path, problems = shipped.find_and_tell(path), Problems()
    root = read_merged(path, settings, problems)
    stated = check_file(structure.with_named_moves(profile.filled(root)), problems)
    root, profiles = patients.expanded(stated, problems)
    root, for_horizon = lifetime.stated_in_years(
        root, lambda tree, found: _build(tree, path, tuple(settings), found), problems
    )
    scenario = _build(root, path, tuple(settings), problems)
    check_diagram(scenario, root, problems)
    check_outcome(scenario, root, problems)
    scenario = _check_names(scenario, root, profiles, problems, for_horizon)
    problems.stop()
    scenario = living.settled(scenario, root, problems)
    problems.stop()
    ties.check(scenario, problems)
    problems.stop()
    check_base_case(scenario, problems)
    warn_of_parameters(scenario, problems)
    warn_of_size(scenario, problems)
    problems.stop()
    diagram.warn(scenario, root, problems)
    curves.warn(scenario, root, problems)
    table_ends.warn(scenario, root, problems)
    scenario = dataclasses.replace(
        scenario,
        published=read_published(root, scenario, problems),
        published_curves=read_curves(root, scenario, problems),
    )
    calibration = read_calibration(root, scenario, problems)
    problems.stop()
    whole, files = resolved(stated)
    return dataclasses.replace(
        scenario, calibration=calibration, text=dump(whole), files=files, warnings=tuple(problems.warnings)
    )


def _build(root: Map, path: Path, settings: tuple[str, ...], problems: Problems) -> Scenario:
    """The scenario as far as it can be read: what is wrong is reported and left out."""
    currency = frame.read_currency(root.section("currency"), problems)
    day = days_in(root.section("time").text("unit")) or 1.0
    sources = {key: {f: c.value for f, c in node.items()} for key, node in root.section("sources").maps()}
    inputs = read_parameters(root.section("parameters"), currency, day, sources, problems)
    reader = structure.Reader(currency, day, problems)
    reader.lines |= _lines(root)
    time = frame.read_time(root.section("time"), reader)
    perspective, left_out = frame.read_perspective(root)
    scenario = Scenario(
        key=path.stem,
        path=str(path),
        title=root.text("title"),
        currency=currency,
        price_year=root.section("currency").text("year"),
        time=time,
        discount=frame.read_discount(root.section("discount"), time, problems),
        wtp=frame.read_wtp(root.section("wtp"), problems),
        sources=sources,
        parameters=inputs.parameters,
        joints=inputs.joints,
        correlations=read_correlations(root.entries("correlations"), inputs, problems),
        tables=inputs.tables,
        **structure.read_diagram(root, time.horizon, reader),
        partition=curves.read_partition(root, reader),
        definitions=reader.bindings(root.section("definitions"), ()),
        reference=root.text("reference") or None,
        used_in={},
        lines=reader.lines,
        settings=settings,
        perspective=perspective,
        left_out=left_out,
        description=root.text("description"),
        study={key: node.value for key, node in root.section("study").items() if isinstance(node, Text)},
        landmarks=read_landmarks(root, time.horizon, reader),
        profile=root.text("profile"),
        severity=read_severity(root, reader),
    )
    subgroups = patients.read_subgroups(root, scenario.groups, day, problems)
    return dataclasses.replace(scenario, system=read_system(root, scenario.groups, problems), subgroups=subgroups)


def _lines(root: Map) -> dict[str, str]:
    """Where each parameter, state and section stands, for messages about draws."""
    nodes: list[Node] = [*root.fields.values()]
    nodes += root.section("parameters").fields.values()
    nodes += root.section("states").fields.values()
    nodes += [child for _, parameter in root.section("parameters").maps() for child in parameter.fields.values()]
    return {node.place: node.where for node in nodes}


def _check_names(
    scenario: Scenario, root: Map, profiles: patients.Profiles, problems: Problems, reached: set[tuple[str, str]]
) -> Scenario:
    """Unknown names and units that do not fit; warnings of what nothing uses."""
    if not {"parameters", "strategies", "groups", "periods", "definitions"} & root.dropped:
        checked = names.check_names(scenario, problems)
        scenario = readings.settled(scenario, checked.readings)
        _warn_unused(scenario, root, checked.reached | reached, profiles, problems)
        _warn_within_cycle(scenario, root, problems)
    return dataclasses.replace(scenario, used_in=names.places_by_name(scenario))


def _warn_unused(
    scenario: Scenario, root: Map, reached: set[tuple[str, str]], profiles: patients.Profiles, problems: Problems
) -> None:
    attributes = {attribute.name for attribute in profiles.attributes}
    for node, warning in patients.unused(profiles, {name for kind, name in reached if kind == "groups"}, root):
        problems.warn(node, warning)
    for key, node in root.section("parameters").fields.items():
        if not any(("parameters", name.strip()) in reached for name in key.split(",")):
            problems.warn(node, f"nothing uses '{key}'")
    for name in scenario.definitions:
        if ("definitions", name) not in reached:
            problems.warn(root.section("definitions").at(name), f"nothing uses '{name}'")
    periods = {period.key: period for period in scenario.periods}
    for kind, owners in (("strategies", scenario.strategies), ("groups", scenario.groups), ("periods", periods)):
        for key, owner in owners.items():
            for name in owner.bindings:
                if (kind, name) not in reached and not (kind == "groups" and name in attributes):
                    problems.warn(
                        root.section(kind).section(key).at(name),
                        f"nothing uses '{name}'" + _hidden(scenario, kind, name),
                    )


def _warn_within_cycle(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Periods that end within a cycle, where probabilities per cycle read what they bind."""
    held = [use for use in names.uses(scenario) if use.place.endswith(".probability per cycle")]
    for before, period in zip(scenario.periods, scenario.periods[1:]):
        bound, cycles = {*before.bindings, *period.bindings}, period.start / scenario.time.cycle
        use = next((u for u in held if scenario.reads(u.formula, scenario.groups.values()) & bound), None)
        if use and not is_whole(cycles, scenario.time.cycles) and period.start < scenario.time.horizon:
            problems.warn(
                root.section("periods").section(before.key).at("until"),
                f"the period ends within a cycle ({cycles:.6g} cycles), and {use.place} is held as it is at the start of a "
                "cycle: what changes here takes effect in the next cycle",
            )


def _hidden(scenario: Scenario, kind: str, name: str) -> str:
    if kind != "strategies" and all(name in s.bindings for s in scenario.strategies.values()):
        return ", as every strategy binds that name too, and the strategy comes first"
    return ""
