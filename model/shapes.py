"""Distributions made of others: cured patients, mixtures, hazards that add up, the larger of two, one that follows another.

Functions take (t or h, **parameters), as those of `hazards.Family`; a parameter that is a distribution has `cumulative`, `inverse`
and `hazard`. Inverses that have no closed form are solved between bounds that the parts give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_STEPS, _FAR = 200, 1e15
_NEAR, _CLOSE = 1e-8, 1e-14  # after a step of 1e-8 by Newton the error is about its square


# --- cure and mixture: S = w Sa + (1 - w) Sb --------------------------------------------------------------------


def mixture(t, weight, a, b):
    return _mixed(weight, a.cumulative(t), b.cumulative(t))


def mixture_inverse(h, weight, a, b):
    """Between the times at which either part reaches h."""
    of_a, of_b = a.inverse(h), b.inverse(h)
    first, second = np.where(weight > 0, of_a, of_b), np.where(weight < 1, of_b, of_a)
    parameters = {"weight": weight, "a": a, "b": b}
    return solve(mixture, mixture_hazard, parameters, h, np.minimum(first, second), np.maximum(first, second))


def mixture_hazard(t, weight, a, b):
    """The mean of both hazards, by the shares of those who are left."""
    from_a, from_b = a.cumulative(t), b.cumulative(t)
    share = np.exp(np.log(weight) - from_a + _mixed(weight, from_a, from_b))
    rest = np.exp(np.log1p(-weight) - from_b + _mixed(weight, from_a, from_b))
    return _times(share, a.hazard(t)) + _times(rest, b.hazard(t))


def cure(t, fraction, distribution):
    return _mixed(fraction, 0.0, distribution.cumulative(t))


def cure_inverse(h, fraction, distribution):
    """Infinite where more survive than are cured."""
    left = np.expm1(-np.asarray(h, float)) / (1 - fraction)  # of the uncured, those who are gone, below 0
    return np.where(left > -1, distribution.inverse(-np.log1p(np.maximum(left, -1.0))), np.inf)


def cure_hazard(t, fraction, distribution):
    of_uncured = distribution.cumulative(t)
    share = np.exp(np.log1p(-fraction) - of_uncured + _mixed(fraction, 0.0, of_uncured))
    return _times(share, distribution.hazard(t))


def _mixed(weight, a, b):
    """-log(w exp(-a) + (1 - w) exp(-b)), with all its digits where it is small and where it is large."""
    small = -np.log1p(weight * np.expm1(-a) + (1 - weight) * np.expm1(-b))
    return np.where(small < 0.5, small, -np.logaddexp(np.log(weight) - a, np.log1p(-weight) - b))


def _times(share, hazard):
    return np.where(share > 0, share * hazard, 0.0)


# --- hazards that are multiplied or add up ----------------------------------------------------------------------


def plus(t, first, second):
    return first.cumulative(t) + second.cumulative(t)


def plus_hazard(t, first, second):
    return first.hazard(t) + second.hazard(t)


def plus_inverse(h, first, second):
    """One of the two has reached half of h by then, and neither has reached more than h."""
    low = np.minimum(first.inverse(h / 2), second.inverse(h / 2))
    high = np.minimum(first.inverse(h), second.inverse(h))
    return solve(plus, plus_hazard, {"first": first, "second": second}, h, low, high)


def plus_mean(t, first, second):
    return first.mean_cumulative(t) + second.mean_cumulative(t)


def stepped(t, distribution, starts, ratios):
    """Under a hazard ratio that changes at `starts` (the first is 0): ratios[.., piece]."""
    ends, total = np.append(starts[1:], np.inf), 0.0
    for k, (start, end) in enumerate(zip(starts, ends)):
        grown = distribution.cumulative(np.minimum(t, end)) - distribution.cumulative(np.minimum(t, start))
        total = total + ratios[..., k] * grown
    return total


def stepped_hazard(t, distribution, starts, ratios):
    return pick(ratios, np.searchsorted(starts[1:], t, side="right")) * distribution.hazard(t)


def stepped_inverse(h, distribution, starts, ratios):
    left, time, reached = np.asarray(h, float), np.asarray(np.inf), 0.0
    for k, end in enumerate(np.append(starts[1:], np.inf)):
        due = distribution.inverse(reached + np.where(left > 0, left / ratios[..., k], 0.0))
        time = np.where(np.isinf(time) & (due <= end), due, time)
        if np.isfinite(end):
            upto = distribution.cumulative(end)
            left, reached = np.maximum(left - ratios[..., k] * (upto - reached), 0.0), upto
    return time


def stepped_mean(t, distribution, starts, ratios):
    area = reached = 0.0
    for k, (start, end) in enumerate(zip(starts, np.append(starts[1:], np.inf))):
        low, high = np.minimum(t, start), np.minimum(t, end)
        before = distribution.cumulative(low)
        grown = _area(distribution, low, high) - before * (high - low)
        area = area + reached * (high - low) + ratios[..., k] * grown
        reached = reached + ratios[..., k] * (distribution.cumulative(high) - before)
    return np.where(t > 0, area / t, 0.0)


# --- one distribution, and another from a time on ---------------------------------------------------------------


def joined(t, first, then, after):
    """S(after) Sx(t) / Sx(after) from `after` on."""
    early = first.cumulative(np.minimum(t, after))
    return early + (then.cumulative(np.maximum(t, after)) - then.cumulative(after))


def joined_hazard(t, first, then, after):
    return np.where(t < after, first.hazard(t), then.hazard(t))


def joined_inverse(h, first, then, after):
    upto = first.cumulative(after)
    later = then.inverse(np.maximum(h - upto, 0.0) + then.cumulative(after))
    return np.where(h <= upto, np.minimum(first.inverse(h), after), np.maximum(later, after))


def joined_mean(t, first, then, after):
    early, late = np.minimum(t, after), np.maximum(t, after)
    area = early * first.mean_cumulative(early) + (late - after) * (first.cumulative(after) - then.cumulative(after))
    area = area + late * then.mean_cumulative(late) - after * then.mean_cumulative(after)
    return np.where(t > 0, area / t, 0.0)


# --- the larger of two hazards ----------------------------------------------------------------------------------


def greatest(t, first, second, leads, switches, offsets, reached):
    """H(t) = offset + that of whichever leads, the offset of the stretch between two switches.

    leads: 0 where the first leads at the start; switches[.., k]: times at which the lead changes, infinite where there are no
    more; offsets[.., k]: before each and after the last; reached[.., k]: H at each.
    """
    t = np.asarray(t, float)
    stretch = _number(t, switches, np.less_equal)
    lead = np.where((stretch + leads) % 2, second.cumulative(t), first.cumulative(t))
    return pick(offsets, stretch) + lead


def greatest_hazard(t, first, second, **_):
    return np.maximum(first.hazard(t), second.hazard(t))


def greatest_inverse(h, first, second, leads, switches, offsets, reached):
    h = np.asarray(h, float)
    stretch = _number(h, reached, np.less)
    left = np.maximum(h - pick(offsets, stretch), 0.0)
    return np.where((stretch + leads) % 2, second.inverse(left), first.inverse(left))


def greatest_mean(t, first, second, leads, switches, offsets, reached):
    """Area of each stretch, from those of both parts."""
    t = np.asarray(t, float)
    begin = np.zeros(np.broadcast_shapes(t.shape, offsets.shape[:-1]))
    area = np.zeros(begin.shape)
    for k in range(offsets.shape[-1]):
        end = np.minimum(t, switches[..., k]) if k < switches.shape[-1] else t + 0 * begin
        second_leads = (k + leads) % 2
        grown = np.where(second_leads, _area(second, begin, end), _area(first, begin, end))
        area = area + np.where(end > begin, grown + offsets[..., k] * (end - begin), 0.0)
        begin = np.maximum(begin, end)
    return np.where(t > 0, area / t, 0.0)


def _area(hazard, begin, end):
    return end * hazard.mean_cumulative(end) - begin * hazard.mean_cumulative(begin)


def _number(value, edges, reaches: Callable) -> np.ndarray:
    """How many of edges[.., k], which rise, `value` has passed."""
    count = np.zeros(np.broadcast_shapes(value.shape, edges.shape[:-1]), int)
    for k in range(edges.shape[-1]):
        count += reaches(edges[..., k], value)
    return count


# --- tools ------------------------------------------------------------------------------------------------------


def pick(table: np.ndarray, k: np.ndarray) -> np.ndarray:
    """table[..., k] with one k a row."""
    if table.ndim == 1:
        return table[k]
    shape = np.broadcast_shapes(table.shape[:-1], k.shape)
    table = np.broadcast_to(table, shape + table.shape[-1:])
    return np.take_along_axis(table, np.broadcast_to(k, shape)[..., None], axis=-1)[..., 0]


def solve(function: Callable, slope: Callable, parameters: dict, h, low, high) -> np.ndarray:
    """Time between low and high at which a cumulative hazard is h, infinite where it never is.

    Newton's steps; one that leaves the bracket, or is not half as long as the one before, is replaced by the middle.
    """
    h, low, high = (np.array(value, float) for value in np.broadcast_arrays(h, low, high))
    never = _widen(function, parameters, h, low, high)
    x = (low + high) / 2
    last = high - low
    for _ in range(_STEPS):
        beyond = function(x, **parameters) - h
        low, high = np.where(beyond < 0, x, low), np.where(beyond < 0, high, x)
        step = -beyond / slope(x, **parameters)
        good = (x + step >= low) & (x + step <= high) & (np.abs(step) <= np.abs(last) / 2)
        near = np.abs(step) <= _NEAR * x
        new = np.where(good | near, np.clip(x + step, low, high), (low + high) / 2)
        last = new - x
        done = near | (high - low <= _CLOSE * high) | (beyond == 0)
        x = np.where(beyond == 0, x, new)
        if done.all():
            break
    return np.where(never, np.inf, x)


def _widen(function, parameters, h, low, high) -> np.ndarray:
    """Gives upper bounds that are infinite a number, in place; returns where there is none."""
    open_ = np.isinf(high)
    high[open_] = np.maximum(low[open_], 1e-9)
    low[np.isinf(low)] = 0.0
    never = np.isinf(high)
    high[never] = 1.0
    while True:
        short = open_ & ~never & (function(high, **parameters) < h)
        if not short.any():
            return never
        never |= short & (high > _FAR)
        high[short] *= 8
