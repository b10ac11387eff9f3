"""The good files that the damaged ones are made from."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOOD = HERE / "good"
SHIPPED = HERE.parents[1] / "scenarios"
# Path and weight: the small ones more often; one that extends another, and two that are shipped, now and then.
BASES = {
    "whole": (GOOD / "whole.yaml", 4),
    "per_cycle": (GOOD / "per_cycle.yaml", 4),
    "child": (GOOD / "child.yaml", 1),
    "mscc_trial": (SHIPPED / "mscc_trial.yaml", 3),
    "hiv_chancellor": (SHIPPED / "validation" / "hiv_chancellor.yaml", 1),
}


@cache
def text_of(base: str) -> str:
    return BASES[base][0].read_text(encoding="utf-8")


def pick(rng: random.Random) -> str:
    return rng.choices(list(BASES), [weight for _, weight in BASES.values()])[0]
