"""What a section of the page is made of; the template knows each by its `kind`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

DETERMINISTIC, PROBABILISTIC = "deterministic", "probabilistic"


@dataclass(frozen=True)
class Text:
    """Paragraphs; look: a class of the style sheet."""

    kind: ClassVar[str] = "text"
    paragraphs: tuple[str, ...]
    look: str = ""


@dataclass(frozen=True)
class Listed:
    kind: ClassVar[str] = "listed"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """(name, value) of each."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True)
class Link:
    """Text of a cell that leads somewhere: within the page, or to a source."""

    text: str
    href: str


@dataclass(frozen=True)
class Named:
    """Text of a cell with the key of the file beneath."""

    text: str
    key: str


Cell = str | Link | Named | tuple[Link, ...]


@dataclass(frozen=True)
class Grid:
    """A table; numeric: columns that are set to the right. basis: which figures these are, DETERMINISTIC, PROBABILISTIC or ''."""

    kind: ClassVar[str] = "grid"
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    basis: str = ""
    note: str = ""
    anchors: tuple[str, ...] = ()  # id of each row, where something leads to it
    wraps: frozenset[int] = field(default=frozenset())  # columns of prose


@dataclass(frozen=True)
class Picture:
    """A figure with its data; image, data: as data: addresses; file: name of the download; beside: where its data are if they are too many to be here."""

    kind: ClassVar[str] = "picture"
    title: str
    image: str
    file: str
    data: str = ""
    basis: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Drawing:
    """An image without data."""

    kind: ClassVar[str] = "drawing"
    title: str
    image: str


@dataclass(frozen=True)
class Code:
    """Text as it was written, folded."""

    kind: ClassVar[str] = "code"
    title: str
    text: str


Block = Text | Listed | Facts | Grid | Picture | Drawing | Code


@dataclass(frozen=True)
class Section:
    """key: its id, to which links lead."""

    key: str
    title: str
    blocks: tuple[Block, ...]
