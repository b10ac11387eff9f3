"""Figures as files: PNG, SVG and the data beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.report.csv_files import write_csv
from model.report.file_names import file_names
from model.report.plan import Plan

DPI = 150


def save(figure, data, folder: Path, name: str) -> None:
    """name.png, name.svg (the same bytes for the same data, text kept as text) and name.csv."""
    _draw(figure, Path(folder), name)
    write_csv(data, Path(folder) / f"{name}.csv")


def _draw(figure, folder: Path, name: str) -> None:
    """Once for each format."""
    import matplotlib

    with figure.laid_out():
        figure.savefig(folder / f"{name}.png", dpi=DPI)
        with matplotlib.rc_context({"svg.hashsalt": "model", "svg.fonttype": "none"}):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, dpi=DPI)


def save_all(plans: dict[str, Plan], folder: Path, step: Callable[[str], object] = lambda name: None) -> None:
    """figures/<name>.png, .svg and .csv."""
    folder.mkdir()
    for (name, plan), file in zip(plans.items(), file_names(plans)):
        step(name)
        save(plan.draw(), plan.data, folder, file)
