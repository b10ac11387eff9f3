"""Tables of the draws of a PSA, and of the decision that they leave open.

Where they are by group, all patients come first: their rows are those of a scenario without groups.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.groups import kept_draws
from model.analysis.means import Pair, pairs
from model.analysis.pairwise import Pairwise
from model.analysis.run import Psa, Run
from model.decision import ALL
from model.draws import Draws
from model.economics.acceptability import Acceptability
from model.grouped import Grouped
from model.outcomes import Outcomes
from model.report.rows import Part, Rows
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run, psa: Psa) -> dict[str, pd.DataFrame | Rows]:
    """Of a run with a PSA, by file name."""
    import pandas as pd

    strategies, total = tuple(run.scenario.strategies), psa.evaluation.total
    others = pairs(total.cost, total.get(run.decision.effect), run.reference)
    of_all = curves(psa.curves, strategies)
    groups = [ceac(found, strategies, group) for group, found in psa.decisions.items() if group != ALL]
    return {
        **of_all,
        **uncertainty_tables(others, strategies, run.reference),
        **by_group(psa.evaluation.outcomes),
        "psa_parameters": parameters(run, psa),
        "ceac": pd.concat([of_all["ceac"], *groups], ignore_index=True),
    }


def by_group(outcomes: Grouped[Outcomes]) -> dict[str, pd.DataFrame | Rows]:
    """Draws of all patients and of each group as `psa`; the latter as `psa_groups` where they make a file too large."""
    kept = kept_draws(outcomes)
    total = draws(outcomes.total)
    groups = [part for key, result in outcomes.items() if key != ALL for part in draws(result, key, kept.draws)]
    if kept.apart:
        return {"psa": Rows(total), "psa_groups": Rows(groups)}
    return {"psa": Rows([*total, *groups])}


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


def plane(others: list[Pair], strategies, reference: int) -> Rows:
    """Draws of the incremental plane."""
    return Rows(
        [_increments(pair, strategies[pair.strategy], strategies[reference]) for pair in others] or [_no_pair()]
    )


def pairwise(found: list[Pairwise]) -> tuple[Rows, pd.DataFrame]:
    """(increments of the draws, acceptability) of pairs."""
    import pandas as pd

    curves = []
    for pair in found:
        about = {"strategy": pair.strategy, "comparator": pair.comparator}
        known = {"probability_more_cost_effective": pair.probability, "standard_error": pair.error}
        curves.append(pd.DataFrame({"wtp": pair.wtp, **about, **known}))
    plane = Rows([_increments(pair, pair.strategy, pair.comparator) for pair in found])
    return plane, pd.concat(curves, ignore_index=True)


def _increments(pair: Pair | Pairwise, strategy: str, comparator: str) -> Part:
    import pandas as pd

    def make(start: int, stop: int) -> pd.DataFrame:
        increments = {"incremental_cost": pair.cost[start:stop], "incremental_effect": pair.effect[start:stop]}
        return pd.DataFrame({**_numbered(start, stop), "strategy": strategy, "comparator": comparator, **increments})

    return Part(len(pair.cost), make)


def _no_pair() -> Part:
    import pandas as pd

    columns = ["draw", "strategy", "comparator", "incremental_cost", "incremental_effect"]
    return Part(0, lambda start, stop: pd.DataFrame(columns=columns))


def draws(result: Outcomes, group: str = ALL, most: int | None = None) -> list[Part]:
    """Discounted cost and effects of each draw (numbered from 1; at most so many) of each strategy, of one group of patients."""
    n = result.values.shape[-1] if most is None else most
    return [Part(n, partial(_draws, result, group, s)) for s in range(len(result.strategies))]


def _draws(result: Outcomes, group: str, strategy: int, start: int, stop: int) -> pd.DataFrame:
    import pandas as pd

    values = {name: result.some(name, strategy, start, stop) for name in result.totals}
    about = {"strategy": result.strategies[strategy], **values, "group": group}
    return pd.DataFrame({**_numbered(start, stop), **about})


def _numbered(start: int, stop: int) -> dict[str, np.ndarray]:
    return {"draw": np.arange(start + 1, stop + 1)}


def sampled(scenario: Scenario, draws: Draws) -> dict[str, np.ndarray]:
    """[draw] of each parameter that is sampled."""
    return {name: draws.column(name) for name, p in scenario.parameters.items() if p.sampled}


def parameters(run: Run, psa: Psa) -> Rows:
    """Sampled values in the units that the file states."""
    import pandas as pd

    values = sampled(run.scenario, psa.draws)

    def make(start: int, stop: int) -> pd.DataFrame:
        return pd.DataFrame({**_numbered(start, stop), **{n: column[start:stop] for n, column in values.items()}})

    return Rows([Part(psa.draws.n, make)])
