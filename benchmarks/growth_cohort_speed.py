"""How the time of engines without patients grows: states, cycles, draws, strategies; by what hazards go by, and convention."""

from __future__ import annotations

from collections.abc import Callable

import made
from growth import Case, Sizes, evaluation, measured
from timing import Job

from model.analysis.evaluate import COHORT

TINY: dict[str, Sizes] = {"states": (4, 6), "cycles": (12, 24), "draws": (2, 4), "strategies": (2, 3)}
STATES: Sizes = (8, 15, 30, 60)
CHAINS: dict[str, tuple[dict[str, int], dict[str, Sizes]]] = {  # sizes that are held, sizes that are measured
    "constant rates": (
        {"states": 4, "cycles": 480, "draws": 2000, "strategies": 2},
        {"cycles": (480, 1440, 4800, 14_400), "draws": (2000, 4000, 8000, 16_000), "strategies": (2, 4, 8, 16)},
    ),
    "rates over time": (
        {"states": 4, "cycles": 240, "draws": 500, "strategies": 2},
        {
            "states": (4, 8, 16),
            "cycles": (120, 240, 480, 960),
            "draws": (500, 1000, 2000, 4000),
            "strategies": (2, 4, 8),
        },
    ),
    "time in state": (
        {"states": 4, "cycles": 120, "draws": 500, "strategies": 2},
        {"states": (4, 6, 9), "cycles": (60, 120, 240, 480), "draws": (500, 1000, 2000, 4000), "strategies": (2, 4, 8)},
    ),
}
CURVES: dict[str, Sizes] = {
    "states": (3, 6, 12, 24), "cycles": (120, 240, 480, 960), "draws": (200, 400, 800, 1600), "strategies": (2, 4, 8, 16),
}  # fmt: skip


def measure(small: bool = False) -> list[dict]:
    """Rows with axis and size. small: tiny sizes, to see that everything works."""
    return measured(_cases(), small)


def _cases() -> list[Case]:
    cases = [_many_states(convention) for convention in ("integral", "half-cycle")]
    for kind, (held, sizes) in CHAINS.items():
        for convention in ("integral", "half-cycle"):
            prepare = _prepare(lambda kind=kind, **sizes: made.chain(kind, **sizes), convention)
            cases.append(Case(f"cohort, {kind}, {convention}", prepare, held, sizes, TINY))
    held = {"states": 3, "cycles": 240, "draws": 200, "strategies": 2}
    for convention in ("integral", "half-cycle"):
        prepare = _prepare(made.curves, convention)
        cases.append(Case(f"partitioned, {convention}", prepare, held, CURVES, TINY))
    return cases


def _many_states(convention: str) -> Case:
    """A cycle of a year, so that what is measured is not the number of cycles."""
    held = {"states": 4, "cycles": 40, "draws": 200, "strategies": 2}
    prepare = _prepare(made.chain, convention)
    sizes = {"states": STATES}
    wanted = ({("states", 60): 0.1}, {"states": 1.5}) if convention == "integral" else ()
    return Case(f"cohort, constant rates, {convention}", prepare, held, sizes, TINY, *wanted)


def _prepare(text: Callable[..., str], convention: str) -> Callable[..., Job]:
    def prepare(draws: int, **sizes: int) -> Job:
        return evaluation(made.scenario(text(convention=convention, **sizes)), draws, COHORT)

    return prepare
