"""Smooth regression with interactions of many responses on a group of parameters, for value of information.

E[response | parameters] is written as a sum of smooth main effects and of smooth interactions of two and more
parameters (smoothing-spline analysis of variance). Every part has a variance of its own, found by restricted
maximum likelihood, so a part without support in the draws shrinks to nothing: nobody chooses a degree or a
number of knots.

1. Each parameter becomes normal scores of its ranks: a lognormal, a gamma or a count behaves like a normal.
2. Cubic P-splines on the scores, turned so that they run from smooth to wiggly (Demmler-Reinsch basis).
3. Interactions are products of these, those of the smoothest functions first (hyperbolic cross), at most
   `MOST_TERMS` in all; in groups too large for that only pairs that the residuals of the main effects call for.
4. Variances by the fixed point of MacKay, which is that of Fellner and Schall for these penalties.

Memory: blocks of `BLOCK` draws; never all terms for all draws.
Sources: Eilers and Marx, Stat Sci 1996;11:89-121 (P-splines); Gu, Smoothing Spline ANOVA Models, 2nd ed. 2013;
MacKay, Neural Comput 1992;4:415-447; Wood and Fasiolo, Biometrics 2017;73:1071-1081 (variances).
"""
from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

BLOCK = 8192
"""Draws handled at once: with the most terms 26 MB."""
MOST_TERMS = 400
DRAWS_PER_TERM = 10
"""No more than one term for so many draws."""
MOST_FUNCTIONS = 19
"""Functions of one parameter, of which the first is nearly linear."""
INTERVALS = 20
"""Of the P-spline, between the lowest and the highest score."""
SHAPES = np.arange(4, 41)
"""Hyperbolic crosses tried: terms of degrees k with product of (1 + k) up to this number."""


