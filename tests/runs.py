"""Short ways to run a scenario file in a test."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model import draws, inputs
from model.analysis.evaluate import Evaluation, evaluate
from model.decision import ALL, Decision, decide
from model.engines import cohort
from model.outcome_keys import QALY
from model.scenario import Scenario
from model.scenario_file import read

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
VALIDATION = SCENARIOS / "validation"


def base_case(path: Path | str, *settings: str) -> Evaluation:
    """Base case with trace of a scenario file (by name: one of scenarios/validation); settings as with --set."""
    path = path if isinstance(path, Path) else VALIDATION / f"{path}.yaml"
    scenario = read(path, settings)
    return evaluate(scenario, draws.base(scenario), trace=True)


def outcome(evaluation: Evaluation, name: str, discounted: bool = True) -> np.ndarray:
    """One outcome of the whole cohort, [strategy], of the first draw."""
    return evaluation.total.get(name, discounted)[:, 0]


def occupancy(evaluation: Evaluation) -> np.ndarray:
    """[time, strategy, state] of the whole cohort, first draw."""
    return evaluation.traces["all"].occupancy[:, :, 0]


def quantities(path: Path, draw_table=None, trace: bool = True, group: str | None = None):
    """(scenario, Quantities) of one group of a scenario file, straight from the cohort engine."""
    scenario = read(path)
    table = draws.base(scenario) if draw_table is None else draw_table
    chosen = scenario.groups[group or next(iter(scenario.groups))]
    return scenario, cohort.run(inputs.dynamics(scenario, table, chosen), trace)


def write_scenario(folder: Path, text: str, name: str = "scenario.yaml") -> Path:
    """A small scenario: `text` with what every file needs put before it, unless the text states it itself."""
    needed = {
        "title": "title: A test",
        "currency": "currency: {code: USD}",
        "time": "time: {unit: year, horizon: 5 years, cycle: 1 year}",
        "discount": "discount: {cost: 0 %, effect: 0 %}",
        "wtp": "wtp: {thresholds: [1]}",
        "strategies": "strategies: {only: {label: Only}}",
    }
    stated = {line.split(":")[0] for line in text.splitlines() if line and not line[0].isspace()}
    path = folder / name
    lead = [] if "extends" in stated else [line for key, line in needed.items() if key not in stated]
    path.write_text("\n".join([*lead, text]), encoding="utf-8")
    return path


def decided(scenario: Scenario, wtp: float | None = None, group: str = ALL, effect: str = QALY) -> Decision:
    """What decides; by default QALYs of all patients, at the first threshold of the file."""
    return decide(scenario, effect, wtp, group)[1]
