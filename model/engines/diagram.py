"""The diagram of states and transitions: what comes after what."""

from __future__ import annotations

from model.dynamics import Dynamics

MOST = 10_000  # visits of one patient to one state


def exits(dynamics: Dynamics) -> dict[int, list[int]]:
    """Transitions out of each state, in the order of the file."""
    return {s: [i for i, m in enumerate(dynamics.transitions) if m.source == s] for s in range(len(dynamics.states))}


def reached(state: int, out: dict[int, list[int]], dynamics: Dynamics) -> set[int]:
    """States that can come after a state."""
    found: set[int] = set()
    waiting = [state]
    while waiting:
        new = {dynamics.transitions[i].target for i in out[waiting.pop()]} - found
        found |= new
        waiting += new
    return found


def revisited(out: dict[int, list[int]], dynamics: Dynamics) -> list[int]:
    """States that can be entered more than once."""
    return [s for s in out if s in reached(s, out, dynamics)]


def in_order(out: dict[int, list[int]], dynamics: Dynamics) -> list[int]:
    """States so that those from which more can follow come first: without circles, each is visited once."""
    return sorted(out, key=lambda s: -len(reached(s, out, dynamics)))
