"""Names that are defined by other names: in which order to evaluate them, however long the chain."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator


class CircleError(ValueError):
    """Names that are defined by each other. path: from one of them back to itself."""

    def __init__(self, path: tuple[str, ...]):
        super().__init__(" -> ".join(path))
        self.path = path


def in_order(name: str, needs: Callable[[str], Iterable[str]], known: Container[str]) -> Iterator[str]:
    """`name` and all that it needs, each after what it needs itself, but for what is in `known`.

    The caller makes each name known before it asks for the next. Without recursion, so a chain may have any length.
    """
    if name in known:
        return
    path = {name: iter(sorted(needs(name)))}
    while path:
        current = next(reversed(path))
        below = next((n for n in path[current] if n not in known), None)
        if below is None:
            del path[current]
            yield current
        elif below in path:
            chain = list(path)
            raise CircleError((*chain[chain.index(below) :], below))
        else:
            path[below] = iter(sorted(needs(below)))
