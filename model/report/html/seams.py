"""What may not be there: parts of the software that a version or an installation does without."""

from __future__ import annotations

from importlib import import_module

from model.scenario import Scenario


def diagram(scenario: Scenario) -> str:
    """The model as a self-contained SVG; nothing where there is none."""
    try:
        module = import_module("model.report.diagram")
    except ModuleNotFoundError:
        return ""
    return module.svg(scenario)
