"""Tables, figures and text of headroom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.headroom import Case, Headroom
from model.analysis.sweep_points import Axis
from model.decision import Decision
from model.effects import words_of
from model.report import figures, headroom_plots, numbers, text
from model.report.figures import Plan
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

INTERVAL = "95 % interval"


def report(found: Headroom) -> Result:
    table = headroom_table(found)
    return Result({"headroom": table}, _plans(found, table), None, _text(found, table))


def headroom_table(found: Headroom) -> pd.DataFrame:
    """A row a case, group, strategy and threshold.

    `headroom_...` is the highest incremental cost of the component at which the strategy is worth it, `component_cost_...` its
    incremental cost as the file has it. `_base`: at base values; `_mean`, `_low`, `_high`: mean and 95 % interval of the draws.
    """
    import pandas as pd

    return pd.DataFrame([row for key, case in found.cases.items() for row in _rows(found, key, case)])


def _rows(found: Headroom, key: str, case: Case):
    scenario, reference = case.scenario, case.scenario.reference_index
    strategies = list(scenario.strategies)
    for g, group in enumerate(case.groups):
        for s, strategy in enumerate(strategies):
            if s == reference:
                continue
            for wtp in found.wtp:
                yield {
                    "case": key,
                    "label": case.label,
                    "group": group,
                    "strategy": strategy,
                    "comparator": strategies[reference],
                    "component": found.component,
                    "wtp": wtp,
                    **_numbers(case, found.decision.effect, wtp, g, s),
                }


def _numbers(case: Case, effect: str, wtp: float, g: int, s: int) -> dict[str, float]:
    row, found = {}, case.spreads(effect, wtp, g, s)
    for name, spread in found.items():
        row[f"{name}_base"] = spread.base
        if spread.drawn is not None:
            row |= {
                f"{name}_mean": spread.drawn.mean,
                f"{name}_low": spread.drawn.lower_95,
                f"{name}_high": spread.drawn.upper_95,
            }
    if (drawn := found["headroom"].drawn) is not None:
        row["headroom_standard_error"] = drawn.standard_error
        row["probability_worth_it"] = case.probability_worth_it(wtp, g, s)
    return row


def _plans(found: Headroom, table: pd.DataFrame) -> dict[str, Plan]:
    """Headroom and net benefit at each threshold, a figure a strategy that is compared."""
    first = next(iter(found.cases.values())).scenario
    style, plans = figures.style_of_scenario(first, found.decision.effect), {}
    strategies = list(dict.fromkeys(table["strategy"]))
    for strategy in strategies:
        for wtp in found.wtp:
            own = table[(table["strategy"] == strategy) & (table["wtp"] == wtp)]
            tail = (f"_{strategy}" if len(strategies) > 1 else "") + f"_at_{wtp:.12g}"
            who = numbers.versus(style.labels[strategy], style.labels[own["comparator"].iloc[0]])
            at = f"({style.currency}, at {numbers.stated(wtp)} per {style.effect.one})"
            cost = {f"Incremental cost of {found.component} in the file": _middle(own, "component_cost").iloc[0]}
            for name, shown, lines in (
                ("headroom", f"Highest incremental cost of {found.component} worth paying {at}", cost),
                ("incremental_nmb", f"Incremental net benefit {at}", {}),
            ):
                data = _forest(found, own, name)
                plans[("headroom" if name == "headroom" else "net_benefit") + tail] = Plan(
                    partial(headroom_plots.forest, data, style, who, shown, INTERVAL, lines),
                    data,
                )
    return plans


def _middle(own: pd.DataFrame, name: str) -> pd.Series:
    return own[f"{name}_mean"] if f"{name}_mean" in own else own[f"{name}_base"]


def _forest(found: Headroom, own: pd.DataFrame, name: str) -> pd.DataFrame:
    import pandas as pd

    labels = {key: group_labels(case.scenario) for key, case in found.cases.items()}
    none = pd.Series(np.nan, own.index)
    return pd.DataFrame(
        {
            "case": own["label"],
            "group": [labels[c].get(g, "") for c, g in zip(own["case"], own["group"])],
            "result": _middle(own, name),
            "low": own.get(f"{name}_low", none),
            "high": own.get(f"{name}_high", none),
        }
    ).reset_index(drop=True)


def group_labels(scenario: Scenario) -> dict[str, str]:
    """Labels of the groups; none for all patients together."""
    return {key: label for key, label in scenario.group_labels.items() if key != "all"}


def _text(found: Headroom, table: pd.DataFrame) -> str:
    first, effect = next(iter(found.cases.values())).scenario, found.decision.effect
    labels = {key: group_labels(case.scenario) for key, case in found.cases.items()}
    drawn = "headroom_mean" in table
    how = f"means and {INTERVAL}s of {numbers.count(found.sample.n, 'draw')}" if drawn else "base values"
    lines = [
        first.title,
        f"Highest incremental cost of '{found.component}' at which a strategy is worth it, {first.currency} "
        f"{first.price_year or ''}".rstrip()
        + f"; {how}",
    ]
    for (strategy, comparator), own in table.groupby(["strategy", "comparator"], sort=False):
        rows, digits = [], numbers.places(_middle(own, "headroom"))
        for (case, group), part in own.groupby(["case", "group"], sort=False):
            name = part["label"].iloc[0] if group == "all" else f"  {labels[case].get(group, group)}"
            gained = _middle(part, f"incremental_{effect}").iloc[0]
            rows.append([name, numbers.number(gained, 3), *(_cell(row, digits) for row in part.to_dict("records"))])
        heading = numbers.versus(first.labels.get(strategy, strategy), first.labels.get(comparator, comparator))
        lines += [
            "",
            text.table(
                [heading, f"{words_of(first, effect).many} gained", *(f"at {numbers.stated(w)}" for w in found.wtp)],
                rows,
            ),
        ]
    return "\n".join(lines)


def _cell(row: dict, digits: int) -> str:
    if "headroom_mean" not in row:
        return numbers.number(row["headroom_base"], digits)
    spread = numbers.interval(row["headroom_low"], row["headroom_high"], digits)
    return f"{numbers.number(row['headroom_mean'], digits)} ({spread})"


# --- a map over two inputs ----------------------------------------------------------------------------------------


def map_report(
    scenario: Scenario, component: str, axes: tuple[Axis, Axis], decision: Decision, found, marks=None
) -> Result:
    """found: [x, y, group, strategy] of `analysis.headroom.over`; marks: (name, x, y) of points to show."""
    import pandas as pd

    style, reference = figures.style_of_scenario(scenario, decision.effect), scenario.reference_index
    at = f"{numbers.stated(decision.wtp)} per {style.effect.one}"
    strategies, plans, tables = list(scenario.strategies), {}, []
    points = pd.DataFrame(marks or [], columns=["name", "x", "y"])
    for s, strategy in enumerate(strategies):
        if s == reference:
            continue
        grid = pd.DataFrame(
            [
                {"x": x, "y": y, "z": float(found[i, j, 0, s])}
                for i, x in enumerate(axes[0].values)
                for j, y in enumerate(axes[1].values)
            ]
        )
        shown = f"Highest incremental cost of {component} worth paying ({style.currency}, at {at})"
        labels = _named(scenario, axes[0]), _named(scenario, axes[1]), shown
        name = "headroom_map" + (f"_{strategy}" if len(strategies) > 2 else "")
        who = f"{numbers.versus(style.labels[strategy], style.labels[strategies[reference]])}, at base values"
        plans[name] = Plan(partial(headroom_plots.price_map, grid, style, who, labels, points), grid)
        columns = {"x": axes[0].name, "y": axes[1].name, "z": "headroom"}
        tables.append(grid.rename(columns=columns).assign(strategy=strategy, component=component, wtp=decision.wtp))
    table = pd.concat(tables, ignore_index=True)
    low, high = table["headroom"].min(), table["headroom"].max()
    spread = numbers.interval(low, high, numbers.places(low, high))
    about = (
        f"{scenario.title}\nHeadroom of '{component}' over {axes[0].name} and {axes[1].name}, base values: {spread} "
    )
    return Result({"headroom_map": table, "marks": points}, plans, None, f"{about}{scenario.currency} at {at}")


def _named(scenario: Scenario, axis: Axis) -> str:
    parameter = scenario.parameters[axis.name]
    label = figures.parameter_labels(scenario).get(axis.name, axis.name)
    return f"{label} ({parameter.unit.text})" if parameter.unit.text else label
