"""What the model gives for a target of a calibration."""

from __future__ import annotations

import numpy as np

from model.analysis.evaluate import Evaluation
from model.economics import net_benefit
from model.scenario import Scenario, Target

NEEDS_TRACE, NEEDS_PSA = ("median survival", "occupancy"), ("probability cost-effective",)


def measured(scenario: Scenario, target: Target, base: Evaluation, psa: Evaluation | None) -> float:
    """The target's measure, from a base case of one draw (with trace where NEEDS_TRACE) and a PSA (where NEEDS_PSA).

    In the unit of the target's value; inf or nan where there is no such number.
    """
    s, result = list(scenario.strategies).index(target.strategy), base.outcomes[target.group]
    if target.measure == "total":
        return float(result.get(target.outcome)[s, 0])
    if target.measure == "icer":
        return _icer(result, s, list(scenario.strategies).index(target.comparator))
    if target.measure == "probability cost-effective":
        total = psa.outcomes[target.group]
        benefit = net_benefit.net_monetary_benefit(total.cost, total.qaly, [target.wtp])[0]
        return float((benefit.argmax(axis=0) == s).mean())
    trace = base.traces[target.group]
    if target.measure == "occupancy":
        # A straight line only where the engine does not know what happens within a cycle; else `at` is a time of the trace.
        index = [list(scenario.states).index(state) for state in target.states]
        return float(np.interp(target.at, trace.times, trace.occupancy[:, s, 0, index].sum(axis=-1)))
    return median_survival(scenario, trace.times, trace.occupancy[:, s, 0])


def _icer(result, s: int, c: int) -> float:
    gained = result.qaly[s, 0] - result.qaly[c, 0]
    return float((result.cost[s, 0] - result.cost[c, 0]) / gained) if gained else np.nan


def median_survival(scenario: Scenario, times: np.ndarray, occupancy: np.ndarray) -> float:
    """Model time at which half are dead, from occupancy[time, state]; inf if that is not reached.

    Between cycle boundaries the logarithm of survival is taken to be linear (a constant hazard).
    """
    dead = [list(scenario.states).index(state) for state in scenario.dead_states]
    alive = 1 - occupancy[:, dead].sum(axis=1)
    after = int(np.argmax(alive <= 0.5))
    if alive[after] > 0.5:
        return np.inf
    if after == 0:
        return 0.0
    log = np.log(np.maximum(alive[after - 1 : after + 1], 1e-300))
    return float(times[after - 1] + (times[after] - times[after - 1]) * (log[0] - np.log(0.5)) / (log[0] - log[1]))
