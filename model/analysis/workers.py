"""Who does the work: this process, several processes, or a cluster, all behind concurrent.futures.Executor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def workers(jobs: int = 1, cluster: str | None = None) -> Iterator[Executor | None]:
    """An executor with `jobs` processes (0: one on each core), or None where this process does the work."""
    from concurrent.futures import ProcessPoolExecutor

    number = jobs or os.cpu_count() or 1
    if number == 1:
        yield None
        return
    with ProcessPoolExecutor(number) as pool:
        yield pool
