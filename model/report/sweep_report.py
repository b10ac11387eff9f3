"""Tables, figures and text of a sweep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.best_strategy import best
from model.analysis.sweep import Sweep
from model.analysis.sweep_points import Axis
from model.effects import Words, words_of
from model.report import choice_plots, figures, numbers, plots, sweep_plots, text
from model.report.figures import Plan, parameter_labels
from model.report.result import Result
from model.report.style import named, wrapped
from model.units import UnitError, years

if TYPE_CHECKING:
    import pandas as pd

MOST_LISTED, MOST_DOTS = 24, 40


def tail(effect: str) -> tuple[str, ...]:
    """Columns that follow the outcomes, for a decision on an effect."""
    return (
        "nmb",
        "incremental_cost",
        f"incremental_{effect}",
        "incremental_nmb",
        "icer",
        "status",
        "probability_most_cost_effective",
        "cost_standard_error",
        f"{effect}_standard_error",
        "nmb_standard_error",
        "incremental_nmb_standard_error",
        "degrees_of_freedom",
    )


def report(found: Sweep) -> Result:
    table = sweep_table(found)
    return Result({"sweep": table}, _plans(found, table), None, _text(found, table))


def sweep_table(found: Sweep) -> pd.DataFrame:
    """A row a point, group and strategy. Increments, ICER and status are against the reference strategy."""
    import pandas as pd

    shape = len(found.points), len(found.groups), len(found.scenario.strategies)
    varied = {
        column_of(axis, found): _over(np.array([p[i] for p in found.points], object)[:, None, None], shape)
        for i, axis in enumerate(found.axes)
    }
    table = pd.DataFrame(varied).infer_objects()
    table["group"] = _over(np.array(found.groups)[:, None], shape)
    table["strategy"] = _over(np.array(list(found.scenario.strategies)), shape)
    last = tail(found.decision.effect)
    outcomes = [name for name in found.columns if name not in last]
    for name in (*outcomes, "wtp", *last):
        if name == "wtp":
            table["wtp"] = _over(found.wtp[:, None, None], shape)
        elif name in found.columns:
            table[name] = found.columns[name].ravel()
    return table


def _over(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values for each point, group and strategy, as rows of the table."""
    return np.broadcast_to(values, shape).ravel()


def _effect(found: Sweep) -> Words:
    return words_of(found.scenario, found.decision.effect)


def column_of(axis: Axis, found: Sweep) -> str:
    """The varied name, told apart from the columns of results."""
    return f"varied {axis.name}" if axis.name in {"group", "strategy", *found.columns} else axis.name


def net_benefit_label(style: plots.Style, wtp: float | None, against: str, strategy: str = "") -> str:
    at = "" if wtp is None else f"; {numbers.stated(wtp)} per {style.effect.one}"
    what = f"Incremental net benefit{f' of {style.labels[strategy]}' if strategy else ''}"
    return f"{numbers.versus(what, style.labels[against])} ({style.currency}{at})"


# --- figures ------------------------------------------------------------------------------------------------------


def _plans(found: Sweep, table: pd.DataFrame) -> dict[str, Plan]:
    """Lines for one number, maps for two; dots where there are a few other points."""
    style = figures.style_of_scenario(found.scenario, found.decision.effect)
    reference = found.decision.reference
    own = table[table["group"] == "all"]
    against = own[own["strategy"] != reference]
    label, known = net_benefit_label(style, _wtp(found), reference), [_scale(found, a) for a in found.axes]
    scales = [scale for scale in known if scale is not None]
    if against.empty:
        return {}
    if len(scales) == len(known) == 1:
        return _lines(found, own, against, style, label, scales[0])
    if len(scales) == len(known) == 2 and found.is_grid:
        return _maps(found, against, style, scales)
    return _dots(found, against, style, label) if len(found.points) <= MOST_DOTS else {}


def _wtp(found: Sweep) -> float | None:
    """Of all points; nothing where it is varied."""
    return None if any(a.kind == "wtp" for a in found.axes) else float(found.wtp[0])


Scale = tuple[str, dict]


