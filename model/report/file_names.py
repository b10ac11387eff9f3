"""Names of strategies and parameters as names of files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 120  # bytes, so that `.svg` and the like have room in the 255 that file systems allow
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows


def file_names(names: Iterable[str]) -> list[str]:
    """A safe name for each, all different, on systems too that do not tell capitals apart. An ordinary name stays."""
    found, taken = [], set()
    for name in names:
        safe, i = _safe(name), 1
        while _same(own := safe if i == 1 else f"{safe}-{i}") in taken:
            i += 1
        taken.add(_same(own))
        found.append(own)
    return found


def _same(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _safe(name: str) -> str:
    hidden = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # controls, marks of direction, halves of characters
    clean = "".join("_" if unicodedata.category(c) in hidden else c for c in _UNSAFE.sub("_", name))
    cut = clean.encode()[:LONGEST].decode(errors="ignore").strip(" .")
    return f"_{cut}" if not cut or _RESERVED.fullmatch(cut) else cut
