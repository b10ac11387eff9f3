"""Figures as files: PNG, SVG and the data beside them."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from model.report.csv_files import write_csv
from model.report.file_names import file_names
from model.report.plan import Plan
from model.report.side_by_side import Task, side_by_side

DPI = 150


def save_all(
    plans: Mapping[str, Plan],
    folder: Path,
    step: Callable[[str], object] = lambda name: None,
    tables: Mapping[str, Path] | None = None,
    beside: Sequence[Task] = (),
) -> None:
    """<name>.png, .svg and .csv of each figure; tables: files of tables that were written before; beside: other work that
    needs no figure. `step` is told of each figure."""
    folder.mkdir()
    if plans:
        from model.report import figure  # noqa: F401  what all processes need is loaded once, before there are several
    names = sorted(plans, key=lambda name: -_work(plans[name]))
    files = dict(zip(plans, file_names(plans)))
    saved = [partial(_save, plans[name], folder, files[name], tables or {}) for name in names]
    with _few_collections():
        side_by_side([*beside, *saved], lambda i: step(names[i - len(beside)]) if i >= len(beside) else None)


def _work(plan: Plan) -> int:
    """What is longest comes first, so that nobody waits for it at the end."""
    return len(plan.data) * len(plan.data.columns)


@contextmanager
def _few_collections() -> Iterator[None]:
    """What is there already is left alone by the garbage collector, which would look at all of it again and again while figures
    make objects by the ten thousand."""
    ours = not gc.get_freeze_count()
    gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()


def _save(plan: Plan, folder: Path, name: str, tables: Mapping[str, Path]) -> None:
    from model.report.figure import as_written

    with as_written():
        _draw(plan.draw(), folder, name)
    if plan.table in tables:
        shutil.copyfile(tables[plan.table], folder / f"{name}.csv")
    else:
        write_csv(plan.data, folder / f"{name}.csv")


def save(figure, data, folder: Path, name: str) -> None:
    """name.png, name.svg (the same bytes for the same data, text kept as text) and name.csv."""
    _draw(figure, Path(folder), name)
    write_csv(data, Path(folder) / f"{name}.csv")


def _draw(figure, folder: Path, name: str) -> None:
    """Once for each format."""
    import matplotlib

    with figure.laid_out():
        _png(figure, folder / f"{name}.png")
        with matplotlib.rc_context({"svg.hashsalt": "model", "svg.fonttype": "none"}):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=DPI)


def _png(figure, path: Path) -> None:
    """Without the channel of transparency, as nothing is transparent: smaller, and packed in half the time."""
    from PIL import Image

    Image.fromarray(figure.pixels(DPI)).save(path, "PNG", dpi=(DPI, DPI), compress_level=3)
