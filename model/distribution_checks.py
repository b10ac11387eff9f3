"""What the arguments of distributions must be, and the searches that turn published intervals into parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Natural = dict[str, float]  # the natural parameters of a family, in the order in which its functions take them
Convert = Callable[..., Natural]


class DistributionError(ValueError):
    """A distribution that cannot be made: what was found, what is allowed."""


def array(name: str, argument: str, value: object, axes: int) -> np.ndarray:
    """An argument as finite numbers of so many axes."""
    kind = ("a number", "a list of numbers", "a list of rows of equal length")[axes]
    try:
        numbers = np.asarray(value, float)
    except (TypeError, ValueError):
        raise DistributionError(f"{name}: {argument} must be {kind}, found {value!r}") from None
    if numbers.ndim != axes or (axes and numbers.size == 0):
        raise DistributionError(f"{name}: {argument} must be {kind}, found {value!r}")
    if not np.isfinite(numbers).all():
        raise DistributionError(f"{name}: {argument} must be finite, found {numbers[~np.isfinite(numbers)].flat[0]:g}")
    return numbers


def positive(name: str, **values: float | np.ndarray) -> None:
    for argument, value in values.items():
        if not np.all(np.asarray(value) > 0):
            raise DistributionError(f"{name}: {argument} must be above 0, found {np.min(value):g}")


def rising(name: str, **values: float) -> None:
    pairs = list(values.items())
    for (low, a), (high, b) in zip(pairs, pairs[1:]):
        if not a < b:
            raise DistributionError(f"{name}: {low} must be below {high}, found {low} {a:g} and {high} {b:g}")


def inside(name: str, low: float, high: float, **values: float) -> None:
    for argument, value in values.items():
        if not low < value < high:
            raise DistributionError(f"{name}: {argument} must be above {low:g} and below {high:g}, found {value:g}")


def with_cv(name: str, moments: Convert) -> dict[tuple[str, ...], Convert]:
    """Forms (mean, se) and (mean, cv); cv is the standard error as a share of the mean."""

    def by_se(mean: float, se: float) -> Natural:
        positive(name, se=se)
        return moments(mean, se)

    def by_cv(mean: float, cv: float) -> Natural:
        positive(name, cv=cv)
        if mean == 0:
            raise DistributionError(f"{name}: mean must not be 0 where the spread is given as cv")
        return moments(mean, cv * abs(mean))

    return {("mean", "se"): by_se, ("mean", "cv"): by_cv}


def root(function: Callable, low: float, high: float) -> float:
    """Root of a monotone function; ValueError where it does not change sign."""
    from scipy.optimize import brentq

    return brentq(function, low, high, xtol=1e-14, rtol=1e-14, maxiter=200)


def no_fit(name: str, lower: float, upper: float, instead: str) -> DistributionError:
    return DistributionError(
        f"{name}: no {name} distribution was found with the 95% interval {lower:g} to {upper:g}; state {instead}"
    )
