"""Damaged scenario files: `cases(n, seed)` gives n of each kind, all different, the same ones for the same seed.

A kind (KINDS) is what went wrong in the writer's hands; each has several ways. The files come from those of good/ and from the
scenarios that are shipped. Nothing here knows what the software says about them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import texts
import trees
from bases import BASES, text_of

KINDS: dict[str, tuple[Callable, ...]] = {
    "misspelt": (trees.misspelt_field, trees.misspelt_word),
    "type": (trees.wrong_type,),
    "unit": (trees.wrong_unit, trees.wrong_unit_behind_a_number, trees.lost_unit, trees.lost_unit_behind_a_number),
    "number": (trees.wrong_number,),
    "formula": (trees.wrong_formula,),
    "distribution": (trees.wrong_distribution,),
    "survival": (trees.wrong_survival, trees.wrong_ratio, trees.wrong_clock, trees.two_kinds_of_one_move),
    "structure": (*3 * (trees.wrong_structure,), trees.circle_of_names, trees.circle_of_nodes),
    "encoding": (texts.wrong_encoding,),
    "yaml": (texts.trap_of_yaml,),
    "size": (texts.wrong_size,),
    "table": (texts.wrong_table,),
}
TRIES = 40  # for each file wanted; some kinds have few different ones


@dataclass(frozen=True)
class Case:
    """One damaged file. kind and way: what was done; place: where, such as 'states.ill.utility'; base: to what file.

    data: the bytes of the scenario file; files: other files beside it that were damaged, (name, bytes).
    """

    kind: str
    way: str
    place: str
    base: str
    data: bytes
    files: tuple[tuple[str, bytes], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.way}, {self.place or 'file'} of {self.base}"


def cases(of_each_kind: int, seed: int) -> list[Case]:
    """Damaged files, `of_each_kind` of every kind (fewer where there are no more), all different from one another."""
    good = {(content, ()) for base in BASES for content in (text_of(base).encode(), trees.dump(trees.tree_of(base)))}
    found: dict[tuple, Case] = {}
    for kind, makers in KINDS.items():
        rng, wanted = random.Random(f"{seed} {kind}"), len(found) + of_each_kind
        for _ in range(TRIES * of_each_kind):
            if len(found) == wanted:
                break
            made = rng.choice(makers)(rng)
            case = Case(kind, *made) if made else None
            if case and (case.data, case.files) not in good:
                found.setdefault((case.data, case.files), case)
    return list(found.values())
