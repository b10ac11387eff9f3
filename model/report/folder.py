"""A folder of results: a run replaces what it wrote itself, whole or not at all, and nothing else.

What is written first stands in a hidden folder, `.NAME.PID.new`. A folder that does not exist yet then appears at once.
In one that exists, files that its manifest lists move aside into `.NAME.PID.old`, the manifest first; the new ones move in,
the manifest last. So a folder with a manifest is whole, and whoever comes next can undo a change that was cut short.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from model.report.csv_files import write_csv
from model.report.file_names import file_names
from model.report.locks import alive, held
from model.report.named_tables import rows_of

if TYPE_CHECKING:
    import pandas as pd


class FolderError(ValueError):
    """A place where results cannot be written."""


OURS = "manifest.json"  # describes the files that a run has written
FILES = "sha256_of_files_it_wrote"  # key of a manifest
MADE_BY = "model_source_sha256"  # key that a manifest of another program does not have
ANALYSES = (
    *("sweep", "tornado", "threshold", "variants", "diff", "global", "converge"),
    *("voi", "calibrate", "compare", "capacity", "survival", "verify"),
)  # their folders stand in that of the run
UNSEEN = re.compile(r"\..*\.(\d+\.(new|old)|journal)|\.DS_Store|Thumbs\.db|desktop\.ini|\.gitkeep")


# --- before the work ----------------------------------------------------------------------------------------------


def check(target: Path) -> None:
    """Raise FolderError where results cannot go: told before the work, not after it. Clears what dead writers have left."""
    target = _real(target)
    try:
        place = next(p for p in (target, *target.parents) if p.exists())
        if not place.is_dir():
            raise FolderError(f"{place} is a file, not a folder; choose another --out")
        with held(place):
            _clear(target)
            _described(target)
        _fresh(target, place).rmdir()  # whether we may write there, tried
    except OSError as error:
        raise _cannot(target, error) from None


def _real(target: Path) -> Path:
    """Where links lead to."""
    if "\0" in str(target):
        raise FolderError(f"{str(target)!r} is not the name of a folder")
    return Path(os.path.realpath(target))


def _cannot(place: Path, error: OSError) -> FolderError:
    return FolderError(f"cannot write in {place}: {error.strerror or error}; earlier results are as they were")


def _described(target: Path) -> dict[str, str] | None:
    """{file: SHA-256} of the results that are there; None where an earlier version of this software listed no files.

    Raises FolderError where the folder has something else in it.
    """
    if not target.exists():
        return {}
    if (target / OURS).exists():
        found = _manifest(target / OURS)
        if found is None:
            raise FolderError(
                f"{target}: its {OURS} is not of this software, so it is left alone; choose another --out"
            )
        return found.get(FILES)
    if not all(UNSEEN.fullmatch(e.name) or _is_analysis(e) for e in target.iterdir()):
        raise FolderError(f"{target} exists and is not a folder of results (it has no {OURS}); choose another --out")
    return {}


def _manifest(path: Path) -> dict | None:
    """A manifest of this software, else None."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get(MADE_BY), str):
        return None
    files = found.get(FILES)
    listed = isinstance(files, dict) and all(isinstance(v, str) and _inside(k) for k, v in files.items())
    return found if files is None or listed else None


def _inside(name: str) -> bool:
    """A file of the folder itself, in at most one sub-folder."""
    parts = PurePosixPath(name).parts
    return 1 <= len(parts) <= 2 and not name.startswith("/") and not set(parts) & {"..", "."} and "\\" not in name


def _is_analysis(entry: Path) -> bool:
    return entry.name in ANALYSES and entry.is_dir() and (_manifest(entry / OURS) is not None or _only_unseen(entry))


def _only_unseen(folder: Path) -> bool:
    return all(UNSEEN.fullmatch(e.name) for e in folder.iterdir())


# --- writing ------------------------------------------------------------------------------------------------------


@contextmanager
def complete(target: Path, notes: list[str] | None = None) -> Iterator[Path]:
    """A fresh folder to write in; its files take their places in `target` when the block ends without an error.

    The block's last act is `finish`. notes: is told of files that were left alone although they stood in the way.
    """
    check(target)
    target = _real(target)
    fresh = _fresh(target, target if target.is_dir() else target.parent)
    try:
        with held(fresh, wait=False):
            yield fresh
            _put(target, fresh, [] if notes is None else notes)
    except OSError as error:
        raise _cannot(target, error) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fresh(target: Path, place: Path) -> Path:
    fresh = place / f".{_short(target)}.{os.getpid()}.new"
    try:
        fresh.mkdir(parents=True)
    except FileExistsError:
        raise FolderError(f"another run is writing in {target}; choose another --out") from None
    except OSError as error:
        raise _cannot(place, error) from None
    return fresh


def _short(target: Path) -> str:
    """The folder's name, cut so that a longer one is still a name."""
    return os.fsdecode(os.fsencode(target.name)[:200])


def finish(fresh: Path, manifest: dict) -> None:
    """Write the manifest of what is in the folder."""
    listed = {name: _sha256(fresh / name) for name in _names(fresh)}
    text = json.dumps(manifest | {FILES: listed}, indent=2, ensure_ascii=False) + "\n"
    # A path that is no text (bytes of another encoding) is written as JSON writes such characters.
    (fresh / OURS).write_text(text, encoding="utf-8", errors="backslashreplace")


def _names(folder: Path) -> list[str]:
    """Files in a folder and in its sub-folders, the manifest last."""
    found = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_symlink() or not p.is_dir()]
    return sorted(found, key=lambda name: name == OURS)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- the change from earlier results to new ones ------------------------------------------------------------------


