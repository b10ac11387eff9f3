"""The list of seeded errors is what it says: sixty, each a change of one text, each of which changes a result."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import effect
import pytest
import seeds

ALL = [*seeds.read("files"), *seeds.read("code")]
MOST_INVISIBLE = 8
OF_FILES = [seed for seed in ALL if seed.id.startswith("F")]
# In CI one of six, each in a process of its own; SEEDED=all takes all.
OF_CODE = [seed for seed in ALL if seed.id.startswith("C")][:: 1 if os.environ.get("SEEDED") == "all" else 6]


def named(seed: seeds.Seed) -> str:
    return seed.id


def test_thirty_of_each_and_few_that_nobody_could_see():
    assert [seed.id for seed in ALL] == [f"{kind}{i:02d}" for kind in "FC" for i in range(1, 31)]
    invisible = [seed for seed in ALL if not seed.visible]
    assert len(invisible) <= MOST_INVISIBLE
    assert all(bool(seed.reason) != seed.visible for seed in ALL)
    assert len({(seed.file, seed.old, seed.new) for seed in ALL}) == len(ALL)


@pytest.mark.parametrize("seed", ALL, ids=named)
def test_the_old_text_stands_in_the_file_once(seed):
    assert (seeds.ROOT / seed.file).read_text().count(seed.old) == 1
    assert seed.old != seed.new
    assert (seeds.ROOT / seed.scenario).exists()


@pytest.fixture(scope="module")
def unchanged():
    known = {}

    def of(seed: seeds.Seed):
        key = seed.scenario, seed.engine
        if key not in known:
            known[key] = effect.figures(str(seeds.ROOT / seed.scenario), seed.engine)
        return known[key]

    return of


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    return seeds.copy(tmp_path_factory.mktemp("seeded"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", OF_FILES, ids=named)
def test_an_error_in_a_file_changes_a_result(seed, copied, unchanged):
    seed.put_into(copied)
    changed = effect.figures(str(copied / seed.scenario), seed.engine)
    seed.take_out_of(copied)
    assert effect.change(unchanged(seed), changed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", OF_CODE, ids=named)
def test_an_error_in_the_code_changes_a_result(seed, copied, unchanged):
    seed.put_into(copied)
    command = [sys.executable, str(seeds.HERE / "effect.py"), seed.scenario, seed.engine]
    alone = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=copied, env=alone, capture_output=True, text=True, check=True)
    seed.take_out_of(copied)
    assert effect.change(unchanged(seed), json.loads(ran.stdout))
