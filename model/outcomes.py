"""Quantities x prices = outcomes; here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from model import stores
from model.effects import BUILT_IN
from model.grouped import Grouped
from model.outcome_keys import COST, cost_of
from model.pricing import Price, Prices
from model.quantities import COST as COST_WEIGHT
from model.quantities import EFFECT as EFFECT_WEIGHT
from model.quantities import UNDISCOUNTED, Amounts, Quantities


class OutcomeError(ValueError):
    """An outcome that is not a finite number."""


@dataclass(frozen=True)
class Outcomes:
    """values[outcome, discounted (0 no, 1 yes), strategy, draw]; `names` are those of tables: cost, effects, 'cost: x'.

    Of many draws `values` stand in a file and are read-only: take them one by one, by `get`.
    Costs are money per person, QALYs and life-years are years per person, other effects in their own unit.
    components: of the cost, without those that the perspective leaves out.
    """

    names: tuple[str, ...]
    strategies: tuple[str, ...]
    values: np.ndarray
    components: tuple[str, ...] = ()

    def __post_init__(self):
        if self.values.shape[:3] != (len(self.names), 2, len(self.strategies)):
            raise OutcomeError(
                f"outcomes of shape {self.values.shape} do not fit {len(self.names)} names and "
                f"{len(self.strategies)} strategies"
            )
        if stores.mapped(self.values):  # its blocks have been looked at
            return
        finite = np.isfinite(self.values)
        if not finite.all():
            outcome, _, strategy, *draw = np.argwhere(~finite)[0]
            raise OutcomeError(
                f"{self.names[outcome]} of {self.strategies[strategy]} is not a finite number in draw {draw[0] + 1}"
            )

    def get(self, name: str, discounted: bool = True) -> np.ndarray:
        """[strategy, draw] of one outcome."""
        return stores.held(self.values[self.names.index(name), int(discounted)])

    def some(self, name: str, strategy: int, start: int, stop: int) -> np.ndarray:
        """[draw] of one discounted outcome of one strategy, of draws start to stop."""
        return stores.held(self.values[self.names.index(name), 1, strategy, start:stop])

    def component(self, name: str, discounted: bool = True) -> np.ndarray:
        """[strategy, draw] of one component of the cost."""
        return self.get(cost_of(name), discounted)

    @property
    def cost(self) -> np.ndarray:
        """[strategy, draw] discounted cost."""
        return self.get(COST)

    @property
    def effects(self) -> tuple[str, ...]:
        """Outcomes that are not costs."""
        costs = {COST, *map(cost_of, self.components)}
        return tuple(name for name in self.names if name not in costs)

    @property
    def totals(self) -> tuple[str, ...]:
        """Cost and effects, without the components of the cost."""
        return (COST, *self.effects)

    def of_values(self, values: np.ndarray) -> Outcomes:
        """The same outcomes with other values."""
        return replace(self, values=values)


@np.errstate(invalid="ignore", over="ignore")  # Outcomes refuses what is not finite, by name
def value(quantities: Quantities | Amounts, prices: Prices, strategies: tuple[str, ...]) -> Outcomes:
    """Price quantities of any engine. Values are [strategy, draw], or [strategy, draw, patient] of single patients."""
    if isinstance(quantities, Quantities):
        values = np.stack(list(_totals(quantities, prices).values()))
    else:
        values = _of_patients(quantities, prices)
    return Outcomes(_names(prices), tuple(strategies), values, tuple(prices.costs))


def _names(prices: Prices) -> tuple[str, ...]:
    others = (name for name in prices.effects if name not in BUILT_IN)
    return (COST, *BUILT_IN, *map(cost_of, prices.costs), *others)


def _totals(quantities: Quantities, prices: Prices) -> dict[str, np.ndarray]:
    """[discounted, strategy, draw] of every outcome."""
    costs = {cost_of(name): _total(items, COST_WEIGHT, quantities) for name, items in prices.costs.items()}
    effects = {name: _total(items, EFFECT_WEIGHT, quantities) for name, items in prices.effects.items()}
    all_costs = sum(costs.values(), np.zeros((2, *quantities.starts.shape[:-1])))
    found = {COST: all_costs, **costs, **effects}
    return {name: found[name] for name in _names(prices)}


def _total(items: Iterable[Price], weight: int, quantities: Quantities) -> np.ndarray:
    """[discounted, strategy, draw] of one outcome: the sum over its prices."""
    total = np.zeros((2, *quantities.starts.shape[:-1]))
    for item in items:
        match item.of:
            case "start":
                total += _each_patient(item.value[0], total) * quantities.starts[..., item.index]
            case "time":
                _add(total, item.value, quantities.time[..., item.index, :, :], weight)
            case "transition":
                _add(total, item.value, quantities.transitions[..., item.index, :, :], weight)
    return total


def _add(total: np.ndarray, prices: np.ndarray, amounts: np.ndarray, weight: int) -> None:
    """Add amounts[.., stretch, weight] at their prices[stretch, strategy, draw]."""
    if len(prices) == 1:
        amounts = amounts.sum(axis=-2, keepdims=True)
    for i in range(amounts.shape[-2]):
        price = _each_patient(prices[i], total)
        total[0] += price * amounts[..., i, UNDISCOUNTED]
        total[1] += price * amounts[..., i, weight]


def _each_patient(price: np.ndarray, total: np.ndarray) -> np.ndarray:
    return price.reshape(price.shape + (1,) * (total.ndim - 1 - price.ndim))


def _of_patients(amounts: Amounts, prices: Prices) -> np.ndarray:
    """[outcome, discounted, strategy, draw, patient]: each stay and event adds what it is worth, at once."""
    names = _names(prices)
    totals, known = np.empty((len(names), 2, *amounts.shape)), [False] * len(names)
    priced = _by_quantity(prices, names)
    for amount in amounts.each:
        for place, weight, value in priced.get((amount.of, amount.index), ()):
            add = amount.rows.add if known[place] else amount.rows.put
            for total, factors in zip(totals[place], amount.times(value, (UNDISCOUNTED, weight))):
                add(total, *factors)
            known[place] = True
    costs = [totals[names.index(cost_of(name))] for name in prices.costs]
    totals[[not one for one in known]] = 0.0
    for cost in costs:
        totals[names.index(COST)] += cost
    return totals


def _by_quantity(prices: Prices, names: tuple[str, ...]) -> dict[tuple[str, int], list[tuple[int, int, np.ndarray]]]:
    """(place of the outcome in `names`, weight, price) of all that each quantity is worth."""
    outcomes = [(cost_of(name), items, COST_WEIGHT) for name, items in prices.costs.items()]
    outcomes += [(name, items, EFFECT_WEIGHT) for name, items in prices.effects.items()]
    found: dict[tuple[str, int], list[tuple[int, int, np.ndarray]]] = {}
    for name, items, weight in outcomes:
        for item in items:
            found.setdefault((item.of, item.index), []).append((names.index(name), weight, item.value))
    return found


def pooled(parts: dict[str, Outcomes], weights: dict[str, np.ndarray]) -> Outcomes:
    """All groups together: outcomes weighted by each group's share, array[draw]."""
    first = next(iter(parts.values()))
    return first.of_values(sum((parts[key].values * weights[key] for key in parts), np.zeros_like(first.values)))


def joined(parts: list[Outcomes]) -> Outcomes:
    """Draws of several parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    return parts[0].of_values(np.concatenate([part.values for part in parts], axis=-1))


def collected(blocks: Iterable[Grouped[Outcomes]], n: int) -> Grouped[Outcomes]:
    """Blocks of draws by group, one behind the other, n draws in all; many of them in a file."""
    found: dict[str, tuple[Outcomes, stores.Store]] = {}
    for block in blocks:
        if block.total.values.shape[-1] == n:
            return block
        if not found:
            size = n / block.total.values.shape[-1] * sum(part.values.nbytes for part in block.values())
            to_file = stores.in_file(size)
            found = {k: (p, stores.Store(p.values.shape[:-1], n, to_file)) for k, p in block.items()}
        for key, part in block.items():
            found[key][1].add(part.values)
    return Grouped({key: part.of_values(store.array()) for key, (part, store) in found.items()})
