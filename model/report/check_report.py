"""What is told of a scenario that was read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import numbers
from model.report.named_tables import Tables
from model.report.result import Result
from model.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from model.engines.refusals import Refusal

Refusals = dict[str, list["Refusal"]]


def report(scenario: Scenario, refusals: Refusals) -> Result:
    """How large the scenario is, which engines can run it, and which of its parameters state no source, in words."""
    sizes = {kind: len(getattr(scenario, kind)) for kind in ("strategies", "states", "transitions", "parameters")}
    if scenario.partition is not None:
        sizes = {"curves" if kind == "transitions" else kind: number for kind, number in sizes.items()}
        sizes["curves"] = len(scenario.partition.curves)
    number = len(scenario.warnings)
    lines = [
        f"{scenario.path}: no errors, {numbers.count(number, 'warning')}; "
        + ", ".join(f"{n} {kind}" for kind, n in sizes.items()),
        *_of_engines(scenario, refusals),
    ]
    if unsourced := [name for name, p in scenario.parameters.items() if p.formula is None and not p.source]:
        lines.append(f"parameters without a source: {', '.join(unsourced)}")
    tables = Tables({"engines": lambda: _table(scenario, refusals)})
    return Result(tables, {}, None, "\n".join(lines), details=scenario)


def _of_engines(scenario: Scenario, refusals: Refusals) -> list[str]:
    """Which engines can run the scenario; of each that cannot, every construct that it cannot run."""
    able = [name for name, refused in refusals.items() if not refused]
    lines = [f"engines that can run it: {', '.join(able) or 'none'}"]
    for name, refused in refusals.items():
        for why in dict.fromkeys(r.why for r in refused):
            places = [r.where(scenario) for r in refused if r.why == why and r.field]
            lines += [f"  not {name}: it {why}{':' if places else ''}", *(f"    {place}" for place in places)]
    return lines


def _table(scenario: Scenario, refusals: Refusals) -> pd.DataFrame:
    import pandas as pd

    rows = [(name, False, r.where(scenario), r.why) for name, refused in refusals.items() for r in refused]
    able = [(name, True, "", "") for name, refused in refusals.items() if not refused]
    return pd.DataFrame(able + rows, columns=["engine", "can_run", "where", "why"])
