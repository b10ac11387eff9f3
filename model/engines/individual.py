"""Individual next-event engine: all patients at once, nobody queues.

For each patient, visit (n-th entry to the state) and transition there is a number E ~ Exp(1), the same in every
strategy; the event is at H^-1(H(now) + E) and the earliest wins. A chance node is the same race without time: the
branch with the smallest E / p is taken, which has probability p (and couples strategies as one uniform would).
"""

from __future__ import annotations

import numpy as np

from model import addressed, effort, fixed_times, inputs
from model.draws import DomainError
from model.dynamics import Dynamics
from model.engines import accrual, risks
from model.engines.contract import NUMBER, Block, Cut, Engine, Followed, Ran, Result
from model.history import NO_TRANSITION, History, Recorder
from model.quantities import Quantities
from model.scenario import Scenario

CHUNK = 100_000  # strategies x draws x patients of one task: about the processor's cache
KEPT = 100_000  # patients whose stays are kept
COPIES = 3  # of an array, at the moment when most are held
MOST = 10_000  # visits of one patient to one state


def run(dynamics: Dynamics, patients: int, seed: int, index=None, stream: str = "", first: int = 0) -> Quantities:
    """Quantities per patient: time [strategy, draw, patient, state, period, weight], transitions and starts likewise.

    index: the draws' numbers (default 0, 1, ...), part of the address of each random number, so that a draw has the
    same patients however draws are cut into tasks. stream: a further word of the address, such as the group's name.
    first: number of the first patient, where a sample is made in several blocks.
    Some 100,000 patients x strategies x draws at a time are quickest (the processor's cache).
    """
    return accrual.accrue(history(dynamics, patients, seed, index, stream, first), dynamics)


def history(dynamics: Dynamics, patients: int, seed: int, index=None, stream: str = "", first: int = 0) -> History:
    """Stays of every strategy, draw and patient; arguments as `run`."""
    numbers = np.arange(dynamics.shape[1]) if index is None else np.asarray(index)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return _Simulation(dynamics, Addresses(seed, stream, numbers, patients), first).run()


class Addresses:
    """Exponential numbers by meaning: (seed, stream, what), the draw's number, patient and visit."""

    def __init__(self, seed: int, stream: str, numbers: np.ndarray, patients: int):
        self.seed, self.stream, self.numbers, self.patients = seed, stream, numbers, patients
        self._known: dict[str, np.ndarray] = {}

    def exponential(self, what: str, draw, patient, visit=1) -> np.ndarray:
        """E ~ Exp(1); `draw` is a place in `numbers`."""
        if what not in self._known:
            self._known[what] = addressed.of_draws(addressed.key(self.seed, self.stream, what), self.numbers)
        return addressed.exponentials(self._known[what][draw], patient, visit)


