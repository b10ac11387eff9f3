"""What a run or an analysis gives: tables, figures and a summary, in memory or as a folder."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model.report.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from model.analysis.run import Run


class Figures(Mapping[str, "Figure"]):
    """Figures by name, each drawn when it is asked for."""

    def __init__(self, plans: Mapping[str, Plan]):
        self._plans = plans

    def __getitem__(self, name: str) -> Figure:
        if name not in self._plans:
            raise KeyError(f"no figure '{name}'; there are {', '.join(self._plans)}")
        return self._plans[name].draw()

    def __iter__(self) -> Iterator[str]:
        return iter(self._plans)

    def __len__(self) -> int:
        return len(self._plans)

    def __repr__(self) -> str:
        return f"Figures({', '.join(self._plans)})"


Page = Callable[
    [Path, Mapping[str, object], Mapping[str, Path]], object
]  # (file, manifest, folders of figures by command)


Book = Callable[[Path, Mapping[str, object]], object]  # (file, manifest)


@dataclass
class Result:
    """Tables (name -> DataFrame), figures (name -> Figure), a summary and further text files (name -> content).

    details: the arrays behind the tables, as the analysis gives them; run: of analyses that are made of a run. warnings: of the
    scenario and of the analysis; manifest: what must be known to repeat it; folder: where `save` puts it if nothing else is said;
    notes: what `save` left alone although it stood in the way.
    """

    tables: Mapping[str, pd.DataFrame]
    plans: dict[str, Plan] = field(repr=False)
    run: Run | None = field(default=None, repr=False)
    summary: str = ""
    files: dict[str, str] = field(default_factory=dict, repr=False)
    notes: list[str] = field(default_factory=list, repr=False)
    warnings: tuple[str, ...] = ()
    details: object = field(default=None, repr=False)
    manifest: dict[str, object] = field(default_factory=dict, repr=False)
    scenario_text: str = field(default="", repr=False)
    folder: Path = field(default=Path("results"), repr=False)
    pages: dict[str, Page] = field(
        default_factory=dict, repr=False
    )  # files that are made of the others, once they are written
    books: dict[str, Book] = field(default_factory=dict, repr=False)  # files that are made of the tables
    parts: dict[str, Result] = field(
        default_factory=dict, repr=False
    )  # analyses with a folder of their own in that of this one
    saved: Callable[[], object] = field(default=lambda: None, repr=False)  # called once the folder is whole

    @property
    def figures(self) -> Figures:
        return Figures(self.plans)

    @property
    def text(self) -> str:
        """The summary."""
        return self.summary

    def figure(self, name: str) -> Figure:
        """A matplotlib Figure; names are in `figures`."""
        return self.figures[name]

    def __repr__(self) -> str:
        return f"{self.summary}\n\nTables: {', '.join(self.tables)}\nFigures: {', '.join(self.plans) or 'none'}"

    def _repr_html_(self) -> str:
        told = "".join(f"<p>warning: {html.escape(words)}</p>" for words in self.warnings)
        contents = {"Tables": self.tables, "Figures": self.plans}
        names = "".join(f"<p>{kind}: {html.escape(', '.join(items))}</p>" for kind, items in contents.items() if items)
        return f"{told}<pre>{html.escape(self.summary)}</pre>{names}"

    def save(
        self,
        out: str | Path | None = None,
        about: Mapping[str, object] | None = None,
        step: Callable[[str], object] = lambda name: None,
    ) -> Path:
        """Write everything to a folder, whole or not at all; see model.report.folder for what is replaced.

        out: by default a folder of results/ named after the scenario and the analysis. about: further entries of the manifest.
        `step` is told of each figure.
        """
        from model.report import folder
        from model.report.saving import save_all

        target = Path(out) if out is not None else self.folder
        figures = {name: part.save(target / name, about, step) / "figures" for name, part in self.parts.items()}
        with folder.complete(target, self.notes) as fresh:
            tables, manifest = folder.write_tables(fresh, self.tables), {**self.manifest, **(about or {})}
            books = [partial(_book, fresh / name, write, manifest) for name, write in self.books.items()]
            save_all(self.plans, fresh / "figures", step, tables, books)
            own = {"scenario.yaml": self.scenario_text} if self.scenario_text else {}
            for name, content in (self.files | own).items():
                (fresh / name).write_text(content, encoding="utf-8")
            for name, write in self.pages.items():
                write(fresh / name, manifest, {"run": fresh / "figures"} | figures)
            folder.finish(fresh, manifest)
        self.saved()
        return target


def _book(path: Path, write: Book, manifest: Mapping[str, object]) -> bool:
    """Whether it could be written; if not, `write` has told why."""
    write(path, manifest)
    return path.exists()
