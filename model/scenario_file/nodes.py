"""The tree of a scenario file: what a value is, its class says, and every one knows its file, line and place.

Scalars stay text: what a field means decides how it is read, so `no` is a word, 1e5 a number, 12:30 a time of day.
A tree is never changed: a change makes another tree that shares what stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Node:
    """A value: `Text`, `List`, `Map`, or `Nothing`. line: 0 for what stands in no line, as a setting of the command line."""

    file: str
    line: int
    place: str = ""

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True)
class Nothing(Node):
    """A name with nothing behind it, or null."""


@dataclass(frozen=True)
class Text(Node):
    value: str = ""


@dataclass(frozen=True)
class List(Node):
    items: tuple[Node, ...] = ()

    @property
    def texts(self) -> tuple[Text, ...]:
        """The entries that are texts; in a checked list of texts, all of them."""
        return tuple(item for item in self.items if isinstance(item, Text))

    @property
    def maps(self) -> tuple[Map, ...]:
        return tuple(item for item in self.items if isinstance(item, Map))

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(text.value for text in self.texts)


@dataclass(frozen=True)
class Map(Node):
    """Fields by name. lines: where each name stands; dropped: fields that were wrong, are reported, and are here no more."""

    fields: Mapping[str, Node] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    def __contains__(self, key: str) -> bool:
        return key in self.fields

    def stated(self, *keys: str) -> bool:
        """Whether one of the fields stands in the file, be it right or wrong."""
        return any(key in self.fields or key in self.dropped for key in keys)

    def get(self, key: str) -> Node | None:
        return self.fields.get(key)

    def at(self, *keys: str) -> Node:
        """Where a message belongs: the first of the fields that is here, else the whole."""
        return next((self.fields[key] for key in keys if key in self.fields), self)

    def text(self, key: str, default: str = "") -> str:
        """A field that is a text."""
        child = self.fields.get(key)
        return child.value if isinstance(child, Text) else default

    def section(self, key: str) -> Map:
        """A field that has fields itself; an empty one where it is not here."""
        child = self.fields.get(key)
        return child if isinstance(child, Map) else Map(self.file, self.line, self.place)

    def entries(self, key: str) -> List:
        """A field that is a list; an empty one where it is not here."""
        child = self.fields.get(key)
        return child if isinstance(child, List) else List(self.file, self.line, self.place)

    def texts(self, key: str) -> tuple[Text, ...]:
        """Entries of a field that is a list of texts, or one text alone."""
        child = self.fields.get(key)
        return (child,) if isinstance(child, Text) else self.entries(key).texts

    def maps(self) -> Iterator[tuple[str, Map]]:
        """The fields that have fields themselves; in a checked section of entries, all of them."""
        return ((key, child) for key, child in self.fields.items() if isinstance(child, Map))

    def items(self) -> Iterator[tuple[str, Text]]:
        """The fields that are texts."""
        return ((key, child) for key, child in self.fields.items() if isinstance(child, Text))

    def put(self, path: tuple[str, ...], node: Node) -> Map:
        """The same with another field; `path` leads to it from here, through fields that are here."""
        key, *rest = path
        return replace(self, fields={**self.fields, key: self.section(key).put(tuple(rest), node) if rest else node})


def renamed(node: Node, place: str) -> Node:
    """The same, and what is below it, under another place."""
    match node:
        case Map():
            fields = {key: renamed(child, f"{place}.{key}") for key, child in node.fields.items()}
            return replace(node, place=place, fields=fields)
        case _:
            return replace(node, place=place)


Plain = str | None | list["Plain"] | dict[str, "Plain"]


def plain(node: Node) -> Plain:
    """The tree as dictionaries, lists and texts, for the resolved copy and for comparisons."""
    match node:
        case Map():
            return {key: plain(value) for key, value in node.fields.items()}
        case List():
            return [plain(item) for item in node.items]
        case Text():
            return node.value
        case _:
            return None
