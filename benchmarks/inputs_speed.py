"""What sampling takes."""

from __future__ import annotations

from timing import ROOT, best

from model import draws
from model.sample import Sample
from model.scenario_file import read


def measure(small: bool = False) -> list[dict]:
    """One row a figure: name, seconds, target. small: few draws, to see that everything works."""
    n = 20 if small else 10_000
    scenario = read(ROOT / "scenarios" / "mscc_furlan.yaml")
    seconds = best(lambda: draws.probabilistic(scenario, Sample(n)))
    return [{"name": f"sampling of the default scenario, {n:,} draws", "seconds": seconds, "target": 0.016}]
