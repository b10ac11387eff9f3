"""Posterior of a calibration by importance resampling (Rubin 1988).

The proposal is a mixture of Student-t distributions around places that fit well; the prior is uniform in the bounds,
errors of the targets are normal and independent.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Protocol

import numpy as np

from model import chances
from model.analysis.workers import in_order
from model.sample import Sample

TASK = 10  # sets in one task
FREEDOM = 4.0  # of the proposals: heavier tails than the posterior's


class CalibrationError(ValueError):
    """A calibration that cannot be done."""


class Problem(Protocol):
    """What is asked of a calibration here: functions of the position u[key] in the unit cube of its bounds."""

    sample: Sample

    def values(self, u: np.ndarray) -> np.ndarray: ...

    def residuals(self, u: np.ndarray) -> np.ndarray: ...

    def jacobian(self, u: np.ndarray) -> np.ndarray: ...


def resampled(problem: Problem, modes: list[np.ndarray], n: int, progress, executor: Executor | None):
    """Values [set, key] of n sets, and the number of independent ones that they are worth (Kish).

    modes: places u[key] around which to look. Raises CalibrationError where the bounds leave nothing.
    """
    u, log_proposal = _proposals(problem, modes, n)
    found = []
    for part in in_order(executor, _log_posterior, ((problem, u[i : i + TASK]) for i in range(0, n, TASK))):
        found.append(part)
        progress(len(part))
    log_weight = np.concatenate(found) - log_proposal
    if not np.isfinite(log_weight).any():
        raise CalibrationError("no proposed set of values lies within the bounds and can be run: widen the bounds")
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    # Systematic resampling (Kitagawa 1996): a set of weight w is taken n * w times, rounded up or down.
    at = (np.arange(n) + chances.stream(problem.sample.seed, "calibration", "resampling").random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), at), n - 1)
    return problem.values(u[chosen]), float(1 / (weight**2).sum())


def _proposals(problem: Problem, modes: list[np.ndarray], n: int):
    """u[set, key] from equal parts of a Student-t around each mode, and the log density of the mixture.

    The density lacks a constant factor.
    """
    generator, size = chances.stream(problem.sample.seed, "calibration", "posterior"), len(modes[0])
    roots = [np.linalg.cholesky(covariance(problem.jacobian(mode))) for mode in modes]
    normal, scale = generator.standard_normal((n, size)), np.sqrt(generator.chisquare(FREEDOM, n) / FREEDOM)
    which = np.arange(n) % len(modes)
    u = np.array(modes)[which] + np.einsum("ijk,ik->ij", np.array(roots)[which], normal / scale[:, None])
    logs = []
    for mode, root in zip(modes, roots):
        z = np.linalg.solve(root, (u - mode).T)
        logs.append(-0.5 * (FREEDOM + size) * np.log1p((z**2).sum(axis=0) / FREEDOM) - np.log(np.diag(root)).sum())
    return u, np.logaddexp.reduce(logs, axis=0)


def _log_posterior(problem: Problem, u: np.ndarray) -> np.ndarray:
    """Of each row of u[set, key], but for a constant: normal errors, uniform prior in the unit cube."""
    inside = np.all((u >= 0) & (u <= 1), axis=1)
    residuals = [problem.residuals(row) if good else np.array([np.inf]) for row, good in zip(u, inside)]
    return np.array([-0.5 * r @ r for r in residuals])


def covariance(jacobian: np.ndarray) -> np.ndarray:
    """Of the posterior, in the unit cube, as if targets were linear.

    Across directions that the targets leave open it is as wide as the bounds.
    """
    return np.linalg.inv(jacobian.T @ jacobian + 12 * np.eye(jacobian.shape[1]))
