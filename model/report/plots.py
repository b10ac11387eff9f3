"""All figures, by name: each takes tidy tables, returns a matplotlib Figure and leaves no global state behind."""

from model.report.group_plots import group_acceptability, group_forest
from model.report.outcome_plots import cost_components, occupancy
from model.report.pairwise_plots import acceptability_pairwise, plane_pairwise
from model.report.patient_plots import patient_spread, swimlanes, time_to_event, with_unit
from model.report.psa_plots import acceptability, cost_effectiveness_plane, expected_loss, sampled_distributions
from model.report.published_curve_plots import survival_published
from model.report.published_plots import over_time
from model.report.queue_plots import capacity, changes, queue_length, units_in_use, waits, waterfall
from model.report.saving import save
from model.report.sensitivity_plots import evppi, heat_map, line_sweep, tornado
from model.report.style import Style

__all__ = [
    "Style",
    "acceptability",
    "acceptability_pairwise",
    "capacity",
    "changes",
    "cost_components",
    "cost_effectiveness_plane",
    "evppi",
    "group_acceptability",
    "group_forest",
    "expected_loss",
    "heat_map",
    "line_sweep",
    "occupancy",
    "over_time",
    "survival_published",
    "plane_pairwise",
    "patient_spread",
    "queue_length",
    "sampled_distributions",
    "save",
    "swimlanes",
    "time_to_event",
    "tornado",
    "units_in_use",
    "waits",
    "waterfall",
    "with_unit",
]
