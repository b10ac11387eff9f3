"""The results of each step from a cohort to queues, and their changes, with standard errors over replications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from model.analysis.agreement import Bridge
from model.economics.icer import icer, verdict
from model.economics.net_benefit import nmb

ROUND_OFF = 1e-9  # of the jackknife of what does not vary


class Changed(NamedTuple):
    """A result of a step, and its change from the step before."""

    value: float
    standard_error: float
    change: float
    change_standard_error: float


@dataclass(frozen=True)
class StepResult:
    """Of one strategy against the reference; results: by name; status: of the mean increments, a word of `icer.VERDICTS`."""

    strategy: int
    step: str
    results: dict[str, Changed]
    status: str


def step_results(bridge: Bridge) -> list[StepResult]:
    """By strategy and step: ICER, incremental net benefit, incremental cost, incremental effect."""
    wtp = bridge.decision.wtp
    results = {
        "icer": icer,
        "incremental_net_benefit": lambda cost, effect: nmb(cost, effect, wtp),
        "incremental_cost": lambda cost, effect: cost,
        "incremental_effect": lambda cost, effect: effect,
    }
    rows = []
    for s in range(len(bridge.strategies)):
        if s != bridge.reference:
            found = {name: [*bridge.levels(s, r), *bridge.changes(s, r)] for name, r in results.items()}
            for k, step in enumerate(bridge.steps):
                at = {name: Changed(*(without_round_off(c[k]) for c in columns)) for name, columns in found.items()}
                status = verdict(at["incremental_cost"].value, at["incremental_effect"].value).item()
                rows.append(StepResult(s, step.name, at, status))
    return rows


def without_round_off(value: float) -> float:
    """0 for what is nothing but rounding."""
    return 0.0 if abs(value) < ROUND_OFF else float(value)
