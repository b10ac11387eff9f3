"""Names of cells: those of the file, unless a spreadsheet would read them as an address, a word of its own, or twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ADDRESS = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*(?:[Cc]\d*)?|[Cc]\d*|true|false|pi|e", re.IGNORECASE)
_ALLOWED = re.compile(r"[^\W\d]\w*")


def defined(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Name of the file -> name of a cell. Spreadsheets do not tell capitals from small letters."""
    used, found = {name.casefold() for name in taken}, {}
    for name in names:
        clean = re.sub(r"\W", "_", name)
        clean = clean if _ALLOWED.fullmatch(clean) else f"_{clean}"
        clean = f"{clean}_" if _ADDRESS.fullmatch(clean) else clean
        while clean.casefold() in used:
            clean += "_"
        used.add(clean.casefold())
        found[name] = clean
    return found
