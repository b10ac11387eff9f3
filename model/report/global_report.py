"""Tables, figures and text of global sensitivity analyses and of the convergence of a PSA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.analysis.convergence import WRONG, Convergence
from model.analysis.globalsens import Factor, Indices, Screening
from model.analysis.run import Run
from model.decision import Decision
from model.effects import words_of
from model.report import figures, global_plots, numbers, text
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


def sobol(scenario: Scenario, factors: tuple[Factor, ...], found: dict[str, Indices], decision: Decision) -> Result:
    """found: by strategy, against the reference."""
    table = sobol_table(scenario, factors, found, decision)
    style, plans, lines = figures.style_of_scenario(scenario, decision.effect), {}, [scenario.title]
    for strategy, own in found.items():
        part = table[table["strategy"] == strategy]
        label = pair(scenario, strategy, decision)
        plans[_name("sobol", found, strategy)] = figures.Plan(partial(global_plots.sobol, part, style, label), part)
        rows = [
            [
                style.named(r.input),
                numbers.number(r.first_order, 3),
                numbers.interval(r.first_order_lower_95, r.first_order_upper_95, 3),
                numbers.number(r.total, 3),
                numbers.interval(r.total_lower_95, r.total_upper_95, 3),
            ]
            for r in part.itertuples()
        ]
        lines += [
            "",
            f"Shares of the variance of the {label}",
            f"(standard deviation {numbers.brief(np.sqrt(own.variance))}; {numbers.count(own.runs, 'run')}; "
            f"sum of first-order indices {own.first.sum():.3f})",
            text.table(["Input", "Alone", "95 % interval", "With others", "95 % interval"], rows),
        ]
    return Result({"sobol": table}, plans, None, "\n".join(lines))


def sobol_table(scenario: Scenario, factors, found: dict[str, Indices], decision: Decision) -> pd.DataFrame:
    """A row an input and strategy, by total index. Indices are shares of the variance of the incremental net benefit."""
    import pandas as pd

    rows = []
    for strategy, own in found.items():
        for i in np.argsort(-own.total, kind="stable"):
            rows.append(
                {
                    **_about(scenario, strategy, decision, factors[i]),
                    "first_order": own.first[i],
                    "first_order_lower_95": own.first_interval[i, 0],
                    "first_order_upper_95": own.first_interval[i, 1],
                    "total": own.total[i],
                    "total_lower_95": own.total_interval[i, 0],
                    "total_upper_95": own.total_interval[i, 1],
                    "runs": own.runs,
                }
            )
    return pd.DataFrame(rows)


def _about(scenario: Scenario, strategy: str, decision: Decision, factor: Factor) -> dict:
    return {
        "strategy": strategy,
        "comparator": decision.reference,
        "group": decision.group,
        "wtp": decision.wtp,
        "input": factor.name,
        "parameters": "; ".join(factor.parameters),
    }


def morris(scenario: Scenario, factors: tuple[Factor, ...], found: dict[str, Screening], decision: Decision) -> Result:
    table = morris_table(scenario, factors, found, decision)
    style, plans, lines = figures.style_of_scenario(scenario, decision.effect), {}, [scenario.title]
    for strategy, own in found.items():
        part, label = table[table["strategy"] == strategy], pair(scenario, strategy, decision)
        plans[_name("morris", found, strategy)] = figures.Plan(partial(global_plots.morris, part, style, label), part)
        digits = numbers.places(part["mean_absolute_effect"])
        rows = [
            [
                style.named(r.input),
                numbers.number(r.mean_absolute_effect, digits),
                numbers.number(r.half_width_95, digits),
                numbers.number(r.standard_deviation, digits),
            ]
            for r in part.itertuples()
        ]
        lines += [
            "",
            f"Elementary effects on the {label} ({numbers.count(own.runs, 'run')})",
            text.table(["Input", "Mean |effect|", "± 95 %", "SD (interactions)"], rows),
        ]
    return Result({"morris": table}, plans, None, "\n".join(lines))


def morris_table(scenario: Scenario, factors, found: dict[str, Screening], decision: Decision) -> pd.DataFrame:
    """A row an input and strategy; an effect is the change over the whole range of quantiles, per unit of it."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                **_about(scenario, strategy, decision, factors[i]),
                "mean_absolute_effect": own.mean_absolute[i],
                "half_width_95": own.half_width[i],
                "standard_deviation": own.spread[i],
                "runs": own.runs,
            }
            for strategy, own in found.items()
            for i in np.argsort(-own.mean_absolute, kind="stable")
        ]
    )


