"""What a run or an analysis gives: tables, figures and text, in memory or as a folder."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from model.report import folder
from model.report.figures import Plan, save_all

if TYPE_CHECKING:
    import pandas as pd

    from model.analysis.run import Run


@dataclass
class Result:
    """Tables (name -> DataFrame), figures and further text files (name -> content) of one run or analysis.

    notes: what `save` left alone although it stood in the way.
    """

    tables: dict[str, pd.DataFrame]
    _plans: dict[str, Plan] = field(repr=False)
    run: Run | None = field(default=None, repr=False)
    text: str = ""
    files: dict[str, str] = field(default_factory=dict, repr=False)
    notes: list[str] = field(default_factory=list, repr=False)

    @property
    def figures(self) -> tuple[str, ...]:
        return tuple(self._plans)

    def figure(self, name: str):
        """A matplotlib Figure; names are in `figures`."""
        if name not in self._plans:
            raise KeyError(f"no figure '{name}'; there are {', '.join(self._plans)}")
        return self._plans[name].draw()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"

    def save(self, out: str | Path, manifest: dict, scenario_text: str = "", step=lambda name: None) -> Path:
        """Write everything to a folder, whole or not at all; see model.report.folder for what is replaced."""
        with folder.complete(Path(out), self.notes) as fresh:
            folder.write_tables(fresh, self.tables)
            save_all(self._plans, fresh / "figures", step)
            for name, content in (self.files | ({"scenario.yaml": scenario_text} if scenario_text else {})).items():
                (fresh / name).write_text(content, encoding="utf-8")
            folder.finish(fresh, manifest)
        return Path(out)
