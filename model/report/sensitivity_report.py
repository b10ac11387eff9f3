"""Tables, figures and text of one-way and threshold analyses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.oneway import Ends, OneWay, Range
from model.analysis.threshold import BreakEven, Change
from model.effects import BUILT_IN, words_of
from model.report import figures, numbers, plots, text
from model.report.parameter_tables import NOT_REPORTED
from model.report.result import Result

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # parameters of the printed table


# --- one way ----------------------------------------------------------------------------------------------------


def tornado(found: OneWay, results: tuple[str, ...]) -> Result:
    """results: 'inb', 'icer', 'cost', 'qaly' or an effect; a figure for each, and for each other strategy."""
    table, style = tornado_table(found), figures.style_of_scenario(found.scenario, found.decision.effect)
    plans, lines, group = {}, [found.scenario.title], found.decision.group
    others = [s for s in found.scenario.strategies if s != found.scenario.reference_strategy]
    for result in results:
        for strategy in others:
            own = table.query("result == @result and strategy == @strategy and group == @group")
            name = f"tornado_{result}" + (f"_{strategy}" if len(others) > 1 else "")
            who = "" if group == "all" else f", {found.scenario.group_labels[group]}"
            label = result_label(found, result, strategy) + who
            plans[name] = figures.Plan(partial(plots.tornado, own, style, label), own)
            lines += ["", label, _tornado_text(own, found, style)]
    return Result({"tornado": table}, plans, None, "\n".join(lines))


def tornado_table(found: OneWay) -> pd.DataFrame:
    """A row a parameter, result, strategy and group; an end that is no number has its word in `status_low` or `_high`.

    Standard errors are of simulation, where the engine follows patients.
    """
    import pandas as pd

    names = ["inb", "icer", *(n for n in found.columns if n in ("cost", *BUILT_IN, *found.scenario.effects))]
    rows = []
    for s, strategy in enumerate(found.scenario.strategies):
        if strategy == found.scenario.reference_strategy:
            continue
        for group in found.groups:
            for name in names:
                about = {
                    "result": name,
                    "strategy": strategy,
                    "comparator": found.scenario.reference_strategy,
                    "group": group,
                    "wtp": found.decision.wtp,
                }
                rows += [about | _row(varied, ends) for varied, ends in found.ends(name, s, group)]
    table = pd.DataFrame(rows)
    # Widest first within each result; an end that is no number counts as endless.
    return table.sort_values(
        ["strategy", "group", "result", "width"],
        ascending=[True, True, True, False],
        kind="stable",
        na_position="first",
    ).reset_index(drop=True)


def _row(varied: Range, ends: Ends) -> dict[str, object]:
    row: dict[str, object] = {
        "parameter": varied.name,
        "unit": varied.unit,
        "low_value": varied.low,
        "high_value": varied.high,
        "range_from": varied.origin,
        "base_result": ends.base,
        "result_low": ends.low,
        "result_high": ends.high,
        "status_low": ends.status_low,
        "status_high": ends.status_high,
        "width": ends.width,
    }
    if ends.errors is not None:
        row |= dict(zip(("base_standard_error", "low_standard_error", "high_standard_error"), ends.errors))
    return row


def result_label(found: OneWay, result: str, strategy: str) -> str:
    scenario = found.scenario
    currency = f"{scenario.currency} {scenario.price_year}".strip()
    effect = words_of(scenario, found.decision.effect).one
    names = {
        "inb": f"Incremental net benefit at {numbers.stated(found.decision.wtp)} per {effect} ({currency})",
        "icer": f"ICER ({currency} per {effect})",
        "cost": f"Incremental cost ({currency})",
        **{key: f"Incremental {called.many}" for key, called in BUILT_IN.items()},
    }
    names |= {key: "Increment: " + plots.with_unit(e.label, e.unit) for key, e in scenario.effects.items()}
    return f"{names[result]}, {numbers.versus(scenario.labels[strategy], scenario.labels[scenario.reference_strategy])}"


def _tornado_text(table: pd.DataFrame, found: OneWay, style: plots.Style) -> str:
    def end(row, side: str) -> str:
        value = getattr(row, f"result_{side}")
        return numbers.brief(value) if np.isfinite(value) else getattr(row, f"status_{side}")

    rows = [
        [
            style.named(r.parameter),
            r.unit,
            found.scenario.parameters[r.parameter].status or NOT_REPORTED,
            f"{numbers.brief(r.low_value)} to {numbers.brief(r.high_value)}",
            end(r, "low"),
            end(r, "high"),
        ]
        for r in table.head(SHOWN).itertuples()
    ]
    base = table["base_result"].iloc[0]
    known = f"base case {numbers.brief(base)}" if np.isfinite(base) else "no value in the base case"
    if "base_standard_error" in table and np.isfinite(table["base_standard_error"].iloc[0]):
        known += f", standard error of the simulation {numbers.brief(table['base_standard_error'].iloc[0])}"
    more = f"; the {SHOWN} widest of {len(table)} parameters" if len(table) > SHOWN else ""
    return f"({known}{more})\n" + text.table(
        ["Parameter", "Unit", "Status", "Values", "At the low", "At the high"], rows
    )


# --- threshold --------------------------------------------------------------------------------------------------


def threshold(found: BreakEven) -> Result:
    scenario, group = found.scenario, found.decision.group
    style = figures.style_of_scenario(scenario, found.decision.effect)
    grid = threshold_grid(found)
    unit = scenario.parameters[found.parameter].unit.text
    name = style.named(found.parameter)
    label = f"{name} ({unit})" if unit else name
    base = scenario.parameters[found.parameter].base
    currency = style.currency.replace(" ", "\N{NO-BREAK SPACE}")
    who = "" if group == "all" else f", {scenario.group_labels[group]}"
    what = f"{'Mean' if found.draws else 'Base-case'} net benefit at {numbers.stated(found.decision.wtp)} per {style.effect.one} ({currency}{who})"
    changes = [change.value for change in found.changes]
    plan = figures.Plan(lambda: plots.line_sweep(grid, style, label, what, base, changes), grid)
    tables = {"threshold": threshold_table(found), "threshold_grid": grid}
    return Result(tables, {"threshold": plan}, None, f"{scenario.title}\n{sentence(found, label)}")


def threshold_table(found: BreakEven) -> pd.DataFrame:
    """A row a change of the decision; none where one strategy is best throughout."""
    import pandas as pd

    names = list(found.scenario.strategies)
    columns = [
        "parameter",
        "low",
        "high",
        "wtp",
        "draws",
        "group",
        "threshold",
        "standard_error",
        "best_below",
        "best_above",
    ]
    asked = [found.parameter, found.low, found.high, found.decision.wtp, found.draws, found.decision.group]
    rows = [[*asked, c.value, c.standard_error, names[c.below], names[c.above]] for c in found.changes]
    return pd.DataFrame(rows, columns=columns)


def threshold_grid(found: BreakEven) -> pd.DataFrame:
    import pandas as pd

    names = list(found.scenario.strategies)
    return pd.DataFrame(
        {
            "value": np.tile(found.grid, len(names)),
            "strategy": np.repeat(names, len(found.grid)),
            "result": found.net_benefit.ravel(),
            "best": np.tile(np.array(names)[found.best], len(names)),
        }
    )


def sentence(found: BreakEven, label: str) -> str:
    scenario, labels = found.scenario, list(found.scenario.labels.values())
    decision, effect = found.decision, words_of(scenario, found.decision.effect).one
    where = f"{label} from {numbers.plain(found.low)} to {numbers.plain(found.high)}, at {scenario.currency} {numbers.stated(decision.wtp)} per {effect}"
    if decision.group != "all":
        where += f", in group {scenario.group_labels[decision.group]}"
    basis = (
        f"mean net benefit of {numbers.count(found.draws, 'draw')}" if found.draws else "net benefit of the base case"
    )
    if not found.changes:
        return f"None in the range: with {where}, {labels[found.best[0]]} has the highest {basis} throughout."
    words = [
        f"at {numbers.plain(c.value)}{_spread(c)} from {labels[c.below]} to {labels[c.above]}" for c in found.changes
    ]
    return f"With {where}, the strategy of highest {basis} changes {'; '.join(words)}."


def _spread(change: Change) -> str:
    return f" (standard error {numbers.brief(change.standard_error)})" if np.isfinite(change.standard_error) else ""
