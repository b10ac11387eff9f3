"""Patient-level variation at the base values: what befalls single patients, not how sure we are of the mean.

This is first-order uncertainty. It is never pooled with that of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import draws as draw_tables
from model import inputs, outcomes, pricing
from model.analysis.evaluate import Trace
from model.analysis.method import EngineError, Method
from model.analysis.simulate import strata
from model.engines import accrual, individual
from model.history import NO_TRANSITION, History
from model.inputs import Dynamics
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

    groups: dict[str, Patients]
    weights: dict[str, float]

    def values(self, name: str, group: str = "all", discounted: bool = True) -> np.ndarray:
        """[strategy, patient] of one outcome."""
        wanted = self.groups if group == "all" and "all" not in self.groups else [group]
        return np.concatenate([self.groups[key].outcomes.get(name, discounted) for key in wanted], axis=-1)

    def traces(self, times: np.ndarray) -> dict[str, Trace]:
        """Occupancy, 'all' (the weighted total) first, in the shape that the cohort engine gives."""
        found = {key: occupancy(part, times) for key, part in self.groups.items()}
        if list(found) == ["all"]:
            return {"all": Trace(times, found["all"])}
        total = sum(found[key] * self.weights[key] for key in found)
        return {"all": Trace(times, total), **{key: Trace(times, part) for key, part in found.items()}}


def first_order(scenario: Scenario, method: Method, seed: int = 1) -> FirstOrder:
    """Histories of up to MOST patients at base values. Raises EngineError with the cohort engine, which has no patients."""
    if not method.follows_patients:
        raise EngineError("the cohort engine follows no patients: choose --engine individual or queueing")
    table = draw_tables.base(scenario, seed)
    weights = {key: float(w[0]) for key, w in inputs.group_weights(scenario, table).items()}
    histories = _queued(scenario, method, seed) if method.engine == "queueing" else _alone(scenario, table, method)
    found = {}
    for key, (dynamics, history) in histories.items():
        prices = pricing.price_list(scenario, table, scenario.groups[key])
        each = outcomes.value(accrual.accrue(history, dynamics), prices, tuple(scenario.strategies))
        flat = each.values.reshape(*each.values.shape[:3], -1)
        found[key] = Patients(dynamics, history, Outcomes(each.names, each.strategies, flat))
    return FirstOrder(found, weights)


def _alone(scenario: Scenario, table, method: Method) -> dict[str, tuple[Dynamics, History]]:
    numbers, found = strata(scenario, min(method.patients, MOST)), {}
    for key, group in scenario.groups.items():
        dynamics = inputs.dynamics(scenario, table, group)
        found[key] = dynamics, individual.history(dynamics, numbers[key], table.seed, table.index, key)
    return found


def _queued(scenario: Scenario, method: Method, seed: int) -> dict[str, tuple[Dynamics, History]]:
    from model.analysis import queues

    return queues.histories(scenario, max(1, min(method.replications, MOST // method.patients)), method.patients, seed)


def occupancy(patients: Patients, times: np.ndarray) -> np.ndarray:
    """[time, strategy, 1, state] share of patients in each state at `times`."""
    history, states = patients.history, len(patients.dynamics.states)
    strategies, each = history.shape[0], history.shape[1] * history.shape[2]
    found = np.zeros((len(times), strategies, 1, states))
    strategy, stays_on = history.strategy, history.transition == NO_TRANSITION
    for s in range(strategies):
        for state in range(states):
            own = (strategy == s) & (history.state == state)
            came, went = np.sort(history.entered[own]), np.sort(history.left[own & ~stays_on])
            here = np.searchsorted(came, times, "right") - np.searchsorted(went, times, "right")
            found[:, s, 0, state] = here / each
    return found


def times_of(scenario: Scenario) -> np.ndarray:
    """Start of each cycle and the horizon, in model units."""
    return scenario.time.grid