def _name(kind: str, found: dict, strategy: str) -> str:
    return kind if len(found) == 1 else f"{kind}_{strategy}"


def pair(scenario: Scenario, strategy: str, decision: Decision) -> str:
    """'incremental net benefit at 50,000 per QALY (USD 2010), Surgery versus Radiotherapy'."""
    currency = f"{scenario.currency} {scenario.price_year}".strip()
    pair_ = numbers.versus(scenario.labels[strategy], scenario.labels[decision.reference])
    where = "" if decision.group == "all" else f", {scenario.group_labels[decision.group]}"
    effect = words_of(scenario, decision.effect).one
    return f"incremental net benefit at {numbers.stated(decision.wtp)} per {effect} ({currency}), {pair_}{where}"


# --- convergence ------------------------------------------------------------------------------------------------


def convergence(run: Run, found: list[Convergence]) -> Result:
    running, verdicts = running_table(run, found), verdict_table(run, found)
    style, plans = figures.style_of(run), {}
    shown = running[running["group"] == "all"]
    for strategy in dict.fromkeys(shown["strategy"]):
        own = shown[shown["strategy"] == strategy]
        name = "convergence" if shown["strategy"].nunique() == 1 else f"convergence_{strategy}"
        label = pair(run.scenario, strategy, run.decision)
        plans[name] = figures.Plan(partial(global_plots.convergence, own, style, label), own)
    sentences = [run.scenario.title, *(sentence(run, one) for one in found)]
    return Result({"convergence": running, "enough_draws": verdicts}, plans, run, "\n\n".join(sentences))


def running_table(run: Run, found: list[Convergence]) -> pd.DataFrame:
    import pandas as pd

    names = list(run.scenario.strategies)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "group": one.group,
                    "strategy": names[one.strategy],
                    "wtp": one.wtp,
                    "draws": one.draws,
                    "incremental_net_benefit": one.mean,
                    "standard_error": one.standard_error,
                    "probability_most_cost_effective": one.probability,
                    "probability_standard_error": one.probability_standard_error,
                }
            )
            for one in found
        ],
        ignore_index=True,
    )


def verdict_table(run: Run, found: list[Convergence]) -> pd.DataFrame:
    import pandas as pd

    names = list(run.scenario.strategies)
    return pd.DataFrame(
        [
            {
                "group": one.group,
                "strategy": names[one.strategy],
                "wtp": one.wtp,
                "draws": int(one.draws[-1]),
                "incremental_net_benefit": one.mean[-1],
                "standard_error": one.standard_error[-1],
                "standard_error_wanted": one.target,
                "draws_needed": one.needed,
                "chance_of_wrong_sign": one.wrong_sign,
                "enough": str(one.enough).lower(),
            }
            for one in found
        ]
    )


def sentence(run: Run, one: Convergence) -> str:
    """Is it enough, and why?"""
    n, wrong, strategies = int(one.draws[-1]), one.wrong_sign, list(run.scenario.strategies)
    what = pair(run.scenario, strategies[one.strategy], run.decision.of_group(one.group))
    digits, error = numbers.places(one.mean[-1]), max(1, numbers.places(one.standard_error[-1]))
    text_ = (
        f"{n:,} draws are {'enough' if one.enough else 'NOT enough'} for the "
        f"{what}: {numbers.number(one.mean[-1], digits)}, standard error "
        f"{numbers.number(one.standard_error[-1], error)}; {one.needed:,} draws give the standard error wanted, {numbers.number(one.target, error)}. "
        f"The sign is wrong with a chance of {'less than 0.1 %' if wrong < 0.001 else numbers.percent(wrong)}"
        f"{'' if wrong <= WRONG else ' (wanted: 1 % at most)'}."
    )
    return (
        text_
        + f" Probability most cost-effective {numbers.percent(one.probability[-1])}, standard error {numbers.percent(one.probability_standard_error[-1], 2)}."
    )
