"""What moves patients in a sheet: levels of all transitions, the start, and where those who enter a chance node come to rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from model.dynamics import AtCycleEnd, AtEvent, AtOnce, AtRate
from model.engines.block import chance_order
from model.report.workbook.hazard_formulas import cumulative
from model.report.workbook.levels import Column, Levelled, of_transition, rest
from model.report.workbook.work import Work
from model.scenario import Branch, PerCycle, Rate, TimeToEvent

PER_TIME, PER_STEP = "rate", "hazard over the step"


@dataclass
class Moves:
    """levels: by index of a transition, a rate per unit of time, a probability, or (events) the hazard over a step; started: by
    index of a branch, the share that takes it at time 0; start: by index of a state, the share that rests there at time 0."""

    work: Work
    levels: dict[int, Levelled] = field(default_factory=dict)
    started: dict[int, str] = field(default_factory=dict)
    start: dict[int, str] = field(default_factory=dict)
    stated: dict[int, str] = field(default_factory=dict)

    def amount(self, i: int, k: int) -> str:
        """Hazard of a timed transition over step k, or its probability in a cycle."""
        exit = self.work.dynamics.transitions[i]
        level = self.levels[i].at(k)
        return f"{level}*{self.work.rows.at(self.length, k)}" if isinstance(exit, AtRate) else level

    def rate(self, i: int, k: int) -> str:
        """What an exposure is multiplied with: a rate, or a probability of a cycle."""
        level = self.levels[i].at(k)
        of_event = isinstance(self.work.dynamics.transitions[i], AtEvent)
        return f"{level}/{self.work.rows.at(self.length, k)}" if of_event else level

    @property
    def length(self) -> int:
        return self.work.rows.columns["length"]

    def routes(self, state: int) -> list[tuple[int, tuple[int, ...]]]:
        """Where those who enter a state come to rest: (state, branches taken on the way)."""
        dynamics = self.work.dynamics
        if not dynamics.chance[state]:
            return [(state, ())]
        return [
            (target, (i, *way))
            for i, branch in dynamics.branches(state).items()
            for target, way in self.routes(branch.target)
        ]

    def flows(
        self, k: int, of: Callable[[int, int], str], address: Callable[[str], str] = str
    ) -> list[tuple[int, int, str]]:
        """(from, to, formula) between states in which time is spent, with of(transition, step) the amount of each.

        address: how the sheet in which the formulas stand writes an address of this one.
        """
        found = []
        for i, exit in self.work.dynamics.timed().items():
            for target, way in self.routes(exit.target):
                shares = "".join(f"*{address(self.levels[b].at(k))}" for b in way)
                found.append((exit.source, target, f"{of(i, k)}{shares}"))
        return found


def moves(work: Work) -> Moves:
    """Writes the levels of all transitions and the start."""
    made = Moves(work)
    work.title("Rates and probabilities, per " + work.scenario.time.unit)
    order = sorted(range(len(work.dynamics.transitions)), key=lambda i: _is_rest(work, i))
    for i in order:
        made.levels[i] = _level(work, made, i)
    _start(work, made)
    return made


def _is_rest(work: Work, i: int) -> bool:
    stated = work.scenario.transitions[i]
    return isinstance(stated, Branch | PerCycle) and stated.probability is None


def _level(work: Work, made: Moves, i: int) -> Levelled:
    stated, exit = work.scenario.transitions[i], work.dynamics.transitions[i]
    match stated, exit:
        case Rate(rate=formula), AtRate(level=level):
            return of_transition(work, f"rate {stated.label}", formula, level)
        case TimeToEvent(), AtEvent():
            return _event(work, stated, exit)
        case ((Branch(probability=None) | PerCycle(probability=None)), _):
            beside = [o for o, other in made.levels.items() if work.dynamics.transitions[o].source == exit.source]
            others = [made.levels[o] for o in beside if isinstance(work.dynamics.transitions[o], AtOnce | AtCycleEnd)]
            return rest(work, f"probability {stated.label}", others)
        case (
            (Branch(probability=formula) | PerCycle(probability=formula)),
            (AtOnce(level=level) | AtCycleEnd(level=level)),
        ):
            assert formula is not None
            return of_transition(work, f"probability {stated.label}", formula, level)
    raise TypeError(f"{stated.label}: a transition that `refusals` has let pass")


def _event(work: Work, stated: TimeToEvent, exit: AtEvent) -> Levelled:
    """The hazard over each step, from the cumulative hazard at its ends."""
    survival, begin = stated.survival, work.rows.columns["begin"]
    ratio, factor = None, ""
    if survival.ratio is not None and exit.ratio is not None:
        ratio = of_transition(work, f"hazard ratio {stated.label}", survival.ratio, exit.ratio)
    elif survival.ratio is not None:
        factor = work.cell(f"hazard ratio {stated.label}", work.scope.text(survival.ratio), survival.ratio.text)

    def text(formula) -> str:
        return work.scope.text(formula)

    reached = work.rows.column(
        ("cumulative", stated.label),
        f"cumulative hazard {stated.label}",
        lambda k: cumulative(survival, f"${work.rows.at(begin, k)}", text, factor),
        closed=True,
    )

    def content(k: int) -> str:
        risen = f"{work.rows.at(reached, k + 1)}-{work.rows.at(reached, k)}"
        return risen if ratio is None else f"({risen})*{ratio.at(k)}"

    place = work.rows.column(("level", stated.label), f"hazard over the step {stated.label}", content)
    return Column(work, place, "0")


def _start(work: Work, made: Moves) -> None:
    work.title("Start")
    dynamics, states = work.dynamics, list(work.scenario.states.values())
    for i, state in enumerate(states):
        if state.start is not None:
            label = f"starts in {work.name(i)}"
            made.stated[i] = work.cell(label, work.scope.text(state.start), state.start.text)
    into: dict[int, list[str]] = {i: [cell] for i, cell in made.stated.items()}
    for node in chance_order(dynamics):
        entered = "+".join(into.get(node, ["0"]))
        for i, branch in dynamics.branches(node).items():
            label = f"at time 0: {branch.label}"
            made.started[i] = work.cell(label, f"({entered})*{made.levels[i].start}")
            into.setdefault(branch.target, []).append(made.started[i])
    for resting in work.states:
        made.start[resting] = "+".join(into.get(resting, ["0"]))
