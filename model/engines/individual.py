"""Individual next-event engine: all patients at once, nobody queues (`simulation`)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import numpy as np

from model import effort, inputs
from model.addressed import Addresses
from model.dynamics import Dynamics
from model.effects import BUILT_IN
from model.engines import accrual
from model.engines.accrual import Accrual
from model.engines.contract import NUMBER, Block, Cut, Engine, Followed, Ran, Result
from model.engines.simulation import Diagram, Simulation
from model.history import History, Stays
from model.quantities import Quantities
from model.scenario import Scenario

TASK = 400_000  # strategies x draws x patients of one task
CHUNK = 48_000  # the same of those who are followed together: a few arrays of them stay in the processor's cache
AGAIN = 3  # times as many where patients come back to a state, as then fewer and fewer are moved at a time
COPIES = 4  # of an array, at the moment when most are held


def run(dynamics: Dynamics, patients: int, seed: int, index=None, stream: str = "", first: int = 0) -> Quantities:
    """Quantities per patient: time [strategy, draw, patient, state, period, weight], transitions and starts likewise.

    index: the draws' numbers (default 0, 1, ...), part of the address of each random number, so that a draw has the
    same patients however draws are cut into tasks. stream: a further word of the address, such as the group's name.
    first: number of the first patient, where a sample is made in several blocks.
    """
    return accrual.accrue(history(dynamics, patients, seed, index, stream, first), dynamics)


def history(dynamics: Dynamics, patients: int, seed: int, index=None, stream: str = "", first: int = 0) -> History:
    """Stays of every strategy, draw and patient; arguments as `run`."""
    numbers = np.arange(dynamics.shape[1]) if index is None else np.asarray(index)
    addresses = Addresses(seed, stream, numbers, patients, first)
    followed = Simulation(Diagram(dynamics), addresses, slice(0, len(numbers)), (0, patients))
    return History.of(followed.stays(), np.broadcast_to(followed.start, followed.shape))


class Individual(Engine):
    name = "individual"
    independent = "patients"

    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        followed = min(max(draws, 1) * patients * len(scenario.strategies), AGAIN * CHUNK)
        outcomes = len(scenario.components) + len(scenario.effects) + len(BUILT_IN) + 1
        size = NUMBER * COPIES * outcomes * 2 * followed  # undiscounted and discounted
        effort.reserve(size, f"{outcomes} outcomes of {followed:,} patients", "follow fewer --patients")

    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        return Cut(max(1, TASK // (patients * strategies)), _samples(by_group, strategies))

    def run(self, block: Block) -> Ran:
        effort.keep_freed()
        return Ran(result for key in block.patients for result in _results(block, key))


def _results(block: Block, key: str) -> Iterator[Result]:
    """Of some draws and patients of a group at a time, of everyone where single patients are kept."""
    dynamics = inputs.dynamics(block.scenario, block.draws, block.scenario.groups[key])
    diagram, accruing, patients = Diagram(dynamics), Accrual(dynamics), block.patients[key]
    addresses = Addresses(block.draws.seed, key, block.draws.index, patients, block.first[key])
    size = CHUNK * (AGAIN if diagram.revisited else 1)
    for draws, numbers in _chunks(dynamics, patients, sys.maxsize if block.kept else size):
        for part in numbers:
            followed, kept = Simulation(diagram, addresses, draws, part), None
            stays: Iterable[Stays] = followed.stays()
            if block.kept:
                stays = list(stays)
                kept = Followed(dynamics, History.of(stays, np.broadcast_to(followed.start, followed.shape)))
            yield Result(key, accruing.amounts(followed.start, stays, followed.shape, draws), kept, draws)


def _chunks(dynamics: Dynamics, patients: int, size: int) -> Iterator[tuple[slice, list[tuple[int, int]]]]:
    """(draws, (first, end) of patients of each part) of those who are followed together, about `size` in all strategies.

    Prices up to an instant are looked up in tables of periods, or cycles, by strategy and draw: there are no more of these than
    of patients.
    """
    (strategies, draws), time, periods = dynamics.shape, dynamics.time, len(dynamics.periods)
    places = periods if time.convention == "integral" or periods == 1 else time.whole_cycles
    together = min(draws, max(1, size // (strategies * max(patients, places))))
    parts = min(-(-patients * strategies // size), max(1, patients // 2))
    edges = np.linspace(0, patients, parts + 1).astype(int).tolist()
    for begin in range(0, draws, together):
        yield slice(begin, min(begin + together, draws)), list(zip(edges, edges[1:]))


def _samples(numbers: dict[str, int], strategies: int) -> list[tuple[dict[str, int], dict[str, int]]]:
    """(numbers, first patients) by group of the parts of a sample that is too large for one task."""
    parts = max(1, -(-sum(numbers.values()) * strategies // TASK))
    edges = {key: np.linspace(0, n, min(parts, n // 2) + 1).astype(int).tolist() for key, n in numbers.items()}
    return [
        (
            {key: e[i + 1] - e[i] for key, e in edges.items() if i + 1 < len(e)},
            {key: e[i] for key, e in edges.items() if i + 1 < len(e)},
        )
        for i in range(parts)
    ]
