"""One block of draws in the cohort engine, and where mass that moves in it comes to rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.engines.linear import Flow
from model.inputs import Dynamics


@dataclass(frozen=True)
class Block:
    """One block of draws, rows = strategy x draw. levels: row arrays by move at a time.

    moving: rates change from step to step, so that a step is taken once and needs no matrix.
    """

    dynamics: Dynamics
    rows: int
    start: np.ndarray  # [state, row] at time 0, after chance nodes have passed their mass on
    started: np.ndarray  # [move, row] branches taken at time 0
    moving: bool = False

    @property
    def states(self) -> int:
        return len(self.dynamics.states)


def routes(dynamics: Dynamics, state: int, time: float) -> list[tuple[int, np.ndarray | float]]:
    """Where mass that enters `state` at `time` comes to rest: (state, share[row]); chance nodes pass it on."""
    if not dynamics.chance[state]:
        return [(state, 1.0)]
    found: dict[int, np.ndarray | float] = {}
    for move in dynamics.moves:
        if move.source == state:
            probability = move.level.at(time)
            for target, share in routes(dynamics, move.target, time):
                found[target] = found.get(target, 0.0) + probability * share
    return list(found.items())


def flows_at(block: Block, time: float, rates: dict[int, np.ndarray]) -> list[Flow]:
    """Flows between states in which time is spent; rates: move -> amount[row] per step."""
    found = []
    for i, rate in rates.items():
        move = block.dynamics.moves[i]
        for target, share in routes(block.dynamics, move.target, time):
            found.append(Flow(move.source, target, rate * share))
    return found


@dataclass
class Tally:
    """Sums over model time for one block: time[weighting, period, state, row], moves[weighting, period, move, row]."""

    time: np.ndarray
    moves: np.ndarray


def settle(dynamics: Dynamics, x: np.ndarray) -> np.ndarray:
    """Occupancy[state, row] at time 0 after chance nodes have passed their mass on."""
    result = x.copy()
    for state in np.flatnonzero(dynamics.chance):
        result[state] = 0.0
        for target, share in routes(dynamics, state, 0.0):
            result[target] += x[state] * share
    return result


def chance_moves(dynamics: Dynamics, entries: np.ndarray, moves: np.ndarray, time: float) -> None:
    """Add the branches taken: entries[state, row] into chance nodes (their own branches included) times probability."""
    for state in _chance_order(dynamics):
        for i, move in enumerate(dynamics.moves):
            if move.source == state:
                taken = entries[state] * move.level.at(time)
                moves[i] += taken
                entries[move.target] += taken


def _chance_order(dynamics: Dynamics) -> list[int]:
    """Chance nodes, each before those it leads to."""
    order: list[int] = []

    def visit(state: int) -> None:
        for move in dynamics.moves:
            if move.source == state and dynamics.chance[move.target]:
                visit(move.target)
        if state not in order:
            order.insert(0, state)

    for state in np.flatnonzero(dynamics.chance):
        visit(int(state))
    return order


def tally_moves(block: Block, tally_moves: np.ndarray, amounts: dict[int, np.ndarray], time: float) -> None:
    """Add moves of each transition, and the chance branches that they lead to."""
    entries = np.zeros((block.states, block.rows))
    for i, amount in amounts.items():
        tally_moves[i] += amount
        entries[block.dynamics.moves[i].target] += amount
    chance_moves(block.dynamics, entries, tally_moves, time)
