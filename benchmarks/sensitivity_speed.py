"""Time of one-way and threshold analyses of the default scenario, beyond import."""

from __future__ import annotations

from timing import ROOT, best

from model.analysis import oneway, threshold
from model.analysis.method import Method
from model.decision import decide
from model.report import sensitivity_report
from model.sample import NO_PSA
from model.scenario_file import read

SCENARIO = ROOT / "scenarios" / "mscc_constant_hazards.yaml"


def measure(small: bool = False) -> list[dict]:
    """One row a case: name, seconds, target in seconds. small: once."""
    scenario = read(SCENARIO)
    decision, asked = (decide(scenario, wtp=wtp)[1] for wtp in (None, 100_000))
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
    return [{"name": name, "seconds": best(run, 1 if small else 5), "target": target} for name, target, run in cases]
