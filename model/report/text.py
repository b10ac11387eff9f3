"""What a run prints: a readable table and one sentence on the result."""

from __future__ import annotations

import numpy as np

from model.analysis.evaluate import Evaluation
from model.analysis.means import Means, means
from model.analysis.run import Run
from model.analysis.simulation_errors import SimulatedIncrement, simulated_increments, status
from model.effects import Words, words_of
from model.profiles import profile_of
from model.report import numbers, profile_tables
from model.scenario import Scenario


def table(header: list[str], rows: list[list[str]]) -> str:
    """Columns of text; the first left-aligned, the others right-aligned."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        [str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        for row in [header, ["-" * w for w in widths], *rows]
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def incremental_text(strategies, labels, found: Means, currency: str, effect: Words) -> str:
    """The fully incremental table; money and effects each with the digits that they need together."""
    steps = found.incremental
    money = numbers.places(found.cost, steps.incremental_cost)
    gained = numbers.effect_places(found.effect, steps.incremental_effect)
    ratio = numbers.places(steps.icer)
    rows = [
        [
            labels[strategies[s]],
            numbers.number(found.cost[s], money),
            numbers.number(found.effect[s], gained),
            labels[strategies[steps.comparator[s]]] if steps.comparator[s] >= 0 else numbers.NONE,
            numbers.number(steps.incremental_cost[s], money),
            numbers.number(steps.incremental_effect[s], gained),
            numbers.number(steps.icer[s], ratio),
            steps.status[s],
        ]
        for s in found.by_cost
    ]
    return table(
        [
            "Strategy",
            f"Cost ({currency})" if currency else "Cost",
            effect.heading,
            "Versus",
            "Inc. cost",
            f"Inc. {effect.heading}",
            f"ICER ({currency or 'cost'} per {effect.one})",
            "Status",
        ],
        rows,
    )


def summary(run: Run, published: str = "", by_group: str = "", alive: str = "", severe: str = "") -> str:
    """Everything that a run prints on its results; published: beside what was published; by_group: of groups of patients; alive: at
    landmarks; severe: on the shortfall of QALYs."""
    scenario, strategies = run.scenario, tuple(run.scenario.strategies)
    parts = [scenario.title, conventions(scenario), *filter(None, [profile_tables.line(run)])]
    for words, evaluation in _analyses(run):
        if evaluation is not None:
            total = evaluation.total
            parts += [
                "",
                words,
                incremental_text(
                    strategies,
                    scenario.labels,
                    means(total.cost, total.get(run.decision.effect)),
                    scenario.currency,
                    words_of(scenario, run.decision.effect),
                ),
            ]
    if run.sample.n and run.psa is None:
        parts += ["", f"No probabilistic analysis: {no_psa(scenario)}."]
    if by_group:
        parts += ["", by_group]
    if run.base.simulated is not None:
        parts += ["", simulation(run)]
    parts += [part for words in (alive, published, severe) if words for part in ("", words)]
    parts += ["", sentence(run)]
    return "\n".join(parts)


def _analyses(run: Run) -> list[tuple[str, Evaluation | None]]:
    """The base case and the PSA with their headings; that which is the reference case of the profile comes first."""
    found = [
        ("Deterministic (base values)", run.base),
        (f"Probabilistic (means of {numbers.count(_n(run), 'draw')})", run.psa),
    ]
    if not _headed_by_psa(run):
        return found
    (base, first), (drawn, second) = found
    return [(f"{drawn}: the reference case", second), (base, first)]


def _headed_by_psa(run: Run) -> bool:
    profile = profile_of(run.scenario)
    return profile is not None and profile.probabilistic and run.psa is not None


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
        f"{numbers.count(time.horizon * time.day / 365.25, 'year')}; cycle {numbers.count(time.cycle, time.unit)} ({time.convention}"
        f"{f', transitions counted {time.counted}' if time.counted else ''}); "
        f"discount {numbers.rate(discount.cost)} costs, {numbers.rate(discount.effect)} effects ({discount.convention}"
        f"{', continuous compounding' if discount.compounding == 'continuous' else ''}); "
        "increments: strategy minus comparator"
    )


def simulation(run: Run) -> str:
    """Who was followed, and how exact that makes the base case."""
    method, labels = run.base_method, list(run.scenario.labels.values())
    who = f"{method.patients:,} patients a strategy"
    if method.replicates:
        who = f"{method.replications:,} replications of {who}"
    lines = [f"{method.engine.capitalize()} engine, base case: {who}."]
    lines += [
        f"{numbers.versus(labels[found.strategy], labels[run.reference])}: {_increment(run, found)}"
        for found in simulated_increments(run)
    ]
    if run.psa is not None:
        words = [status(run, s) for s in range(len(labels)) if s != run.reference]
        lines.append(f"Simulation noise in CEAC and EVPI: {'; '.join(dict.fromkeys(words))}.")
    return "\n".join(lines)


def _increment(run: Run, found: SimulatedIncrement) -> str:
    """Incremental net benefit and ICER with the standard errors of the simulation."""
    code, wtp = run.scenario.currency, run.decision.wtp
    digits = numbers.places(found.net_benefit, found.net_benefit_error)
    text = (
        f"incremental net benefit at {code} {numbers.stated(wtp)} is {numbers.number(found.net_benefit, digits)} "
        f"(simulation standard error {numbers.number(found.net_benefit_error, digits)})"
    )
    if not np.isfinite(found.icer):
        return f"{text}."
    saved = "" if found.effect > 0 else f" saved per {words_of(run.scenario, run.decision.effect).one} lost"
    digits = numbers.places(found.icer, found.icer_error)
    ratio, error = numbers.number(found.icer, digits), numbers.number(found.icer_error, digits)
    return f"{text}; ICER {ratio}{saved} (standard error {error})."


def _n(run: Run) -> int:
    return run.draws.n if run.draws else 0


def _alone(labels: list[str], found: Means, effects: str) -> str:
    """No strategy on the frontier beside the first."""
    first, status = labels[found.cheapest], found.incremental.status
    equal = [label for label, word in zip(labels, status) if word == "equal"]
    beaten = [label for label in labels if label not in (first, *equal)]
    parts = [f"{' and '.join([first, *equal])} are equal in cost and {effects}"] if equal else []
    if beaten:
        parts.append(f"{first} dominates the other {'strategies' if len(beaten) > 1 else 'strategy'}")
    return "; ".join(parts) or f"{first} is the only strategy"


def sentence(run: Run) -> str:
    """The result in words, for the decision of the run."""
    scenario, decision = run.scenario, run.decision
    effect, labels = words_of(scenario, decision.effect), list(scenario.labels.values())
    headed = run.psa if _headed_by_psa(run) else None
    text = f"{verdict(run, headed or run.base)} ({'mean of the draws' if headed else 'base case'})"
    if not run.decisions:
        return f"{text}."
    wtp = decision.wtp
    probability = run.decisions["all"].at(wtp).probability_most_cost_effective[0]
    chances = ", ".join(f"{label} {share}" for label, share in zip(labels, numbers.shares(probability)))
    return f"{text}; probability most cost-effective at {scenario.currency} {numbers.stated(wtp)} per {effect.one}: {chances}."


def verdict(run: Run, evaluation: Evaluation) -> str:
    """What the means of all patients say of the strategies."""
    scenario, total, decision = run.scenario, evaluation.total, run.decision
    effect, labels = words_of(scenario, decision.effect), list(scenario.labels.values())
    found = means(total.cost, total.get(decision.effect))
    icer, against, status = found.incremental.icer, found.incremental.comparator, found.incremental.status
    digits = numbers.places(icer)
    pairs = [
        f"{labels[s]} costs {scenario.currency} {numbers.number(icer[s], digits)} per {effect.one} gained compared with "
        f"{labels[against[s]]}"
        for s in found.by_cost
        if status[s] == "frontier"
    ]
    return "; ".join(pairs) or _alone(labels, found, effect.many)
