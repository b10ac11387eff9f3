"""Headroom: the highest price at which a strategy is worth it, whatever it costs today.

    headroom of a component = wtp x incremental effect - incremental cost of every other component

It is the incremental cost of that component at which the net benefit is 0, so it needs no figure for the component's own
price, and what lies below it is worth paying. Source: Cosh et al., J Commercial Biotechnology 2007; 13: 263-271; Girling et
al., Int J Technol Assess Health Care 2015; 31: 331-338.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model import draws
from model.analysis.evaluate import Evaluation, evaluate
from model.analysis.method import COHORT, Method
from model.analysis.summaries import Summary, of_draws
from model.analysis.sweep_points import Axis
from model.analysis.workers import in_order
from model.decision import Decision
from model.economics import incremental
from model.economics.net_benefit import nmb
from model.outcomes import Outcomes
from model.sample import NO_PSA, Sample
from model.scenario import Scenario
from model.scenario_file.variants import Variants
from model.suggestions import did_you_mean


class HeadroomError(ValueError):
    """A headroom that cannot be: no such component, nothing to compare with, or cases in different money."""


@dataclass(frozen=True)
class Increments:
    """Against the reference strategy, discounted, each [group, strategy, draw]: effect, cost of the component, all other costs."""

    effect: np.ndarray
    component: np.ndarray
    others: np.ndarray

    def headroom(self, wtp: float) -> np.ndarray:
        """[group, strategy, draw] highest incremental cost of the component."""
        return nmb(self.others, self.effect, wtp)

    def net_benefit(self, wtp: float) -> np.ndarray:
        return self.headroom(wtp) - self.component


@dataclass(frozen=True)
class Case:
    """One scenario: increments at base values (one draw) and of a PSA (None without)."""

    scenario: Scenario
    label: str
    groups: tuple[str, ...]
    base: Increments
    psa: Increments | None

    def spreads(self, effect: str, wtp: float, group: int, strategy: int) -> dict[str, Spread]:
        """Of a strategy in a group: incremental effect, incremental cost of the component, headroom and incremental net benefit,
        by column."""
        results: dict[str, Callable[[Increments], np.ndarray]] = {
            f"incremental_{effect}": lambda i: i.effect,
            "component_cost": lambda i: i.component,
            "headroom": lambda i: i.headroom(wtp),
            "incremental_nmb": lambda i: i.net_benefit(wtp),
        }
        place, found = (group, strategy), {}
        for name, of in results.items():
            drawn = None if self.psa is None else of_draws(of(self.psa)[place])
            found[name] = Spread(float(of(self.base)[place][0]), drawn)
        return found

    def probability_worth_it(self, wtp: float, group: int, strategy: int) -> float:
        """Share of draws in which the net benefit is above 0; nan without a PSA."""
        return np.nan if self.psa is None else float((self.psa.net_benefit(wtp)[group, strategy] > 0).mean())


@dataclass(frozen=True)
class Spread:
    """base: at base values; drawn: over draws, None without a PSA."""

    base: float
    drawn: Summary | None


@dataclass(frozen=True)
class Headroom:
    component: str
    decision: Decision
    wtp: tuple[float, ...]
    cases: dict[str, Case]
    sample: Sample


def headroom(
    scenarios: dict[str, Scenario],
    labels: dict[str, str],
    component: str,
    decision: Decision,
    wtp: tuple[float, ...] = (),
    sample: Sample = NO_PSA,
    method: Method = COHORT,
    progress: Callable[[int], None] = lambda done: None,
) -> Headroom:
    """Headroom of a cost component in every scenario; the thresholds are the first scenario's where none are given.

    Raises HeadroomError where a scenario has no such component, or only one strategy.
    """
    first = next(iter(scenarios.values()))
    for scenario in scenarios.values():
        _check(scenario, component)
    alone, found = dataclasses.replace(method, executor=None), {}
    tasks = ((scenario, labels[key], component, decision, sample, alone) for key, scenario in scenarios.items())
    for key, case in zip(scenarios, in_order(method.executor, _case, tasks)):
        found[key] = case
        progress(1)
    return Headroom(component, decision, tuple(wtp) or tuple(first.wtp.thresholds), found, sample)


def _check(scenario: Scenario, component: str) -> None:
    if component not in scenario.components:
        raise HeadroomError(
            f"{scenario.path}: there is no cost component '{component}'.{did_you_mean(component, scenario.components)} "
            f"Its components: {', '.join(scenario.components) or 'none'}"
        )
    if len(scenario.strategies) < 2:
        raise HeadroomError(f"{scenario.path}: one strategy, so there is nothing to compare it with")


def _case(scenario: Scenario, label: str, component: str, decision: Decision, sample: Sample, method: Method) -> Case:
    base = evaluate(scenario, draws.base(scenario, sample.seed), method.for_base())
    psa = None
    if sample.n and any(p.sampled for p in scenario.parameters.values()):
        drawn = evaluate(scenario, draws.probabilistic(scenario, sample), method.for_psa())
        psa = increments(scenario, drawn, component, decision.effect)
    return Case(scenario, label, tuple(base.outcomes), increments(scenario, base, component, decision.effect), psa)


def increments(scenario: Scenario, found: Evaluation, component: str, effect: str) -> Increments:
    """What the headroom of `component` is made of, in every group."""
    parts = [_of_group(scenario, result, component, effect) for result in found.outcomes.values()]
    return Increments(*(np.stack(column) for column in zip(*parts)))


def _of_group(scenario: Scenario, result: Outcomes, component: str, effect: str) -> tuple[np.ndarray, ...]:
    reference, own = scenario.reference_index, result.component(component)
    others, effects = incremental.increments(result.cost - own, result.get(effect), reference)
    return effects, own - own[reference], others


def marks(variants: Variants, axes: tuple[Axis, Axis]) -> list[tuple[str, float, float]]:
    """(label, x, y) of each variant at its base values. Raises HeadroomError where one does not have both parameters."""
    found = []
    for key, scenario in variants.scenarios.items():
        known = (scenario.parameters[axis.name].base for axis in axes if axis.name in scenario.parameters)
        values = [value for value in known if value is not None]
        if len(values) < 2:
            raise HeadroomError(f"{variants.path}: variant '{key}' has no values of {axes[0].name} and {axes[1].name}")
        found.append((variants.labels[key], values[0], values[1]))
    return found


def over(
    scenario: Scenario,
    component: str,
    axes: tuple[Axis, Axis],
    decision: Decision,
    method: Method = COHORT,
    seed: int = 1,
) -> np.ndarray:
    """Headroom at base values over a grid of two parameters: [value of the first, value of the second, group, strategy]."""
    _check(scenario, component)
    for axis in axes:
        if axis.kind != "parameter":
            raise HeadroomError(f"--vary {axis.name}: a map of headroom varies parameters, not settings")
    columns = np.meshgrid(*(np.array(axis.values, float) for axis in axes), indexing="ij")
    table = draws.repeat(scenario, columns[0].size, seed)
    table = table.replace(**{axis.name: column.ravel() for axis, column in zip(axes, columns)})
    parts = increments(scenario, evaluate(scenario, table, method.for_base()), component, decision.effect)
    found = parts.headroom(decision.wtp)
    return np.moveaxis(found, -1, 0).reshape(*columns[0].shape, *found.shape[:2])
