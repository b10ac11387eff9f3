"""Pieces of work that each write files of their own, done by several processes of this machine.

A process is forked: it has all that was computed and loaded, and starts at once. So it writes what this process would have
written, and which process does what changes nothing. Where a fork is not safe, the work is done here.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO

from model.analysis.processes import cores
from model.threads import may_fork

MOST = 8  # processes: more wait for the disk
WORD = 2  # bytes of a number in a pipe

Task = Callable[[], object]
Done = Callable[[int], object]


def side_by_side(tasks: Sequence[Task], done: Done = lambda number: None) -> None:
    """Do each task, the first ones first; `done` is told the number of each.

    A task that another process did not bring to its end, or that returned False there, is done here: its error is raised, and
    what it has to say is heard, where somebody listens.
    """
    helpers = _processes(len(tasks)) - 1
    finished = _shared(tasks, done, helpers) if helpers > 0 else set[int]()
    for i in sorted(set(range(len(tasks))) - finished):
        tasks[i]()
        done(i)


def _processes(most: int) -> int:
    return min(cores(), most, MOST) if may_fork() else 1


def _shared(tasks: Sequence[Task], done: Done, helpers: int) -> set[int]:
    """Numbers of the tasks that are finished; each process takes the next from a pipe when it has nothing to do."""
    finished = set[int]()

    def tell(i: int) -> None:
        finished.add(i)
        done(i)

    with _pipe() as (numbers, fill), _pipe() as (told, say):

        def help() -> None:
            told.close()  # so that nobody reads any more when the process that asked is dead, and helpers end too
            for i in _numbers(numbers):
                if tasks[i]() is not False:
                    say.write(i.to_bytes(WORD))

        fill.write(b"".join(i.to_bytes(WORD) for i in range(len(tasks))))
        fill.close()
        with _helpers(helpers, help):
            say.close()
            for i in _numbers(numbers):
                tasks[i]()
                tell(i)
            for i in _numbers(told):
                tell(i)
    return finished


def _numbers(pipe: FileIO) -> Iterator[int]:
    """Until there are no more, and nobody can write any."""
    while word := pipe.read(WORD):
        yield int.from_bytes(word)


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """(to read, to write)."""
    read, write = os.pipe()
    with FileIO(read, "r") as reader, FileIO(write, "w") as writer:
        yield reader, writer


@contextmanager
def _helpers(number: int, work: Task) -> Iterator[None]:
    """Processes that do `work`, as many as can be had; they are gone when the block is left, in whatever way."""
    helpers = list(_started(number, work))
    try:
        yield
    except BaseException:
        for helper in helpers:
            os.kill(helper, signal.SIGKILL)
        raise
    finally:
        for helper in helpers:
            os.waitpid(helper, 0)


def _started(number: int, work: Task) -> Iterator[int]:
    """Numbers of new processes; none where memory is short or there are too many."""
    with suppress(OSError):
        for _ in range(number):
            yield _forked(work)


def _forked(work: Task) -> int:
    """The number of a new process that does `work`, and nothing of what this one has still to do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: those of linear algebra end before a fork
        process = os.fork()
    if process:
        return process
    try:
        work()
    finally:
        os._exit(0)  # what it did not finish is done, and its error raised, by the process that asked
