"""In which row of a layered drawing each node stands, and in which order along its row."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

Arc = tuple[Hashable, Hashable]
SWEEPS = 24


def ranks(nodes: Sequence[Hashable], arcs: Iterable[Arc], first: Sequence[Hashable], last: Iterable[Hashable]) -> dict:
    """Row of each node: behind all that lead to it, arcs that go round in a circle left aside. first: where walks begin; last:
    nodes that stand in the last row."""
    after: dict[Hashable, list[Hashable]] = {node: [] for node in nodes}
    for source, target in arcs:
        if source != target and target not in after[source]:
            after[source].append(target)
    order, forward = _walked([*first, *nodes], after)
    rank = dict.fromkeys(nodes, 0)
    for node in order:
        for target in forward[node]:
            rank[target] = max(rank[target], rank[node] + 1)
    deepest = max(rank.values(), default=0)
    ends = [node for node in last if not forward[node]]
    return rank | {node: max(deepest, 1) if len(nodes) > 1 else 0 for node in ends}


def _walked(begin: Iterable[Hashable], after: Mapping[Hashable, Sequence[Hashable]]):
    """Nodes so that what leads on stands before what it leads to; and the arcs that do not close a circle."""
    done: list[Hashable] = []
    forward: dict[Hashable, list[Hashable]] = {node: [] for node in after}
    seen, open_ = set(), set()
    for root in begin:
        if root in seen:
            continue
        stack = [(root, iter(after[root]))]
        seen.add(root)
        open_.add(root)
        while stack:
            node, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                open_.discard(node)
                done.append(node)
            elif target not in open_:
                forward[node].append(target)
                if target not in seen:
                    seen.add(target)
                    open_.add(target)
                    stack.append((target, iter(after[target])))
    return done[::-1], forward


def ordered(rows: list[list[Hashable]], links: Sequence[Arc]) -> list[list[Hashable]]:
    """The rows, each in an order with few crossings: by the means of neighbours, down and up by turns, the best that was met.

    links: arcs between neighbouring rows, from the upper one.
    """
    below: dict[Hashable, list[Hashable]] = {}
    above: dict[Hashable, list[Hashable]] = {}
    for upper, lower in links:
        below.setdefault(upper, []).append(lower)
        above.setdefault(lower, []).append(upper)
    best, least = [list(row) for row in rows], crossings(rows, below)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        _sweep(rows, above if downward else below, downward)
        if (found := crossings(rows, below)) < least:
            best, least = [list(row) for row in rows], found
    return best


def _sweep(rows: list[list[Hashable]], beside: Mapping[Hashable, Sequence[Hashable]], downward: bool) -> None:
    steps = range(1, len(rows)) if downward else range(len(rows) - 2, -1, -1)
    for k in steps:
        before = rows[k - 1] if downward else rows[k + 1]
        place = {node: i / max(1, len(before) - 1) for i, node in enumerate(before)}
        own = {node: i / max(1, len(rows[k]) - 1) for i, node in enumerate(rows[k])}
        mean = {n: sum(place[m] for m in beside[n]) / len(beside[n]) if beside.get(n) else own[n] for n in rows[k]}
        rows[k].sort(key=lambda node: mean[node])


def crossings(rows: Sequence[Sequence[Hashable]], below: Mapping[Hashable, Sequence[Hashable]]) -> int:
    """How often links between neighbouring rows cross."""
    found = 0
    for upper, lower in zip(rows, rows[1:]):
        place = {node: i for i, node in enumerate(lower)}
        ends = [sorted(place[m] for m in below.get(node, ())) for node in upper]
        flat = [place for each in ends for place in each]
        found += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return found
