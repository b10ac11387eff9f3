"""Each strategy against the reference in every group of patients: increments, ICER and net benefit with 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.analysis.evaluate import Evaluation
from model.analysis.means import Pair, Spread, of_increments, pairs
from model.analysis.run import Run
from model.analysis.simulate import Simulated
from model.analysis.summaries import Summary, of_draws, of_simulation
from model.decision import ALL
from model.economics.icer import icer
from model.economics.net_benefit import nmb
from model.outcome_keys import COST
from model.outcomes import Outcomes
from model.scenario import Scenario

MOST_ROWS = 500_000  # of a table of draws with its groups: 30 megabytes
MOST_ROWS_OF_GROUPS = 1_000_000  # of one with the groups alone


@dataclass(frozen=True)
class Compared:
    """A strategy against the reference, by index, in one group; share: of the patients, its mean over draws.

    cost, effect, net_benefit: increments with their 95 % intervals over draws, in a base case alone those of the simulated mean
    (nan without one). status: of the means, a word of `icer.VERDICTS`; spread: limits over draws.
    """

    analysis: str
    group: str
    share: float
    strategy: int
    cost: Summary
    effect: Summary
    icer: float
    spread: Spread
    status: str
    net_benefit: Summary


def several(evaluation: Evaluation) -> bool:
    """Whether there is more than one group of patients to be told apart."""
    return len(evaluation.outcomes) > 2  # all together, and at least two


def compared(run: Run) -> Iterator[Compared]:
    """Of the PSA, or of the base case where there is none: groups, subgroups and, last, all patients, for each strategy."""
    analysis, evaluation = ("probabilistic", run.psa) if run.psa is not None else ("deterministic", run.base)
    share = shares(run.scenario, evaluation)
    found = {group: _pairs(run, evaluation, group) for group in last(evaluation.outcomes)}
    for place in range(len(run.scenario.strategies) - 1):
        for group, others in found.items():
            simulated = None if evaluation is run.psa else evaluation.simulated
            errors = simulated[group] if simulated else None
            yield _compared(run, (analysis, group, share[group]), others[place], errors)


def _pairs(run: Run, evaluation: Evaluation, group: str) -> list[Pair]:
    result = evaluation.outcomes[group]
    return pairs(result.cost, result.get(run.decision.effect), run.reference)


def _compared(run: Run, about: tuple[str, str, float], pair: Pair, errors: Simulated | None) -> Compared:
    effect, wtp, s = run.decision.effect, run.decision.wtp, pair.strategy
    benefit = nmb(pair.cost, pair.effect, wtp)
    ratio = float(icer(pair.cost.mean(), pair.effect.mean()))
    spread = of_increments(pair.cost, pair.effect, bool(np.isfinite(ratio)))
    if errors is None:
        cost, gain, benefits = map(of_draws, (pair.cost, pair.effect, benefit))
    else:
        cost, gain = (
            of_simulation(x[0], errors.increment_se[errors.mean.names.index(name), 1, s, 0], errors.freedom)
            for x, name in ((pair.cost, COST), (pair.effect, effect))
        )
        benefits = of_simulation(benefit[0], errors.inb_se(wtp, effect)[s, 0], errors.freedom)
    analysis, group, share = about
    return Compared(analysis, group, share, s, cost, gain, ratio, spread, pair.status, benefits)


def shares(scenario: Scenario, evaluation: Evaluation) -> dict[str, float]:
    """Mean over draws of each group's share of the patients; subgroups overlap the groups of which they are made."""
    own = {group: float(weight.mean()) for group, weight in evaluation.weights.items()}
    pooled = {key: sum(own[member] for member in subgroup.members) for key, subgroup in scenario.subgroups.items()}
    return {**own, **pooled, ALL: 1.0}


class Kept(NamedTuple):
    """How many draws of each group are written, and whether apart from those of all patients."""

    draws: int
    apart: bool


def kept_draws(outcomes: Mapping[str, Outcomes]) -> Kept:
    """Of a PSA by group: all, in one table with all patients where that is small enough."""
    strategies, n = outcomes[ALL].cost.shape
    parts = len(outcomes) - 1
    if len(outcomes) * strategies * n <= MOST_ROWS or not parts:
        return Kept(n, False)
    return Kept(min(n, MOST_ROWS_OF_GROUPS // (parts * strategies)), True)


def told(scenario: Scenario, psa: Evaluation | None) -> Iterator[str]:
    """Where the draws of groups stand, if not with those of all patients."""
    if psa is not None and (kept := kept_draws(psa.outcomes)).apart:
        n = psa.total.cost.shape[-1]
        part = "draws" if kept.draws == n else f"first {kept.draws:,} of {n:,} draws"
        yield f"{scenario.path}: the {part} of {len(psa.outcomes) - 1} groups are in psa_groups.csv, not in psa.csv"


def last(groups: Iterable[str]) -> list[str]:
    """The groups, and all patients together after them."""
    return [*(group for group in groups if group != ALL), ALL]


def shown(scenario: Scenario, share: dict[str, float], most: int) -> list[str]:
    """Which groups people are shown, in the order of `share`: the subgroups, which the file asks for, the largest of the others as
    far as `most` allows, and all patients."""
    others = sorted((key for key in scenario.groups if key in share), key=lambda key: -share[key])
    kept = {ALL, *scenario.subgroups, *others[: max(most - len(scenario.subgroups), 0)]}
    return [key for key in share if key in kept]
