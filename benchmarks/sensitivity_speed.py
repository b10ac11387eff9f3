"""Time of one-way and threshold analyses of the default scenario, beyond import.

Run: python benchmarks/sensitivity_speed.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model.analysis import oneway, threshold
from model.analysis.method import Method
from model.decision import decide
from model.report import sensitivity_report
from model.sample import NO_PSA
from model.scenario_file import read

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "mscc_constant_hazards.yaml"


def measure(repeats: int = 5) -> list[dict]:
    """Best of `repeats` runs of each case: name, seconds, target in seconds."""
    scenario = read(SCENARIO)
    decision, asked = (decide(scenario, wtp=wtp)[1] for wtp in (None, 100_000))
    sensitivity_report.tornado_table(oneway.oneway(scenario, decision, Method()))  # imports
    cases = [
        (
            "tornado of 16 parameters, table of every result and group",
            1.0,
            lambda: sensitivity_report.tornado_table(oneway.oneway(scenario, decision, Method())),
        ),
        (
            "threshold of one parameter to 1e-9 of its range",
            1.0,
            lambda: threshold.break_even(scenario, "c_surgery", 0, 40_000, asked, NO_PSA, Method()),
        ),
    ]
    return [
        {"name": name, "seconds": min(_seconds(run) for _ in range(repeats)), "target": target}
        for name, target, run in cases
    ]


def _seconds(run) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


if __name__ == "__main__":
    for row in measure():
        print(f"{row['seconds'] * 1e3:10.1f} ms (target {row['target'] * 1e3:g} ms)  {row['name']}")