def _put(target: Path, fresh: Path, notes: list[str]) -> None:
    """Bring what is in `fresh` to its place."""
    if not target.exists():
        try:
            fresh.rename(target)
            return
        except OSError:
            if not target.is_dir():  # else somebody else was quicker
                raise
    inside = fresh if fresh.parent == target else fresh.rename(target / fresh.name)
    try:
        with held(target):
            _exchange(target, inside, _described(target), notes)
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def _exchange(target: Path, fresh: Path, described: dict[str, str] | None, notes: list[str]) -> None:
    old, new = fresh.with_suffix(".old"), _names(fresh)
    mine = _mine(target, new, described)
    if described is None:
        notes.append(f"{target} was made by an earlier version, which listed no files: what was not written anew stays")
    old.mkdir()
    try:
        for name in _together(mine, {d for d in _parents(mine) if _has_only(target, d, mine)}):
            _move(target / name, old / name)
        for name in _together(new, {d for d in _parents(new) if not os.path.lexists(target / d)}):
            if os.path.lexists(target / name):
                notes.append(f"{target / name} is not as a run wrote it; it is kept as {_aside(target / name).name}")
            _move(fresh / name, target / name)
    except BaseException:
        _undo(target, fresh, old)
        raise
    _remove_empty(target, mine)
    _remove(old)


def _mine(target: Path, new: list[str], described: dict[str, str] | None) -> list[str]:
    """Files to be taken away, the manifest first: those that are as they were written."""
    if described is None:  # by an earlier version: only what is written anew
        return [OURS, *(n for n in new if n != OURS and (target / n).is_file())]
    same = [n for n, sha in described.items() if (target / n).is_file() and _sha256(target / n) == sha]
    return [*([OURS] if (target / OURS).exists() else []), *(n for n in same if n != OURS)]


def _parents(names: Iterable[str]) -> set[str]:
    """Sub-folders that files are in."""
    return {name.rpartition("/")[0] for name in names} - {""}


def _has_only(target: Path, parent: str, names: list[str]) -> bool:
    folder = target / parent
    return not folder.is_symlink() and {f"{parent}/{entry.name}" for entry in folder.iterdir()} <= set(names)


def _together(names: list[str], whole: set[str]) -> list[str]:
    """Names, but one for all files of a folder that can be moved as a whole: a change of few moves is soon over."""
    return list(dict.fromkeys(p if (p := name.rpartition("/")[0]) in whole else name for name in names))


def _move(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    source.rename(place)


def _aside(path: Path) -> Path:
    """Give a file of the user's another name."""
    for i in range(1, 10_000):
        other = path.with_name(f"{path.stem}.kept{'' if i == 1 else f'-{i}'}{path.suffix}")
        if not os.path.lexists(other):
            return path.rename(other)
    raise FolderError(f"{path} is not from a run and stands in the way; move it elsewhere")


def _undo(target: Path, fresh: Path, old: Path) -> None:
    """The earlier results, as they were before a change that did not come to its end."""
    for name in (_manifest(fresh / OURS) or {}).get(FILES) or ():
        if not os.path.lexists(fresh / name):  # it has moved in
            (target / name).unlink(missing_ok=True)
    for name in _names(old):
        _move(old / name, target / name)
    _remove(old)


def _remove_empty(target: Path, names: Iterable[str]) -> None:
    for parent in (target / d for d in _parents(names)):
        if parent.is_dir() and not parent.is_symlink() and not any(parent.iterdir()):
            parent.rmdir()


# --- what dead writers have left ----------------------------------------------------------------------------------


def _clear(target: Path) -> None:
    """Undo changes that were cut short, and remove the hidden folders of writers that are dead."""
    for place in (target.parent, target):
        for fresh, old in _litter(place, _short(target)):
            if place == target and old.exists() and (fresh / OURS).exists():
                _undo(target, fresh, old)
            elif place != target and not os.path.lexists(target) and _manifest(old / OURS):
                old.rename(target)  # an earlier version changed whole folders
            shutil.rmtree(fresh, ignore_errors=True)
            _remove(old)


def _litter(place: Path, name: str) -> list[tuple[Path, Path]]:
    """(new, old) of each writer that is dead; one of the two may not exist."""
    if not place.is_dir():
        return []
    pattern = re.compile(rf"\.{re.escape(name)}\.(\d+)\.(?:new|old)")
    found = {match[1] for entry in place.iterdir() if (match := pattern.fullmatch(entry.name))}
    pairs = {pid: (place / f".{name}.{pid}.new", place / f".{name}.{pid}.old") for pid in sorted(found)}
    return [pair for pid, pair in pairs.items() if not alive(int(pid), pair[0])]


_WRITTEN = re.compile(
    r"tables/[^/]+\.csv|figures/[^/]+\.(png|svg|csv)|(scenario|calibrated|posterior)\.yaml|report\.html|results\.xlsx|manifest\.json"
)


def _remove(old: Path) -> None:
    """Remove files of results, and the folder unless there is something else in it."""
    if not old.is_dir() or old.is_symlink():
        return
    for name in _names(old):
        if _WRITTEN.fullmatch(name):
            (old / name).unlink()
    for folder in sorted((p for p in [old, *old.rglob("*")] if p.is_dir() and not p.is_symlink()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


# --- content ------------------------------------------------------------------------------------------------------


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> dict[str, Path]:
    """tables/<name>.csv each; the file of each table."""
    (folder / "tables").mkdir()
    files = {name: folder / "tables" / f"{file}.csv" for name, file in zip(tables, file_names(tables))}
    for name, file in files.items():
        write_csv(rows_of(tables, name), file)
    return files
