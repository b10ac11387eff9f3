"""YAML text -> a tree whose every value remembers its file and line; duplicate keys and YAML's traps are closed.

Scalars stay text: what a field means decides how it is read, so `no` is a word, 1e5 a number, 12:30 a time of day.
"""
from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


class ScenarioError(ValueError):
    """Everything that is wrong with a scenario file, one line each."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass
class Node:
    """kind: 'map', 'list', 'text' or 'nothing'. value: dict[str, Node], list[Node], str or None."""

    kind: str
    value: object
    file: str
    line: int
    place: str = ""
    keys: dict[str, int] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return self.kind == "map" and key in self.value

    def get(self, key: str) -> Node | None:
        return self.value.get(key) if self.kind == "map" else None

    def items(self):
        return self.value.items() if self.kind == "map" else ()

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problems:
    """Collects every error in the file, so that all are reported at once."""

    def __init__(self):
        self.found: list[str] = []
        self.warnings: list[str] = []

    def add(self, node: Node, message: str, line: int | None = None) -> None:
        line = line or node.line
        text = f"{node.file}{f':{line}' if line else ''}: {node.place + ': ' if node.place else ''}{message}"
        if text not in self.found:
            self.found.append(text)

    def unknown(self, node: Node, what: str, found: str, allowed: Iterable[str], line: int | None = None) -> None:
        self.add(node, f"unknown {what} '{found}'. Allowed: {', '.join(allowed)}." + did_you_mean(found, allowed), line)

    def warn(self, node: Node, message: str) -> None:
        self.warnings.append(f"{node.where}: {node.place}: {message}")

    def stop(self) -> None:
        if self.found:
            raise ScenarioError(self.found)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(allowed), 1, 0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def read_yaml(path: Path, shown: str, problems: Problems) -> Node:
    """The tree of one file; `shown` is the name that messages use."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = did_you_mean(path.stem, [p.stem for p in path.parent.glob("*.yaml")] if path.parent.is_dir() else [])
        raise ScenarioError([f"{shown}: no such file.{near}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([f"{shown}: cannot be read as text ({error.__class__.__name__}: {error})"]) from None
    return parse_yaml(text, shown, problems, yaml)


def parse_yaml(text: str, shown: str, problems: Problems, yaml=None) -> Node:
    if yaml is None:
        import yaml
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        context = f" ({error.context})" if error.context else ""
        raise ScenarioError([f"{shown}:{line}: not valid YAML: {error.problem}{context}"]) from None
    except yaml.YAMLError as error:
        raise ScenarioError([f"{shown}: not valid YAML: {error}"]) from None
    if root is None:
        return Node("map", {}, shown, 1)
    return _convert(root, shown, "", problems, yaml, ())


def _convert(node, shown: str, place: str, problems: Problems, yaml, above) -> Node:
    line = node.start_mark.line + 1
    if id(node) in above:
        problems.add(Node("nothing", None, shown, line, place), "this anchor contains itself")
        return Node("nothing", None, shown, line, place)
    above = (*above, id(node))
    if isinstance(node, yaml.ScalarNode):
        empty = node.style is None and node.value in ("", "~", "null")
        return Node("nothing" if empty else "text", None if empty else node.value.strip(), shown, line, place)
    if isinstance(node, yaml.SequenceNode):
        items = [_convert(n, shown, f"{place}[{i + 1}]", problems, yaml, above) for i, n in enumerate(node.value)]
        return Node("list", items, shown, line, place)
    return _mapping(node, shown, place, problems, yaml, above)


def _mapping(node, shown: str, place: str, problems: Problems, yaml, above) -> Node:
    result = Node("map", {}, shown, node.start_mark.line + 1, place)
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.add(result, "a key must be a word", line)
            continue
        key = " ".join(key_node.value.split())
        if key in result.value:
            problems.add(result, f"'{key}' is given twice (first in line {result.keys[key]})", line)
            continue
        result.keys[key] = line
        child = _convert(value_node, shown, f"{place}.{key}" if place else key, problems, yaml, above)
        result.value[key] = child
    return result


def plain(node: Node):
    """The tree as plain dicts, lists and text, for the resolved copy and the schema."""
    if node.kind == "map":
        return {key: plain(value) for key, value in node.value.items()}
    if node.kind == "list":
        return [plain(value) for value in node.value]
    return node.value


def dump(node: Node) -> str:
    """The tree as YAML text; numbers stand there as numbers."""
    import yaml

    return yaml.safe_dump(_typed(plain(node)), sort_keys=False, allow_unicode=True, width=110)


def _typed(value):
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    for kind in (int, float):
        try:
            if value is not None and str(kind(value)) == value:
                return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value, value)
