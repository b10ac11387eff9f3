"""Which figures a result has, and from which data: each is saved as PNG and SVG with its CSV beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from model.analysis.first_order import FirstOrder
from model.analysis.means import pairs
from model.analysis.pairwise import pairwise
from model.analysis.queue_results import queues_of, requested
from model.analysis.run import Run
from model.analysis.survival import events
from model.effects import words_of
from model.outcome_keys import QALY, cost_of
from model.report import group_report, plots, psa_tables, published_curve_tables, published_tables
from model.report.named_tables import Tables
from model.report.plan import Plan
from model.scenario import Scenario

MOST_ROWS = 30  # groups in the forest of each strategy
MOST_PANELS = 15  # groups with acceptability curves, beside all patients


def style_of(run: Run) -> plots.Style:
    return style_of_scenario(run.scenario, run.decision.effect)


def style_of_scenario(scenario: Scenario, effect: str = QALY) -> plots.Style:
    return plots.Style(
        labels=scenario.labels,
        state_labels={k: s.label for k, s in scenario.states.items()},
        parameters=parameter_labels(scenario),
        currency=f"{scenario.currency} {scenario.price_year}".strip(),
        effect=words_of(scenario, effect),
        time_unit=scenario.time.unit,
        title=scenario.title,
    )


def parameter_labels(scenario: Scenario) -> dict[str, str]:
    """Of parameters that have one; with the key behind it where several share it."""
    labels = {key: p.label for key, p in scenario.parameters.items() if p.label}
    shared = [label for label, n in Counter(labels.values()).items() if n > 1]
    return {key: f"{label} [{key}]" if label in shared else label for key, label in labels.items()}


def run_figures(run: Run, found: Tables, comparators: Sequence[str] = ()) -> dict[str, Plan]:
    """Figures of a run, by name; `found` are its tables; comparators: of the pairs that are asked for."""
    style, scenario = style_of(run), run.scenario
    costs = found["outcomes"][found["outcomes"]["outcome"].str.startswith(cost_of(""))]
    plans = {
        "occupancy": Plan(
            lambda: plots.occupancy(found["trace"], style, scenario.dead_states), found["trace"], "trace"
        ),
        "cost_components": Plan(lambda: plots.cost_components(found["outcomes"], style), costs),
    }
    if "over_time" in found:
        table = found["over_time"]
        plans["over_time"] = Plan(
            lambda: plots.over_time(table, style, published_tables.titles(scenario, table)), table, "over_time"
        )
    if "survival_published" in found:
        drawn = found["survival_published"]
        told = published_curve_tables.headings(found["published_curve_fit"], drawn, scenario)
        plans["survival_published"] = Plan(
            lambda: plots.survival_published(drawn, style, told), drawn, "survival_published"
        )
    if run.patients is not None:
        plans |= patient_figures(run, run.patients, found, style)
    if (queues := queues_of(run)) is not None:
        labels = {r.key: r.label or r.key for r in queues.system.resources}
        asked = dict(requested(queues).values())
        plans["waits"] = Plan(lambda: plots.waits(found["waits"], style, asked), found["waits"], "waits")
        length, units = found["queue_length"], {r.key: r.capacity for r in queues.system.resources}
        plans["queue_length"] = Plan(lambda: plots.queue_length(length, style, labels), length, "queue_length")
        plans["units_in_use"] = Plan(lambda: plots.units_in_use(length, style, labels, units), length, "queue_length")
    if "groups" in found:
        plans |= group_figures(run, found, style)
    if run.psa is None or run.draws is None:
        return plans
    others = pairs(run.psa.total.cost, run.psa.total.get(run.decision.effect), run.reference)
    plane = psa_tables.plane(others, tuple(scenario.strategies), run.reference)
    values, inputs = psa_tables.sampled(scenario, run.draws), found["parameters"]
    return (
        economics_figures(found, plane, style, scenario.wtp.thresholds)
        | _pairwise_figures(run, style, comparators)
        | plans
        | {
            "sampled_distributions": Plan(
                lambda: plots.sampled_distributions(values, inputs, style),
                found.rows("psa_parameters"),
                "psa_parameters",
            )
        }
    )


def group_figures(run: Run, found: Tables, style: plots.Style) -> dict[str, Plan]:
    """Figures of groups of patients, where there are several."""
    table, scenario = found["groups"], run.scenario

    def forest():
        kept = group_report.kept(table, scenario, MOST_ROWS)
        return plots.group_forest(table, style, kept, scenario.subgroups, group_report.without(kept, table))

    def curves():
        kept = group_report.kept(table, scenario, MOST_PANELS)
        labels = dict(zip(table["group"], table["label"]))
        note = group_report.without(kept, table)
        return plots.group_acceptability(
            found["ceac"], style, {key: labels[key] for key in kept}, run.decision.wtp, note
        )

    plans = {"group_forest": Plan(forest, table, "groups")}
    return plans | ({"group_acceptability": Plan(curves, found["ceac"], "ceac")} if "ceac" in found else {})


def _pairwise_figures(run: Run, style: plots.Style, comparators: Sequence[str]) -> dict[str, Plan]:
    thresholds, found = run.scenario.wtp.thresholds, pairwise(run, comparators)
    if not found:
        return {}
    plane, curves = psa_tables.pairwise(found)
    return {
        "plane_pairwise": Plan(lambda: plots.plane_pairwise(plane.whole(), style, run.decision.wtp), plane),
        "acceptability_pairwise": Plan(lambda: plots.acceptability_pairwise(curves, style, thresholds), curves),
    }


def patient_figures(run: Run, patients: FirstOrder, found: Tables, style: plots.Style) -> dict[str, Plan]:
    """Figures of single patients, for engines that follow them."""
    import pandas as pd

    scenario, names = run.scenario, {"cost": f"Cost per patient ({style.currency})"}
    if run.decision.effect not in scenario.effects:
        names[run.decision.effect] = f"{style.effect.many} per patient"
    names |= {key: plots.with_unit(effect.label, effect.unit) for key, effect in scenario.effects.items()}
    names = dict(list(names.items())[:4])
    spread = {name: patients.values(name) for name in names}
    shown = {name: values[:, :2000] for name, values in spread.items()}
    size = next(iter(shown.values())).shape[1]
    data = pd.DataFrame(
        {
            "strategy": [k for k in scenario.strategies for _ in range(size)],
            **{name: values.ravel() for name, values in shown.items()},
        }
    )
    labels = {event.key: event.label for event in events(scenario, patients)}
    return {
        "time_to_event": Plan(
            lambda: plots.time_to_event(found["time_to_event"], found["medians"], style, labels),
            found["time_to_event"],
            "time_to_event",
        ),
        "patient_spread": Plan(lambda: plots.patient_spread(spread, style, names), data),
        "swimlanes": Plan(
            lambda: plots.swimlanes(
                found["patient_histories"], style, scenario.time.unit, scenario.dead_states, scenario.group_labels
            ),
            found["patient_histories"],
            "patient_histories",
        ),
    }


def economics_figures(found, plane, style, thresholds) -> dict[str, Plan]:
    """Figures that any PSA has, wherever it was made."""
    import pandas as pd

    wtp = thresholds[0] if len(thresholds) else None
    curves = found["ceac"].query("group == 'all'").drop(columns="group")
    ceac = pd.concat([curves.assign(curve="CEAC"), found["ceaf"].assign(curve="CEAF")], ignore_index=True)
    loss = pd.concat(
        [found["expected_loss"], found["evpi"].assign(strategy="EVPI").rename(columns={"evpi": "expected_loss"})],
        ignore_index=True,
    )
    plans = {
        "acceptability": Plan(lambda: plots.acceptability(curves, found["ceaf"], style, thresholds), ceac),
        "expected_loss": Plan(
            lambda: plots.expected_loss(found["expected_loss"], found["evpi"], style, thresholds), loss
        ),
    }
    if len(plane):
        plans = {
            "cost_effectiveness_plane": Plan(lambda: plots.cost_effectiveness_plane(plane.whole(), style, wtp), plane)
        } | plans
    return plans
