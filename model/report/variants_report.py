"""Tables, figures and text of named variants."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.variants import Compared, difference, paired_error, structure
from model.effects import Words, words_of
from model.report import figures, headroom_plots, numbers, sweep_plots, text
from model.report.figures import Plan
from model.report.headroom_report import INTERVAL, group_labels
from model.report.result import Result
from model.report.style import wrapped
from model.report.sweep_report import net_benefit_label, tail

if TYPE_CHECKING:
    import pandas as pd


def differences(effect: str) -> tuple[str, ...]:
    """Columns of which the difference from the base case is told."""
    return (
        "cost",
        effect,
        "incremental_cost",
        f"incremental_{effect}",
        "incremental_nmb",
        "icer",
        "probability_most_cost_effective",
    )


def report(found: Compared) -> Result:
    table, shares = variants_table(found), structure_table(found)
    tables = {"variants": table, "settings": settings_table(found)} | ({} if shares.empty else {"structure": shares})
    return Result(tables, _plans(found, table), None, _text(found, table, shares))


def structure_table(found: Compared) -> pd.DataFrame:
    """A row a strategy and threshold: how much of the uncertainty lies between the variants (base case included)."""
    import pandas as pd

    base, rows = found.variants.base, []
    for strategy in base.strategies:
        for wtp in dict.fromkeys([found.decision.wtp, *base.wtp.thresholds]):
            one = structure(found, strategy, wtp) if strategy != base.reference_strategy else None
            if one is not None:
                row = {"strategy": strategy, "wtp": wtp, "structures": len(found.found)}
                spread = {"variance_between_structures": one.between, "mean_variance_within": one.within}
                rows.append(row | spread | {"structural_share": one.share})
    return pd.DataFrame(rows)


def variants_table(found: Compared) -> pd.DataFrame:
    """A row a variant, analysis, group and strategy. `..._difference` is the variant's value minus that of the base case;
    of an ICER only where both lie in one quadrant."""
    import pandas as pd

    table = pd.DataFrame([row for key in found.found for row in _rows(found, key)])
    on = ["analysis", "group", "strategy"]
    shared = [name for name in differences(found.decision.effect) if name in table]
    base = table.loc[table["variant"] == "base", [*on, *shared, "status"]]
    both = table[on].merge(base, on=on, how="left", validate="many_to_one")
    same = (table["status"] == both["status"].to_numpy()).to_numpy()
    for name in shared:
        values, before = (rows[name].to_numpy(float) for rows in (table, both))
        table[f"{name}_difference"] = difference(values, before, same if name == "icer" else True)
    error = "incremental_nmb_difference_standard_error"
    if error in table:
        table[error] = table.pop(error)
    return table


def _rows(found: Compared, key: str) -> Iterator[dict[str, object]]:
    own, variants, wtp = found.found[key], found.variants, found.decision.wtp
    strategies, last = list(variants.scenarios[key].strategies), tail(found.decision.effect)
    for analysis, columns in own.analyses().items():
        drawn = analysis == "probabilistic"
        names = [*(name for name in columns if name not in last), *(name for name in last if name in columns)]
        for g, group in enumerate(own.groups):
            for s, strategy in enumerate(strategies):
                row: dict[str, object] = {
                    "variant": key,
                    "label": variants.labels[key],
                    "analysis": analysis,
                    "group": group,
                    "strategy": strategy,
                }
                row |= {name: columns[name][0, g, s] for name in names} | {"wtp": wtp}
                if drawn:
                    row |= dict(zip(("incremental_nmb_low", "incremental_nmb_high"), own.interval(wtp, g, s)))
                if drawn and found.found["base"].psa is not None:
                    row["incremental_nmb_difference_standard_error"] = paired_error(found, key, group, strategy)
                yield row


def settings_table(found: Compared) -> pd.DataFrame:
    """What each variant sets, or its file."""
    import pandas as pd

    base, rows = found.variants.base, []
    for key, scenario in found.variants.scenarios.items():
        about = {"variant": key, "label": found.variants.labels[key], "file": scenario.path}
        own = [s for s in scenario.settings if s not in base.settings] or [""]
        rows += [about | dict(zip(("field", "value"), (*s.split("=", 1), "")[:2])) for s in own]
    return pd.DataFrame(rows)


def _plans(found: Compared, table: pd.DataFrame) -> dict[str, Plan]:
    """One figure a strategy that is compared."""
    style = figures.style_of_scenario(found.variants.base, found.decision.effect)
    reference = found.decision.reference
    others = [s for s in style.labels if s != reference]
    plans = {}
    for strategy in others:
        own = table[(table["strategy"] == strategy) & (table["group"] == "all")]
        label = net_benefit_label(style, found.decision.wtp, reference, strategy)
        data = _dots(own[own["variant"] != "base"])
        base = own[own["variant"] == "base"]
        lines = dict(zip(base["analysis"].str.capitalize(), base["incremental_nmb"]))
        name = "incremental_net_benefit" + (f"_{strategy}" if len(others) > 1 else "")
        plans[name] = Plan(
            partial(sweep_plots.dots, data, style, wrapped(label, 85), label, lines),
            data,
        )
        drawn = table[(table["strategy"] == strategy) & (table["analysis"] == "probabilistic")]
        if len(drawn):
            data = _forest(found, drawn)
            plans[f"forest_{name}"] = Plan(
                partial(headroom_plots.forest, data, style, "Probabilistic", label, INTERVAL),
                data,
            )
    return plans


def _forest(found: Compared, drawn: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    labels = {key: group_labels(scenario) for key, scenario in found.variants.scenarios.items()}
    return pd.DataFrame(
        {
            "case": drawn["label"],
            "group": [labels[v].get(g, "") for v, g in zip(drawn["variant"], drawn["group"])],
            "result": drawn["incremental_nmb"],
            "low": drawn["incremental_nmb_low"],
            "high": drawn["incremental_nmb_high"],
        }
    ).reset_index(drop=True)


def _dots(own: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    unknown = pd.Series(np.nan, own.index)
    return pd.DataFrame(
        {
            "case": own["label"],
            "series": own["analysis"].str.capitalize(),
            "result": own["incremental_nmb"],
            "standard_error": own.get("incremental_nmb_standard_error", unknown),
            "degrees_of_freedom": own.get("degrees_of_freedom", unknown),
        }
    )


def _text(found: Compared, table: pd.DataFrame, shares: pd.DataFrame) -> str:
    base = found.variants.base
    reference, currency = base.reference_strategy, base.currency
    effect = words_of(base, found.decision.effect)
    lines = [
        base.title,
        f"{numbers.count(len(found.found) - 1, 'variant')}; increments are versus {base.labels[reference]}; net benefit at "
        f"{currency} {numbers.stated(found.decision.wtp)} per {effect.one}",
    ]
    own = table[(table["group"] == "all") & (table["strategy"] != reference)]
    for (strategy, analysis), rows in own.groupby(["strategy", "analysis"], sort=False):
        drawn, draws = analysis == "probabilistic", numbers.count(found.sample.n, "draw")
        heading = f"{analysis.capitalize()}{f' ({draws})' if drawn else ''}: {base.labels.get(strategy, strategy)}"
        lines += ["", heading, _listed(rows, currency, found.decision.effect, effect, drawn)]
    return "\n".join([*lines, *_shares(base, shares)])


def _shares(base, shares: pd.DataFrame) -> list[str]:
    if shares.empty:
        return []
    lines = [
        "",
        "Share of the uncertainty of the incremental net benefit that lies between the variants (equal weights):",
    ]
    for strategy, own in shares.groupby("strategy", sort=False):
        at = ", ".join(
            f"{numbers.percent(share, 0)} at {numbers.stated(wtp)}"
            for share, wtp in zip(own["structural_share"], own["wtp"])
        )
        lines.append(f"{base.labels.get(strategy, strategy)}: {at}")
    return lines


def _listed(rows: pd.DataFrame, currency: str, effect: str, called: Words, drawn: bool) -> str:
    benefit = rows["incremental_nmb"], rows["incremental_nmb_difference"]
    money, gained = (
        numbers.places(rows["incremental_cost"], *benefit),
        numbers.effect_places(rows[f"incremental_{effect}"]),
    )
    ratio = numbers.places(rows["icer"], rows["icer_difference"])
    header = [
        "Variant",
        f"Inc. cost ({currency})",
        f"Inc. {called.heading}",
        f"ICER ({currency} per {called.one})",
        "Versus base",
        f"Inc. net benefit ({currency})",
        "Versus base",
    ]
    cells = [
        [
            r["label"],
            numbers.number(r["incremental_cost"], money),
            numbers.number(r[f"incremental_{effect}"], gained),
            numbers.number(r["icer"], ratio) if np.isfinite(r["icer"]) else r["status"],
            numbers.signed(r["icer_difference"], ratio),
            numbers.number(r["incremental_nmb"], money),
            numbers.signed(r["incremental_nmb_difference"], money),
            *([numbers.percent(r["probability_most_cost_effective"])] if drawn else []),
        ]
        for r in rows.to_dict("records")
    ]
    return text.table([*header, *(["Most cost-effective"] if drawn else [])], cells)
