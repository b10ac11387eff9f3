"""How a cost grows along an axis: the same work at several sizes, as rows that run.py fits a law to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from timing import Job, best

from model import draws
from model.analysis.evaluate import Method, evaluate
from model.sample import Sample
from model.scenario import Scenario

Sizes = tuple[int, ...]
REPEATS = 3


@dataclass(frozen=True)
class Case:
    """Work of some size along each of its axes, the others being held. prepare: what is timed, from a size of every axis.

    held: the size of each axis while another one is varied. sizes: those that are measured, of each axis that is varied.
    tiny: of every axis, where it is only tried. targets: seconds wanted, by (axis, size); powers: exponents wanted, by axis.
    """

    name: str
    prepare: Callable[..., Job]
    held: dict[str, int]
    sizes: dict[str, Sizes]
    tiny: dict[str, Sizes]
    targets: dict[tuple[str, int], float] = field(default_factory=dict)
    powers: dict[str, float] = field(default_factory=dict)

    def rows(self, small: bool = False) -> Iterable[dict]:
        """One a size: name, axis, size, seconds and what is wanted of them. small: tiny sizes, once."""
        held = {axis: self.tiny[axis][0] for axis in self.held} if small else self.held
        for axis, sizes in (self.tiny if small else self.sizes).items():
            for size in sizes if axis in self.sizes else ():
                seconds = best(self.prepare(**(held | {axis: size})), 1 if small else REPEATS)
                row = {"name": self.name, "axis": axis, "size": size, "seconds": seconds}
                wanted = {"target": self.targets.get((axis, size)), "power": self.powers.get(axis)}
                yield row | {key: value for key, value in wanted.items() if value is not None}


def evaluation(scenario: Scenario, sampled: int, method: Method) -> Job:
    """A PSA with outcomes, from a table of draws that is there."""
    table = draws.probabilistic(scenario, Sample(sampled))
    return lambda: evaluate(scenario, table, method)


def measured(cases: Iterable[Case], small: bool) -> list[dict]:
    return [row for case in cases for row in case.rows(small)]
