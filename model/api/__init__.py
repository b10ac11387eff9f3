"""One public call an analysis; the command line calls nothing else. Each comes with what it needs when it is asked for."""

from importlib import import_module

HOMES = {
    "checks": ("check", "diagram", "read"),
    "runs": ("capacity", "compare", "converge", "run"),
    "variation": ("Stopped", "diff", "headroom", "sensitivity", "sweep", "threshold", "tornado", "variants"),
    "information": ("analyse", "calibrate", "voi"),
    "survival_data": ("survival",),
    "report": ("full_report",),
    "workbooks": ("workbook",),
    "verification": ("verify",),
}
_HOME = {name: home for home, names in HOMES.items() for name in names}
NAMES = frozenset(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"model.api.{_HOME[name]}"), name)
    raise AttributeError(f"module 'model.api' has no attribute {name!r}")
