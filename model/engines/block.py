"""One block of draws in the cohort engine, and where mass that moves in it comes to rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.dynamics import Dynamics
from model.engines.linear import Flow
from model.engines.watch import Watch


@dataclass(frozen=True)
class Block:
    """One block of draws, rows = strategy x draw. levels: row arrays by transition at a time.

    moving: rates change from step to step, so that a step is taken once and needs no matrix. keep(time, x, bins): the
    appointments due at a time, {transition: amount[row]}; moves mass within x[state, row]. watch: to write steps down.
    """

    dynamics: Dynamics
    rows: int
    start: np.ndarray  # [state, row] at time 0, after chance nodes have passed their mass on
    started: np.ndarray  # [transition, row] branches taken at time 0
    moving: bool = False
    keep: Callable[..., dict[int, np.ndarray]] = lambda time, x, bins=None: {}
    watch: Watch | None = None

    @property
    def states(self) -> int:
        return len(self.dynamics.states)

    def none_made(self) -> np.ndarray:
        """[transition, row] of zeros, to which transitions made are added."""
        return np.zeros((len(self.dynamics.transitions), self.rows))


def routes(dynamics: Dynamics, state: int, time: float) -> list[tuple[int, np.ndarray | float]]:
    """Where mass that enters `state` at `time` comes to rest: (state, share[row]); chance nodes pass it on."""
    if not dynamics.chance[state]:
        return [(state, 1.0)]
    shares: dict[int, np.ndarray | float] = {}
    for branch in dynamics.branches(state).values():
        probability = branch.level.at(time)
        for target, share in routes(dynamics, branch.target, time):
            shares[target] = shares.get(target, 0.0) + probability * share
    return list(shares.items())


def flows_at(block: Block, time: float, rates: dict[int, np.ndarray]) -> list[Flow]:
    """Flows between states in which time is spent; rates: transition -> amount[row] per step."""
    flows = []
    for i, rate in rates.items():
        transition = block.dynamics.transitions[i]
        for target, share in routes(block.dynamics, transition.target, time):
            flows.append(Flow(transition.source, target, rate * share))
    return flows


@dataclass
class Tally:
    """Sums over model time for one block: time[weighting, period, state, row], transitions[weighting, period, transition, row].

    columns, doses: [weighting, period, stretch of stays | schedule, row], as `Dynamics.columns` has them.
    """

    time: np.ndarray
    transitions: np.ndarray
    columns: np.ndarray | None = None
    doses: np.ndarray | None = None

    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        """Time with stretches of stays behind states, and transitions with doses behind them."""
        return _behind(self.time, self.columns), _behind(self.transitions, self.doses)


def _behind(one: np.ndarray, other: np.ndarray | None) -> np.ndarray:
    return one if other is None else np.concatenate([one, other], axis=2)


def settle(dynamics: Dynamics, x: np.ndarray) -> np.ndarray:
    """Occupancy[state, row] at time 0 after chance nodes have passed their mass on."""
    result = x.copy()
    for state in np.flatnonzero(dynamics.chance).tolist():
        result[state] = 0.0
        for target, share in routes(dynamics, state, 0.0):
            result[target] += x[state] * share
    return result


def chance_transitions(dynamics: Dynamics, entries: np.ndarray, transitions: np.ndarray, time: float) -> None:
    """Add the branches taken: entries[state, row] into chance nodes (their own branches included) times probability."""
    for state in chance_order(dynamics):
        for i, branch in dynamics.branches(state).items():
            taken = entries[state] * branch.level.at(time)
            transitions[i] += taken
            entries[branch.target] += taken


def chance_order(dynamics: Dynamics) -> list[int]:
    """Chance nodes, each before those it leads to."""
    order: list[int] = []

    def visit(state: int) -> None:
        for branch in dynamics.branches(state).values():
            if dynamics.chance[branch.target]:
                visit(branch.target)
        if state not in order:
            order.insert(0, state)

    for state in np.flatnonzero(dynamics.chance).tolist():
        visit(state)
    return order


def kept_appointments(block: Block, time: float, x: np.ndarray, bins=None) -> np.ndarray | None:
    """Moves within x[state, row] those who have an appointment at `time`, the end of a step; [transition, row] of what they
    make, chance branches included, or None where there is none."""
    made = block.keep(time, x, bins)
    if not made:
        return None
    counted = block.none_made()
    tally_transitions(block, counted, made, block.dynamics.in_force_at_end(time))
    return counted


def tally_transitions(block: Block, sums: np.ndarray, amounts: dict[int, np.ndarray], time: float) -> None:
    """Add to sums[transition, row] how often each is made, and the chance branches that they lead to."""
    for i, amount in amounts.items():
        sums[i] += amount
    if not any(block.dynamics.chance):
        return
    entries = np.zeros((block.states, block.rows))
    for i, amount in amounts.items():
        entries[block.dynamics.transitions[i].target] += amount
    chance_transitions(block.dynamics, entries, sums, time)
