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
