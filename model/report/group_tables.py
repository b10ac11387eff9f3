"""Table of each strategy against the reference in every group of patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis.groups import Compared, compared
from model.analysis.run import Run
from model.report.increment_columns import limits_of_increments
from model.report.numbers import ALL_PATIENTS

if TYPE_CHECKING:
    import pandas as pd


def groups(run: Run) -> pd.DataFrame:
    """A row a strategy and group: groups, subgroups and, last, all patients."""
    import pandas as pd

    return pd.DataFrame([_row(run, found) for found in compared(run)])


def _row(run: Run, found: Compared) -> dict[str, object]:
    strategies, decision = tuple(run.scenario.strategies), run.decision
    return {
        "analysis": found.analysis,
        "group": found.group,
        "label": run.scenario.group_labels.get(found.group, ALL_PATIENTS),
        "share": found.share,
        "strategy": strategies[found.strategy],
        "comparator": strategies[run.reference],
        "effect": decision.effect,
        "incremental_cost": found.cost.mean,
        "incremental_effect": found.effect.mean,
        "icer": found.icer,
        "status": found.status,
        **limits_of_increments(found.spread),
        "wtp": decision.wtp,
        "incremental_nmb": found.net_benefit.mean,
        "incremental_nmb_lower_95": found.net_benefit.lower_95,
        "incremental_nmb_upper_95": found.net_benefit.upper_95,
    }
