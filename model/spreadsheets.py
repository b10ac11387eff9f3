"""Texts that a spreadsheet would take for formulas."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def escape(text: str) -> str:
    """An apostrophe before a text that begins with = + - @, a tab or a return, unless it is a number.

    Text that has such apostrophes already gets one more, so that `unescape` gives every text back.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unescape(text: str) -> str:
    """The text that `escape` has marked."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
