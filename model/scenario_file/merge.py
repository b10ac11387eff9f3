"""`extends: other.yaml` and `--set name=value`: a scenario that states only what differs."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from model.scenario_file.arguments import LOCATION, ArgumentError, restated
from model.scenario_file.nodes import List, Map, Node, Nothing, Text
from model.scenario_file.problems import Problems, ScenarioError
from model.scenario_file.structure import SURVIVAL, check_twice
from model.scenario_file.yaml_text import DEEPEST, read_yaml
from model.suggestions import did_you_mean

# Fields of which an entry has one; stating it replaces the others, and the fields that belong to them.
_VALUE = ("value", "distribution", "table")
_KIND = ("rate", "survival", "probability", "probability per cycle", "at")
_WITH = {
    _VALUE: ("by", "by unit", "column", "columns", "range"),
    _KIND: SURVIVAL,
}
SHORT = {
    "horizon": ("time.horizon",),
    "cycle": ("time.cycle",),
    "convention": ("time.convention",),
    "discount": ("discount.cost", "discount.effect"),
    "perspective": ("perspective",),
    "profile": ("profile",),
}


def read_merged(path: Path, settings: Sequence[str], problems: Problems) -> Map:
    """The tree of a scenario file with everything it extends, and the settings of the command line applied."""
    root = _read(Path(path), str(path), problems, ())
    for setting in settings:
        root = _apply(root, setting, problems)
    return root


def _read(path: Path, shown: str, problems: Problems, above: tuple[Path, ...]) -> Map:
    root = read_yaml(path, shown, problems)
    if not isinstance(root, Map):
        kind = "a list" if isinstance(root, List) else "a text"
        raise ScenarioError([f"{shown}:{root.line}: a scenario is a list of fields such as 'title: ...', found {kind}"])
    base = root.get("extends")
    if not isinstance(base, Text):
        return root
    above = (*above, path.resolve())
    below = path.parent / base.value
    _check_chain(base, below, above)
    try:
        return _merge_fields(_read(below, str(below), problems, above), root, problems)
    except ScenarioError as error:
        raise ScenarioError([_named(base, text, str(below)) for text in error.problems]) from None


def _check_chain(base: Text, below: Path, above: tuple[Path, ...]) -> None:
    try:
        loop = below.resolve() in above
    except (OSError, ValueError, RuntimeError):
        raise ScenarioError([f"{base.where}: extends: '{base.value}' is not the name of a file"]) from None
    if loop:
        by_way = " by way of " + ", ".join(p.name for p in above[1:]) if len(above) > 1 else ""
        raise ScenarioError([f"{base.where}: extends: '{base.value}' extends itself{by_way}"])
    if len(above) > DEEPEST:
        raise ScenarioError([f"{base.where}: extends: is more than {DEEPEST} files deep"])


def _named(base: Node, text: str, below: str) -> str:
    """A file that cannot be found is an error of the line that names it."""
    return f"{base.where}: extends: {text}" if text.startswith(f"{below}: ") else text


def _merge(base: Node, child: Node, problems: Problems, together: tuple[str, ...] = ()) -> Node:
    match base, child:
        case List(), List() if child.place == "transitions":
            return _merge_transitions(base, child, problems)
        case Map(), Map():
            return _merge_fields(base, child, problems, together)
        case _:
            return child


def _merge_fields(base: Map, child: Map, problems: Problems, together: tuple[str, ...] = ()) -> Map:
    """together: fields of which an entry has one, so that stating it replaces the others."""
    fields = dict(base.fields)
    # A move whose survival is restated keeps its clock and hazard ratio; a value restated is no longer sampled.
    stated = [key for key in together if key in child]
    if stated and not (stated == ["survival"] and "survival" in base):
        fields = {key: value for key, value in fields.items() if key not in (*together, *_WITH[together])}
    for key, value in child.fields.items():
        if isinstance(value, Nothing):
            _check_removed(base, key, value, problems)
            fields.pop(key, None)
        elif key != "extends":
            group = _VALUE if child.place == "parameters" else ()
            fields[key] = _merge(fields[key], value, problems, group) if key in fields else value
    lines = {**base.lines, **child.lines}
    return Map(child.file, child.line, child.place, fields, lines, base.dropped | child.dropped)


def _check_removed(base: Map, key: str, at: Node, problems: Problems) -> None:
    if key not in base:
        problems.add(
            at, f"null removes '{key}', but {base.file} has no such entry here." + did_you_mean(key, base.fields)
        )


def _merge_transitions(base: List, child: List, problems: Problems) -> List:
    """A move between the same states (and of the same name) is changed, removed by `rate: null`; another is added."""
    for section in (base, child):
        check_twice([item for item in section.maps if not _removes(item)], problems)
    merged = {identity(item): item for item in base.items}
    for item in child.items:
        key = identity(item)
        if _removes(item):
            if key not in merged:
                problems.add(
                    item,
                    f"null removes the move '{label(item)}', but {base.file} has no such move."
                    + did_you_mean(label(item), map(label, base.items)),
                    "transitions",
                )
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged[key], item, problems, _KIND) if key in merged else item
    return List(child.file, child.line, child.place, tuple(merged.values()))


def _removes(item: Node) -> bool:
    return isinstance(item, Map) and any(isinstance(item.get(kind), Nothing) for kind in _KIND)


def ends(item: Node) -> tuple[str, str, str]:
    """'from', 'to' and 'name' of a transition as far as it states them."""
    return (item.text("from"), item.text("to"), item.text("name")) if isinstance(item, Map) else ("", "", "")


def identity(item: Node) -> tuple[str, str, str] | int:
    """What makes a transition the same one in two files; its number in memory where it states nothing of that."""
    return ends(item) if any(ends(item)) else id(item)


def label(item: Node) -> str:
    source, target, name = ends(item)
    return f"{source} -> {target}" + (f" ({name})" if name else "")


# --- settings ---------------------------------------------------------------------------------------------------


def _apply(root: Map, setting: str, problems: Problems) -> Map:
    """The tree with 'name=value' laid over it; as it was where that is no setting, which is reported."""
    name, equals, value = setting.partition("=")
    name, value = name.strip(), value.strip()
    at = Text(f"--set {setting}", 0, value=value)
    listed = root.section("parameters").fields
    if not equals or not name or not value:
        problems.add(at, "write --set name=value, such as --set horizon='5 years'")
        return root
    if name in listed:
        return _set_parameter(root, name, at)
    parameter, _, argument = name.partition(".")
    if parameter in listed:
        return _set_argument(root, parameter, argument, at, problems)
    if name in SHORT or ("." in name and not _joint_of(name, listed)):
        for place in SHORT.get(name, (name,)):
            root = _set_field(root, place.split("."), at, problems)
        return root
    problems.add(at, _no_name(name, listed))
    return root


def _joint_of(name: str, listed: Mapping[str, Node]) -> str:
    """The key of the parameters that are drawn together with one; '' where it is none of such."""
    return next((key for key in listed if name in re.split(r"\s*,\s*", key)), "")


def _no_name(name: str, listed: Mapping[str, Node]) -> str:
    if joint := _joint_of(name, listed):
        return f"'{name}' is drawn together with others; set them all: --set '{joint}=distribution(...)'"
    return (
        f"unknown name '{name}'.{did_you_mean(name, [*listed, *SHORT])} Allowed: a parameter "
        f"({', '.join(listed) or 'none here'}), {', '.join(SHORT)}, or a field by its place, such as time.cycle"
    )


def _set_parameter(root: Map, name: str, at: Text) -> Map:
    """A parameter set to a number is fixed: it is not sampled any more, and correlated with nothing."""
    parameters, place = root.section("parameters"), f"parameters.{name}"
    old, node = parameters.at(name), parameters.section(name)
    fields = {key: value for key, value in node.fields.items() if key not in (*_VALUE, *_WITH[_VALUE])}
    field = "distribution" if _is_distribution(at.value) else "value"
    fields[field] = replace(at, place=f"{place}.{field}")
    root = root.put(("parameters", name), Map(old.file, old.line, place, fields, node.lines))
    section = root.get("correlations")
    if field == "distribution" or not isinstance(section, List):
        return root
    items = tuple(left for block in section.items if (left := _without(block, name)) is not None)
    return root.put(("correlations",), replace(section, items=items))


def _set_argument(root: Map, name: str, argument: str, at: Text, problems: Problems) -> Map:
    """An argument of a parameter's distribution; a base value that was stated beside it follows its mean or median."""
    node = root.section("parameters").at(name)
    text = node.value if isinstance(node, Text) else root.section("parameters").section(name).text("distribution")
    place = f"parameters.{name}"
    if not text or not _is_distribution(text):
        problems.add(
            at, f"'{name}' has no distribution, so it has no '{argument}'; set its value: --set {name}={at.value}"
        )
        return root
    try:
        distribution = restated(text, argument, at.value)
    except ArgumentError as error:
        problems.add(at, str(error))
        return root
    fields = dict(root.section("parameters").section(name).fields)
    fields["distribution"] = replace(at, value=distribution, place=f"{place}.distribution")
    if "value" in fields and argument in LOCATION:
        fields["value"] = replace(at, place=f"{place}.value")
    return root.put(
        ("parameters", name), Map(node.file, node.line, place, fields, root.section("parameters").section(name).lines)
    )


