"""Elements of an SVG as texts."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

INK, FAINT = "#1A1A1A", "#595959"
FONT = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
Point = tuple[float, float]


def legal(text: str) -> str:
    """Without characters that XML forbids."""
    return "".join(
        c for c in text if c in "\t\n" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff")
    )


def element(name: str, content: str = "", **attributes: object) -> str:
    """An SVG element; `_` in the names of attributes stands for `-`; content is markup."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(legal(_plain(value)))}" for key, value in attributes.items()
    )
    return f"<{name}{given}>{content}</{name}>" if content else f"<{name}{given}/>"


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(words: str, x: float, y: float, size: float, **more: object) -> str:
    """Words with the baseline at y."""
    return element(
        "text", escape(legal(words)), x=float(x), y=float(y), font_size=float(size), **({"fill": INK} | more)
    )


def group(parts: Sequence[str], title: str = "", **more: object) -> str:
    """title: told when a pointer rests on it, and to screen readers."""
    told = element("title", escape(legal(title))) if title else ""
    return element("g", told + "".join(parts), **more)


def arrow_head(tip: Point, along: Point, size: float = 8.0) -> str:
    """A triangle that points along a unit vector."""
    (x, y), (u, v) = tip, along
    base = (x - size * u, y - size * v)
    half = 0.42 * size
    corners = [tip, (base[0] - half * v, base[1] + half * u), (base[0] + half * v, base[1] - half * u)]
    return element("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), fill=INK)


def path(commands: str) -> str:
    return element("path", d=commands, fill="none", stroke=INK, stroke_width=1.2)
