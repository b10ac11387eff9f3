"""What each change of a centre does to every outcome of every strategy, and to the ICER; paired by replication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.analysis.agreement import Bridge, step_of
from model.analysis.bridge_results import without_round_off
from model.analysis.capacity import Alternative
from model.analysis.summaries import Summary, of_replications
from model.decision import Decision
from model.economics.icer import icer, verdict
from model.economics.net_benefit import nmb
from model.outcomes import Outcomes
from model.scenario import Scenario


@dataclass(frozen=True)
class OutcomeChange:
    """Of an outcome, or of `net_benefit`: its level in a centre, and its change from the first one."""

    centre: Alternative
    strategy: str
    outcome: str
    level: Summary
    change: Summary


@dataclass(frozen=True)
class IcerChange:
    """ICER of a strategy against the reference in a centre, and its change from the first one; jackknife standard errors."""

    centre: Alternative
    strategy: str
    icer: float
    standard_error: float
    change: float
    change_standard_error: float
    status: str


def outcome_changes(centres: list[Alternative], decision: Decision) -> Iterator[OutcomeChange]:
    """By centre, outcome and strategy; components of cost are left out."""

    def values(total: Outcomes, name: str):
        return nmb(total.cost, total.get(decision.effect), decision.wtp) if name == "net_benefit" else total.get(name)

    first = centres[0].total
    for centre in centres:
        for name in (*first.totals, "net_benefit"):
            here, before = values(centre.total, name), values(first, name)
            for s, strategy in enumerate(first.strategies):
                level, change = of_replications(here[s]), of_replications(here[s] - before[s])
                yield OutcomeChange(centre, strategy, name, level, change)


def icer_changes(scenario: Scenario, centres: list[Alternative], decision: Decision) -> Iterator[IcerChange]:
    """By strategy and centre."""
    reference, strategies = scenario.reference_index, tuple(scenario.strategies)
    steps = [step_of(c.label, c.total, decision.effect, reference, c.total.cost.shape[1]) for c in centres]
    for s, strategy in enumerate(strategies):
        for centre, step in zip(centres, steps) if s != reference else ():
            pair = Bridge((steps[0], step), strategies, reference, decision)
            (_, value), (_, error) = pair.levels(s, icer)
            (_, change), (_, change_error) = pair.changes(s, icer)
            rounded = without_round_off(change), without_round_off(change_error)
            status = verdict(step.cost[s].mean(), step.effect[s].mean()).item()
            yield IcerChange(centre, strategy, value, error, *rounded, status)
