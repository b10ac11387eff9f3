"""A figure that shows texts as they are written, and itself in notebooks. Imported when the first figure is drawn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import matplotlib
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text


class PlainFigure(Figure):
    """Made without pyplot, so nothing stays open."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw with dollars as dollars, not as signs of a formula."""
        with self._plain():
            super().draw(renderer)

    def lay_out(self) -> None:
        """Find the places of everything once, without drawing; later drawings keep them."""
        with self._plain():
            if (engine := self.get_layout_engine()) is not None:
                engine.execute(self)
        self.set_layout_engine(None)

    @contextmanager
    def _plain(self) -> Iterator[None]:
        """A character that the font does not have is a box in the PNG; in the SVG it stays text."""
        with matplotlib.rc_context({"text.parse_math": False}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            for text in self.findobj(Text):
                if isinstance(text, Text):
                    text.set_parse_math(False)
            yield

    def _repr_png_(self) -> bytes:
        """What notebooks show."""
        target = BytesIO()
        self.savefig(target, format="png", dpi=100)
        return target.getvalue()
