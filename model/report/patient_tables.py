"""Tables that only engines which follow patients can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis import simulation_errors, survival
from model.analysis.first_order import FirstOrder
from model.analysis.patient_spread import QUANTILES, examples, spread
from model.analysis.run import Run

if TYPE_CHECKING:
    import pandas as pd


def patient_tables(run: Run, patients: FirstOrder) -> dict[str, pd.DataFrame]:
    """Simulation error, patient-level variation, survival and example histories, by file name."""
    import pandas as pd

    found = {
        "simulation_error": pd.DataFrame([vars(error) for error in simulation_errors.errors(run)]),
        "first_order": first_order(patients),
        "time_to_event": time_to_event(run, patients),
        "patient_histories": histories(patients),
    }
    if run.psa is not None:
        found["simulation_noise"] = pd.DataFrame([vars(noise) for noise in simulation_errors.noise(run)])
    return found


def first_order(patients: FirstOrder) -> pd.DataFrame:
    """Spread over single patients at base values; says nothing on how sure the means are."""
    import pandas as pd

    names = [f"quantile_{100 * q:g}" for q in QUANTILES]
    return pd.DataFrame(
        [
            {
                "group": found.group,
                "strategy": found.strategy,
                "outcome": found.outcome,
                "patients": found.patients,
                "mean": found.mean,
                "standard_deviation": found.standard_deviation,
                **dict(zip(names, found.quantiles)),
            }
            for found in spread(patients)
        ]
    )


def time_to_event(run: Run, patients: FirstOrder) -> pd.DataFrame:
    """Share of patients for whom each event is later than `time`."""
    import pandas as pd

    columns = ["event", "strategy", "time", "unit", "share"]
    parts = [pd.DataFrame(vars(curve), columns=columns) for curve in survival.curves(run.scenario, patients)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def histories(patients: FirstOrder) -> pd.DataFrame:
    """Stays of some patients of each group; chance nodes left out."""
    import pandas as pd

    parts = []
    for group, diagram, stays in examples(patients):
        table = stays.table(diagram.strategies, diagram.states, diagram.labels)
        chance = [state for state, is_chance in zip(diagram.states, diagram.chance) if is_chance]
        parts.append(table[~table["state"].isin(chance)].drop(columns="draw").assign(group=group))
    together = pd.concat(parts, ignore_index=True)
    return together[["group", *(c for c in together if c != "group")]].rename(
        columns={"entered": "entered_time", "left": "left_time", "waited": "time_waited"}
    )
