"""A figure that is drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from model.report.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Plan(NamedTuple):
    """`draw()` gives the figure, `data` is its CSV; table: the one of the result that has the same rows and columns, if any."""

    draw: Callable[[], Figure]
    data: pd.DataFrame | Rows
    table: str = ""
