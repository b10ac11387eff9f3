"""Several numbers that are drawn together: Dirichlet, multivariate normal, rows of a sample; and the Gaussian copula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from model import quantile_tables
from model.distribution_checks import DistributionError, positive
from model.distribution_families import beta_mean_and_sd
from model.quantile_tables import LOG

CLOSE = 1e-9  # rounding of a matrix as it is stated, as a share of its numbers
NOTHING = 1e-12  # of the largest number of a matrix: what is smaller is 0
SINGULAR = 1e-12  # an eigenvalue, or a correlation's distance from 1, below which numbers are taken to move together


def tails_of(level: float) -> np.ndarray:
    """The two probabilities that leave `level` between them."""
    return np.array([(1 - level) / 2, (1 + level) / 2])


@dataclass(frozen=True, eq=False)
class JointDistribution:
    """`size` numbers that are drawn together, from `uniforms` independent uniforms a draw."""

    name: str
    natural: dict[str, np.ndarray]
    size: int
    uniforms: int

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """[component, draw] from independent uniforms u[uniforms, draw], 0 < u < 1."""
        return JOINT_FAMILIES[self.name].draw(np.asarray(u, float), **self.natural)

    @property
    def mean(self) -> np.ndarray:
        return JOINT_FAMILIES[self.name].moments(**self.natural)[0]

    @property
    def sd(self) -> np.ndarray:
        return JOINT_FAMILIES[self.name].moments(**self.natural)[1]

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value that any of the numbers can take."""
        return JOINT_FAMILIES[self.name].bounds(**self.natural)

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Central marginal intervals: (lower[component], upper[component])."""
        low, high = JOINT_FAMILIES[self.name].marginal(tails_of(level), **self.natural)
        return low, high


def copula(z_uniforms: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Correlated uniforms u[name, draw] from independent ones (Gaussian copula).

    correlation[name, name] is that of the normal scores. Each row stays exactly uniform.
    DistributionError where the matrix is no correlation matrix.
    """
    from scipy.special import ndtr, ndtri

    root = correlation_root("correlation", np.asarray(correlation, float), len(z_uniforms))
    return np.clip(ndtr(root @ ndtri(z_uniforms)), 1e-300, 1 - 2.0**-53)


def _dirichlet(counts):
    _at_least("dirichlet", "counts", counts, 2)
    positive("dirichlet", counts=counts)
    return JointDistribution("dirichlet", {"counts": counts}, len(counts), len(counts))


def _dirichlet_mean(mean, n):
    positive("dirichlet", mean=mean, n=n)
    if abs(mean.sum() - 1) > 1e-6:
        raise DistributionError(f"dirichlet: the means must add up to 1, found {mean.sum():g}")
    return _dirichlet(mean * n)


def _draw_dirichlet(u, counts):
    """Gamma variates scaled to add up to 1; in logs, as those of a small count underflow."""
    from scipy.special import gammaincinv, gammaln

    a = counts[:, None]
    g = np.stack([quantile_tables.values(partial(gammaincinv, shape), row, LOG) for shape, row in zip(counts, u)])
    leading = (np.log(u) + gammaln(a + 1)) / a
    logs = np.where(g > 1e-250, np.log(np.maximum(g, 1e-250)), leading)
    shares = np.exp(logs - logs.max(0))
    return shares / shares.sum(0)


def _moments_dirichlet(counts):
    return beta_mean_and_sd(counts, counts.sum() - counts)


def _marginal_dirichlet(tails, counts):
    from scipy.special import betaincinv

    return betaincinv(counts, counts.sum() - counts, tails[:, None])


def _multinormal(mean, covariance):
    if covariance.shape != (len(mean), len(mean)):
        raise DistributionError(
            f"multinormal: covariance must have {len(mean)} rows and columns, one a mean; "
            f"found {' x '.join(map(str, covariance.shape))}"
        )
    positive("multinormal", **{"the diagonal of covariance": np.diag(covariance)})
    _symmetric("multinormal: covariance", covariance)
    se = np.sqrt(np.diag(covariance))
    most = np.outer(se, se)
    wild = np.argwhere(np.abs(covariance) > most * (1 + CLOSE))
    if len(wild):
        i, j = wild[0]
        raise DistributionError(
            f"multinormal: covariance: row {i + 1}, column {j + 1} is {covariance[i, j]:g}, but with the variances "
            f"{covariance[i, i]:g} and {covariance[j, j]:g} it must be {-most[i, j]:.4g} to {most[i, j]:.4g}"
        )
    return _multinormal_se(mean, se, covariance / most, "the correlations that follow from covariance")


def _multinormal_se(mean, se, correlation, what="correlation"):
    if len(se) != len(mean):
        raise DistributionError(f"multinormal: se must have {len(mean)} values, one a mean; found {len(se)}")
    positive("multinormal", se=se)
    root = se[:, None] * correlation_root(f"multinormal: {what}", correlation, len(mean))
    return JointDistribution("multinormal", {"mean": mean, "root": root}, len(mean), len(mean))


