"""`extends: other.yaml` and `--set name=value`: a scenario that states only what differs."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.scenario_file.nodes import Node, Problems, ScenarioError, did_you_mean, read_yaml

# Fields that belong together: stating one of them replaces all of them.
_TOGETHER = (("value", "distribution", "table", "by", "by unit", "column", "columns", "range"),
             ("rate", "survival", "clock", "hazard ratio", "acceleration factor", "probability",
              "probability per cycle"))
SHORT = {"horizon": ("time.horizon",), "cycle": ("time.cycle",), "convention": ("time.convention",),
         "discount": ("discount.cost", "discount.effect"), "perspective": ("perspective",)}


def read_merged(path: Path, settings: Sequence[str], problems: Problems) -> Node:
    """The tree of a scenario file with everything it extends, and the settings of the command line applied."""
    root = _read(Path(path), problems, ())
    for setting in settings:
        _apply(root, setting, problems)
    return root


def _read(path: Path, problems: Problems, above: tuple[Path, ...]) -> Node:
    resolved = path.resolve()
    if resolved in above:
        raise ScenarioError([f"{path}: extends itself by way of {above[-1].name}"])
    root = read_yaml(path, str(path), problems)
    if root.kind != "map":
        raise ScenarioError([f"{path}:{root.line}: a scenario is a list of fields such as 'title: ...', found "
                             f"{'a list' if root.kind == 'list' else 'text'}"])
    base = root.get("extends")
    if base is None or base.kind != "text":
        return root
    return _merge(_read(path.parent / base.value, problems, (*above, resolved)), root)


def _merge(base: Node, child: Node) -> Node:
    if child.place == "transitions" and base.kind == child.kind == "list":
        return _merge_transitions(base, child)
    if base.kind != "map" or child.kind != "map":
        return child
    kept = dict(base.value)
    for group in _TOGETHER:
        if any(key in child for key in group):
            kept = {key: value for key, value in kept.items() if key not in group}
    for key, value in child.value.items():
        if value.kind == "nothing":
            kept.pop(key, None)
        elif key != "extends":
            kept[key] = _merge(kept[key], value) if key in kept else value
    return Node("map", kept, child.file, child.line, child.place, {**base.keys, **child.keys})


def _merge_transitions(base: Node, child: Node) -> Node:
    """A move between the same states (and of the same name) is changed; another is added."""
    items = {_identity(item): item for item in base.value}
    for item in child.value:
        key = _identity(item)
        items[key] = _merge(items[key], item) if key in items else item
    return Node("list", list(items.values()), child.file, child.line, child.place)


def _identity(item: Node):
    fields = [item.get(key) for key in ("from", "to", "name")]
    return tuple(f.value if f is not None and f.kind == "text" else "" for f in fields) if any(fields) else id(item)


def _apply(root: Node, setting: str, problems: Problems) -> None:
    name, equals, value = setting.partition("=")
    name, value, shown = name.strip(), value.strip(), f"--set {setting}"
    if not equals or not name or not value:
        raise ScenarioError([f"{shown}: write --set name=value"])
    parameters = root.get("parameters") or Node("map", {}, root.file, root.line, "parameters")
    if name in parameters:
        _set_parameter(parameters, name, value, shown)
    elif name in SHORT:
        for place in SHORT[name]:
            _set_field(root, place.split("."), value, shown, problems)
    elif "." in name:
        _set_field(root, name.split("."), value, shown, problems)
    else:
        allowed = [*parameters.value, *SHORT]
        problems.add(Node("text", value, shown, 0), f"unknown name '{name}'. Allowed: a parameter, {', '.join(SHORT)}, "
                     f"or a field such as strategies.surgery.hr.{did_you_mean(name, allowed)}")


def _set_parameter(parameters: Node, name: str, value: str, shown: str) -> None:
    """A parameter set to a number is fixed: it is not sampled any more."""
    old, place = parameters.value[name], f"parameters.{name}"
    kept = {k: v for k, v in old.items() if k not in _TOGETHER[0]}
    field = "distribution" if _is_distribution(value) else "value"
    kept[field] = Node("text", value, shown, 0, f"{place}.{field}")
    parameters.value[name] = Node("map", kept, old.file, old.line, place, old.keys)


def _is_distribution(value: str) -> bool:
    from model import distributions

    return value.split("(")[0].strip() in distributions.NAMES


def _set_field(root: Node, path: list[str], value: str, shown: str, problems: Problems) -> None:
    node = root
    for depth, word in enumerate(path[:-1]):
        below = node.get(word)
        if below is None or below.kind != "map":
            problems.add(Node("text", value, shown, 0), f"no field '{'.'.join(path[:depth + 1])}' in {root.file}."
                         + did_you_mean(word, node.value if node.kind == "map" else ()))
            return
        node = below
    node.value[path[-1]] = Node("text", value, shown, 0, ".".join(path))
