"""Print every measured figure: `python benchmarks/run.py [how a file name begins ...]`.

A `*_speed.py` has measure(small=False), which gives rows: name and seconds, and where they are known target and unit (seconds if not
stated). Rows with an axis and a size are one series a name and axis, whose law of growth is fitted: seconds in proportion to
size^exponent; `power` is the exponent that is wanted at most.
"""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from timing import HERE, exponent

Table = list[list[str]]
FIGURES = ["what", "measured", "unit", "target", "ratio"]
GROWTH = ["what", "axis", "sizes", "measured", "unit", "target", "exponent", "at most"]


def names(wanted: Sequence[str] = ()) -> list[str]:
    """Modules of figures whose name begins with one of the words."""
    found = sorted(path.stem for path in HERE.glob("*_speed.py"))
    return [name for name in found if not wanted or name.startswith(tuple(wanted))]


def figures(rows: Sequence[dict]) -> Table:
    """Rows of single figures."""
    return [
        [row["name"], number(row["seconds"]), row.get("unit", "s"), *_against(row.get("target"), row["seconds"])]
        for row in rows
        if "axis" not in row
    ]


def growth(rows: Sequence[dict]) -> Table:
    """A row a series. The target is that of its largest size."""
    series: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        if "axis" in row:
            series.setdefault((row["name"], row["axis"]), []).append(row)
    return [_law(*key, sorted(points, key=lambda row: row["size"])) for key, points in series.items()]


def _law(name: str, axis: str, points: list[dict]) -> list[str]:
    sizes, seconds = [row["size"] for row in points], [row["seconds"] for row in points]
    target, power = points[-1].get("target"), points[-1].get("power")
    return [
        *(name, axis, ", ".join(f"{size:,}" for size in sizes), ", ".join(map(number, seconds))),
        *(points[0].get("unit", "s"), "-" if target is None else number(target)),
        *(f"{exponent(sizes, seconds):.2f}" if len(set(sizes)) > 1 else "-", "-" if power is None else f"{power:g}"),
    ]


def _against(target: float | None, found: float) -> tuple[str, str]:
    known = target is not None and np.isfinite(target)
    return (number(target), f"{found / target:.2f}") if known else ("-", "-")


def number(value: float) -> str:
    """Three digits that count, never as a power of ten where it can be read without."""
    if value == 0 or not 1e-6 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - int(np.floor(np.log10(abs(value)))))}f}"


def lines(head: list[str], table: Table) -> Iterator[str]:
    """A Markdown table in columns; nothing where it has no rows."""
    if table:
        widths = [max(map(len, column)) for column in zip(head, *table)]
        for row in (head, ["-" * width for width in widths], *table):
            yield "| " + " | ".join(f"{cell:{width}s}" for cell, width in zip(row, widths)) + " |"
        yield ""


def machine() -> str:
    """What the figures were measured with."""
    python, numpy = platform.python_version(), np.__version__
    return f"{platform.system()} {platform.machine()}, Python {python}, NumPy {numpy}; seconds of processor time, one thread"


def main(wanted: Sequence[str]) -> int:
    found = names(wanted)
    if not found:
        print(
            f"no file of figures begins with {' or '.join(wanted)}; there are: {', '.join(names())}",
            file=sys.stderr,
        )
        return 2
    print(f"{machine()}\n")
    for name in found:
        rows = importlib.import_module(name).measure()
        print(f"{name}\n", *lines(FIGURES, figures(rows)), *lines(GROWTH, growth(rows)), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
