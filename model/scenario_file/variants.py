"""A file of variants: named scenarios that differ from a base in the fields they set, or are files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model import shipped
from model.scenario import Scenario
from model.scenario_file.fields import fields, text
from model.scenario_file.nodes import Map, Node, Text
from model.scenario_file.problems import Problems, ScenarioError
from model.scenario_file.read import read
from model.scenario_file.schema import check_file
from model.scenario_file.yaml_text import read_yaml

_SET = fields(
    "fields and their values, as with --set: 'c_surgery: 19000', 'time.horizon: 1 year'", others=text("the value")
)
_VARIANT = fields(
    "a variant: either 'set' or 'file'",
    {
        "label": text("name shown in tables and figures"),
        "set": _SET,
        "file": text("a scenario file, beside this one"),
    },
)
SCHEMA = fields(
    "a base scenario and its variants",
    {
        "base": text("the scenario file that the variants are compared with, beside this one"),
        "variants": fields("name: what differs", others=_VARIANT),
    },
    required=("base", "variants"),
)


@dataclass(frozen=True)
class Variants:
    """The base comes first, under the key 'base'."""

    path: str
    labels: dict[str, str]
    scenarios: dict[str, Scenario]

    @property
    def base(self) -> Scenario:
        return self.scenarios["base"]


def is_variants(path: str | Path) -> bool:
    """Whether a file has variants of a base (and is no scenario itself). Raises ScenarioError where it cannot be read."""
    path, problems = shipped.find(path), Problems()
    root = read_yaml(path, str(path), problems)
    problems.stop()
    return isinstance(root, Map) and "variants" in root and "base" in root


def base_of(path: Path) -> Path | None:
    """The base of a file of variants; None for every other file, readable or not."""
    problems = Problems()
    try:
        root = read_yaml(path, str(path), problems)
    except ScenarioError:
        return None
    if not (isinstance(root, Map) and "variants" in root and "base" in root):
        return None
    return (path.parent / root.text("base")).resolve()


def read_variants(path: str | Path, settings: Sequence[str] = ()) -> Variants:
    """All scenarios of a file of variants; `settings` hold for each, and a variant's own come after them.

    Raises ScenarioError, which lists every problem of the file and of its variants as 'file:line: ...'.
    """
    path, problems = shipped.find_and_tell(path, "variants"), Problems()
    root = check_file(read_yaml(path, str(path), problems), problems, SCHEMA)
    problems.stop()
    base = _scenario(path.parent / root.text("base"), settings, root.at("base"))
    labels, scenarios = {"base": "Base case"}, {"base": base}
    for key, node in root.section("variants").maps():
        labels[key] = node.text("label", key)
        variant = _variant(key, node, base, settings, problems)
        if variant is not None:
            scenarios[key] = variant
    if len(labels) < 2:
        problems.add(root.at("variants"), "there are no variants")
    problems.stop()
    return Variants(str(path), labels, scenarios)


def _variant(key: str, node: Map, base: Scenario, settings: Sequence[str], problems: Problems) -> Scenario | None:
    if key == "base":
        problems.add(node, "is the name of the base case; choose another")
        return None
    if ("set" in node) == ("file" in node):
        problems.add(node, "needs either 'set' (fields that differ) or 'file' (another scenario file)")
        return None
    try:
        variant = _other(node, settings) if "file" in node else _changed(node.section("set"), base, settings)
    except ScenarioError as error:
        for problem in error.problems:
            problems.say(problem)
        return None
    if (variant.currency, variant.price_year) != (base.currency, base.price_year):
        problems.add(
            node,
            f"is in {variant.currency} {variant.price_year}, the base in {base.currency} {base.price_year}: their "
            "costs cannot be compared",
        )
    return variant


def _other(node: Map, settings: Sequence[str]) -> Scenario:
    return _scenario(Path(node.file).parent / node.text("file"), settings, node.at("file"))


def _scenario(path: Path, settings: Sequence[str], at: Node) -> Scenario:
    """A file that cannot be found is an error of the line that names it."""
    try:
        return read(path, settings)
    except ScenarioError as error:
        lead = f"{at.where}: {at.place}: "
        raise ScenarioError([lead + p if p.startswith(f"{path}: ") else p for p in error.problems]) from None


def _changed(fields: Map, base: Scenario, settings: Sequence[str]) -> Scenario:
    own = {f"{name}={child.value}": child for name, child in fields.items()}
    try:
        return read(base.path, (*settings, *own))
    except ScenarioError as error:
        raise ScenarioError([_placed(problem, own, fields) for problem in error.problems]) from None


def _placed(problem: str, own: dict[str, Text], fields: Map) -> str:
    """A problem of a setting stands in this file; one of the base that a setting causes is told with the variant."""
    for setting, child in own.items():
        if problem.startswith(f"--set {setting}: "):
            return f"{child.where}: {child.place}: {problem.removeprefix(f'--set {setting}: ')}"
    return f"{fields.where}: {fields.place}: {problem}"
