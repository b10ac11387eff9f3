"""A file of variants: named scenarios that differ from a base in the fields they set, or are files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model import shipped
from model.scenario import Scenario
from model.scenario_file.fields import fields, text
from model.scenario_file.nodes import Node, Problems, ScenarioError, read_yaml
from model.scenario_file.read import read
from model.scenario_file.schema import check

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

    def with_base(self, base: Scenario) -> Variants:
        """The same variants of another base."""
        return replace(self, scenarios={**self.scenarios, "base": base})


def is_variants(path: str | Path) -> bool:
    """Whether a file has variants of a base (and is no scenario itself). Raises ScenarioError where it cannot be read."""
    path, problems = shipped.find(path), Problems()
    root = read_yaml(path, str(path), problems)
    problems.stop()
    return "variants" in root and "base" in root


def read_variants(path: str | Path, settings: Sequence[str] = ()) -> Variants:
    """All scenarios of a file of variants; `settings` hold for each, and a variant's own come after them.

    Raises ScenarioError, which lists every problem of the file and of its variants as 'file:line: ...'.
    """
    path, problems = shipped.find_and_tell(path, "variants"), Problems()
    root = read_yaml(path, str(path), problems)
    check(root, problems, SCHEMA)
    problems.stop()
    named = root.get("base")
    base = _scenario(path.parent / named.value, settings, named)
    labels, scenarios = {"base": "Base case"}, {"base": base}
    for key, node in root.get("variants").items():
        label = node.get("label")
        labels[key] = label.value if label is not None else key
        found = _variant(key, node, base, settings, problems)
        if found is not None:
            scenarios[key] = found
    if len(labels) < 2:
        problems.add(root.get("variants"), "there are no variants")
    problems.stop()
    return Variants(str(path), labels, scenarios)


def _variant(key: str, node: Node, base: Scenario, settings: Sequence[str], problems: Problems) -> Scenario | None:
    if key == "base":
        return problems.add(node, "is the name of the base case; choose another")
    if ("set" in node) == ("file" in node):
        return problems.add(node, "needs either 'set' (fields that differ) or 'file' (another scenario file)")
    try:
        found = _other(node, base, settings) if "file" in node else _changed(node.get("set"), base, settings)
    except ScenarioError as error:
        for problem in error.problems:
            problems.say(problem)
        return None
    if (found.currency, found.price_year) != (base.currency, base.price_year):
        problems.add(
            node,
            f"is in {found.currency} {found.price_year}, the base in {base.currency} {base.price_year}: their "
            "costs cannot be compared",
        )
    return found


def _other(node: Node, base: Scenario, settings: Sequence[str]) -> Scenario:
    file = node.get("file")
    return _scenario(Path(file.file).parent / file.value, settings, file)


def _scenario(path: Path, settings: Sequence[str], at: Node) -> Scenario:
    """A file that cannot be found is an error of the line that names it."""
    try:
        return read(path, settings)
    except ScenarioError as error:
        lead = f"{at.where}: {at.place}: "
        raise ScenarioError([lead + p if p.startswith(f"{path}: ") else p for p in error.problems]) from None


def _changed(fields: Node, base: Scenario, settings: Sequence[str]) -> Scenario:
    own = {f"{name}={child.value}": child for name, child in fields.items()}
    try:
        return read(base.path, (*settings, *own))
    except ScenarioError as error:
        raise ScenarioError([_placed(problem, own, fields) for problem in error.problems]) from None


def _placed(problem: str, own: dict[str, Node], fields: Node) -> str:
    """A problem of a setting stands in this file; one of the base that a setting causes is told with the variant."""
    for setting, child in own.items():
        if problem.startswith(f"--set {setting}: "):
            return f"{child.where}: {child.place}: {problem.removeprefix(f'--set {setting}: ')}"
    return f"{fields.where}: {fields.place}: {problem}"
