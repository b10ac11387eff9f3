"""What is told of one setting of the inputs: outcomes, increments and net benefit by group and strategy, with errors."""

from __future__ import annotations

import numpy as np

from model.analysis.evaluate import Evaluation
from model.analysis.run import acceptability_of
from model.analysis.simulate import Simulated
from model.decision import Decision
from model.economics import incremental, net_benefit
from model.economics.icer import icer, verdict
from model.intervals import standard_error
from model.scenario import Scenario

Columns = dict[str, np.ndarray]  # name -> [point, group, strategy]


def of_base(found: Evaluation, row: np.ndarray, wtp: np.ndarray, effect: str) -> Columns:
    """Points that are rows of a table of draws: row[point], wtp[point]. Errors where the engine follows patients."""
    parts = [_totals(result, row) for result in found.outcomes.values()]
    if found.simulated is not None:
        parts = [part | _simulation_errors(s, row, wtp, effect) for part, s in zip(parts, found.simulated.values())]
    return _stacked(parts)


def _totals(result, row: np.ndarray) -> Columns:
    """[point, strategy] of every outcome; components of cost are left to `run`."""
    return {name: result.get(name)[:, row].T for name in result.totals}


def _simulation_errors(simulated: Simulated, row: np.ndarray, wtp: np.ndarray, effect: str) -> Columns:
    errors = {
        f"{name}_standard_error": simulated.se[simulated.mean.names.index(name), 1][:, row].T
        for name in ("cost", effect)
    }
    levels, of = np.unique(wtp, return_inverse=True)
    by_level = np.stack([simulated.inb_se(level, effect) for level in levels])
    freedom = np.full_like(errors["cost_standard_error"], simulated.freedom)
    return errors | {"incremental_nmb_standard_error": by_level[of, :, row], "degrees_of_freedom": freedom}


def of_psa(scenario: Scenario, found: Evaluation, wtp: np.ndarray, decision: Decision) -> Columns:
    """One PSA at each of wtp[point]: means over draws, standard errors of these, and the CEAC."""
    levels, of = np.unique(wtp, return_inverse=True)
    return _stacked([_psa_group(scenario, found, decision.of_group(group), levels, of) for group in found.outcomes])


def _psa_group(
    scenario: Scenario, found: Evaluation, decision: Decision, levels: np.ndarray, of: np.ndarray
) -> Columns:
    result, effect = found.outcomes[decision.group], decision.effect
    n = result.cost.shape[1]
    means = {name: result.get(name).mean(axis=1) for name in _totals(result, np.arange(1))}
    errors = {f"{name}_standard_error": standard_error(result.get(name)) for name in ("cost", effect)}
    errors["degrees_of_freedom"] = np.full(len(result.strategies), n - 1.0)
    paired = incremental.increments(result.cost, result.get(effect), scenario.reference_index)
    at_wtp = {
        "nmb_standard_error": net_benefit.mean_net_benefit(result.cost, result.get(effect), levels).nmb_se,
        "incremental_nmb_standard_error": net_benefit.mean_net_benefit(*paired, levels).nmb_se,
        "probability_most_cost_effective": acceptability_of(
            scenario, found, decision, levels
        ).probability_most_cost_effective,
    }
    spread = {name: np.broadcast_to(v, (len(of), len(v))) for name, v in (means | errors).items()}
    return spread | {name: value[of] for name, value in at_wtp.items()}


def _stacked(parts: list[Columns]) -> Columns:
    return {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}


def with_economics(columns: Columns, wtp: np.ndarray, reference: int, effect: str) -> Columns:
    """Adds nmb and, against the reference strategy, increments, ICER and status (`economics.icer`); wtp[point]."""
    cost, total = (np.moveaxis(columns[name], -1, 0) for name in ("cost", effect))
    flat = (len(cost), -1)
    pairs = incremental.increments(cost.reshape(flat), total.reshape(flat), reference)
    d_cost, d_effect = (np.moveaxis(values.reshape(cost.shape), 0, -1) for values in pairs)
    status = verdict(d_cost, d_effect).astype(object)
    status[..., reference] = "comparator"
    at = wtp[:, None, None]
    return columns | {
        "nmb": net_benefit.nmb(columns["cost"], columns[effect], at),
        "incremental_cost": d_cost,
        f"incremental_{effect}": d_effect,
        "incremental_nmb": net_benefit.nmb(d_cost, d_effect, at),
        "icer": icer(d_cost, d_effect),
        "status": status,
    }
