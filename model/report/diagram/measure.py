"""How much room text takes, without a font at hand: rather too much, so that nothing overlaps in any common sans serif."""

from __future__ import annotations

import re
import unicodedata

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{}/ "), frozenset("mwMW@%&\N{RIGHTWARDS ARROW}")
LINE = 1.25  # height of a line of text in the size of its letters
_BREAK = re.compile(r"(?<=[ ,/*+-])")  # formulas may break where they have no blank


def width(text: str, size: float) -> float:
    """Pixels that a text takes at most."""
    return size * sum(map(_letter, text))


def _letter(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in _NARROW:
        return 0.42
    return 1.0 if letter in _WIDE else 0.72 if letter.isupper() else 0.64


def wrapped(text: str, room: float, size: float) -> list[str]:
    """Lines that are no wider than `room` pixels."""
    lines = [""]
    for piece in (p for part in _BREAK.split(text) for p in _cut(part, room, size)):
        if lines[-1] and width((lines[-1] + piece).rstrip(), size) > room:
            lines.append("")
            piece = piece.lstrip()
        lines[-1] += piece
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _cut(text: str, room: float, size: float) -> list[str]:
    """A piece with no place to break, in parts that fit."""
    parts = [""]
    for letter in text:
        if parts[-1] and width(parts[-1] + letter, size) > room:
            parts.append("")
        parts[-1] += letter
    return parts
