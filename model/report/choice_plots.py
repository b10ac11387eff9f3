"""Map of the best strategy over two inputs."""

from __future__ import annotations

import numpy as np

from model.report.numbers import brief
from model.report.style import HATCHES, Style, canvas, legend, nothing, numbers, shortened, wrapped

LETTER = 0.0115  # width of a letter of a name, as a share of the map's


def choice_map(table, style: Style, x_label: str, y_label: str, heading: str, base: tuple | None = None):
    """Each cell has the colour and the hatch of its best strategy, whose name stands in its longest row of cells where it has room.

    table: x, y, strategy (blank: not known), a row a point of a full grid; `base` (x, y) is marked.
    """
    known = table[table["strategy"] != ""]
    if known.empty:
        return nothing(style, heading, "No point has a net benefit.")
    from matplotlib.patches import Patch

    figure, axis = canvas(style, heading, 7.5, 5.6)
    axis.grid(False)
    edges = {column: _edges(np.unique(table[column].to_numpy(float))) for column in "xy"}
    handles: list = []
    for place, strategy in enumerate(style.labels):
        own = known[known["strategy"] == strategy]
        if own.empty:
            continue
        look = {
            "facecolor": style.look(strategy)["color"],
            "hatch": HATCHES[place % len(HATCHES)],
            "edgecolor": "white",
        }
        axis.add_patch(_area(own, edges, look))
        handles.append(Patch(**look, label=style.labels[strategy]))
        _name(axis, own, style.labels[strategy], edges["x"])
    if base is not None:
        look = {"marker": "o", "markersize": 8, "markerfacecolor": "white", "color": "black", "linestyle": ""}
        handles += axis.plot(*[[b] for b in base], **look, label=f"Base case ({brief(base[0])}; {brief(base[1])})")
    axis.set(xlim=edges["x"][[0, -1]], ylim=edges["y"][[0, -1]])
    axis.set_xlabel(wrapped(x_label, 60))
    axis.set_ylabel(wrapped(y_label, 50))
    numbers(axis.xaxis)
    numbers(axis.yaxis)
    legend(figure, handles)
    return figure


def _edges(values: np.ndarray) -> np.ndarray:
    """Limits of the cells around values in order."""
    if len(values) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middles = (values[:-1] + values[1:]) / 2
    return np.concatenate([[2 * values[0] - middles[0]], middles, [2 * values[-1] - middles[-1]]])


def _area(own, edges: dict[str, np.ndarray], look: dict):
    """All cells of a strategy as one area, so that its hatch runs through."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = []
    for x, y in zip(own["x"], own["y"]):
        (left, right), (low, high) = (_around(edges[c], v) for c, v in (("x", x), ("y", y)))
        corners.append(Path([(left, low), (right, low), (right, high), (left, high), (left, low)], closed=True))
    return PathPatch(Path.make_compound_path(*corners), linewidth=0, **look)


def _around(edges: np.ndarray, value: float) -> tuple[float, float]:
    after = int(np.searchsorted(edges, value))
    return edges[after - 1], edges[after]


def _name(axis, own, label: str, edges: np.ndarray) -> None:
    """In the middle of the longest row of a strategy's cells; the legend alone names an area that is too narrow for it."""
    rows = own.groupby("y")["x"]
    spans = rows.max() - rows.min()
    widest = spans[spans >= spans.max() - 1e-12]
    y = widest.index[len(widest) // 2]
    row = rows.get_group(y)
    box = {"facecolor": "white", "alpha": 0.9, "edgecolor": "none", "pad": 2}
    middle = (row.max() + row.min()) / 2
    (low, _), (_, high) = _around(edges, row.min()), _around(edges, row.max())
    if high - low < LETTER * len(shortened(label, 34)) * (edges[-1] - edges[0]):
        return
    axis.text(middle, y, shortened(label, 34), ha="center", va="center", fontsize=9, bbox=box, clip_on=True)
