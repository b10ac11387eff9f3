"""Expected value of partial perfect information (EVPPI) from the draws of a probabilistic analysis.

EVPPI = mean over draws of the best fitted net benefit - best mean fitted net benefit, where "fitted" is the
regression of incremental net benefit on the parameters of interest, smooth and with interactions
(`regression`). No nested simulation; the draws may come from any software.
Sources: Strong, Oakley and Brennan, Med Decis Making 2014;34:311-326 (regression, standard error); Heath,
Manolopoulou and Baio, Med Decis Making 2017;37:747-758 (review).

Biases pull against each other. Error in the fit makes the best of several strategies look better than it is,
so the estimate is biased upward, most for parameters that matter little (Oakley et al., J Health Econ
2010;29:468-477). Smoothing biases it downward, and so does a tie: where two strategies are equally good, one
of them is by chance ahead in these draws (as with EVPI). `upward_bias` estimates the first from the scatter
of the fit; it is reported, never subtracted. Errors are those of a scatter equally wide in all draws: where
it is much wider in the extremes of a parameter, the value of a parameter worth nothing may exceed its error.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.economics.arrays import finite
from model.economics.regression import fit
from model.intervals import half_width

FEWEST_DRAWS = 20
SIMULATIONS = 100
SIMULATED_DRAWS = 2000
"""The regression error is found from this many fits at this many draws, whatever the size of the analysis."""


@dataclass(frozen=True)
class Evppi:
    """Value of information per person, in units of cost. Numbers, or arrays [wtp] from `evppi_by_wtp`.

    value             the estimate: never below 0, and never above `evpi`
    standard_error    of the estimate: error of the regression and Monte Carlo error of the draws together
    regression_error  the former alone (the standard error of Strong et al. 2014)
    upward_bias       mean of the EVPPI over fits that the draws make as likely, less that of the best fit
    evpi              perfect information on everything, from the same draws
    clamped           True where the regression gave more than `evpi` and `value` was lowered to it
    doubt             how far the value may be off because the fit leaves something that can be predicted (`jumps`); 0 where it
                      leaves nothing. It is not part of `standard_error`
    loss              [draw] whose mean is the value before it was lowered; None at several thresholds
    """

    value: float | np.ndarray
    standard_error: float | np.ndarray
    regression_error: float | np.ndarray
    upward_bias: float | np.ndarray
    evpi: float | np.ndarray
    clamped: bool | np.ndarray
    doubt: float | np.ndarray = 0.0
    loss: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def doubtful(self) -> bool | np.ndarray:
        """Whether the doubt is more than the standard error covers."""
        return self.doubt > half_width(self.standard_error)


def evppi(net_benefit, parameters) -> Evppi:
    """EVPPI of the group `parameters` [parameter, draw] or [draw], given `net_benefit` [strategy, draw].

    Constant parameters are worth exactly 0; a parameter that is a function of the others adds nothing. In a
    group of more than about 20 parameters only those pairwise interactions are used that show in the draws,
    so that there the estimate is rather a lower bound. The order of the strategies makes no difference beyond
    the smoothing: increments are taken against the first.
    """
    increments = _increments("net_benefit", net_benefit)
    parameters = _parameters(parameters, increments.shape[1])
    return Evppi(*_figures(increments, *_fits(parameters, increments)))


def evppi_by_wtp(cost, effect, parameters, wtp) -> Evppi:
    """EVPPI at each of `wtp` [wtp] from `cost` and `effect` [strategy, draw]; the fields are arrays [wtp].

    Incremental cost and incremental effect are regressed once each and serve every threshold.
    """
    cost, effect = _increments("cost", cost), _increments("effect", effect)
    if cost.shape != effect.shape:
        raise ValueError(f"cost and effect hold {_size(cost)} and {_size(effect)}: they must be the same")
    both = np.concatenate([effect, cost])
    arrays = both, *_fits(_parameters(parameters, both.shape[1]), both)
    n = len(cost)
    thresholds = finite("wtp", np.atleast_1d(wtp), ("wtp",))
    rows = [_figures(*(k * a[..., :n, :] - a[..., n:, :] for a in arrays))[:-1] for k in thresholds]
    return Evppi(*(np.array(column) for column in zip(*rows)))


def evppi_all(net_benefit, parameters: dict, groups: dict | None = None) -> dict[str, Evppi]:
    """EVPPI of each of `groups` {group: [parameter, ...]}, or else of each of `parameters` {name: [draw]}."""
    groups = {name: [name] for name in parameters} if groups is None else groups
    for group, names in groups.items():
        _check_names(group, names, parameters)
    return {
        group: evppi(net_benefit, np.stack([parameters[name] for name in names])) for group, names in groups.items()
    }


def _fits(parameters, responses) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fitted and left over [response, draw]; fitted and its simulations [simulation, response, draw] at some draws."""
    regression = fit(parameters, responses)
    some = slice(None, None, -(-responses.shape[1] // SIMULATED_DRAWS))
    # The fixed seed makes the same draws give the same error, and the error smooth in the threshold.
    simulated = regression.simulate(some, SIMULATIONS, np.random.default_rng(2014))
    return regression.fitted, regression.left_over, regression.fitted[:, some], simulated


def _figures(increments, fitted, left_over, fitted_at_some, simulated) -> tuple:
    """The fields of `Evppi` from incremental net benefit [strategy - 1, draw] and its fits."""
    perfect, partial = _loss(increments).mean(), _loss(fitted)
    raw = partial.mean()
    simulations = _value(simulated)
    regression_error = simulations.std(ddof=1)
    error = np.sqrt(regression_error**2 + partial.var() / len(partial))
    clamped = bool(raw > perfect * (1 + 1e-9))
    bias = simulations.mean() - _value(fitted_at_some)
    doubt = float(abs(_value(fitted + left_over) - raw)) if left_over.any() else 0.0
    return *map(float, (min(raw, perfect), error, regression_error, bias, perfect)), clamped, doubt, partial


def _loss(increments) -> np.ndarray:
    """[draw]: best net benefit less that of the strategy best on average; never negative, nor is its mean."""
    best, means = np.maximum(increments.max(axis=0), 0), increments.mean(axis=1)
    return best - increments[means.argmax()] if means.max() > 0 else best


def _value(increments) -> np.ndarray:
    """Mean of maxima less maximum of means of [..., strategy - 1, draw]."""
    best = np.maximum(increments.max(axis=-2), 0).mean(axis=-1)
    return best - np.maximum(increments.mean(axis=-1).max(axis=-1), 0)


def _increments(name, values) -> np.ndarray:
    values = finite(name, values, ("strategy", "draw"))
    if len(values) < 2:
        raise ValueError(f"{name} holds one strategy: information has a value only where there is a choice")
    if values.shape[1] < FEWEST_DRAWS:
        raise ValueError(f"{name} holds {values.shape[1]} draws: the regression needs {FEWEST_DRAWS} or more")
    return values[1:] - values[0]


def _parameters(values, n_draws: int) -> np.ndarray:
    values = finite("parameters", np.atleast_2d(values), ("parameter", "draw"))
    if values.shape[1] != n_draws:
        raise ValueError(f"parameters hold {values.shape[1]} draws, the outcomes {n_draws}: they must be the same")
    return values


def _size(increments) -> str:
    return f"{len(increments) + 1} strategies x {increments.shape[1]} draws"


def _check_names(group, names, parameters) -> None:
    if isinstance(names, str) or not len(names):
        raise ValueError(f"group {group!r} is {names!r}: give a list of one or more parameter names")
    unknown = [name for name in names if name not in parameters]
    if unknown:
        raise ValueError(
            f"group {group!r} names {unknown[0]!r}, which is no parameter; these are: "
            + ", ".join(map(str, parameters))
        )