@dataclass(frozen=True)
class Fit:
    """E[response | parameters] at every draw, and its sampling distribution.

    fitted              [response, draw]
    degrees_of_freedom  [response]: effective number of terms, the constant not counted
    """

    fitted: np.ndarray
    degrees_of_freedom: np.ndarray
    _design: Design
    _posterior: list[_Posterior]
    _residual: np.ndarray

    def simulate(self, draws, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` fits [n, response, draw] at the indices `draws` that the residual scatter makes as likely.

        Coefficients are normal about their estimates (Strong, Oakley and Brennan, Med Decis Making
        2014;34:311-326, section on the standard error); responses keep the correlation of their residuals.
        """
        if not self._posterior:
            terms = np.zeros((0, len(draws)))
        else:
            terms = self._design.terms(draws)
        n_responses, n_draws = self.fitted.shape
        root = _square_root(self._residual @ self._residual.T / n_draws)
        scale = np.sqrt(np.maximum(np.einsum("rd,rd->r", root, root), 1e-300))
        noise = np.einsum("rs,snm->rnm", root / scale[:, None], rng.normal(size=(n_responses, n, 1 + len(terms))))
        spread = scale[:, None] * noise[:, :, 0] / np.sqrt(n_draws)
        out = self.fitted[:, None, draws] + spread[:, :, None]
        for r, posterior in enumerate(self._posterior):
            out[r] += (noise[r, :, 1:] @ posterior.root.T) @ terms
        return out.transpose(1, 0, 2)


def fit(parameters: np.ndarray, responses: np.ndarray) -> Fit:
    """Regresses each of `responses` [response, draw] on `parameters` [parameter, draw], all together.

    Constant parameters and copies of others (also monotone functions of one other) are left out; if none
    remains, the fit is the mean.
    """
    mean = responses.mean(axis=1, keepdims=True)
    centred = responses - mean
    scores = _distinct([_normal_scores(row) for row in parameters if not _is_constant(row)])
    if not scores:
        return Fit(np.broadcast_to(mean, responses.shape), np.zeros(len(responses)), None, [], centred)
    design = _design(scores, centred)
    posterior = _posteriors(design, centred)
    fitted = mean + design.fitted(np.stack([p.coefficients for p in posterior]))
    freedom = np.array([p.degrees_of_freedom for p in posterior])
    return Fit(fitted, freedom, design, posterior, responses - fitted)


def _is_constant(row) -> bool:
    return np.ptp(row) <= 1e-12 * np.abs(row).max()


def _normal_scores(row) -> np.ndarray:
    """Standard normal quantiles of the ranks; draws that tie share the mean of their ranks."""
    from scipy.special import ndtri

    order = np.argsort(row, kind="stable")
    starts = np.flatnonzero(np.diff(row[order], prepend=-np.inf) > 0)
    ends = np.append(starts[1:], len(row))
    rank = np.empty(len(row))
    rank[order] = np.repeat((starts + ends) / 2, ends - starts)
    return ndtri(rank / len(row))


def _distinct(scores: list) -> list:
    """Without those that repeat an earlier one, or its mirror image."""
    kept = []
    for row in scores:
        if not any(np.allclose(row, sign * other, atol=1e-9) for other in kept for sign in (1, -1)):
            kept.append(row)
    return kept


class _Spline:
    """Functions of one parameter from smooth to wiggly, of mean 0 and variance 1 over the draws."""

    def __init__(self, scores, n_functions: int):
        self.scores = scores
        self.low, self.width = scores.min(), np.ptp(scores) / INTERVALS
        ranked = np.sort(scores)
        # Every so many-th draw by rank, and the extremes, tell the distribution well enough.
        some = ranked[np.linspace(0, len(ranked) - 1, min(len(ranked), 1000)).astype(int)]
        levels = 1 + np.count_nonzero(np.diff(ranked) > 1e-9)
        self.turn, self.roughness = _demmler_reinsch(self._b_splines(some), min(n_functions, levels - 1))

    def functions(self, draws) -> np.ndarray:
        """[function, draw]"""
        return self.turn @ self._b_splines(self.scores[draws])

    def _b_splines(self, scores) -> np.ndarray:
        position = (scores - self.low) / self.width
        interval = np.clip(position.astype(int), 0, INTERVALS - 1)
        t = position - interval
        values = (1 - t) ** 3, (3 * t - 6) * t**2 + 4, ((3 - 3 * t) * t + 3) * t + 1, t**3
        basis = np.zeros((INTERVALS + 3, len(scores)))
        at = np.arange(len(scores))
        for j, value in enumerate(values):
            basis[interval + j, at] = value / 6
        return basis


def _demmler_reinsch(basis, n_functions: int):
    """Matrix [function, B-spline] and roughness [function], the first (nearly linear) having roughness 1."""
    n_splines, n_draws = basis.shape
    bend, slope = np.diff(np.eye(n_splines), 2, axis=0), np.diff(np.eye(n_splines), axis=0)
    # The trace of slope tells the straight line from the constant, neither of which bends.
    penalty = bend.T @ bend + 1e-6 * slope.T @ slope
    gram = basis @ basis.T / n_draws
    gram[np.diag_indices(n_splines)] += 1e-9
    inverse = np.linalg.inv(np.linalg.cholesky(gram))
    _, vectors = np.linalg.eigh(inverse @ penalty @ inverse.T)
    turn = vectors.T[1:1 + n_functions] @ inverse
    # Roughness of the k-th function of a cubic smoothing spline grows like k^4.
    return turn, np.arange(1.0, n_functions + 1) ** 4


class Design:
    """The terms of the regression: products of functions of the parameters.

    factors    [order, term]: rows of the table of all functions, row 0 being the constant 1
    component  [term]: the part of the analysis of variance, whose variance the term shares
    roughness  [term]: how much less of that variance it is allowed
    """

    def __init__(self, splines, degrees):
        first = np.cumsum([1] + [len(s.roughness) for s in splines])
        self.splines, self.n_draws = splines, len(splines[0].scores)
        order = max(len(term) for term in degrees)
        self.factors = np.zeros((order, len(degrees)), int)
        self.roughness = np.ones(len(degrees))
        parts = {}
        self.component = np.empty(len(degrees), int)
        for j, term in enumerate(degrees):
            for i, (parameter, degree) in enumerate(term):
                self.factors[i, j] = first[parameter] + degree - 1
                self.roughness[j] *= splines[parameter].roughness[degree - 1]
            # A straight line is a part of its own: wiggles are not granted because the slope is steep.
            part = tuple(p for p, _ in term), len(term) == 1 and term[0][1] == 1
            self.component[j] = parts.setdefault(part, len(parts))

    def terms(self, draws) -> np.ndarray:
        """[term, draw]"""
        table = np.concatenate([np.ones((1, len(self.splines[0].scores[draws])))]
                               + [s.functions(draws) for s in self.splines])
        terms = table[self.factors[0]]
        for row in self.factors[1:]:
            involved = np.flatnonzero(row)
            terms[involved] *= table[row[involved]]
        return terms

    def blocks(self):
        """Slices of draws, one after the other."""
        return (slice(start, start + BLOCK) for start in range(0, self.n_draws, BLOCK))

    def moments(self, centred):
        """Sums over draws: of terms, terms x terms and terms x responses, about their means."""
        total = gram = cross = 0
        for draws in self.blocks():
            terms = self.terms(draws)
            total, gram = total + terms.sum(axis=1), gram + terms @ terms.T
            cross = cross + terms @ centred[:, draws].T
        self.mean = total / self.n_draws
        return gram - np.outer(total, self.mean), cross

    def fitted(self, coefficients) -> np.ndarray:
        """[response, draw] less the response's mean."""
        parts = [coefficients @ (self.terms(draws)) for draws in self.blocks()]
        return np.concatenate(parts, axis=1) - (coefficients @ self.mean)[:, None]
