"""Which check catches which seeded error: python tests/seeded/harness.py writes the table of all of them.

Each error is made in a copy of the checkout, which is then verified; what fails there and not without the error has caught it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import seeds
from seeds import Seed

DRAWS = 200


@dataclass(frozen=True)
class Caught:
    """By which checks; by none where it was not."""

    seed: Seed
    by: tuple[str, ...]

    @property
    def words(self) -> str:
        if self.by:
            return ", ".join(self.by)
        return "not caught" if self.seed.visible else f"invisible: {self.seed.reason}"


def in_process(root: Path, scenario: str, draws: int) -> list[str]:
    """Names of the checks that fail, by the program of this process: for errors in files."""
    from failing import failing

    return failing(str(root / scenario), draws)


def by_itself(root: Path, scenario: str, draws: int) -> list[str]:
    """The same by the program of the copy."""
    command = [sys.executable, str(seeds.HERE / "failing.py"), scenario, str(draws)]
    alone = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=root, env=alone, capture_output=True, text=True)
    if ran.returncode:
        return [f"stopped: {ran.stderr.strip().splitlines()[-1][:80]}"]
    return json.loads(ran.stdout)


def catch(
    chosen: Iterable[Seed], draws: int = DRAWS, tell: Callable[[Caught], None] = lambda one: None
) -> list[Caught]:
    """What catches each."""
    with tempfile.TemporaryDirectory() as folder:
        return list(_catch(seeds.copy(Path(folder)), chosen, draws, tell))


def _catch(root: Path, chosen: Iterable[Seed], draws: int, tell: Callable[[Caught], None]) -> Iterator[Caught]:
    before = cache(lambda scenario: frozenset(in_process(root, scenario, draws)))
    for seed in chosen:
        alarms = before(seed.scenario)
        seed.put_into(root)
        verify = in_process if seed.file.startswith("scenarios") else by_itself
        found = Caught(seed, tuple(c for c in verify(root, seed.scenario, draws) if c not in alarms))
        seed.take_out_of(root)
        tell(found)
        yield found


def share(found: Iterable[Caught]) -> float:
    """Of the visible ones, how many are caught."""
    visible = [bool(one.by) for one in found if one.seed.visible]
    return sum(visible) / len(visible)


def table(found: list[Caught]) -> str:
    """In Markdown, with the totals."""
    visible = [one for one in found if one.seed.visible]
    rows = [f"| {one.seed.id} | {one.seed.wrong} | {Path(one.seed.scenario).stem} | {one.words} |" for one in found]
    total = f"{sum(bool(one.by) for one in visible)} of {len(visible)} visible errors are caught ({share(found):.0%})"
    return "\n".join(
        [
            "| seed | what is wrong | scenario | caught by |",
            "|---|---|---|---|",
            *rows,
            "",
            f"{total}; of {len(found)} in all.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", help="such as F01 C20; all, if none is named")
    parser.add_argument("--draws", type=int, default=DRAWS)
    asked = parser.parse_args()
    chosen = [s for s in (*seeds.read("files"), *seeds.read("code")) if not asked.seeds or s.id in asked.seeds]
    tell = lambda one: print(one.seed.id, one.words, file=sys.stderr, flush=True)  # noqa: E731
    print(table(catch(chosen, asked.draws, tell)))


if __name__ == "__main__":
    main()