def _without(node: Node, name: str) -> Node | None:
    """A correlation block without one of its parameters; None where nothing is left to correlate."""
    if not isinstance(node, Map) or name not in node.entries("between").values:
        return node
    between, matrix = node.entries("between"), node.get("matrix")
    if not isinstance(matrix, List) or len(between.items) < 3:
        return None
    i = between.values.index(name)
    rows = tuple(_drop(row, i) if isinstance(row, List) else row for row in matrix.items)
    return node.put(("between",), _drop(between, i)).put(("matrix",), _drop(replace(matrix, items=rows), i))


def _drop(listed: List, i: int) -> List:
    return replace(listed, items=listed.items[:i] + listed.items[i + 1 :])


def _is_distribution(value: str) -> bool:
    from model import distributions

    return value.split("(")[0].strip() in distributions.NAMES


def _set_field(root: Map, path: list[str], at: Text, problems: Problems) -> Map:
    """Fields by place, 'strategies.surgery.hr'; moves by their label, 'transitions.well -> dead.rate'."""
    *words, last = path
    owners: list[Node] = [root]
    for depth, word in enumerate(words):
        inside = _inside(owners[-1])
        below = inside.get(word)
        if not isinstance(below, Map | List):
            problems.add(at, f"{root.file} has no '{'.'.join(path[: depth + 1])}'." + did_you_mean(word, inside))
            return root
        owners.append(below)
    owner = owners[-1]
    if not isinstance(owner, Map):
        problems.add(at, f"'{'.'.join(words)}' has no fields; name one of its entries first")
        return root
    if owner.place.startswith("parameters.") and last in ("value", "distribution"):
        return _set_parameter(root, words[-1], at)
    changed: Node = owner.put((last,), _as_written(at, ".".join(path)))
    for above, below in zip(owners[-2::-1], owners[:0:-1]):
        changed = _exchanged(above, below, changed)
    return changed if isinstance(changed, Map) else root


def _as_written(at: Text, place: str) -> Text | List:
    """A setting such as [1000, 2000] is a list."""
    if not (at.value.startswith("[") and at.value.endswith("]")):
        return replace(at, place=place)
    words = next(csv.reader([at.value[1:-1]], skipinitialspace=True), [])
    items = (Text(at.file, 0, f"{place}[{i + 1}]", value=word.strip()) for i, word in enumerate(words))
    return List(at.file, 0, place, tuple(items))


def _inside(node: Node) -> Mapping[str, Node]:
    """What a word of a path can name: a field, or a transition of a list by its label."""
    match node:
        case Map():
            return node.fields
        case List():
            return {label(item): item for item in node.items}
        case _:
            return {}


def _exchanged(owner: Node, old: Node, new: Node) -> Node:
    """The owner with another child in the place of one."""
    match owner:
        case Map():
            return replace(owner, fields={key: new if child is old else child for key, child in owner.fields.items()})
        case List():
            return replace(owner, items=tuple(new if item is old else item for item in owner.items))
        case _:
            return owner
