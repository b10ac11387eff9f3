"""Tables, figures and text of a calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.calibrate import Calibrated, Direction
from model.report import calibration_files, calibration_plots, figures, numbers, text
from model.report.numbers import brief, count, number
from model.report.parameter_tables import NOT_REPORTED
from model.report.published_tables import unit
from model.report.result import Result
from model.report.style import named
from model.scenario_file.arguments import argument_meant, arguments_of, parts

if TYPE_CHECKING:
    import pandas as pd


MET = 2.0  # errors within which a target counts as met
FEW = 100  # independent posterior sets below which their tails are not to be trusted
NAMED = 0.05  # share of a direction from which an input is named


def report(found: Calibrated) -> Result:
    made = {
        "targets": targets_table(found),
        "values": values_table(found),
        "starts": starts_table(found),
        "identifiability": identifiability_table(found),
        "correlations": correlations_table(found),
    }
    style = figures.style_of_scenario(found.scenario)
    plans = {
        "target_fit": figures.Plan(lambda: calibration_plots.target_fit(made["targets"], style), made["targets"]),
        "starts": figures.Plan(lambda: calibration_plots.starts(made["starts"], style), made["starts"]),
    }
    # Both stand beside the scenario that they extend.
    files = {
        "calibrated.yaml": calibration_files.calibrated(found),
        "correlations.yaml": calibration_files.correlations(found),
    }
    if found.posterior is not None:
        made |= {
            "posterior": posterior_table(found.keys, found.posterior),
            "posterior_parameters": _frame(found.parameter_sets()),
        }
        plans["posterior"] = figures.Plan(
            lambda: calibration_plots.posterior(made["posterior"], made["values"], style), made["posterior"]
        )
        files["posterior.yaml"] = calibration_files.posterior(found)
    return Result(made, plans, None, _text(found, made), files)


# --- tables -----------------------------------------------------------------------------------------------------


def _frame(columns: dict) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def targets_table(found: Calibrated) -> pd.DataFrame:
    """Fit by target; `error` is its standard error or tolerance."""
    targets = found.calibration.targets
    return _frame(
        {
            "target": [t.key for t in targets],
            "measure": [t.measure for t in targets],
            "strategy": [t.strategy for t in targets],
            "group": [t.group for t in targets],
            "unit": [unit(found.scenario, t) for t in targets],
            "value": [t.value for t in targets],
            "error": [t.error for t in targets],
            "model": found.reached,
            "difference": found.difference,
            "difference_in_errors": found.difference_in_errors,
            "source": [t.source for t in targets],
            "label": [t.label or t.key for t in targets],
        }
    )


def values_table(found: Calibrated) -> pd.DataFrame:
    """A row an input: bounds, best value, its standard error (of the logarithm on the scale `log`), the 95 % interval of the
    fit, the share of the bounds' own spread that is left, the value in the file, mean and interval a posteriori."""
    low, high = np.array(list(found.calibration.vary.values())).T
    columns = {
        "input": found.keys,
        "from": low,
        "to": high,
        "best": found.best.values,
        "scale": np.where(found.cube.logs, "log", "linear"),
        "standard_error": found.standard_error,
        "lower_95": found.interval[0],
        "upper_95": found.interval[1],
        "left_open": found.left,
        "verdict": found.verdicts,
        "in_the_file": [_in_the_file(found, key) for key in found.keys],
    }
    if found.posterior_spread is not None:
        columns |= dict(zip(("posterior_mean", "posterior_lower", "posterior_upper"), found.posterior_spread))
    return _frame(columns)


def _in_the_file(found: Calibrated, key: str) -> float:
    """The value before the calibration; of several that share one, the first's."""
    name, argument = parts(key)[0]
    parameter = found.scenario.parameters[name]
    argument = argument_meant(parameter, argument)
    value = arguments_of(parameter)[1][argument] if argument else parameter.base
    return np.nan if value is None else float(value)


