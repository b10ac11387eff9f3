"""Tables of `compare` and `capacity`."""

from __future__ import annotations

from model.report.columns.column import (
    COUNT,
    EFFECT,
    HOURS,
    MONEY,
    NUMBER,
    RATIO,
    ROW,
    SHARE,
    TEXT,
    TRUTH,
    Column,
    error,
)
from model.report.columns.shared import QUADRANT, figure, table

_BEST = Column("best", TRUTH, "whether it is the best of those asked for")


def _changed(name: str, unit: str, what: str) -> tuple[Column, ...]:
    """A result of a step, its change from the step before, and the standard errors of both."""
    return (
        Column(name, unit, what),
        error(f"`{name}`", unit, f"{name}_standard_error"),
        Column(f"{name}_change", unit, "its change from the step before"),
        error("that change, paired over replications", unit, f"{name}_change_standard_error"),
    )


_BRIDGE = table(
    "compare",
    "bridge",
    "What changes the result from the cohort engine to queues with limited capacity, step by step.",
    "strategy comparator",
    Column("step", TEXT, "step"),
    "wtp",
    *_changed("icer", RATIO, "ICER"),
    *_changed("incremental_net_benefit", MONEY, "incremental net benefit"),
    *_changed("incremental_cost", MONEY, "incremental cost"),
    *_changed("incremental_effect", EFFECT, "incremental effect"),
    QUADRANT,
)
_YEAR = "a year, for all patients of a year"
_CAPACITY = table(
    "capacity",
    "capacity",
    "Net benefit by number of units of a resource; differences are paired over replications.",
    "resource",
    Column("capacity", COUNT, "units"),
    "strategy",
    Column("status", TEXT, "`ok`, `overloaded`, or stopped because the backlog grew beyond its bound"),
    Column("offered_load", SHARE, "work asked for as a share of what the units can do"),
    Column("mean_wait_hours", HOURS, "mean wait"),
    error("the mean wait", HOURS, "mean_wait_standard_error"),
    Column("utilisation", SHARE, "share of opening hours in which units are in use"),
    Column("net_benefit_per_patient", MONEY, "net benefit"),
    error("it", MONEY, "net_benefit_standard_error"),
    Column("net_benefit_per_year", MONEY, f"net benefit {_YEAR}"),
    Column("gain_per_extra_unit_per_patient", MONEY, "difference of net benefit from one unit less"),
    error("it", MONEY, "gain_per_extra_unit_per_patient_standard_error"),
    Column("gain_per_extra_unit_per_year", MONEY, f"the same {_YEAR}"),
    error("it", MONEY, "gain_per_extra_unit_standard_error"),
    Column("gain_from_least_per_year", MONEY, f"difference of net benefit from the least number of units {_YEAR}"),
    error("it", MONEY, "gain_from_least_standard_error"),
    Column("gain_from_least_lower_95", MONEY, "lower limit of its 95 % interval"),
    Column("gain_from_least_upper_95", MONEY, "its upper limit"),
    Column("cost_of_units_per_year", MONEY, "cost of the units beyond the least number, a year"),
    Column("net_gain_per_year", MONEY, "gain_from_least_per_year - cost_of_units_per_year"),
    _BEST,
)
_CHANGES = table(
    "capacity",
    "changes",
    "What each change of a centre does to every outcome; with `--change`.",
    Column("alternative", TEXT, "centre"),
    "settings strategy",
    Column("outcome", TEXT, "outcome, or `net_benefit`"),
    Column("mean", ROW, "mean over replications"),
    error("the mean", ROW),
    Column("change", ROW, "change from the centre of the file, paired over replications"),
    error("the change", ROW, "change_standard_error"),
    Column("change_lower_95", ROW, "lower limit of its 95 % interval"),
    Column("change_upper_95", ROW, "its upper limit"),
)

ENGINES = (
    table(
        "check",
        "engines",
        "Which engines can run the scenario; of one that cannot, a row for each construct that it cannot run.",
        Column("engine", TEXT, "engine"),
        Column("can_run", TRUTH, "whether it can run the scenario"),
        Column("where", TEXT, "file, line and field of what it cannot run"),
        Column("why", TEXT, "why, and what can"),
    ),
    table(
        "compare",
        "agreement",
        "Means of the engines that follow patients beside those of the cohort engine.",
        Column("engine", TEXT, "engine"),
        "group strategy outcome",
        Column("cohort", ROW, "mean of the cohort engine"),
        Column("value", ROW, "mean of the engine"),
        error("it", ROW),
        Column("difference_in_standard_errors", NUMBER, "difference from the cohort engine / standard error"),
        Column("p_value", SHARE, "probability of a difference as large by chance"),
        Column("limit", SHARE, "p below which engines differ: 5 % for all comparisons together"),
        Column("verdict", TEXT, "`agrees` or `differs`"),
    ),
    _BRIDGE,
    figure("compare", "bridge[_{strategy}]", "As the table, for one strategy.", *_BRIDGE.columns),
    _CAPACITY,
    figure("capacity", "capacity", "As the table.", *_CAPACITY.columns),
    _CHANGES,
    table(
        "capacity",
        "icer",
        "What each change of a centre does to the ICER; with `--change`.",
        Column("alternative", TEXT, "centre"),
        "strategy comparator icer",
        error("the ICER", RATIO),
        Column("change", RATIO, "change from the centre of the file"),
        error("the change", RATIO, "change_standard_error"),
        QUADRANT,
    ),
    figure("capacity", "changes", "As the table, without the centre of the file.", *_CHANGES.columns),
)
