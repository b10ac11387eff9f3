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
from model.analysis.evaluate import COHORT, Evaluation, Method, evaluate
from model.analysis.sweep import Sample
from model.analysis.sweep_points import Axis
from model.analysis.workers import in_order
from model.economics import incremental
from model.outcomes import Outcomes
from model.scenario import Scenario
from model.suggestions import did_you_mean


class HeadroomError(ValueError):
    """A headroom that cannot be: no such component, nothing to compare with, or cases in different money."""


@dataclass(frozen=True)
class Increments:
    """Against the reference strategy, discounted, each [group, strategy, draw]: QALYs, cost of the component, all other costs."""

    effect: np.ndarray
    component: np.ndarray
    others: np.ndarray

    def headroom(self, wtp: float) -> np.ndarray:
        """[group, strategy, draw] highest incremental cost of the component."""
        return wtp * self.effect - self.others

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


@dataclass(frozen=True)
class Headroom:
    component: str
    wtp: tuple[float, ...]
    cases: dict[str, Case]
    sample: Sample | None


def headroom(
    scenarios: dict[str, Scenario],
    labels: dict[str, str],
    component: str,
    wtp: tuple[float, ...] = (),
    sample: Sample | None = None,
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
    tasks = ((scenario, labels[key], component, sample, alone) for key, scenario in scenarios.items())
    for key, case in zip(scenarios, in_order(method.executor, _case, tasks)):
        found[key] = case
        progress(1)
    return Headroom(component, tuple(wtp) or tuple(first.wtp.thresholds), found, sample)


def _check(scenario: Scenario, component: str) -> None:
    if component not in scenario.components:
        raise HeadroomError(
            f"{scenario.path}: there is no cost component '{component}'.{did_you_mean(component, scenario.components)} "
            f"Its components: {', '.join(scenario.components) or 'none'}"
        )
    if len(scenario.strategies) < 2:
        raise HeadroomError(f"{scenario.path}: one strategy, so there is nothing to compare it with")


def _case(scenario: Scenario, label: str, component: str, sample: Sample | None, method: Method) -> Case:
    base = evaluate(scenario, draws.base(scenario), method.for_base())
    psa = None
    if sample is not None and any(p.sampled for p in scenario.parameters.values()):
        table = draws.probabilistic(scenario, sample.n, sample.seed, sample.sampling)
        psa = increments(scenario, evaluate(scenario, table, method.for_psa()), component)
    return Case(scenario, label, tuple(base.outcomes), increments(scenario, base, component), psa)


def increments(scenario: Scenario, found: Evaluation, component: str) -> Increments:
    """What the headroom of `component` is made of, in every group."""
    parts = [_of_group(scenario, result, component) for result in found.outcomes.values()]
    return Increments(*(np.stack(column) for column in zip(*parts)))


def _of_group(scenario: Scenario, result: Outcomes, component: str) -> tuple[np.ndarray, ...]:
    reference, own = scenario.reference_index, result.get(f"cost: {component}")
    others, effect = incremental.increments(result.cost - own, result.qaly, reference)
    return effect, own - own[reference], others


def over(
    scenario: Scenario, component: str, axes: tuple[Axis, Axis], wtp: float, method: Method = COHORT
) -> np.ndarray:
    """Headroom at base values over a grid of two parameters: [value of the first, value of the second, group, strategy]."""
    _check(scenario, component)
    for axis in axes:
        if axis.kind != "parameter":
            raise HeadroomError(f"--vary {axis.name}: a map of headroom varies parameters, not settings")
    columns = np.meshgrid(*(np.array(axis.values, float) for axis in axes), indexing="ij")
    table = draws.repeat(scenario, columns[0].size)
    table = table.replace(**{axis.name: column.ravel() for axis, column in zip(axes, columns)})
    found = increments(scenario, evaluate(scenario, table, method.for_base()), component).headroom(wtp)
    return np.moveaxis(found, -1, 0).reshape(*columns[0].shape, *found.shape[:2])
