"""Transitions and curves in words: formulas as the file has them, or with what one strategy binds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from model.formula import Formula
from model.scenario import Argument, Branch, Rate, Survival, TimeToEvent, Transition
from model.units import DAYS

REST = "rest"
_NAME = re.compile(r"[A-Za-z_]\w*")
_PLAIN = re.compile(r"[\w.]+|[\w.]+\(.*\)")


class Words:
    """bound: name -> formula of one strategy. day: days in the scenario's unit of time."""

    def __init__(self, bound: Mapping[str, Formula], day: float):
        self.bound, self.day = bound, day

    def formula(self, formula: Formula) -> str:
        """As written, with what the strategy binds in the place of names."""
        return _NAME.sub(lambda found: self._bound(found[0], formula.text.strip()), formula.text)

    def _bound(self, name: str, whole: str) -> str:
        if name not in self.bound:
            return name
        text = self.bound[name].text
        return text if whole == name or _PLAIN.fullmatch(text) else f"({text})"

    def transition(self, move: Transition) -> str:
        """How a transition comes about, without its name."""
        match move:
            case Rate(rate=rate):
                return self.formula(rate)
            case TimeToEvent(survival=survival):
                return self.survival(survival)
        return REST if move.probability is None else self.formula(move.probability)

    def survival(self, survival: Survival) -> str:
        """The distribution, what multiplies or stands beside its hazard, and its clock where that is the time in state."""
        if survival.family == "fixed" and survival.clock == "state" and survival.ratio is None:
            time = self._argument(survival.arguments["time"])
            return "at once" if time == "0" else f"after {time}"
        if survival.family == "fixed":
            return f"at {self._argument(survival.arguments['time'])}"
        text = self._distribution(survival)
        if survival.acceleration is not None:
            text += f", time ratio {self.formula(survival.acceleration)}"
        if survival.ratio is not None:
            text += f", hazard ratio {self.formula(survival.ratio)}"
        if survival.plus is not None:
            text += f", plus hazard {self.survival(survival.plus)}"
        if survival.floor is not None:
            text += f", at least hazard {self.survival(survival.floor)}"
        return text + (", by time in state" if survival.clock == "state" else "")

    def _distribution(self, survival: Survival) -> str:
        given = [f"{name}={self._argument(value)}" for name, value in survival.arguments.items()]
        inside = ", ".join([survival.table, *given] if survival.table else given)
        return f"{survival.family}({inside}){self._unit(survival.scale)}"

    def _argument(self, value: Argument) -> str:
        match value:
            case Formula():
                return self.formula(value)
            case Survival():
                return self._distribution(value)
            case tuple():
                return f"[{', '.join(map(self.formula, value))}]"
        return str(value)

    def _unit(self, scale: float | None) -> str:
        days = (scale or 0) * self.day
        return next((f" in {unit}s" for unit, length in DAYS.items() if abs(length - days) < 1e-9 * length), "")


KINDS = {
    Rate: "rate",
    TimeToEvent: "time to event",
    Branch: "probability",
}


def kind(move: Transition) -> str:
    """What the formula of a transition is."""
    return KINDS.get(type(move), "probability per cycle")
