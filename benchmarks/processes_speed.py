"""Time of the same work by one process and by two: of the clock, starting of processes included, and of the processors.

The work is what `--jobs` shares out, without reading the file and writing the results. On a machine that others use too, the time of the
clock says little: what bounds the gain on any machine is the processor time of the main process, which nobody shares.

Run: python benchmarks/processes_speed.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [path for path in (str(ROOT),) if path not in sys.path]  # where the file is run by itself

from model import threads  # noqa: E402
from model.analysis import sweep, sweep_points  # noqa: E402
from model.analysis.method import Method  # noqa: E402
from model.analysis.run import run  # noqa: E402
from model.analysis.workers import workers  # noqa: E402
from model.decision import decide  # noqa: E402
from model.sample import Sample  # noqa: E402
from model.scenario_file import read  # noqa: E402

Work = Callable[[Executor | None], object]
TARGET = 1 / 1.7  # of the time of two processes to that of one, above 5 s of work
CONSTANT, CAPACITY = (ROOT / "scenarios" / name for name in ("mscc_constant_hazards.yaml", "mscc_capacity.yaml"))


def measure(small: bool = False) -> list[dict]:
    """Of each kind of work: seconds of the clock by one process and by two, their ratio, and processor time of main and workers."""
    return [row for name, work in _works(small) for row in _rows(name, *_fastest(work, 1 if small else 3))]


def _works(small: bool) -> Iterator[tuple[str, Work]]:
    points, n, patients, queued = (4, 50, 20, 2) if small else (300, 10_000, 2000, 40)
    yield f"sweep of {points} points x {n:,} draws", _sweep(points, n)
    yield f"individual, {n:,} draws x {patients:,} patients", _followed("individual", CONSTANT, n, patients)
    each, replications = (20, 2) if small else (1000, 20)
    yield f"queueing, PSA of {queued} draws", _followed("queueing", CAPACITY, queued, each, replications)


def _sweep(points: int, n: int) -> Work:
    scenario = read(CONSTANT)
    axes = [sweep_points.axis(scenario, f"c_surgery=19000:34000:{points}")]
    listed, decision = sweep_points.points(axes), decide(scenario)[1]
    return lambda executor: sweep.sweep(scenario, axes, listed, decision, Sample(n, 1), Method(executor=executor))


def _followed(engine: str, path: Path, n: int, patients: int, replications: int = 20) -> Work:
    scenario = read(path)
    return lambda executor: run(scenario, Sample(n, 1), Method(engine, patients, replications, executor))


def _fastest(work: Work, repeats: int) -> list[tuple[float, float, float]]:
    """Of one process and of two, which take turns: (clock, processors of the main process, of the workers), each the least."""
    turns = [[_once(work, number) for number in (1, 2)] for _ in range(repeats)]
    return [tuple(map(min, zip(*each))) for each in zip(*turns)]


def _once(work: Work, number: int) -> tuple[float, float, float]:
    start, before = perf_counter(), [_processors(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    with threads.one(), workers(number) as executor:
        work(executor)
    after = [_processors(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return perf_counter() - start, after[0] - before[0], after[1] - before[1]


def _processors(who: int) -> float:
    used = getrusage(who)
    return used.ru_utime + used.ru_stime


def _rows(name: str, one: tuple[float, float, float], two: tuple[float, float, float]) -> Iterator[dict]:
    none = float("inf")
    yield {"name": f"{name}: one process", "seconds": one[0], "target": none}
    yield {"name": f"{name}: two", "seconds": two[0], "target": one[0] * TARGET}
    yield {"name": f"{name}: processors, one process", "seconds": one[1], "target": none}
    yield {"name": f"{name}: processors, workers of two", "seconds": two[2], "target": none}
    yield {
        "name": f"{name}: processors, main process beside them",
        "seconds": two[1],
        "target": one[1] * (TARGET - 0.5),
    }


if __name__ == "__main__":
    for row in measure("small" in sys.argv):
        print(f"{row['seconds']:10.2f} s  (target {row['target']:.2f})  {row['name']}")
