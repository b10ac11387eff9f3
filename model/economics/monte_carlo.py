"""Parameter uncertainty without the noise of a finite sample of patients in each draw.

A PSA whose draws are simulated with N patients shows the variance of the parameters plus that of the simulation. The noise
widens the CEAC and inflates EVPI. Its size is known from within the draws, so it can be taken out of the moments: variance
of the expected increments = variance of the simulated ones - mean variance within draws (O'Hagan, Stevenson and Madan,
Health Economics 2007; 16: 1009-1023). The draws are then moved as little as gives them those moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Corrected:
    """cost, effect: [strategy, draw], the reference unchanged; noise_share[strategy]: the part of the variance of the
    incremental (cost, effect) that was noise; determined[strategy]: False where noise is all that can be seen in some
    direction, so that more patients are needed."""

    cost: np.ndarray
    effect: np.ndarray
    noise_share: np.ndarray
    determined: np.ndarray


def without_noise(cost: np.ndarray, effect: np.ndarray, noise: np.ndarray, reference: int = 0) -> Corrected:
    """Take simulation noise out of a PSA. noise[strategy, draw, 2, 2]: covariance of the errors of incremental cost and effect.

    Each strategy's increments are corrected as a pair; noise that strategies share beyond the reference is not known here.
    """
    strategies = len(cost)
    increments = np.stack([cost - cost[reference], effect - effect[reference]], axis=-1)
    share, determined = np.zeros(strategies), np.ones(strategies, bool)
    for s in range(strategies):
        if s != reference:
            # A cost or effect that is the same in every draw has no noise either.
            spread = np.flatnonzero(increments[s].std(axis=0) > 0)
            if len(spread):
                found = _shrunk(increments[s][:, spread], noise[s].mean(axis=0)[np.ix_(spread, spread)])
                increments[s][:, spread], share[s], determined[s] = found
    return Corrected(cost[reference] + increments[..., 0], effect[reference] + increments[..., 1], share, determined)


def _shrunk(increments: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, float, bool]:
    """Increments [draw, 1 or 2] moved to the covariance without noise, share of noise, whether it is determined."""
    scale = increments.std(axis=0, ddof=1)
    seen, noise = np.atleast_2d(np.cov((increments / scale).T)), noise / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(seen - noise)
    wanted = (vectors * np.maximum(values, 0.0)) @ vectors.T
    root = _root(wanted)
    # Of all linear maps with this effect on the covariance, the one that moves the draws least.
    move = root @ _root(root @ seen @ root, -0.5) @ root
    centre = increments.mean(axis=0)
    return (
        centre + ((increments - centre) / scale) @ move * scale,
        float(np.trace(noise) / len(noise)),
        bool((values > 0).all()),
    )


def _root(matrix: np.ndarray, power: float = 0.5) -> np.ndarray:
    """Power of a symmetric matrix without negative eigenvalues; directions of no extent stay so."""
    values, vectors = np.linalg.eigh(matrix)
    known = values > 1e-12 * max(values.max(), 1e-300)
    return (vectors * np.where(known, np.where(known, values, 1.0) ** power, 0.0)) @ vectors.T
