"""A continuous attribute of patients as strata: parts of its distribution, each with its share and its own mean.

Strata have equal shares but where a condition of a subgroup cuts them, so that every subgroup is made of whole strata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model import formula
from model.distributions import Distribution, DistributionError
from model.formula import FormulaError
from model.scenario_file.nodes import Map, Text
from model.scenario_file.parameters import stated
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number
from model.units import NUMBER, UnitError, parse_unit

USUAL, MOST = 10, 100  # strata
_SCAN, _HALVINGS = 4000, 60
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_SPLIT = re.compile(r"\band\b|\bor\b|\bnot\b|[()]")


@dataclass(frozen=True)
class Range:
    """A distribution between two shares of it."""

    distribution: Distribution
    low: float
    high: float

    def share(self, value: float) -> float:
        """Of the range, of those below a value."""
        return (_share_below(self.distribution, value) - self.low) / (self.high - self.low)

    def value(self, share) -> np.ndarray:
        return self.distribution.quantile(self.low + np.asarray(share) * (self.high - self.low))

    def mean(self, begin: float, end: float) -> float:
        """Between two shares of the range. Nodes crowd at both ends, where quantiles may be without bound."""
        x = (_NODES + 1) / 2
        crowded, slope = x**4 * (35 - 84 * x + 70 * x**2 - 20 * x**3), 140 * (x * (1 - x)) ** 3
        inside = np.clip(begin + crowded * (end - begin), 1e-15, 1 - 1e-15)
        return float((_WEIGHTS / 2 * slope * self.value(inside)).sum())


def read(name: str, node: Map, conditions: Iterator[str], problems: Problems) -> tuple[list[str], list[float]] | None:
    """(values with their unit, shares) of an attribute with a 'distribution'; None where that cannot be, which is reported."""
    stated_strata = node.get("strata")
    stated_unit = node.get("unit")
    unit = unit_behind(stated_unit, problems) if isinstance(stated_unit, Text) else ""
    count = USUAL if stated_strata is None else number(stated_strata, problems)
    ranged = _ranged(node, problems)
    if ranged is None or count is None:
        return None
    if not 1 <= count <= MOST or count != int(count):
        problems.add(node.at("strata"), f"must be a whole number, 1 to {MOST}")
        return None
    edges = np.linspace(0, 1, int(count) + 1)
    cuts = [ranged.share(value) for condition in conditions for value in _borders(name, unit, condition, ranged)]
    edges = np.unique(np.concatenate([edges, [cut for cut in cuts if 1e-9 < cut < 1 - 1e-9]]))
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-9])]
    values = [ranged.mean(a, b) for a, b in zip(edges[:-1], edges[1:])]
    return [f"{value:.12g} {unit}".strip() for value in values], np.diff(edges).tolist()


def unit_behind(node: Text, problems: Problems) -> str:
    """The unit as it stands behind a number of a formula; nothing for plain numbers. What is none is reported."""
    try:
        unit = parse_unit(node.value, "")
    except UnitError as error:
        problems.add(node, str(error))
        return ""
    return "" if unit.dimension == NUMBER and unit.factor == 1 else node.value


def _ranged(node: Map, problems: Problems) -> Range | None:
    place = node.at("distribution")
    try:
        made = stated(node.text("distribution"))
    except (FormulaError, DistributionError) as error:
        problems.add(place, str(error))
        return None
    if not isinstance(made, Distribution):
        problems.add(place, "draws several numbers together; an attribute has a distribution of its own")
        return None
    limits = [number(child, problems) if (child := node.get(key)) else None for key in ("at least", "at most")]
    low = 0.0 if limits[0] is None else _share_below(made, limits[0])
    high = 1.0 if limits[1] is None else _share_below(made, limits[1])
    if not high - low > 1e-9:
        problems.add(node.at("at least", "at most"), "leaves nobody")
        return None
    return Range(made, low, high)


def _share_below(distribution: Distribution, value: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if distribution.quantile(np.asarray(middle)) < value else (low, middle)
    return (low + high) / 2


def _borders(name: str, unit: str, condition: str, ranged: Range) -> Iterator[float]:
    """Values at which a part of a condition that reads this attribute alone becomes true or false."""
    for part in _SPLIT.split(condition):
        try:
            read = formula.parse(part, "")
            if read.names != {name}:
                continue
            one = formula.parse(f"1 {unit}".strip(), "")
            read = read.reading({name: one.dimension({})})
        except FormulaError:
            continue
        scale = float(one.evaluate({}))

        def meets(values, read=read, scale=scale):
            return np.broadcast_to(np.asarray(read.evaluate({name: values * scale}), float), np.shape(values))

        values = ranged.value((np.arange(_SCAN) + 0.5) / _SCAN)
        truth = meets(values)
        for i in np.flatnonzero(truth[1:] != truth[:-1]):
            low, high = values[i], values[i + 1]
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                low, high = (middle, high) if meets(middle) == truth[i] else (low, middle)
            yield float(high)
