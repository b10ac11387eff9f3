"""How long work will take and how much memory it needs, said before it has taken them.

Loops that may be long run through `loop`; they may stand in each other. Once the outermost has gone on for FIRST_LOOK seconds, its
whole length is estimated from the part that is done. Arrays that may be large are announced with `reserve`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LONG, FIRST_LOOK, AGAIN = 60.0, 2.0, 60.0  # seconds: of work worth a word; to the first estimate; between words
SEEN, PATIENCE = (
    0.01,
    15.0,
)  # share of the work from which its length is estimated; seconds after which any share will do
KEPT = 16_000_000  # bytes
MUCH = 1e9  # bytes worth a word


class EffortError(ValueError):
    """Work that needs more memory than there is."""


def silent(words: str) -> None:
    """Nobody can show words."""


tell: Callable[[str], None] = silent  # replaced by whoever can


# --- time -------------------------------------------------------------------------------------------------------


@dataclass
class _Level:
    """A loop that is open: items done of all, and loops ended within the present item of those that it has."""

    total: int
    parts: int
    done: int = 0
    ended: int = 0


class _State(threading.local):
    def __init__(self) -> None:
        self.levels: list[_Level] = []  # the outermost first
        self.started = self.next = 0.0


_state = _State()


def loop(items: Iterable[T], total: int | None = None, parts: int = 1) -> Iterator[T]:
    """The items, counted; each is thought to take about as long as the others. parts: loops that stand in it, one behind
    the other."""
    if total is None:
        items = items if isinstance(items, Sized) else list(items)
        total = len(items)
    level = _Level(max(1, total), max(1, parts))
    if not _state.levels:
        _state.started, _state.next = time.perf_counter(), FIRST_LOOK
    _state.levels.append(level)
    try:
        for item in items:
            yield item
            level.done, level.ended = level.done + 1, 0
            _look()
    finally:
        _state.levels[:] = [other for other in _state.levels if other is not level]
        if _state.levels:
            _state.levels[-1].ended += 1


def _look() -> None:
    elapsed = time.perf_counter() - _state.started
    if elapsed >= _state.next and ((done := _done()) >= SEEN or elapsed > PATIENCE):
        _say(elapsed, done)


def _done() -> float:
    """Share of the outermost loop that is done."""
    share, done = 1.0, 0.0
    for level in _state.levels:
        share /= level.total
        done += share * min(level.done, level.total)
        share /= level.parts
        done += share * min(level.ended, level.parts)
        if level.ended >= level.parts:
            return done
    return done


def _say(elapsed: float, done: float) -> None:
    whole = elapsed / done if done else LONG
    if whole < LONG:
        return
    if _state.next == FIRST_LOOK:
        tell(
            f"this will take about {_length(whole)}, as {100 * done:.1f} % of it took {_length(elapsed)}; Ctrl-C stops it"
        )
    else:
        tell(f"{100 * done:.0f} % done, about {_length(whole - elapsed)} to go")
    _state.next = max(elapsed, FIRST_LOOK) + AGAIN


def _length(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} seconds"


# --- memory -----------------------------------------------------------------------------------------------------


def reserve(size: float, what: str, lower: str) -> None:
    """Announce that `what` needs `size` bytes. Raises EffortError, which says what to lower, where there are not so many."""
    if size < MUCH / 10:  # a hundredth of what a small machine has
        return
    free = available()
    if free is not None and size > free:
        raise EffortError(f"{what} would need about {in_words(size)} of memory, and {in_words(free)} are free: {lower}")
    if size >= MUCH:
        tell(
            f"{what} needs about {in_words(size)} of memory"
            + (f"; {in_words(free)} are free" if free is not None else "")
        )


def keep_freed() -> None:
    """Let what arrays give back stay with the process. The C library of Linux hands large arrays back to the system and fetches
    them again, page by page, which takes longer than to compute with them; once it has seen one of a size go (never touched, so it
    takes no memory), it keeps what is free up to twice as much."""
    import numpy as np

    np.empty(KEPT, np.uint8)


def in_words(size: float) -> str:
    """Bytes: '1.2 GB'."""
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size / 1e6:,.0f} MB"


def available() -> float | None:
    """Bytes of memory that this process may still take; None where the system does not say."""
    found = [_of_system(), _of_group(), _of_limit()]
    return min((size for size in found if size is not None), default=None)


def _of_system() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    return None


def _of_group() -> float | None:
    """Of a container: its limit less what it holds, the files that are only cached apart."""
    for folder, limit, used in (
        ("/sys/fs/cgroup", "memory.max", "memory.current"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):
            most, held = (float(Path(folder, name).read_text()) for name in (limit, used))
            statistics = dict(line.split() for line in Path(folder, "memory.stat").read_text().splitlines())
            return max(most - held + float(statistics.get("inactive_file", 0)), 0.0)
    return None


def _of_limit() -> float | None:
    """Of `ulimit -v`."""
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            held = float(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            return max(most - held, 0.0)
    return None