class _Simulation:
    """Patients are flat rows of [strategy, draw, patient]; those who wait to be moved on are kept by state."""

    def __init__(self, dynamics: Dynamics, addresses: Addresses, first: int):
        self.dynamics, self.addresses, self.first = dynamics, addresses, first
        self.shape = (*dynamics.shape, addresses.patients)
        self.rows = int(np.prod(self.shape))
        self.risks = risks.risks(dynamics)
        self.exits = exits(dynamics)
        self.end = accrual.end_of_time(dynamics)
        self.visits = {s: np.zeros(self.rows, np.uint64) for s in revisited(self.exits, dynamics)}
        self.pending: dict[int, list] = {s: [] for s in range(len(dynamics.states))}
        self.fixed = {i for i, risk in self.risks.items() if isinstance(risk, risks.Fixed)}
        # An appointment is kept once: who comes back to the state at that very moment has kept it.
        fixed = dynamics.fixed()
        again = [i for i in self.fixed if fixed[i].clock == "model" and fixed[i].source in self.visits]
        self.kept = {i: np.zeros(self.rows, bool) for i in again}
        self.since = np.zeros(self.rows) if dynamics.reads_time_in_state else None

    def run(self) -> History:
        start = self._start()
        self.recorder = Recorder(self.shape, start)
        for state in self.pending:
            rows = np.flatnonzero(start == state)
            if len(rows):
                self.pending[state].append((rows, np.zeros(len(rows))))
        order = in_order(self.exits, self.dynamics)
        while any(self.pending.values()):
            for state in order:
                if self.pending[state]:
                    self._leave(state)
        return self.recorder.history()

    def _start(self) -> np.ndarray:
        """[row] state at time 0."""
        shares = self.dynamics.start.reshape(-1, len(self.dynamics.states))
        certain = np.flatnonzero((shares == 1).all(axis=0))
        if len(certain):
            return np.full(self.rows, certain[0])
        who = _Who(np.arange(self.rows), self.shape, self.first)
        soonest, start = np.full(self.rows, np.inf), np.zeros(self.rows, int)
        for s, state in enumerate(self.dynamics.states):
            time = self.addresses.exponential(f"start {state}", who.draw, who.patient) / shares[who.case, s]
            start[time < soonest] = s
            soonest = np.minimum(time, soonest)
        return start

    def _leave(self, state: int) -> None:
        """All who have entered a state and wait there: find their next event and pass them on."""
        waiting, self.pending[state] = self.pending[state], []
        rows, now = waiting[0] if len(waiting) == 1 else map(np.concatenate, zip(*waiting))
        race = self._branch if self.dynamics.chance[state] else self._race
        time, taken = race(state, _Who(rows, self.shape, self.first), now)
        if self.since is not None and not self.dynamics.chance[state]:
            self.since[rows] = time - now
        self.recorder.add(rows, state, now, time, taken)
        for transition in self.exits[state]:
            gone = np.flatnonzero(taken == transition)
            if len(gone):
                self.pending[self.dynamics.transitions[transition].target].append((rows[gone], time[gone]))

    def _race(self, state: int, who: _Who, now: np.ndarray):
        """(time, transition) of the earliest event; the end of time and NO_TRANSITION where there is none."""
        soonest, taken = np.full(len(now), self.end), np.full(len(now), NO_TRANSITION, np.int16)
        visit, due = self._visit(state, who.rows), {}
        for transition in self.exits[state]:
            if transition in self.fixed:
                time = due[transition] = self._due(transition, who, now)
            else:
                time = self.risks[transition].event(now, self._exponential(transition, who, visit), who.case)
            taken[time < soonest] = transition
            soonest = np.minimum(time, soonest)
        if len(due) > 1:
            self._settle_ties(due, soonest, taken, who)
        for transition in due.keys() & self.kept.keys():
            self.kept[transition][who.rows[taken == transition]] = True
        return risks.counted_at(self.dynamics, soonest, self.exits[state]), taken

    def _due(self, transition: int, who: _Who, now: np.ndarray) -> np.ndarray:
        time = self.risks[transition].event(now, None, who.case)
        return np.where(self.kept[transition][who.rows], np.inf, time) if transition in self.kept else time

    def _settle_ties(self, due: dict[int, np.ndarray], soonest: np.ndarray, taken: np.ndarray, who: _Who) -> None:
        """Of fixed times that fall together one is taken by rule, whatever the order of lines."""
        together = np.stack(list(due.values())) <= soonest + fixed_times.hair(self.dynamics)
        for pattern in np.unique(together[:, together.sum(axis=0) > 1], axis=1).T:
            rows = np.flatnonzero((together == pattern[:, None]).all(axis=0))
            transitions, words = (
                [transition for transition, one in zip(due, pattern) if one],
                self._case(who.case[rows[0]]),
            )
            taken[rows] = fixed_times.first_of(self.dynamics, transitions, soonest[rows[0]], words)

    def _case(self, case: int) -> str:
        strategy, draw = divmod(int(case), self.shape[1])
        return f", in strategy {self.dynamics.strategies[strategy]}, draw {self.addresses.numbers[draw] + 1}"

    def _branch(self, node: int, who: _Who, now: np.ndarray):
        soonest, taken = np.full(len(now), np.inf), np.full(len(now), NO_TRANSITION, np.int16)
        visit, since = self._visit(node, who.rows), 0.0 if self.since is None else self.since[who.rows]
        for transition, branch in self.dynamics.branches(node).items():
            probability = risks.probability(self.dynamics, branch, now, who.case, 0.0, since)
            time = self._exponential(transition, who, visit) / probability
            taken[time < soonest] = transition
            soonest = np.minimum(time, soonest)
        return now, taken

    def _exponential(self, transition: int, who: _Who, visit) -> np.ndarray:
        return self.addresses.exponential(self.dynamics.transitions[transition].label, who.draw, who.patient, visit)

    def _visit(self, state: int, rows: np.ndarray):
        if state not in self.visits:
            return 1
        self.visits[state][rows] += np.uint64(1)
        visit = self.visits[state][rows]
        if visit.max() > MOST:
            raise DomainError(
                f"states.{self.dynamics.states[state]}: a patient entered it more than {MOST:,} times; "
                "transitions out of it are too fast or lead in a circle without time"
            )
        return visit


