"""Increments, dominance, acceptability and value of information, counted again in the plainest way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from model.analysis.means import means
from model.analysis.run import decided_on
from model.analysis.verify_case import Case
from model.analysis.verify_findings import FAIL, PASS, Finding, check, equal, inside, not_applicable, whom
from model.economics import evppi as information
from model.economics import incremental
from model.economics.acceptability import acceptability
from model.economics.incremental import EXTENDED, FRONTIER, REFERENCE, increments
from model.outcomes import Outcomes

MOST_PARAMETERS = 12  # whose value of information is looked at, those that move the net benefit most
BINS = 25
FEWEST = 200  # draws of which bins say something
RELATIVE, WIDE = 0.35, 4.0  # of the base case, and standard errors: how far a PSA mean may be off


@check("PSA mean", "The mean of the PSA is near the base case, or the note says why not")
def psa_mean(case: Case) -> Iterator[Finding]:
    if case.run.psa is None:
        yield not_applicable("no PSA")
        return
    for group, s, strategy, found in case.each(case.run.psa.outcomes):
        for name in found.totals:
            drawn, base = found.get(name)[s], float(case.base.outcomes[group].get(name)[s, 0])
            error = float(drawn.std(ddof=1)) / np.sqrt(len(drawn))
            off = float(drawn.mean()) - base
            why = (
                ""
                if abs(off) <= WIDE * error
                else f"; {off / base if base else np.nan:+.1%}, more than {WIDE:g} standard errors: the model is not linear in its parameters, or base values are no means"
            )
            yield equal(
                base,
                float(drawn.mean()),
                f"{name}{why}",
                WIDE * error + RELATIVE * abs(base),
                **whom(group, strategy),
            )


@check("increments", "Increments, ICER and net benefit by subtraction and division")
def differences(case: Case) -> Iterator[Finding]:
    scenario, effect = case.scenario, case.decision.effect
    reference = scenario.reference_index
    for group, found in case.base.outcomes.items():
        cost, gain = found.cost, found.get(effect)
        more, better = increments(cost, gain, reference)
        for s, strategy in enumerate(scenario.strategies):
            if s == reference:
                continue
            yield from _against(found, effect, reference, s, whom(group, strategy))
            of = whom(group, strategy)
            size = 1e-3 * max(abs(cost[s, 0]), abs(cost[reference, 0]))
            yield equal(cost[s, 0] - cost[reference, 0], more[s, 0], "incremental cost", size=size, **of)
            yield equal(gain[s, 0] - gain[reference, 0], better[s, 0], f"incremental {effect}", size=1e-3, **of)


def _against(found: Outcomes, effect: str, reference: int, s: int, of: dict) -> Iterator[Finding]:
    """The pairwise table, and the fully incremental one, by subtraction."""
    cost, gain = found.cost[:, 0], found.get(effect)[:, 0]
    tables = (incremental.pairwise(cost, gain, reference), incremental.frontier(cost, gain))
    for words, said in zip(("pairwise", "fully incremental"), tables):
        if (other := int(said.comparator[s])) >= 0:
            size, note = 1e-3 * abs(cost[other]), f"{words}: incremental cost against its comparator"
            yield equal(cost[s] - cost[other], said.incremental_cost[s], note, size=size, **of)
            note = f"{words}: incremental {effect} against its comparator"
            yield equal(gain[s] - gain[other], said.incremental_effect[s], note, size=1e-3, **of)


@check("frontier", "Dominance and the frontier by trying every willingness to pay")
def frontier(case: Case) -> Iterator[Finding]:
    if len(case.scenario.strategies) < 2:
        yield not_applicable("one strategy")
        return
    for group, found in case.base.outcomes.items():
        cost, gain = found.cost[:, 0], found.get(case.decision.effect)[:, 0]
        said = means(found.cost, found.get(case.decision.effect)).incremental
        best = _best_somewhere(cost, gain)
        for s, strategy in enumerate(case.scenario.strategies):
            of = whom(group, strategy)
            on = said.status[s] in (REFERENCE, FRONTIER)
            if said.status[s] == "equal":
                continue
            yield Finding(
                PASS if on == (s in best) else FAIL,
                float(s in best),
                float(on),
                "1: best at some willingness to pay",
                **of,
            )
            beaten = any(_beats(cost, gain, o, s) for o in range(len(cost)))
            if said.status[s] not in (REFERENCE, FRONTIER):
                good = beaten == (said.status[s] != EXTENDED)
                yield Finding(
                    PASS if good else FAIL,
                    float(beaten),
                    float(said.status[s] != EXTENDED),
                    "1: another is better and cheaper",
                    **of,
                )
            if said.status[s] == FRONTIER:
                before = max((o for o in best if cost[o] < cost[s]), key=lambda o: cost[o])
                ratio = (cost[s] - cost[before]) / (gain[s] - gain[before])
                yield equal(ratio, said.icer[s], "ICER on the frontier", size=100 * abs(ratio), **of)


def _beats(cost: np.ndarray, gain: np.ndarray, a: int, b: int) -> bool:
    return bool(cost[a] <= cost[b] and gain[a] >= gain[b] and (cost[a] < cost[b] or gain[a] > gain[b]))


def _best_somewhere(cost: np.ndarray, gain: np.ndarray) -> set[int]:
    """Strategies with the highest net benefit at some willingness to pay above 0, ties aside."""
    ratios = [
        (cost[a] - cost[b]) / (gain[a] - gain[b]) for a, b in combinations(range(len(cost)), 2) if gain[a] != gain[b]
    ]
    edges = np.array([0.0, *sorted(r for r in ratios if r > 0)])
    tried = [*(edges[1:] + edges[:-1]) / 2, edges[-1] * 2 + 1]
    return {int(np.argmax(wtp * gain - cost)) for wtp in tried}


@check("acceptability", "The CEAC adds up to 1, begins with the probability of being cheapest, and counts best draws")
def ceac(case: Case) -> Iterator[Finding]:
    run = case.run
    if run.psa is None or len(case.scenario.strategies) < 2:
        yield not_applicable("no PSA" if run.psa is None else "one strategy")
        return
    for group in run.psa.outcomes:
        cost, gain = decided_on(case.scenario, run.psa, case.decision.of_group(group))
        levels = [0.0, *case.scenario.wtp.thresholds]
        said = acceptability(cost, gain, np.unique(levels))
        for w, wtp in enumerate(said.wtp):
            benefit = wtp * gain - cost
            share = _shares(benefit)
            yield equal(1.0, float(said.probability_most_cost_effective[w].sum()), f"sum at {wtp:g}", group=group)
            for s, strategy in enumerate(case.scenario.strategies):
                words = (
                    "probability of being cheapest" if wtp == 0 else f"share of draws in which it is best at {wtp:g}"
                )
                p = said.probability_most_cost_effective[w, s]
                yield equal(share[s], p, words, 1.5 / benefit.shape[1], **whom(group, strategy))
            perfect = float(benefit.max(axis=0).mean() - benefit.mean(axis=1).max())
            size = 1e-3 * float(np.abs(benefit).max())
            yield equal(
                perfect,
                float(said.evpi[w]),
                f"EVPI at {wtp:g}: mean of maxima - maximum of means",
                size=size,
                group=group,
            )
        yield from _as_reported(case, group, said)


def _shares(benefit: np.ndarray) -> np.ndarray:
    best = benefit >= benefit.max(axis=0) - 1e-12 * np.abs(benefit).max()
    return (best / best.sum(axis=0)).mean(axis=1)


def _as_reported(case: Case, group: str, said) -> Iterator[Finding]:
    """What the run tells of the same thresholds."""
    reported = case.run.decisions[group]
    for wtp in case.scenario.wtp.thresholds:
        here, there = said.at([wtp]), reported.at([wtp])
        for s, strategy in enumerate(case.scenario.strategies):
            p, q = (one.probability_most_cost_effective[0, s] for one in (here, there))
            yield equal(p, q, f"probability at {wtp:g}, as the run has it", **whom(group, strategy))


@check(
    "value of information",
    "Information on a parameter is worth 0 or more, at most that on everything, and as much as a sort into bins says",
)
def evppi(case: Case) -> Iterator[Finding]:
    run = case.run
    if run.psa is None or run.draws is None or len(case.scenario.strategies) < 2:
        yield not_applicable("no PSA, or one strategy")
        return
    if run.sample.n < FEWEST:
        yield not_applicable(f"fewer than {FEWEST} draws")
        return
    cost, gain = decided_on(case.scenario, run.psa, case.decision)
    benefit = case.decision.wtp * gain - cost
    perfect = float(benefit.max(axis=0).mean() - benefit.mean(axis=1).max())
    names = [n for n, p in case.scenario.parameters.items() if p.distribution is not None]
    moved = {n: _correlation(run.draws.column(n), benefit) for n in names}
    for name in sorted(names, key=lambda n: -moved[n])[:MOST_PARAMETERS]:
        drawn = run.draws.column(name)
        one = information.evppi(benefit, drawn)
        value, error = float(one.value), float(one.standard_error)
        yield inside(0.0, perfect * (1 + 1e-9) + 1e-12, value, f"{name}: EVPPI; 0 to the EVPI of {perfect:.6g}")
        rough, noise = _binned(benefit, drawn)
        slack = 4 * (error + noise) + 0.1 * perfect
        yield equal(rough, value, f"{name}: EVPPI from {BINS} bins v regression; tolerance {slack:.3g}", slack)


def _correlation(drawn: np.ndarray, benefit: np.ndarray) -> float:
    """The largest, of either sign, with the net benefit of any strategy beyond the first."""
    gains = [gain for gain in benefit[1:] - benefit[0] if gain.std() > 0]
    if drawn.std() == 0 or not gains:
        return 0.0
    return max(abs(float(np.corrcoef(drawn, gain)[0, 1])) for gain in gains)


def _binned(benefit: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """(mean over bins of the best mean net benefit, less the best mean; how much of that noise may make)."""
    order = np.argsort(drawn, kind="stable")
    bins = np.array_split(order, BINS)
    best = sum(len(rows) * float(benefit[:, rows].mean(axis=1).max()) for rows in bins) / len(drawn)
    spread = float((benefit - benefit[0]).std(axis=1).max())
    return best - float(benefit.mean(axis=1).max()), spread / np.sqrt(len(drawn))
