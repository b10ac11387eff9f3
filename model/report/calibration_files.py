"""Scenario files that take the result of a calibration over; they extend the scenario.yaml in the same folder."""

from __future__ import annotations

import numpy as np

from model.analysis.calibrate import Calibrated
from model.scenario_file.arguments import LOCATION, parts


def calibrated(found: Calibrated) -> str:
    """The scenario at the best values."""
    changed, lines = found.calibrated().parameters, []
    for name in _touched(found):
        fields = [f"value: {changed[name].base:.8g}"]
        if changed[name].distribution is not None:
            fields.append(f'distribution: "{changed[name].text}"')
        lines.append(f"  {name}: {{{', '.join(fields)}}}")
    return "\n".join(
        [
            "# The scenario at the best values of its calibration.",
            "extends: scenario.yaml",
            "calibration: null   # done",
            "parameters:",
            *lines,
            "",
        ]
    )


def posterior(found: Calibrated) -> str:
    """The scenario with the posterior, a row of tables/posterior_parameters.csv a draw."""
    names = _touched(found)
    drawn = ", ".join(f"posterior_{name}" for name in names)
    lines = [
        "# The scenario with the posterior of its calibration: each draw takes one row of the table, so that the",
        "# values stay together. To use it elsewhere, copy the parameters and the table. Its base case is at the",
        "# means of the sets; the base case at the best values is that of calibrated.yaml.",
        "extends: scenario.yaml",
        "calibration: null   # done",
        "parameters:",
        f"  {drawn}: {{distribution: empirical(tables/posterior_parameters.csv), columns: [{', '.join(names)}]}}",
    ]
    lines += [f"  {name}: {{value: {_with_unit(name, found.scenario.parameters[name].unit)}}}" for name in names]
    return "\n".join([*lines, *_correlations(found, names), ""])


def correlations(found: Calibrated) -> str:
    """Spreads and correlations of the fit, for parameters that are varied by name (or mean, or median)."""
    own = [(j, part[0]) for j, key in enumerate(found.keys) if len(part := _named(found, key)) == 1]
    lines = [
        "# Values of the fit, with its standard errors as spreads, and its correlations: to be pasted into a scenario.",
        "# Spreads are about the median: state mean= in place of median= where means over draws should be at the value.",
        "parameters:",
    ]
    lines += [f"  {name}: {_spread(found, j)}" for j, name in own]
    if len(own) > 1:
        matrix = found.correlation[np.ix_([j for j, _ in own], [j for j, _ in own])]
        lines += ["correlations:", f"  - between: [{', '.join(name for _, name in own)}]", "    matrix:"]
        lines += [f"      - [{', '.join(f'{value:.3g}' for value in row)}]" for row in matrix.round(3)]
    return "\n".join([*lines, ""])


def _named(found: Calibrated, key: str) -> list[str]:
    """Parameters whose value the key is; none for a spread."""
    return [name for name, argument in parts(key) if argument in ("", *LOCATION)]


def _spread(found: Calibrated, j: int) -> str:
    value, error = found.best.values[j], found.standard_error[j]
    if found.cube.logs[j]:
        return f'{{value: {value:.4g}, distribution: "lognormal(median={value:.4g}, sdlog={error:.3g})"}}'
    return f'{{value: {value:.6g}, distribution: "normal(mean={value:.6g}, se={error:.3g})"}}'


def _touched(found: Calibrated) -> list[str]:
    return list(dict.fromkeys(name for key in found.keys for name, _ in parts(key)))


def _with_unit(name: str, unit) -> str:
    """The formula that gives the plain number of a table its unit."""
    words = unit.text.removeprefix("probability over").removeprefix("events ")
    if unit.over is not None:
        return f"posterior_{name} over {words.removeprefix('over').strip()}"
    if unit.dimension.money or unit.dimension.time:
        return f"posterior_{name} {words}"
    return f"posterior_{name}" + (" * 0.01" if unit.factor != 1 else "")


def _correlations(found: Calibrated, names: list[str]) -> list[str]:
    """The blocks that are left; none of the inputs varied can be in one, as the table says how they go together."""
    blocks = found.scenario.correlations
    kept = [b for b in blocks if not set(b.names) & set(names)]
    if len(kept) == len(blocks):
        return []
    lines = [f"  - {{between: [{', '.join(b.names)}], matrix: {[list(row) for row in b.matrix]}}}" for b in kept]
    return ["correlations:", *lines] if kept else ["correlations: null"]
