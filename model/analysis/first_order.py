"""Patient-level variation at the base values: what befalls single patients, not how sure we are of the mean.

This is first-order uncertainty. It is never pooled with that of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import inputs, outcomes
from model.analysis.evaluate import Single, Trace, by_group, of_single, priced, together
from model.analysis.method import EngineError, Method
from model.analysis.simulate import strata
from model.analysis.workers import in_order
from model.draws import Draws
from model.dynamics import Dynamics
from model.engines.contract import Block, Engine
from model.grouped import ALL, Grouped
from model.history import NO_TRANSITION, History, of_draws
from model.outcomes import Outcomes
from model.scenario import Scenario

MOST = 100_000  # patients whose histories are kept


@dataclass(frozen=True)
class Patients:
    """Of one group: stays, and outcomes [outcome, discounted, strategy, patient] (all replications, with queues)."""

    dynamics: Dynamics
    history: History
    outcomes: Outcomes


@dataclass(frozen=True)
class FirstOrder:
    """By group, with the groups' shares; a group has patients in proportion to its share."""

    scenario: Scenario
    groups: dict[str, Patients]
    weights: dict[str, float]

    def values(self, name: str, group: str = ALL, discounted: bool = True) -> np.ndarray:
        """[strategy, patient] of one outcome."""
        known = {ALL: tuple(self.groups), **{key: s.members for key, s in self.scenario.subgroups.items()}}
        wanted = known.get(group, (group,))
        return np.concatenate([self.groups[key].outcomes.get(name, discounted) for key in wanted], axis=-1)

    def traces(self, times: np.ndarray) -> Grouped[Trace]:
        """Occupancy, in the shape that engines without patients give."""
        weights = {key: np.array([share]) for key, share in self.weights.items()}
        parts = {key: Trace(times, occupancy(part, times)) for key, part in self.groups.items()}
        return by_group(self.scenario, parts, together, weights)


def are_single(method: Method) -> bool:
    """Whether the patients of replications of the base case are those whose histories are kept, so that they need not be run again."""
    return method.replicates and method.at_most(MOST) == method


def first_order(scenario: Scenario, method: Method, seed: int = 1, single: tuple[Single, ...] = ()) -> FirstOrder:
    """Histories of up to MOST patients at base values; single: where these were run already (`are_single`), they. Raises EngineError
    with an engine that has no patients."""
    if not method.follows_patients:
        raise EngineError(f"the {method.engine} engine follows no patients: choose --engine individual or queueing")
    method, base = method.at_most(MOST), draw_tables.base(scenario, seed)
    weights, rows = inputs.group_weights(scenario, base), method.rows(base)
    parts = single or _run(scenario, method, rows, weights)
    groups = {key: _together(scenario, rows, key, [part[key] for part in parts]) for key in parts[0]}
    return FirstOrder(scenario, groups, {key: float(share[0]) for key, share in weights.items()})


def _run(scenario: Scenario, method: Method, rows: Draws, weights: dict[str, np.ndarray]) -> tuple[Single, ...]:
    numbers = strata(scenario, method.patients)
    each = method.runner.cut(len(scenario.strategies), method.patients, numbers).draws
    first = dict.fromkeys(numbers, 0)
    blocks = [
        Block(scenario, rows.part(a, min(a + each, rows.n)), weights, numbers, first, kept=True)
        for a in range(0, rows.n, each)
    ]
    # What one task would send back takes longer to send than to make.
    executor = method.executor if len(blocks) > 1 else None
    return tuple(in_order(executor, _followed, ((method.runner, block) for block in blocks)))


def _followed(engine: Engine, block: Block) -> Single:
    """One piece of independent work."""
    found = {}
    for result, values in priced(block, engine.run(block)):
        if result.followed is not None:
            found[result.group] = result.followed.history, of_single(values)
    return found


def _together(scenario: Scenario, rows: Draws, group: str, parts: list[tuple[History, Outcomes]]) -> Patients:
    """Of all replications; a part has some of them."""
    histories = [history for history, _ in parts]
    dynamics = inputs.dynamics(scenario, rows, scenario.groups[group])
    return Patients(dynamics, of_draws(histories), outcomes.joined([values for _, values in parts]))


def occupancy(patients: Patients, times: np.ndarray) -> np.ndarray:
    """[time, strategy, 1, state] share of patients in each state at `times`."""
    history, states = patients.history, len(patients.dynamics.states)
    strategies, each = history.shape[0], history.shape[1] * history.shape[2]
    shares = np.zeros((len(times), strategies, 1, states))
    strategy, stays_on = history.strategy, history.transition == NO_TRANSITION
    for s in range(strategies):
        for state in range(states):
            here = (strategy == s) & (history.state == state)
            came, went = np.sort(history.entered[here]), np.sort(history.left[here & ~stays_on])
            present = np.searchsorted(came, times, "right") - np.searchsorted(went, times, "right")
            shares[:, s, 0, state] = present / each
    return shares


def times_of(scenario: Scenario) -> np.ndarray:
    """Start of each cycle and the horizon, in model units."""
    return scenario.time.grid