def starts_table(found: Calibrated) -> pd.DataFrame:
    """A row a start and input, the best first; from, to: bounds."""
    low, high = np.array(list(found.calibration.vary.values())).T
    rows = []
    for i, (fit, agreement) in enumerate(zip(found.fits, found.agreement())):
        rows += [
            {
                "start": i + 1,
                "sum_of_squares": fit.distance,
                "agreement": agreement,
                "converged": "true" if fit.converged else "false",
                "input": key,
                "from": low[j],
                "to": high[j],
                "started_at": fit.start[j],
                "ended_at": fit.values[j],
            }
            for j, key in enumerate(found.keys)
        ]
    import pandas as pd

    return pd.DataFrame(rows)


def identifiability_table(found: Calibrated) -> pd.DataFrame:
    """A row a direction and input, the least determined first. weight: of the input in shares of its bounds."""
    import pandas as pd

    rows = [
        {
            "direction": i + 1,
            "verdict": d.verdict,
            "left_open": d.left,
            "targets_move_by_errors": d.moves,
            "input": key,
            "weight": weight,
            "share": share,
        }
        for i, d in enumerate(found.directions())
        for key, weight, share in zip(found.keys, d.weights, d.shares)
    ]
    return pd.DataFrame(rows)


def correlations_table(found: Calibrated) -> pd.DataFrame:
    """A row a pair of inputs: correlation of the fit, on the scale on which each is varied."""
    import pandas as pd

    pairs = [(i, j) for i in range(len(found.keys)) for j in range(i)]
    rows = [{"input": found.keys[j], "with": found.keys[i], "correlation": found.correlation[i, j]} for i, j in pairs]
    return pd.DataFrame(rows, columns=["input", "with", "correlation"])


def posterior_table(keys: tuple[str, ...], posterior: np.ndarray) -> pd.DataFrame:
    """A row a set of values, a column an input."""
    return _frame(dict(zip(keys, posterior.T)))


# --- text -------------------------------------------------------------------------------------------------------


def _text(found: Calibrated, made: dict) -> str:
    blocks = [
        f"{found.scenario.title}\nCalibration: {count(len(found.keys), 'input')}, "
        f"{count(len(found.calibration.targets), 'target')}, {count(len(found.fits), 'start')}",
        "Fit by target\n" + _targets_text(made["targets"]),
        "Best values\n" + _values_text(found, made["values"]),
        "Starts\n" + starts_text(found),
        "What the targets determine\n" + identifiability_text(found),
        *_correlations_text(found),
    ]
    if found.calibration.fixed:
        fixed = ", ".join(_named(found, key) for key in found.calibration.fixed)
        blocks.append(f"Not varied, as the parameter is fixed: {fixed}.")
    if found.posterior is not None:
        blocks.append("Posterior\n" + _posterior_text(len(found.posterior), found.effective))
    return "\n\n".join(blocks)


def _correlations_text(found: Calibrated) -> list[str]:
    """The matrix, numbered by input."""
    if len(found.keys) < 2:
        return []
    heads = [str(i) for i in range(1, len(found.keys) + 1)]
    rows = [
        [f"{n} {_named(found, key)}", *(numbers.signed(value, 2) for value in row)]
        for n, key, row in zip(heads, found.keys, found.correlation)
    ]
    note = "correlations.yaml has these values, their spreads and correlations, to be pasted into a scenario."
    return ["Correlations of the fit\n" + text.table(["Input", *heads], rows) + "\n" + note]


def _targets_text(table) -> str:
    rows = [
        [
            f"{r.label} ({r.unit})" if r.unit else r.label,
            brief(r.value),
            brief(r.error),
            brief(r.model),
            numbers.signed(r.difference_in_errors, 2),
        ]
        for r in table.itertuples()
    ]
    missed = table[~(table["difference_in_errors"].abs() <= MET)]["label"]
    verdict = "All targets are met (within 2 errors)." if missed.empty else f"Not met: {', '.join(missed)}."
    return text.table(["Target", "Value", "Error", "Model", "Difference in errors"], rows) + "\n" + verdict


