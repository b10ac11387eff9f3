"""Smooth regression with interactions of many responses on a group of parameters, for value of information.

E[response | parameters] is written as a sum of smooth main effects and of smooth interactions of two and more
parameters (smoothing-spline analysis of variance). Every part has a variance of its own, found by restricted
maximum likelihood, so a part without support in the draws shrinks to nothing: nobody chooses a degree or a
number of knots. Straight lines alone are not shrunk.

1. Each parameter becomes normal scores of its ranks: a lognormal, a gamma or a count behaves like a normal.
2. Cubic P-splines on the scores, turned so that they run from smooth to wiggly (Demmler-Reinsch basis).
3. Interactions are products of these, those of the smoothest functions first (hyperbolic cross), at most
   `MOST_TERMS` in all; in groups too large for that, only pairs that residuals of the main effects call for.
4. Variances by the fixed point of MacKay, which is that of Fellner and Schall for these penalties.
5. Levels and steps, where the residuals show them, become terms too (`jumps`); what still shows in the residuals is told.

Memory: blocks of `BLOCK` draws; never all terms for all draws.
Sources: Eilers and Marx, Stat Sci 1996;11:89-121 (P-splines); Gu, Smoothing Spline ANOVA Models, 2nd ed.
2013; MacKay, Neural Comput 1992;4:415-447; Wood and Fasiolo, Biometrics 2017;73:1071-1081 (variances).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from model.economics import jumps

BLOCK = 8192
"""Draws handled at once: with the most terms 26 MB."""
FEWEST_TERMS, MOST_TERMS = 10, 400
DRAWS_PER_TERM = 10
"""No more than one term for so many draws."""
MOST_FUNCTIONS = 19
"""Functions of one parameter, of which the first is nearly linear."""
INTERVALS = 20
"""Of the P-spline, between the lowest and the highest score."""
MOST_STEPS = 50
MOST_TURNS = 20
"""In which steps are looked for, one in each parameter."""
SHAPES = range(4, 41)
"""Hyperbolic crosses tried: terms of degrees k with product of (1 + k) up to this number."""


@dataclass(frozen=True)
class Fit:
    """E[response | parameters] at every draw, and its sampling distribution.

    fitted     [response, draw]
    residual   [response, draw]: response less fitted
    left_over  [response, draw]: what can be predicted of the residuals, and so is missing from the fit
    """

    fitted: np.ndarray
    residual: np.ndarray
    left_over: np.ndarray
    _design: _Design | None
    _coefficients: list[_Coefficients]

    def simulate(self, draws, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` fits [n, response, draw] at `draws` (a slice), as likely as the residual scatter makes them.

        Means and coefficients are normal about their estimates, and as correlated between responses as the
        residuals are. Source: Strong, Oakley and Brennan, Med Decis Making 2014;34:311-326.
        """
        n_responses, n_draws = self.fitted.shape
        terms = self._design.centred_terms(draws) if self._design else np.zeros((0, n_draws))[:, draws]
        scatter = np.sqrt((self.residual**2).mean(axis=1))
        noise = rng.normal(size=(n_responses, n, 1 + len(terms)))
        noise = np.tensordot(_square_root(_correlation(self.residual, scatter)), noise, axes=1)
        mean = noise[:, :, 0] * scatter[:, None] / np.sqrt(n_draws)
        simulated = self.fitted[:, None, draws] + mean[:, :, None]
        for r, coefficients in enumerate(self._coefficients):
            simulated[r] += noise[r, :, 1:] @ coefficients.root.T @ terms
        return simulated.transpose(1, 0, 2)


def fit(parameters: np.ndarray, responses: np.ndarray) -> Fit:
    """Regresses each of `responses` [response, draw] on `parameters` [parameter, draw], all together.

    Constant parameters and monotone functions of a single other one are left out, as they tell nothing more;
    if none remains, the fit is the mean.
    """
    mean = responses.mean(axis=1, keepdims=True)
    centred = responses - mean
    scores = _distinct([_normal_scores(row) for row in parameters if not _is_constant(row)])
    if not scores:
        return Fit(np.broadcast_to(mean, responses.shape), centred, np.zeros_like(centred), None, [])
    design, coefficients, residual = _followed(scores, centred)
    return Fit(
        responses - residual, residual, jumps.left_over(scores, centred - residual, residual), design, coefficients
    )


