"""Results of a run as tidy tables: one row a fact, strategies by their key, spelled-out column names (`report.columns`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import summaries
from model.analysis import survival as of_survival
from model.analysis.evaluate import Evaluation
from model.analysis.means import Means, NetBenefits, means, net_benefits
from model.analysis.queue_results import queues_of
from model.analysis.run import Run
from model.report import parameter_tables, psa_tables

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, object]


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Every table that a run leaves, by file name without '.csv'."""
    tables = {
        "outcomes": outcomes(run),
        "incremental": incremental_table(run),
        "net_benefit": net_benefit_table(run),
        "trace": trace(run),
        "parameters": parameter_tables.parameters(run),
    }
    if run.patients is not None:
        from model.report import patient_tables

        tables |= patient_tables.patient_tables(run, run.patients)
    tables["medians"] = medians(run)
    if run.scenario.published:
        from model.report import published_tables

        tables |= published_tables.run_tables(run)
    if (queues := queues_of(run)) is not None:
        from model.report import queue_tables

        tables |= queue_tables.queue_tables(queues)
    if run.probabilistic is not None:
        tables |= psa_tables.run_tables(run, run.probabilistic)
    return tables


def _analyses(run: Run) -> Iterator[tuple[str, Evaluation]]:
    yield "deterministic", run.base
    if run.psa is not None:
        yield "probabilistic", run.psa


def outcomes(run: Run) -> pd.DataFrame:
    """Means with standard errors and 95 % intervals over draws. The base case has one draw: blank with the cohort engine,
    the simulation error of the mean with engines that follow patients."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "analysis": analysis,
                "group": found.group,
                "strategy": found.strategy,
                "outcome": found.outcome,
                "discounted": "true" if found.discounted else "false",
                **found.summary._asdict(),
            }
            for analysis, evaluation in _analyses(run)
            for found in summaries.outcomes(evaluation, of_patients=analysis == "deterministic")
        ]
    )


def incremental_table(run: Run) -> pd.DataFrame:
    """Fully incremental analysis of the means, for QALYs and every other effect, by group."""
    import pandas as pd

    rows: list[Row] = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            for effect in result.effects:
                about = {"analysis": analysis, "group": group, "effect": effect}
                found = means(result.cost, result.get(effect))
                rows += [about | row for row in incremental_rows(result.strategies, found)]
    return pd.DataFrame(rows)


def incremental_rows(strategies: Sequence[str], found: Means) -> Iterator[Row]:
    """Rows in order of cost; `comparator` is blank for the reference."""
    for s in found.by_cost:
        against = int(found.incremental.comparator[s])
        yield {
            "strategy": strategies[s],
            "cost": found.cost[s],
            "effect_value": found.effect[s],
            "comparator": strategies[against] if against >= 0 else "",
            "incremental_cost": found.incremental.incremental_cost[s],
            "incremental_effect": found.incremental.incremental_effect[s],
            "icer": found.incremental.icer[s],
            "status": found.incremental.status[s],
        }


def net_benefit_table(run: Run) -> pd.DataFrame:
    """NMB and NHB at the thresholds, by group; errors over draws, in the base case those of the simulation. With a PSA also
    the probability of being the most cost-effective, without the noise of a finite number of patients."""
    import pandas as pd

    thresholds, effect = run.scenario.wtp.thresholds, run.decision.effect
    rows: list[Row] = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            errors = None
            if evaluation.simulated and analysis == "deterministic":
                errors = np.array([evaluation.simulated[group].nmb_se(wtp, effect)[:, 0] for wtp in thresholds])
            decisions = run.decisions.get(group) if analysis == "probabilistic" else None
            found = net_benefits(result.cost, result.get(effect), thresholds, decisions, errors)
            rows += [
                {"analysis": analysis, "group": group, **row} for row in net_benefit_rows(result.strategies, found)
            ]
    return pd.DataFrame(rows)


def net_benefit_rows(strategies: Sequence[str], found: NetBenefits) -> Iterator[Row]:
    """NMB and NHB by threshold; `standard_error` is that of the NMB."""
    for w, wtp in enumerate(found.wtp):
        for s, strategy in enumerate(strategies):
            row: Row = {
                "wtp": wtp,
                "strategy": strategy,
                "nmb": found.nmb[w, s],
                "nhb": found.nhb[w, s],
                "standard_error": found.standard_error[w, s],
            }
            if found.probability is not None:
                row["probability_most_cost_effective"] = found.probability[w, s]
            yield row


def trace(run: Run) -> pd.DataFrame:
    """Base-case occupancy at the start of each cycle and at the horizon; time in the model's unit."""
    import pandas as pd

    scenario, parts = run.scenario, []
    kept = [i for i, s in enumerate(scenario.states.values()) if not s.chance]
    names = np.array(list(scenario.states))[kept]
    for group, found in run.base.traces.items():
        for s, strategy in enumerate(scenario.strategies):
            occupancy = found.occupancy[:, s, 0][:, kept]
            parts.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "strategy": strategy,
                        "time": np.repeat(found.times, len(kept)),
                        "state": np.tile(names, len(found.times)),
                        "occupancy": occupancy.ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def medians(run: Run) -> pd.DataFrame:
    """Median survival in the base case, of engines that follow patients the median time to each event, beside the published
    one where the scenario states it."""
    import pandas as pd

    columns = ["event", "label", "strategy", "unit", "median", "standard_error", "published", "source"]
    rows = [vars(median) for median in of_survival.medians(run)]
    return pd.DataFrame(rows, columns=columns)
