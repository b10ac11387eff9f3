"""Files of the user: regular ones, of a bounded size, as UTF-8 text; what is wrong is one line.

A scenario may name any file that its reader can read, so messages say where in a file a fault is and what is allowed there,
and show of the content no more than what looks like a number.
"""

from __future__ import annotations

import codecs
import csv
import re
import stat
from collections.abc import Iterator
from pathlib import Path

MOST_YAML, MOST_CSV = 5_000_000, 50_000_000  # bytes
MOST_ROWS = 1_000_000
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16 ('Unicode')",
    codecs.BOM_UTF16_BE: "UTF-16 ('Unicode')",
}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NUMBER_LIKE = re.compile(r"(?=.*\d)[-+0-9.,eE%' ]{1,20}")
_COLUMN_LIKE = re.compile(r"[A-Za-z_][\w %./()-]{0,29}")


class FileError(ValueError):
    """A file that cannot be used: words that follow its name."""


class MissingFileError(FileError):
    """There is no such file."""


class EmptyFileError(FileError):
    """A file without anything in it."""


class LargeFileError(FileError):
    """A file larger than its kind may be."""


def text(path: Path, most: int = MOST_CSV) -> str:
    """The whole file, without a byte order mark. Raises FileError."""
    data = content(path, most)
    if wide := next((name for mark, name in _MARKS.items() if data.startswith(mark)), ""):
        raise FileError(f"is {wide}, not UTF-8 text; save it as UTF-8 ('CSV UTF-8' in a spreadsheet)")
    try:
        found = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"is not UTF-8 text (byte {error.start + 1}, in line {line}, is no character); save it as 'UTF-8' in your editor, as "
            "'CSV UTF-8' in a spreadsheet"
        ) from None
    if "\0" in found:
        line = found.count("\n", 0, found.index("\0")) + 1
        raise FileError(
            f"is not UTF-8 text (a NUL byte in line {line}, as UTF-16 and binary files have); save it as UTF-8"
        )
    return found


def lines(content: str) -> Iterator[str]:
    """Lines of a text with their ends, one at a time: it may be long."""
    return (found.group() for found in _LINE.finditer(content))


def content(path: Path, most: int = MOST_CSV) -> bytes:
    """The bytes of a regular file that has some, and no more than `most`. Raises FileError."""
    try:
        _check_kind(path, most)
        with path.open("rb") as stream:
            data = stream.read(most + 1)  # it may have grown meanwhile
    except (OSError, RuntimeError) as error:
        raise FileError(f"cannot be read ({getattr(error, 'strerror', None) or error})") from None
    except ValueError as error:
        raise error if isinstance(error, FileError) else FileError("is not the name of a file") from None
    if len(data) > most:
        raise LargeFileError(f"has over {most // 1_000_000} MB")
    return data


def _check_kind(path: Path, most: int) -> None:
    """Anything but a regular file may have no end, or wait for ever."""
    try:
        found = path.stat()
    except FileNotFoundError:
        raise MissingFileError("no such file") from None
    if stat.S_ISDIR(found.st_mode):
        raise FileError("is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise FileError("is not a regular file (it is a device, a pipe or a socket)")
    if not found.st_size:
        raise EmptyFileError("the file is empty")
    if found.st_size > most:
        raise LargeFileError(f"has over {most // 1_000_000} MB")


def table(path: Path) -> tuple[list[str], list[list[str]]]:
    """(header, rows below it) of a CSV, each row as long as the header; empty lines are left out. Raises FileError."""
    rows = []
    try:
        for row in csv.reader(lines(text(path))):
            if row:
                rows.append(row)
            if len(rows) > MOST_ROWS + 1:
                raise FileError(f"has over {MOST_ROWS:,} rows")
    except csv.Error as error:
        raise FileError(f"cannot be read as CSV ({error})") from None
    if not rows:
        raise EmptyFileError("the file is empty")
    header, below = rows[0], rows[1:]
    if not below:
        raise FileError("has no rows below its header")
    if len(header) == 1 and ";" in header[0]:
        raise FileError(
            "has columns that are separated by semicolons; save it with commas between columns and points as decimal marks"
        )
    names = [name for name in header if name]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        shown = f" '{twice[0]}'" if _COLUMN_LIKE.fullmatch(twice[0]) else ""
        raise FileError(f"has two columns of one name{shown}; rename or remove one of them")
    long = next((i for i, row in enumerate(below, 2) if len(row) > len(header)), None)
    if long is not None:
        raise FileError(
            f"has more fields in row {long} than in its header; decimal marks must be points, and no line may end with a comma"
        )
    return header, below


def columns_in_words(header: list[str]) -> str:
    """'it has age, rate'; nothing of a first row that does not look like one of names."""
    if len(header) > 1 and all(_COLUMN_LIKE.fullmatch(name.strip()) for name in header if name):
        return f"it has {', '.join(name for name in header if name)}"
    return f"its first row ({len(header)} field{'s' if len(header) != 1 else ''}) is no row of names"


def cell_in_words(cell: str | None) -> str:
    """What stands in a cell that should hold a number: shown where it looks like one, else described."""
    cell = (cell or "").strip()
    if not cell:
        return "is empty; it must be a number"
    if not _NUMBER_LIKE.fullmatch(cell):
        return "is a text; it must be a number"
    return f"'{cell}' is not a number" + (" (decimal marks must be points)" if "," in cell else "")
