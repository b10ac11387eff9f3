"""What must be known to repeat a run."""

from __future__ import annotations

import hashlib
import platform
from datetime import UTC, datetime
from importlib import metadata

import model
from model import software
from model.analysis.run import Run
from model.report.numbers import count
from model.scenario import Scenario

PACKAGES = ("numpy", "scipy", "pandas", "matplotlib", "seaborn", "PyYAML", "simpy")


def conventions(scenario: Scenario) -> dict:
    """Conventions in force, as printed with each result."""
    time, discount = scenario.time, scenario.discount
    return {
        "perspective": scenario.perspective,
        "cost components left out": list(scenario.left_out),
        "currency": f"{scenario.currency} {scenario.price_year}".strip(),
        "time unit": time.unit,
        "horizon": count(time.horizon, time.unit),
        "cycle": count(time.cycle, time.unit),
        "cycle convention": time.convention,
        "days in a year": 365.25,
        "discount rate of costs": discount.cost,
        "discount rate of effects": discount.effect,
        "discount convention": discount.convention,
        "compounding": discount.compounding,
        **({"transitions counted": time.counted} if time.counted else {}),
        "dead states": list(scenario.dead_states),
        "increments": "strategy minus comparator; ICER is the ratio of mean increments",
    }


def run_about(run: Run) -> dict:
    """What a run says of itself beside what every analysis does."""
    return {
        **engine(run),
        "draws": run.draws.n if run.draws else 0,
        "seed": run.sample.seed,
        "sampling": run.sample.sampling,
        "warnings": [*run.scenario.warnings, *run.warnings],
        "duration_by_step": {k: round(v, 4) for k, v in run.seconds.items()},
    }


def scenario_manifest(scenario: Scenario, duration: float) -> dict:
    """What every analysis of a scenario says of itself."""
    return {
        "scenario": scenario.path,
        "title": scenario.title,
        "scenario_sha256": sha256(scenario.text),
        "sha256_of_files_it_reads": dict(scenario.files),
        "settings": list(scenario.settings),
        "conventions": conventions(scenario),
        "parameters_by_status": {status: list(names) for status, names in scenario.by_status().items()},
        "warnings": list(scenario.warnings),
        **environment(),
        "duration_seconds": round(duration, 3),
    }


def engine(run: Run) -> dict:
    """Engine, and how many patients it followed."""
    base, psa = run.base_method, run.method.for_psa()
    if not base.follows_patients:
        return {"engine": base.engine}
    known = {"engine": base.engine, "patients_of_base_case": base.patients, "patients_of_a_draw": psa.patients}
    if base.replicates:
        known |= {"replications_of_base_case": base.replications, "replications_of_a_draw": psa.replications}
    return known


def environment() -> dict:
    versions = {"model": model.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "model_source_sha256": software.source_sha256(),
        "platform": platform.platform(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
