"""`patients:` and `subgroups:`: what differs between patients at the start, as groups of patients who are alike.

Each combination of the values of all attributes is a profile; each group and profile is a group that engines run, all of
them in every draw, with its exact share. Subgroups are those of them whose attributes meet a condition.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from model import files, formula
from model.formula import FormulaError
from model.scenario import Group, Subgroup
from model.scenario_file.named_files import beside
from model.scenario_file.nodes import List, Map, Node, Text
from model.scenario_file.problems import Problems
from model.scenario_file.schema import bad_name, number
from model.suggestions import did_you_mean
from model.units import UnitError

MOST = 200  # profiles, times groups
SHARES = 1e-9  # rounding of shares that add up to 1
STRATA = ("at least", "at most", "strata", "unit")  # fields that go with 'distribution'
_IS = r"(?<![\w.]){name}\s+is\s+(not\s+)?([A-Za-z][\w-]*)"
_KEPT = (
    "title",
    "description",
    "study",
    "sources",
    "parameters",
    "patients",
    "published",
    "calibration",
)  # without conditions


@dataclass(frozen=True)
class Attribute:
    """Values as formulas; words: those of categories, whose number stands in formulas."""

    name: str
    values: tuple[str, ...]
    words: tuple[str, ...] = ()

    def label(self, i: int) -> str:
        return self.words[i] if self.words else f"{self.name} {self.values[i]}"


@dataclass(frozen=True)
class Profiles:
    """attributes, and (share, index of the value of each attribute) of every profile."""

    attributes: tuple[Attribute, ...] = ()
    profiles: tuple[tuple[float, tuple[int, ...]], ...] = ()
    places: dict[str, Node] = field(default_factory=dict)

    def bindings(self, indices: tuple[int, ...]) -> dict[str, str]:
        return {a.name: a.values[i] for a, i in zip(self.attributes, indices)}

    def label(self, indices: tuple[int, ...]) -> str:
        return ", ".join(a.label(i) for a, i in zip(self.attributes, indices))


def expanded(root: Map, problems: Problems) -> tuple[Map, Profiles]:
    """The tree with a group for each group and profile, and conditions such as `tumour is renal` in numbers."""
    if "patients" not in root:
        return root, Profiles()
    before = len(problems.errors)
    profiles = _read(root, problems)
    _check_clashes(root, profiles, problems)
    if len(problems.errors) > before or not profiles.profiles:
        problems.stop()  # formulas read what would be missing, and nothing true could be said of them
        return root, Profiles()
    root = _in_numbers(root, profiles, problems)
    return root.put(("groups",), _groups(root, profiles, problems)), profiles


def _check_clashes(root: Map, profiles: Profiles, problems: Problems) -> None:
    """A name that is an attribute is nothing else: one of the two would be read in silence."""
    owners = [
        (kind, key, node) for kind in ("strategies", "groups", "periods") for key, node in root.section(kind).maps()
    ]
    for name in (attribute.name for attribute in profiles.attributes):
        for kind in ("parameters", "definitions"):
            if any(name == one.strip() for key in root.section(kind).fields for one in key.split(",")):
                problems.add(
                    profiles.places[name], f"'{name}' stands in '{kind}' too; choose another name for one of the two"
                )
        for kind, key, node in owners:
            if name in node:
                problems.add(node.at(name), f"'{name}' is an attribute of 'patients', so {kind}.{key} cannot bind it")


# --- attributes and profiles ---------------------------------------------------------------------------------------------


def _read(root: Map, problems: Problems) -> Profiles:
    section = root.section("patients")
    if isinstance(section.get("file"), Text):
        return _of_file(section, problems)
    attributes, shares = [], []
    if not section.fields:
        problems.add(
            root.at("patients"),
            "needs an attribute, such as 'age: {shares: {55 years: 0.3, 65 years: 0.7}}', or a 'file'",
        )
        return Profiles()
    for key, node in section.maps():
        made = _attribute(key, node, root, problems)
        if made is not None:
            attributes.append(made[0])
            shares.append(made[1])
    combined = itertools.product(*(range(len(a.values)) for a in attributes))
    profiles = ((math.prod(s[i] for s, i in zip(shares, index)), index) for index in combined)
    return Profiles(tuple(attributes), tuple(p for p in profiles if p[0] > 0), dict(section.fields))


def _attribute(key: str, node: Map, root: Map, problems: Problems) -> tuple[Attribute, list[float]] | None:
    if fault := bad_name(key):
        problems.add(node, fault)
        return None
    if "distribution" in node and "shares" not in node:
        from model.scenario_file import strata

        made = strata.read(key, node, (text.value for _, _, text in _conditions(root)), problems)
        return None if made is None else (Attribute(key, tuple(made[0])), made[1])
    if other := next((word for word in ("distribution", *STRATA) if word in node), ""):
        problems.add(node.at(other), f"'{other}' does not go with 'shares': state one of 'shares' and 'distribution'")
        return None
    shares = {value: number(child, problems) for value, child in node.section("shares").items()}
    stated = {value: share for value, share in shares.items() if share is not None}
    if not stated or len(stated) < len(shares):
        if not node.dropped:
            problems.add(node, "needs 'shares', such as {breast: 0.4, lung: 0.6}, or a 'distribution'")
        return None
    total = sum(stated.values())
    if min(stated.values()) < 0 or abs(total - 1) > SHARES:
        problems.add(node.at("shares"), f"shares must be 0 to 1 and add up to 1, found {total:.10g}")
        return None
    return _valued(key, list(stated), node.at("shares"), problems), list(stated.values())


def _valued(name: str, values: list[str], node: Node, problems: Problems) -> Attribute:
    """Numbers with their units, or else words."""
    numeric = [_is_number(value) for value in values]
    if all(numeric):
        return Attribute(name, tuple(values))
    if any(numeric):
        problems.add(node, f"values must be all numbers (with their unit) or all words, found {', '.join(values)}")
    return Attribute(name, tuple(str(i + 1) for i in range(len(values))), tuple(values))


def _is_number(text: str) -> bool:
    try:
        return not formula.parse(text, "").names
    except FormulaError:
        return False


def _of_file(section: Map, problems: Problems) -> Profiles:
    """A row a patient or profile, a column an attribute; `weight` is how many, or what share, it stands for."""
    import csv
    import io

    from model.scenario_file import strata

    node = section.at("file")
    assert isinstance(node, Text)
    units = {key: strata.unit_behind(child, problems) for key, child in section.section("unit").items()}
    if problems.errors:
        return Profiles()
    try:
        rows = list(csv.DictReader(io.StringIO(files.text(beside(node, node.value)))))
    except files.FileError as error:
        problems.add(node, f"{node.value} {error}")
        return Profiles()
    names = [name for name in (rows[0] if rows else {}) if name and name != "weight"]
    if not rows or not names or len(rows) > MOST:
        problems.add(
            node, f"{node.value}: needs a row a profile (1 to {MOST}) and a column an attribute, found {len(rows)} rows"
        )
        return Profiles()
    for name in (*names, *units):
        if fault := bad_name(name) or (
            "" if name in names else f"{node.value} has no column '{name}'.{did_you_mean(name, names)}"
        ):
            problems.add(node, fault)
            return Profiles()
    weights = [_weight(row, line, node, problems) for line, row in enumerate(rows, 2)]
    if problems.errors or not sum(weights) > 0:
        return Profiles()
    columns = [[f"{row[name]} {units.get(name, '')}".strip() for row in rows] for name in names]
    attributes = [_valued(n, list(dict.fromkeys(c)), node, problems) for n, c in zip(names, columns)]
    places = [list(dict.fromkeys(c)) for c in columns]
    share: dict[tuple[int, ...], float] = {}
    for weight, *values in zip(weights, *columns):
        index = tuple(place.index(value) for place, value in zip(places, values))
        share[index] = share.get(index, 0.0) + weight
    profiles = tuple((s / sum(weights), i) for i, s in share.items() if s > 0)
    return Profiles(tuple(attributes), profiles, {name: node for name in names})


def _weight(row: dict, line: int, node: Text, problems: Problems) -> float:
    text = row.get("weight", "1")
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value < math.inf:
        problems.add(node, f"{node.value}, line {line}: 'weight' must be a number, 0 or more")
    return value


# --- in the tree -------------------------------------------------------------------------------------------------------


def _groups(root: Map, profiles: Profiles, problems: Problems) -> Map:
    section, node = root.section("groups"), root.section("patients")
    stated = list(section.maps()) if "groups" in root else [("", Map(node.file, node.line, "groups"))]
    if len(stated) * len(profiles.profiles) > MOST:
        problems.add(
            node,
            f"{len(profiles.profiles)} profiles of patients in {len(stated)} groups are more than {MOST}: take fewer values of an attribute",
        )
        return section
    fields: dict[str, Node] = {}
    for (key, group), (share, indices) in itertools.product(stated, profiles.profiles):
        label = profiles.label(indices)
        name = f"{key}, {label}" if key else label
        weight = f"({group.text('weight')}) * {share!r}" if key else repr(share)
        own = {"label": f"{group.text('label') or key}, {label}" if key else label, "weight": weight}
        own |= profiles.bindings(indices)
        made = {k: Text(group.file, group.line, f"groups.{name}.{k}", v) for k, v in own.items()}
        fields[name] = Map(group.file, group.line, f"groups.{name}", {**group.fields, **made})
    return Map(node.file, node.line, "groups", fields)


def _in_numbers(root: Map, profiles: Profiles, problems: Problems) -> Map:
    """Every `tumour is renal` of the file as a comparison of numbers."""
    for attribute in (a for a in profiles.attributes if a.words):
        pattern = re.compile(_IS.format(name=re.escape(attribute.name)))
        fields = {k: n if k in _KEPT else _rewritten(n, attribute, pattern, problems) for k, n in root.fields.items()}
        root = replace(root, fields=fields)
    return root


def _rewritten(node: Node, attribute: Attribute, pattern: re.Pattern, problems: Problems) -> Node:
    def number_of(match: re.Match) -> str:
        if match[2] not in attribute.words:
            problems.unknown(node, f"value of '{attribute.name}'", match[2], attribute.words)
            return "(0 == 1)"
        sign = "!=" if match[1] else "=="
        return f"({attribute.name} {sign} {attribute.values[attribute.words.index(match[2])]})"

    match node:
        case Text():
            return replace(node, value=pattern.sub(number_of, node.value))
        case Map():
            changed = {k: _rewritten(child, attribute, pattern, problems) for k, child in node.fields.items()}
            return replace(node, fields=changed)
        case List():
            return replace(node, items=tuple(_rewritten(i, attribute, pattern, problems) for i in node.items))
    return node


# --- subgroups ---------------------------------------------------------------------------------------------------------


def read_subgroups(root: Map, groups: dict[str, Group], day: float, problems: Problems) -> dict[str, Subgroup]:
    """Those of the groups whose attributes meet the condition."""
    made = {}
    for key, node, text in _conditions(root):
        if "patients" not in root:
            problems.add(text, "a subgroup is told by the attributes of 'patients', which the file does not have")
        elif key in groups or key == "all":
            problems.add(node, f"'{key}' is the name of a group; choose another one")
        elif (members := _members(text, groups, day, problems)) is not None:
            label = node.text("label") if isinstance(node, Map) else ""
            made[key] = Subgroup(key, label or key, members)
    return made


def _conditions(root: Map) -> Iterator[tuple[str, Node, Text]]:
    """(name, entry, condition) of the subgroups."""
    for key, node in root.section("subgroups").fields.items():
        text = node.get("who") if isinstance(node, Map) else node
        if isinstance(text, Text):
            yield key, node, text


def _members(node: Text, groups: dict[str, Group], day: float, problems: Problems) -> tuple[str, ...] | None:
    try:
        condition = formula.parse(node.value, "")
        stated = ({n for n, value in group.bindings.items() if not value.names} for group in groups.values())
        known = set.intersection(*stated)
        for name in sorted(condition.names):
            if name not in known:
                problems.unknown(node, "attribute of patients", name, sorted(known))
                return None
        meets = {key: _meets(condition, group, day) for key, group in groups.items()}
    except (FormulaError, UnitError) as error:
        problems.add(node, str(error))
        return None
    if any(value not in (0.0, 1.0) for value in meets.values()):
        problems.add(node, f"'{node.value}' must be a condition, such as 'age < 65 years' or 'tumour is renal'")
        return None
    members = tuple(key for key, value in meets.items() if value)
    if not members or len(members) == len(groups):
        problems.add(node, f"{'nobody' if not members else 'everybody'} meets '{node.value}'")
        return None
    return members


def _meets(condition: formula.Formula, group: Group, day: float) -> float:
    values = {name: group.bindings[name].evaluate({}, day) for name in condition.names}
    dimensions = {name: group.bindings[name].dimension({}) for name in condition.names}
    read = condition.reading(dimensions)
    read.dimension(dimensions)  # that units go together: 'age < 55' is no age
    return float(read.evaluate(values, day))


def unused(profiles: Profiles, read: set[str], root: Map) -> Iterator[tuple[Node, str]]:
    """(where, warning) of the attributes that no formula and no subgroup reads."""
    conditions = " ".join(text.value for _, _, text in _conditions(root))
    for attribute in profiles.attributes:
        if attribute.name not in read and not re.search(rf"\b{re.escape(attribute.name)}\b", conditions):
            yield profiles.places[attribute.name], f"no formula and no subgroup uses the attribute '{attribute.name}'"
