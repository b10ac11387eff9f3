"""Decision uncertainty over a grid of willingness to pay: CEAC, CEAF, expected loss and EVPI.

One pass over blocks of draws small enough for the cache; within a block, one threshold at a time. Nothing of
size [wtp, strategy, draw] is ever held, and no result depends on the number of threads.
Sources: van Hout et al., Health Econ 1994;3:309-319 (CEAC); Fenwick, Claxton and Sculpher, Health Econ
2001;10:779-787 (CEAF); Alarid-Escudero et al., Value Health 2019;22:611-618 (expected loss curves; the lowest
of them is the EVPI).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.economics.arrays import ROUND_OFF, checked, checked_wtp

BLOCK = 2**17
"""Numbers in a block, strategies x draws: 1 MB of float64, measured to be the fastest on a 1 MB L2 cache."""


@dataclass(frozen=True)
class Acceptability:
    """Shapes [wtp] or [wtp, strategy]; losses and EVPI per person, in units of cost.

    probability_most_cost_effective  CEAC: share of draws in which the strategy has the highest net benefit;
                                     strategies that tie share the draw equally, so each row sums to 1
    optimal                          index of the strategy with the highest MEAN net benefit (first of a tie)
    probability_optimal              CEAF: the CEAC of that strategy, which may be below the highest CEAC
    expected_loss                    mean of (best net benefit of the draw - net benefit of the strategy)
    evpi, evpi_se                    the loss of the optimal strategy: mean of maxima less maximum of means;
                                     its Monte Carlo standard error takes the optimal strategy as given
                                     (nan with a single draw)
    """

    wtp: np.ndarray
    n_draws: int
    probability_most_cost_effective: np.ndarray
    optimal: np.ndarray
    probability_optimal: np.ndarray
    expected_loss: np.ndarray
    evpi: np.ndarray
    evpi_se: np.ndarray

    def at(self, wtp) -> Acceptability:
        """The same at some of its thresholds only; ValueError where one was not computed: the nearest is another number."""
        wanted = checked_wtp(wtp)
        missing = wanted[~np.isin(wanted, self.wtp)]
        if missing.size:
            raise ValueError(f"no acceptability at a willingness to pay of {missing[0]:g}: it was not computed there")
        rows = np.array([int(np.flatnonzero(self.wtp == w)[0]) for w in wanted])
        columns = {name: value[rows] for name, value in vars(self).items() if name != "n_draws"}
        return Acceptability(n_draws=self.n_draws, **columns)

    @property
    def probability_se(self) -> np.ndarray:
        """Monte Carlo standard error of the CEAC [wtp, strategy] (binomial)."""
        p = self.probability_most_cost_effective
        return np.sqrt(p * (1 - p) / self.n_draws)


def acceptability(cost, effect, wtp) -> Acceptability:
    """CEAC, CEAF, expected loss and EVPI of `cost`, `effect` [strategy, draw] at each of `wtp` [wtp]."""
    cost, effect = checked(cost, effect, ("strategy", "draw"))
    wtp = checked_wtp(wtp)
    n_strategies, n = cost.shape
    mean = wtp[:, None] * effect.mean(axis=1) - cost.mean(axis=1)
    optimal = mean.argmax(axis=1)
    wins, loss, loss_squared = np.zeros((len(wtp), n_strategies)), np.zeros(len(wtp)), np.zeros(len(wtp))
    size = max(1, BLOCK // n_strategies)
    for start in range(0, n, size):
        draws = slice(start, start + size)
        _add_block(cost[:, draws], effect[:, draws], wtp, optimal, wins, loss, loss_squared)
    evpi = loss / n
    at = np.arange(len(wtp))
    # The optimal strategy's loss is summed draw by draw: no cancellation, so EVPI is 0 exactly where one
    # strategy is best in every draw, and never negative. The others lose the difference of means on top.
    expected_loss = evpi[:, None] + (mean[at, optimal][:, None] - mean)
    share = wins / n
    return Acceptability(
        wtp, n, share, optimal, share[at, optimal], expected_loss, evpi, _standard_error(evpi, loss_squared, n)
    )


def winners(cost, effect, wtp: float) -> np.ndarray:
    """[strategy, draw]: share of each draw won at one threshold, whose mean over draws is the CEAC."""
    cost, effect = checked(cost, effect, ("strategy", "draw"))
    benefit, tie = wtp * effect - cost, ROUND_OFF * (wtp * np.abs(effect).max() + np.abs(cost).max())
    is_best = benefit >= benefit.max(axis=0) - tie
    return is_best / is_best.sum(axis=0)


def _add_block(cost, effect, wtp, optimal, wins, loss, loss_squared):
    """Adds this block's draws to the running sums `wins` [wtp, strategy], `loss` and `loss_squared` [wtp]."""
    cost, effect = np.ascontiguousarray(cost), np.ascontiguousarray(effect)
    tie = ROUND_OFF * (wtp * np.abs(effect).max() + np.abs(cost).max())[:, None]
    several = max(1, 2**14 // cost.size)  # thresholds at once, so that few draws do not mean many small steps
    for k in range(0, len(wtp), several):
        part = slice(k, k + several)
        benefit = wtp[part, None, None] * effect
        benefit -= cost
        best = benefit.max(axis=1)
        wins[part] += _shared_wins(benefit >= (best - tie[part])[:, None])
        best -= np.take_along_axis(benefit, optimal[part, None, None], axis=1)[:, 0]
        loss[part] += best.sum(axis=1)
        loss_squared[part] += np.square(best, out=best).sum(axis=1)


def _shared_wins(is_best):
    """[wtp, strategy]: draws won by each strategy; a draw that m strategies win counts 1/m for each of them."""
    wins = np.count_nonzero(is_best, axis=2)
    if wins.sum() == is_best.shape[0] * is_best.shape[2]:
        return wins
    return (is_best / np.count_nonzero(is_best, axis=1)[:, None]).sum(axis=2)


def _standard_error(mean, sum_of_squares, n):
    if n == 1:
        return np.full_like(mean, np.nan)
    return np.sqrt(np.maximum(sum_of_squares / n - mean**2, 0) / (n - 1))