class _Who:
    """Draw, patient and case (strategy x draw) of flat rows."""

    def __init__(self, rows: np.ndarray, shape: tuple[int, int, int], first: int):
        self.rows = rows
        self.case = rows // shape[2]
        self.patient = rows - self.case * shape[2] + first
        self.draw = self.case % shape[1]


# --- the diagram ------------------------------------------------------------------------------------------------


def exits(dynamics: Dynamics) -> dict[int, list[int]]:
    """Transitions out of each state, in the order of the file."""
    return {s: [i for i, m in enumerate(dynamics.transitions) if m.source == s] for s in range(len(dynamics.states))}


def reached(state: int, out: dict[int, list[int]], dynamics: Dynamics) -> set[int]:
    """States that can come after a state."""
    found: set[int] = set()
    waiting = [state]
    while waiting:
        new = {dynamics.transitions[i].target for i in out[waiting.pop()]} - found
        found |= new
        waiting += new
    return found


def revisited(out: dict[int, list[int]], dynamics: Dynamics) -> list[int]:
    """States that can be entered more than once."""
    return [s for s in out if s in reached(s, out, dynamics)]


def in_order(out: dict[int, list[int]], dynamics: Dynamics) -> list[int]:
    """States so that those from which more can follow come first: without circles, each is visited once."""
    return sorted(out, key=lambda s: -len(reached(s, out, dynamics)))


# --- the engine -------------------------------------------------------------------------------------------------


class Individual(Engine):
    name = "individual"
    independent = "patients"

    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        kept = min(draws * patients, KEPT)
        places = (len(scenario.states) + len(scenario.transitions)) * 3  # weights
        size = NUMBER * COPIES * places * kept * len(scenario.strategies)
        effort.reserve(size, f"{kept:,} patients in {len(scenario.states)} states", "follow fewer --patients")

    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        return Cut(max(1, CHUNK // (patients * strategies)), _samples(by_group, strategies))

    def run(self, block: Block) -> Ran:
        return Ran(self._result(block, key) for key in block.patients)

    def _result(self, block: Block, key: str) -> Result:
        dynamics = inputs.dynamics(block.scenario, block.draws, block.scenario.groups[key])
        stays = history(dynamics, block.patients[key], block.draws.seed, block.draws.index, key, block.first[key])
        return Result(key, accrual.accrued(stays, dynamics), Followed(dynamics, stays) if block.kept else None)


def _samples(numbers: dict[str, int], strategies: int) -> list[tuple[dict[str, int], dict[str, int]]]:
    """(numbers, first patients) by group of the parts of a sample that is too large for one task."""
    parts = max(1, -(-sum(numbers.values()) * strategies // CHUNK))
    edges = {key: np.linspace(0, n, min(parts, n // 2) + 1).astype(int).tolist() for key, n in numbers.items()}
    return [
        (
            {key: e[i + 1] - e[i] for key, e in edges.items() if i + 1 < len(e)},
            {key: e[i] for key, e in edges.items() if i + 1 < len(e)},
        )
        for i in range(parts)
    ]
