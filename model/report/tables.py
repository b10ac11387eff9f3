"""Results of a run as tidy tables: one row a fact, strategies by their key, spelled-out column names (`report.columns`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import summaries
from model.analysis import survival as of_survival
from model.analysis.evaluate import Evaluation
from model.analysis.groups import several
from model.analysis.means import Errors, Means, NetBenefits, means, net_benefits, spread
from model.analysis.queue_results import queues_of
from model.analysis.run import Run
from model.outcomes import Outcomes
from model.report import landmark_tables, parameter_tables, profile_tables, psa_tables, severity_tables
from model.report.increment_columns import limits_of_increments
from model.report.named_tables import Tables
from model.report.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, object]
PROBABILITY = "probability_most_cost_effective"


def run_tables(run: Run) -> Tables:
    """Every table that a run leaves, by file name without '.csv'."""
    tables: dict[str, pd.DataFrame | Rows] = {
        "outcomes": outcomes(run),
        "incremental": incremental_table(run),
        "net_benefit": net_benefit_table(run),
        "trace": trace(run),
        "landmarks": landmark_tables.landmarks(run),
        "parameters": parameter_tables.parameters(run),
    }
    if run.patients is not None:
        from model.report import patient_tables

        tables |= patient_tables.patient_tables(run, run.patients)
    tables["medians"] = medians(run)
    if run.scenario.published or run.scenario.published_curves:
        from model.report import published_tables

        tables |= published_tables.run_tables(run)
    tables |= profile_tables.run_tables(run)
    tables |= severity_tables.run_tables(run)
    if (queues := queues_of(run)) is not None:
        from model.report import queue_tables

        tables |= queue_tables.queue_tables(queues)
    if several(run.base) and len(run.scenario.strategies) > 1:
        from model.report import group_tables

        tables["groups"] = group_tables.groups(run)
    if run.probabilistic is not None:
        tables |= psa_tables.run_tables(run, run.probabilistic)
    return Tables(tables)


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
    """Fully incremental analysis of the means, for QALYs and every other effect, by group; intervals over draws."""
    import pandas as pd

    rows: list[Row] = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            for effect in result.effects:
                about = {"analysis": analysis, "group": group, "effect": effect}
                cost, values = result.cost, result.get(effect)
                rows += [about | row for row in incremental_rows(result.strategies, means(cost, values), cost, values)]
    return pd.DataFrame(rows)


def incremental_rows(strategies: Sequence[str], found: Means, cost: np.ndarray, effect: np.ndarray) -> Iterator[Row]:
    """Rows in order of cost, of cost and effect [strategy, draw]; `comparator` is blank for the reference."""
    for s in found.by_cost:
        against = int(found.incremental.comparator[s])
        has_icer = bool(np.isfinite(found.incremental.icer[s]))
        yield {
            "strategy": strategies[s],
            "cost": found.cost[s],
            "effect_value": found.effect[s],
            "comparator": strategies[against] if against >= 0 else "",
            "incremental_cost": found.incremental.incremental_cost[s],
            "incremental_effect": found.incremental.incremental_effect[s],
            "icer": found.incremental.icer[s],
            "status": found.incremental.status[s],
            **limits_of_increments(spread(cost, effect, s, against, has_icer) if against >= 0 else None),
        }


def net_benefit_table(run: Run) -> pd.DataFrame:
    """NMB and NHB at the thresholds, by group; errors over draws, in the base case those of the simulation. With a PSA also
    the probability of being the most cost-effective, without the noise of a finite number of patients."""
    import pandas as pd

    rows: list[Row] = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            about = {"analysis": analysis, "group": group}
            found = _net_benefits(run, about, evaluation, result)
            rows += [about | row for row in net_benefit_rows(result.strategies, found, run.reference)]
    table = pd.DataFrame(rows)
    return table if run.psa is not None else table.drop(columns=PROBABILITY, errors="ignore")


def _net_benefits(run: Run, about: dict[str, str], evaluation: Evaluation, result: Outcomes) -> NetBenefits:
    thresholds, effect, group = run.scenario.wtp.thresholds, run.decision.effect, about["group"]
    errors, decisions = None, None
    if about["analysis"] == "probabilistic":
        decisions = run.decisions[group]
    elif evaluation.simulated:
        simulated = evaluation.simulated[group]
        own, increment = (
            np.array([of(wtp, effect)[:, 0] for wtp in thresholds]) for of in (simulated.nmb_se, simulated.inb_se)
        )
        errors = Errors(own, increment, simulated.freedom)
    return net_benefits(result.cost, result.get(effect), thresholds, run.reference, decisions, errors)


def net_benefit_rows(strategies: Sequence[str], found: NetBenefits, reference: int) -> Iterator[Row]:
    """NMB and NHB by threshold; `standard_error` is that of the NMB. The probability is blank without a PSA."""
    for w, wtp in enumerate(found.wtp):
        for s, strategy in enumerate(strategies):
            yield {
                "wtp": wtp,
                "strategy": strategy,
                "nmb": found.nmb[w, s],
                "nhb": found.nhb[w, s],
                "standard_error": found.standard_error[w, s],
                PROBABILITY: np.nan if found.probability is None else found.probability[w, s],
                "lower_95": found.limits[0, w, s],
                "upper_95": found.limits[1, w, s],
                "comparator": "" if s == reference else strategies[reference],
                "incremental_nmb": found.increment[w, s],
                "incremental_nmb_lower_95": found.increment_limits[0, w, s],
                "incremental_nmb_upper_95": found.increment_limits[1, w, s],
            }


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
