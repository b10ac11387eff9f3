"""Tables of survival data: what was observed and what was fitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import survival_data_curves as curves
from model.analysis import survival_data_measures as measures
from model.analysis.survival_data import SurvivalData
from model.analysis.survival_data_cox import Cox
from model.analysis.survival_data_fits import Fit
from model.analysis.survival_data_measures import Analysed

if TYPE_CHECKING:
    import pandas as pd


def tables(found: Analysed) -> dict[str, pd.DataFrame]:
    made = {
        "fit": fit_table(found),
        "parameters": parameters_table(found),
        "covariance": covariance_table(found),
        "landmarks": landmarks_table(found),
        "means": means_table(found),
        "kaplan_meier": kaplan_meier_table(found),
        "at_risk": points_table(curves.at_risk(found), "at_risk")[["arm", "time", "at_risk"]],
    }
    if found.cox is not None:
        made["hazard_ratios"] = hazard_ratios_table(found.cox)
    if any(fit.knots for fit in found.fits):
        made["knots"] = knots_table(found)
    return made


def _frame(rows: Iterable[dict]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows))


def _key(fit: Fit) -> dict:
    return {"arm": fit.arm, "fit": fit.kind, "distribution": fit.name}


def fit_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {
            **_key(fit),
            "parameters": len(fit.parameters),
            "patients": fit.patients,
            "events": fit.events,
            "log_likelihood": fit.log_likelihood,
            "aic": fit.aic,
            "bic": fit.bic,
            "lowest_aic": "true" if fit is found.best(fit.arm, fit.kind) else "false",
            "not_possible": fit.why,
        }
        for fit in found.fits
    )


def parameters_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {
            **_key(fit),
            "parameter": name,
            "estimate": estimate,
            "lower_95": low,
            "upper_95": high,
            "scale": scale,
            "coefficient": coefficient,
            "standard_error": error,
        }
        for fit in found.fits
        if not fit.why
        for name, scale, coefficient, error, (estimate, low, high) in zip(
            fit.labels, fit.scales, fit.coefficients, fit.standard_errors, fit.estimates.T
        )
    )


def covariance_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {**_key(fit), "row": row, "column": column, "covariance": fit.covariance[i, j]}
        for fit in found.fits
        if not fit.why
        for i, row in enumerate(fit.labels)
        for j, column in enumerate(fit.labels)
    )


def knots_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {**_key(fit), "knot": number, "log_time": knot, "time": float(np.exp(knot))}
        for fit in found.fits
        for number, knot in enumerate(fit.knots, 1)
    )


def landmarks_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {
            "arm": mark.arm,
            "fit": mark.kind,
            "distribution": mark.name,
            "years": mark.years,
            "survival": mark.survival,
            "lower_95": mark.lower,
            "upper_95": mark.upper,
        }
        for mark in measures.landmarks(found)
    )


def means_table(found: Analysed) -> pd.DataFrame:
    return _frame(
        {
            "arm": row.arm,
            "fit": row.kind,
            "distribution": row.name,
            "median": row.median,
            "median_lower_95": row.lower,
            "median_upper_95": row.upper,
            "restricted_mean": row.restricted,
            "standard_error": row.error,
            "restricted_to": found.until,
            "mean_to_horizon": row.to_horizon,
            "horizon": found.end,
        }
        for row in measures.means(found)
    )


def kaplan_meier_table(found: Analysed) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame(
                {
                    "arm": arm,
                    "time": curve.time,
                    "at_risk": curve.at_risk,
                    "events": curve.events,
                    "censored": curve.censored,
                    "survival": curve.survival,
                    "standard_error": curve.standard_error,
                    "lower_95": curve.lower,
                    "upper_95": curve.upper,
                }
            )
            for arm, curve in found.observed.items()
        ],
        ignore_index=True,
    )


def hazard_ratios_table(cox: Cox) -> pd.DataFrame:
    return _frame(
        {"arm": arm, "reference": cox.reference, "hazard_ratio": ratio, "lower_95": low, "upper_95": high}
        for arm, (ratio, low, high) in zip(cox.arms, cox.ratios)
    )


def points_table(points: Iterable[curves.Points], what: str) -> pd.DataFrame:
    """arm, fit, distribution, time and `what` of curves."""
    import pandas as pd

    return pd.concat(
        [
            pd.DataFrame({"arm": p.arm, "fit": p.kind, "distribution": p.name, "time": p.time, what: p.values})
            for p in points
        ],
        ignore_index=True,
    )


def patients_table(data: SurvivalData) -> pd.DataFrame:
    """The data themselves, as `survival` reads them."""
    import pandas as pd

    parts = [pd.DataFrame({"time": arm.time, "event": arm.event.astype(int), "arm": arm.name}) for arm in data.arms]
    return pd.concat(parts, ignore_index=True)
