"""Are these enough draws? Running mean and standard error of the incremental net benefit, and of the CEAC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.analysis.run import Run, decided_on
from model.economics.acceptability import winners
from model.economics.net_benefit import nmb
from model.instants import ceil

POINTS = 100  # of the running curves
# Standard error that is asked for, if none is stated: a share of the mean, or, for a mean near 0, of the standard deviation.
SHARE, LEAST = 0.05, 0.01
WRONG = 0.01  # chance that the sign of the mean is wrong, above which draws are not enough


class ConvergenceError(ValueError):
    """A question on convergence that cannot be answered."""


@dataclass(frozen=True)
class Convergence:
    """Of one strategy against the reference in one group. Arrays: [point], at `draws` draws.

    needed: draws at which the standard error is `target`; wrong_sign: chance that the mean has the wrong sign.
    """

    group: str
    strategy: int
    wtp: float
    draws: np.ndarray
    mean: np.ndarray
    standard_error: np.ndarray
    probability: np.ndarray
    probability_standard_error: np.ndarray
    target: float
    needed: int
    wrong_sign: float

    @property
    def enough(self) -> bool:
        return bool(self.needed <= self.draws[-1] and self.wrong_sign <= WRONG)


def convergence(run: Run, target: float | None = None) -> list[Convergence]:
    """Of every group and every strategy but the reference. target: standard error asked for; else 5 % of the mean
    or 1 % of the standard deviation, whichever is larger.

    Standard errors are those of independent draws, so they are too large for Latin hypercube and Sobol samples. The CEAC
    is without the noise of a finite number of patients, as in a run. Raises ConvergenceError.
    """
    if len(run.scenario.strategies) < 2:
        raise ConvergenceError(f"{run.scenario.path}: one strategy, so there is no increment that could converge")
    if run.psa is None:
        raise ConvergenceError(f"{run.scenario.path}: no parameter has a distribution, or no draws were asked for")
    if target is not None and not target > 0:
        raise ConvergenceError(f"--target-se {target:g}: the standard error asked for must be above 0")
    wtp, effect, found = run.decision.wtp, run.decision.effect, []
    for group, result in run.psa.outcomes.items():
        benefit = nmb(result.cost, result.get(effect), wtp)
        best = winners(*decided_on(run.scenario, run.psa, run.decision.of_group(group)), wtp)
        for s in range(len(benefit)):
            if s != run.reference:
                found.append(of_draws(group, s, wtp, benefit[s] - benefit[run.reference], best[s], target))
    return found


def of_draws(
    group: str, strategy: int, wtp: float, increment: np.ndarray, best: np.ndarray, target: float | None
) -> Convergence:
    """Running moments of increment[draw], and of the share of each draw that the strategy wins, best[draw]."""
    n = len(increment)
    at = np.unique(np.geomspace(2, n, POINTS).round().astype(int))
    shifted = increment - increment.mean()  # the sum of squares of large numbers that differ little loses digits
    count = at.astype(float)
    mean, square = np.cumsum(shifted)[at - 1] / count, np.cumsum(shifted**2)[at - 1] / count
    variance = np.maximum(square - mean**2, 0) * count / (count - 1)
    error, share = np.sqrt(variance / count), np.cumsum(best)[at - 1] / count
    target = max(SHARE * abs(increment.mean()), LEAST * np.sqrt(variance[-1])) if target is None else target
    needed = int(ceil(variance[-1] / target**2)) if target > 0 else n
    return Convergence(
        group,
        strategy,
        wtp,
        at,
        mean + increment.mean(),
        error,
        share,
        np.sqrt(share * (1 - share) / count),
        float(target),
        max(needed, 2),
        _wrong_sign(increment.mean(), error[-1]),
    )


def _wrong_sign(mean: float, error: float) -> float:
    from scipy import stats

    return float(stats.norm.cdf(-abs(mean) / error)) if error > 0 else 0.0
