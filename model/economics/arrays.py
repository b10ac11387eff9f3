"""What the economics takes: cost and effect per [strategy] or [strategy, draw], finite, of one shape."""

from __future__ import annotations

import numpy as np

ROUND_OFF = 1e-12
"""Differences below this share of the largest value are round-off: they count as zero."""


def checked(cost, effect, axes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """`cost` and `effect` as float64 arrays with the named axes; ValueError says what is wrong."""
    cost, effect = finite("cost", cost, axes), finite("effect", effect, axes)
    if cost.shape != effect.shape:
        expected = ", ".join(axes)
        raise ValueError(f"cost has shape {cost.shape} and effect {effect.shape}: both must be [{expected}]")
    return cost, effect


def checked_wtp(wtp) -> np.ndarray:
    """Willingness to pay per unit of effect as an array [wtp]; a single number becomes one threshold."""
    wtp = finite("wtp", np.atleast_1d(wtp), ("wtp",))
    if (wtp < 0).any():
        raise ValueError(f"wtp holds {wtp.min():g}: a willingness to pay is 0 or more")
    return wtp


def checked_strategy(index: int, n_strategies: int) -> int:
    """The index of a strategy; ValueError if there is no such strategy."""
    if not 0 <= index < n_strategies:
        raise ValueError(f"comparator is {index}, but the strategies are numbered 0 to {n_strategies - 1}")
    return int(index)


def finite(name: str, values, axes: tuple[str, ...]) -> np.ndarray:
    """`values` as a float64 array with the named axes, refusing an empty array, NaN and infinity."""
    # C order, so that sums do not depend on how the caller laid the array out in memory.
    array = np.asarray(values, dtype=float, order="C")
    if array.ndim != len(axes) or not array.size:
        raise ValueError(f"{name} has shape {array.shape}: expected [{', '.join(axes)}], none of them empty")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(f"{axis} {at + 1} of {size}" for axis, at, size in zip(axes, bad[0], array.shape))
        found = f"{name} is {array[tuple(bad[0])]} at {where}"
        raise ValueError(f"{found} ({len(bad)} such in all): every value must be a finite number")
    return array


def without_round_off(values: np.ndarray) -> np.ndarray:
    """`values` with those that differ by round-off alone made equal, so that increments of zero are zero."""
    order = np.argsort(values)
    ranked = values[order]
    starts = np.diff(ranked, prepend=-np.inf) > ROUND_OFF * np.abs(values).max()
    merged = np.empty_like(ranked)
    merged[order] = ranked[starts][np.cumsum(starts) - 1]
    return merged + 0.0  # -0.0 and 0.0 are one value
