"""The inputs of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.analysis.parameter_values import parameter_values
from model.analysis.run import Run

if TYPE_CHECKING:
    import pandas as pd

NOT_REPORTED = "not reported"  # as CHEERS asks where a scenario gives no source


def parameters(run: Run) -> pd.DataFrame:
    """Every input with its interval, source and note; sampled moments beside the intended ones."""
    import pandas as pd

    rows = []
    for name, found in parameter_values(run).items():
        p = found.parameter
        row: dict[str, object] = {
            "name": name,
            "value": found.value,
            "lower_95": found.lower,
            "upper_95": found.upper,
            "distribution": p.text,
            "unit": p.unit.text,
            "label": p.label,
            "status": p.status or NOT_REPORTED,
            "source": p.source or NOT_REPORTED,
            "note": p.note,
            "used_in": "; ".join(run.scenario.used_in.get(name, ())),
        }
        if found.drawn is not None:
            row |= dict(zip(("sampled_mean", "sampled_sd"), found.drawn))
        rows.append(row)
    return pd.DataFrame(rows)
