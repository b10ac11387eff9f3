"""`severity:`, and the norms of the general population that it names."""

from __future__ import annotations

from model import formula
from model.files import FileError
from model.norms import Norms
from model.profiles import PROFILES
from model.scenario import Scenario, Severity
from model.scenario_file.named_files import beside
from model.scenario_file.nodes import Map, Text
from model.scenario_file.norms_file import read_norms
from model.scenario_file.problems import Problems
from model.scenario_file.structure import Reader


def read_severity(root: Map, reader: Reader) -> Severity | None:
    """As it is stated; the age and the share of women are those of the names `age` and `female` if it states none."""
    if "severity" not in root:
        return None
    section, problems = root.section("severity"), reader.problems
    _check_profile(root, section, problems)
    _check_comparator(root, section, problems)
    norms = _norms(section, problems)
    age, female = (
        reader.formula(section.get(name)) if name in section else formula.parse(name) for name in ("age", "female")
    )
    if age is None or female is None or not norms:
        return None
    return Severity(age, female, section.text("comparator") or _reference(root), norms, section.text("norms"))


def _reference(root: Map) -> str:
    return root.text("reference") or next(iter(root.section("strategies").fields), "")


def _check_profile(root: Map, section: Map, problems: Problems) -> None:
    able = [key for key, profile in PROFILES.items() if profile.severity]
    if root.text("profile") not in able:
        stated = f"'profile: {root.text('profile')}'" if "profile" in root else "no 'profile'"
        words = " or ".join(f"'profile: {key}'" for key in able)
        problems.add(section, f"needs {words}, whose weights of QALYs it applies; the file has {stated}")


def _check_comparator(root: Map, section: Map, problems: Problems) -> None:
    known = root.section("strategies").fields
    if "comparator" in section and section.text("comparator") not in known:
        problems.unknown(section.at("comparator"), "strategy", section.text("comparator"), known)


def _norms(section: Map, problems: Problems) -> dict[str, Norms]:
    """By sex; none where the file cannot be used, which is reported."""
    node = section.get("norms")
    if not isinstance(node, Text):
        return {}
    try:
        return read_norms(beside(node, node.value))
    except FileError as error:
        problems.add(node, f"the file '{node.value}': {error}")
        return {}


def check_outcome(scenario: Scenario, root: Map, problems: Problems) -> None:
    """Without a utility there are no QALYs to fall short."""
    if scenario.severity is not None and all(state.utility is None for state in scenario.states.values()):
        problems.add(root.at("severity"), "no state has a utility, so the comparator has no QALYs")
