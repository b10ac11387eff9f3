"""Memory that an analysis will need, estimated before anything is computed."""

from __future__ import annotations

from model import effort
from model.draws import uniform_keys
from model.engines import cohort
from model.scenario import Scenario

NUMBER = 8  # bytes
ROW = 100  # bytes of a row of a table with texts
COPIES = 3  # of an array, at the moment when most are held
GRIDS = 10  # matrices of a step that are held at once
REQUEST = 80  # bytes that a stay, or a request of a resource, takes
KEPT = 100_000  # patients whose stays are kept


def check_draws(scenario: Scenario, n: int) -> None:
    """Raise EffortError where n draws, their results and the tables of both are more than memory holds."""
    outcomes = 4 + len(scenario.effects) + len(scenario.components)
    results = 2 * outcomes * (len(scenario.groups) + 1) * len(scenario.strategies)
    table = len(scenario.strategies) * (outcomes + 2)
    each = NUMBER * (2 * (len(uniform_keys(scenario)) + results) + table)
    effort.reserve(each * n, f"a PSA of {n:,} draws", "take fewer --draws")


def check_engine(scenario: Scenario, n: int, method, trace: bool) -> None:
    """Raise EffortError where one piece of the engine's work is more than memory holds."""
    if method.engine == "cohort":
        _check_cohort(scenario, n, trace)
    elif method.engine == "queueing":
        _check_queueing(scenario, n, method)
    else:
        _check_patients(scenario, min(n * method.patients, KEPT))


def _check_cohort(scenario: Scenario, n: int, trace: bool) -> None:
    states, rows = len(scenario.states), len(scenario.strategies) * min(n, cohort.BLOCK)
    size = NUMBER * rows * GRIDS * reachable_pairs(scenario)
    effort.reserve(
        size, f"a cohort model of {states} states", "take fewer states, or follow patients (--engine individual)"
    )
    if trace:
        points = (scenario.time.cycles + 1) * states * len(scenario.strategies) * (len(scenario.groups) + 1)
        words = f"the occupancy of {states} states in {scenario.time.cycles:,.0f} cycles"
        effort.reserve(points * (COPIES * NUMBER + ROW), words, "take a longer cycle")


def reachable_pairs(scenario: Scenario) -> int:
    """Pairs of states of which the second can come after the first: entries of a step's matrix that are not 0."""
    following = {key: {m.target for m in scenario.transitions if m.source == key} for key in scenario.states}
    pairs = 0
    for start in following:
        found, waiting = {start}, [start]
        while waiting:
            new = following.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        pairs += len(found)
    return pairs


def _check_patients(scenario: Scenario, patients: int) -> None:
    places = (len(scenario.states) + len(scenario.transitions)) * max(1, len(scenario.periods)) * 3  # weights
    size = NUMBER * COPIES * places * patients * len(scenario.strategies)
    effort.reserve(size, f"{patients:,} patients in {len(scenario.states)} states", "follow fewer --patients")


def _check_queueing(scenario: Scenario, n: int, method) -> None:
    followed = n * method.replications * method.patients * len(scenario.strategies)
    size = REQUEST * followed * max(1, len(scenario.states))
    effort.reserve(size, f"queues of {followed:,} patients", "take fewer --draws, --patients or --replications")
