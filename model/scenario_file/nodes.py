"""YAML text -> a tree whose every value remembers its file and line; duplicate keys and YAML's traps are closed.

Scalars stay text: what a field means decides how it is read, so `no` is a word, 1e5 a number, 12:30 a time of day.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from model import files

LONGEST = 2000  # characters of a message
MOST_NODES = 200_000
DEEPEST = 50


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
    dropped: set[str] = field(default_factory=set)  # fields that were wrong, reported, and are not in `value` any more

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
    """Collects every error in the file, so that all are reported at once.

    `damaged`: names whose definition is wrong. They are reported once, there, and not wherever they are read.
    """

    def __init__(self):
        self.found: dict[str, None] = {}  # ordered sets: each is said once
        self.warnings: dict[str, None] = {}
        self.damaged: set[str] = set()

    def add(self, node: Node, message: str, place: str | None = None) -> None:
        place = node.place if place is None else place
        self.say(f"{node.where}: {place + ': ' if place else ''}{message}")

    def say(self, text: str) -> None:
        """A message on one line; what it quotes may be of any length and have several, the message is not."""
        text, half = " ".join(text.splitlines()), LONGEST // 2
        self.found[text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}"] = None

    def unknown(self, node: Node, what: str, found: str, allowed: Iterable[str], place: str | None = None) -> None:
        allowed = list(allowed)
        listed = ", ".join(allowed) or "none, as the file states none"
        self.add(node, f"unknown {what} '{found}'.{did_you_mean(found, allowed)} Allowed: {listed}", place)

    def warn(self, node: Node, message: str) -> None:
        self.warn_at(f"{node.where}: {node.place}: {message}")

    def warn_at(self, text: str) -> None:
        """A warning that names its place itself."""
        self.warnings[" ".join(text.splitlines())] = None

    def stop(self) -> None:
        """Raise what was found: files in the order in which their first problem was found, lines from the top."""
        if not self.found:
            return
        files = {file: i for i, file in enumerate(dict.fromkeys(map(_file_of, self.found)))}

        def position(text: str) -> tuple[int, int]:
            file = _file_of(text)
            line = re.match(r":(\d+)", text[len(file) :])
            return files[file], int(line[1]) if line else 0

        raise ScenarioError(sorted(self.found, key=position))


def _file_of(problem: str) -> str:
    return re.split(r":\d+: |: ", problem, maxsplit=1)[0]


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(allowed), 1, 0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def read_yaml(path: Path, shown: str, problems: Problems) -> Node:
    """The tree of one file; `shown` is the name that messages use."""
    return parse_yaml(_text(path, shown), shown, problems)


def _text(path: Path, shown: str) -> str:
    try:
        found = files.text(path, files.MOST_YAML)
    except files.FileError as error:
        raise ScenarioError([f"{shown}: {_of_scenario(str(error))}{_near(path)}"]) from None
    if not found.strip():
        raise ScenarioError([f"{shown}: {_of_scenario('the file is empty')}"])
    return found


def _of_scenario(fault: str) -> str:
    """The words for a file that should be a scenario."""
    if fault == "the file is empty":
        return f"{fault}; a scenario begins with 'title: ...'"
    return f"{fault}; a scenario is a short text file" if fault.startswith("has over") else fault


def _near(path: Path) -> str:
    """' Did you mean ...?' where there is no such file."""
    try:
        if path.exists() or not path.parent.is_dir():
            return ""
        names = [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml")]
    except (OSError, ValueError, RuntimeError):
        return ""
    return "." + near if (near := did_you_mean(path.name, names)) else ""


def parse_yaml(text: str, shown: str, problems: Problems) -> Node:
    """The tree of a YAML text; ScenarioError where it is not YAML, or more of it than a scenario can have."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(text, shown, yaml, loader)
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (
            min(mark.line, text.count("\n")) + 1 if mark else 1
        )  # at the end of the file the parsers count one line more
        raise ScenarioError([f"{shown}:{line}: {_plain_words(error, text, mark)}"]) from None
    except yaml.YAMLError as error:
        at = getattr(error, "position", None)
        line = f":{text.count(chr(10), 0, at) + 1}" if isinstance(at, int) else ""
        raise ScenarioError([f"{shown}{line}: has a character that is no text; is it a YAML file?"]) from None
    if root is None:
        raise ScenarioError([f"{shown}: the file has comments only; a scenario begins with 'title: ...'"])
    return _Tree(shown, problems, yaml, text.count("\n")).convert(root, "", 0)


