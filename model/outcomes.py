"""Quantities x prices = outcomes; here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.inputs import Prices
from model.quantities import UNDISCOUNTED, Quantities


class OutcomeError(ValueError):
    """An outcome that is not a finite number."""


@dataclass(frozen=True)
class Outcomes:
    """values[outcome, discounted (0 no, 1 yes), strategy, draw]; names: cost, qaly, life_years, 'cost: x', effects.

    Costs are money per person, QALYs and life-years are years per person, other effects in their own unit.
    """

    names: tuple[str, ...]
    strategies: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self):
        if self.values.shape[:3] != (len(self.names), 2, len(self.strategies)):
            raise OutcomeError(
                f"outcomes of shape {self.values.shape} do not fit {len(self.names)} names and "
                f"{len(self.strategies)} strategies"
            )
        bad = ~np.isfinite(self.values)
        if bad.any():
            outcome, _, strategy, *draw = np.argwhere(bad)[0]
            raise OutcomeError(
                f"{self.names[outcome]} of {self.strategies[strategy]} is not a finite number in draw {draw[0] + 1}"
            )

    def get(self, name: str, discounted: bool = True) -> np.ndarray:
        """[strategy, draw] of one outcome."""
        return self.values[self.names.index(name), int(discounted)]

    @property
    def cost(self) -> np.ndarray:
        return self.get("cost")

    @property
    def qaly(self) -> np.ndarray:
        return self.get("qaly")

    @property
    def effects(self) -> tuple[str, ...]:
        """Outcomes that are not costs."""
        return tuple(n for n in self.names if n != "cost" and not n.startswith("cost: "))


@np.errstate(invalid="ignore", over="ignore")  # Outcomes refuses what is not finite, by name
def value(quantities: Quantities, prices: Prices, strategies: tuple[str, ...]) -> Outcomes:
    """Price quantities of any engine. Values are [strategy, draw], or [strategy, draw, patient] where there are patients."""
    totals = {name: _total(items, prices.weights[name], quantities) for name, items in prices.items.items()}
    shape = quantities.starts.shape[:-1]
    costs = [total for name, total in totals.items() if name.startswith("cost: ")]
    totals = {
        "cost": sum(costs, np.zeros((2, *shape))),
        "qaly": totals.pop("qaly"),
        "life_years": totals.pop("life_years"),
        **totals,
    }
    return Outcomes(tuple(totals), tuple(strategies), np.stack(list(totals.values())))


def _total(items, weight: int, quantities: Quantities) -> np.ndarray:
    """[discounted, strategy, draw] of one outcome: the sum over its prices."""
    shape = quantities.starts.shape[:-1]
    total = np.zeros((2, *shape))
    for item in items:
        price = item.value.reshape(item.value.shape + (1,) * (len(shape) - 2))
        if item.of == "start":
            total += price * quantities.starts[..., item.index]
            continue
        amount = (quantities.time if item.of == "time" else quantities.moves)[..., item.index, item.period, :]
        total[0] += price * amount[..., UNDISCOUNTED]
        total[1] += price * amount[..., weight]
    return total


def pooled(parts: dict[str, Outcomes], weights: dict[str, np.ndarray]) -> Outcomes:
    """All groups together: outcomes weighted by each group's share, array[draw]."""
    first = next(iter(parts.values()))
    total = sum(parts[key].values * weights[key] for key in parts)
    return Outcomes(first.names, first.strategies, total)


def joined(parts: list[Outcomes]) -> Outcomes:
    """Draws of several parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    return Outcomes(parts[0].names, parts[0].strategies, np.concatenate([p.values for p in parts], axis=-1))
