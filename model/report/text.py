"""What a run prints: a readable table and one sentence on the result."""

from __future__ import annotations

import numpy as np

from model.analysis.run import Run
from model.economics import incremental


def amount(value: float, digits: int = 0) -> str:
    return "-" if not np.isfinite(value) else f"{value:,.{digits}f}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Columns of text; the first left-aligned, the others right-aligned."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        [str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        for row in [header, ["-" * w for w in widths], *rows]
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def incremental_text(strategies, labels, cost, effect, currency: str, effect_name: str) -> str:
    """The fully incremental table."""
    found, rows = incremental.frontier(cost, effect), []
    for s in np.argsort(cost, kind="stable"):
        rows.append(
            [
                labels[strategies[s]],
                amount(cost[s]),
                amount(effect[s], 4),
                amount(found.incremental_cost[s]),
                amount(found.incremental_effect[s], 4),
                amount(found.icer[s]),
                found.status[s],
            ]
        )
    return table(
        [
            "Strategy",
            f"Cost ({currency})",
            effect_name,
            "Inc. cost",
            f"Inc. {effect_name}",
            f"ICER ({currency}/{effect_name})",
            "Status",
        ],
        rows,
    )


def summary(run: Run) -> str:
    """Everything that a run prints on its results."""
    scenario, strategies = run.scenario, tuple(run.scenario.strategies)
    time, discount = scenario.time, scenario.discount
    parts = [
        scenario.title,
        f"Perspective: {scenario.perspective or 'not stated'}; {scenario.currency} {scenario.price_year}; horizon "
        f"{time.horizon * time.day / 365.25:g} years; cycle {time.cycle:g} {time.unit}s ({time.convention}); "
        f"discount {discount.cost:.3g} costs, {discount.effect:.3g} effects ({discount.convention})",
    ]
    for words, evaluation in (
        ("Deterministic (base values)", run.base),
        (f"Probabilistic ({_n(run):,} draws)", run.psa),
    ):
        if evaluation is not None:
            total = evaluation.total
            parts += [
                "",
                words,
                incremental_text(
                    strategies,
                    scenario.labels,
                    total.cost.mean(axis=1),
                    total.qaly.mean(axis=1),
                    scenario.currency,
                    "QALY",
                ),
            ]
    parts += ["", sentence(run)]
    return "\n".join(parts)


def _n(run: Run) -> int:
    return run.draws.n if run.draws else 0


def sentence(run: Run) -> str:
    """The result in words, at the first threshold of the scenario."""
    scenario, total = run.scenario, run.base.total
    labels, found = list(scenario.labels.values()), incremental.frontier(total.cost[:, 0], total.qaly[:, 0])
    pairs = [
        f"{labels[s]} costs {scenario.currency} {amount(found.icer[s])} per QALY gained compared with "
        f"{labels[found.comparator[s]]}"
        for s in np.argsort(total.cost[:, 0])
        if found.status[s] == "frontier"
    ]
    text = "; ".join(pairs) or f"{labels[int(np.argmax(found.status == 'reference'))]} dominates the other strategies"
    if run.curves is None or not scenario.wtp.thresholds:
        return text + " (base case)."
    wtp = scenario.wtp.thresholds[0]
    probability = run.curves.probability_most_cost_effective[int(np.argmin(np.abs(run.curves.wtp - wtp)))]
    chances = ", ".join(f"{label} {p:.1%}" for label, p in zip(labels, probability))
    return (
        f"{text} (base case); probability most cost-effective at {scenario.currency} {amount(wtp)} per QALY: {chances}."
    )
