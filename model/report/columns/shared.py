"""Columns that have one meaning in every table. Those whose meaning depends on the table (`status`, `mean`) stand with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from model.report.columns.column import (
    COUNT,
    EFFECT,
    MONEY,
    NUMBER,
    RATIO,
    ROW,
    SHARE,
    TEXT,
    TIME,
    TRUTH,
    Column,
    Table,
)

_LISTED = (
    Column("analysis", TEXT, "`deterministic` (base values) or `probabilistic` (draws)"),
    Column("group", TEXT, "group of patients, by its key; `all` for all together"),
    Column("strategy", TEXT, "strategy, by its key"),
    Column("comparator", TEXT, "strategy that it is compared with; blank for none"),
    Column("reference", TEXT, "strategy that the others are compared with"),
    Column("outcome", TEXT, "`cost`, `cost: COMPONENT`, `qaly`, `life_years` or an effect of the file"),
    Column("discounted", TRUTH, "whether discounted"),
    Column("effect", TEXT, "effect, by its key"),
    Column("wtp", RATIO, "willingness to pay for a unit of the effect"),
    Column("cost", MONEY, "mean cost"),
    Column("effect_value", EFFECT, "mean effect"),
    Column("incremental_cost", MONEY, "cost of the strategy minus that of its comparator"),
    Column("incremental_effect", EFFECT, "effect of the strategy minus that of its comparator"),
    Column("icer", RATIO, "incremental cost / incremental effect; blank where a ratio says nothing"),
    Column("nmb", MONEY, "net monetary benefit: wtp x effect - cost"),
    Column("nhb", EFFECT, "net health benefit: effect - cost / wtp"),
    Column("incremental_nmb", MONEY, "net monetary benefit minus that of the reference"),
    Column("incremental_net_benefit", MONEY, "net monetary benefit minus that of the reference"),
    Column(
        "probability_most_cost_effective", SHARE, "share of draws in which the strategy has the highest net benefit"
    ),
    Column(
        "expected_loss", MONEY, "mean net benefit lost by choosing the strategy instead of the best one of each draw"
    ),
    Column("evpi", MONEY, "expected value of perfect information"),
    Column("evppi", MONEY, "expected value of partial perfect information"),
    Column("draw", COUNT, "number of the draw, from 1"),
    Column("draws", COUNT, "draws so far"),
    Column("time", TIME, "time"),
    Column("state", TEXT, "state, by its key"),
    Column("parameter", TEXT, "parameter, by its name"),
    Column("source", TEXT, "source as the file states it"),
    Column("unit", TEXT, "unit of the row's figures"),
    Column("label", TEXT, "label in figures"),
    Column("resource", TEXT, "resource, by its key; several that are asked for together are joined by ` + `"),
    Column("measure", TEXT, "what is measured"),
    Column("case", TEXT, "label of the case"),
    Column("series", TEXT, "analysis or strategy that the point belongs to"),
    Column("degrees_of_freedom", NUMBER, "degrees of freedom of the standard errors, for Student's t", optional=True),
    Column("settings", TEXT, "what is set in the place of the file's values"),
    Column("runs", COUNT, "runs of the model that were made"),
    Column("result", ROW, "the result shown"),
    Column("low", ROW, "lower limit of the 95 % interval"),
    Column("high", ROW, "upper limit of the 95 % interval"),
    Column("x", ROW, "value of the input of the horizontal axis"),
    Column("y", ROW, "value of the input of the vertical axis"),
)
COLUMNS = {column.name: column for column in _LISTED}


def columns(*listed: str | Column) -> tuple[Column, ...]:
    """Columns by name, several in one text ('?' after a name: optional), or as they are."""
    found: list[Column] = []
    for part in listed:
        if isinstance(part, Column):
            found.append(part)
            continue
        for name in part.split():
            known = COLUMNS[name.removesuffix("?")]
            found.append(replace(known, optional=True) if name.endswith("?") else known)
    return tuple(found)


# Columns of keys that have one of labels behind the last column, but in tables of draws, patients and occupancy.
LABELLED = ("strategy", "comparator", "reference", "group", "state", "parameter", "input")
WITHOUT_LABELS = frozenset(
    [
        "psa",
        "psa_groups",
        "trace",
        "occupancy",
        "over_time",
        "patient_histories",
        "swimlanes",
        "patient_spread",
        "time_to_event",
        "cost_effectiveness_plane",
        "plane_pairwise",
    ]
)


HAVE_LABELS = {"groups": "group", "landmarks": "state"}  # tables whose column `label` is that of a key


def keys_to_label(name: str, listed: Iterable[str]) -> list[str]:
    """Of the columns of a table, those that have another of labels behind the last."""
    if name in WITHOUT_LABELS:
        return []
    known = set(listed)
    return [k for k in LABELLED if k in known and f"{k}_label" not in known and HAVE_LABELS.get(name) != k]


def _with_labels(name: str, found: tuple[Column, ...]) -> tuple[Column, ...]:
    keys = keys_to_label(name, [column.name for column in found])
    return found + tuple(
        Column(f"{key}_label", TEXT, f"label of the {key}, its key where it has none", optional=True) for key in keys
    )


def table(commands: str, name: str, about: str, *listed: str | Column, figure: bool = False) -> Table:
    """A table; commands that write it, separated by spaces; columns as in `columns`."""
    return Table(tuple(commands.split()), name, about, _with_labels(name, columns(*listed)), figure)


def figure(commands: str, name: str, about: str, *listed: str | Column) -> Table:
    """The CSV beside a figure."""
    return table(commands, name, about, *listed, figure=True)


SIMULATION = "; blank without simulation"
QUADRANT = Column(
    "status",
    TEXT,
    "the strategy against the one it is compared with: `dominant`, `dominated`, `costs more, more effective`, `costs less, less effective` or `equal`",
)
MANY_DRAWN = Column("{input}", ROW, "value of a sampled parameter, in the unit of the file", many=True)
