"""Tables that only engines which follow patients can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.analysis.first_order import FirstOrder
from model.analysis.run import Run
from model.economics import acceptability
from model.instants import reaches
from model.units import DAYS

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 20  # patients of each strategy whose histories are shown
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)


def patient_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Simulation error, patient-level variation, survival and example histories, by file name."""
    made = {
        "simulation_error": simulation_error(run),
        "first_order": first_order(run),
        "time_to_event": time_to_event(run),
        "medians": medians(run),
        "patient_histories": histories(run),
    }
    if run.psa is not None:
        made["simulation_noise"] = simulation_noise(run)
    return made


def simulation_error(run: Run) -> pd.DataFrame:
    """Standard errors of the base case, from the finite number of patients; increments are paired by patient.

    `factor` says how many times larger the error of the increment would be with independent patients.
    """
    import pandas as pd

    strategies, reference, rows = tuple(run.scenario.strategies), run.reference, []
    for group, found in run.base.simulated.items():
        for o, outcome in enumerate(found.mean.names):
            value, se, gain_se = (x[o, 1, :, 0] for x in (found.mean.values, found.se, found.increment_se))
            for s, strategy in enumerate(strategies):
                apart = np.hypot(se[s], se[reference]) if s != reference else np.nan
                rows.append(
                    {
                        "group": group,
                        "outcome": outcome,
                        "strategy": strategy,
                        "mean": value[s],
                        "standard_error": se[s],
                        "comparator": "" if s == reference else strategies[reference],
                        "increment": np.nan if s == reference else value[s] - value[reference],
                        "increment_standard_error": np.nan if s == reference else gain_se[s],
                        "increment_standard_error_of_independent_patients": apart,
                        "factor": apart / gain_se[s] if s != reference and gain_se[s] > 0 else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def first_order(run: Run) -> pd.DataFrame:
    """Spread over single patients at base values; says nothing on how sure the means are."""
    import pandas as pd

    rows = []
    for group, name, values in _each(run.patients):
        for s, strategy in enumerate(run.scenario.strategies):
            x = values[s]
            rows.append(
                {
                    "group": group,
                    "strategy": strategy,
                    "outcome": name,
                    "patients": len(x),
                    "mean": x.mean(),
                    "standard_deviation": x.std(ddof=1),
                }
                | {f"quantile_{100 * q:g}": v for q, v in zip(QUANTILES, np.quantile(x, QUANTILES))}
            )
    return pd.DataFrame(rows)


def _each(found: FirstOrder):
    """(group, outcome, [strategy, patient]) of every discounted outcome."""
    names = next(iter(found.groups.values())).outcomes.names
    for group in dict.fromkeys(["all", *found.groups]):
        for name in names:
            yield group, name, found.values(name, group)


def events(run: Run) -> dict[str, tuple[str, str, float, np.ndarray]]:
    """What can be drawn as time to event: key -> (label, unit, horizon, [strategy, patient]).

    Survival, and every effect that is time in states. Those who reach the horizon are censored there.
    """
    frame, found = run.scenario.time, {}
    if run.scenario.dead_states:
        years = run.patients.values("life_years", discounted=False)
        found["survival"] = "Survival", frame.unit, frame.horizon, years / frame.years
    for key, effect in run.scenario.effects.items():
        # Weighted time, or several rates per unit, is no time to an event.
        if effect.states and not any(effect.states.values()):
            horizon = frame.horizon * frame.day / DAYS.get(effect.unit, np.inf)
            found[key] = effect.label, effect.unit, horizon or np.inf, run.patients.values(key, discounted=False)
    return found


def time_to_event(run: Run, points: int = 400) -> pd.DataFrame:
    """Share of patients for whom each event is later than `time` (Kaplan-Meier: nobody is censored before the horizon)."""
    import pandas as pd

    parts = []
    for key, (_, unit, horizon, values) in events(run).items():
        last = min(np.quantile(values, 0.999) * 1.02, horizon)
        times = np.linspace(0, last, points)
        values = np.where(reaches(values, horizon), np.inf, values)  # censored: alive at the horizon
        for s, strategy in enumerate(run.scenario.strategies):
            share = 1 - np.searchsorted(np.sort(values[s]), times, side="right") / values.shape[1]
            parts.append(
                pd.DataFrame({"event": key, "strategy": strategy, "time": times, "unit": unit, "share": share})
            )
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["event", "strategy", "time", "unit", "share"])
    )


