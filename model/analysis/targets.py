"""What the model gives for a result that was published, or that a calibration must meet."""

from __future__ import annotations

import numpy as np

from model.analysis.evaluate import Evaluation, Trace
from model.analysis.run import acceptability_of
from model.decision import Decision
from model.economics.icer import icer
from model.scenario import Scenario, Target

NEEDS_TRACE, NEEDS_PSA = ("median", "median survival", "occupancy"), ("probability cost-effective",)


def times_of(targets: tuple[Target, ...]) -> np.ndarray:
    """Model times at which occupancy is asked for."""
    return np.array([t.at for t in targets if t.measure == "occupancy"])


def measured(scenario: Scenario, target: Target, base: Evaluation, psa: Evaluation | None) -> float:
    """The target's measure, from a base case of one draw (with trace where NEEDS_TRACE) and a PSA (where NEEDS_PSA).

    In the unit of the target's value; inf or nan where there is no such number.
    """
    s, result = list(scenario.strategies).index(target.strategy), base.outcomes[target.group]
    if target.measure == "total":
        return float(result.get(target.outcome)[s, 0])
    if target.measure == "icer":
        c, effect = list(scenario.strategies).index(target.comparator), result.get(target.outcome)
        return float(icer(result.cost[s, 0] - result.cost[c, 0], effect[s, 0] - effect[c, 0]))
    if target.measure == "probability cost-effective":
        if psa is None:
            return np.nan
        decision = Decision(target.wtp, scenario.reference_strategy, target.outcome, target.group)
        found = acceptability_of(scenario, psa, decision, np.array([target.wtp]))
        return float(found.probability_most_cost_effective[0, s])
    trace = base.traces[target.group]
    share = share_in(scenario, trace, target.states)[:, s]
    if target.measure == "occupancy":
        return float(np.interp(target.at, trace.times, share))
    return median_time(trace.times, share) / unit_of(scenario, target.of)


def share_in(scenario: Scenario, trace: Trace, states: tuple[str, ...]) -> np.ndarray:
    """[time, strategy] share of patients in any of the states, in the first draw."""
    index = [list(scenario.states).index(state) for state in states]
    return trace.occupancy[:, :, 0, index].sum(axis=-1)


def unit_of(scenario: Scenario, of: str) -> float:
    """Model time in the unit of an effect; 1 for survival, which is told in model time."""
    effect = scenario.effects.get(of)
    return effect.per if effect is not None and effect.unit else 1.0


def median_time(times: np.ndarray, share: np.ndarray) -> float:
    """Model time at which half have left, from the share[time] that is still there; inf if that is not reached.

    Between the times the logarithm of the share is taken to be linear (a constant hazard).
    """
    after = int(np.argmax(share <= 0.5))
    if share[after] > 0.5:
        return np.inf
    if after == 0:
        return 0.0
    log = np.log(np.maximum(share[after - 1 : after + 1], 1e-300))
    return float(times[after - 1] + (times[after] - times[after - 1]) * (log[0] - np.log(0.5)) / (log[0] - log[1]))


def median_survival(scenario: Scenario, trace: Trace, strategy: int) -> float:
    """Model time at which half are dead; inf if that is not reached."""
    return median_time(trace.times, share_in(scenario, trace, scenario.living_states)[:, strategy])
