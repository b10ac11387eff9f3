"""Results as tidy tables: one row a fact, strategies by their key, spelled-out column names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from model.analysis import targets
from model.analysis.run import Run
from model.analysis.simulate import Simulated
from model.context import Values
from model.draws import Draws
from model.economics import incremental, net_benefit, uncertainty
from model.economics.icer import verdict
from model.intervals import interval, standard_error
from model.outcomes import Outcomes

if TYPE_CHECKING:
    import pandas as pd


NOT_REPORTED = "not reported"  # as CHEERS asks where a scenario gives no source


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Every table that a run leaves, by file name without '.csv'."""
    tables = {
        "outcomes": outcomes(run),
        "incremental": incremental_table(run),
        "net_benefit": net_benefit_table(run),
        "trace": trace(run),
        "parameters": parameters(run),
    }
    if run.patients is not None:
        from model.report import patient_tables

        tables |= patient_tables.patient_tables(run)
    else:
        tables["medians"] = survival_medians(run)
    if run.scenario.published:
        from model.analysis import published
        from model.report import published_tables

        found = published.compare(run)
        tables["published"] = published_tables.published_table(run.scenario, found)
        if found.panels:
            tables["over_time"] = published_tables.over_time(run.scenario, found)
            tables["landmarks"] = published_tables.landmarks(tables["over_time"])
    if run.base.requests is not None:
        from model.report import queue_tables

        tables |= queue_tables.queue_tables(run)
    if run.psa is not None:
        strategies, total = tuple(run.scenario.strategies), run.psa.total
        tables |= curves(run.curves, strategies)
        tables |= uncertainty_tables(total.cost, total.get(run.decision.effect), strategies, run.reference)
        tables |= {"psa": psa(total), "psa_parameters": psa_parameters(run)}
    return tables


def _analyses(run: Run):
    yield "deterministic", run.base
    if run.psa is not None:
        yield "probabilistic", run.psa


def outcomes(run: Run) -> pd.DataFrame:
    """Means with standard errors and 95 % intervals over draws. The base case has one draw: blank with the cohort engine,
    the simulation error of the mean with engines that follow patients."""
    import pandas as pd

    rows = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            simulated = evaluation.simulated[group] if evaluation.simulated and analysis == "deterministic" else None
            rows += [{"analysis": analysis, "group": group, **row} for row in _outcome_rows(result, simulated)]
    return pd.DataFrame(rows)


def _outcome_rows(result: Outcomes, simulated=None) -> Iterator[dict]:
    for o, name in enumerate(result.names):
        for discounted in (True, False):
            for s, strategy in enumerate(result.strategies):
                yield {
                    "strategy": strategy,
                    "outcome": name,
                    "discounted": "true" if discounted else "false",
                    **(
                        _summary(result.values[o, int(discounted), s])
                        if simulated is None
                        else interval(
                            result.values[o, int(discounted), s, 0],
                            simulated.se[o, int(discounted), s, 0],
                            simulated.freedom,
                        )
                    ),
                }


def _summary(sample: np.ndarray) -> dict[str, float]:
    if len(sample) == 1:
        return {"mean": sample[0], "standard_error": np.nan, "lower_95": np.nan, "upper_95": np.nan}
    lower, upper = np.quantile(sample, [0.025, 0.975])
    return {
        "mean": sample.mean(),
        "standard_error": standard_error(sample),
        "lower_95": lower,
        "upper_95": upper,
    }


def incremental_table(run: Run) -> pd.DataFrame:
    """Fully incremental analysis of the means, for QALYs and every other effect, by group."""
    import pandas as pd

    rows = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            for effect in result.effects:
                about = {"analysis": analysis, "group": group, "effect": effect}
                rows += [
                    about | row
                    for row in incremental_rows(
                        result.strategies, result.cost.mean(axis=1), result.get(effect).mean(axis=1)
                    )
                ]
    return pd.DataFrame(rows)


def incremental_rows(strategies, cost: np.ndarray, effect: np.ndarray) -> Iterator[dict]:
    """Rows in order of cost; `comparator` is blank for the reference."""
    found = incremental.frontier(cost, effect)
    for s in np.argsort(cost, kind="stable"):
        against = int(found.comparator[s])
        yield {
            "strategy": strategies[s],
            "cost": cost[s],
            "effect_value": effect[s],
            "comparator": strategies[against] if against >= 0 else "",
            "incremental_cost": found.incremental_cost[s],
            "incremental_effect": found.incremental_effect[s],
            "icer": found.icer[s],
            "status": found.status[s],
        }


