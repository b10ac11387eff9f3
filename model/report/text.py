"""What a run prints: a readable table and one sentence on the result."""

from __future__ import annotations

import numpy as np

from model.analysis.run import Run
from model.economics import incremental
from model.economics.icer import icer, icer_error
from model.economics.net_benefit import nmb
from model.effects import words_of
from model.scenario import Scenario


def amount(value: float, digits: int = 0) -> str:
    return "-" if not np.isfinite(value) else f"{round(value, digits) + 0.0:,.{digits}f}"


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


def summary(run: Run, published: str = "") -> str:
    """Everything that a run prints on its results; published: beside what was published."""
    scenario, strategies = run.scenario, tuple(run.scenario.strategies)
    parts = [scenario.title, conventions(scenario)]
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
                    total.get(run.decision.effect).mean(axis=1),
                    scenario.currency,
                    words_of(scenario, run.decision.effect).one,
                ),
            ]
    if run.sample.n and run.psa is None:
        parts += ["", f"No probabilistic analysis: {no_psa(scenario)}."]
    if run.base.simulated is not None:
        parts += ["", simulation(run)]
    if published:
        parts += ["", published]
    parts += ["", sentence(run)]
    return "\n".join(parts)


def no_psa(scenario: Scenario) -> str:
    """Why nothing can be sampled."""
    fixed = [name for name, p in scenario.parameters.items() if p.formula is None]
    if not fixed:
        return "the scenario has no parameters; an uncertain number needs a parameter with a 'distribution'"
    return f"no parameter has a 'distribution' (fixed: {', '.join(fixed[:8])}{', ...' if len(fixed) > 8 else ''})"


def conventions(scenario: Scenario) -> str:
    """What holds for every figure of an analysis."""
    time, discount = scenario.time, scenario.discount
    return (
        f"Perspective: {scenario.perspective or 'not stated'}; {f'{scenario.currency} {scenario.price_year}'.strip()}; horizon "
        f"{time.horizon * time.day / 365.25:g} years; cycle {time.cycle:g} {time.unit}s ({time.convention}); "
        f"discount {100 * discount.cost:.3g} % costs, {100 * discount.effect:.3g} % effects ({discount.convention}); "
        "increments: strategy minus comparator"
    )


def simulation(run: Run) -> str:
    """Who was followed, and how exact that makes the base case."""
    scenario, method, found = run.scenario, run.base_method, run.base.simulated["all"]
    who = f"{method.patients:,} patients a strategy"
    if method.replicates:
        who = f"{method.replications:,} replications of {who}"
    lines = [f"{method.engine.capitalize()} engine, base case: {who}."]
    labels, error = list(scenario.labels.values()), found.inb_se(run.decision.wtp, run.decision.effect)[:, 0]
    for s in range(len(labels)):
        if s != run.reference and np.isfinite(error[s]):
            lines.append(f"{labels[s]} v {labels[run.reference]}: {_increment(run, s, error[s])}")
    if run.psa is not None:
        from model.report.patient_tables import status

        worst = [status(run, s) for s in range(len(labels)) if s != run.reference]
        lines.append(f"Simulation noise in CEAC and EVPI: {'; '.join(dict.fromkeys(worst))}.")
    return "\n".join(lines)


def _increment(run: Run, s: int, error: float) -> str:
    """Incremental net benefit and ICER with the standard errors of the simulation."""
    total, found, r, code = run.base.total, run.base.simulated["all"], run.reference, run.scenario.currency
    key, wtp = run.decision.effect, run.decision.wtp
    cost, effect = (float(values[s, 0]) for values in incremental.increments(total.cost, total.get(key), r))
    text = (
        f"incremental net benefit at {code} {amount(wtp)} is {amount(nmb(cost, effect, wtp))} "
        f"(simulation standard error {amount(error)})"
    )
    ratio = float(icer(cost, effect))
    if not np.isfinite(ratio):
        return f"{text}."
    saved = "" if effect > 0 else f" saved per {words_of(run.scenario, key).one} lost"
    error = float(icer_error(effect, found.inb_se(ratio, key)[s, 0]))
    return f"{text}; ICER {amount(ratio)}{saved} (standard error {amount(error)})."


def _n(run: Run) -> int:
    return run.draws.n if run.draws else 0


def _alone(labels: list[str], found, effects: str) -> str:
    """No strategy on the frontier beside the first."""
    first = labels[int(np.argmax(found.status == "reference"))]
    equal = [label for label, status in zip(labels, found.status) if status == "equal"]
    beaten = len(labels) - 1 - len(equal)
    parts = [f"{' and '.join([first, *equal])} are equal in cost and {effects}"] if equal else []
    if beaten:
        parts.append(f"{first} dominates the other {'strategies' if not equal or beaten > 1 else 'strategy'}")
    return "; ".join(parts) or f"{first} is the only strategy"


def sentence(run: Run) -> str:
    """The result in words, for the decision of the run."""
    scenario, total, decision = run.scenario, run.base.total, run.decision
    effect, labels = words_of(scenario, decision.effect), list(scenario.labels.values())
    found = incremental.frontier(total.cost[:, 0], total.get(decision.effect)[:, 0])
    pairs = [
        f"{labels[s]} costs {scenario.currency} {amount(found.icer[s])} per {effect.one} gained compared with "
        f"{labels[found.comparator[s]]}"
        for s in np.argsort(total.cost[:, 0])
        if found.status[s] == "frontier"
    ]
    text = "; ".join(pairs) or _alone(labels, found, effect.many)
    if not run.decisions:
        return text + " (base case)."
    wtp = decision.wtp
    probability = run.decisions["all"].at(wtp).probability_most_cost_effective[0]
    chances = ", ".join(f"{label} {p:.1%}" for label, p in zip(labels, probability))
    return f"{text} (base case); probability most cost-effective at {scenario.currency} {amount(wtp)} per {effect.one}: {chances}."
