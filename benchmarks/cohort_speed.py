"""Speed of the main job: cohort PSA with economics; and how soon an error is told."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from timing import HERE, ROOT, Job, best, command

from model import draws
from model.analysis.evaluate import evaluate
from model.economics.acceptability import acceptability
from model.sample import Sample
from model.scenario_file import read

DEFAULT = ROOT / "scenarios" / "mscc_constant_hazards.yaml"


def cohort_psa(path: Path, n: int, settings=()) -> Job:
    """Engine, outcomes and economics (501 thresholds) of n draws."""
    scenario = read(path, settings)
    sample, wtp = draws.probabilistic(scenario, Sample(n)), np.linspace(0, 100_000, 501)

    def job() -> None:
        total = evaluate(scenario, sample).total
        acceptability(total.cost, total.get("qaly"), wtp)

    return job


def measure(small: bool = False) -> list[dict]:
    """One row a figure: name, seconds, target. small: tiny sizes, to see that everything works."""
    few, many = (4, 8) if small else (1000, 10_000)
    repeats = 1 if small else 7
    rows = []

    def add(name: str, value: float, target: float) -> None:
        rows.append({"name": name, "seconds": value, "target": target})

    for convention in ("integral", "half-cycle"):
        for n, target in ((few, 0.015), (many, 0.1)):
            job = cohort_psa(HERE / "four_states.yaml", n, [f"time.convention={convention}"])
            add(f"cohort PSA, 4 states, 120 cycles, {convention}, {n:,} draws", best(job, repeats), target)
    job = cohort_psa(DEFAULT, many)
    add(f"default scenario, simulation and economics, {many:,} draws", best(job, repeats), 1.0)
    add("validation error", validation_error(1 if small else 5), 0.5)
    return rows


def validation_error(repeats: int) -> float:
    """The command that tells it."""
    with tempfile.TemporaryDirectory() as folder:
        bad = Path(folder) / "bad.yaml"
        bad.write_text(DEFAULT.read_text().replace("hazard_death * hr}", "hazard_deth * hr}"))
        return min(command("check", str(bad), expect=2)[0] for _ in range(repeats))
