"""What a smooth regression cannot follow, and what its residuals show of it: unordered levels, steps, and the rest.

Levels and steps become terms of the regression, with errors like the others: a mean of their own for the levels of a parameter
with few different values, and a step where the residuals call for one. Both are let in only far beyond chance (five
standard deviations), so that where the smooth regression is right it stays as it is. What is then left is looked for by
regression trees on the residuals, held to draws that they have not seen: they are no part of the fit, but tell how far it
may be off.
Sources: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed. 2009, ch. 5 (splines), 9.2 (trees), 7.10
(cross-validation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_LEVELS, DRAWS_PER_LEVEL = 200, 10
CERTAIN = 5.0
"""Standard deviations beyond chance; a step is the best of as many as there are draws, which adds 5 to its chi-square."""
LEAST_SHARE = 1e-3
"""Of a response's variance, that a step or the levels must explain to be let in."""
CUTS = 1000
"""Places of a step that are tried, before those near the best."""
LEAST_DRAWS = 20
"""On either side of a step, or in a leaf."""
BINS, SMALL, LEAVES, FOLDS, FEWEST_DRAWS = 64, 16, 32, 5, 200


@dataclass(frozen=True)
class Levels:
    """A mean for each level; label[draw] numbers them."""

    label: np.ndarray

    def concerns(self, scores) -> bool:
        """Whether it may take up what a step in these scores would."""
        return True

    def functions(self, draws) -> np.ndarray:
        """[level, draw]"""
        return (np.arange(self.label.max() + 1)[:, None] == self.label[draws]).astype(float)


@dataclass(frozen=True)
class Step:
    """1 above a value of the scores [draw], else 0."""

    scores: np.ndarray
    above: float

    def concerns(self, scores) -> bool:
        return self.scores is scores

    def functions(self, draws) -> np.ndarray:
        """[1, draw]"""
        return (self.scores[draws] > self.above)[None].astype(float)


def levels(scores: list, residual, noise, squares) -> list[Levels]:
    """Those of each parameter with few different values, or of all of these together, whose mean residuals are not chance.

    residual: [response, draw]; noise, squares: [response], its variance and the response's sum of squares.
    """
    labels = [label for label in map(_labelled, scores) if label is not None]
    if len(labels) > 1 and (joint := _labelled(np.stack(labels))) is not None:
        labels.append(joint)
    found = [Levels(label) for label in labels]
    return [one for one in found if _show(one.label, residual, noise, squares)]


