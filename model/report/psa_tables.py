"""Tables of the draws of a PSA, and of the decision that they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.means import Pair, pairs
from model.analysis.run import Psa, Run
from model.economics.acceptability import Acceptability
from model.outcomes import Outcomes

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run, psa: Psa) -> dict[str, pd.DataFrame]:
    """Of a run with a PSA, by file name."""
    strategies, total = tuple(run.scenario.strategies), psa.evaluation.total
    others = pairs(total.cost, total.get(run.decision.effect), run.reference)
    return {
        **curves(psa.curves, strategies),
        **uncertainty_tables(others, strategies, run.reference),
        "psa": draws(total),
        "psa_parameters": parameters(run, psa),
    }


def curves(found: Acceptability, strategies) -> dict[str, pd.DataFrame]:
    """CEAC, CEAF, expected loss and EVPI tables."""
    import pandas as pd

    n, names = len(found.wtp), np.array(strategies)
    long = {"wtp": np.repeat(found.wtp, len(names)), "strategy": np.tile(names, n)}
    column = "probability_most_cost_effective"
    return {
        "ceac": pd.DataFrame(
            long
            | {column: found.probability_most_cost_effective.ravel(), "standard_error": found.probability_se.ravel()}
        ),
        "ceaf": pd.DataFrame(
            {
                "wtp": found.wtp,
                "strategy": names[found.optimal],
                column: found.probability_optimal,
                "standard_error": found.probability_se[np.arange(n), found.optimal],
            }
        ),
        "expected_loss": pd.DataFrame(long | {"expected_loss": found.expected_loss.ravel()}),
        "evpi": pd.DataFrame({"wtp": found.wtp, "evpi": found.evpi, "standard_error": found.evpi_se}),
    }


def uncertainty_tables(others: list[Pair], strategies, reference: int) -> dict[str, pd.DataFrame]:
    """Intervals of the ICER and quadrant shares of every strategy against the reference; `status` is that of the means."""
    import pandas as pd

    intervals, quadrants = [], []
    for pair in others:
        about = {"strategy": strategies[pair.strategy], "comparator": strategies[reference]}
        for method, found in pair.intervals.items():
            intervals.append(
                about
                | {
                    "method": method,
                    "icer": found.icer,
                    "lower_95": found.lower,
                    "upper_95": found.upper,
                    "kind": found.kind,
                    "status": pair.status,
                }
            )
        quadrants += [about | {"quadrant": q, "share_of_draws": share} for q, share in pair.quadrants.items()]
    return {"icer_interval": pd.DataFrame(intervals), "quadrants": pd.DataFrame(quadrants)}


def plane(others: list[Pair], strategies, reference: int) -> pd.DataFrame:
    """Draws of the incremental plane."""
    import pandas as pd

    columns = ["draw", "strategy", "comparator", "incremental_cost", "incremental_effect"]
    parts = [
        pd.DataFrame(
            {
                "draw": np.arange(1, len(pair.cost) + 1),
                "strategy": strategies[pair.strategy],
                "comparator": strategies[reference],
                "incremental_cost": pair.cost,
                "incremental_effect": pair.effect,
            }
        )
        for pair in others
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def draws(result: Outcomes, effects: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Discounted cost and effects of each draw (numbered from 1) and strategy."""
    import pandas as pd

    n = result.values.shape[-1]
    long = {"draw": np.tile(np.arange(1, n + 1), len(result.strategies)), "strategy": np.repeat(result.strategies, n)}
    wanted = ("cost", *result.effects) if effects is None else effects
    return pd.DataFrame(long | {name: result.get(name).ravel() for name in wanted})


def parameters(run: Run, psa: Psa) -> pd.DataFrame:
    """Sampled values in the units that the file states."""
    import pandas as pd

    sampled = [name for name, p in run.scenario.parameters.items() if p.sampled]
    return pd.DataFrame({"draw": np.arange(1, psa.draws.n + 1), **{n: psa.draws.column(n) for n in sampled}})
