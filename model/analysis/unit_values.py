"""What each number of units of a resource is worth, and which number is best."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from model.analysis.capacity import Capacity, Level
from model.analysis.summaries import of_replications


@dataclass(frozen=True)
class UnitValue:
    """One number of units under one strategy, money at the threshold of the decision. Differences of net benefit are paired by
    replication: from one unit less (`gain_per_extra_unit`, nan for the least number that is not overloaded) and from that
    least number (`gain_from_least`). `per_year`: of all patients of a year; net_gain: after the cost of the units. best: of the
    strategy's numbers of units, the one of highest net gain."""

    resource: str
    capacity: int
    strategy: str
    status: str
    offered_load: float
    mean_wait_hours: float
    mean_wait_standard_error: float
    utilisation: float
    net_benefit_per_patient: float
    net_benefit_standard_error: float
    net_benefit_per_year: float
    gain_per_extra_unit_per_patient: float
    gain_per_extra_unit_per_patient_standard_error: float
    gain_per_extra_unit_per_year: float
    gain_per_extra_unit_standard_error: float
    gain_from_least_per_year: float
    gain_from_least_standard_error: float
    gain_from_least_lower_95: float
    gain_from_least_upper_95: float
    cost_of_units_per_year: float
    net_gain_per_year: float
    best: bool = False


def unit_values(found: Capacity) -> list[UnitValue]:
    """By number of units and strategy. Raises CapacityError where every number is overloaded."""
    levels, strategies = range(len(found.levels)), range(len(found.scenario.strategies))
    values = {(i, s): _value(found, i, s) for i in levels for s in strategies}
    for s in strategies:
        known = [i for i in levels if np.isfinite(values[i, s].net_gain_per_year)]
        best = max(known, key=lambda i: values[i, s].net_gain_per_year)
        values[best, s] = dataclasses.replace(values[best, s], best=True)
    return list(values.values())


def _value(found: Capacity, i: int, s: int) -> UnitValue:
    first, year, level = found.first, found.patients_per_year, found.levels[i]
    wait, used, benefit = (of_replications(x[i, s]) for x in (found.wait, found.utilisation, found.net_benefit))
    last, least = (of_replications(found.gain_per_year(i, j)[s]) for j in (max(i - 1, 0), first))
    step, error = (last.mean, last.standard_error) if i > first else (np.nan, np.nan)
    price = found.unit_cost * float(level.units - found.levels[first].units)
    return UnitValue(
        resource=found.resource,
        capacity=level.units,
        strategy=list(found.scenario.strategies)[s],
        status=_status(level, s),
        offered_load=level.load[s],
        mean_wait_hours=wait.mean,
        mean_wait_standard_error=wait.standard_error,
        utilisation=used.mean,
        net_benefit_per_patient=benefit.mean,
        net_benefit_standard_error=benefit.standard_error,
        net_benefit_per_year=benefit.mean * year,
        gain_per_extra_unit_per_patient=step / year,
        gain_per_extra_unit_per_patient_standard_error=error / year,
        gain_per_extra_unit_per_year=step,
        gain_per_extra_unit_standard_error=error,
        gain_from_least_per_year=least.mean,
        gain_from_least_standard_error=least.standard_error,
        gain_from_least_lower_95=least.lower_95,
        gain_from_least_upper_95=least.upper_95,
        cost_of_units_per_year=price,
        net_gain_per_year=least.mean - price,
    )


def _status(level: Level, s: int) -> str:
    if level.found is None:
        return "stopped: backlog beyond its bound"
    return "overloaded" if level.load[s] >= 1 else "ok"
