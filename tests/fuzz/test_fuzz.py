"""Damaged scenario files are refused with file and line, or accepted for a reason: no traceback, no endless work.

The files are those of damage.cases; all are checked and the accepted ones run in this process, some also as a user would.
"""

import os
import random
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import damage  # noqa: E402
import examine  # noqa: E402
import trees  # noqa: E402
from bases import BASES  # noqa: E402

SEED, OF_EACH_KIND, AS_PROCESSES = 1, 135, 2
PLACED = re.compile(r"(?P<file>\S+):(?P<line>\d+): \S")
BREAK = re.compile(rb"\r\n|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]")  # the ends of lines of YAML
# What is wrong with a whole file has no line.
OF_THE_FILE = re.compile(
    r"case\.yaml: (is not UTF-8 text|is UTF-(16|32)|the file is empty|the file has comments only|has over)"
)
REASONS = [(re.compile(entry["when"]), entry) for entry in yaml.safe_load((HERE / "accepted.yaml").read_text())]
KNOWN = [(re.compile(entry["when"]), entry["why"]) for entry in yaml.safe_load((HERE / "known.yaml").read_text()) or []]


@pytest.fixture(scope="module")
def seen():
    return examine.all_examined(damage.cases(OF_EACH_KIND, SEED))


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory):
    """Outcomes of the good files, as they are and written again."""
    folder, home, found = tmp_path_factory.mktemp("good"), os.getcwd(), {}
    examine.prepare(folder)
    os.chdir(folder)
    try:
        for base in BASES:
            case = damage.Case("none", "", "", base, trees.dump(trees.tree_of(base)))
            found[base] = examine.examined(case, folder)
    finally:
        os.chdir(home)
    return found


def not_known(found: list[str]) -> list[str]:
    return [text for text in found if not any(pattern.search(text) for pattern, _ in KNOWN)]


def crashes(seen) -> list[str]:
    found = []
    for case in seen:
        for name, answer in (("check", case.check), ("run", case.run)):
            if answer is not None and answer.crash:
                found.append(f"crash of {name} | {case.case.name} | {answer.crash.strip().splitlines()[-1][:200]}")
    return found


def lines_of(case) -> dict[str, int]:
    """Number of lines of each file that a message may name."""
    files = (
        {path.name: path.read_bytes() for path in examine.GOOD.iterdir()} | dict(case.files) | {"case.yaml": case.data}
    )
    return {name: len(BREAK.findall(data)) + 1 for name, data in files.items()}


def without_place(seen) -> list[str]:
    """Messages of check that do not begin with a file that is there and one of its lines."""
    found = []
    for case in seen:
        lines = lines_of(case.case)
        for text in case.check.problems:
            at = PLACED.match(text)
            if not (OF_THE_FILE.match(text) or at and 1 <= int(at["line"]) <= lines.get(at["file"], 0)):
                found.append(f"no place | {case.case.name} | {text[:200]}")
    return found


def disagreements(seen) -> list[str]:
    return [
        f"check {case.check.code}, run {case.run.code} | {case.case.name} | {(case.run.problems or case.check.problems or [''])[0][:200]}"
        for case in seen
        if case.run is not None and not case.run.crash and not case.check.crash and case.check.code != case.run.code
    ]


FINDINGS = (crashes, without_place, disagreements)


def reason(case) -> dict | None:
    return next((entry for pattern, entry in REASONS if pattern.search(case.name)), None)


def test_the_good_files_are_good(undamaged):
    for base, found in undamaged.items():
        assert (found.check.code, found.run.code) == (0, 0), (base, found.check.errors, found.run.errors)
        assert found.outcomes.count("\n") > 10


def test_there_are_1500_different_files_the_same_every_time():
    found = damage.cases(OF_EACH_KIND, SEED)
    assert len({(case.data, case.files) for case in found}) == len(found) >= 1500
    assert min(Counter(case.kind for case in found).values()) >= 100 and len(damage.KINDS) == 12
    assert damage.cases(10, SEED) == [
        case for kind in damage.KINDS for case in [c for c in found if c.kind == kind][:10]
    ]


@pytest.mark.parametrize("findings", FINDINGS, ids=lambda f: f.__name__)
def test_nothing_escapes(seen, findings):
    found = not_known(findings(seen))
    assert not found, "\n".join(found)


def test_exit_codes_are_0_or_2_and_a_refusal_says_why(seen):
    for case in seen:
        for answer in filter(None, (case.check, case.run)):
            assert answer.crash or answer.code in (0, 2), case.case.name
            assert answer.code != 2 or answer.problems, case.case.name
            assert "Traceback" not in answer.errors and "Warning:" not in answer.errors, answer.errors


def test_most_damage_is_seen(seen):
    """A reader that accepts everything would pass the other tests but for their reasons."""
    refused = Counter(case.case.kind for case in seen if case.check.code == 2)
    assert min(refused[kind] for kind in damage.KINDS) >= 0.4 * OF_EACH_KIND, refused


def test_what_is_accepted_is_accepted_for_a_reason(seen):
    found = [case.case.name for case in seen if case.accepted and reason(case.case) is None]
    assert not found, "\n".join(found)


def test_damage_that_should_not_matter_does_not(seen, undamaged):
    differ = []
    for case in seen:
        found = reason(case.case) if case.accepted else None
        if found and found.get("same") and case.outcomes != undamaged[case.case.base].outcomes:
            differ.append(f"{case.case.name} | {found['why']}")
    assert not differ, "\n".join(differ)


def test_what_is_known_still_happens(seen):
    """An entry of known.yaml that nothing needs any more is to be taken out."""
    found = [text for findings in FINDINGS for text in findings(seen)]
    over = [pattern.pattern for pattern, _ in KNOWN if not any(pattern.search(text) for text in found)]
    assert not over, over


# --- as processes --------------------------------------------------------------------------------------------------


def process(folder: Path, arguments) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, str(ROOT / "run_model.py"), *arguments]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def test_a_process_says_what_was_said_in_this_one(seen, tmp_path):
    chosen = [
        case
        for kind in damage.KINDS
        for case in random.Random(kind).sample(
            [c for c in seen if c.case.kind == kind and not c.check.crash], AS_PROCESSES
        )
    ]

    def run(numbered):
        number, case = numbered
        folder = tmp_path / str(number)
        folder.mkdir()
        examine.prepare(folder)
        for name, data in (("case.yaml", case.case.data), *case.case.files):
            (folder / name).write_bytes(data)
        return process(folder, ("check", "case.yaml"))

    with ThreadPoolExecutor(2) as pool:
        for case, (code, errors) in zip(chosen, pool.map(run, enumerate(chosen))):
            assert (code, errors) == (case.check.code, case.check.errors), case.case.name
