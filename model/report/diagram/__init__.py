"""The picture of a scenario: states and transitions, a decision tree, or survival curves, as SVG or as Mermaid text."""

from __future__ import annotations

from model.report.diagram import graph, mermaid_text, page
from model.scenario import Scenario

FORMATS = ("svg", "mermaid")


def svg(scenario: Scenario, strategy: str = "") -> str:
    """A self-contained SVG, text as text. strategy: show formulas with what this strategy binds; '' shows them as written."""
    return page.drawn(scenario, graph.of(scenario, strategy))


def mermaid(scenario: Scenario, strategy: str = "") -> str:
    """The same as the text of a Mermaid flowchart."""
    return mermaid_text.written(graph.of(scenario, strategy))
