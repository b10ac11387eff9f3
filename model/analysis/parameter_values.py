"""What each parameter is in a run: its base value, its interval, and the moments of its draws beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis.run import Run
from model.context import Values
from model.scenario import Parameter


@dataclass(frozen=True)
class ParameterValue:
    """In the unit that the file states; drawn: mean and standard deviation of the draws, None where there are none."""

    parameter: Parameter
    value: float
    lower: float
    upper: float
    drawn: tuple[float, float] | None


def parameter_values(run: Run) -> dict[str, ParameterValue]:
    """By name; limits are the 95 % interval of the distribution, else the range that the file states, else nan."""
    scenario, table, found = run.scenario, run.draws, {}
    values = Values(scenario, draws.base(scenario))
    for name, p in scenario.parameters.items():
        value = np.nan if p.base is None else p.base
        if p.formula is not None:
            value = p.unit.from_model(float(values.of(p.formula)[0]), scenario.time.day)
        lower, upper = scenario.interval(p) if p.sampled else p.stated_range or (np.nan, np.nan)
        drawn = None
        if table is not None and p.sampled:
            column = table.column(name)
            drawn = column.mean(), column.std(ddof=1)
        found[name] = ParameterValue(p, value, lower, upper, drawn)
    return found
