"""A pool of processes of this machine, behind concurrent.futures.Executor, that outlives the death of a worker."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from importlib import import_module

from model import effort, threads

GRACE = 1.0  # seconds that workers have to end what they are at, when they are stopped
MOST = 61 if sys.platform == "win32" else 10_000  # Windows cannot wait for more
AHEAD = 4  # tasks of each process that wait for it, so that none is idle while the main process takes results apart


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def way() -> str:
    """How processes start: with all that is loaded here, or anew, in about half a second of each core."""
    return "fork" if threads.may_fork() else "spawn"


class Processes(Executor):
    """A process pool that starts at once, and anew where a worker has died."""

    def __init__(self, number: int):
        self.number, self.window = number, AHEAD * number
        self._pool = self._fresh()

    def _fresh(self):
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        pool = ProcessPoolExecutor(self.number, get_context(way()), _start)
        with suppress(BrokenExecutor):  # of which the first task tells
            for _ in range(self.number):  # a process is started when a task finds none that is idle
                pool.submit(import_module, "model.analysis.evaluate")
        return pool

    def submit(self, function, /, *arguments, **options) -> Future:
        try:
            return self._pool.submit(function, *arguments, **options)
        except BrokenExecutor:
            self._pool.shutdown(wait=False)
            self._pool = self._fresh()
            return self._pool.submit(function, *arguments, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def end(self) -> None:
        """Stop the workers after the tasks that they are at, or in the middle of these where that takes over GRACE."""
        processes, manager = list((self._pool._processes or {}).values()), self._pool._executor_manager_thread
        self.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + GRACE
        for process in processes:
            process.join(max(until - time.monotonic(), 0))
        if any(process.is_alive() for process in processes):
            threading.excepthook = _quiet
            for process in processes:
                process.kill()
                process.join()
        if manager is not None:
            manager.join(GRACE)


def _quiet(arguments) -> None:
    """The pool's threads lose their workers, and need not say so."""


def _start() -> None:
    """A worker leaves Ctrl-C and words to the main process, and ends when that ends, in whatever way."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    effort.tell = effort.silent
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if (parent := parent_process()) is not None:
        parent.join()
    os._exit(1)