def medians(run: Run) -> pd.DataFrame:
    """Median time to each event, with its standard error, beside the published one where the scenario states it."""
    import pandas as pd

    rows = []
    for key, (label, unit, horizon, values) in events(run).items():
        for s, strategy in enumerate(run.scenario.strategies):
            known = run.scenario.published_median(key, strategy)
            median, error = _median(values[s], horizon)
            rows.append(
                {
                    "event": key,
                    "label": label,
                    "strategy": strategy,
                    "unit": unit,
                    "median": median,
                    "standard_error": error,
                    "published": known.value if known else np.nan,
                    "source": known.source if known else "",
                }
            )
    return pd.DataFrame(rows)


def _median(values: np.ndarray, horizon: float) -> tuple[float, float]:
    """(median, standard error from the order statistics); NaN where half reach the horizon."""
    n, ranked = len(values), np.sort(values)
    low, high = (ranked[int(np.clip(round(n / 2 + z * np.sqrt(n) / 2), 0, n - 1))] for z in (-1, 1))
    median = float(np.median(ranked))
    return (np.nan, np.nan) if median >= horizon else (median, float(high - low) / 2)


def histories(run: Run) -> pd.DataFrame:
    """Stays of the first patients of each group, the same patients in every strategy; chance nodes left out."""
    import pandas as pd

    found, parts = run.patients, []
    for key, part in found.groups.items():
        number = max(1, round(EXAMPLES * found.weights[key]))
        history = part.history
        table = history.where((history.patient < number) & (history.draw == 0)).table(
            part.dynamics.strategies, part.dynamics.states, part.dynamics.labels
        )
        table = table[~table["state"].isin([s for s, node in zip(part.dynamics.states, part.dynamics.chance) if node])]
        parts.append(table.drop(columns="draw").assign(group=key))
    together = pd.concat(parts, ignore_index=True)
    return together[["group", *(c for c in together if c != "group")]].rename(
        columns={"entered": "entered_time", "left": "left_time", "waited": "time_waited"}
    )


def simulation_noise(run: Run) -> pd.DataFrame:
    """How much of the PSA's spread is simulation noise, and what taking it out does to CEAC and EVPI at the thresholds."""
    import pandas as pd

    total, scenario, fixed, decisions = run.psa.total, run.scenario, run.corrected, run.decisions["all"]
    effect = total.get(run.decision.effect)
    rows = []
    for wtp in scenario.wtp.thresholds:
        raw = acceptability.acceptability(total.cost, effect, np.array([wtp]))
        own = decisions.at(wtp) if fixed else None
        column = "probability_most_cost_effective"
        for s, strategy in enumerate(scenario.strategies):
            rows.append(
                {
                    "wtp": wtp,
                    "strategy": strategy,
                    f"{column}_with_noise": raw.probability_most_cost_effective[0, s],
                    column: own.probability_most_cost_effective[0, s] if own else np.nan,
                    "evpi_with_noise": raw.evpi[0],
                    "evpi": own.evpi[0] if own else np.nan,
                    "noise_share_of_variance": fixed.noise_share[s] if fixed else np.nan,
                    "status": status(run, s),
                }
            )
    return pd.DataFrame(rows)


def status(run: Run, strategy: int) -> str:
    """What was done about simulation noise in the PSA of a strategy."""
    if run.corrected is None:
        return "noise not known (one replication a draw): not corrected"
    return "corrected" if run.corrected.determined[strategy] else "more patients needed: noise is all that is seen"
