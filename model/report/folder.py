"""A folder of results that appears only when it is complete; a failed run leaves the earlier one as it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderError(ValueError):
    """A place where results cannot be written."""


OURS = "manifest.json"  # marks a folder that a run has made


@contextmanager
def complete(target: Path) -> Iterator[Path]:
    """A fresh folder to write in, which takes the place of `target` when the block ends without an error."""
    target = Path(os.path.abspath(target))
    if target.exists() and not (target.is_dir() and ((target / OURS).exists() or not any(target.iterdir()))):
        raise FolderError(f"{target} exists and is not a folder of results (it has no {OURS}); choose another --out")
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        fresh.mkdir(parents=True)
    except OSError as error:
        raise FolderError(f"cannot write in {target.parent}: {error.strerror}") from None
    try:
        yield fresh
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def write_tables(folder: Path, tables: dict) -> None:
    """tables/<name>.csv each; numbers with 12 significant digits."""
    (folder / "tables").mkdir()
    for name, table in tables.items():
        table.to_csv(folder / "tables" / f"{name}.csv", index=False, float_format="%.12g", lineterminator="\n")
