"""Which software made a result: its version, and a hash of its source, which also changes between versions."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import model

DISTRIBUTION = "cost-effectiveness-scenarios"  # what pip calls it; Python calls it `model`


def identity() -> str:
    return f"{model.__version__} (source {source_sha256()[:12]})"


@functools.cache
def source_sha256() -> str:
    """Over the names and texts of all modules; the same whatever the line endings."""
    whole, root = hashlib.sha256(), Path(model.__file__).parent
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        whole.update(f"{path.relative_to(root).as_posix()}\0".encode())
        whole.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return whole.hexdigest()


def installs(extra: str) -> str:
    """The command that installs what an optional part needs."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"
