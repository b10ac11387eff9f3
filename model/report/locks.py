"""Who is at work in a folder: locks that end with their holder, whatever ends it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a folder; gives False where somebody else has it and we do not `wait`.

    Where a file system or platform knows no locks of folders, everybody gets it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _locked(fcntl, descriptor, wait)
    finally:
        os.close(descriptor)


def _locked(fcntl, descriptor: int, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def alive(pid: int, folder: Path) -> bool:
    """Whether the process that writes in `folder` may still do so."""
    if pid != os.getpid() and _runs(pid):
        return True
    if not folder.is_dir():
        return False
    with held(folder, wait=False) as free:
        return not free


def _runs(pid: int) -> bool:
    """Whether there is a process of this number."""
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _runs_on_windows(pid: int) -> bool:
    """os.kill would end it there."""
    if sys.platform != "win32":
        return False
    import ctypes

    denied, query = 5, 0x1000
    process = ctypes.windll.kernel32.OpenProcess(query, False, pid)
    if not process:
        return ctypes.windll.kernel32.GetLastError() == denied
    ctypes.windll.kernel32.CloseHandle(process)
    return True
