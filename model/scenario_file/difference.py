"""What differs between two scenarios as resolved, and scenarios in between: A with some of B's entries.

An entry is the smallest part that makes sense alone: a parameter, a binding, a field of a state, a move. The order of
fields, notes, sources and labels make no difference to results.
"""

from __future__ import annotations

import copy
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.outcome_keys import QALY
from model.scenario import Scenario
from model.scenario_file.merge import ends, label
from model.scenario_file.nodes import List, Map, plain
from model.scenario_file.problems import Problems
from model.scenario_file.read import read
from model.scenario_file.yaml_text import dump_plain, parse_yaml

# Sections without a bearing on cost and QALYs at a stated willingness to pay, and fields that only describe.
WORDS = (
    "title",
    "description",
    "study",
    "sources",
    "calibration",
    "published",
    "published medians",
    "landmarks",
    "severity",
    "wtp",
    "effects",
    "reference",
)
LISTS = (
    "calibration",
    "published",
    "published medians",
    "effects",
    "severity",
)  # name states and parameters that a mixture may lack
DESCRIBING = ("source", "note", "label", "status", "range")
_DEPTH = {
    "parameters": 2,
    "transitions": 2,
    "periods": 2,
    "resources": 2,
    "curves": 2,
    "costs": 2,
    "correlations": 1,
    "definitions": 2,
    "strategies": 3,
    "groups": 3,
    "states": 3,
}
_ABSENT = object()

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One field that differs; before, after: as written, '' where a file does not have it; entry: what it belongs to."""

    path: Path_
    before: str
    after: str
    entry: Path_
    matters: bool

    @property
    def name(self) -> str:
        return ".".join(self.path)


class Trees:
    """Two resolved scenarios as trees of plain values, to be compared and mixed. effect: what decides between strategies."""

    def __init__(self, a: Scenario, b: Scenario, effect: str = QALY):
        self.a, self.b, self._effect = a, b, ("effects", effect)
        self._a, self._b = _tree(a), _tree(b)

    def differences(self) -> list[Difference]:
        """Fields that differ, in the order of the files."""
        return [self._difference(path, *ends) for path, *ends in _leaves(self._a, self._b, ())]

    def _difference(self, path: Path_, before, after) -> Difference:
        entry = self._entry(path)
        matters = (entry[0] not in WORDS or entry == self._effect) and _bare(_at(self._a, entry)) != _bare(
            _at(self._b, entry)
        )
        return Difference(path, _shown(before), _shown(after), entry, matters and path[-1] not in DESCRIBING)

    def _entry(self, path: Path_) -> Path_:
        """An entry of which one side has nothing is added or removed as a whole."""
        for depth in range(1, _DEPTH.get(path[0], 2) + 1):
            if depth == len(path) or _ABSENT in (_at(self._a, path[:depth]), _at(self._b, path[:depth])):
                return path[:depth]
            if not all(isinstance(_at(tree, path[:depth]), dict) for tree in (self._a, self._b)):
                return path[:depth]
        return path[: _DEPTH.get(path[0], 2)]

    def together(self, entries: Sequence[Path_]) -> list[tuple[Path_, ...]]:
        """Entries that make sense together only: one uses a name that the other adds or removes."""
        coined = {entry: self._coined(entry) for entry in entries}
        groups = [{entry} for entry in entries]
        for entry in entries:
            words = self._words(entry)
            for other in entries:
                if other != entry and words & coined[other]:
                    one, two = (next(g for g in groups if e in g) for e in (entry, other))
                    if one is not two:
                        one |= two
                        groups.remove(two)
        return [tuple(e for e in entries if e in group) for group in groups]

    def _coined(self, entry: Path_) -> set[str]:
        """Names that only one of the files knows."""
        sides = [_at(tree, entry) for tree in (self._a, self._b)]
        if _ABSENT not in sides or entry[0] == "transitions":
            return set()
        whole = next(side for side in sides if side is not _ABSENT)
        depth = {"strategies": 3, "groups": 3}.get(entry[0], 2) - len(entry)
        return {name.strip() for name in entry[-1].split(",")} | _keys(whole, depth)

    def _words(self, entry: Path_) -> set[str]:
        found = list(_texts([_bare(_at(tree, entry)) for tree in (self._a, self._b)]))
        return {*found, *re.findall(r"[A-Za-z_]\w*", " ".join(found))}

    def mixed(self, entries: Iterable[Path_]) -> Scenario:
        """A with `entries` as they are in B. Raises ScenarioError where that is no scenario."""
        tree = copy.deepcopy({key: value for key, value in self._a.items() if key not in LISTS})
        if (decides := _at(self._a, self._effect)) is not _ABSENT:
            _put(tree, self._effect, decides)
        for entry in entries:
            _put(tree, entry, _at(self._b, entry))
        return _scenario(tree, Path(self.a.path).name)


def _tree(scenario: Scenario) -> dict:
    root = parse_yaml(scenario.text, scenario.path, Problems())
    if not isinstance(root, Map):
        return {}
    tree, moves = {key: plain(node) for key, node in root.fields.items()}, root.get("transitions")
    if isinstance(moves, List):
        named = all(any(ends(move)) for move in moves.items)
        tree["transitions"] = {label(move) if named else str(i): plain(move) for i, move in enumerate(moves.items)}
    return tree


def _scenario(tree: dict, name: str) -> Scenario:
    """Read a tree as if it were a file."""
    tree = tree | {"transitions": list(tree["transitions"].values())} if "transitions" in tree else tree
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(dump_plain(tree), encoding="utf-8")
        return read(path)


def _leaves(a, b, path: Path_):
    """(path, before, after) of every field that differs."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            yield from _leaves(a.get(key, _ABSENT), b.get(key, _ABSENT), (*path, key))
    elif not _same(a, b):
        yield path, a, b


def _same(a, b) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return _normal(a) == _normal(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _normal(text: str):
    """1e3 is 1000, 3 % is 0.03, and spaces are all one."""
    bare = text.removesuffix("%").strip()
    try:
        return float(bare) / 100 if text.endswith("%") else float(bare)
    except ValueError:
        return " ".join(text.split())


def _bare(value):
    """Without what only describes, numbers as numbers."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in DESCRIBING}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return _normal(value) if isinstance(value, str) else value


def _keys(value, depth: int) -> set[str]:
    if depth < 1 or not isinstance(value, dict):
        return set()
    return set(value).union(*(_keys(item, depth - 1) for item in value.values()))


def _texts(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _at(tree, path: Path_):
    for word in path:
        if not isinstance(tree, dict) or word not in tree:
            return _ABSENT
        tree = tree[word]
    return tree


def _put(tree: dict, path: Path_, value) -> None:
    for word in path[:-1]:
        tree = tree.setdefault(word, {})
    if value is _ABSENT:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = copy.deepcopy(value)


def _shown(value) -> str:
    if value is _ABSENT:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return value or ""
