"""What the HTA body of the scenario's profile asks for, beside what the scenario has."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

from model.analysis.run import Run
from model.profiles import departures, left_out, profile_of
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def run_tables(run: Run, beside: Collection[str] | None = None) -> dict[str, pd.DataFrame]:
    """The table of departures; none without a profile. beside: commands of the report, where the run is part of one."""
    import pandas as pd

    found = departures(run.scenario, run.psa is not None, beside)
    rows = [{**dataclasses.asdict(one), "departs": "true" if one.departs else "false"} for one in found]
    return {"profile_departures": pd.DataFrame(rows)} if rows else {}


def line(run: Run) -> str:
    """What a run prints of it; nothing without a profile."""
    profile = profile_of(run.scenario)
    if profile is None:
        return ""
    found = [
        f"{one.item} ({one.here}, not {one.body_asks})"
        for one in departures(run.scenario, run.psa is not None)
        if one.departs
    ]
    return f"Profile of {profile.label}: " + (f"departures: {', '.join(found)}" if found else "no departures") + "."


def left_out_text(scenario: Scenario, beside: Collection[str]) -> str:
    """What the body asks for and the report of these commands does not have; nothing where it has all."""
    missing, profile = left_out(scenario, beside), profile_of(scenario)
    return (
        ""
        if profile is None or not missing
        else f"{profile.label} asks for, and not in this report: {'; '.join(missing)}."
    )
