"""Scenario -> Draws: a table of parameter values, one row a run of the model.

Base case, PSA, one-way, sweep and scenario analyses differ in nothing but this table. Values are in the unit
that the file states. Each parameter has a random stream of its own, keyed by its name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from model import chances, distributions, effort
from model.sample import SAMPLING, Sample
from model.scenario import Parameter, Scenario
from model.units import limits_in_words


class DomainError(ValueError):
    """A value outside the model's domain; names what, in which draw, and the value found."""


class OverloadError(DomainError):
    """A queue longer than a run may have: more patients arrive than the resource can treat."""


@dataclass(frozen=True)
class Draws:
    """values[name]: array[draw], or a scalar array [1] where all draws share it; index[draw]: number of each draw.

    seed: of the patients whom engines follow, and of the draws where they are `sampled`, not stated.
    """

    values: dict[str, np.ndarray]
    index: np.ndarray
    seed: int = 1
    sampled: bool = False

    @property
    def n(self) -> int:
        return len(self.index)

    def part(self, start: int, stop: int) -> Draws:
        """Draws start..stop, as a table of its own."""
        cut = {name: v if len(v) == 1 else v[start:stop] for name, v in self.values.items()}
        return replace(self, values=cut, index=self.index[start:stop])

    def label(self, row: int) -> str:
        """'draw 12', or 'the base case', for messages."""
        return "the base case" if self.n == 1 and not self.sampled else f"draw {self.index[row] + 1}"

    def column(self, name: str) -> np.ndarray:
        return np.broadcast_to(self.values[name], (self.n,))

    def replace(self, **values: np.ndarray) -> Draws:
        """The same table with other values for some names, each an array[draw] or of length 1."""
        return replace(
            self, values={**self.values, **{k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}}
        )


def base(scenario: Scenario, seed: int = 1) -> Draws:
    """One row: every parameter at its base value."""
    values = {name: np.array([p.base]) for name, p in scenario.parameters.items() if p.base is not None}
    return Draws(values, np.zeros(1, int), seed)


def repeat(scenario: Scenario, n: int, seed: int = 1) -> Draws:
    """n rows at base values, to be varied with `replace`. All meet the same simulated patients (index 0)."""
    return Draws(base(scenario).values, np.zeros(n, int), seed)


def probabilistic(scenario: Scenario, sample: Sample) -> Draws:
    """`sample.n` rows sampled from the parameters' distributions.

    Adding a parameter leaves the samples of the others alone (under 'sobol', a parameter added at the end).
    Raises DomainError where a sampled value is outside what its unit allows, EffortError where memory does not hold them.
    """
    n = sample.n
    effort.reserve(24 * n * len(uniform_keys(scenario)), f"a table of {n:,} draws", "take fewer --draws")
    return of_uniforms(scenario, _uniforms(scenario, sample), np.arange(n), sample.seed)


def of_uniforms(scenario: Scenario, uniform: dict[str, np.ndarray], index: np.ndarray, seed: int = 1) -> Draws:
    """The table of draws that uniforms [draw] give, one a name of `uniform_keys`. Raises DomainError."""
    uniform = dict(uniform)
    for block in scenario.correlations:
        stacked = distributions.copula(np.stack([uniform[name] for name in block.names]), np.array(block.matrix))
        uniform |= dict(zip(block.names, stacked))
    values = dict(base(scenario).values)
    for name, parameter in scenario.parameters.items():
        if parameter.distribution is not None:
            values[name] = parameter.distribution.sampled(uniform.pop(name))  # no longer needed: memory
    for joint in scenario.joints.values():
        needed = np.stack([uniform.pop(f"{joint.key}[{i}]") for i in range(joint.distribution.uniforms)])
        values |= dict(zip(joint.names, joint.distribution.quantile(needed)))
    draws = Draws(values, index, seed, sampled=True)
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


def _uniforms(scenario: Scenario, sample: Sample) -> dict[str, np.ndarray]:
    keys, n, seed = uniform_keys(scenario), sample.n, sample.seed
    if sample.sampling == "random":
        return {key: chances.uniforms(seed, n, "parameter", key) for key in keys}
    if sample.sampling == "latin hypercube":
        return {key: chances.latin_hypercube(seed, n, "parameter", key) for key in keys}
    if sample.sampling == "sobol":
        return dict(zip(keys, chances.sobol(seed, n, [("parameter", key) for key in keys])))
    raise DomainError(f"unknown sampling '{sample.sampling}'; allowed: {', '.join(SAMPLING)}")


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
