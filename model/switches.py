"""How a formula changes with `time`, and at which times it steps or bends, from its syntax tree.

A comparison, `lookup`, `min`, `max` and `abs` change course where one of their arguments crosses a level, `floor`, `ceil`, `round`
and `mod` where it crosses any whole number (or half): those are the switches. Between switches a formula is constant, a straight line of time, or a curve. Where an argument is a line its
crossings are solved; along a curve they are bracketed (SAMPLES to a stretch) and bisected.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.dependencies import in_order
from model.formula import Formula, Table, name_of

CONSTANT, STEPS, LINE, CURVE = range(4)
SAMPLES = 64  # points on a curve between which a crossing is looked for
MOST_LEVELS = 20_000  # whole numbers that an argument may cross
_ROUNDED = {"floor": 0.0, "ceil": 0.0, "round": 0.5}  # where they step, beside whole numbers
_NONE: frozenset[int] = frozenset()


class TooManySteps(ValueError):
    """A formula that steps more often than can be followed."""


@dataclass(frozen=True)
class Levels:
    """Levels that a value may cross: those that are listed; or every whole number, `beside` it."""

    listed: np.ndarray
    beside: float | None = None

    def between(self, low: float, high: float) -> np.ndarray:
        """Those within low..high, none where these are not known."""
        if not low <= high:
            return np.zeros(0)
        if self.beside is None:
            return self.listed[(self.listed >= low) & (self.listed <= high)]
        if high - low > MOST_LEVELS:
            raise TooManySteps(f"more than {MOST_LEVELS:,}")
        return np.arange(np.ceil(low - self.beside), np.floor(high - self.beside) + 1) + self.beside


_ZERO = Levels(np.zeros(1))


@dataclass(frozen=True)
class Switch:
    """Something changes where `tree` crosses one of `levels`. inner: switches within the tree; shape: between those."""

    tree: ast.expr
    levels: Levels
    inner: frozenset[int]
    shape: int


class Shapes:
    """Shape of formulas in one context. follow: name -> Formula, Table, or None for a number; switches: inner ones first.

    running: the name of the time that runs.
    """

    def __init__(self, follow: Callable[[str], Formula | Table | None], running: str = "time"):
        self.follow, self.running, self.by_cycle = follow, running, False
        self.switches: list[Switch] = []
        self._known: dict[str, tuple[int, frozenset[int]]] = {}

    def of(self, formula: Formula) -> tuple[int, frozenset[int]]:
        """(shape, the switches it depends on)."""
        shape, inner = self._node(formula.tree)
        bent = shape == LINE and formula.unit is not None and formula.unit.over is not None
        return (CURVE if bent else shape), inner

    def _node(self, node: ast.expr) -> tuple[int, frozenset[int]]:
        if isinstance(node, ast.Constant):
            return CONSTANT, _NONE
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        parts = [self._node(child) for child in _operands(node)]
        shape, inner = _together(parts)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            return _stepped(shape), inner | self._crossings(list(zip(sides, sides[1:])))
        if isinstance(node, ast.BinOp):
            return _of_operation(node.op, parts[0][0], parts[1][0]), inner
        return (_stepped(shape) if isinstance(node, ast.BoolOp) or _is_not(node) else shape), inner

    def _name(self, name: str) -> tuple[int, frozenset[int]]:
        for one in in_order(name, self._needs, self._known):
            meaning = self.follow(one)
            shape = {self.running: LINE, "cycle": STEPS}.get(one, CONSTANT) if meaning is None else CONSTANT
            self.by_cycle |= shape == STEPS
            self._known[one] = self.of(meaning) if isinstance(meaning, Formula) else (shape, _NONE)
        return self._known[name]

    def _needs(self, name: str):
        meaning = self.follow(name)
        return meaning.names if isinstance(meaning, Formula) else ()

    def _call(self, node: ast.Call) -> tuple[int, frozenset[int]]:
        name, arguments = name_of(node.func), node.args
        if name == "lookup":
            shape, inner = self._node(arguments[1])
            table = self.follow(name_of(arguments[0]))
            levels = table.at if isinstance(table, Table) else np.zeros(0)
            return _stepped(shape), inner | self._crossing(arguments[1], Levels(levels))
        shape, inner = _together(parts := [self._node(a) for a in arguments])
        if name == "where":
            return max(_stepped(parts[0][0]), parts[1][0], parts[2][0]), inner
        if name in ("min", "max"):
            pairs = [(a, b) for i, a in enumerate(arguments) for b in arguments[i + 1 :]]
            return shape, inner | self._crossings(pairs)
        if name == "abs":
            return shape, inner | self._crossing(arguments[0], _ZERO)
        if name in _ROUNDED:
            return _stepped(shape), inner | self._crossing(arguments[0], Levels(np.zeros(0), _ROUNDED[name]))
        if name == "mod":
            turns = ast.BinOp(arguments[0], ast.Div(), arguments[1])
            bent = shape > STEPS and parts[1][0] > STEPS
            return (CURVE if bent else shape), inner | self._crossing(turns, Levels(np.zeros(0), 0.0))
        return (CURVE if shape == LINE else shape), inner

    def _crossings(self, pairs) -> frozenset[int]:
        differences = (ast.BinOp(left, ast.Sub(), right) for left, right in pairs)
        return _NONE.union(*(self._crossing(d, _ZERO) for d in differences))

    def _crossing(self, tree: ast.expr, levels: Levels) -> frozenset[int]:
        """The switch where `tree` crosses `levels`; none where it changes at its own switches only."""
        shape, inner = self._node(tree)
        if shape <= STEPS:
            return _NONE
        self.switches.append(Switch(tree, levels, inner, shape))
        return frozenset({len(self.switches) - 1})


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return node.values if isinstance(node, ast.BoolOp) else []


def _together(parts) -> tuple[int, frozenset[int]]:
    return max((shape for shape, _ in parts), default=CONSTANT), _NONE.union(*(inner for _, inner in parts))


def _stepped(shape: int) -> int:
    return min(shape, STEPS)


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _of_operation(operator: ast.operator, left: int, right: int) -> int:
    shape = max(left, right)
    if shape <= STEPS or isinstance(operator, (ast.Add, ast.Sub)):
        return shape
    line = min(left, right) <= STEPS if isinstance(operator, ast.Mult) else right <= STEPS
    return shape if line and not isinstance(operator, ast.Pow) else CURVE


# --- solving ----------------------------------------------------------------------------------------------------


def crossings(switches: list[Switch], value: Callable, begin: float, end: float, draws: int) -> np.ndarray:
    """Times at which switches turn within begin..end, [any, draw]; where a draw has fewer of them, `begin` stands.

    value(tree, times[any, draw]) -> the value of an expression at those times.
    """
    found: list[np.ndarray] = []
    for switch in switches:
        inner = [found[i] for i in sorted(switch.inner)]
        edges = np.sort(np.concatenate([np.full((1, draws), begin), *inner, np.full((1, draws), end)]), axis=0)
        solve = _on_lines if switch.shape == LINE else _on_curves
        times = solve(lambda t, tree=switch.tree: value(tree, t), edges, switch.levels)
        inside = (times > begin) & (times < end)
        found.append(np.where(inside, times, begin)[inside.any(axis=1)])
    return np.concatenate([np.empty((0, draws)), *found])


def _on_lines(value: Callable, edges: np.ndarray, levels: Levels) -> np.ndarray:
    """Crossings of a straight line in each stretch between edges, [stretch x level, draw]; NaN where there is none."""
    low, high = edges[:-1], edges[1:]
    first, last = low + (high - low) / 4, low + (high - low) * 3 / 4
    with np.errstate(all="ignore"):
        at, slope = value(first), (value(last) - value(first)) / (last - first)
        ends = np.stack([at + slope * (low - first), at + slope * (high - first)])
        crossed = levels.between(np.nanmin(ends, initial=np.inf), np.nanmax(ends, initial=-np.inf))
        times = first + (crossed[:, None, None] - at) / slope
        times = np.where((times > low) & (times < high), times, np.nan)
    return times.reshape(-1, edges.shape[1])


def _on_curves(value: Callable, edges: np.ndarray, levels: Levels) -> np.ndarray:
    """As `_on_lines`, for a curve: changes of side between sampled points, bisected."""
    steps = np.linspace(0, 1, SAMPLES + 1)[:-1, None]
    points = np.concatenate([*(low + steps * (high - low) for low, high in zip(edges, edges[1:])), edges[-1:]])
    values = value(points)
    known = values[np.isfinite(values)]
    crossed = levels.between(known.min(initial=np.inf), known.max(initial=-np.inf))
    above = values[None] >= crossed[:, None, None]
    turns = above[:, 1:] != above[:, :-1]
    level, place = np.nonzero(turns.any(axis=-1))
    low, high, before = points[place], points[place + 1], above[level, place]
    for _ in range(60):
        middle = (low + high) / 2
        same = (value(middle) >= crossed[level][:, None]) == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.where(turns[level, place], (low + high) / 2, np.nan)