def _scale(found: Sweep, axis: Axis) -> Scale | None:
    """(label with unit, number of each value), or None where the values are no numbers."""
    column, name = found.axes.index(axis), _name(found, axis)
    values = list(dict.fromkeys(point[column] for point in found.points))
    if axis.kind == "parameter":
        return _with_unit(found, axis), {v: v for v in values}
    if axis.kind == "wtp":
        return f"Willingness to pay ({found.scenario.currency} per {_effect(found).one})", {v: v for v in values}
    for read, unit in ((float, ""), (_percent, "%"), (years, "years")):
        try:
            return f"{name} ({unit})" if unit else name, {v: read(v) for v in values}
        except (ValueError, UnitError):
            continue
    return None


def _name(found: Sweep, axis: Axis) -> str:
    """As people read it: the label of a parameter, the willingness to pay, else the setting."""
    if axis.kind == "wtp":
        return "WTP"
    name = named(axis.name, parameter_labels(found.scenario))
    return name if axis.kind == "parameter" or "." in name else name[:1].upper() + name[1:]


def _with_unit(found: Sweep, axis: Axis) -> str:
    unit = found.scenario.parameters[axis.name].unit.text if axis.kind == "parameter" else ""
    return f"{_name(found, axis)} ({unit})" if unit else _name(found, axis)


def _percent(value: str) -> float:
    if not value.endswith("%"):
        raise ValueError
    return float(value[:-1])


def _lines(found: Sweep, own, against, style: plots.Style, label: str, scale: Scale) -> dict[str, Plan]:
    name, known = scale
    base = found.scenario.parameters[found.axes[0].name].base if found.axes[0].kind == "parameter" else None
    shown = {"incremental_net_benefit": (against, "incremental_nmb", label)}
    if found.sample.n:
        label = "Probability that the strategy is the most cost-effective"
        if not any(a.kind == "wtp" for a in found.axes):
            label += f" ({numbers.stated(found.wtp[0])} {found.scenario.currency} per {style.effect.one})"
        shown["probability_most_cost_effective"] = own, "probability_most_cost_effective", label
    plans = {}
    for key, (rows, column, label) in shown.items():
        data = _values(found, rows, known, column)
        wide = wrapped(label, 60)
        plans[key] = Plan(partial(plots.line_sweep, data, style, name, wide, base), data)
    return plans


def _values(found: Sweep, rows, known: dict, column: str) -> pd.DataFrame:
    import pandas as pd

    values = rows[column_of(found.axes[0], found)].map(known)
    return pd.DataFrame({"value": values, "strategy": rows["strategy"], "result": rows[column]})


def _maps(found: Sweep, against, style: plots.Style, scales: list[Scale]) -> dict[str, Plan]:
    import pandas as pd

    (x, x_numbers), (y, y_numbers) = scales
    x_name, y_name = (column_of(a, found) for a in found.axes)
    parameters = found.scenario.parameters
    known = [parameters[a.name].base for a in found.axes if a.name in parameters]
    base = tuple(known) if len(known) == 2 and None not in known else None
    plans = {}
    for strategy, rows in against.groupby("strategy", sort=False):
        data = pd.DataFrame(
            {"x": rows[x_name].map(x_numbers), "y": rows[y_name].map(y_numbers), "z": rows["incremental_nmb"]}
        )
        wide = wrapped(net_benefit_label(style, _wtp(found), found.decision.reference, str(strategy)), 85)
        key = "incremental_net_benefit" + (f"_{strategy}" if against["strategy"].nunique() > 1 else "")
        plans[key] = Plan(partial(sweep_plots.input_map, data, style, x, y, wide, _inside(base, data)), data)
    if len(found.scenario.strategies) > 2:
        data = _best(found, x_numbers, y_numbers)
        wtp = _wtp(found)
        at = "" if wtp is None else f" at {numbers.stated(wtp)} {style.currency} per {style.effect.one}"
        heading = f"Strategy of highest net benefit{at}, by {x} and {y}"
        plans["best_strategy"] = Plan(
            partial(choice_plots.choice_map, data, style, x, y, heading, _inside(base, data)), data
        )
    return plans


def _best(found: Sweep, x: dict, y: dict) -> pd.DataFrame:
    import pandas as pd

    chosen, names = best(found), [*found.scenario.strategies, ""]
    return pd.DataFrame(
        {
            "x": [x[point[0]] for point in found.points],
            "y": [y[point[1]] for point in found.points],
            "strategy": [names[s] for s in chosen.strategy],
            "lead": chosen.lead,
        }
    )


def _inside(base: tuple | None, data) -> tuple | None:
    """The base case is marked only where the map shows it."""
    if base is None or not all(data[c].min() <= b <= data[c].max() for c, b in zip("xy", base)):
        return None
    return base


