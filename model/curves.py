"""Partitioned survival in numbers: survival curves from the start of the model, and the shares of states that follow.

Times are an array that broadcasts with [strategy, draw], such as [time, 1, 1]; what is at these times is [.., strategy, draw].
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.context import Context
from model.draws import DomainError
from model.formula import Formula
from model.hazards import Hazard
from model.instants import HAIR, reaches
from model.limits import words
from model.over_time import Stepwise
from model.scenario import Partition

SHARES = 1e-9  # rounding of shares that lie in 0 to 1 and add up to 1
Survival = dict[str, np.ndarray]


class Curves:
    """The curves of one group, and the shares that they make. hazards: with the ratio where it changes with model time."""

    def __init__(self, context: Context, partition: Partition, hazards: Mapping[str, tuple[Hazard, Stepwise | None]]):
        self.context, self.partition, self.hazards = context, partition, hazards
        self.horizon = context.scenario.time.horizon
        self.order = partition.order()

    def start(self) -> np.ndarray:
        """[strategy, draw, state] share that starts in each state."""
        return np.moveaxis(self.shares(np.zeros((1, 1)))[: len(self.context.scenario.states)], 0, -1)

    # --- survival ---------------------------------------------------------------------------------------------------

    def survival(self, times: np.ndarray, before: bool = False) -> Survival:
        """Each curve at these times, or just before them: the two differ where everyone leaves at a fixed time."""
        return {key: np.exp(-hazard) for key, hazard in self._cumulative(times, before).items()}

    def excess(self, times: np.ndarray) -> Survival:
        """By how much each curve that has an upper one would be above it, as a difference of cumulative hazards."""
        reached = self._cumulative(times)
        capped = {key: c.at_most for key, c in self.partition.curves.items() if c.at_most}
        with np.errstate(invalid="ignore"):
            return {key: reached[upper] - self._own(key, times) for key, upper in capped.items()}

    def _cumulative(self, times: np.ndarray, before: bool = False) -> Survival:
        """Cumulative hazards; that of a curve that is at most another one is the larger of both."""
        reached: Survival = {}
        for key in self.order:
            own, upper = self._own(key, times, before), self.partition.curves[key].at_most
            reached[key] = np.maximum(own, reached[upper]) if upper else own
        return reached

    def _own(self, key: str, times: np.ndarray, before: bool = False) -> np.ndarray:
        hazard, ratio = self.hazards[key]
        if hazard.family == "fixed":  # due at the horizon does not happen
            hair = HAIR * self.horizon
            times = times + np.where(before | reaches(times, self.horizon), -hair, hair)
        reached = hazard.cumulative(times) if ratio is None else _by_pieces(hazard, ratio, times)
        return np.broadcast_to(reached, np.broadcast_shapes(np.shape(times), self.context.shape))

    def kinks(self) -> list[np.ndarray]:
        """Times [strategy, draw] at which a curve bends or breaks off."""
        found: list[np.ndarray] = []
        for hazard, ratio in self.hazards.values():
            found += hazard.kinks()
            found += [] if ratio is None else [np.asarray(start) for start in ratio.starts]
        return [np.broadcast_to(time, self.context.shape) for time in found]

    # --- shares -----------------------------------------------------------------------------------------------------

    def shares(self, times: np.ndarray) -> np.ndarray:
        """[part, .., strategy, draw] of states, and then of portions. DomainError where they are not shares."""
        survival, scenario = self.survival(times), self.context.scenario
        stated = {f"states.{key}.share": state.share for key, state in scenario.states.items()}
        stated |= {f"{portion.place}.share": portion.share for portion in self.partition.portions}
        shares = {place: self._share(formula, survival) for place, formula in stated.items() if formula is not None}
        for place, values in shares.items():
            self._check_range(place, values, stated[place], times, survival)
        states = list(shares.values())[: len(scenario.states)]
        self._check_sum(states, times)
        for portion in self.partition.portions:
            within = shares[f"states.{portion.state}.share"]
            self._check_portion(portion.place, shares[f"{portion.place}.share"], within, times)
        return np.stack(list(shares.values()))

    def _share(self, formula: Formula, survival: Survival) -> np.ndarray:
        if formula.text in survival:
            return survival[formula.text]
        context, shape = self.context, next(iter(survival.values())).shape
        by_strategy = []
        for s, strategy in enumerate(context.scenario.strategies):
            known = {key: value[..., s, :] for key, value in survival.items()}
            values = context.values(strategy, context.periods[0], known)
            value = formula.evaluate(values, context.scenario.time.day)
            by_strategy.append(np.broadcast_to(value, (*shape[:-2], shape[-1])))
        return np.stack(by_strategy, axis=-2)

    def _check_range(
        self, place: str, values: np.ndarray, formula: Formula | None, times: np.ndarray, survival: Survival
    ) -> None:
        at = _worst(np.maximum(-values, values - 1))
        if at is None:
            return
        assert formula is not None
        read = {key: value[at] for key, value in survival.items() if key in formula.names}
        shown = ", ".join(f"{key} {value:.6g}" for key, value in read.items())
        message = f"'{formula.text}' is {values[at]:.6g}, which is no share from 0 to 1 ({shown})"
        if len(read) == 2 and values[at] < 0:
            upper, lower = sorted(read, key=lambda key: read[key])
            message += f"; the curves cross: write 'at most: {upper}' on the curve '{lower}', if it cannot be above it"
        self._refuse(place, message, at, times)

    def _check_sum(self, states: list[np.ndarray], times: np.ndarray) -> None:
        at = _worst(np.abs(sum(states[1:], states[0]) - 1))
        if at is not None:
            shown = ", ".join(f"{key} {share[at]:.6g}" for key, share in zip(self.context.scenario.states, states))
            self._refuse("states", f"the shares must add up to 1, found {shown}", at, times)

    def _check_portion(self, place: str, values: np.ndarray, within: np.ndarray, times: np.ndarray) -> None:
        at = _worst(values - within)
        if at is not None:
            message = f"{values[at]:.6g} of the cohort is more than there is in the state ({within[at]:.6g})"
            self._refuse(f"{place}.share", f"{message}; a curve may be kept below another by 'at most'", at, times)

    def _refuse(self, place: str, message: str, at: tuple, times: np.ndarray) -> None:
        scenario = self.context.scenario
        time = float(np.broadcast_to(times, np.broadcast_shapes(np.shape(times), self.context.shape))[at])
        where = f"at {scenario.time.unit} {time:.6g}, in {words(self.context, at)}"
        raise DomainError(f"{scenario.line(place)}: {where}: {message}")


def _worst(beyond: np.ndarray) -> tuple | None:
    """Index of what is furthest beyond what is allowed, or of what is no number; None where nothing is."""
    if (beyond <= SHARES).all():
        return None
    return tuple(map(int, np.unravel_index(int(np.argmax(beyond)), beyond.shape)))  # the maximum of nan is nan


@np.errstate(invalid="ignore")
def _by_pieces(hazard: Hazard, ratio: Stepwise, times: np.ndarray) -> np.ndarray:
    """Cumulative hazard under a ratio that changes: of each of its pieces, the hazard that has come up in it."""
    ends, total = np.append(ratio.starts[1:], np.inf), np.asarray(0.0)
    for start, end, value in zip(ratio.starts, ends, ratio.values):
        grown = hazard.cumulative(np.minimum(times, end)) - hazard.cumulative(np.minimum(times, start))
        total = total + np.nan_to_num(value * grown, nan=0.0, posinf=np.inf)
    return total
