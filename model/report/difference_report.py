"""Tables, figures and text of the difference between two scenarios."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.attribution import Attribution, largest
from model.effects import words_of
from model.report import figures, numbers, sweep_plots, text
from model.report.figures import Plan
from model.report.result import Result
from model.report.style import wrapped
from model.report.sweep_report import net_benefit_label

if TYPE_CHECKING:
    import pandas as pd

MOST_BARS = 20
NAMED = 3  # fields of one change that are all named


def report(found: Attribution) -> Result:
    differences, shares = differences_table(found), attribution_table(found)
    return Result(
        {"differences": differences, "attribution": shares},
        _plans(found, shares),
        None,
        _text(found, differences, shares),
    )


def differences_table(found: Attribution) -> pd.DataFrame:
    """A row a field that differs; `change` is the row of the attribution that it belongs to, blank where it moves nothing."""
    import pandas as pd

    of = {entry: name for name, change in zip(names(found), found.changes) for entry in change}
    columns = ("field", "before", "after", "change")
    return pd.DataFrame(
        [
            dict(zip(columns, (d.name, d.before, d.after, of.get(d.entry, "") if d.matters else "")))
            for d in found.differences
        ],
        columns=columns,
    )


def names(found: Attribution) -> list[str]:
    """Entries by their place; parameters by their name. Of many that are one change, the first, and where the others are."""
    return [_name(change) for change in found.changes]


def _name(change) -> str:
    places = [".".join(e[1:] if e[0] == "parameters" and len(e) > 1 else e) for e in change]
    if len(places) <= NAMED:
        return " + ".join(places)
    return f"{places[0]} and {len(places) - 1} more of {', '.join(dict.fromkeys(e[0] for e in change))}"


def attribution_table(found: Attribution) -> pd.DataFrame:
    """A row a change, group and strategy, between the two ends; the changes add up to the difference of the ends."""
    import pandas as pd

    ends = _ends(found)
    rows = list(_level_rows(found, ends[0], found.start))
    for i, name in enumerate(names(found)):
        rows += _level_rows(found, name, found.share.value[i], found.share.standard_error[i])
    return pd.DataFrame([*rows, *_level_rows(found, ends[1], found.end)])


def _ends(found: Attribution) -> tuple[str, str]:
    a, b = Path(found.a.path), Path(found.b.path)
    return (a.stem, b.stem) if a.stem != b.stem else (str(a), str(b))


def _level_rows(found: Attribution, change: str, values: np.ndarray, errors: np.ndarray | None = None):
    for g, group in enumerate(found.groups):
        for s, strategy in enumerate(found.strategies):
            if strategy != found.decision.reference:
                row = {
                    "change": change,
                    "kind": "level" if errors is None else "change",
                    "group": group,
                    "strategy": strategy,
                    "wtp": found.decision.wtp,
                }
                row |= {name: values[r, g, s] for r, name in enumerate(found.results)}
                yield row | {
                    f"{name}_standard_error": np.nan if errors is None else errors[r, g, s]
                    for r, name in enumerate(found.results)
                }


def _plans(found: Attribution, shares: pd.DataFrame) -> dict[str, Plan]:
    style, reference = figures.style_of_scenario(found.a, found.decision.effect), found.decision.reference
    others = [s for s in found.strategies if s != reference]
    plans = {}
    for strategy in others if found.changes else ():
        own = shares[(shares["group"] == "all") & (shares["strategy"] == strategy)]
        data = _bars(own).assign(degrees_of_freedom=found.share.freedom)
        label = net_benefit_label(style, found.decision.wtp, reference, strategy)
        name = "attribution" + (f"_{strategy}" if len(others) > 1 else "")
        plans[name] = Plan(
            partial(
                sweep_plots.contributions,
                data,
                style,
                f"From {data['change'].iloc[0]} to {data['change'].iloc[-1]}",
                label,
            ),
            data,
        )
    return plans


def _bars(own: pd.DataFrame) -> pd.DataFrame:
    """Largest first, the smallest together."""
    import pandas as pd

    rows = (
        own[["change", "kind", "incremental_nmb", "incremental_nmb_standard_error"]]
        .set_axis(["change", "kind", "result", "standard_error"], axis=1)
        .fillna({"standard_error": 0.0})
    )
    moved = rows[rows["kind"] == "change"]
    first, rest = largest(moved["result"].to_numpy(), MOST_BARS)
    smaller = len(moved) - len(first)
    moved = moved.iloc[first]
    if smaller:
        name = f"{smaller} smaller ones"
        others = {"change": name, "kind": "change", "result": rest, "standard_error": 0.0}
        moved = pd.concat([moved, pd.DataFrame([others])])
    moved = moved.assign(
        change=[wrapped(c, 60).split("\n")[0] + (" ..." if len(c) > 60 else "") for c in moved["change"]]
    )
    return pd.concat([rows.head(1), moved, rows.tail(1)], ignore_index=True)


def _text(found: Attribution, differences: pd.DataFrame, shares: pd.DataFrame) -> str:
    labels, currency, effect = found.a.labels, found.a.currency, words_of(found.a, found.decision.effect)
    lines = [
        f"{found.a.path} -> {found.b.path}: {numbers.count(len(differences), 'field')} {'differs' if len(differences) == 1 else 'differ'}"
    ]
    if differences.empty:
        return lines[0]
    lines += [
        "",
        text.table(
            ["Field", "Before", "After"], [[d.name, _short(d.before), _short(d.after)] for d in found.differences]
        ),
    ]
    if not found.changes:
        return "\n".join([*lines, "", f"None of them moves cost or {effect.many}."])
    how = "exact" if found.share.orders is None else f"{found.share.orders} sampled orders"
    drawn = f"mean of {numbers.count(found.sample.n, 'draw')}" if found.sample.n else "base case"
    for strategy, own in shares[shares["group"] == "all"].groupby("strategy", sort=False):
        lines += [
            "",
            f"{numbers.versus(labels[strategy], labels[found.decision.reference])}, {drawn}, {currency} {numbers.stated(found.decision.wtp)} per {effect.one}; Shapley "
            f"values over {numbers.count(len(found.changes), 'change')} ({how}):",
            _listed(found, own, effect.heading),
        ]
    return "\n".join(lines)


def _listed(found: Attribution, own: pd.DataFrame, effect: str) -> str:
    sampled = found.share.orders is not None
    own = own.assign(
        order=[
            -np.inf if k == 0 else np.inf if k == len(own) - 1 else -abs(v)
            for k, v in enumerate(own["incremental_nmb"])
        ]
    )
    own = own.sort_values("order", kind="stable")
    cost, gained, benefit = found.results
    money = numbers.places(own[cost], own[benefit])
    digits = money, numbers.effect_places(own[gained]), money
    rows = [
        [
            _short(r["change"], 60),
            *(_signed(r, name, digits) for name, digits in zip(found.results, digits)),
            *([numbers.number(r["incremental_nmb_standard_error"], digits[2])] if sampled else []),
        ]
        for r in own.to_dict("records")
    ]
    header = ["Change", f"Inc. cost ({found.a.currency})", f"Inc. {effect}", "Inc. net benefit"]
    return text.table([*header, *(["SE"] if sampled else [])], rows)


def _signed(row: dict, name: str, digits: int) -> str:
    return (numbers.signed if row["kind"] == "change" else numbers.number)(row[name], digits)


def _short(words: str, most: int = 40) -> str:
    return words if len(words) <= most else f"{words[: most - 3]}..."
