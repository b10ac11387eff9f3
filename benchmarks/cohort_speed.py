"""Speed of the main job: cohort PSA with economics, the whole command, memory, and start-up."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DEFAULT = ROOT / "scenarios" / "mscc_constant_hazards.yaml"


def best(function, repeats: int = 7) -> float:
    """Shortest of several timings, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def cohort_psa(path: Path, n: int, settings=()) -> float:
    """Engine, outcomes and economics (501 thresholds) of n draws."""
    from model import draws
    from model.analysis.evaluate import evaluate
    from model.economics.acceptability import acceptability
    from model.sample import Sample
    from model.scenario_file import read

    scenario = read(path, settings)
    sample, wtp = draws.probabilistic(scenario, Sample(n)), np.linspace(0, 100_000, 501)

    def job():
        total = evaluate(scenario, sample).total
        acceptability(total.cost, total.get("qaly"), wtp)

    return best(job, 7 if n <= 10_000 else 2)


def command(*arguments: str, expect: int = 0) -> tuple[float, float]:
    """Seconds and peak memory (GB) of one command in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "run_model.py", *arguments], cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != expect:
        raise RuntimeError(done.stderr)
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20


def measure() -> list[dict]:
    """One row a figure: name, seconds (or GB), target."""
    four = HERE / "four_states.yaml"
    rows = []

    def add(name: str, value: float, target: float, unit: str = "s") -> None:
        rows.append({"name": name, "seconds": value, "target": target, "unit": unit})

    with tempfile.TemporaryDirectory() as folder:
        bad = Path(folder) / "bad.yaml"
        bad.write_text(DEFAULT.read_text().replace("hazard_death * hr}", "hazard_deth * hr}"))
        add("run_model.py --help", min(command("--help")[0] for _ in range(5)), 0.5)
        add("validation error", min(command("check", str(bad), expect=2)[0] for _ in range(5)), 0.5)
        for convention in ("integral", "half-cycle"):
            for n, target in ((1000, 0.015), (10_000, 0.1)):
                seconds = cohort_psa(four, n, [f"time.convention={convention}"])
                add(f"cohort PSA, 4 states, 120 cycles, {convention}, {n:,} draws", seconds, target)
        add("default scenario, simulation and economics, 10,000 draws", cohort_psa(DEFAULT, 10_000), 1.0)
        seconds, _ = command("run", "--out", str(Path(folder) / "a"))
        add("default scenario, whole command, 10,000 draws", seconds, 10.0)
        seconds, memory = command("run", "--draws", "100000", "--out", str(Path(folder) / "b"))
        add("default scenario, whole command, 100,000 draws", seconds, float("nan"))
        add("  its peak memory", memory, 2.0, "GB")
    return rows


if __name__ == "__main__":
    for row in measure():
        print(f"{row['name']:70s} {row['seconds']:9.4f} {row['unit']}   target {row['target']:g}")