def _labelled(values) -> np.ndarray | None:
    """Number of each draw's level; None where there are too many for a mean each."""
    _, label = np.unique(values, axis=-1, return_inverse=True)
    few = label.max() < min(MOST_LEVELS, label.size // DRAWS_PER_LEVEL)
    return label.ravel() if few else None


def _show(label, residual, noise, squares) -> bool:
    count = np.bincount(label)
    explained = np.array([(np.bincount(label, row) ** 2 / count).sum() for row in residual])
    chance = len(count) + CERTAIN * np.sqrt(2 * len(count))
    return bool(((explained > chance * noise) & (explained > LEAST_SHARE * squares)).any())


def step(scores, functions, scales, residual, noise, squares) -> Step | None:
    """The step in one parameter that explains most of the residuals; None if that is little, or may be chance.

    functions: [function, draw] of the parameter, about their means, that the regression has already; scales: [response,
    function] of the standard deviations to which it shrinks their coefficients. What these take up is not the step's. `functions`
    are used up: they are the largest that is held.
    """
    order = np.argsort(scores, kind="stable")
    n, ranked = len(scores), scores[order]
    cuts = np.arange(LEAST_DRAWS, n - LEAST_DRAWS)
    cuts = cuts[ranked[cuts] > ranked[cuts - 1] + 1e-9]
    if not cuts.size:
        return None
    # Sums over the draws below each cut, of the residuals and of the functions; both are about their means.
    roots = [_taking_up(functions, scale, variance) for scale, variance in zip(scales, _or_one(noise))]
    sums, overlap = np.cumsum(residual[:, order], axis=1), functions
    for row in overlap:
        np.cumsum(row[order], out=row)

    def beyond(cut) -> np.ndarray:
        """[cut] chi-square of a step there, in the response where it is largest."""
        taken = np.stack([((root @ overlap[:, cut - 1]) ** 2).sum(axis=0) for root in roots])
        own = np.maximum(cut * (n - cut) / n - taken, 1e-6 * n)
        explained = sums[:, cut - 1] ** 2 / own
        return np.where(explained > LEAST_SHARE * squares[:, None], explained / _or_one(noise)[:, None], 0).max(axis=0)

    few = max(1, len(cuts) // CUTS)
    near = int(beyond(cuts[::few]).argmax()) * few
    near = cuts[max(near - few, 0) : near + few + 1]
    found = beyond(near)
    if found.max() <= CERTAIN**2 + 5:
        return None
    at = near[found.argmax()]
    return Step(scores, float(ranked[at - 1 : at + 1].mean()))


def _taking_up(functions, scale, noise) -> np.ndarray:
    """Root [function, function] of what a ridge regression on these functions alone takes up of another function."""
    gram = np.eye(len(scale)) + functions @ functions.T * np.outer(scale, scale) / noise
    return np.linalg.inv(np.linalg.cholesky(gram)) * scale / np.sqrt(noise)


def _or_one(values) -> np.ndarray:
    return np.where(values > 0, values, 1.0)


def left_over(scores: list, fitted, residual) -> np.ndarray:
    """What can be predicted of the residuals [response, draw] in draws that the prediction has not seen; 0 if no more than
    chance.

    By trees on the scores and on what is `fitted` [response, draw] (a step along a slope shows there), or by the means of
    levels too many to be terms.
    """
    n, scale = residual.shape[1], residual.std(axis=1, keepdims=True)
    nothing = np.zeros_like(residual)
    if n < FEWEST_DRAWS or not scale.any():
        return nothing
    scaled, fold = residual / _or_one(scale), np.random.default_rng(5).permutation(n) % FOLDS
    guesses = [nothing, *_by_tree([*scores, *fitted], scaled, fold), *_by_level(scores, scaled, fold)]
    gains = [(scaled**2 - (scaled - guess) ** 2).sum(axis=0) for guess in guesses]
    best = int(np.argmax([gain.mean() for gain in gains]))
    sure = gains[best].mean() > CERTAIN * gains[best].std() / np.sqrt(n)
    return guesses[best] * scale if sure else nothing


def _by_tree(features: list, values, fold):
    """Predictions [response, draw] of trees of the size that predicts best; none where a small tree shows nothing."""
    bins, predicted = np.stack([_binned(row) for row in features]), np.zeros((LEAVES, *values.shape))
    if not _promising(bins, values):
        return
    for k in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        predicted[:, :, unseen] = _grown(bins, values, seen, unseen, LEAVES)
    yield predicted[((values - predicted) ** 2).sum(axis=(1, 2)).argmin()]


def _by_level(scores: list, values, fold):
    """Predictions [response, draw] of means of levels, drawn to 0 by as much as chance makes them differ."""
    for row in scores:
        _, label = np.unique(row, return_inverse=True)
        count = np.bincount(label)
        if MOST_LEVELS <= count.size <= label.size // 2:
            yield np.concatenate([_shrunk_means(label, one, fold) for one in values])


def _shrunk_means(label, values, fold) -> np.ndarray:
    """[1, draw]; `values` have variance 1."""
    count = np.bincount(label)
    between = ((np.bincount(label, values) ** 2 / count).sum() - count.size) / (label.size - count.size)
    guess = np.zeros((1, label.size))
    for k in range(FOLDS):
        seen, unseen = fold != k, fold == k
        sums, number = (np.bincount(label[seen], weight, count.size) for weight in (values[seen], None))
        guess[0, unseen] = (max(between, 0) * sums / (1 + max(between, 0) * number))[label[unseen]]
    return guess


def _promising(bins, values) -> bool:
    """Whether a small tree explains more than chance lets it: about 10 for each split, and more with many to choose from."""
    every = np.arange(values.shape[1])
    left = values - _grown(bins, values, every, every, SMALL)[-1]
    return bool((values**2 - left**2).sum() > (SMALL - 1) * (10 + len(values) + 2 * np.log(len(bins))))


def _binned(row) -> np.ndarray:
    edges = np.unique(np.quantile(row, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, row)


def _grown(bins, values, seen, unseen, most: int) -> np.ndarray:
    """Predictions [leaves, response, unseen draw] of a tree as it grows, always by the split that explains most."""
    prediction = np.zeros((len(values), len(unseen)))
    made, leaves = [prediction.copy()], [(seen, unseen, _split(bins, values, seen))]
    while len(made) < most:
        at = int(np.argmax([split[0] for _, _, split in leaves]))
        draws, others, (gain, row, edge) = leaves.pop(at)
        if gain <= 0:
            break
        for part in (np.less_equal, np.greater):
            own, theirs = (d[part(bins[row, d], edge)] for d in (draws, others))
            prediction[:, np.searchsorted(unseen, theirs)] = values[:, own].mean(axis=1, keepdims=True)
            leaves.append((own, theirs, _split(bins, values, own)))
        made.append(prediction.copy())
    return np.stack(made + [prediction] * (most - len(made)))


def _split(bins, values, draws) -> tuple[float, int, int]:
    """(sum of squares explained, parameter, last bin below) of the best split of some draws; (0, 0, 0) if none is allowed."""
    best, n = (0.0, 0, 0), len(draws)
    for row in range(len(bins) if n >= 2 * LEAST_DRAWS else 0):
        own = bins[row, draws]
        below = np.cumsum(np.bincount(own, minlength=BINS))
        sums = np.stack([np.cumsum(np.bincount(own, v[draws], BINS)) for v in values])
        allowed = (below >= LEAST_DRAWS) & (n - below >= LEAST_DRAWS)
        if allowed.any():
            total, low, high = sums[:, -1:], np.maximum(below, 1), np.maximum(n - below, 1)
            gain = (sums**2 / low + (total - sums) ** 2 / high - total**2 / n).sum(axis=0)
            edge = int(np.where(allowed, gain, 0).argmax())
            best = max(best, (float(gain[edge]) if allowed[edge] else 0.0, row, edge))
    return best
