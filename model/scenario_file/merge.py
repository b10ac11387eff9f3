"""`extends: other.yaml` and `--set name=value`: a scenario that states only what differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from model.scenario_file.nodes import DEEPEST, Node, Problems, ScenarioError, did_you_mean, read_yaml
from model.scenario_file.structure import check_twice

# Fields of which an entry has one; stating it replaces the others, and the fields that belong to them.
_VALUE = ("value", "distribution", "table")
_KIND = ("rate", "survival", "probability", "probability per cycle")
_WITH = {
    _VALUE: ("by", "by unit", "column", "columns", "range"),
    _KIND: ("clock", "hazard ratio", "acceleration factor"),
}
SHORT = {
    "horizon": ("time.horizon",),
    "cycle": ("time.cycle",),
    "convention": ("time.convention",),
    "discount": ("discount.cost", "discount.effect"),
    "perspective": ("perspective",),
}


def read_merged(path: Path, settings: Sequence[str], problems: Problems) -> Node:
    """The tree of a scenario file with everything it extends, and the settings of the command line applied."""
    root = _read(Path(path), str(path), problems, ())
    for setting in settings:
        _apply(root, setting, problems)
    return root


def _read(path: Path, shown: str, problems: Problems, above: tuple[Path, ...]) -> Node:
    root = read_yaml(path, shown, problems)
    if root.kind != "map":
        raise ScenarioError(
            [
                f"{shown}:{root.line}: a scenario is a list of fields such as 'title: ...', found "
                f"{'a list' if root.kind == 'list' else 'a text'}"
            ]
        )
    base = root.get("extends")
    if base is None or base.kind != "text":
        return root
    above = (*above, path.resolve())
    below = path.parent / base.value
    _check_chain(base, below, above)
    try:
        return _merge(_read(below, str(below), problems, above), root, problems)
    except ScenarioError as error:
        raise ScenarioError([_named(base, text, str(below)) for text in error.problems]) from None


def _check_chain(base: Node, below: Path, above: tuple[Path, ...]) -> None:
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
    if child.place == "transitions" and base.kind == child.kind == "list":
        return _merge_transitions(base, child, problems)
    if base.kind != "map" or child.kind != "map":
        return child
    kept = dict(base.value)
    # A move whose survival is restated keeps its clock and hazard ratio; a value restated is no longer sampled.
    if (stated := [key for key in together if key in child]) and not (stated == ["survival"] and "survival" in base):
        kept = {key: value for key, value in kept.items() if key not in (*together, *_WITH[together])}
    for key, value in child.value.items():
        if value.kind == "nothing":
            _remove(kept, base, key, value, problems)
        elif key != "extends":
            group = _VALUE if child.place == "parameters" else ()
            kept[key] = _merge(kept[key], value, problems, group) if key in kept else value
    return Node(
        "map", kept, child.file, child.line, child.place, {**base.keys, **child.keys}, base.dropped | child.dropped
    )


def _remove(kept: dict[str, Node], base: Node, key: str, at: Node, problems: Problems) -> None:
    if key not in base:
        problems.add(
            at, f"null removes '{key}', but {base.file} has no such entry here." + did_you_mean(key, base.value)
        )
    kept.pop(key, None)


def _merge_transitions(base: Node, child: Node, problems: Problems) -> Node:
    """A move between the same states (and of the same name) is changed, removed by `rate: null`; another is added."""
    for section in (base, child):
        check_twice([item for item in section.value if not _removes(item)], problems)
    items = {_identity(item): item for item in base.value}
    for item in child.value:
        key = _identity(item)
        if _removes(item):
            if key not in items:
                problems.add(
                    item,
                    f"null removes the move '{_label(item)}', but {base.file} has no such move."
                    + did_you_mean(_label(item), map(_label, base.value)),
                    "transitions",
                )
            items.pop(key, None)
        else:
            items[key] = _merge(items[key], item, problems, _KIND) if key in items else item
    return Node("list", list(items.values()), child.file, child.line, child.place)


def _removes(item: Node) -> bool:
    return any(item.get(kind) is not None and item.get(kind).kind == "nothing" for kind in _KIND)


def _field(item: Node, key: str) -> str:
    child = item.get(key)
    return child.value if child is not None and child.kind == "text" else ""


def _identity(item: Node):
    found = tuple(_field(item, key) for key in ("from", "to", "name"))
    return found if any(found) else id(item)


def _label(item: Node) -> str:
    return f"{_field(item, 'from')} -> {_field(item, 'to')}" + (f" ({name})" if (name := _field(item, "name")) else "")


def _apply(root: Node, setting: str, problems: Problems) -> None:
    name, equals, value = setting.partition("=")
    name, value = name.strip(), value.strip()
    at = Node("text", value, f"--set {setting}", 0)
    if not equals or not name or not value:
        return problems.add(at, "write --set name=value, such as --set horizon='5 years'")
    parameters = root.get("parameters")
    listed = parameters.value if parameters is not None and parameters.kind == "map" else {}
    if name in listed:
        return _set_parameter(root, listed, name, at)
    if name in SHORT:
        for place in SHORT[name]:
            _set_field(root, place.split("."), at, problems)
        return None
    if joint := next((key for key in listed if name in re.split(r"\s*,\s*", key)), None):
        return problems.add(
            at, f"'{name}' is drawn together with others; set them all: --set '{joint}=distribution(...)'"
        )
    if "." in name:
        return _set_field(root, name.split("."), at, problems)
    allowed = [*listed, *SHORT]
    return problems.add(
        at,
        f"unknown name '{name}'.{did_you_mean(name, allowed)} Allowed: a parameter "
        f"({', '.join(listed) or 'none here'}), {', '.join(SHORT)}, or a field by its place, "
        f"such as "
        "time.cycle",
    )


def _set_parameter(root: Node, listed: dict[str, Node], name: str, at: Node) -> None:
    """A parameter set to a number is fixed: it is not sampled any more, and correlated with nothing."""
    old, place = listed[name], f"parameters.{name}"
    kept = {k: v for k, v in old.items() if k not in (*_VALUE, *_WITH[_VALUE])}
    field = "distribution" if _is_distribution(at.value) else "value"
    kept[field] = Node("text", at.value, at.file, 0, f"{place}.{field}")
    listed[name] = Node("map", kept, old.file, old.line, place, old.keys)
    section = root.get("correlations")
    if field == "value" and section is not None and section.kind == "list":
        section.value = [left for node in section.value if (left := _without(node, name)) is not None]


def _without(node: Node, name: str) -> Node | None:
    """A correlation block without one of its parameters; None where nothing is left to correlate."""
    between, matrix = node.get("between"), node.get("matrix")
    names = [n.value for n in between.value] if between is not None and between.kind == "list" else []
    if name not in names:
        return node
    if matrix is None or matrix.kind != "list" or len(names) < 3:
        return None
    i = names.index(name)
    rows = [r if r.kind != "list" else Node("list", _drop(r.value, i), r.file, r.line, r.place) for r in matrix.value]
    kept = {
        **node.value,
        "between": Node("list", _drop(between.value, i), between.file, between.line, between.place),
        "matrix": Node("list", _drop(rows, i), matrix.file, matrix.line, matrix.place),
    }
    return Node("map", kept, node.file, node.line, node.place, node.keys)


def _drop(values: list, i: int) -> list:
    return values[:i] + values[i + 1 :]


def _is_distribution(value: str) -> bool:
    from model import distributions

    return value.split("(")[0].strip() in distributions.NAMES


def _set_field(root: Node, path: list[str], at: Node, problems: Problems) -> None:
    """Fields by place, 'strategies.surgery.hr'; moves by their label, 'transitions.well -> dead.rate'."""
    node = root
    for depth, word in enumerate(path[:-1]):
        inside = {_label(item): item for item in node.value} if node.kind == "list" else node.value
        below = inside.get(word) if isinstance(inside, dict) else None
        if below is None or below.kind not in ("map", "list"):
            return problems.add(
                at,
                f"{root.file} has no '{'.'.join(path[: depth + 1])}'."
                + did_you_mean(word, inside if isinstance(inside, dict) else ()),
            )
        node = below
    if node.kind != "map":
        return problems.add(at, f"'{'.'.join(path[:-1])}' has no fields; name one of its entries first")
    if node.place.startswith("parameters.") and path[-1] in ("value", "distribution"):
        return _set_parameter(root, root.get("parameters").value, path[-2], at)
    node.value[path[-1]] = Node("text", at.value, at.file, 0, ".".join(path))
    return None
