"""A bar of work that goes on, in a terminal and in a notebook; it shows itself where the work takes over a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[int], None]  # told of pieces of work that are done


@contextmanager
def progress(total: int, unit: str, tell: Tell | None = None) -> Iterator[Tell]:
    """What to tell of each piece done: `tell` where the caller has one, else a bar of `total` pieces."""
    if tell is not None:
        yield tell
        return
    from tqdm import tqdm

    class Bar(tqdm):
        monitor_interval = 0  # no thread of its own, which would stay when the bar is gone

    with Bar(total=total, unit=f" {unit}", delay=1, miniters=1, leave=False, disable=not _seen()) as bar:

        def done(pieces: int) -> None:
            bar.update(pieces)

        yield done


def _seen() -> bool:
    """Whether anybody looks: a terminal, or a notebook."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())
