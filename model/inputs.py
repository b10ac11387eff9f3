"""Scenario + Draws -> Dynamics: the formulas of the diagram become numbers that engines work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from model import clocks, price_levels, stays, survivals
from model.context import Context, Values
from model.curves import Curves
from model.draws import DomainError, Draws
from model.dynamics import AtCycleEnd, AtEvent, AtOnce, AtRate, BranchClock, Dynamics, Exit
from model.formula import Formula
from model.hazards import Hazard
from model.limits import check_rate, check_values
from model.over_time import OverTime, Stepwise, rest
from model.scenario import Branch, Group, PerCycle, Rate, Scenario, Survival, TimeToEvent, Transition

SHARES = 1e-9  # rounding of shares that add up to 1
CLOCKS: dict[str, BranchClock] = {"waited": "waited", "time_in_state": "entry"}


def group_weights(scenario: Scenario, draws: Draws) -> dict[str, np.ndarray]:
    """Share of each group, array[draw]; DomainError where they do not add up to 1."""
    values = Values(scenario, draws, (scenario.definitions,))
    weights = {key: np.array(values.of(group.weight)) for key, group in scenario.groups.items()}
    stacked = np.stack(list(weights.values()))
    total = sum(weights.values(), np.zeros(draws.n))
    if (stacked < 0).any() or not (np.abs(total - 1) <= SHARES).all():
        row = int(np.argmax(~(np.abs(total - 1) <= SHARES) | (stacked < 0).any(0)))
        shares = ", ".join(f"{key} {w[row]:.6g}" for key, w in weights.items())
        raise DomainError(
            f"{scenario.line('groups')}: the weights of the groups must be 0 to 1 and add up to 1; in "
            f"{draws.label(row)} they are {shares}"
        )
    return weights


def dynamics(scenario: Scenario, draws: Draws, group: Group) -> Dynamics:
    """What the engines need, for one group. Raises DomainError naming field, strategy, draw and value."""
    context = price_levels.Priced(scenario, draws, group)
    curves = None if scenario.partition is None else Curves(context, scenario.partition, _curves(context))
    return Dynamics(
        states=tuple(scenario.states),
        strategies=tuple(scenario.strategies),
        chance=tuple(s.chance for s in scenario.states.values()),
        start=_start(context) if curves is None else curves.start(),
        transitions=_exits(context),
        time=scenario.time,
        discount=scenario.discount,
        periods=context.starts,
        dead=tuple(not s.alive for s in scenario.states.values()),
        curves=curves,
        ages=context.ages,
        doses=context.doses,
    )


def checked(scenario: Scenario, draws: Draws, group: Group) -> Dynamics:
    """As `dynamics`; shares of states by curves are looked at over the whole model too."""
    made = dynamics(scenario, draws, group)
    if made.curves is not None:
        made.curves.shares(scenario.time.grid[:, None, None])
    return made


def _curves(context: Context) -> dict[str, tuple[Hazard, Stepwise | None]]:
    """The hazard of each curve, and its ratio where that changes with model time."""
    partition = context.scenario.partition
    assert partition is not None
    made = {}
    for key, curve in partition.curves.items():
        hazard, ratio = _survival(context, f"curves.{key}", curve.survival)
        if isinstance(ratio, OverTime):
            raise DomainError(
                f"{context.scenario.line(f'curves.{key}')}: the hazard ratio of a curve may change with time in steps, at times that "
                "all draws share, such as if(time < five_years, hr, 1); this one changes otherwise"
            )
        made[key] = hazard, ratio
    return made


def _start(context: Context) -> np.ndarray:
    """[strategy, draw, state] share that starts in each state."""
    scenario, zero = context.scenario, np.zeros(context.shape)
    columns = [zero if s.start is None else context.at(s.start) for s in scenario.states.values()]
    for (key, state), column in zip(scenario.states.items(), columns):
        check_values(context, f"states.{key}.start", column, 0, 1, state.start)
    check_values(context, "states: the sum of 'start'", sum(columns, zero), 1 - SHARES, 1 + SHARES)
    return np.stack(columns, axis=-1)


def _exits(context: Context) -> tuple[Exit, ...]:
    """All transitions; branches of a chance node add up to 1 ('rest' is the complement), per-cycle ones to at most 1."""
    stated = [_exit(context, transition) for transition in context.scenario.transitions]
    known = [exit for exit in stated if exit is not None]
    found: list[Exit] = []
    for transition, exit in zip(context.scenario.transitions, stated):
        index = list(context.scenario.states).index(transition.source)
        beside = [e for e in known if e.source == index]
        if exit is None and isinstance(transition, PerCycle):
            exit = _rest_of_cycle(context, transition, [e for e in beside if isinstance(e, AtCycleEnd)])
        elif exit is None:
            exit = _rest(context, transition, [e for e in beside if isinstance(e, AtOnce)])
        elif len(beside) == sum(t.source == transition.source for t in context.scenario.transitions):
            _check_sum(context, transition.source, exit, beside)
        found.append(exit)
    return tuple(found)


def _check_sum(context: Context, state: str, exit: Exit, beside: list[Exit]) -> None:
    """DomainError where the probabilities out of a state, of the kind of `exit`, do not add up."""
    place = f"states.{state}: the sum of its"
    match exit:
        case AtOnce():
            branches = [e for e in beside if isinstance(e, AtOnce)]
            _one_clock(context, state, branches)
            check_values(context, f"{place} branches", _sum(context, branches), 1 - SHARES, 1 + SHARES)
        case AtCycleEnd():
            rivals = [e for e in beside if isinstance(e, AtCycleEnd)]
            check_values(context, f"{place} probabilities per cycle", _sum(context, rivals), 0, 1 + stays.SUM)
            _check_stays(context, f"{place} probabilities per cycle", rivals)


def _check_stays(context: Context, place: str, rivals: list[AtCycleEnd]) -> None:
    """As `_check_sum`, in every cycle of a stay; those that go by the cycle of the model too are looked at as they come."""
    known = [rival.stay(0, context.scenario.time.whole_cycles) for rival in rivals if rival.stay and not rival.by_both]
    if known:
        least = [rival.level.values.min(axis=0) for rival in rivals if rival.stay is None]
        check_values(context, place, sum([*known[1:], *least], known[0]), 0, 1 + stays.SUM)


def _sum(context: Context, exits: Sequence[AtOnce | AtCycleEnd]) -> np.ndarray:
    """[piece, strategy, draw] sum of the probabilities."""
    level = rest([exit.level for exit in exits], lambda values: None, context.shape)
    return 1 - (level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values)


def _exit(context: Context, transition: Transition) -> Exit | None:
    """A transition in numbers; None of one that is the rest."""
    states = list(context.scenario.states)
    place = f"transitions.{transition.label}"
    ends = transition.label, states.index(transition.source), states.index(transition.target)
    match transition:
        case Rate(rate=formula):
            check = partial(check_rate, context, f"{place}.rate", low=0, high=1, formula=formula)
            if clocks.OWN in context.reads(formula):
                return _rate_of_stay(context, ends, f"{place}.rate", formula, check)
            return AtRate(*ends, _level(context, formula, check))
        case TimeToEvent(survival=survival):
            hazard, ratio = _survival(context, place, survival)
            return AtEvent(*ends, hazard, survival.clock, ratio, context.scenario.line(f"{place}.{survival.field}"))
        case PerCycle(probability=Formula() as formula):
            check = partial(check_values, context, f"{place}.probability per cycle", low=0, high=1, formula=formula)
            if context.reads(formula) & stays.OF_STAY:
                return _by_stay(context, ends, formula, check)
            return AtCycleEnd(*ends, _of_cycles(context, formula, check))
        case Branch(probability=Formula() as formula):
            check = partial(check_values, context, f"{place}.probability", low=0, high=1, formula=formula)
            return AtOnce(*ends, *_branch(context, place, formula, check))
    return None


def _level(context: Context, formula: Formula, check: Callable) -> Stepwise | OverTime:
    """A rate or probability over model time."""
    return context.over_time(formula, check, any(isinstance(t, PerCycle) for t in context.scenario.transitions))


def _rate_of_stay(
    context: Context, ends: tuple[str, int, int], place: str, formula: Formula, check: Callable
) -> AtEvent:
    """A rate that goes by the time in the state, and perhaps by that of the model."""
    of_model, of_state = clocks.split(context, place, formula)
    hazard = clocks.hazard(context, place, of_state, check)
    ratio = None if of_model is None else context.over_time(of_model, check)
    return AtEvent(*ends, hazard, "state", ratio, context.scenario.line(place))


def _by_stay(context: Context, ends: tuple[str, int, int], formula: Formula, check: Callable) -> AtCycleEnd:
    """A probability per cycle that goes by the cycle of the stay."""
    stay = stays.ByStay(context, formula, check)
    return AtCycleEnd(*ends, Stepwise(np.zeros(1), stay.value(0, 1)), stay.value, not stay.own)


def _of_cycles(context: Context, formula: Formula, check: Callable) -> Stepwise:
    level = _level(context, formula, check)
    assert isinstance(level, Stepwise)  # as it is at the start of each cycle, and held
    return level


def _branch(context: Context, place: str, formula: Formula, check: Callable) -> tuple[Stepwise | OverTime, BranchClock]:
    """The probability of a branch, and the clock with which it changes."""
    read = context.reads(formula)
    waiting = sorted(read & set(CLOCKS))
    if not waiting:
        return _level(context, formula, check), "model"
    varying = {"time", "cycle"} | {name for period in context.scenario.periods for name in period.bindings}
    if len(waiting) > 1 or read & varying:
        raise DomainError(
            f"{context.scenario.line(place)}: a probability can change with one clock only: 'waited', "
            f"'time_in_state', or time and periods; found {', '.join(sorted(read & {*CLOCKS, *varying}))}"
        )
    level = context.by_waiting(formula, waiting[0])
    check(level.values)
    if waiting[0] == "time_in_state" and not context.scenario.time_in_state:
        return Stepwise(level.starts[:1], level.values[:1]), "model"
    return level, CLOCKS[waiting[0]]


def _rest(context: Context, transition: Transition, others: list[AtOnce]) -> AtOnce:
    """The branch that takes what the others leave."""
    states = list(context.scenario.states)
    clock = _one_clock(context, transition.source, others)
    check = partial(check_values, context, f"transitions.{transition.label}.probability (the rest)", low=0, high=1)
    level = rest([other.level for other in others], check, context.shape)
    check(level.value(context.scenario.time.grid) if isinstance(level, OverTime) else level.values)
    ends = states.index(transition.source), states.index(transition.target)
    return AtOnce(transition.label, *ends, level, clock)


def _rest_of_cycle(context: Context, transition: PerCycle, others: list[AtCycleEnd]) -> AtCycleEnd:
    """The move that everyone makes at the end of a cycle who makes none of the others."""
    states = list(context.scenario.states)
    place = f"transitions.{transition.label}.probability per cycle (the rest)"
    ends = states.index(transition.source), states.index(transition.target)
    check = partial(check_values, context, place, low=0, high=1)
    if any(other.stay for other in others):
        left = stays.RestOfStays(others, context.scenario.time.cycle, check)
        return AtCycleEnd(transition.label, *ends, Stepwise(np.zeros(1), left.value(0, 1)), left.value, left.by_both)
    level = rest([other.level for other in others], check, context.shape)
    assert isinstance(level, Stepwise)  # all are held over a cycle
    return AtCycleEnd(transition.label, *ends, Stepwise(level.starts, stays.left(level.values, check)))


def _one_clock(context: Context, state: str, branches: list[AtOnce]) -> BranchClock:
    """The clock of all branches of a chance node; those that do not change go with any."""
    clocks = {b.clock for b in branches if isinstance(b.level, OverTime) or len(b.level.starts) > 1}
    if len(clocks) > 1:
        raise DomainError(
            f"{context.scenario.line(f'states.{state}')}: its branches change with different clocks "
            f"({', '.join(sorted(clocks))}); let them all change with one"
        )
    return next(iter(clocks), "model")


def _survival(context: Context, place: str, survival: Survival) -> tuple[Hazard, Stepwise | OverTime | None]:
    """The hazard, and its ratio where that changes with model time."""
    constant, ratio = _ratio(context, place, survival)
    return survivals.beside(context, place, survival, survivals.hazard(context, place, survival, constant), ratio)


Ratio = tuple[np.ndarray | float, Stepwise | OverTime | None]


def _ratio(context: Context, place: str, survival: Survival) -> Ratio:
    """The hazard ratio of a survival distribution: (one that never changes, one that changes with model time)."""
    if survival.ratio is None:
        return 1.0, None
    check = partial(check_values, context, f"{place}.hazard ratio", low=0, high=np.inf, formula=survival.ratio)
    level = context.over_time(survival.ratio, check)
    if survival.family == "fixed":  # a ratio above 0 leaves a fixed time as it is
        return level.value(context.scenario.time.grid).min(axis=0), None
    if isinstance(level, Stepwise) and len(level.starts) == 1:
        return level.values[0], None
    return 1.0, level
