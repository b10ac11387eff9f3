"""How fast patients leave a state within a step at base values, which says into how many parts the step is cut."""

from __future__ import annotations

import numpy as np

from model.dynamics import AtEvent, AtRate
from model.report.workbook.steps import Step
from model.report.workbook.work import Work


def exits(work: Work, step: Step) -> float:
    """The largest number of exits from a state in a step."""
    leaving: dict[int, float] = {}
    for exit in work.dynamics.transitions:
        match exit:
            case AtRate(level=level):
                amount = float(level.at(step.middle)[work.index, 0]) * step.length
            case AtEvent(hazard=hazard, ratio=ratio):
                risen = np.broadcast_to(
                    hazard.cumulative(step.end) - hazard.cumulative(step.begin), work.dynamics.shape
                )
                amount = float(risen[work.index, 0]) * (
                    1.0 if ratio is None else float(ratio.at(step.middle)[work.index, 0])
                )
            case _:
                continue
        leaving[exit.source] = leaving.get(exit.source, 0.0) + amount
    return max(leaving.values(), default=0.0)
