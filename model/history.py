"""What happened to each patient: one row a stay. Engines write it; accrual and plots read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

import numpy as np

from model.instants import same
from model.rows import Rows, Some

NO_TRANSITION = -1
REQUEST_BYTES = 2 * 11 * 8  # of a row of Requests, at the moment when two copies of it are held


@dataclass(frozen=True)
class History:
    """Stays of all patients, in no particular order; a patient's own stays are in order.

    shape: numbers of (strategies, draws, patients); row: the patient as flat index into it.
    state, transition: indices (transition NO_TRANSITION: still there at the horizon). entered, left: time since the patient's
    own start, in model units; a chance node is left when entered. waited: how much of the stay was spent in a queue.
    start: [strategy, draw, patient] state at time 0.
    """

    shape: tuple[int, int, int]
    row: np.ndarray
    state: np.ndarray
    entered: np.ndarray
    left: np.ndarray
    transition: np.ndarray
    waited: np.ndarray
    start: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @classmethod
    def of(cls, stays: Iterable[Stays], start: np.ndarray) -> History:
        recorder = Recorder(start.shape, start)
        for some in stays:
            rows, taken = some.rows, NO_TRANSITION if some.taken is None else some.taken
            flat = (rows.flat(values) for values in (some.entered, some.left, np.asarray(taken, np.int16)))
            recorder.add(rows.rows, some.state, *flat)
        return recorder.history()

    def by_state(self) -> Iterator[Stays]:
        """The stays in each state together."""
        for state in range(int(self.state.max(initial=-1)) + 1):
            some = self.where(np.flatnonzero(self.state == state))
            distinct = np.bincount(some.row).max(initial=0) < 2
            entries = Entries(Some(self.shape, some.row, distinct), some.entered)
            yield Stays(state, entries, some.left, some.transition)

    @property
    def strategy(self) -> np.ndarray:
        return self.row // (self.shape[1] * self.shape[2])

    @property
    def draw(self) -> np.ndarray:
        return self.row // self.shape[2] % self.shape[1]

    @property
    def patient(self) -> np.ndarray:
        return self.row % self.shape[2]

    def sorted(self) -> History:
        """By strategy, draw, patient and time."""
        return self.where(np.argsort(self.row, kind="stable"))

    def where(self, rows: np.ndarray) -> History:
        """Some of the stays (a mask or indices)."""
        columns = ("row", "state", "entered", "left", "transition", "waited")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def table(self, strategies, states, transitions):
        """DataFrame, one row a stay, with names (strategy, draw from 1, patient from 1, state, entered, left, ...)."""
        import pandas as pd

        stays = self.sorted()
        names = np.array([*transitions, ""], dtype=object)
        return pd.DataFrame(
            {
                "strategy": np.array(strategies, dtype=object)[stays.strategy],
                "draw": stays.draw + 1,
                "patient": stays.patient + 1,
                "state": np.array(states, dtype=object)[stays.state],
                "entered": stays.entered,
                "left": stays.left,
                "transition": names[stays.transition],
                "waited": stays.waited,
            }
        )


@dataclass
class Entries:
    """Who enters a state, and when: an array of `rows`, or one number for all of them."""

    rows: Rows
    time: np.ndarray | float


@dataclass
class Stays:
    """Stays in one state, arrays of the same rows; taken: the transition that ends each, or NO_TRANSITION; None: nobody leaves."""

    state: int
    entries: Entries | Gone
    left: np.ndarray | float
    taken: np.ndarray | None = None
    _gone: dict[int, Gone] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        return self.entries.rows

    @property
    def entered(self) -> np.ndarray | float:
        return self.entries.time

    @property
    def goes_on(self) -> np.ndarray:
        """Which last as long as time does."""
        return np.asarray(True) if self.taken is None else self.taken == NO_TRANSITION

    def by(self, transition: int) -> Gone:
        """Those who leave by a transition."""
        if transition not in self._gone:
            self._gone[transition] = Gone(self.rows, self.left, self.taken, transition)
        return self._gone[transition]


@dataclass
class Gone:
    """Those of some patients who leave by a transition, as entries to where it leads; not looked up before somebody asks."""

    of: Rows
    left: np.ndarray | float
    taken: np.ndarray | None
    transition: int

    @cached_property
    def _which(self) -> np.ndarray:
        return np.zeros(0, int) if self.taken is None else np.flatnonzero(self.taken == self.transition)

    @cached_property
    def rows(self) -> Some:
        own = self.of.rows[self._which] if isinstance(self.of, Some) else self._which
        return Some(self.of.shape, own, self.of.distinct)

    @cached_property
    def time(self) -> np.ndarray:
        return self.of.flat(self.left)[self._which]


@dataclass(frozen=True)
class Requests:
    """What patients asked of resources: one row a resource asked for. Indices of strategy, draw, group, patient (below 0:
    not recruited), resource, and the state that needs it. together: all resources of the same request, as the sum of 2^index.

    asked, granted, left: days of the calendar; granted is NaN for those who gave up or died waiting, whose `left` is when,
    and `instead` the state to which they went (-1 for all others).
    """

    strategy: np.ndarray
    draw: np.ndarray
    group: np.ndarray
    patient: np.ndarray
    resource: np.ndarray
    together: np.ndarray
    state: np.ndarray
    instead: np.ndarray
    asked: np.ndarray
    granted: np.ndarray
    left: np.ndarray

    @classmethod
    def of(cls, log: list[tuple]) -> Requests:
        columns = np.fromiter(chain.from_iterable(log), float, 11 * len(log)).reshape(-1, 11).T
        return cls(*(column.astype(np.int64) for column in columns[:8]), *columns[8:].copy())

    @classmethod
    def joined(cls, parts: list[Requests]) -> Requests:
        return cls(*(np.concatenate(columns) for columns in zip(*(vars(part).values() for part in parts))))

    def later(self, draws: int) -> Requests:
        """The same with numbers of draws that begin at `draws`."""
        return replace(self, draw=self.draw + draws)

    def where(self, rows: np.ndarray) -> Requests:
        """Some of the rows (a mask or indices)."""
        return Requests(*(column[rows] for column in vars(self).values()))

    def as_asked(self) -> Requests:
        """One row a request; its `resource` is all that was asked for together, as in `together`."""
        return replace(self, resource=self.together).where(self.together & -self.together == 1 << self.resource)

    def whole(self) -> Requests:
        """One row a wait: who became something else while he waited, and asked for the same resource again at once, went on
        waiting. Sorted by patient and time; the row has the state that was granted, or given up, at last."""
        rows = self.where(np.lexsort((self.asked, self.resource, self.patient, self.group, self.draw, self.strategy)))
        keys = np.stack([rows.strategy, rows.draw, rows.group, rows.patient, rows.resource])
        goes_on = (keys[:, 1:] == keys[:, :-1]).all(axis=0) & np.isnan(rows.granted[:-1])
        goes_on &= same(rows.asked[1:], rows.left[:-1])
        begins, ends = np.append(True, ~goes_on), np.append(~goes_on, True)
        empty = len(rows.asked) == 0
        return rows if empty else replace(rows.where(ends), asked=rows.asked[begins])

    @property
    def patients(self) -> int:
        """How many different patients asked."""
        return np.unique(np.stack([self.strategy, self.draw, self.group, self.patient]), axis=1).shape[1]

    @property
    def wait(self) -> np.ndarray:
        """Days from asking to the grant, or to giving up."""
        return np.where(np.isnan(self.granted), self.left, self.granted) - self.asked


class Recorder:
    """Collects stays, as arrays or one at a time, into a History."""

    def __init__(self, shape: tuple[int, int, int], start: np.ndarray):
        self.shape, self.start = shape, start
        self.parts: list[tuple[np.ndarray, ...]] = []

    def add(self, row, state: int, entered, left, transition, waited=None) -> None:
        """Stays in one state: arrays of one length."""
        n = len(row)
        self.parts.append(
            (row, np.full(n, state, np.int16), entered, left, transition, np.zeros(n) if waited is None else waited)
        )

    def history(self) -> History:
        row, state, entered, left, transition, waited = (np.concatenate(column) for column in zip(*self.parts))
        start = self.start.reshape(self.shape)
        return History(self.shape, row, state, entered, left, transition, waited, start)


def of_draws(parts: list[History]) -> History:
    """Stays of several parts, whose draws stand one behind the other."""
    strategies, _, patients = parts[0].shape
    before = np.cumsum([0, *(part.shape[1] for part in parts)])
    row = [
        (part.strategy * before[-1] + first + part.draw) * patients + part.patient for part, first in zip(parts, before)
    ]
    rest = ([getattr(part, name) for part in parts] for name in ("state", "entered", "left", "transition", "waited"))
    state, entered, left, transition, waited = map(np.concatenate, rest)
    start = np.concatenate([part.start for part in parts], axis=1)
    return History(start.shape, np.concatenate(row), state, entered, left, transition, waited, start)
