"""How every benchmark is timed: processor time of this process, one thread for linear algebra, a first run that does not count.

The machine is shared and noisy, so single figures are the best of several, ratios are of medians of runs that take turns, and a law
of growth is fitted to the best at several sizes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [path for path in (str(HERE), str(ROOT)) if path not in sys.path]  # where a file is run by itself

from model import threads  # noqa: E402

Job = Callable[[], object]
MEDIAN_OF = 9


def once(job: Job) -> float:
    """Seconds of processor time."""
    start = process_time()
    job()
    return process_time() - start


def best(job: Job, repeats: int = 7) -> float:
    """The shortest of several runs, in seconds of processor time, after one that does not count (where there are several)."""
    with threads.one():
        if repeats > 1:
            job()
        return min(once(job) for _ in range(repeats))


def interleaved(jobs: Sequence[Job], repeats: int = MEDIAN_OF) -> list[float]:
    """Median seconds of each of `jobs`, which take turns (A, B, A, B, ...), so that a busy minute slows all of them."""
    with threads.one():
        for job in jobs:
            job()
        turns = [[once(job) for job in jobs] for _ in range(repeats)]
    return [median(seconds) for seconds in zip(*turns)]


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """b of seconds = a size^b: the slope of a straight line through their logarithms, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def command(*arguments: str, expect: int = 0) -> tuple[float, float]:
    """Seconds of processor time and peak memory (GB) of run_model.py, in a process of its own and those that it starts.

    Raises RuntimeError where it does not end with the code `expect`.
    """
    child = subprocess.Popen(
        [sys.executable, "run_model.py", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode != expect:
        raise RuntimeError(said.decode())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
