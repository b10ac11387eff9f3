"""Calibration: values at which the model meets its targets, what the targets leave open, and a posterior.

Best fit: least squares of (model - target) / error by SciPy's trust-region method from several starts.
Identifiability: singular values of the scaled Jacobian at the best fit (directions in which no target moves).
Posterior: model/analysis/posterior.py.

Everything is reckoned in the unit cube of the bounds: u = (value - from) / (to - from), of the logarithms where a key
is varied on their scale. A prior is one more residual: how many of its standard deviations the value is from its middle.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from model import chances, draws
from model.analysis.evaluate import evaluate
from model.analysis.posterior import CalibrationError, covariance, resampled
from model.analysis.targets import NEEDS_PSA, NEEDS_TRACE, measured, times_of
from model.analysis.workers import in_order
from model.distributions import DistributionError
from model.draws import DomainError
from model.outcomes import OutcomeError
from model.sample import Sample
from model.scenario import Calibration, Scenario
from model.scenario_file.arguments import parts, with_arguments

IMPOSSIBLE = 1e6  # residual of what the model cannot give
# Of the bounds, for derivatives: exact targets can do with little; a probability of a finite PSA is a step function.
STEP, PSA_STEP = 1e-4, 0.01
HOPELESS, MOST_MODES = 12.0, 5  # sum of squares beyond the best at which another mode is left out; modes at most
WEAK, OPEN = 0.1, 0.5  # of the bounds' own spread: above this, the targets determine a direction weakly, or not
LEAST = 1.0  # errors over the width of the bounds by which targets must move for them alone to give standard errors
# Starts agree where they end within this share of the bounds, and fit equally well within this sum of squares.
SAME_PLACE, SAME_FIT = 0.02, 0.1


@dataclass(frozen=True)
class Fit:
    """One start and where it ended: values[key], residuals[target, then prior] (in errors)."""

    start: np.ndarray
    values: np.ndarray
    residuals: np.ndarray
    converged: bool

    @property
    def distance(self) -> float:
        """Sum of squared residuals."""
        return float(self.residuals @ self.residuals)


@dataclass(frozen=True)
class Direction:
    """A combination of the inputs. weights[key], of squares that add up to 1, in shares of the bounds.

    moves: errors by which the targets move from one end of the bounds to the other; left: share of the bounds' own
    spread that the targets leave (0: determined; 1: they say nothing).
    """

    moves: float
    weights: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """[key]: of the direction; they sum to 1."""
        return self.weights**2

    @property
    def left(self) -> float:
        # A uniform prior over a width of 1 has the variance 1/12; the targets add the information moves ** 2.
        return float(np.sqrt(12 / (12 + self.moves**2)))

    @property
    def verdict(self) -> str:
        return verdict(self.left)


def verdict(left: float) -> str:
    """In words, what is left open of the bounds' own spread."""
    return "not determined" if left > OPEN else "weakly determined" if left > WEAK else "determined"


