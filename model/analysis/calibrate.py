"""Calibration: values at which the model meets its targets, what the targets leave open, and a posterior.

Best fit: least squares of (model - target) / error by SciPy's trust-region method from several starts.
Identifiability: singular values of the scaled Jacobian at the best fit (directions in which no target moves).
Posterior: importance resampling (Rubin 1988) with a Student-t proposal around the best fit and a uniform
prior in the bounds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import chances, distributions, draws, formula
from model.analysis.evaluate import Evaluation, evaluate
from model.draws import Draws
from model.economics import net_benefit
from model.scenario import Calibration, Parameter, Scenario, Target

NEEDS_TRACE, NEEDS_PSA = ("median survival", "occupancy"), ("probability cost-effective",)


class CalibrationError(ValueError):
    """A calibration that cannot be done."""


@dataclass(frozen=True)
class Fit:
    """One start and where it ended: values by key of `vary`, residuals by target (in errors)."""

    start: np.ndarray
    values: np.ndarray
    residuals: np.ndarray

    @property
    def distance(self) -> float:
        """Sum of squared residuals."""
        return float(self.residuals @ self.residuals)


@dataclass(frozen=True)
class Calibrated:
    """fits: best first; jacobian[target, key] at the best, per share of the bounds; posterior[sample, key] or None."""

    scenario: Scenario
    calibration: Calibration
    fits: tuple[Fit, ...]
    reached: np.ndarray
    jacobian: np.ndarray
    posterior: np.ndarray | None = None
    effective: float = np.nan

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.calibration.vary)

    @property
    def best(self) -> Fit:
        return self.fits[0]

    def directions(self) -> list[tuple[float, np.ndarray]]:
        """(errors that the targets move by across the whole bounds, direction[key]), least determined first."""
        _, sizes, rows = np.linalg.svd(self.jacobian)
        sizes = np.concatenate([sizes, np.zeros(len(rows) - len(sizes))])
        return sorted(zip(sizes.tolist(), rows), key=lambda pair: pair[0])


class Problem:
    """Residuals of a calibration as a function of the position u in the unit cube of the bounds."""

    def __init__(self, scenario: Scenario, n: int, seed: int):
        if scenario.calibration is None:
            raise CalibrationError(f"{scenario.path} has no 'calibration' section (what may vary, and the targets)")
        self.scenario, self.calibration, self.n, self.seed = scenario, scenario.calibration, n, seed
        bounds = np.array(list(self.calibration.vary.values()))
        self.low, self.width = bounds[:, 0], bounds[:, 1] - bounds[:, 0]
        self.wanted = np.array([t.value for t in self.calibration.targets])
        self.error = np.array([t.error for t in self.calibration.targets])
        self.psa = any(t.measure in NEEDS_PSA for t in self.calibration.targets)
        self.trace = any(t.measure in NEEDS_TRACE for t in self.calibration.targets)

    def values(self, u: np.ndarray) -> np.ndarray:
        return self.low + self.width * u

    def reached(self, u: np.ndarray) -> np.ndarray:
        """What the model gives for each target."""
        scenario = with_values(self.scenario, dict(zip(self.calibration.vary, self.values(u))))
        base = evaluate(scenario, draws.base(scenario), trace=self.trace)
        psa = evaluate(scenario, draws.probabilistic(scenario, self.n, self.seed)) if self.psa else None
        return np.array([measured(scenario, t, base, psa) for t in self.calibration.targets])

    def residuals(self, u: np.ndarray) -> np.ndarray:
        found = (self.reached(u) - self.wanted) / self.error
        return np.where(np.isfinite(found), np.clip(found, -1e6, 1e6), 1e6)


def calibrate(scenario: Scenario, starts: int = 5, n: int = 10_000, seed: int = 1, posterior: int = 0,
              progress: Callable[[int], None] = lambda done: None) -> Calibrated:
    """Best fit from `starts` Latin-hypercube starts, and `posterior` resampled sets where asked for."""
    from scipy.optimize import least_squares

    problem = Problem(scenario, n, seed)
    size = len(problem.low)
    points = [chances.latin_hypercube(seed, starts, "calibration", key) for key in problem.calibration.vary]
    fits = []
    for start in np.stack(points, axis=1):
        # A probability from a finite PSA is a step function: differences are taken over 1 % of the bounds.
        found = least_squares(problem.residuals, start, bounds=(np.zeros(size), np.ones(size)), diff_step=0.01,
                              x_scale=1.0, xtol=1e-6, ftol=1e-9, max_nfev=60)
        fits.append(Fit(problem.values(start), problem.values(found.x), found.fun))
        progress(1)
    fits.sort(key=lambda fit: fit.distance)
    best = (fits[0].values - problem.low) / problem.width
    jacobian = _jacobian(problem, best)
    sample, effective = _posterior(problem, best, jacobian, posterior, seed) if posterior else (None, np.nan)
    return Calibrated(scenario, problem.calibration, tuple(fits), problem.reached(best), jacobian, sample, effective)


def _jacobian(problem: Problem, u: np.ndarray, step: float = 0.02) -> np.ndarray:
    columns = []
    for j in range(len(u)):
        ends = [np.clip(u + sign * step * np.eye(len(u))[j], 0, 1) for sign in (-1, 1)]
        columns.append((problem.residuals(ends[1]) - problem.residuals(ends[0])) / (ends[1][j] - ends[0][j]))
    return np.stack(columns, axis=1)


def _posterior(problem: Problem, best, jacobian, n: int, seed: int):
    """Resampled sets [n, key] and the effective number of different ones."""
    generator, size = chances.stream(seed, "calibration", "posterior"), len(best)
    # Across directions that the targets leave open, the proposal is as wide as the bounds.
    covariance = np.linalg.inv(jacobian.T @ jacobian + 12 * np.eye(size))
    root = np.linalg.cholesky(covariance)
    freedom = 4.0
    normal = generator.standard_normal((n, size))
    scale = np.sqrt(generator.chisquare(freedom, n) / freedom)
    u = best + (normal / scale[:, None]) @ root.T
    inside = ((u >= 0) & (u <= 1)).all(axis=1)
    log_weight = np.full(n, -np.inf)
    for i in np.flatnonzero(inside):
        residual = problem.residuals(u[i])
        distance = (normal[i] ** 2).sum() / scale[i] ** 2
        log_weight[i] = -0.5 * residual @ residual + 0.5 * (freedom + size) * np.log1p(distance / freedom)
    if not inside.any():
        raise CalibrationError("no proposed set of values lies within the bounds: widen them")
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    chosen = generator.choice(n, n, p=weight)
    return problem.values(u[chosen]), 1 / (weight**2).sum()


def with_values(scenario: Scenario, values: dict[str, float]) -> Scenario:
    """The scenario with other values for parameters, or for arguments of their distributions."""
    changed = dict(scenario.parameters)
    for key, value in values.items():
        for name in key.split(","):
            parameter, _, argument = name.strip().partition(".")
            changed[parameter] = _with_value(changed[parameter], argument, float(value))
    return dataclasses.replace(scenario, parameters=changed)


def _with_value(parameter: Parameter, argument: str, value: float) -> Parameter:
    if parameter.distribution is None:
        return dataclasses.replace(parameter, base=value)
    name, positional, named = formula.parse_call(parameter.text)
    arguments = {key: formula.constant(tree) for key, tree in named.items()}
    argument = argument or next((a for a in ("mean", "median") if a in arguments), "")
    if not argument:
        raise CalibrationError(f"'{parameter.name}' has the distribution {parameter.text}: name an argument, as "
                               f"'{parameter.name}.argument'")
    arguments[argument] = value
    made = distributions.make(name, tuple(map(formula.constant, positional)), arguments)
    text = f"{name}({', '.join(f'{k}={v:.6g}' for k, v in arguments.items())})"
    location = value if argument in ("mean", "median") else parameter.base
    return dataclasses.replace(parameter, distribution=made, base=location, text=text)


def measured(scenario: Scenario, target: Target, base: Evaluation, psa: Evaluation | None) -> float:
    """What the model gives for one target."""
    strategies = list(scenario.strategies)
    s = strategies.index(target.strategy)
    result = base.outcomes[target.group]
    if target.measure == "total":
        return float(result.get(target.outcome)[s, 0])
    if target.measure == "icer":
        c = strategies.index(target.comparator)
        gained = result.qaly[s, 0] - result.qaly[c, 0]
        return float((result.cost[s, 0] - result.cost[c, 0]) / gained) if gained else np.nan
    if target.measure == "probability cost-effective":
        total = psa.outcomes[target.group]
        benefit = net_benefit.net_monetary_benefit(total.cost, total.qaly, [target.wtp])[0]
        return float((benefit.argmax(axis=0) == s).mean())
    trace = base.traces[target.group]
    if target.measure == "occupancy":
        index = [list(scenario.states).index(state) for state in target.states]
        return float(np.interp(target.at, trace.times, trace.occupancy[:, s, 0, index].sum(axis=-1)))
    return median_survival(scenario, trace.times, trace.occupancy[:, s, 0])


def median_survival(scenario: Scenario, times: np.ndarray, occupancy: np.ndarray) -> float:
    """Model time at which half are dead, from occupancy[time, state]; inf if that is not reached.

    Between cycle boundaries the logarithm of survival is taken to be linear (a constant hazard).
    """
    dead = [i for i, state in enumerate(scenario.states.values()) if not state.alive]
    alive = 1 - occupancy[:, dead].sum(axis=1)
    after = int(np.argmax(alive <= 0.5))
    if alive[after] > 0.5:
        return np.inf
    log = np.log(np.maximum(alive[after - 1:after + 1], 1e-300))
    return float(times[after - 1] + (times[after] - times[after - 1]) * (log[0] - np.log(0.5)) / (log[0] - log[1]))


def as_draws(scenario: Scenario, values: np.ndarray, keys: tuple[str, ...]) -> Draws:
    """Base values with the posterior's sets in place, one a draw (for keys that are parameters)."""
    table = draws.repeat(scenario, len(values))
    return table.replace(**{k: values[:, j] for j, k in enumerate(keys) if k in scenario.parameters})
