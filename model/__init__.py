"""Cost-effectiveness simulation: one scenario file, several engines, one set of economics.

>>> import model
>>> result = model.run("scenarios/mscc_furlan.yaml", draws=100)
>>> sorted(result.tables)[:3]
['ceac', 'ceaf', 'evpi']

Each analysis takes a file, or a scenario that `read` gave, and gives a Result: `tables` (DataFrames), `figures`, `summary`, `save()`.
Imports are lazy, so that `run_model.py --help` costs no more than the standard library.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "model.api": (
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
        "sweep",
        "threshold",
        "tornado",
        "variants",
        "voi",
    ),
    "model.scenario_file": ("ScenarioError",),
    "model.scenario": ("Scenario",),
    "model.decision": ("Decision", "DecisionError"),
    "model.sample": ("Sample",),
    "model.analysis.method": ("EngineError", "Method"),
    "model.analysis.population": ("Population",),
    "model.draws": ("DomainError",),
    "model.outcomes": ("OutcomeError",),
    "model.report.result": ("Result",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, "__version__"])


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'model' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