def net_benefit_table(run: Run) -> pd.DataFrame:
    """NMB and NHB at the thresholds, by group; errors over draws, in the base case those of the simulation. With a PSA also
    the probability of being the most cost-effective, without the noise of a finite number of patients."""
    import pandas as pd

    rows = []
    for analysis, evaluation in _analyses(run):
        for group, result in evaluation.outcomes.items():
            simulated = evaluation.simulated[group] if evaluation.simulated and analysis == "deterministic" else None
            found = list(_net_benefit_of(run, result, simulated))
            if analysis == "probabilistic":
                found = with_probability(found, run.decisions.get(group))
            rows += [{"analysis": analysis, "group": group, **row} for row in found]
    return pd.DataFrame(rows)


def _net_benefit_of(run: Run, result: Outcomes, simulated: Simulated | None) -> Iterator[dict]:
    """Rows at the thresholds of the scenario; in the base case, errors are those of what was simulated."""
    thresholds, effect = run.scenario.wtp.thresholds, run.decision.effect
    errors = None if simulated is None else [simulated.nmb_se(wtp, effect)[:, 0] for wtp in thresholds]
    return net_benefit_rows(result.strategies, result.cost, result.get(effect), thresholds, errors)


def with_probability(rows: list[dict], decisions) -> list[dict]:
    """Rows by threshold and strategy, with the probability from `decisions`, an Acceptability at these thresholds."""
    levels = list(dict.fromkeys(row["wtp"] for row in rows))
    chances = decisions.at(levels).probability_most_cost_effective.ravel() if rows else ()
    return [row | {"probability_most_cost_effective": chance} for row, chance in zip(rows, chances)]


def net_benefit_rows(strategies, cost, effect, thresholds, errors=None) -> Iterator[dict]:
    """NMB and NHB; `standard_error` is that of the NMB, from the draws or from `errors` [wtp][strategy]."""
    if not len(thresholds):
        return
    found = net_benefit.mean_net_benefit(cost, effect, np.array(thresholds))
    for w, wtp in enumerate(found.wtp):
        for s, strategy in enumerate(strategies):
            yield {
                "wtp": wtp,
                "strategy": strategy,
                "nmb": found.nmb[w, s],
                "nhb": found.nhb[w, s],
                "standard_error": found.nmb_se[w, s] if errors is None else errors[w][s],
            }


def curves(found, strategies) -> dict[str, pd.DataFrame]:
    """CEAC, CEAF, expected loss and EVPI tables."""
    import pandas as pd

    n, names = len(found.wtp), np.array(strategies)
    long = {"wtp": np.repeat(found.wtp, len(names)), "strategy": np.tile(names, n)}
    column = "probability_most_cost_effective"
    return {
        "ceac": pd.DataFrame(
            long
            | {column: found.probability_most_cost_effective.ravel(), "standard_error": found.probability_se.ravel()}
        ),
        "ceaf": pd.DataFrame(
            {
                "wtp": found.wtp,
                "strategy": names[found.optimal],
                column: found.probability_optimal,
                "standard_error": found.probability_se[np.arange(n), found.optimal],
            }
        ),
        "expected_loss": pd.DataFrame(long | {"expected_loss": found.expected_loss.ravel()}),
        "evpi": pd.DataFrame({"wtp": found.wtp, "evpi": found.evpi, "standard_error": found.evpi_se}),
    }


def uncertainty_tables(cost, effect, strategies, reference: int) -> dict[str, pd.DataFrame]:
    """Intervals of the ICER and quadrant shares of every strategy against the reference; `status` is that of the means."""
    import pandas as pd

    d_cost, d_effect = incremental.increments(cost, effect, reference)
    others = [s for s in range(len(strategies)) if s != reference]
    intervals, quadrants = [], []
    for s in others:
        pair = {"strategy": strategies[s], "comparator": strategies[reference]}
        for method, function in (
            ("Fieller", uncertainty.fieller_interval),
            ("percentile", uncertainty.percentile_interval),
        ):
            found = function(d_cost[s], d_effect[s])
            intervals.append(
                pair
                | {
                    "method": method,
                    "icer": found.icer,
                    "lower_95": found.lower,
                    "upper_95": found.upper,
                    "kind": found.kind,
                    "status": verdict(d_cost[s].mean(), d_effect[s].mean()).item(),
                }
            )
        for quadrant, share in uncertainty.quadrant_shares(d_cost[s], d_effect[s]).items():
            quadrants.append(pair | {"quadrant": quadrant, "share_of_draws": share})
    return {"icer_interval": pd.DataFrame(intervals), "quadrants": pd.DataFrame(quadrants)}


def increments(cost, effect, strategies, reference: int) -> pd.DataFrame:
    """Draws of the incremental plane."""
    import pandas as pd

    d_cost, d_effect = incremental.increments(cost, effect, reference)
    others = [s for s in range(len(strategies)) if s != reference]
    n = d_cost.shape[1]
    return pd.DataFrame(
        {
            "draw": np.tile(np.arange(1, n + 1), len(others)),
            "strategy": np.repeat(np.array(strategies)[others], n),
            "comparator": strategies[reference],
            "incremental_cost": d_cost[others].ravel(),
            "incremental_effect": d_effect[others].ravel(),
        }
    )


