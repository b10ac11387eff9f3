"""`severity:`, and the norms of the general population that it names."""

from __future__ import annotations

from model import formula
from model.files import FileError
from model.formula import Formula
from model.norms import Norms
from model.profiles import PROFILES
from model.scenario import Scenario, Severity
from model.scenario_file.named_files import beside
from model.scenario_file.nodes import Map, Text
from model.scenario_file.norms_file import read_norms
from model.scenario_file.problems import Problems
from model.scenario_file.structure import Reader

SUCH = {"age": "age: 62 years", "female": "female: 0.45"}


def read_severity(root: Map, reader: Reader) -> Severity | None:
    """As it is stated; the age and the share of women are those of the names `age` and `female` if it states none."""
    if "severity" not in root:
        return None
    section, problems = root.section("severity"), reader.problems
    _check_profile(root, section, problems)
    _check_comparator(root, section, problems)
    norms = _norms(section, problems)
    age, female = (_formula(root, section, name, reader) for name in SUCH)
    if age is None or female is None or not norms:
        return None
    return Severity(age, female, section.text("comparator") or _reference(root), norms, section.text("norms"))


def _formula(root: Map, section: Map, name: str, reader: Reader) -> Formula | None:
    """As stated, or what the name stands for."""
    if name in section:
        return reader.formula(section.get(name))
    owners = [node for kind in ("strategies", "groups") for _, node in root.section(kind).maps()]
    if any(name in owner for owner in (root.section("parameters"), root.section("definitions"), *owners)):
        return formula.parse(name)
    reader.problems.add(section, f"needs '{name}', such as '{SUCH[name]}': nothing else in the file has that name")
    return None


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
