"""How much room each node takes, and how it is drawn around its middle."""

from __future__ import annotations

from dataclasses import dataclass

from model.report.diagram import graph, shapes
from model.report.diagram.measure import LINE, width, wrapped
from model.report.diagram.shapes import FAINT, INK, element

TITLE, NOTE = 13.0, 11.0
ROOM = {"curve": 230.0, "chance": 130.0}
WIDEST = 150.0
RADIUS = 8.0
LOOK = {  # mark -> fill, border, width, dashes; the first that a node has
    "dead": ("#D0D0D0", INK, 1.5, ""),
    "queue": ("#FFF1CC", "#8A5A00", 1.6, "6 3"),
    "start": ("#E3F0FA", "#0072B2", 2.6, ""),
    "curve": ("#F4F4F4", INK, 1.2, ""),
    "": ("#FFFFFF", INK, 1.3, ""),
}
MEANS = {  # in the order of the key below a diagram
    "start": "patients start here",
    "queue": "patients may wait for a resource",
    "chance": "chance node: passed through at once",
    "end": "nothing leaves it",
    "dead": "dead, nothing leaves it",
    "decision": "decision",
    "curve": "survival curve",
}


@dataclass(frozen=True)
class Text:
    """lines: (words, size, weight, colour)."""

    lines: tuple[tuple[str, float, str, str], ...]

    @property
    def width(self) -> float:
        return max(width(words, size * (1.06 if bold == "bold" else 1)) for words, size, bold, _ in self.lines)

    @property
    def height(self) -> float:
        return sum(size * LINE for _, size, _, _ in self.lines)

    def drawn(self, x: float, top: float, anchor: str = "middle") -> list[str]:
        """Lines below one another from `top`."""
        found, y = [], top
        for words, size, bold, colour in self.lines:
            found.append(shapes.text(words, x, y + size, size, text_anchor=anchor, font_weight=bold, fill=colour))
            y += size * LINE
        return found


def text_of(node: graph.Node) -> Text:
    room = next((ROOM[mark] for mark in ROOM if mark in node.marks), WIDEST)
    bold = "normal" if "chance" in node.marks else "bold"
    size = NOTE if "chance" in node.marks else TITLE
    title = [(line, size, bold, INK) for line in wrapped(graph.title(node), room, size)]
    notes = [(line, NOTE, "normal", INK) for note in node.notes for line in wrapped(note, room, NOTE)]
    return Text((*title, *notes))


def is_point(node: graph.Node) -> bool:
    """Drawn as a small sign with its words beside it."""
    return bool(node.marks & {"chance", "decision"})


def drawn(node: graph.Node, x: float, y: float, w: float, h: float, down: bool) -> str:
    """Around its middle (x, y), w wide and h high; down: rows follow each other downwards, so words stand at the right."""
    text = text_of(node)
    parts = _point(node, text, x, y, down) if is_point(node) else _box(node, text, x, y, w, h)
    return shapes.group(parts, graph.title(node), class_="node", data_key=node.key)


def _point(node: graph.Node, text: Text, x: float, y: float, down: bool) -> list[str]:
    words = text.drawn(x + RADIUS + 5, y - text.height / 2, "start") if down else text.drawn(x, y + RADIUS + 2)
    return [sign(node.marks, x, y), *words]


def sign(marks: frozenset[str], x: float, y: float) -> str:
    """A square of a decision, or a circle of a chance node; thick and blue where patients start."""
    stroke, thick = ("#0072B2", 2.6) if "start" in marks else (INK, 1.4)
    look: dict[str, object] = {"fill": "#FFFFFF", "stroke": stroke, "stroke_width": thick}
    if "decision" in marks:
        return shapes.element("rect", "", x=x - RADIUS, y=y - RADIUS, width=2 * RADIUS, height=2 * RADIUS, **look)
    return shapes.element("circle", "", cx=float(x), cy=float(y), r=RADIUS, **look)


def _box(node: graph.Node, text: Text, x: float, y: float, w: float, h: float) -> list[str]:
    parts = [frame(node.marks, x - w / 2, y - h / 2, w, h)]
    if "curve" in node.marks:
        left, top, far = x - w / 2 + 8, y - h / 2 + 6, x - w / 2 + 40
        fall = f"M{left:.1f},{top:.1f}C{left + 6:.1f},{top + 20:.1f} {left + 16:.1f},{top + 24:.1f} {far:.1f},{top + 26:.1f}"
        parts.append(element("path", d=fall, fill="none", stroke="#0072B2", stroke_width=2.0))
        parts.append(element("path", d=f"M{left:.1f},{top:.1f}V{top + 28:.1f}H{far:.1f}", fill="none", stroke=FAINT))
        return parts + text.drawn(x + 20, y - text.height / 2)
    return parts + text.drawn(x, y - text.height / 2)


def frame(marks: frozenset[str], x: float, y: float, w: float, h: float) -> str:
    """The box of a state; a second line within it where nothing leaves it."""
    fill, stroke, thick, dashes = LOOK[next((mark for mark in LOOK if mark in marks), "")]
    if "start" in marks:
        stroke, thick = LOOK["start"][1:3]
    more = {"stroke_dasharray": dashes} if dashes else {}
    box = element("rect", x=x, y=y, width=w, height=h, rx=6, fill=fill, stroke=stroke, stroke_width=thick, **more)
    if "end" not in marks:
        return box
    inner = element("rect", x=x + 3.5, y=y + 3.5, width=w - 7, height=h - 7, rx=4, fill="none", stroke=stroke)
    return box + inner