def psa(result: Outcomes, effects: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Discounted cost and effects of each draw (numbered from 1) and strategy."""
    import pandas as pd

    n = result.values.shape[-1]
    long = {"draw": np.tile(np.arange(1, n + 1), len(result.strategies)), "strategy": np.repeat(result.strategies, n)}
    wanted = ("cost", *result.effects) if effects is None else effects
    return pd.DataFrame(long | {name: result.get(name).ravel() for name in wanted})


def psa_parameters(run: Run) -> pd.DataFrame:
    """Sampled values in the units that the file states."""
    import pandas as pd

    sampled = [name for name, p in run.scenario.parameters.items() if p.sampled]
    return pd.DataFrame({"draw": np.arange(1, run.draws.n + 1), **{n: run.draws.column(n) for n in sampled}})


def trace(run: Run) -> pd.DataFrame:
    """Base-case occupancy at the start of each cycle and at the horizon; time in the model's unit."""
    import pandas as pd

    scenario, parts = run.scenario, []
    kept = [i for i, s in enumerate(scenario.states.values()) if not s.chance]
    names = np.array(list(scenario.states))[kept]
    for group, found in run.base.traces.items():
        for s, strategy in enumerate(scenario.strategies):
            occupancy = found.occupancy[:, s, 0][:, kept]
            parts.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "strategy": strategy,
                        "time": np.repeat(found.times, len(kept)),
                        "state": np.tile(names, len(found.times)),
                        "occupancy": occupancy.ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def survival_medians(run: Run) -> pd.DataFrame:
    """Median survival of the cohort in the base case, beside the published one where the scenario states it."""
    import pandas as pd

    scenario, rows = run.scenario, []
    for s, strategy in enumerate(scenario.strategies if scenario.dead_states else ()):
        known = scenario.published_median("survival", strategy)
        median = targets.median_survival(scenario, run.base.traces["all"], s)
        rows.append(
            {
                "event": "survival",
                "label": "Survival",
                "strategy": strategy,
                "unit": scenario.time.unit,
                "median": median if np.isfinite(median) else np.nan,
                "standard_error": np.nan,
                "published": known.value if known else np.nan,
                "source": known.source if known else "",
            }
        )
    columns = ["event", "label", "strategy", "unit", "median", "standard_error", "published", "source"]
    return pd.DataFrame(rows, columns=columns)


def parameters(run: Run) -> pd.DataFrame:
    """Every input with its interval, source and note; sampled moments beside the intended ones."""
    import pandas as pd

    scenario = run.scenario
    values = Values(scenario, _base_draws(run))
    rows = []
    for name, p in scenario.parameters.items():
        value = p.base if p.formula is None else p.unit.from_model(float(values.of(p.formula)[0]), scenario.time.day)
        stated = (np.nan if limit is None else limit for limit in (p.low, p.high))
        lower, upper = scenario.interval(p) if p.sampled else stated
        row = {
            "name": name,
            "value": value,
            "lower_95": lower,
            "upper_95": upper,
            "distribution": p.text,
            "unit": p.unit.text,
            "label": p.label,
            "status": p.status or NOT_REPORTED,
            "source": p.source or NOT_REPORTED,
            "note": p.note,
            "used_in": "; ".join(scenario.used_in.get(name, ())),
        }
        if run.draws is not None and p.sampled:
            row |= {"sampled_mean": run.draws.column(name).mean(), "sampled_sd": run.draws.column(name).std(ddof=1)}
        rows.append(row)
    return pd.DataFrame(rows)


def _base_draws(run: Run) -> Draws:
    from model import draws

    return draws.base(run.scenario)


def evppi(found) -> pd.DataFrame:
    """Value of information per person: parameters, then named groups, then all parameters of one
    status together, the largest first; `found` is an Information."""
    import pandas as pd

    rows = []
    for kind, values, of in (
        ("parameter", found.single, {}),
        ("group", found.grouped, found.members),
        ("status", found.by_status, found.members_by_status),
    ):
        for name, v in sorted(values.items(), key=lambda item: -item[1].value):
            members = "; ".join(of.get(name, (name,)))
            rows.append(
                {
                    "wtp": found.wtp,
                    "kind": kind,
                    "parameter": name,
                    "members": members,
                    "evppi": v.value,
                    "standard_error": v.standard_error,
                    "upward_bias": v.upward_bias,
                    "evppi_share_of_evpi": v.value / found.evpi if found.evpi else np.nan,
                    "evpi": found.evpi,
                    "clamped": "true" if v.clamped else "false",
                    "doubt": v.doubt,
                }
            )
    return pd.DataFrame(rows)
