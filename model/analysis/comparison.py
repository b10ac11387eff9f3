"""What is told of one setting of the inputs: outcomes, increments and net benefit by group and strategy, with errors."""

from __future__ import annotations

import numpy as np

from model.analysis.evaluate import Evaluation
from model.analysis.run import decision
from model.economics import incremental, net_benefit
from model.economics.icer import icer, verdict
from model.intervals import standard_error
from model.scenario import Scenario

Columns = dict[str, np.ndarray]  # name -> [point, group, strategy]


def threshold(scenario: Scenario, wtp: float | None) -> float:
    """The willingness to pay asked for, or the first that the scenario lists."""
    return scenario.wtp.thresholds[0] if wtp is None else wtp


def of_base(scenario: Scenario, found: Evaluation, row: np.ndarray, wtp: np.ndarray) -> Columns:
    """Points that are rows of a table of draws: row[point], wtp[point]. Errors where the engine follows patients."""
    parts = [_totals(result, row) for result in found.outcomes.values()]
    if found.simulated is not None:
        parts = [part | _simulation_errors(s, row, wtp) for part, s in zip(parts, found.simulated.values())]
    return _stacked(parts)


def _totals(result, row: np.ndarray) -> Columns:
    """[point, strategy] of every outcome; components of cost are left to `run`."""
    names = [name for name in result.names if not name.startswith("cost: ")]
    return {name: result.get(name)[:, row].T for name in names}


def _simulation_errors(simulated, row: np.ndarray, wtp: np.ndarray) -> Columns:
    errors = {
        f"{name}_standard_error": simulated.se[simulated.mean.names.index(name), 1][:, row].T
        for name in ("cost", "qaly")
    }
    levels, of = np.unique(wtp, return_inverse=True)
    by_level = np.stack([simulated.inb_se(level) for level in levels])
    freedom = np.full_like(errors["cost_standard_error"], simulated.freedom)
    return errors | {"incremental_nmb_standard_error": by_level[of, :, row], "degrees_of_freedom": freedom}


def of_psa(scenario: Scenario, found: Evaluation, wtp: np.ndarray) -> Columns:
    """One PSA at each of wtp[point]: means over draws, standard errors of these, and the CEAC."""
    levels, of = np.unique(wtp, return_inverse=True)
    return _stacked([_psa_group(scenario, found, group, levels, of) for group in found.outcomes])


def _psa_group(scenario: Scenario, found: Evaluation, group: str, levels: np.ndarray, of: np.ndarray) -> Columns:
    result = found.outcomes[group]
    n = result.cost.shape[1]
    means = {name: result.get(name).mean(axis=1) for name in _totals(result, np.arange(1))}
    errors = {f"{name}_standard_error": standard_error(result.get(name)) for name in ("cost", "qaly")}
    errors["degrees_of_freedom"] = np.full(len(result.strategies), n - 1.0)
    gain = incremental.increments(result.cost, result.qaly, scenario.reference_index)
    at_wtp = {
        "nmb_standard_error": net_benefit.mean_net_benefit(result.cost, result.qaly, levels).nmb_se,
        "incremental_nmb_standard_error": net_benefit.mean_net_benefit(*gain, levels).nmb_se,
        "probability_most_cost_effective": decision(scenario, found, group, levels).probability_most_cost_effective,
    }
    spread = {name: np.broadcast_to(v, (len(of), len(v))) for name, v in (means | errors).items()}
    return spread | {name: value[of] for name, value in at_wtp.items()}


def _stacked(parts: list[Columns]) -> Columns:
    return {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}


def with_economics(columns: Columns, wtp: np.ndarray, reference: int) -> Columns:
    """Adds nmb and, against the reference strategy, increments, ICER and status (`economics.icer`); wtp[point]."""
    cost, qaly = (np.moveaxis(columns[name], -1, 0) for name in ("cost", "qaly"))
    flat = (len(cost), -1)
    gain = incremental.increments(cost.reshape(flat), qaly.reshape(flat), reference)
    d_cost, d_qaly = (np.moveaxis(g.reshape(cost.shape), 0, -1) for g in gain)
    status = verdict(d_cost, d_qaly).astype(object)
    status[..., reference] = "comparator"
    at = wtp[:, None, None]
    return columns | {
        "nmb": at * columns["qaly"] - columns["cost"],
        "incremental_cost": d_cost,
        "incremental_qaly": d_qaly,
        "incremental_nmb": at * d_qaly - d_cost,
        "icer": icer(d_cost, d_qaly),
        "status": status,
    }
