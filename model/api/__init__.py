"""One public call an analysis; the command line calls nothing else."""

from model.api.asked import setting_texts
from model.api.information import analyse, calibrate, voi
from model.api.runs import capacity, check, compare, converge, read, run
from model.api.sensitivity import Stopped, diff, headroom, sensitivity, sweep, threshold, tornado, variants

__all__ = [
    "Stopped",
    "analyse",
    "calibrate",
    "capacity",
    "check",
    "compare",
    "converge",
    "diff",
    "headroom",
    "read",
    "run",
    "sensitivity",
    "setting_texts",
    "sweep",
    "threshold",
    "tornado",
    "variants",
    "voi",
]