def _draw_multinormal(u, mean, root):
    from scipy.special import ndtri

    return mean[:, None] + root @ ndtri(u)


def _moments_multinormal(mean, root):
    return mean, np.sqrt((root**2).sum(1))


def _marginal_multinormal(tails, mean, root):
    from scipy.special import ndtri

    mean, sd = _moments_multinormal(mean, root)
    return mean + sd * ndtri(tails[:, None])


def _empirical(rows):
    return JointDistribution("empirical", {"rows": rows}, rows.shape[1], 1)


def _draw_empirical(u, rows):
    """A row is picked whole, so its numbers stay together."""
    return rows[np.minimum((u[0] * len(rows)).astype(int), len(rows) - 1)].T


def _at_least(name, argument, values, size):
    if len(values) < size:
        raise DistributionError(f"{name}: {argument} needs at least {size} values, found {len(values)}")


def _symmetric(what: str, matrix: np.ndarray) -> None:
    if np.allclose(matrix, matrix.T, rtol=CLOSE, atol=NOTHING * np.abs(matrix).max()):
        return
    i, j = np.unravel_index(np.argmax(abs(matrix - matrix.T)), matrix.shape)
    raise DistributionError(
        f"{what} is not symmetric: row {i + 1}, column {j + 1} is {matrix[i, j]:g}, row {j + 1}, column {i + 1} is "
        f"{matrix[j, i]:g}"
    )


def correlation_root(what: str, matrix: np.ndarray, size: int) -> np.ndarray:
    """Lower Cholesky factor of a correlation matrix; DistributionError where it is none."""
    if matrix.shape != (size, size):
        raise DistributionError(f"{what} must have {size} rows and columns, found {' x '.join(map(str, matrix.shape))}")
    _symmetric(what, matrix)
    if not np.allclose(np.diag(matrix), 1, rtol=0, atol=CLOSE):
        raise DistributionError(f"{what}: the diagonal must be 1, found {', '.join(f'{v:g}' for v in np.diag(matrix))}")
    pairs = np.abs(np.tril(matrix, -1))
    i, j = np.unravel_index(np.argmax(pairs), matrix.shape)
    if pairs[i, j] > 1 + CLOSE:
        raise DistributionError(f"{what}: row {i + 1}, column {j + 1} is {matrix[i, j]:g} (allowed: -1 to 1)")
    if pairs[i, j] > 1 - SINGULAR:
        raise DistributionError(
            f"{what}: numbers {j + 1} and {i + 1} always move together ({matrix[i, j]:g}), so they are one uncertain number: "
            "draw one of them, and give the other a formula of it"
        )
    smallest = np.linalg.eigvalsh(matrix)[0]
    if not smallest > SINGULAR:
        raise DistributionError(
            f"{what} is not positive definite: its smallest eigenvalue is {smallest:.3g}, and "
            "it must be above 0 (the pairwise correlations contradict each other)"
        )
    return np.linalg.cholesky(matrix)


@dataclass(frozen=True)
class JointFamily:
    """What is known of a family of joint distributions; functions take its natural parameters by name.

    forms: accepted sets of arguments, each with what makes a distribution of them; axes: of each argument, 0 for a number,
    1 for a list, 2 for rows. draw: (u[uniforms, draw]) to [component, draw]. moments: mean and standard deviation by
    component. marginal: (tails) to [tail, component]. listed: numbers without a name are one list.
    """

    name: str
    forms: dict[tuple[str, ...], Callable[..., JointDistribution]]
    axes: dict[str, int]
    draw: Callable[..., np.ndarray]
    moments: Callable[..., tuple[np.ndarray, np.ndarray]]
    marginal: Callable[..., np.ndarray]
    bounds: Callable[..., tuple[float, float]]
    listed: bool = False


JOINT_FAMILIES: dict[str, JointFamily] = {
    family.name: family
    for family in (
        JointFamily(
            "dirichlet",
            {("counts",): _dirichlet, ("mean", "n"): _dirichlet_mean},
            {"counts": 1, "mean": 1, "n": 0},
            _draw_dirichlet,
            _moments_dirichlet,
            _marginal_dirichlet,
            lambda counts: (0.0, 1.0),
            listed=True,
        ),
        JointFamily(
            "multinormal",
            {("mean", "covariance"): _multinormal, ("mean", "se", "correlation"): _multinormal_se},
            {"mean": 1, "covariance": 2, "se": 1, "correlation": 2},
            _draw_multinormal,
            _moments_multinormal,
            _marginal_multinormal,
            lambda mean, root: (-np.inf, np.inf),
        ),
        JointFamily(
            "empirical",
            {("rows",): _empirical},
            {"rows": 2},
            _draw_empirical,
            lambda rows: (rows.mean(0), rows.std(0)),
            lambda tails, rows: np.quantile(rows, tails, axis=0),
            lambda rows: (float(rows.min()), float(rows.max())),
        ),
    )
}
