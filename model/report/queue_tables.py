"""How the resources did: waits, queues, use and what happened to those who waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis import queue_results
from model.analysis.queue_results import OverTime, Queues
from model.analysis.summaries import Summary

if TYPE_CHECKING:
    import pandas as pd


def queue_tables(found: Queues) -> dict[str, pd.DataFrame]:
    """Tables of the base case of a run with queues, by file name."""
    import pandas as pd

    gave_up = [_row(row) for row in queue_results.ended_waiting(found)]
    columns = ["strategy", "resource", "group", "state", *Summary._fields]
    return {
        "waits": pd.DataFrame([_row(row) for row in queue_results.waits(found)]),
        "ended_waiting": pd.DataFrame(gave_up, columns=columns),
        "resource_use": pd.DataFrame([_row(row) for row in queue_results.resource_use(found)]),
        "queue_length": queue_length(found),
    }


def _row(result) -> dict[str, object]:
    """Its fields, and those of its summary."""
    return {name: value for name, value in vars(result).items() if name != "summary"} | result.summary._asdict()


def queue_length(found: Queues) -> pd.DataFrame:
    """Mean number of patients waiting for a resource and of units in use, in stretches of the calendar."""
    import pandas as pd

    parts = [
        pd.DataFrame(
            {"strategy": part.strategy, "resource": part.resource, "day": part.day}
            | _range("waiting", part.waiting)
            | _range("in_use", part.in_use)
        )
        for part in queue_results.queues_over_time(found)
    ]
    return pd.concat(parts, ignore_index=True)


def _range(name: str, found: OverTime) -> dict[str, object]:
    return {f"mean_{name}": found.mean, f"{name}_lower_90": found.lower, f"{name}_upper_90": found.upper}
