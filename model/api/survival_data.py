"""Survival data, or a published survival figure: fits, and scenarios to paste."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model import threads
from model.api.asked import AskedError
from model.report.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from model.analysis.survival_data import SurvivalData


@threads.one()
def survival(
    data: str | Path | pd.DataFrame | None = None,
    time_unit: str = "",
    *,
    time: str = "time",
    event: str = "event",
    arm: str | None = None,
    curve: str | Path | pd.DataFrame | None = None,
    at_risk: str | Path | pd.DataFrame | None = None,
    joint: bool = False,
    splines: bool = True,
    landmarks: Sequence[float] = (1, 2, 5, 10),
    horizon: float = 20,
    source: str = "",
) -> Result:
    """Kaplan-Meier, the seven usual distributions and Royston-Parmar splines by maximum likelihood, with scenarios to paste.

    data              a row a patient: time, event (1, or 0: censored there) and, if there are several, arm
    time_unit         of the times: hour, day, week, month or year
    time, event, arm  names of the columns; arm="": all patients are one arm
    curve, at_risk    in the place of data, points of a published figure (time, survival, arm) and the numbers at risk below it
                      (time, at_risk, arm): patients are reconstructed (Guyot 2012), and are the table `reconstructed`
    joint             distributions also fitted to all arms together, with a hazard ratio (exponential, weibull, gompertz) or an
                      acceleration factor for each but the first
    splines           on the scales hazard, odds and normal, with 1 to 3 inner knots
    landmarks         years at which survival is listed
    horizon           years to which curves are drawn and means taken
    source            citation of the data, for the scenarios; the name of the file

    >>> import pandas as pd
    >>> data = pd.DataFrame({"time": [1, 2, 3, 4, 5, 8], "event": [1, 1, 0, 1, 1, 0]})
    >>> result = survival(data, "month", splines=False)
    >>> result.tables["fit"].query("distribution == 'exponential'")["log_likelihood"].round(3).tolist()
    [-11.002]
    """
    from model.analysis.survival_data_measures import analyse
    from model.report import survival_report

    if not horizon > 0:
        raise AskedError(f"horizon: found {horizon!r}, needed a number of years above 0")
    if any(not years > 0 for years in landmarks):
        raise AskedError(f"landmarks: found {landmarks!r}, needed numbers of years above 0")
    patients = _patients(data, curve, at_risk, time_unit, (time, event, arm))
    found = analyse(patients, joint, splines, tuple(landmarks), float(horizon))
    result = survival_report.report(found, source or Path(patients.file).name, curve is not None)
    result.details = found
    result.folder = Path("results", Path(patients.file).stem, "survival")
    result.manifest = _about(data, curve, at_risk) | {
        "time_unit": time_unit,
        "columns": {"time": time, "event": event, "arm": arm},
        "joint": joint,
        "splines": splines,
        "landmarks": list(landmarks),
        "horizon_years": horizon,
    }
    return result


def _patients(data, curve, at_risk, unit: str, columns: tuple[str, str, str | None]) -> SurvivalData:
    from model.analysis import survival_data, survival_data_guyot

    if (data is None) == (curve is None) or (curve is None) != (at_risk is None):
        raise AskedError("give either data, a row a patient, or both curve and at_risk, from a published figure")
    if data is not None:
        return survival_data.read(data, unit, survival_data.Columns(*columns))
    name = str(curve) if isinstance(curve, (str, Path)) else "curve"
    return survival_data_guyot.reconstructed(survival_data_guyot.read_figures(curve, at_risk), unit, name)


def _about(*sources) -> dict[str, object]:
    """Files read, and what made the results."""
    from model.report.manifest import environment

    return {"files": [str(source) for source in sources if isinstance(source, (str, Path))], **environment()}
