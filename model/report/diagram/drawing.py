"""Nodes, edges and their words, each in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from model.report.diagram import graph, nodes, shapes
from model.report.diagram.layout import Layout, Size, Slot, laid_out
from model.report.diagram.measure import LINE, width
from model.report.diagram.shapes import Point

SMALL = 11.0  # size of words on edges
SHORT, MOST_LINES, CROWDED = (
    30,
    3,
    16,
)  # letters and lines of an edge's words, and edges of a diagram, beyond which they are numbered
DEEP = 6  # rows of nodes beyond which they follow each other downwards
LOOP = 22.0  # room of a transition back to its own state
PORT = 13.0  # between two ends of edges at a box


@dataclass(frozen=True)
class Label:
    """words on an edge, one a line; numbered: they are numbers of the list below."""

    words: tuple[str, ...]
    numbered: bool

    @property
    def width(self) -> float:
        return max((width(line, SMALL) for line in self.words), default=0.0)

    @property
    def height(self) -> float:
        return len(self.words) * SMALL * LINE


@dataclass
class Drawing:
    """down: rows follow each other downwards, else to the right. numbers: number -> (edge, line) of what is told below."""

    shown: graph.Graph
    down: bool = False
    numbers: dict[int, tuple[graph.Edge, graph.Line]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with_words = [e for e in self.shown.edges if e.lines and e.source in self.shown.nodes]
        crowded = len(with_words) > CROWDED
        self.labels = {id(edge): self._label(edge, crowded) for edge in self.shown.edges}
        self.exits: dict[str, list[str]] = {}
        for target in {edge.target: 0 for edge in self.shown.exits}:
            self.exits[target] = ["from where it is named"]
        for edge in self.shown.exits:
            told = f"{graph.title(self.shown.nodes[edge.target])}: {self._numbered(edge)}"
            self.exits.setdefault(edge.source, []).append(f"\N{RIGHTWARDS ARROW} {told}")
        self.nodes = {key: self._with_exits(node) for key, node in self.shown.nodes.items()}
        self.arcs = [e for e in self.shown.edges if e.source != e.target]
        self.loops = {e.source: e for e in self.shown.edges if e.source == e.target}
        self.down = False
        self.layout = self._laid_out()
        depth = len({slot.start for slot in self.layout.nodes.values()})
        if depth > DEEP and self.shown.form != "tree":
            self.down = True
            self.layout = self._laid_out()

    def _label(self, edge: graph.Edge, crowded: bool) -> Label:
        short = not crowded and len(edge.lines) <= MOST_LINES and all(len(line.text) <= SHORT for line in edge.lines)
        if short or all(line.kind == "strategy" for line in edge.lines):
            return Label(tuple(line.text for line in edge.lines), False)
        return Label((self._numbered(edge),), True)

    def _numbered(self, edge: graph.Edge) -> str:
        """The numbers of its transitions, in the order of the list below."""
        first = len(self.numbers) + 1
        self.numbers |= {first + i: (edge, line) for i, line in enumerate(edge.lines)}
        numbers = [str(first + i) for i in range(len(edge.lines))]
        return ", ".join(numbers) if len(numbers) < 3 else f"{numbers[0]}\N{EN DASH}{numbers[-1]}"

    def _with_exits(self, node: graph.Node) -> graph.Node:
        return graph.Node(node.key, node.title, node.marks, (*node.notes, *self.exits.get(node.key, ())))

    # --- room ---------------------------------------------------------------------------------------------------

    def _laid_out(self) -> Layout:
        sizes = {key: self._size(node) for key, node in self.nodes.items()}
        labels = [self._label_size(self.labels[id(edge)]) for edge in self.arcs]
        first = [key for key, node in self.nodes.items() if node.marks & {"decision", "start", "curve"}]
        last = [key for key, node in self.nodes.items() if self._is_last(node)]
        return laid_out(sizes, [(e.source, e.target) for e in self.arcs], labels, first, last)

    def _is_last(self, node: graph.Node) -> bool:
        if self.shown.form == "curves":
            return "curve" not in node.marks
        return self.shown.form == "states" and "end" in node.marks

    def box(self, node: graph.Node) -> tuple[float, float]:
        """Width and height of a box."""
        text = nodes.text_of(node)
        ends = [sum(e.source == node.key for e in self.arcs), sum(e.target == node.key for e in self.arcs)]
        room = PORT * max(ends) + 8
        wide, high = text.width + (62 if "curve" in node.marks else 22), max(text.height + 14, 34.0)
        return (max(wide, room), high) if self.down else (wide, max(high, room))

    def _size(self, node: graph.Node) -> Size:
        extra = self._loop_room(node.key)
        if nodes.is_point(node):
            return self._point_size(node, extra)
        w, h = self.box(node)
        return (
            Size(h, w / 2, w / 2 + extra)
            if self.down
            else Size(max(w, self._loop_words(node.key)), h / 2 + extra, h / 2)
        )

    def _point_size(self, node: graph.Node, extra: float) -> Size:
        text, r = nodes.text_of(node), nodes.RADIUS + 2
        if self.down:
            return Size(max(2 * r, text.height), r, r + 5 + text.width + extra)
        return Size(max(2 * r, text.width, self._loop_words(node.key)), r + extra, r + text.height)

    def _loop_words(self, key: str) -> float:
        return self.labels[id(self.loops[key])].width + 10 if key in self.loops else 0.0

    def _loop_room(self, key: str) -> float:
        if key not in self.loops:
            return 0.0
        label = self.labels[id(self.loops[key])]
        return LOOP + (label.width if self.down else label.height) + 6

    def _label_size(self, label: Label) -> Size:
        if not label.words:
            return Size(8, 1, 1)
        if self.down:
            return Size(label.height + 6, 4, 9 + label.width)
        return Size(label.width + 10, label.height + 5, 4)

    # --- drawing ------------------------------------------------------------------------------------------------

    @property
    def extent(self) -> Point:
        """Width and height."""
        long, wide = self.layout.length, self.layout.breadth
        return (wide, long) if self.down else (long, wide)

    def _at(self, main: float, cross: float) -> Point:
        return (cross, main) if self.down else (main, cross)

    def elements(self) -> Iterator[str]:
        for number, edge in enumerate(self.arcs):
            yield shapes.group(self._edge(number, edge), self._told(edge), class_="edge")
        for key, edge in self.loops.items():
            yield shapes.group(self._loop(self.nodes[key], edge), self._told(edge), class_="edge")
        for key, node in self.nodes.items():
            slot = self.layout.nodes[key]
            w, h = self.box(node)
            yield nodes.drawn(node, *self._at(slot.middle, slot.cross), w, h, self.down)

    def _told(self, edge: graph.Edge) -> str:
        return "; ".join(f"{line.label}: {line.words}" for line in edge.lines)

    def _edge(self, number: int, edge: graph.Edge) -> list[str]:
        ahead = 1.0 if self.layout.forward[number] else -1.0
        first, last = self.layout.nodes[edge.source], self.layout.nodes[edge.target]
        leave, enter = self._port(number, edge.source, ahead), self._port(number, edge.target, -ahead)
        points = [self._edge_of(edge.source, first, ahead, leave), (_side(first, ahead), leave)]
        for slot in self.layout.routes[number]:
            points += [(_side(slot, -ahead), slot.cross), (_side(slot, ahead), slot.cross)]
        tip = self._edge_of(edge.target, last, -ahead, enter)
        points += [(_side(last, -ahead), enter), (tip[0] - 4 * ahead, enter)]
        parts = [shapes.path(self._commands(points))]
        parts.append(shapes.arrow_head(self._at(*tip), self._at(ahead, 0.0)))
        if number in self.layout.labels:
            parts += self._words(self.labels[id(edge)], self.layout.labels[number])
        return parts

    def _commands(self, points: list[Point]) -> str:
        """Straight through rows, curved between them."""
        text = "M{:.1f},{:.1f}".format(*self._at(*points[0]))
        for i, (a, b) in enumerate(zip(points, points[1:])):
            if i % 2 == 0:
                text += "L{:.1f},{:.1f}".format(*self._at(*b))
                continue
            middle = (a[0] + b[0]) / 2
            turns = [self._at(middle, a[1]), self._at(middle, b[1]), self._at(*b)]
            text += "C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in turns)
        return text

    def _edge_of(self, key: str, slot: Slot, side: float, cross: float) -> Point:
        """Where an edge meets the sign or the box of a node."""
        node = self.nodes[key]
        w, h = (2 * nodes.RADIUS, 2 * nodes.RADIUS) if nodes.is_point(node) else self.box(node)
        return slot.middle + side * (h if self.down else w) / 2, cross

    def _port(self, number: int, key: str, side: float) -> float:
        """Place along a row at which an edge meets a node: ends of one side stand apart, in the order of where they lead."""
        slot, node = self.layout.nodes[key], self.nodes[key]
        if nodes.is_point(node):
            return slot.cross
        beside = sorted((self._next(i, key), i) for i, e in enumerate(self.arcs) if self._meets(i, e, key, side))
        place = [i for _, i in beside].index(number)
        w, h = self.box(node)
        apart = min(PORT, ((w if self.down else h) - 14) / max(1, len(beside) - 1))
        return slot.cross + (place - (len(beside) - 1) / 2) * apart

    def _meets(self, number: int, edge: graph.Edge, key: str, side: float) -> bool:
        """Whether an edge leaves or enters a node at a side of its row (1: towards later rows)."""
        ahead = 1.0 if self.layout.forward[number] else -1.0
        return (edge.source == key and side == ahead) or (edge.target == key and side == -ahead)

    def _next(self, number: int, key: str) -> float:
        """Where an edge stands in the row beside a node."""
        route = self.layout.routes[number]
        return route[0 if self.arcs[number].source == key else -1].cross

    def _loop(self, node: graph.Node, edge: graph.Edge) -> list[str]:
        slot, label = self.layout.nodes[node.key], self.labels[id(edge)]
        w, h = (2 * nodes.RADIUS, 2 * nodes.RADIUS) if nodes.is_point(node) else self.box(node)
        x, y = self._at(slot.middle, slot.cross)
        if self.down:
            right, reach, spread = x + w / 2, x + w / 2 + LOOP * 1.2, min(10.0, h / 3)
            curve = f"M{right:.1f},{y - spread:.1f}C{reach:.1f},{y - 2 * spread:.1f} {reach:.1f},{y + 2 * spread:.1f} {right + 4:.1f},{y + spread:.1f}"
            head = shapes.arrow_head((right, y + spread), (-1.0, 0.0))
            words = self._lines(label, right + LOOP + 2, y - label.height / 2, "start")
        else:
            top, reach, spread = y - h / 2, y - h / 2 - LOOP * 1.2, min(16.0, w / 3)
            curve = f"M{x - spread:.1f},{top:.1f}C{x - 1.5 * spread:.1f},{reach:.1f} {x + 1.5 * spread:.1f},{reach:.1f} {x + spread:.1f},{top - 4:.1f}"
            head = shapes.arrow_head((x + spread, top), (0.0, 1.0))
            words = self._lines(label, x, top - LOOP - label.height, "middle")
        return [shapes.path(curve), head, *words]

    def _words(self, label: Label, slot: Slot) -> list[str]:
        """Beside the line through their slot."""
        if not label.words:
            return []
        if self.down:
            return self._lines(label, slot.cross + 7, slot.middle - label.height / 2, "start")
        return self._lines(label, slot.middle, slot.cross - label.height - 3, "middle")

    def _lines(self, label: Label, x: float, top: float, anchor: str) -> list[str]:
        parts = []
        if label.numbered:
            left = x - label.width / 2 if anchor == "middle" else x
            look = {"fill": "#E8E8E8", "stroke": "none"}
            parts.append(
                shapes.element("rect", x=left - 4, y=top, width=label.width + 8, height=label.height, rx=7, **look)
            )
        for i, words in enumerate(label.words):
            baseline = top + i * SMALL * LINE + SMALL
            parts.append(shapes.text(words, x, baseline, SMALL, text_anchor=anchor, class_="label"))
        return parts


def _side(slot: Slot, side: float) -> float:
    """End of a slot towards later rows (1) or earlier ones (-1)."""
    return slot.end if side > 0 else slot.start
