"""Tables of the draws of a PSA, and of the decision that they leave open.

Where they are by group, all patients come first: their rows are those of a scenario without groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.groups import kept_draws
from model.analysis.means import Pair, pairs
from model.analysis.pairwise import Pairwise
from model.analysis.run import Psa, Run
from model.decision import ALL
from model.economics.acceptability import Acceptability
from model.grouped import Grouped
from model.outcomes import Outcomes

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run, psa: Psa) -> dict[str, pd.DataFrame]:
    """Of a run with a PSA, by file name."""
    import pandas as pd

    strategies, total = tuple(run.scenario.strategies), psa.evaluation.total
    others = pairs(total.cost, total.get(run.decision.effect), run.reference)
    made = {
        **curves(psa.curves, strategies),
        **uncertainty_tables(others, strategies, run.reference),
        **by_group(psa.evaluation.outcomes),
        "psa_parameters": parameters(run, psa),
    }
    groups = [ceac(found, strategies, group) for group, found in psa.decisions.items() if group != ALL]
    return made | {"ceac": pd.concat([made["ceac"], *groups], ignore_index=True)}


def by_group(outcomes: Grouped[Outcomes]) -> dict[str, pd.DataFrame]:
    """Draws of all patients and of each group as `psa`; the latter as `psa_groups` where they make a file too large."""
    import pandas as pd

    kept = kept_draws(outcomes)
    total, made = draws(outcomes.total), [draws(part, key, kept.draws) for key, part in outcomes.items() if key != ALL]
    if kept.apart:
        return {"psa": total, "psa_groups": pd.concat(made, ignore_index=True)}
    return {"psa": pd.concat([total, *made], ignore_index=True)}


def curves(found: Acceptability, strategies) -> dict[str, pd.DataFrame]:
    """CEAC, CEAF, expected loss and EVPI tables."""
    import pandas as pd

    n, names = len(found.wtp), np.array(strategies)
    long = _long(found, names)
    column = "probability_most_cost_effective"
    return {
        "ceac": ceac(found, names),
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


def ceac(found: Acceptability, strategies, group: str = ALL) -> pd.DataFrame:
    """Acceptability curves of one group of patients."""
    import pandas as pd

    columns = {
        "probability_most_cost_effective": found.probability_most_cost_effective.ravel(),
        "standard_error": found.probability_se.ravel(),
        "group": group,
    }
    return pd.DataFrame(_long(found, np.array(strategies)) | columns)


def _long(found: Acceptability, names: np.ndarray) -> dict[str, np.ndarray]:
    return {"wtp": np.repeat(found.wtp, len(names)), "strategy": np.tile(names, len(found.wtp))}


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


def pairwise(found: list[Pairwise]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(increments of the draws, acceptability) of pairs."""
    import pandas as pd

    plane, curves = [], []
    for pair in found:
        about = {"strategy": pair.strategy, "comparator": pair.comparator}
        increments = {"incremental_cost": pair.cost, "incremental_effect": pair.effect}
        plane.append(pd.DataFrame({"draw": np.arange(1, len(pair.cost) + 1), **about, **increments}))
        known = {"probability_more_cost_effective": pair.probability, "standard_error": pair.error}
        curves.append(pd.DataFrame({"wtp": pair.wtp, **about, **known}))
    return pd.concat(plane, ignore_index=True), pd.concat(curves, ignore_index=True)


def draws(result: Outcomes, group: str = ALL, most: int | None = None) -> pd.DataFrame:
    """Discounted cost and effects of each draw (numbered from 1; at most so many) and strategy, of one group of patients."""
    import pandas as pd

    n = result.values.shape[-1] if most is None else most
    long = {"draw": np.tile(np.arange(1, n + 1), len(result.strategies)), "strategy": np.repeat(result.strategies, n)}
    values = {name: result.get(name)[:, :n].ravel() for name in result.totals}
    return pd.DataFrame(long | values | {"group": group})


def parameters(run: Run, psa: Psa) -> pd.DataFrame:
    """Sampled values in the units that the file states."""
    import pandas as pd

    sampled = [name for name, p in run.scenario.parameters.items() if p.sampled]
    return pd.DataFrame({"draw": np.arange(1, psa.draws.n + 1), **{n: psa.draws.column(n) for n in sampled}})
