"""Memory that an analysis will need, estimated before anything is computed."""

from __future__ import annotations

from tempfile import gettempdir

from model import effort, stores
from model.draws import uniform_keys
from model.scenario import Scenario

NUMBER = 8  # bytes
AT_ONCE = 12  # numbers of each draw and strategy that are held at once of results in a file


def check_draws(scenario: Scenario, n: int, of_patients: bool = False) -> None:
    """Raise EffortError where n draws and their results are more than memory holds. of_patients: with errors of each result, all
    of which are held."""
    outcomes = 4 + len(scenario.effects) + len(scenario.components)
    results = 2 * outcomes * (len(scenario.groups) + 1) * len(scenario.strategies)
    held = 2 * results + len(scenario.strategies) * (outcomes + 2)
    if to_file := not of_patients and stores.in_file(NUMBER * results * n):
        held = AT_ONCE * len(scenario.strategies)
    each = NUMBER * (2 * len(uniform_keys(scenario)) + held)
    effort.reserve(each * n, f"a PSA of {n:,} draws", "take fewer --draws")
    if to_file:
        _tell_file(NUMBER * results * n, n)


def _tell_file(size: float, n: int) -> None:
    if size >= effort.MUCH:
        effort.tell(
            f"results of {n:,} draws take about {effort.in_words(size)} of {gettempdir()} until the run ends; TMPDIR names another "
            "folder"
        )
