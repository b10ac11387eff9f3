"""What an engine is: it runs a block of draws, and says what it can run, whom it follows and what memory that takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from model.draws import Draws
from model.dynamics import Dynamics
from model.engines.refusals import REFUSED
from model.history import History, Requests
from model.quantities import Amounts, Quantities
from model.scenario import Scenario

NUMBER = 8  # bytes
DRAWS = 2000  # of a block without patients, at most
SHARED = 1000  # of one that is sent elsewhere, so that all who work have some; see Method.draws_of_task
HELD = 200_000_000  # bytes of the quantities of such a block


class EngineError(ValueError):
    """An engine that does not exist, or cannot run this scenario."""


@dataclass(frozen=True)
class Block:
    """Some draws, of all groups, that are run, priced and dropped together.

    weights: share of each group, array[draw]. Of engines that follow patients, by group: how many, and the number of the first.
    seen_at: times at which a trace is wanted beside those of the cycles; None without a trace. kept: single patients are wanted,
    whose histories are dropped else. queues: what patients ask of resources is wanted.
    """

    scenario: Scenario
    draws: Draws
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    patients: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    seen_at: np.ndarray | None = None
    kept: bool = False
    queues: bool = False


@dataclass(frozen=True)
class Followed:
    """Single patients of one group."""

    dynamics: Dynamics
    history: History


@dataclass(frozen=True)
class Result:
    """What became of one group: per person, or of single patients where the engine follows some. draws: those of the block that
    it is of; what comes with the same ones is of further patients."""

    group: str
    quantities: Quantities | Amounts
    followed: Followed | None = None
    draws: slice = field(default_factory=lambda: slice(0, None))


@dataclass(frozen=True)
class Ran:
    """A block that was run: its groups, one after the other, and what their patients asked of resources, where that is wanted."""

    results: Iterable[Result]
    requests: Requests | None = None


@dataclass(frozen=True)
class Cut:
    """How work is cut into blocks: draws at a time, and for each of these (patients, first patient) by group of every block."""

    draws: int
    samples: list[tuple[dict[str, int], dict[str, int]]]


def draws_together(strategies: int, places: int) -> int:
    """Draws of a block without patients, so that all its quantities are held at once."""
    return max(1, min(DRAWS, HELD // (NUMBER * strategies * max(1, places))))


class Engine(ABC):
    """A way of running a scenario. It has no state of its own, so it can be sent to workers.

    independent: what a sample consists of, over which standard errors are taken; nothing where the engine has none.
    """

    name: ClassVar[str]
    independent: ClassVar[Literal["", "patients", "replications"]] = ""

    @property
    def follows_patients(self) -> bool:
        return bool(self.independent)

    def check(self, scenario: Scenario) -> None:
        """Raise EngineError where it cannot run the scenario (`refusals`)."""
        told = [f"{r.where(scenario)}: the {self.name} engine {r.why}" for r in REFUSED[self.name](scenario)]
        if told:
            raise EngineError("\n".join(told))

    def warnings(self, scenario: Scenario, seed: int) -> list[str]:
        """What makes its results doubtful."""
        return []

    @abstractmethod
    def reserve(self, scenario: Scenario, draws: int, patients: int, replications: int, trace: bool) -> None:
        """Raise EffortError where one piece of its work is more than memory holds."""

    @abstractmethod
    def cut(self, strategies: int, patients: int, by_group: dict[str, int], places: int = 0) -> Cut:
        """How work is cut; patients of each strategy and draw, all together and by group; places: numbers that the quantities
        of a strategy and draw take, where no patients are followed."""

    @abstractmethod
    def run(self, block: Block) -> Ran:
        """Raise DomainError where a draw leaves the model's domain."""
