"""Steps of constant rates: one pair of matrices for all steps of one length in which the same rates are in force."""

from __future__ import annotations

from collections.abc import Callable

from model.report.workbook.cells import number
from model.report.workbook.levels import Pieces
from model.report.workbook.matrices import Flow, Matrices, matrices
from model.report.workbook.moves import Moves
from model.report.workbook.sizes import exits
from model.report.workbook.work import EFFECT, UNDISCOUNTED, Work

FEW, WORTH = 8, 5  # kinds of steps that are solved by matrices; steps of a kind that make more of them worth it
Kind = tuple[object, ...]
After = Callable[[int, int], str]
Mean = Callable[[int, int, int], str]


def serves(work: Work, moves: Moves) -> bool:
    """Rates stay the same in stretches, and these are long enough."""
    if not all(isinstance(level, Pieces) for level in moves.levels.values()):
        return False
    number_of = len({_kind(work, moves, k) for k in range(len(work.steps))})
    return number_of <= max(FEW, len(work.steps) / WORTH)


def solve(work: Work, moves: Moves, x: dict[int, int]) -> tuple[After, Mean]:
    """(occupancy of a state after a step, its mean over the step); x: columns of occupancy."""
    kinds = [_kind(work, moves, k) for k in range(len(work.steps))]
    made: dict[Kind, Matrices] = {}
    for kind in dict.fromkeys(kinds):
        made[kind] = _matrices(work, moves, kinds.index(kind), len(made) + 1)

    def times(entries: dict[tuple[int, int], str], j: int, k: int) -> str:
        parts = [f"{work.rows.at(x[i], k)}*{entries[i, j]}" for i in work.states if (i, j) in entries]
        return "+".join(parts) or "0"

    def after(j: int, k: int) -> str:
        return times(made[kinds[k]].whole, j, k)

    def mean(j: int, weight: int, k: int) -> str:
        return times(made[kinds[k]].means[_decay(work, weight)], j, k)

    return after, mean


def _decay(work: Work, weight: int) -> str:
    """The rate of discounting within a step, where there is one."""
    within = weight != UNDISCOUNTED and work.scenario.discount.convention == "continuous" and not work.textbook
    return work.inputs.discount[weight - 1] if within else ""


def _kind(work: Work, moves: Moves, k: int) -> Kind:
    cycle = work.scenario.time.cycle
    return (round(work.steps[k].length / cycle, 9), *(level.kind(k) for level in moves.levels.values()))


def _matrices(work: Work, moves: Moves, k: int, count: int) -> Matrices:
    flows = [Flow(*flow) for flow in moves.flows(k, lambda i, k: moves.levels[i].at(k))]
    step = work.steps[k]
    words = f"of {step.length:.6g} {work.scenario.time.unit}s, first at {step.begin:.6g}"
    decays = [_decay(work, weight) for weight in range(EFFECT + 1)]
    largest = max(exits(work, one) for one in (step,))
    return matrices(work, words, flows, number(step.length), decays, largest, f"matrices {count}")
