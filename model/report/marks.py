"""What shows many values at once: histograms, clouds of draws, colours of heat maps. The one door to seaborn."""

from __future__ import annotations

import numpy as np


def histogram(axis, sample, bins=40, shares: bool = False, outline: bool = False, on: str = "x", color="C0", **look):
    """Steps of a sample, on either axis; `shares` of the whole sample, also where bins leave some of it out.

    Drawn here: seaborn takes a table of pandas for each, ten times the time, and a report has twenty.
    """
    sample = np.asarray(sample, float)
    edges = np.asarray(_edges(sample, bins) if isinstance(bins, int) else bins)
    found = np.histogram(sample, edges)[0] / (len(sample) if shares else 1)
    heights = np.append(found, found[-1])
    return (_line if outline else _area)(axis, edges, heights, on, color, look)


def _line(axis, edges: np.ndarray, heights: np.ndarray, on: str, color, look: dict):
    ends = (edges, heights) if on == "x" else (heights, edges)
    (line,) = axis.plot(*ends, drawstyle="steps-post" if on == "x" else "steps-pre", color=color, **look)
    return _standing(line, on)


def _area(axis, edges: np.ndarray, heights: np.ndarray, on: str, color, look: dict):
    from matplotlib.colors import to_rgba

    look |= {"facecolor": to_rgba(color, look.pop("alpha", 1)), "edgecolor": to_rgba(color, 1), "linewidth": 0}
    fill = axis.fill_between if on == "x" else axis.fill_betweenx
    return _standing(fill(edges, 0, heights, step="post", **look), on)


def _standing(artist, on: str):
    """On its axis: no margin below 0."""
    getattr(artist.sticky_edges, "y" if on == "x" else "x")[:] = (0, np.inf)
    return artist


def _edges(sample: np.ndarray, bins: int) -> np.ndarray:
    """Of equal bins; one bin around values that are all the same but for rounding."""
    low, high = sample.min(), sample.max()
    size = max(abs(low), abs(high))
    if high - low > 1e-9 * size:
        return np.linspace(low, high, bins + 1)
    return (low + high) / 2 + np.array([-0.05, 0.05]) * (size or 1)


def points(axis, x, y, colour, size: float = 6, alpha: float = 0.25) -> None:
    """A cloud of draws."""
    _seaborn().scatterplot(
        x=np.asarray(x),
        y=np.asarray(y),
        s=size,
        alpha=alpha,
        color=colour,
        linewidth=0,
        rasterized=True,
        zorder=2,
        ax=axis,
        legend=False,
    )


def colour_map(name: str):
    """Of heat maps: even in lightness, so that they are read in grey."""
    return _seaborn().color_palette(name, as_cmap=True)


def _seaborn():
    """seaborn, without what of SciPy only its density estimates and its clustering need."""
    from model.report.later import later

    with later("scipy.stats", "scipy.cluster"):
        import seaborn
    return seaborn
