"""Time in state under textbook conventions: tunnel states, one for each cycle of a stay, that the file need not write out."""

from __future__ import annotations

import numpy as np

from model import effort
from model.draws import DomainError
from model.dynamics import AtCycleEnd, Dynamics
from model.engines.block import Block, Tally, routes, tally_transitions
from model.engines.points import keep, spread

ROUNDING = 1e-12  # of probabilities that add up to 1


def has_tunnels(block: Block) -> bool:
    """Some probability goes by the cycle of the stay."""
    return any(isinstance(exit, AtCycleEnd) and exit.stay is not None for exit in block.dynamics.transitions)


def by_both(dynamics: Dynamics) -> list[AtCycleEnd]:
    """Transitions whose probability goes by the cycle of the stay and by that of the model."""
    return [exit for exit in dynamics.transitions if isinstance(exit, AtCycleEnd) and exit.by_both]


class Tunnels:
    """Those in states that are left by the cycle of the stay: mass[state][entry, row], by the cycle end at which they came."""

    def __init__(self, block: Block, x: np.ndarray):
        self.block, self.dynamics = block, block.dynamics
        self.exits = {i: exit for i, exit in self.dynamics.timed().items() if isinstance(exit, AtCycleEnd)}
        self.aged = {exit.source for exit in self.exits.values() if exit.stay is not None}
        cycles = self.dynamics.time.whole_cycles
        self.mass = {s: np.zeros((cycles + 1, block.rows)) for s in self.aged}
        self._settle(0, x)

    def occupancy(self) -> np.ndarray:
        """Mass in tunnels, [state, row]."""
        result = np.zeros((self.block.states, self.block.rows))
        for s, mass in self.mass.items():
            result[s] = mass.sum(axis=0)
        return result

    def emptied(self, state: int, rows: np.ndarray) -> np.ndarray | float:
        """Mass of a state in tunnels, [row], in the rows that are True; taken out."""
        if state not in self.aged:
            return 0.0
        taken = np.where(rows, self.mass[state].sum(axis=0), 0.0)
        self.mass[state][:, rows] = 0.0
        return taken

    def advance(self, cycle: int, x: np.ndarray) -> tuple[dict[int, np.ndarray], np.ndarray]:
        """One cycle (from 0): ({transition: amount[row]}, occupancy of the other states after it)."""
        self._settle(cycle, x)
        time, after = cycle * self.dynamics.time.cycle, x.copy()
        amounts: dict[int, np.ndarray] = {}
        for state in sorted({exit.source for exit in self.exits.values()}):
            present = self.mass[state][: cycle + 1] if state in self.aged else x[state][None]
            shares = {i: self._share(exit, cycle, time) for i, exit in self.exits.items() if exit.source == state}
            total = sum(shares.values(), np.zeros((1, self.block.rows)))
            self._check(state, cycle, total)
            amounts |= {i: (share * present).sum(axis=0) for i, share in shares.items()}
            stayed = present * np.maximum(1 - total, 0.0)
            if state in self.aged:
                self.mass[state][: cycle + 1] = stayed
            else:
                after[state] = stayed[0]
        for i, amount in amounts.items():
            for target, share in routes(self.dynamics, self.dynamics.transitions[i].target, time):
                after[target] = after[target] + amount * share
        self._settle(cycle + 1, after)
        return amounts, after

    def _settle(self, entry: int, x: np.ndarray) -> None:
        """Who has come to a state with tunnels begins the first cycle of a stay."""
        for s, mass in self.mass.items():
            mass[entry] += x[s]
            x[s] = 0.0

    def _share(self, exit: AtCycleEnd, cycle: int, time: float) -> np.ndarray:
        """[entry, row] probability of those who came at each cycle end so far; [1, row] where it is the same for all."""
        return exit.level.at(time)[None] if exit.stay is None else exit.stay(cycle, cycle + 1)[::-1]

    def _check(self, state: int, cycle: int, total: np.ndarray) -> None:
        if np.max(total) <= 1 + ROUNDING:
            return
        raise DomainError(
            f"states.{self.dynamics.states[state]}: the sum of its probabilities per cycle: {np.max(total):.6g} is outside what is "
            f"allowed (0 to 1), in cycle {cycle + 1}"
        )


def points_of_stays(block: Block, weights: np.ndarray, shares: np.ndarray, tally: Tally) -> list[np.ndarray]:
    """Occupancy[state, row] at the ends of cycles; time and transitions are added to the tally."""
    x, cycle = block.start.copy(), block.dynamics.time.cycle
    tunnels = Tunnels(block, x)
    seen = [x + tunnels.occupancy()]
    for n in effort.loop(range(len(weights)), len(weights)):
        amounts, x = tunnels.advance(n, x)
        made = block.none_made()
        tally_transitions(block, made, amounts, n * cycle)
        keep(block, tally, (n + 1) * cycle, x, weights[n], shares[n], tunnels)
        seen.append(x + tunnels.occupancy())
        for w, (start, end, moved) in enumerate(weights[n]):
            spread(tally.time[w], shares[n], start * seen[-2] + end * seen[-1])
            spread(tally.transitions[w], shares[n], made * moved)
    return seen