@dataclass(frozen=True)
class Calibrated:
    """fits: best first; reached[target]; jacobian[target and prior, key] at the best, in errors per width of the bounds.

    posterior[set, key] or None; effective: number of independent sets that it is worth.
    """

    scenario: Scenario
    calibration: Calibration
    fits: tuple[Fit, ...]
    reached: np.ndarray
    jacobian: np.ndarray
    seed: int
    posterior: np.ndarray | None = None
    effective: float = np.nan

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.calibration.vary)

    @property
    def best(self) -> Fit:
        return self.fits[0]

    @property
    def cube(self) -> Cube:
        return Cube.of(self.calibration)

    @property
    def difference(self) -> np.ndarray:
        """[target]: what the model gives less what is wanted."""
        return self.reached - np.array([target.value for target in self.calibration.targets])

    @property
    def difference_in_errors(self) -> np.ndarray:
        """[target]: the same in standard errors or tolerances of the target."""
        return self.difference / np.array([target.error for target in self.calibration.targets])

    @property
    def posterior_spread(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Mean, lower and upper limit of the 95 % interval of each value, [key]; None without a posterior."""
        if self.posterior is None:
            return None
        return self.posterior.mean(axis=0), *np.quantile(self.posterior, [0.025, 0.975], axis=0)

    @property
    def verdicts(self) -> list[str]:
        """[key]: whether the targets determine each value."""
        return [verdict(left) for left in self.left]

    @property
    def covariance(self) -> np.ndarray:
        """[key, key] in the unit cube, as if targets moved linearly: of targets and priors alone, or, where these leave a
        direction open, of the bounds too."""
        determined = np.linalg.svd(self.jacobian, compute_uv=False)
        if len(determined) < len(self.keys) or determined.min() < LEAST:
            return covariance(self.jacobian)
        return np.linalg.inv(self.jacobian.T @ self.jacobian)

    @property
    def standard_error(self) -> np.ndarray:
        """[key]: of the best values; of their logarithms for keys varied on that scale (their sdlog)."""
        return np.sqrt(np.diag(self.covariance)) * self.cube.width

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """95 % interval of each best value, [key]; beyond the bounds where the targets allow it."""
        u, error = self.cube.place(self.best.values), np.sqrt(np.diag(self.covariance))
        return self.cube.values(u - 1.96 * error), self.cube.values(u + 1.96 * error)

    @property
    def left(self) -> np.ndarray:
        """[key]: share of the bounds' own spread that targets and priors leave to each value, whatever the others are."""
        return np.sqrt(12 * np.diag(covariance(self.jacobian)))

    @property
    def correlation(self) -> np.ndarray:
        """[key, key]: of the fit, on the scale on which each key is varied."""
        error = np.sqrt(np.diag(self.covariance))
        return self.covariance / np.outer(error, error)

    def directions(self) -> list[Direction]:
        """As many as there are keys, the least determined first."""
        _, sizes, rows = np.linalg.svd(self.jacobian)
        sizes = np.concatenate([sizes, np.zeros(len(rows) - len(sizes))])
        return [Direction(float(size), row) for size, row in zip(sizes[::-1], rows[::-1])]

    def agreement(self) -> list[str]:
        """Of each fit with the best: 'same', 'other values, as good', 'worse'."""
        return [self._agreement(fit) for fit in self.fits]

    def _agreement(self, fit: Fit) -> str:
        if fit.distance > self.best.distance + SAME_FIT:
            return "worse"
        near = np.abs(self.cube.place(fit.values) - self.cube.place(self.best.values)) <= SAME_PLACE
        return "same" if near.all() else "other values, as good"

    def calibrated(self) -> Scenario:
        """The scenario at the best fit."""
        return with_values(self.scenario, dict(zip(self.keys, self.best.values)))

    def parameter_sets(self) -> dict[str, np.ndarray]:
        """Posterior by parameter, array[set]: a row is one set of values, to be drawn together.

        A parameter varied itself has the posterior's values; one whose distribution's arguments were varied is drawn
        from the distribution that each set makes of it.
        """
        found: dict[str, np.ndarray] = {}
        if self.posterior is None:
            return found
        for name, arguments in _by_parameter(self.keys).items():
            columns = {argument: self.posterior[:, j] for argument, j in arguments.items()}
            found[name] = columns[""] if "" in columns else self._drawn(name, columns)
        return found

    def _drawn(self, name: str, columns: dict[str, np.ndarray]) -> np.ndarray:
        parameter, n = self.scenario.parameters[name], len(next(iter(columns.values())))
        u = chances.latin_hypercube(self.seed, n, "calibration", "parameter", name)
        sets = [with_arguments(parameter, {a: float(v[i]) for a, v in columns.items()}) for i in range(n)]
        families = [p.distribution for p in sets if p.distribution is not None]
        return np.array([float(family.quantile(u[i : i + 1])[0]) for i, family in enumerate(families)])


@dataclass(frozen=True)
class Cube:
    """The bounds as a unit cube: lower bound and width of each key (of logarithms where logs[key])."""

    low: np.ndarray
    width: np.ndarray
    logs: np.ndarray

    @staticmethod
    def of(calibration: Calibration) -> Cube:
        logs = np.array([key in calibration.logs for key in calibration.vary])
        bounds = np.array(list(calibration.vary.values()), float)
        bounds[logs] = np.log(bounds[logs])
        return Cube(bounds[:, 0], bounds[:, 1] - bounds[:, 0], logs)

    def values(self, u: np.ndarray) -> np.ndarray:
        """[.., key] in the unit of each key."""
        scaled = self.low + self.width * u
        return np.where(self.logs, np.exp(np.where(self.logs, scaled, 0)), scaled)

    def place(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `values`."""
        return (np.where(self.logs, np.log(np.where(self.logs, values, 1)), values) - self.low) / self.width


class Problem:
    """Residuals of a calibration as a function of the position u[key] in the unit cube of the bounds."""

    def __init__(self, scenario: Scenario, sample: Sample):
        self.scenario, self.calibration, self.sample = scenario, _calibration_of(scenario), sample
        self.cube = Cube.of(self.calibration)
        targets = self.calibration.targets
        self.wanted, self.error = np.array([t.value for t in targets]), np.array([t.error for t in targets])
        self.psa = any(t.measure in NEEDS_PSA for t in targets)
        self.trace, self.at = any(t.measure in NEEDS_TRACE for t in targets), times_of(targets)

    def values(self, u: np.ndarray) -> np.ndarray:
        return self.cube.values(u)

    def reached(self, u: np.ndarray) -> np.ndarray:
        """What the model gives for each target."""
        scenario = with_values(self.scenario, dict(zip(self.calibration.vary, self.values(u))))
        base = evaluate(scenario, draws.base(scenario), trace=self.trace, at=self.at)
        psa = evaluate(scenario, draws.probabilistic(scenario, self.sample)) if self.psa else None
        return np.array([measured(scenario, t, base, psa) for t in self.calibration.targets])

    def residuals(self, u: np.ndarray) -> np.ndarray:
        """(model - target) / error, then of priors; IMPOSSIBLE where the model cannot be run or does not give the target."""
        priors = self.of_priors(u)
        try:
            found = (self.reached(u) - self.wanted) / self.error
        except (DistributionError, DomainError, OutcomeError):
            return np.full(len(self.wanted) + len(priors), IMPOSSIBLE)
        found = np.where(np.isfinite(found), np.clip(found, -IMPOSSIBLE, IMPOSSIBLE), IMPOSSIBLE)
        return np.concatenate([found, priors])

    def of_priors(self, u: np.ndarray) -> np.ndarray:
        """Standard deviations from the middle of each prior, on the scale on which its key is varied."""
        values = dict(zip(self.calibration.vary, self.values(u)))
        return np.array([prior.score(values[key]) for key, prior in self.calibration.priors.items()])

    def jacobian(self, u: np.ndarray) -> np.ndarray:
        """[target and prior, key], by central differences within the bounds."""
        columns, step = [], PSA_STEP if self.psa else STEP
        for j, unit in enumerate(np.eye(len(u))):
            low, high = (np.clip(u + sign * step * unit, 0, 1) for sign in (-1, 1))
            columns.append((self.residuals(high) - self.residuals(low)) / (high[j] - low[j]))
        return np.stack(columns, axis=1)


def _calibration_of(scenario: Scenario) -> Calibration:
    calibration = scenario.calibration
    if calibration is None:
        raise CalibrationError(f"{scenario.path} has no 'calibration' section (what may vary, and the targets)")
    if not calibration.vary:
        raise CalibrationError(
            f"{scenario.path}: nothing is left to vary, as these are fixed: {', '.join(calibration.fixed)}"
        )
    late = [f"'{t.key}' ({t.at:g} {scenario.time.unit}s)" for t in calibration.targets if t.at > scenario.time.horizon]
    if late:
        raise CalibrationError(
            f"{scenario.path}: beyond the horizon ({scenario.time.horizon:g} {scenario.time.unit}s) lie the targets "
            f"{', '.join(late)}: lengthen the horizon, or remove them"
        )
    return calibration


def calibrate(
    scenario: Scenario,
    sample: Sample,
    starts: int = 5,
    posterior: int = 0,
    progress: Callable[[int], None] = lambda done: None,
    executor: Executor | None = None,
) -> Calibrated:
    """Best fit from `starts` Latin-hypercube starts, and `posterior` resampled sets where asked for.

    sample: of the PSA that targets of the acceptability curve need. `progress` is told of starts and sets done. Who
    does the work (`executor`) changes no result. Raises CalibrationError, and what the model says of the best fit.
    """
    problem = Problem(scenario, sample)
    points = [chances.latin_hypercube(sample.seed, starts, "calibration", key) for key in problem.calibration.vary]
    fits = []
    for fit in in_order(executor, _fit, ((problem, start) for start in np.stack(points, axis=1))):
        fits.append(fit)
        progress(1)
    fits.sort(key=lambda fit: fit.distance)
    best = problem.cube.place(fits[0].values)
    reached = problem.reached(best)
    found = Calibrated(scenario, problem.calibration, tuple(fits), reached, problem.jacobian(best), sample.seed)
    if not posterior:
        return found
    sets, effective = resampled(problem, _modes(problem, fits), posterior, progress, executor)
    return dataclasses.replace(found, posterior=sets, effective=effective)


def _fit(problem: Problem, start: np.ndarray) -> Fit:
    from scipy.optimize import least_squares

    found = least_squares(problem.residuals, start, problem.jacobian, bounds=(0, 1), xtol=1e-6, ftol=1e-8, max_nfev=50)
    return Fit(problem.values(start), problem.values(found.x), found.fun, found.status > 0)


def _modes(problem: Problem, fits) -> list[np.ndarray]:
    """Places in the unit cube where starts ended that are apart and not hopeless; the best first."""
    found: list[np.ndarray] = []
    for fit in fits:
        u = problem.cube.place(fit.values)
        apart = all(np.abs(u - other).max() > SAME_PLACE for other in found)
        if apart and fit.distance < fits[0].distance + HOPELESS:
            found.append(u)
    return found[:MOST_MODES]


def _by_parameter(keys) -> dict[str, dict[str, int]]:
    """{parameter: {argument or nothing: index of its key}}."""
    found: dict[str, dict[str, int]] = {}
    for j, key in enumerate(keys):
        for name, argument in parts(key):
            found.setdefault(name, {})[argument] = j
    return found


def with_values(scenario: Scenario, values: dict[str, float]) -> Scenario:
    """The scenario with other values for parameters, or for arguments of their distributions (keys as in `vary`)."""
    numbers, changed = list(values.values()), dict(scenario.parameters)
    for name, arguments in _by_parameter(values).items():
        wanted = {argument: float(numbers[j]) for argument, j in arguments.items()}
        changed[name] = with_arguments(changed[name], wanted)
    return dataclasses.replace(scenario, parameters=changed)
