"""EVPPI of every parameter and of named groups on a PSA: the table of draws and its outcomes, nothing more."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np

from model.analysis.run import Run
from model.economics import evppi


class InformationError(ValueError):
    """A question that this PSA cannot answer."""


@dataclass(frozen=True)
class Information:
    """Per person at one wtp; `single` and `grouped` by name."""

    wtp: float
    evpi: float
    single: dict[str, evppi.Evppi]
    grouped: dict[str, evppi.Evppi]
    members: dict[str, tuple[str, ...]]


def information(net_benefit: np.ndarray, parameters: dict[str, np.ndarray], wtp: float,
                groups: dict[str, tuple[str, ...]]) -> Information:
    """EVPPI of net_benefit[strategy, draw]; parameters that do not vary are left out."""
    varying = {name: values for name, values in parameters.items() if np.ptp(values) > 0}
    single = evppi.evppi_all(net_benefit, varying)
    grouped = evppi.evppi_all(net_benefit, varying, {k: list(v) for k, v in groups.items()}) if groups else {}
    evpi = float(net_benefit.max(axis=0).mean() - net_benefit.mean(axis=1).max())
    return Information(wtp, evpi, single, grouped, groups)


def of_run(run: Run, wtp: float | None, groups: dict[str, tuple[str, ...]], patient_group: str = "all") -> Information:
    """EVPPI of a run's PSA, for all patients or one group; wtp: by default the scenario's first threshold.

    Raises InformationError for names that the scenario does not have, or where nothing is sampled.
    """
    if run.psa is None:
        raise InformationError(f"{run.scenario.path}: no parameter has a distribution, or no draws were asked for")
    if patient_group not in run.psa.outcomes:
        raise InformationError(f"unknown group '{patient_group}'; groups: {', '.join(run.psa.outcomes)}")
    parameters = {name: run.draws.column(name) for name, p in run.scenario.parameters.items() if p.sampled}
    check_groups(groups, parameters)
    if wtp is None:
        wtp = (*run.scenario.wtp.thresholds, 50_000.0)[0]
    result = run.psa.outcomes[patient_group]
    return information(wtp * result.qaly - result.cost, parameters, wtp, groups)


def check_groups(groups: dict[str, tuple[str, ...]], parameters) -> None:
    for name, members in groups.items():
        for member in members:
            if member not in parameters:
                near = difflib.get_close_matches(member, list(parameters), 1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise InformationError(f"group {name}: '{member}' is not a sampled parameter; sampled are "
                                       f"{', '.join(parameters)}.{hint}")
