"""The whole picture: heading, diagram, what its signs mean, and the list of what is numbered."""

from __future__ import annotations

from model.report.diagram import graph, nodes, shapes
from model.report.diagram.drawing import Drawing
from model.report.diagram.measure import LINE, width, wrapped
from model.report.diagram.shapes import FAINT, FONT, element
from model.scenario import Scenario

MARGIN, LEAST, MOST = 20.0, 760.0, 1100.0  # least and most width of what stands above and below the diagram
HEADING, SMALL = 15.0, 11.0
BESIDE = 4  # strategies that have a column each
WORDS = {
    "states": "States and transitions",
    "tree": "Decision tree",
    "curves": "Partitioned survival: shares of states are made of survival curves, and nobody is moved",
}


class Column:
    """Lines of text below one another, from `top`."""

    def __init__(self, top: float, room: float):
        self.y, self.room, self.parts = top, room, list[str]()

    def lines(self, words: str, size: float, **more: object) -> None:
        for line in wrapped(words, self.room, size):
            self.parts.append(shapes.text(line, MARGIN, self.y + size, size, **more))
            self.y += size * LINE

    def row(self, cells: list[tuple[float, float, str]]) -> None:
        """Cells (left, room, words) beside one another, each on as many lines as it needs."""
        told = [(left, wrapped(words, room, SMALL)) for left, room, words in cells]
        for left, lines in told:
            for i, line in enumerate(lines):
                self.parts.append(shapes.text(line, MARGIN + left, self.y + SMALL + i * SMALL * LINE, SMALL))
        self.y += max(len(lines) for _, lines in told) * SMALL * LINE + 2

    def gap(self, height: float = 14.0) -> None:
        self.y += height


def drawn(scenario: Scenario, shown: graph.Graph) -> str:
    """The SVG of a diagram."""
    drawing = Drawing(shown)
    wide, high = drawing.extent
    room = min(max(wide, LEAST), MOST)
    above, below = Column(MARGIN, room), Column(0, room)
    _heading(above, shown)
    below.y = above.y + 10 + high + 16
    _key(below, shown)
    _numbered(below, drawing)
    _bindings(below, shown)
    picture = shapes.group(
        list(drawing.elements()), transform=f"translate({MARGIN + max(0.0, (room - wide) / 2):.1f},{above.y + 10:.1f})"
    )
    total, height = max(wide, room) + 2 * MARGIN, below.y + MARGIN
    body = [
        element("title", shapes.escape(shapes.legal(f"Diagram: {shown.title}")), id="title"),
        element("desc", shapes.escape(shapes.legal(described(shown))), id="description"),
        element("rect", width=total, height=height, fill="#FFFFFF"),
        *above.parts,
        picture,
        *below.parts,
    ]
    return _svg("\n".join(body), total, height)


def _svg(body: str, wide: float, high: float) -> str:
    size = {"width": float(round(wide)), "height": float(round(high)), "viewBox": f"0 0 {wide:.0f} {high:.0f}"}
    told = {"role": "img", "aria_labelledby": "title description"}
    return element("svg", body, xmlns="http://www.w3.org/2000/svg", **size, **told, font_family=FONT) + "\n"


def described(shown: graph.Graph) -> str:
    """The diagram in words, for those who do not see it."""
    states = "; ".join(
        ", ".join([graph.title(n), *sorted(n.marks - {"curve"}), *n.notes]) for n in shown.nodes.values()
    )
    moves = "; ".join(f"{line.label} by {line.text}" for edge in (*shown.edges, *shown.exits) for line in edge.lines)
    return f"{WORDS[shown.form]}. {states}." + (f" {moves}." if moves else "")


def _heading(column: Column, shown: graph.Graph) -> None:
    column.lines(shown.title, HEADING, font_weight="bold")
    which = f"of the strategy {shown.strategy}" if shown.strategy else "of all strategies, formulas as written"
    column.lines(f"{WORDS[shown.form]}; {which}", SMALL, fill=FAINT)


def _key(column: Column, shown: graph.Graph) -> None:
    """What the signs of this diagram mean."""
    present = {mark for node in shown.nodes.values() for mark in node.marks}
    if "dead" in present and not any("end" in n.marks and "dead" not in n.marks for n in shown.nodes.values()):
        present.discard("end")  # the sign of the dead has it too
    x = MARGIN
    for mark, words in nodes.MEANS.items():
        if mark not in present:
            continue
        room = 34 + width(words, SMALL) + 18
        if x > MARGIN and x + room > MARGIN + column.room:
            x = MARGIN
            column.y += 20
        column.parts.append(_sample(mark, x, column.y))
        column.parts.append(shapes.text(words, x + 30, column.y + SMALL + 1, SMALL))
        x += room
    column.y += 20 if present & set(nodes.MEANS) else 0


def _sample(mark: str, x: float, y: float) -> str:
    if mark in ("chance", "decision"):
        return nodes.sign(frozenset({mark}), x + 12, y + 7)
    return nodes.frame(frozenset({mark} | ({"end"} if mark == "dead" else set())), x, y, 24, 15)


def _numbered(column: Column, drawing: Drawing) -> None:
    if not drawing.numbers:
        return
    column.gap()
    every = len(drawing.numbers) == sum(len(e.lines) for e in (*drawing.shown.edges, *drawing.shown.exits))
    column.lines("Transitions" if every else "Transitions by number", SMALL + 1, font_weight="bold")
    column.gap(4)
    for number, (edge, line) in drawing.numbers.items():
        way = f"{_title(drawing, edge.source)} \N{RIGHTWARDS ARROW} {_title(drawing, edge.target)}"
        name = line.name.removesuffix(f", {line.words}")
        named = f"{way} ({name})" if name else way
        how = f"{line.kind}: {line.words}"
        column.row([(0, 26, str(number)), (30, 250, named), (295, column.room - 295, how)])


def _title(drawing: Drawing, key: str) -> str:
    return graph.title(drawing.shown.nodes[key])


def _bindings(column: Column, shown: graph.Graph) -> None:
    if not shown.bindings:
        return
    column.gap()
    column.lines("What each strategy puts in the place of a name", SMALL + 1, font_weight="bold")
    column.gap(4)
    owners = list(dict.fromkeys(owner for _, owner, _ in shown.bindings))
    if len(owners) <= BESIDE:
        return _beside(column, shown, owners)
    before = ""
    for name, owner, formula in shown.bindings:
        column.row([(0, 170, name if name != before else ""), (180, 200, owner), (390, column.room - 390, formula)])
        before = name


def _beside(column: Column, shown: graph.Graph, owners: list[str]) -> None:
    """A column a strategy."""
    bound = {(name, owner): formula for name, owner, formula in shown.bindings}
    step = (column.room - 160) / len(owners)
    left = [160 + i * step for i in range(len(owners))]
    column.row([(x, step - 10, owner) for x, owner in zip(left, owners)])
    for name in dict.fromkeys(name for name, _, _ in shown.bindings):
        cells = [(x, step - 10, bound.get((name, owner), "")) for x, owner in zip(left, owners)]
        column.row([(0, 150, name), *cells])
