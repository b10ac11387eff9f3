"""What the HTA body of the scenario's profile asks for, beside what the scenario has."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from model.profiles import departures, profile_of
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def run_tables(scenario: Scenario) -> dict[str, pd.DataFrame]:
    """The table of departures; none without a profile."""
    import pandas as pd

    found = departures(scenario)
    rows = [{**dataclasses.asdict(one), "departs": "true" if one.departs else "false"} for one in found]
    return {"profile_departures": pd.DataFrame(rows)} if rows else {}


def line(scenario: Scenario) -> str:
    """What a run prints of it; nothing without a profile."""
    profile = profile_of(scenario)
    if profile is None:
        return ""
    found = [f"{one.item} ({one.here}, not {one.body_asks})" for one in departures(scenario) if one.departs]
    return f"Profile of {profile.label}: " + (f"departures: {', '.join(found)}" if found else "no departures") + "."
