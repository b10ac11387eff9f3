"""Results of the run: base case, probabilistic analysis, net benefit, groups, queues; and its figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from model.decision import ALL
from model.outcome_keys import QALY
from model.report import numbers
from model.report.html.blocks import DETERMINISTIC, PROBABILISTIC, Block, Grid, Section, Text
from model.report.html.grids import MOST_ROWS, grid
from model.report.html.material import RUN, Material, of_all

if TYPE_CHECKING:
    import pandas as pd

TITLES = {DETERMINISTIC: "base case", PROBABILISTIC: "means of the draws"}
_STATED = ("analysis", "group", "effect")  # columns that a title states
QUEUES = {
    "waits": "Waits",
    "ended_waiting": "Patients whom an event moved on while they waited",
    "resource_use": "Use of resources",
    "queue_length": "",
}
SIMULATION = {
    "simulation_error": "Error of the simulation",
    "simulation_noise": "Noise of a finite number of patients in the draws",
}
ELSEWHERE = ("sampled_distributions", "over_time")  # figures with a section of their own
BY_GROUP = "group"
DRAWS = ("simulation_noise", "profile_departures")  # tables that are not of base values
_LONG = re.compile(r"\d+\.\d{7,}")


def results(material: Material) -> Section:
    blocks: list[Block] = [*increments(material), *totals(material), *uncertainty(material), *survival(material)]
    blocks += [g for name, title in (QUEUES | SIMULATION).items() if title for g in whole(material, name, title)]
    blocks += figures(material)
    return Section("results", "Results", tuple(blocks))


def increments(material: Material, group: str = ALL) -> list[Grid]:
    """Fully incremental tables, on the effect that decides and then on the others."""
    table = material.table("incremental")
    assert table is not None
    own, decides = table[table["group"] == group], material.run.decision.effect
    effects = [decides, *(e for e in dict.fromkeys(own["effect"]) if e != decides)]
    found = []
    for effect in effects:
        for analysis, words in TITLES.items():
            rows = own[(own["effect"] == effect) & (own["analysis"] == analysis)]
            if len(rows):
                title = f"Costs and {material.outcome(effect)}, {words}"
                found.append(_incremental(material, rows, title, analysis, effect))
    return found


def _incremental(
    material: Material, rows: pd.DataFrame, title: str, analysis: str, effect: str, lead: tuple[str, ...] = ()
) -> Grid:
    columns = [*lead, *_without(rows, *_STATED)]
    many = material.outcome(effect)
    headings = {"effect_value": many, "incremental_effect": f"Incremental {many if effect == QALY else many.lower()}"}
    note = f"{material.currency} a patient, discounted; in order of cost; each strategy against the one that stands under Versus."
    return grid(material, rows, RUN, "incremental", title, columns, analysis, note, headings)


def totals(material: Material) -> list[Grid]:
    """Every outcome of each strategy: discounted with its interval, and undiscounted."""
    table = material.table("outcomes")
    assert table is not None
    return [
        _totals(material, of_all(table[table["analysis"] == analysis]), analysis)
        for analysis in TITLES
        if (table["analysis"] == analysis).any()
    ]


def _totals(material: Material, table: pd.DataFrame, analysis: str) -> Grid:
    strategies = list(dict.fromkeys(table["strategy"]))
    rows = []
    for (outcome, discounted), own in table.groupby(["outcome", "discounted"], sort=False):
        digits = numbers.places(own["mean"]) if outcome.startswith("cost") else numbers.effect_places(own["mean"])
        cells = {row.strategy: _mean(row, digits) for row in own.itertuples()}
        how = "discounted" if discounted == "true" else "undiscounted"
        rows.append((material.word("outcome", outcome), how, *(cells.get(key, "") for key in strategies)))
    labels = [material.word("strategy", key) for key in strategies]
    of = "over draws" if analysis == PROBABILISTIC else "of the simulated mean"
    note = (
        f"Means a patient; in brackets 95 % intervals {of}." if table["lower_95"].notna().any() else "Means a patient."
    )
    header = ("Outcome", "", *labels)
    return Grid(f"Outcomes, {TITLES[analysis]}", header, tuple(rows), frozenset(range(2, len(header))), analysis, note)


def _mean(row, digits: int) -> str:
    mean = numbers.number(row.mean, digits)
    return f"{mean} ({numbers.interval(row.lower_95, row.upper_95, digits)})" if row.lower_95 == row.lower_95 else mean


def uncertainty(material: Material) -> list[Grid]:
    """Net benefit at the thresholds, intervals of ICERs, quadrants."""
    found = [
        grid(material, rows, RUN, "net_benefit", f"Net benefit, {TITLES[a]}", _without(rows, *_STATED), a)
        for a, rows in _by_analysis(material.table("net_benefit"))
    ]
    for name, title in (
        ("icer_interval", "95 % intervals of the ICER"),
        ("quadrants", "Shares of draws in the quadrants of the plane"),
    ):
        table = material.table(name)
        if table is not None:
            rows = of_all(table)
            found.append(grid(material, rows, RUN, name, title, _without(rows, "group"), PROBABILISTIC))
    return found


def _by_analysis(table: pd.DataFrame | None):
    if table is None:
        return
    for analysis in TITLES:
        rows = of_all(table[table["analysis"] == analysis])
        if len(rows):
            yield analysis, rows


def _without(table: pd.DataFrame, *names: str) -> list[str]:
    return [c for c in table.columns if c not in names]


def survival(material: Material) -> list[Block]:
    found = whole(material, "medians", "Medians")
    table = material.table("landmarks")
    return found + ([] if table is None else whole(material, "landmarks", "Shares of patients at chosen times"))


def whole(material: Material, name: str, title: str, command: str = RUN) -> list[Block]:
    """A table as it is, where it is not too long."""
    table = material.table(name, command)
    if table is None:
        return []
    if len(table) > MOST_ROWS:
        return [Text((f"{title}: {len(table):,} rows, in tables/{name}.csv.",))]
    columns = [c for c in table.columns if c != "group" or table["group"].nunique() > 1]
    stated = tuple(dict.fromkeys(table["analysis"])) if "analysis" in table else ()
    basis = stated[0] if len(stated) == 1 else DETERMINISTIC if command == RUN and name not in DRAWS else ""
    return [grid(material, table, command, name, title, columns, basis)]


def figures(material: Material) -> list[Block]:
    return [
        picture
        for name, picture in material.pictures.get(RUN, {}).items()
        if name not in ELSEWHERE and not name.startswith(BY_GROUP)
    ]


def groups(material: Material) -> Section | None:
    """The same by group and subgroup of patients; None where all are alike."""
    table = material.table("incremental")
    assert table is not None
    own = table[(table["group"] != ALL) & (table["effect"] == material.run.decision.effect)]
    if not len(own) or len(material.scenario.group_labels) < 2:
        return None
    pictures = [p for name, p in material.pictures.get(RUN, {}).items() if name.startswith(BY_GROUP)]
    compared = whole(material, "groups", "Each group against the reference")
    return Section("groups", "Groups", (*_shares(material), *pictures, *compared, *_of_groups(material, own)))


def _shares(material: Material) -> list[Grid]:
    """Who they are: weights as the file states them."""
    rows = tuple(
        (group.label or key, _LONG.sub(_short, group.weight.text)) for key, group in material.scenario.groups.items()
    )
    if not 1 < len(rows) <= MOST_ROWS:
        return []
    return [Grid("Groups of patients at the start", ("Group", "Share"), rows, frozenset({1}))]


def _short(number: re.Match) -> str:
    """Without the digits that arithmetic on shares has left."""
    return f"{float(number[0]):.6g}"


def _of_groups(material: Material, table: pd.DataFrame) -> list[Block]:
    found: list[Block] = []
    for analysis, words in TITLES.items():
        rows = table[table["analysis"] == analysis]
        title = f"Costs and {material.effect.many} by group, {words}"
        if len(rows) > 4 * MOST_ROWS:
            found.append(Text((f"{title}: {len(rows):,} rows, in tables/incremental.csv.",)))
        elif len(rows):
            found.append(_incremental(material, rows, title, analysis, material.run.decision.effect, ("group",)))
    return found
