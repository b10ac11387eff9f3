"""A figure that shows texts as they are written, and itself in notebooks. Imported when the first figure is drawn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import matplotlib
import matplotlib.backends.backend_svg
import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


class PlainFigure(Figure):
    """Made without pyplot, so nothing stays open."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._formulas = matplotlib.rcParams["text.parse_math"]  # False of a figure that is made in `as_written`

    def draw(self, renderer: RendererBase) -> None:
        """Draw with dollars as dollars, not as signs of a formula."""
        with as_written():
            self._texts_as_written()
            super().draw(renderer)

    @contextmanager
    def laid_out(self) -> Iterator[None]:
        """In this block the places of everything stay as they are found at its start, however often it is drawn."""
        engine = self.get_layout_engine()
        with as_written():
            self._texts_as_written()
            if engine is not None:
                engine.execute(self)
        self.set_layout_engine(None)
        try:
            yield
        finally:
            self.set_layout_engine(engine)

    def pixels(self, dpi: float) -> np.ndarray:
        """Red, green and blue [row, column, 3] as bytes."""
        before = self.dpi
        canvas = FigureCanvasAgg(self)
        self.set_dpi(dpi)
        try:
            canvas.draw()
            return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
        finally:
            self.set_dpi(before)

    def _texts_as_written(self) -> None:
        for text in self.findobj(Text) if self._formulas else []:
            if isinstance(text, Text):
                text.set_parse_math(False)

    def _repr_png_(self) -> bytes:
        """What notebooks show."""
        target = BytesIO()
        self.savefig(target, format="png", dpi=100)
        return target.getvalue()


@contextmanager
def as_written() -> Iterator[None]:
    """New texts are no formulas. A character that the font does not have is a box in the PNG; in the SVG it stays text."""
    with matplotlib.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield
