"""Scenario -> Draws: a table of parameter values, one row a run of the model.

Base case, PSA, one-way, sweep and scenario analyses differ in nothing but this table. Values are in the unit
that the file states. Each parameter has a random stream of its own, keyed by its name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import chances, distributions, effort
from model.scenario import Parameter, Scenario
from model.units import limits_in_words

SAMPLING = ("random", "latin hypercube", "sobol")


class DomainError(ValueError):
    """A value outside the model's domain; names what, in which draw, and the value found."""


class OverloadError(DomainError):
    """A queue longer than a run may have: more patients arrive than the resource can treat."""


@dataclass(frozen=True)
class Draws:
    """values[name]: array[draw], or a scalar array [1] where all draws share it; index[draw]: number of each draw."""

    values: dict[str, np.ndarray]
    index: np.ndarray
    seed: int | None = None

    @property
    def n(self) -> int:
        return len(self.index)

    def part(self, start: int, stop: int) -> Draws:
        """Draws start..stop, as a table of its own."""
        cut = {name: v if len(v) == 1 else v[start:stop] for name, v in self.values.items()}
        return Draws(cut, self.index[start:stop], self.seed)

    def label(self, row: int) -> str:
        """'draw 12', or 'the base case', for messages."""
        return "the base case" if self.seed is None and self.n == 1 else f"draw {self.index[row] + 1}"

    def column(self, name: str) -> np.ndarray:
        return np.broadcast_to(self.values[name], (self.n,))

    def replace(self, **values: np.ndarray) -> Draws:
        """The same table with other values for some names, each an array[draw] or of length 1."""
        return Draws(
            {**self.values, **{k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}},
            self.index,
            self.seed,
        )


def base(scenario: Scenario) -> Draws:
    """One row: every parameter at its base value."""
    values = {name: np.array([p.base]) for name, p in scenario.parameters.items() if p.base is not None}
    return Draws(values, np.zeros(1, int))


def repeat(scenario: Scenario, n: int) -> Draws:
    """n rows at base values, to be varied with `replace`. All meet the same simulated patients (index 0)."""
    return Draws(base(scenario).values, np.zeros(n, int))


def probabilistic(scenario: Scenario, n: int, seed: int, sampling: str = "random") -> Draws:
    """n rows sampled from the parameters' distributions.

    Adding a parameter leaves the samples of the others alone (under 'sobol', a parameter added at the end).
    Raises DomainError where a sampled value is outside what its unit allows, EffortError where memory does not hold them.
    """
    effort.reserve(24 * n * len(uniform_keys(scenario)), f"a table of {n:,} draws", "take fewer --draws")
    return of_uniforms(scenario, _uniforms(scenario, n, seed, sampling), np.arange(n), seed)


def of_uniforms(
    scenario: Scenario, uniform: dict[str, np.ndarray], index: np.ndarray, seed: int | None = None
) -> Draws:
    """The table of draws that uniforms [draw] give, one a name of `uniform_keys`. Raises DomainError."""
    uniform = dict(uniform)
    for block in scenario.correlations:
        stacked = distributions.copula(np.stack([uniform[name] for name in block.names]), np.array(block.matrix))
        uniform |= dict(zip(block.names, stacked))
    values = dict(base(scenario).values)
    for name, parameter in scenario.parameters.items():
        if parameter.distribution is not None:
            values[name] = parameter.distribution.quantile(uniform[name])
    for joint in scenario.joints.values():
        needed = np.stack([uniform[f"{joint.key}[{i}]"] for i in range(joint.distribution.uniforms)])
        values |= dict(zip(joint.names, joint.distribution.quantile(needed)))
    draws = Draws(values, index, seed)
    for name, parameter in scenario.parameters.items():
        if parameter.sampled:
            check_domain(scenario, parameter, draws.values[name])
    return draws


def uniform_keys(scenario: Scenario) -> list[str]:
    """What is drawn: a uniform for each parameter with a distribution of its own, several for each joint distribution."""
    keys = [name for name, p in scenario.parameters.items() if p.distribution is not None]
    return keys + [
        f"{joint.key}[{i}]" for joint in scenario.joints.values() for i in range(joint.distribution.uniforms)
    ]


def _uniforms(scenario: Scenario, n: int, seed: int, sampling: str) -> dict[str, np.ndarray]:
    keys = uniform_keys(scenario)
    if sampling == "random":
        return {key: chances.uniforms(seed, n, "parameter", key) for key in keys}
    if sampling == "latin hypercube":
        return {key: chances.latin_hypercube(seed, n, "parameter", key) for key in keys}
    if sampling == "sobol":
        return dict(zip(keys, chances.sobol(seed, n, [("parameter", key) for key in keys])))
    raise DomainError(f"unknown sampling '{sampling}'; allowed: {', '.join(SAMPLING)}")


def check_domain(scenario: Scenario, parameter: Parameter, values: np.ndarray) -> None:
    """DomainError where a value of a parameter is outside what its unit allows."""
    low, high = parameter.unit.limits
    bad = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if not bad.any():
        return
    row = int(np.argmax(bad))
    what = f"'{parameter.unit.text}' must be" if parameter.unit.text else "it must be"
    raise DomainError(
        f"{scenario.line(f'parameters.{parameter.name}')}: draw {row + 1} is {values[row]:.6g}, but "
        f"{what} {limits_in_words(low, high)} ({int(bad.sum())} of {len(values)} draws are outside). Its distribution is "
        f"{parameter.text}"
    )