def _dots(found: Sweep, against, style: plots.Style, label: str) -> dict[str, Plan]:
    import pandas as pd

    names, called = [column_of(a, found) for a in found.axes], [_name(found, a) for a in found.axes]
    cases = [
        ", ".join(f"{n} {_shown(v)}" for n, v in zip(called, row)) for row in against[names].itertuples(index=False)
    ]
    unknown = pd.Series(np.nan, against.index)
    data = pd.DataFrame(
        {
            "case": cases,
            "series": against["strategy"].map(style.labels),
            "result": against["incremental_nmb"],
            "standard_error": against.get("incremental_nmb_standard_error", unknown),
            "degrees_of_freedom": against.get("degrees_of_freedom", unknown),
        }
    )
    return {"incremental_net_benefit": Plan(lambda: sweep_plots.dots(data, style, wrapped(label, 85), label), data)}


# --- text ---------------------------------------------------------------------------------------------------------


def _shown(value) -> str:
    return value if isinstance(value, str) else numbers.plain(value)


def _text(found: Sweep, table: pd.DataFrame) -> str:
    scenario, reference = found.scenario, found.scenario.reference_strategy
    own = table[(table["group"] == "all") & (table["strategy"] != reference)]
    lines = [
        scenario.title,
        f"{numbers.count(len(found.points), 'point')} of {', '.join(_name(found, a) for a in found.axes)}; "
        + (f"{numbers.count(found.sample.n, 'draw')} each; " if found.sample.n else "base values otherwise; ")
        + f"increments are versus {scenario.labels[reference]}",
        "",
    ]
    if own.empty:
        return "\n".join([*lines, "There is no other strategy to compare with."])
    if len(own) <= MOST_LISTED:
        return "\n".join([*lines, _listed(found, own)])
    return "\n".join([*lines, *(_range(found, str(s), rows) for s, rows in own.groupby("strategy", sort=False))])


def _listed(found: Sweep, own: pd.DataFrame) -> str:
    shown = [axis for axis in found.axes if axis.kind != "wtp"]
    names = [column_of(axis, found) for axis in shown]
    probability = "probability_most_cost_effective" in own
    known = "incremental_nmb_standard_error" in own and own["incremental_nmb_standard_error"].notna().any()
    benefit = numbers.places(own["incremental_nmb"])
    money, gained = (
        numbers.places(own["incremental_cost"]),
        numbers.effect_places(own[f"incremental_{found.decision.effect}"]),
    )
    ratio = numbers.places(own["icer"])
    header = [
        *(_with_unit(found, axis) for axis in shown),
        "Strategy",
        "WTP",
        f"Inc. cost ({found.scenario.currency})",
        f"Inc. {_effect(found).heading}",
        f"ICER ({found.scenario.currency} per {_effect(found).one})",
        f"Inc. net benefit ({found.scenario.currency})",
        *(["SE"] if known else []),
        "Status",
    ]
    rows = [
        [
            *(_shown(row[n]) for n in names),
            found.scenario.labels[row["strategy"]],
            numbers.stated(row["wtp"]),
            numbers.number(row["incremental_cost"], money),
            numbers.number(row[f"incremental_{found.decision.effect}"], gained),
            numbers.number(row["icer"], ratio),
            numbers.number(row["incremental_nmb"], benefit),
            *([numbers.number(row["incremental_nmb_standard_error"], benefit)] if known else []),
            row["status"],
            *([numbers.percent(row["probability_most_cost_effective"])] if probability else []),
        ]
        for row in own.to_dict("records")
    ]
    return text.table([*header, *(["Most cost-effective"] if probability else [])], rows)


def _range(found: Sweep, strategy: str, rows: pd.DataFrame) -> str:
    """rows: of the strategy, by point."""
    names, extremes = {_name(found, a): column_of(a, found) for a in found.axes}, found.extremes(strategy)
    low, high = (
        f"{numbers.brief(end['incremental_nmb'])} (at {', '.join(f'{n} = {_shown(end[c])}' for n, c in names.items())})"
        for end in (rows.iloc[extremes.lowest], rows.iloc[extremes.highest])
    )
    label = found.scenario.labels[strategy]
    return (
        f"{label}: incremental net benefit from {low} to {high}; above 0 at {extremes.above:,} of {len(rows):,} points."
    )
