"""Memory that an analysis will need, estimated before anything is computed."""

from __future__ import annotations

from model import effort
from model.draws import uniform_keys
from model.scenario import Scenario

NUMBER = 8  # bytes


def check_draws(scenario: Scenario, n: int) -> None:
    """Raise EffortError where n draws, their results and the tables of both are more than memory holds."""
    outcomes = 4 + len(scenario.effects) + len(scenario.components)
    results = 2 * outcomes * (len(scenario.groups) + 1) * len(scenario.strategies)
    table = len(scenario.strategies) * (outcomes + 2)
    each = NUMBER * (2 * (len(uniform_keys(scenario)) + results) + table)
    effort.reserve(each * n, f"a PSA of {n:,} draws", "take fewer --draws")
