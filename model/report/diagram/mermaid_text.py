"""A diagram as the text of a Mermaid flowchart."""

from __future__ import annotations

from model.report.diagram import graph

CLASSES = {  # mark -> how Mermaid draws it; the first that a node has
    "dead": "fill:#D0D0D0,stroke:#1A1A1A,color:#1A1A1A",
    "queue": "fill:#FFF1CC,stroke:#8A5A00,color:#1A1A1A,stroke-dasharray:6 3",
    "start": "fill:#E3F0FA,stroke:#0072B2,color:#1A1A1A,stroke-width:3px",
}
SHAPES = {"chance": ("((", "))"), "decision": ("[", "]"), "curve": (">", "]"), "end": ("[[", "]]")}
_PLAIN = frozenset(" _.,()+-*/=")


def written(shown: graph.Graph) -> str:
    """One line a node, one line an edge, then how marks look."""
    ids = {key: f"n{i}" for i, key in enumerate(shown.nodes)}
    lines = [f"%% {_comment(shown.title)}", "flowchart LR"]
    lines += [f"    {ids[key]}{_node(node)}" for key, node in shown.nodes.items()]
    lines += [f"    {ids[e.source]} {_arrow(e)} {ids[e.target]}" for e in (*shown.edges, *shown.exits)]
    marks = [mark for mark in CLASSES if any(_class(node) == mark for node in shown.nodes.values())]
    lines += [f"    classDef {mark} {CLASSES[mark]}" for mark in marks]
    for mark in marks:
        members = ",".join(ids[key] for key, node in shown.nodes.items() if _class(node) == mark)
        lines.append(f"    class {members} {mark}")
    return "\n".join(lines) + "\n"


def _class(node: graph.Node) -> str:
    return next((mark for mark in CLASSES if mark in node.marks), "")


def _node(node: graph.Node) -> str:
    opened, closed = next((SHAPES[mark] for mark in SHAPES if mark in node.marks), ("(", ")"))
    return f"{opened}{_quoted([node.title, *node.notes])}{closed}"


def _arrow(edge: graph.Edge) -> str:
    return f"-->|{_quoted([line.text for line in edge.lines])}|" if edge.lines else "-->"


def _quoted(lines: list[str]) -> str:
    """In quotes, with every sign that Mermaid or HTML might read by its number."""
    return f'"{"<br/>".join(map(_safe, lines))}"'


def _safe(text: str) -> str:
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)


def _comment(title: str) -> str:
    """A comment must not open a directive."""
    return " ".join(title.replace("{", "(").replace("}", ")").replace("%", " per cent ").split())
