"""Where everything stands in a layered drawing: nodes in rows, and a slot in a row of its own for the words of each edge.

An edge passes through one slot in each row that it crosses, and bends only between rows, so no line meets a node or a label that is
not its own. Lengths in pixels; `main` runs along the rows' sequence, `cross` along a row.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from model.report.diagram.ranks import ordered, ranks

SPACE = 14  # between neighbours in a row
LEAST_GAP, MOST_GAP, STEEP = 22.0, 110.0, 0.2
ROUNDS = 60


@dataclass(frozen=True)
class Size:
    """depth: along main; before, after: along cross, from the line through it."""

    depth: float
    before: float
    after: float


@dataclass(frozen=True)
class Slot:
    """start, end: of its row, along main; cross: the line through it."""

    start: float
    end: float
    cross: float
    size: Size

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class Layout:
    """nodes: key -> slot. labels: arc number -> slot of its words. routes: arc number -> the slots passed, from its source to its
    target, without those two. forward: whether an arc leads to a later row."""

    nodes: dict[str, Slot]
    labels: dict[int, Slot]
    routes: dict[int, list[Slot]]
    forward: dict[int, bool]
    length: float
    breadth: float


def laid_out(
    sizes: Mapping[str, Size],
    arcs: Sequence[tuple[str, str]],
    labels: Sequence[Size],
    first: Sequence[str],
    last: Sequence[str],
) -> Layout:
    """arcs: none from a node to itself; labels: of each arc."""
    rank = ranks(list(sizes), arcs, first, last)
    rows: list[list[Hashable]] = [[] for _ in range(2 * max(rank.values(), default=0) + 1)]
    size: dict[Hashable, Size] = {key: room for key, room in sizes.items()}
    for node in sizes:
        rows[2 * rank[node]].append(node)
    links: list[tuple[Hashable, Hashable]] = []
    chains: dict[int, list[Hashable]] = {}
    for number, (source, target) in enumerate(arcs):
        chain: list[Hashable] = list(_chain(number, rank[source], rank[target]))
        chains[number] = chain
        for item, row in _chain(number, rank[source], rank[target]):
            size[item, row] = Size(0, 1, 1)
            rows[row].append((item, row))
        if chain:
            size[chain[0]] = labels[number]
        passed = [source, *chain, target]
        passed = passed if rank[source] < rank[target] else passed[::-1]
        links += zip(passed, passed[1:])
    rows = ordered(rows, links)
    cross = _placed(rows, links, size)
    slots = _slots(rows, links, size, cross)
    return Layout(
        {node: slots[node] for node in sizes},
        {number: slots[chain[0]] for number, chain in chains.items() if chain},
        {number: [slots[item] for item in chain] for number, chain in chains.items()},
        {number: rank[source] < rank[target] for number, (source, target) in enumerate(arcs)},
        max((slot.end for slot in slots.values()), default=0),
        max((slot.cross + slot.size.after for slot in slots.values()), default=0),
    )


def _chain(number: int, source: int, target: int) -> list[tuple[int, int]]:
    """One item for each row that an arc passes, the first of which holds its words."""
    step = 1 if source < target else -1
    return [(number, row) for row in range(2 * source + step, 2 * target, step)]


def _placed(rows, links, size) -> dict[Hashable, float]:
    """Place along the row of each item: near the mean of its neighbours, in order and apart."""
    beside: dict[Hashable, list[tuple[Hashable, float]]] = {}
    for upper, lower in links:
        weight = 8.0 if isinstance(upper, tuple) and isinstance(lower, tuple) else 1.0  # long edges run straight
        beside.setdefault(upper, []).append((lower, weight))
        beside.setdefault(lower, []).append((upper, weight))
    cross: dict[Hashable, float] = {}
    for row in rows:
        cross |= dict(zip(row, _apart(row, [0.0] * len(row), size)))
    for round_ in range(ROUNDS):
        for row in rows if round_ % 2 == 0 else rows[::-1]:
            wanted = [_mean(beside.get(item, ()), cross, cross[item]) for item in row]
            cross |= dict(zip(row, _apart(row, wanted, size)))
    lowest = min((cross[item] - size[item].before for item in cross), default=0.0)
    return {item: place - lowest for item, place in cross.items()}


def _mean(beside, cross, own: float) -> float:
    total = sum(weight for _, weight in beside)
    return sum(cross[item] * weight for item, weight in beside) / total if total else own


def _apart(row, wanted: Sequence[float], size) -> list[float]:
    """The places nearest to those wanted (least squares) that keep order and distance: pools of adjacent violators."""
    offsets, at = [], 0.0
    for i, item in enumerate(row):
        at += size[row[i - 1]].after + SPACE + size[item].before if i else 0.0
        offsets.append(at)
    pools: list[tuple[float, int]] = []
    for place, offset in zip(wanted, offsets):
        pools.append((place - offset, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [((a * n + b * m) / (n + m), n + m)]
    flat = [value for value, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(flat, offsets)]


def _slots(rows, links, size, cross) -> dict[Hashable, Slot]:
    row_of = {item: k for k, row in enumerate(rows) for item in row}
    steepest = [0.0] * len(rows)
    for upper, lower in links:
        k = row_of[upper]
        steepest[k] = max(steepest[k], abs(cross[upper] - cross[lower]))
    slots: dict[Hashable, Slot] = {}
    start = 0.0
    for k, row in enumerate(rows):
        end = start + max((size[item].depth for item in row), default=0.0)
        slots |= {item: Slot(start, end, cross[item], size[item]) for item in row}
        start = end + min(MOST_GAP, LEAST_GAP + STEEP * steepest[k])
    return slots