def _followed(scores, centred) -> tuple[_Design, list[_Coefficients], np.ndarray]:
    """Design, coefficients and residuals once every level and step that shows in the residuals has a term."""
    design, squares = _designed(scores, centred), (centred**2).sum(axis=1)
    for turn in range(MOST_TURNS):
        coefficients = _estimated(design, centred)
        residual = centred - design.fitted(np.stack([c.estimate for c in coefficients]))
        noise = np.array([c.noise for c in coefficients])
        added: list[jumps.Levels] | list[jumps.Step] = []
        if turn == 0:
            added = jumps.levels(scores, residual, noise, squares)
        if not added:
            added = _steps(design, coefficients, residual, noise, squares)
        if not added or turn == MOST_TURNS - 1:
            break
        design = _Design(design.splines, design.powers, (*design.jumps, *added))
    return design, coefficients, residual


def _steps(design: _Design, coefficients, residual, noise, squares) -> list[jumps.Step]:
    """The best step in each parameter, if it is no chance."""
    found = []
    for parameter, spline in enumerate(design.splines):
        own, terms = design.of_one(parameter)
        scales = np.stack([c.scale[own] for c in coefficients])
        found.append(jumps.step(spline.scores, terms, scales, residual, noise, squares))
    return [one for one in found if one is not None]


def _correlation(residual, scatter) -> np.ndarray:
    covariance = residual @ residual.T / residual.shape[1]
    scale = np.where(scatter > 0, scatter, 1)
    return covariance / np.outer(scale, scale)


def _square_root(matrix) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


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
    kept: list[np.ndarray] = []
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
        self.turn, self.roughness = _demmler_reinsch(self._b_splines(some), min(n_functions, int(levels) - 1))

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
    turn = vectors.T[1 : 1 + n_functions] @ inverse
    # Roughness of the k-th function of a cubic smoothing spline grows like k^4.
    return turn, np.arange(1.0, n_functions + 1) ** 4


Term = tuple[tuple[int, int], ...]
"""Factors of a product: (parameter, degree)."""


