"""The base case as a workbook with live formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.api.asked import Asked, Settings, Source

if TYPE_CHECKING:
    from model.report.workbook.export import Workbook


def workbook(source: Source, settings: Settings = (), recompute: bool = True) -> Workbook:
    """The base case as formulas of a spreadsheet: inputs in yellow cells, a sheet a strategy and group, increments and ICER.

    settings      other inputs than the file's, as in every analysis
    recompute     let LibreOffice, where it is found, compute all formulas, and compare with the engine

    >>> made = workbook("scenarios/validation/immortal.yaml", recompute=False)
    >>> made.summary.split(";")[1].strip()
    'not recomputed'

    `save(path)` writes the file. Raises WorkbookError, which names the fields that the workbook does not cover, or the result in
    which it disagrees with the engine by more than 1e-9; no file is then made.
    """
    from model.analysis.run import run
    from model.report.workbook.export import export
    from model.sample import Sample

    scenario = Asked(settings=settings).scenario(source)
    return export(scenario, lambda: run(scenario, Sample(0, 1)).base.outcomes, recompute)
