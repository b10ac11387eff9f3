"""What a run prints of its groups of patients, and an ICER as a number or in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.groups import shown
from model.decision import ALL
from model.effects import Words, words_of
from model.report import text
from model.report.numbers import column, effect_places, interval, number, percent, places, shares, stated, versus
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 15  # of each strategy
WORDS = {"dominant": "dominates", "dominated": "dominated", "equal": "equal"}


def group_text(table: pd.DataFrame, scenario: Scenario) -> str:
    """A block a strategy: each group, and all patients below. table: `groups`."""
    effect = words_of(scenario, table["effect"].iloc[0])
    groups = kept(table, scenario, MOST_LINES)
    parts = [
        "\n".join([_heading(part, scenario, effect), _block(part[part["group"].isin(groups)], scenario, effect)])
        for _, part in table.groupby("strategy", sort=False)
    ]
    left_out = len(set(table["group"])) - len(groups)
    if left_out:
        parts.append(f"The largest groups are shown; {left_out} more are in tables/groups.csv.")
    return "\n\n".join(parts)


def kept(table: pd.DataFrame, scenario: Scenario, most: int) -> list[str]:
    """The groups that people are shown, in the order of the table."""
    return shown(scenario, dict(zip(table["group"], table["share"])), most)


def _heading(part: pd.DataFrame, scenario: Scenario, effect: Words) -> str:
    first = part.iloc[0]
    pair = versus(scenario.labels[first["strategy"]], scenario.labels[first["comparator"]])
    at = f"{scenario.currency} {stated(first['wtp'])} per {effect.one}"
    return f"By group, {pair} ({first['analysis']}; net monetary benefit, NMB, at {at})"


def _block(part: pd.DataFrame, scenario: Scenario, effect: Words) -> str:
    code, limits = scenario.currency, part[["incremental_nmb_lower_95", "incremental_nmb_upper_95"]].to_numpy()
    digits, decimals = places(part["incremental_nmb"]), effect_places(part["incremental_effect"])
    columns = {
        "Group": list(part["label"]),
        "Share": shares_of(part, scenario.subgroups),
        f"Inc. cost ({code})": column(part["incremental_cost"]),
        f"Inc. {effect.heading}": [number(x, decimals) for x in part["incremental_effect"]],
        f"ICER ({code} per {effect.one})": ratios(part, effect),
        f"Inc. NMB ({code})": [number(x, digits) for x in part["incremental_nmb"]],
        "95 % interval": [interval(low, high, digits) for low, high in limits],
    }
    if not np.isfinite(limits).any():
        del columns["95 % interval"]
    return text.table(list(columns), [list(row) for row in zip(*columns.values())])


def shares_of(part: pd.DataFrame, subgroups: Collection[str]) -> list[str]:
    """Shares of the patients; those of groups add up to 100.0 where all of them are there."""
    apart = [group not in subgroups and group != ALL for group in part["group"]]
    of_groups = iter(shares(part["share"][apart]))
    return [next(of_groups) if own else percent(share) for own, share in zip(apart, part["share"])]


def ratios(part: pd.DataFrame, effect: Words) -> list[str]:
    """ICERs of rows of `groups`: a number where more is paid for more effect, else words."""
    numbers = column(part["icer"])
    return [ratio(status, written, effect) for status, written in zip(part["status"], numbers)]


def ratio(status: str, written: str, effect: Words) -> str:
    """An ICER as it was written, or in words where the number alone would mislead. status: a word of `icer.VERDICTS`."""
    if status == "costs less, less effective":
        return f"saves {written} per {effect.one} lost"
    return WORDS.get(status, written)


def without(groups: Sequence[str], table: pd.DataFrame) -> str:
    """What a figure of some groups says of the others."""
    left_out = len(set(table["group"])) - len(groups)
    return f" (the largest; {left_out} more in the CSV)" if left_out else ""
