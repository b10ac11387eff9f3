"""YAML text -> a tree of nodes, and back; duplicate keys and YAML's traps are closed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from model import files
from model.scenario_file.nodes import List, Map, Node, Nothing, Plain, Text, plain
from model.scenario_file.problems import Problems, ScenarioError
from model.suggestions import did_you_mean

if TYPE_CHECKING:
    import yaml

MOST_NODES = 200_000
DEEPEST = 50


def read_yaml(path: Path, shown: str, problems: Problems) -> Node:
    """The tree of one file; `shown` is the name that messages use."""
    return parse_yaml(_text(path, shown), shown, problems)


def _text(path: Path, shown: str) -> str:
    try:
        text = files.text(path, files.MOST_YAML)
        if not text.strip():
            raise files.EmptyFileError("the file is empty")
    except files.EmptyFileError as error:
        raise ScenarioError([f"{shown}: {error}; a scenario begins with 'title: ...'"]) from None
    except files.LargeFileError as error:
        raise ScenarioError([f"{shown}: {error}; a scenario is a short text file"]) from None
    except files.FileError as error:
        raise ScenarioError([f"{shown}: {error}{_near(path)}"]) from None
    return text


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

    def __init__(self, shown: str, problems: Problems, yaml: ModuleType, last: int):
        self.shown, self.problems, self.yaml, self.last, self.count = shown, problems, yaml, last, 0

    def convert(self, node: yaml.Node, place: str, depth: int) -> Node:
        line = min(node.start_mark.line, self.last) + 1
        self._bound(line, depth)
        self._refuse_tag(node, line, place)
        if isinstance(node, self.yaml.ScalarNode):
            self._refuse_controls(node.value, line, place)
            if node.tag == "tag:yaml.org,2002:null":
                return Nothing(self.shown, line, place)
            return Text(self.shown, line, place, node.value.strip())
        if isinstance(node, self.yaml.SequenceNode):
            items = [self.convert(n, f"{place}[{i + 1}]", depth + 1) for i, n in enumerate(node.value)]
            if node.flow_style:
                self._report_cut_numbers(node, items)
            return List(self.shown, line, place, tuple(items))
        return self._mapping(node, place, depth)

    def _bound(self, line: int, depth: int) -> None:
        self.count += 1
        fault = ""
        if self.count > MOST_NODES:
            fault = f"has over {MOST_NODES:,} values once its anchors (&, *) are written out; put long tables into a CSV file"
        elif depth > DEEPEST:
            fault = f"an anchor (&) contains itself, or is nested more than {DEEPEST} levels deep"
        if fault:
            raise ScenarioError([f"{self.shown}:{line}: {fault}"])

    def _refuse_tag(self, node: yaml.Node, line: int, place: str) -> None:
        plain = ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "merge", "value")
        if node.tag.removeprefix("tag:yaml.org,2002:") not in plain:
            self.problems.add(Node(self.shown, line, place), f"the tag '{node.tag}' is not read; leave it out")

    def _refuse_controls(self, text: str, line: int, place: str) -> None:
        """Characters that only an escape such as "\\0" can bring in, and that no table or figure could show."""
        odd = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t"), None)
        if odd is not None:
            at = Node(self.shown, line, place)
            self.problems.add(at, f"has a control character (U+{ord(odd):04X}), which no text can have; leave it out")

    def _mapping(self, node: yaml.Node, place: str, depth: int) -> Map:
        fields: dict[str, Node] = {}
        lines: dict[str, int] = {}
        nameless = False
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._key(key_node, Node(self.shown, line, place))
            if key is None:
                continue
            if not key:
                nameless = True
            elif key in fields:
                at = Node(self.shown, line, place)
                self.problems.add(at, f"'{key}' is given twice (first in line {lines[key]})")
            else:
                lines[key] = line
                fields[key] = self.convert(value_node, f"{place}.{key}" if place else key, depth + 1)
        dropped = frozenset([""] if nameless else [])
        whole = Map(self.shown, node.start_mark.line + 1, place, fields, lines, dropped)
        return self._without_cut_texts(whole) if node.flow_style else whole

    def _key(self, node: yaml.Node, at: Node) -> str | None:
        """The name of a field, '' where it is empty; None where it is no word."""
        if not isinstance(node, self.yaml.ScalarNode):
            self.problems.add(at, "the name of a field must be a word, found a list or fields")
            return None
        self._refuse_controls(node.value, at.line, at.place)
        key = " ".join(node.value.split())
        if not key:
            self.problems.add(at, "a name is empty; write a word in front of the colon")
        return key

    def _without_cut_texts(self, node: Map) -> Map:
        """{distribution: beta(32, 2)} is read by YAML as the fields 'distribution: beta(32' and '2)'."""
        fields, dropped = list(node.fields.items()), set(node.dropped)
        for i, (key, child) in enumerate(fields):
            whole = child.value if isinstance(child, Text) else ""
            cut = []
            for rest, value in fields[i + 1 :]:
                goes_on = _open(whole) or (whole[-1:].isdigit() and rest[:1].isdigit())
                if not isinstance(value, Nothing) or not goes_on:
                    break
                whole += f", {rest}" if _open(whole) else f",{rest}"
                cut.append(rest)
            if cut:
                dropped.update([key, *cut])
                advice = "write decimals with a point, and numbers without thousands separators"
                if "(" in whole:
                    advice = f'a text with a comma stands in quotes between {{ and }}: {key}: "{whole}"'
                self.problems.add(child, f"'{whole}' is cut off at the comma; {advice}")
        kept = {key: child for key, child in fields if key not in dropped}
        return replace(node, fields=kept, dropped=frozenset(dropped))

    def _report_cut_numbers(self, node: yaml.Node, items: list[Node]) -> None:
        """[50,000] is read by YAML as the numbers 50 and 000."""
        for before, after, text, rest in zip(node.value, node.value[1:], items, items[1:]):
            adjacent = after.start_mark.index == before.end_mark.index + 1
            if (
                adjacent
                and isinstance(text, Text)
                and isinstance(rest, Text)
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


def values(text: str) -> object:
    """What a YAML text says, with numbers as such."""
    return _typed(plain(parse_yaml(text, "text", Problems())))


def dump(node: Node) -> str:
    """The tree as YAML text; numbers stand there as numbers."""
    return dump_plain(plain(node), width=110)


def dump_plain(tree: Plain, width: int | None = None) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(_typed(tree), Dumper=dumper, sort_keys=False, allow_unicode=True, width=width)


def _typed(value: Plain) -> object:
    match value:
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case str():
            return _number_or_word(value)
        case _:
            return None


def _number_or_word(text: str) -> int | float | bool | str:
    kinds: tuple[type[int], type[float]] = (int, float)
    for kind in kinds:
        try:
            if text and text[-1].isdigit() and len(text) < 400 and str(kind(text)) == text:
                return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