def _values_text(found: Calibrated, table) -> str:
    header, rows = ["Input", "Status", "Bounds", "Best", "SE", "95 % interval of the fit", "Verdict", "In the file"], []
    for r in table.to_dict("records"):
        row = [
            _named(found, r["input"]),
            _status(found, r["input"]),
            f"{brief(r['from'])} to {brief(r['to'])}",
            brief(r["best"]),
            brief(r["standard_error"]) + (" (log)" if r["scale"] == "log" else ""),
            f"{brief(r['lower_95'])} to {brief(r['upper_95'])}",
            r["verdict"],
            brief(r["in_the_file"]),
        ]
        if "posterior_mean" in r:
            row += [brief(r["posterior_mean"]), f"{brief(r['posterior_lower'])} to {brief(r['posterior_upper'])}"]
        rows.append(row)
    if "posterior_mean" in table:
        header += ["Posterior mean", "95 % interval"]
    return text.table(header, rows)


def _named(found: Calibrated, key: str) -> str:
    return named(key, figures.parameter_labels(found.scenario))


def _status(found: Calibrated, key: str) -> str:
    """Of the parameters that share the input."""
    known = (found.scenario.parameters[name].status or NOT_REPORTED for name, _ in parts(key))
    return ", ".join(dict.fromkeys(known))


def starts_text(found: Calibrated) -> str:
    """Which starts ended where, in words."""
    agreement = found.agreement()
    same = agreement.count("same")
    lines = [
        f"{same} of {count(len(found.fits), 'start')} ended at the best values (sum of squares "
        f"{found.best.distance:.3g})."
    ]
    for fit, word in zip(found.fits, agreement):
        if word != "same":
            where = ", ".join(f"{_named(found, key)} {brief(v)}" for key, v in zip(found.keys, fit.values))
            what = "fits as well with other values" if word != "worse" else "fits worse"
            lines.append(f"One {what} (sum of squares {fit.distance:.3g}): {where}.")
    if "other values, as good" in agreement:
        lines.append("The fit is not unique: the targets do not tell these values apart.")
    if stuck := sum(not fit.converged for fit in found.fits):
        lines.append(f"{count(stuck, 'start')} stopped before the end of the search.")
    return "\n".join(lines)


def identifiability_text(found: Calibrated) -> str:
    """The directions that the targets leave open, in words."""
    loose = [d for d in found.directions() if d.verdict != "determined"]
    if not loose:
        return "Near the best values the targets determine every input."
    return "\n".join(_direction_text(d, [_named(found, key) for key in found.keys]) for d in loose)


def _direction_text(direction: Direction, names: list[str]) -> str:
    order = [j for j in np.argsort(-np.abs(direction.weights)) if direction.shares[j] >= NAMED]
    sign = np.sign(direction.weights[order[0]])
    named = [
        f"{names[j]} {'up' if direction.weights[j] * sign > 0 else 'down'}"
        + (f" (share {numbers.percent(direction.shares[j], 0)})" if len(order) > 1 else "")
        for j in order
    ]
    what = names[order[0]] if len(order) == 1 else " with ".join(named)
    return (
        f"{direction.verdict.capitalize()}: {what}. Over the whole width of the bounds the targets move by "
        f"{brief(direction.moves)} errors, which leaves {numbers.percent(direction.left, 0)} of the bounds' own spread."
    )


def _posterior_text(n: int, worth: float) -> str:
    lines = [
        f"{count(n, 'set')}, worth {number(worth)} independent ones. posterior.yaml is the scenario with these sets in place of "
        "the inputs varied; calibrated.yaml has the best values."
    ]
    if worth < FEW:
        lines.append(f"That is few: ask for at least --posterior {int(np.ceil(n * FEW / worth / 100) * 100):,}.")
    return "\n".join(lines)