class _Design:
    """The terms of the regression: products of functions of the parameters.

    factors    [order, term]: rows of the table of all functions, row 0 being the constant 1
    component  [term]: the part of the analysis of variance, whose variance the term shares
    roughness  [term]: how much less of that variance it is allowed
    """

    def __init__(self, splines: list[_Spline], powers: list[Term], jumps: tuple = ()):
        """`powers`: for each term its factors as (parameter, degree), degree 1 being nearly linear; `jumps`: levels and steps,
        whose terms follow these, each with a variance of its own."""
        self.powers, self.jumps = powers, jumps
        first = np.cumsum([0] + [len(s.roughness) for s in splines])
        self.splines, self.n_draws = splines, len(splines[0].scores)
        self.factors = np.zeros((max(map(len, powers)), len(powers)), int)
        for j, term in enumerate(powers):
            self.factors[: len(term), j] = [first[parameter] + degree for parameter, degree in term]
        roughness = np.concatenate([[1.0]] + [s.roughness for s in splines])
        self.roughness = roughness[self.factors].prod(axis=0)
        # The straight lines are part 0, for which no variance is estimated: see `_estimate`.
        parts = [() if term[0][1] == len(term) == 1 else tuple(p for p, _ in term) for term in powers]
        number = {part: i for i, part in enumerate(dict.fromkeys([(), *parts]))}
        self.component = np.array([number[part] for part in parts])
        for jump in jumps:
            size = len(jump.functions(slice(0, 1)))
            self.component = np.append(self.component, np.full(size, self.component.max(initial=0) + 1))
            self.roughness = np.append(self.roughness, np.ones(size))

    def of_one(self, parameter: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the terms of one parameter alone, and these terms [term, draw] about their means."""
        spline, sizes = self.splines[parameter], [len(j.functions(slice(0, 1))) for j in self.jumps]
        smooth = [(i, term[0][1] - 1) for i, term in enumerate(self.powers) if {p for p, _ in term} == {parameter}]
        firsts = len(self.powers) + np.cumsum([0, *sizes])
        mine = [k for k, jump in enumerate(self.jumps) if jump.concerns(spline.scores)]
        numbers = [i for i, _ in smooth] + [i for k in mine for i in range(firsts[k], firsts[k] + sizes[k])]
        terms, degrees = np.empty((len(numbers), self.n_draws)), [degree for _, degree in smooth]
        for draws in self.blocks():
            parts = [spline.functions(draws)[degrees], *(self.jumps[k].functions(draws) for k in mine)]
            terms[:, draws] = np.concatenate(parts) - self.mean[numbers, None]
        return np.array(numbers, int), terms

    def terms(self, draws) -> np.ndarray:
        """[term, draw]"""
        smooth = self._smooth_terms(draws)
        return np.concatenate([smooth, *(jump.functions(draws) for jump in self.jumps)]) if self.jumps else smooth

    def _smooth_terms(self, draws) -> np.ndarray:
        functions = [s.functions(draws) for s in self.splines]
        table = np.concatenate([np.ones((1, functions[0].shape[1])), *functions])
        terms = table[self.factors[0]]
        for row in self.factors[1:]:
            involved = np.flatnonzero(row)
            terms[involved] *= table[row[involved]]
        return terms

    def centred_terms(self, draws) -> np.ndarray:
        return self.terms(draws) - self.mean[:, None]

    def blocks(self):
        """Slices of draws, one after the other."""
        return (slice(start, start + BLOCK) for start in range(0, self.n_draws, BLOCK))

    def moments(self, centred):
        """Sums over draws of terms x terms, about their means, and of terms x responses."""
        total, gram, cross = np.zeros(()), np.zeros(()), np.zeros(())
        for draws in self.blocks():
            terms = self.terms(draws)
            total, gram = total + terms.sum(axis=1), gram + terms @ terms.T
            cross = cross + terms @ centred[:, draws].T
        self.mean = total / self.n_draws
        return gram - np.outer(total, self.mean), cross

    def fitted(self, coefficients) -> np.ndarray:
        """[response, draw], less the response's mean, for `coefficients` [response, term]."""
        parts = [coefficients @ self.centred_terms(draws) for draws in self.blocks()]
        return np.concatenate(parts, axis=1)


def _designed(scores, centred) -> _Design:
    most = min(MOST_TERMS, max(FEWEST_TERMS, centred.shape[1] // DRAWS_PER_TERM))
    n_functions = min(MOST_FUNCTIONS, max(3, most // len(scores)))
    splines = [_Spline(row, n_functions) for row in scores]
    degrees = [len(s.roughness) for s in splines]
    if len(_cross(degrees, SHAPES[0], most)) > most:
        return _Design(splines, _screened(splines, centred, most))
    chosen: list[Term] = []
    for shape in SHAPES:
        terms = _cross(degrees, shape, most)
        if len(terms) > most:
            break
        chosen = terms
    return _Design(splines, chosen)


def _cross(degrees, shape: int, most: int) -> list[Term]:
    """Terms whose product of (1 + degree) is at most `shape`; gives up when there are more than `most`."""
    terms: list[Term] = []
    grown: list[tuple[Term, int]] = [((), 1)]
    while grown and len(terms) <= most:
        longer: list[tuple[Term, int]] = []
        for term, product in grown:
            for parameter in range(term[-1][0] + 1 if term else 0, len(degrees)):
                highest = min(degrees[parameter], shape // product - 1)
                longer += [((*term, (parameter, k)), product * (1 + k)) for k in range(1, highest + 1)]
        terms += [term for term, _ in longer]
        grown = longer
    return terms


def _screened(splines, centred, most: int) -> list[Term]:
    """Main effects, and those products of two parameters that the residuals of the main effects call for.

    Only correlations above the highest that chance alone would be expected to show are let in.
    """
    n = centred.shape[1]
    lines: list[Term] = [((p, 1),) for p in range(len(splines))]
    if len(lines) > most // 4:
        strongest = np.argsort(-_strength(_Design(splines, lines), centred), kind="stable")[: most // 4]
        lines = [lines[i] for i in np.sort(strongest)]
    mains: list[Term] = [((p, k),) for ((p, _),) in lines for k in range(1, min(3, len(splines[p].roughness)) + 1)]
    design = _Design(splines, mains)
    estimates = np.stack([c.estimate for c in _estimated(design, centred)])
    pairs = [(*a, *b) for a, b in combinations(lines, 2)]
    strength = _strength(_Design(splines, pairs), centred - design.fitted(estimates))
    order = np.argsort(-strength, kind="stable")[: most - len(mains)]
    return mains + [pairs[i] for i in order if strength[i] ** 2 * n > 2 * np.log(len(pairs))]


def _strength(design, centred) -> np.ndarray:
    """Highest correlation of each term [term] with any of the responses."""
    total = squares = cross = 0
    for draws in design.blocks():
        terms = design.terms(draws)
        total, squares = total + terms.sum(axis=1), squares + (terms**2).sum(axis=1)
        cross = cross + terms @ centred[:, draws].T
    scale = np.sqrt(np.outer(squares - total**2 / design.n_draws, (centred**2).sum(axis=1)))
    return np.abs(np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 0)).max(axis=1)


@dataclass(frozen=True)
class _Coefficients:
    """Of one response: estimate [term], a root of its covariance [term, term], standard deviation [term] to which the estimate
    is shrunk, variance of what it leaves unexplained."""

    estimate: np.ndarray
    root: np.ndarray
    scale: np.ndarray
    noise: float


def _estimated(design, centred) -> list[_Coefficients]:
    gram, cross = design.moments(centred)
    squares = (centred**2).sum(axis=1)
    return [_estimate(gram, c, s, design) for c, s in zip(cross.T, squares)]


def _estimate(gram, cross, squares, design) -> _Coefficients:
    """Restricted maximum likelihood by fixed point; with scaled terms, so that a variance may go to zero.

    The straight lines keep a variance so large that they are not shrunk: a parameter of little influence then
    gets an error as large as its least-squares slope has, not one that takes the shrinkage for knowledge.
    """
    n, n_terms = design.n_draws, len(cross)
    if squares == 0:
        return _Coefficients(np.zeros(n_terms), np.zeros((n_terms, n_terms)), np.zeros(n_terms), 0.0)
    size = np.bincount(design.component)
    noise = squares / n
    variance = np.full(len(size), noise)  # of the coefficients: as much as all the scatter, to begin with
    variance[0] = unshrunk = 1e4 * noise
    freedom = 0.0
    for _ in range(MOST_STEPS):
        scale = np.sqrt(variance[design.component] / design.roughness)
        kept = np.linalg.inv(np.eye(n_terms) + gram * np.outer(scale, scale) / noise)
        estimate = scale * (kept @ (scale * cross)) / noise
        used = np.maximum(size - np.bincount(design.component, np.diag(kept)), 0)
        signal = np.bincount(design.component, estimate**2 * design.roughness)
        variance = np.divide(signal, used, out=np.zeros_like(signal), where=used > 1e-6)
        variance[0] = unshrunk
        error = squares - 2 * estimate @ cross + estimate @ gram @ estimate
        noise = max(error / max(n - 1 - used.sum(), 1), 1e-12 * squares / n)
        if abs(used.sum() - freedom) < 0.01:
            break
        freedom = used.sum()
    root = scale[:, None] * np.linalg.cholesky((kept + kept.T) / 2)
    return _Coefficients(estimate, root, scale, float(noise))
