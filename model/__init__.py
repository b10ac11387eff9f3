"""Cost-effectiveness simulation: one scenario file, several engines, one set of economics.

>>> import model
>>> result = model.run("scenarios/mscc_furlan.yaml", draws=100)
>>> sorted(result.tables)[:3]
['ceac', 'ceaf', 'evpi']

Each analysis takes a file, or a scenario that `read` gave, and gives a Result: `tables` (DataFrames), `figures`, `summary`, `save()`.
Imports are lazy, so that `run_model.py --help` costs no more than the standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from model.api import NAMES as CALLS

if TYPE_CHECKING:  # for editors and type checkers; at work each is imported when it is asked for
    from model.analysis.method import EngineError, Method
    from model.analysis.population import Population
    from model.api.checks import check, diagram, read
    from model.api.information import analyse, calibrate, voi
    from model.api.report import full_report
    from model.api.runs import capacity, compare, converge, run
    from model.api.survival_data import survival
    from model.api.variation import diff, headroom, sensitivity, sweep, threshold, tornado, variants
    from model.api.verification import verify
    from model.api.workbooks import workbook
    from model.decision import Decision, DecisionError
    from model.draws import DomainError
    from model.outcomes import OutcomeError
    from model.report.result import Result
    from model.sample import Sample
    from model.scenario import Scenario
    from model.scenario_file import ScenarioError

__version__ = "0.1.0"
__all__ = [
    "Decision",
    "DecisionError",
    "DomainError",
    "EngineError",
    "Method",
    "OutcomeError",
    "Population",
    "Result",
    "Sample",
    "Scenario",
    "ScenarioError",
    "analyse",
    "calibrate",
    "capacity",
    "check",
    "compare",
    "converge",
    "diagram",
    "diff",
    "full_report",
    "headroom",
    "read",
    "run",
    "sensitivity",
    "survival",
    "sweep",
    "threshold",
    "tornado",
    "variants",
    "verify",
    "voi",
    "workbook",
]
_TYPES = {
    "Decision": "decision",
    "DecisionError": "decision",
    "DomainError": "draws",
    "EngineError": "analysis.method",
    "Method": "analysis.method",
    "OutcomeError": "outcomes",
    "Population": "analysis.population",
    "Result": "report.result",
    "Sample": "sample",
    "Scenario": "scenario",
    "ScenarioError": "scenario_file",
}


def __getattr__(name: str) -> object:
    home = "api" if name in CALLS else _TYPES.get(name)
    if home is None:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    return getattr(import_module(f"model.{home}"), name)


def __dir__() -> list[str]:
    return __all__