def _check_depth(text: str, shown: str, yaml, loader) -> None:
    """Bound the nesting before the tree is built: the parser itself would fall over it."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise ScenarioError([f"{shown}:{event.start_mark.line + 1}: {_TOO_DEEP}"])


# What the YAML parsers say (compiled or not, of any version) -> our words, which do not change with theirs.
_TOO_DEEP = f"is nested more than {DEEPEST} levels deep"
_SAID = {
    "mapping values are not allowed": "a text that contains ': ' must stand in quotes, and the fields of one entry must "
    "begin in the same column",
    "cannot start any token": "a text that begins with one of % @ ` must stand in quotes",
    "could not find expected ':'": "a field is written 'name: value', with a space behind the colon",
    "expected ',' or": "a bracket { or [ is not closed, or a text with a comma, colon or bracket in it needs quotes",
    "unexpected end of stream": "a quote or a bracket is not closed",
    "undefined alias": "a text that begins with * must stand in quotes",
    "duplicate anchor": "a text that begins with & must stand in quotes; two anchors (&) cannot have one name",
    "another document": "'---' begins a second document; a scenario is one",
    "alphabetic": "a text that begins with * or & must stand in quotes",
    "escape": "between double quotes \\ begins a special character; write \\\\, or use single quotes",
    "sequence entries are not allowed": "'- ' begins an entry of a list, and stands in a line of its own",
    "scanning a block scalar": "a text that begins with | or > must stand in quotes, or begin in the next line",
    "tag": "a text that begins with ! must stand in quotes",
    "directive": "a line that begins with % must stand in quotes",
    "expected": "check that brackets and quotes are closed and that the fields of one entry begin in the same column",
}
_NOT_SAID = "check the brackets, quotes, colons and indentation of this line and of the one before it"


def _plain_words(error, text: str, mark) -> str:
    said = " ".join(f"{error.problem or ''} {error.context or ''}".split())
    if "nesting depth" in said:
        return _TOO_DEEP
    if mark and text[mark.index : mark.index + 1] == "\t":
        return "is not valid YAML: there is a tab; indent with spaces"
    return "is not valid YAML: " + next((words for key, words in _SAID.items() if key in said), _NOT_SAID)


class _Tree:
    """Turns the parser's tree into ours. An alias is copied out, so the number of nodes is bounded."""

    def __init__(self, shown: str, problems: Problems, yaml, last: int):
        self.shown, self.problems, self.yaml, self.last, self.count = shown, problems, yaml, last, 0

    def convert(self, node, place: str, depth: int) -> Node:
        line = min(node.start_mark.line, self.last) + 1
        self.count += 1
        if self.count > MOST_NODES:
            raise ScenarioError(
                [
                    f"{self.shown}:{line}: has over {MOST_NODES:,} values once its anchors (&, *) are "
                    f"written "
                    "out; put long tables into a CSV file"
                ]
            )
        if depth > DEEPEST:
            raise ScenarioError(
                [f"{self.shown}:{line}: an anchor (&) contains itself, or is nested more than {DEEPEST} levels deep"]
            )
        self._refuse_tag(node, line, place)
        if isinstance(node, self.yaml.ScalarNode):
            self._refuse_controls(node.value, line, place)
            empty = node.tag == "tag:yaml.org,2002:null"
            return Node("nothing" if empty else "text", None if empty else node.value.strip(), self.shown, line, place)
        if isinstance(node, self.yaml.SequenceNode):
            items = [self.convert(n, f"{place}[{i + 1}]", depth + 1) for i, n in enumerate(node.value)]
            if node.flow_style:
                self._report_cut_numbers(node, items)
            return Node("list", items, self.shown, line, place)
        return self._mapping(node, place, depth)

    def _refuse_tag(self, node, line: int, place: str) -> None:
        plain = ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
        if node.tag.removeprefix("tag:yaml.org,2002:") not in plain:
            self.problems.add(
                Node("text", "", self.shown, line, place), f"the tag '{node.tag}' is not read; leave it out"
            )

    def _refuse_controls(self, text: str, line: int, place: str) -> None:
        """Characters that only an escape such as "\\0" can bring in, and that no table or figure could show."""
        odd = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t"), None)
        if odd is not None:
            at = Node("text", "", self.shown, line, place)
            self.problems.add(at, f"has a control character (U+{ord(odd):04X}), which no text can have; leave it out")

    def _mapping(self, node, place: str, depth: int) -> Node:
        result = Node("map", {}, self.shown, node.start_mark.line + 1, place)
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            at = Node("text", "", self.shown, line, place)
            if not isinstance(key_node, self.yaml.ScalarNode):
                self.problems.add(at, "the name of a field must be a word, found a list or fields")
                continue
            self._refuse_controls(key_node.value, line, place)
            key = " ".join(key_node.value.split())
            if not key:
                self.problems.add(at, "a name is empty; write a word in front of the colon")
                result.dropped.add(key)
                continue
            if key in result.value:
                self.problems.add(at, f"'{key}' is given twice (first in line {result.keys[key]})")
                continue
            result.keys[key] = line
            result.value[key] = self.convert(value_node, f"{place}.{key}" if place else key, depth + 1)
        if node.flow_style:
            self._report_cut_texts(result)
        return result

    def _report_cut_texts(self, node: Node) -> None:
        """{distribution: beta(32, 2)} is read by YAML as the fields 'distribution: beta(32' and '2)'."""
        fields = list(node.value.items())
        for i, (key, child) in enumerate(fields):
            whole = child.value if child.kind == "text" else ""
            cut = []
            for rest, value in fields[i + 1 :]:
                if value.kind != "nothing" or not (_open(whole) or (whole[-1:].isdigit() and rest[:1].isdigit())):
                    break
                whole += f", {rest}" if _open(whole) else f",{rest}"
                cut.append(rest)
            if cut:
                node.dropped.update([key, *cut])
                node.value = {k: v for k, v in node.value.items() if k not in node.dropped}
                advice = "write decimals with a point, and numbers without thousands separators"
                if "(" in whole:
                    advice = f'a text with a comma stands in quotes between {{ and }}: {key}: "{whole}"'
                self.problems.add(child, f"'{whole}' is cut off at the comma; {advice}")

    def _report_cut_numbers(self, node, items: list[Node]) -> None:
        """[50,000] is read by YAML as the numbers 50 and 000."""
        for before, after, text, rest in zip(node.value, node.value[1:], items, items[1:]):
            adjacent = after.start_mark.index == before.end_mark.index + 1
            if (
                adjacent
                and text.kind == rest.kind == "text"
                and re.fullmatch(r"\d{3}", rest.value)
                and re.fullmatch(r"\d{1,3}", text.value)
            ):
                self.problems.add(
                    text,
                    f"'{text.value},{rest.value}' may be one number or two: write a number without "
                    "thousands separators, and a space between two",
                )


def _open(text: str) -> bool:
    """There is a bracket that is not closed."""
    return text.count("(") > text.count(")")


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

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(_typed(plain(node)), Dumper=dumper, sort_keys=False, allow_unicode=True, width=110)


def _typed(value):
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    for kind in (int, float):
        try:
            if value and value[-1].isdigit() and len(value) < 400 and str(kind(value)) == value:
                return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(value, value)
