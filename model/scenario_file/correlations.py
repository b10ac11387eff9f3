"""Correlations between parameters of a scenario file."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from model import distributions
from model.joint_distributions import SINGULAR
from model.scenario import Correlation
from model.scenario_file.nodes import List, Map, Node
from model.scenario_file.parameters import Inputs
from model.scenario_file.problems import Problems
from model.scenario_file.schema import number, numbers

Matrix = tuple[tuple[float, ...], ...]


def read_correlations(section: List, inputs: Inputs, problems: Problems) -> tuple[Correlation, ...]:
    """Correlations between sampled parameters; each parameter stands in one block only."""
    correlations, taken = [], set[str]()
    for node in section.maps:
        names = list(node.entries("between").values)
        good = [
            _can_correlate(node.at("between"), name, inputs, taken | set(names[:i]), problems)
            for i, name in enumerate(names)
        ]
        taken.update(names)
        matrix = _matrix(node, names, problems) if names else None
        if matrix is not None and all(good):
            correlations.append(Correlation(tuple(names), matrix))
    return tuple(correlations)


def _can_correlate(node: Node, name: str, inputs: Inputs, taken: Collection[str], problems: Problems) -> bool:
    parameter = inputs.parameters.get(name)
    if name in problems.damaged:
        return False
    if parameter is None:
        free = [n for n, p in inputs.parameters.items() if p.distribution is not None]
        problems.unknown(node, "parameter", name, free)
    elif parameter.joint:
        problems.add(node, f"'{name}' is already drawn together with others ({parameter.joint})")
    elif parameter.distribution is None:
        problems.add(node, f"'{name}' has no distribution, so it cannot be correlated with anything")
    elif name in taken:
        problems.add(
            node, f"'{name}' is named twice; give one matrix for all the parameters that are correlated with it"
        )
    else:
        return True
    return False


def _matrix(node: Map, names: list[str], problems: Problems) -> Matrix | None:
    """The correlation matrix, from one value or written out; None where it is none, which is reported."""
    rows = _rows(node, len(names), problems)
    if rows is None:
        return None
    fault = _fault(rows, names)
    if not fault:
        try:
            distributions.correlation_root("correlation", np.array(rows, float), len(names))
        except distributions.DistributionError as error:
            fault = str(error)
    if fault:
        problems.add(node.at("value", "matrix"), fault)
    return None if fault else rows


def _rows(node: Map, size: int, problems: Problems) -> Matrix | None:
    value, matrix = node.get("value"), node.get("matrix")
    if (value is None) == (matrix is None) or (value is not None and size != 2):
        if not {"value", "matrix"} & node.dropped:
            problems.add(node, "needs either 'value' (for two parameters) or 'matrix'")
        return None
    if value is not None:
        rho = number(value, problems)
        return None if rho is None else ((1.0, rho), (rho, 1.0))
    return tuple(numbers(row, problems) for row in node.entries("matrix").items if isinstance(row, List))


def _fault(rows: Matrix, names: list[str]) -> str:
    """Why the rows are no correlation matrix of the names; '' where nothing is wrong so far."""
    size = len(names)
    if len(rows) != size or any(len(row) != size for row in rows):
        return (
            f"must have {size} rows and columns, one for each of {', '.join(names)}; found "
            f"{len(rows)} rows of {', '.join(sorted({str(len(row)) for row in rows}))}"
        )
    wild = next((cell for row in rows for cell in row if not -1 <= cell <= 1), None)
    if wild is not None:
        return f"a correlation must be -1 to 1, found {wild:g}"
    for i, j in zip(*np.tril_indices(size, -1)):
        if abs(rows[i][j]) > 1 - SINGULAR:
            return (
                f"'{names[j]}' and '{names[i]}' always move together (correlation {rows[i][j]:g}), so they are one uncertain "
                f"number: give one of them a formula of the other, such as '{names[i]}: {{value: 2 * {names[j]}}}'"
            )
    return ""
