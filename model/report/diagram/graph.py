"""What a diagram shows: nodes and edges with their words, before anything has a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from model.report.diagram import words
from model.report.style import shortened
from model.scenario import Partition, Scenario, State, Transition

MANY = 8  # edges into a dead state beyond which they are named in the states that they leave


@dataclass(frozen=True)
class Line:
    """One transition on an edge. words: how it comes about; kind: what those words are."""

    label: str
    name: str
    words: str
    kind: str

    @property
    def text(self) -> str:
        return f"{self.name}: {self.words}" if self.name else self.words


@dataclass(frozen=True)
class Edge:
    source: str
    target: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Node:
    """marks: of 'start', 'chance', 'dead', 'end', 'queue', 'decision', 'curve'. notes: further lines of its text."""

    key: str
    title: str
    marks: frozenset[str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """form: 'states', 'tree' or 'curves'. exits: edges that are not drawn but named in their source. bindings: rows of
    (name, owner, formula) that the formulas read."""

    title: str
    form: str
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    exits: tuple[Edge, ...] = ()
    bindings: tuple[tuple[str, str, str], ...] = ()
    strategy: str = ""


@dataclass
class _Maker:
    scenario: Scenario
    strategy: str
    words: words.Words = field(init=False)

    def __post_init__(self) -> None:
        bound = self.scenario.strategies[self.strategy].bindings if self.strategy else {}
        self.words = words.Words(bound, self.scenario.time.day)

    def states(self) -> dict[str, Node]:
        left = {t.source for t in self.scenario.transitions if t.target != t.source}
        return {key: self._state(state, key in left) for key, state in self.scenario.states.items()}

    def _state(self, state: State, is_left: bool) -> Node:
        holds = self.scenario.system.holds if self.scenario.system else ()
        held = [key for hold in holds if hold.state == state.key for key in hold.resources]
        starts = state.start is not None and state.start.text.strip() != "0"
        marks = {
            "start": starts,
            "chance": state.chance,
            "dead": not state.alive,
            "end": not state.alive or not (is_left or self.scenario.partition),
            "queue": bool(held),
        }
        notes = [f"needs {', '.join(self._resource(key) for key in held)}"] if held else []
        if starts and state.start is not None:
            share = self.words.formula(state.start)
            notes.insert(0, "start" if share in ("1", "100 %") else f"start: {share}")
        if state.share is not None:
            notes.append(f"share: {self.words.formula(state.share)}")
        return Node(state.key, state.label or state.key, frozenset(m for m in marks if marks[m]), tuple(notes))

    def _resource(self, key: str) -> str:
        assert self.scenario.system is not None
        return next((r.label for r in self.scenario.system.resources if r.key == key and r.label), key)

    def line(self, move: Transition) -> Line:
        return Line(move.label, move.name, self.words.transition(move), words.kind(move))

    def edges(self, apart: bool) -> list[Edge]:
        """apart: each transition is an edge of its own; else those between the same two states share one."""
        found: dict[tuple, list[Line]] = {}
        for number, move in enumerate(self.scenario.transitions):
            found.setdefault((move.source, move.target, number if apart else 0), []).append(self.line(move))
        return [Edge(source, target, tuple(lines)) for (source, target, _), lines in found.items()]

    def bindings(self) -> tuple[tuple[str, str, str], ...]:
        """What strategies bind of the names that are read by what is shown."""
        if self.strategy:
            return ()
        read = self._read()
        names = dict.fromkeys(n for s in self.scenario.strategies.values() for n in s.bindings if n in read)
        owners = self.scenario.strategies.values()
        return tuple((n, s.label or s.key, s.bindings[n].text) for n in names for s in owners if n in s.bindings)

    def _read(self) -> set[str]:
        from model.scenario_file.names import uses

        places = ("transitions", "curves") if self.scenario.partition else ("transitions",)
        priced = tuple(f"transitions.{t.label}.{what}" for t in self.scenario.transitions for what in ("cost", "qaly"))
        used = [use for use in uses(self.scenario) if use.place.startswith(places) and not use.place.startswith(priced)]
        formulas = [use.formula for use in used]
        formulas += [s.start for s in self.scenario.states.values() if s.start is not None]
        return {name for f in formulas for name in self.scenario.reads(f, self.scenario.groups.values())}


def of(scenario: Scenario, strategy: str = "") -> Graph:
    """The diagram of a scenario, of one strategy or (if '') of all."""
    maker = _Maker(scenario, strategy)
    shown = scenario.strategies[strategy].label or strategy if strategy else ""
    if scenario.partition is not None:
        nodes, edges = _curves(maker, scenario.partition)
        return Graph(scenario.title, "curves", nodes, tuple(edges), (), maker.bindings(), shown)
    nodes = maker.states()
    if _is_tree(scenario):
        nodes, edges = _with_decision(scenario, nodes, maker.edges(apart=True), strategy)
        return Graph(scenario.title, "tree", nodes, tuple(edges), (), maker.bindings(), shown)
    edges = maker.edges(apart=False)
    crowded = {key for key in scenario.dead_states if sum(e.target == key for e in edges) > MANY}
    exits = tuple(e for e in edges if e.target in crowded)
    kept = tuple(e for e in edges if e.target not in crowded)
    return Graph(scenario.title, "states", nodes, kept, exits, maker.bindings(), shown)


def _is_tree(scenario: Scenario) -> bool:
    """Everybody passes through chance nodes to an end."""
    return bool(scenario.transitions) and all(scenario.states[t.source].chance for t in scenario.transitions)


_DECISION = "\N{BALLOT BOX}"  # no state is called so


def _with_decision(scenario: Scenario, nodes: dict[str, Node], edges: list[Edge], strategy: str):
    """The tree with its decision in front: a branch a strategy to each state in which patients start."""
    shown = [s for s in scenario.strategies.values() if strategy in ("", s.key)]
    starts = [key for key, node in nodes.items() if "start" in node.marks]
    lines = [Line(s.key, "", s.label or s.key, "strategy") for s in shown]
    decision = Node(_DECISION, "Decision", frozenset({"decision"}))
    return {_DECISION: decision} | nodes, [Edge(_DECISION, s, (line,)) for s in starts for line in lines] + edges


def _curves(maker: _Maker, partition: Partition) -> tuple[dict[str, Node], list[Edge]]:
    """Curves, and the states whose shares read them."""
    states = {("state", key): node for key, node in maker.states().items()}
    curves = {
        ("curve", key): Node(key, key, frozenset({"curve"}), (maker.words.survival(curve.survival),))
        for key, curve in partition.curves.items()
    }
    nodes = {f"{kind} {key}": node for (kind, key), node in (curves | states).items()}
    limits = [
        Edge(
            f"curve {curve.at_most}", f"curve {key}", (Line(f"{key} at most {curve.at_most}", "", "at most", "limit"),)
        )
        for key, curve in partition.curves.items()
        if curve.at_most
    ]
    return nodes, limits + list(_shares(maker.scenario, partition))


def _shares(scenario: Scenario, partition: Partition) -> Iterable[Edge]:
    for key, state in scenario.states.items():
        for curve in partition.curves:
            if state.share is not None and curve in state.share.names:
                yield Edge(f"curve {curve}", f"state {key}", ())


def title(node: Node) -> str:
    return shortened(node.title)
