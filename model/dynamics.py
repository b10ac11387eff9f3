"""What engines know of a scenario: the ways out of each state, in numbers.

Shapes: [strategy, draw], and [piece, strategy, draw] for what changes over model time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from model.curves import Curves
from model.hazards import Hazard
from model.over_time import OverTime, Stepwise
from model.scenario import Clock, Discount, TimeFrame

# Time since the start; time queued so far; time spent in the state that was left for the chance node.
BranchClock = Literal["model", "waited", "entry"]


@dataclass(frozen=True)
class _Exit:
    """What every transition has: its label, and the indices of the states that it leads from and to."""

    label: str
    source: int
    target: int


@dataclass(frozen=True)
class AtRate(_Exit):
    """At any time, by a rate (per model unit of time)."""

    level: Stepwise | OverTime


@dataclass(frozen=True)
class AtEvent(_Exit):
    """After a time with this cumulative hazard, on the clock of the model or of the state.

    ratio: a hazard ratio that changes with model time, h(t) = ratio(t) h0(t on the clock). place: file, line and field.
    """

    hazard: Hazard
    clock: Clock
    ratio: Stepwise | OverTime | None = None
    place: str = ""

    @property
    def is_fixed(self) -> bool:
        return self.hazard.family == "fixed"


@dataclass(frozen=True)
class AtOnce(_Exit):
    """A branch of a chance node, by a probability that may change with one clock."""

    level: Stepwise | OverTime
    clock: BranchClock = "model"


@dataclass(frozen=True)
class AtCycleEnd(_Exit):
    """At the end of a cycle, by a probability per cycle.

    stay: where that goes by the cycle of the stay, stay(cycle of the model from 0, n) -> [n, strategy, draw] for the first n
    cycles of it; `level` is then that of the first. by_both: it goes by the cycle of the model too.
    """

    level: Stepwise
    stay: Callable[[int, int], np.ndarray] | None = None
    by_both: bool = False


Exit = AtRate | AtEvent | AtOnce | AtCycleEnd


@dataclass(frozen=True)
class Doses:
    """Something that is due at 0, every, 2 every .. of each stay in a state, or of the model, while patients are there.

    every: time between two; most: doses of a stay (or of all, on the clock of the model) [strategy, draw]. place: in the file.
    """

    place: str
    state: int
    every: np.ndarray
    most: np.ndarray
    clock: Clock = "state"


@dataclass(frozen=True)
class Dynamics:
    """All that an engine needs to know. start: [strategy, draw, state]; periods: start of each stretch of time that is counted by
    itself, as prices are other ones in it (`price_levels`).

    curves: of partitioned survival, which has no transitions. ages: by state, the times in it at which stretches begin that are
    counted by themselves (behind the states, as each is whole); doses: likewise behind the transitions.
    """

    states: tuple[str, ...]
    strategies: tuple[str, ...]
    chance: tuple[bool, ...]
    start: np.ndarray
    transitions: tuple[Exit, ...]
    time: TimeFrame
    discount: Discount
    periods: np.ndarray
    dead: tuple[bool, ...] = ()
    curves: Curves | None = None
    ages: dict[int, np.ndarray] = field(default_factory=dict)
    doses: tuple[Doses, ...] = ()

    def columns(self) -> dict[int, slice]:
        """By state of `ages`, where its stretches stand behind the states in quantities of time."""
        return columns(self.ages, len(self.states))

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of strategies and draws."""
        return self.start.shape[0], self.start.shape[1]

    @property
    def by_cycle(self) -> bool:
        """Patients leave states at the ends of cycles, by probabilities per cycle, and not by hazards."""
        return any(isinstance(t, AtCycleEnd) for t in self.transitions)

    def in_force_at_end(self, time: float) -> float:
        """Whose chances hold for moves made at the end of a cycle: with probabilities per cycle those of the cycle that ends."""
        return max(time - self.time.cycle / 2, 0.0) if self.by_cycle else time

    @property
    def reads_time_in_state(self) -> bool:
        """Some branch depends on the time spent in the state that was left for its chance node."""
        return any(isinstance(t, AtOnce) and t.clock == "entry" for t in self.transitions)

    @property
    def labels(self) -> list[str]:
        """Of the transitions."""
        return [t.label for t in self.transitions]

    def timed(self) -> dict[int, AtRate | AtEvent | AtCycleEnd]:
        """Transitions that take time, by index."""
        return {i: t for i, t in enumerate(self.transitions) if not isinstance(t, AtOnce)}

    def rates(self) -> dict[int, AtRate]:
        return {i: t for i, t in enumerate(self.transitions) if isinstance(t, AtRate)}

    def events(self) -> dict[int, AtEvent]:
        return {i: t for i, t in enumerate(self.transitions) if isinstance(t, AtEvent)}

    def fixed(self) -> dict[int, AtEvent]:
        """Transitions that are due at a fixed time."""
        return {i: event for i, event in self.events().items() if event.is_fixed}

    def branches(self, state: int) -> dict[int, AtOnce]:
        """Out of a chance node."""
        return {i: t for i, t in enumerate(self.transitions) if t.source == state and isinstance(t, AtOnce)}

    @property
    def levels(self) -> list[Stepwise | OverTime]:
        """All rates, probabilities and hazard ratios that are stated as such."""
        found = [t.ratio if isinstance(t, AtEvent) else t.level for t in self.transitions]
        return [level for level in found if level is not None]


def columns(ages: dict[int, np.ndarray], states: int) -> dict[int, slice]:
    """By state, where the stretches of its stays stand behind so many states."""
    ends = np.cumsum([states, *map(len, ages.values())]).tolist()
    return {state: slice(*ends[i : i + 2]) for i, state in enumerate(ages)}


def watched(dynamics: Dynamics) -> list[int]:
    """States whose stays are counted by their age."""
    return sorted({*dynamics.ages, *(doses.state for doses in dynamics.doses)})


def unknown_to_cohort(dynamics: Dynamics) -> tuple[str, str] | None:
    """(state, why) where a cohort cannot tell how long patients have been in one."""
    for state in watched(dynamics):
        for exit in dynamics.transitions:
            if why := _of_stay(dynamics, exit, state):
                return dynamics.states[state], (
                    f"does not count prices by the time in state, limits and doses where {exit.label} {why}: use --engine individual or "
                    "queueing"
                )
    for doses in dynamics.doses:
        if (doses.every != doses.every.flat[0]).any() or (doses.most != doses.most.flat[0]).any():
            return dynamics.states[doses.state], (
                "needs one 'every' and one 'at most' of doses for all strategies and draws: use --engine individual or queueing"
            )
    return None


def _of_stay(dynamics: Dynamics, exit: Exit, state: int) -> str:
    """Why the age of stays in a state does not follow from the model's clock, for one transition."""
    match exit:
        case AtCycleEnd(source=source) if source == state and exit.stay is not None:
            return "goes by the cycle of the stay"
        case AtEvent(clock="state", source=source) if source == state:
            return "goes by the time in state too"
        case AtEvent(clock="model", is_fixed=True) if state in (exit.source, exit.target):
            return "is at a fixed time"
        case AtEvent(clock="model", is_fixed=True) if dynamics.chance[exit.target]:
            return "is at a fixed time"
    return ""
