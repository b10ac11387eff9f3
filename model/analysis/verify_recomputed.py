"""The results of the program beside those of a small cohort model of the verifier's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from model import draws
from model.analysis.verify_case import Case
from model.analysis.verify_cohort import COST, EFFECT, Counted, Model
from model.analysis.verify_findings import Finding, check, equal, not_applicable, whom
from model.analysis.verify_plain import Plain, Unsupported
from model.draws import Draws
from model.formula import Formula
from model.outcome_keys import COST as COST_NAME
from model.outcome_keys import LIFE_YEARS, QALY, cost_of
from model.scenario import Scenario

Totals = dict[str, np.ndarray]  # outcome -> [discounted]
DRAWS = 2  # of the PSA, beside the base case
MOST_STEPS = 300_000  # states squared x steps, of one strategy and group: what is larger is cut less finely


def totals(plain: Plain, counted: Counted) -> Totals:
    """Cost, its components, QALYs and life-years."""
    scenario, found = plain.scenario, {}
    years = scenario.time.years
    for component in scenario.components:
        found[cost_of(component)] = _sum(plain, counted, COST, *_of_component(scenario, component))
    found[COST_NAME] = sum(found.values(), np.zeros(2))
    states = {key: (s.utility, s.entry_qaly) for key, s in scenario.states.items()}
    found[QALY] = years * _sum(plain, counted, EFFECT, states, [t.qaly for t in scenario.transitions])
    living = [i for i, s in enumerate(scenario.states.values()) if s.alive and not s.chance]
    lived = counted.time[:, living].sum(axis=(0, 1))
    found[LIFE_YEARS] = years * lived[[0, EFFECT]]
    return found


def _of_component(scenario: Scenario, component: str):
    states = {key: (s.costs.get(component), s.entry_costs.get(component)) for key, s in scenario.states.items()}
    return states, [t.costs.get(component) for t in scenario.transitions]


def _sum(
    plain: Plain,
    counted: Counted,
    w: int,
    states: Mapping[str, tuple[Formula | None, Formula | None]],
    moves: list[Formula | None],
) -> np.ndarray:
    """[discounted] of prices per unit of time in states, on entries, and on transitions."""
    total, weights, at = np.zeros(2), [0, w], counted.middles
    for i, (key, (rate, entry)) in enumerate(states.items()):
        if rate is not None:
            total += plain.at(rate, at) @ counted.time[:, i][:, weights]
        if entry is not None:
            price = plain.at(entry, at)
            total += price[0] * counted.starts[i]
            into = [j for j, t in enumerate(plain.scenario.transitions) if t.target == key]
            total += price @ counted.number[:, into].sum(axis=1)[:, weights]
    for j, one_off in enumerate(moves):
        if one_off is not None:
            total += plain.at(one_off, at) @ counted.number[:, j][:, weights]
    return total


def recomputed(scenario: Scenario, strategy: str, group: str, values: Mapping[str, float]) -> tuple[Totals, Totals]:
    """(outcomes, how far they are from those of steps twice as long)."""
    plain = Plain(scenario, strategy, group, values)
    parts = 2 if (len(scenario.states) ** 2) * scenario.time.cycles < MOST_STEPS / 4 else 1
    if scenario.time.cycles < 200:
        parts = 8
    coarse, fine = (totals(plain, Model(plain, n).counted()) for n in (parts, 2 * parts))
    # Steps by their middle: the error falls with the square of the step.
    better = {name: fine[name] + (fine[name] - coarse[name]) / 3 for name in fine}
    return better, {name: np.abs(fine[name] - coarse[name]) for name in fine}


@check("recomputed", "Costs, QALYs and life-years recomputed from the written rates and prices by a small model apart")
def base_case(case: Case) -> Iterator[Finding]:
    if not case.of_cohort:
        yield not_applicable("only patients followed one by one know their time in state")
        return
    yield from _rows(case, draws.base(case.scenario), case.base.outcomes, "base case")


@check("draws recomputed", "Draws of the PSA recomputed by the small model")
def some_draws(case: Case) -> Iterator[Finding]:
    table, psa = case.run.draws, case.run.psa
    if table is None or psa is None:
        yield not_applicable("no PSA")
        return
    for row in range(min(DRAWS, table.n)):
        one = {key: o.of_values(o.values[..., row : row + 1]) for key, o in psa.outcomes.items()}
        yield from _rows(case, table.part(row, row + 1), one, f"draw {row + 1}", brief=True)


def _rows(case: Case, table: Draws, outcomes, words: str, brief: bool = False) -> Iterator[Finding]:
    scenario = case.scenario
    values = {name: float(table.column(name)[0]) for name in table.values}
    error = _of_cycle(case, table, outcomes)
    for group in scenario.groups:
        for s, strategy in enumerate(scenario.strategies):
            of = whom(group, strategy)
            try:
                expected, doubt = recomputed(scenario, strategy, group, values)
            except Unsupported as reason:
                yield not_applicable(str(reason), **of)
                continue
            names = (COST_NAME, QALY, LIFE_YEARS) if brief else tuple(expected)
            for name in names:
                for discounted in (False, True):
                    found = outcomes[group].get(name, discounted)[s, 0]
                    slack = 2 * doubt[name][int(discounted)] + error.get((group, name, discounted, s), 0.0)
                    note = f"{name}{', discounted' if discounted else ''}, {words}; tolerance {slack + 1e-9:.2g}"
                    yield equal(expected[name][int(discounted)], found, note, slack, size=_size(expected, name), **of)


def _size(expected: Totals, name: str) -> float:
    return 100 * float(np.abs(expected[name]).max())


def _of_cycle(case: Case, table: Draws, outcomes) -> dict[tuple[str, str, bool, int], float]:
    """Twice the change with half the cycle: the error that the engine's own grid may make."""
    shorter, found = case.shorter, {}
    if shorter is None or case.half_cycle is None:
        return {}
    finer = case.evaluated(shorter, table).outcomes if table.sampled else case.half_cycle
    for group, before in outcomes.items():
        for name in before.names:
            for discounted in (False, True):
                change = finer[group].get(name, discounted)[:, 0] - before.get(name, discounted)[:, 0]
                for s, value in enumerate(change):
                    found[group, name, discounted, s] = 3 * abs(float(value))
    return found
