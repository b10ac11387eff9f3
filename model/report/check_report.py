"""What is told of a scenario that was read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.scenario import Scenario

if TYPE_CHECKING:
    from model.report.result import Result


def report(scenario: Scenario) -> Result:
    """Warnings as a table, and the summary."""
    import pandas as pd

    from model.report.result import Result

    table = pd.DataFrame({"warning": list(scenario.warnings)})
    return Result({"warnings": table}, {}, None, summary(scenario), details=scenario)


def summary(scenario: Scenario) -> str:
    """How large the scenario is, and which of its parameters state no source; without the imports that tables need."""
    sizes = {kind: len(getattr(scenario, kind)) for kind in ("strategies", "states", "transitions", "parameters")}
    number = len(scenario.warnings)
    lines = [
        f"{scenario.path}: no errors, {number} warning{'' if number == 1 else 's'}; "
        + ", ".join(f"{n} {kind}" for kind, n in sizes.items())
    ]
    if unsourced := [name for name, p in scenario.parameters.items() if p.formula is None and not p.source]:
        lines.append(f"parameters without a source: {', '.join(unsourced)}")
    return "\n".join(lines)
