"""What a run may replace and remove, and what it may not; writers that are killed, and two at once."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from model.report import folder
from model.report.folder import FolderError
from model.report.result import Result

ROOT = Path(__file__).resolve().parents[2]
DEAD = 4_194_305  # no process has a number above 2^22


def save(out, seed=1, names=("a", "b")):
    tables = {name: pd.DataFrame({"seed": [seed] * 20, "row": range(20)}) for name in names}
    result = Result(tables, {}, scenario_text=f"title: {seed}\n")
    result.save(out, {folder.MADE_BY: "x", "seed": seed})
    return result


def seed_of(out) -> int:
    """The seed of a folder that is whole: every file is as its manifest says, and of the same run."""
    manifest = json.loads((out / "manifest.json").read_text())
    for name, sha in manifest[folder.FILES].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == sha
    assert {int(pd.read_csv(p).seed[0]) for p in (out / "tables").glob("?.csv")} == {manifest["seed"]}
    return manifest["seed"]


def everything(place) -> dict[str, bytes]:
    return {str(p.relative_to(place)): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}


def hidden(*places) -> list[str]:
    return [e.name for place in places for e in place.iterdir() if e.name.startswith(".")]


def test_only_what_a_run_wrote_is_replaced(tmp_path):
    out = tmp_path / "F"
    save(out, 1, ("a", "gone"))
    save(out / "sweep", 7)
    (out / "notes.txt").write_text("mine")
    (out / "tables" / "mine.csv").write_text("seed\n1\n")
    (out / "figures" / "deep").mkdir(parents=True)
    (out / "figures" / "deep" / "drawing.svg").write_text("mine")
    sweep = everything(out / "sweep")
    save(out, 2, ("a", "b"))
    assert seed_of(out / "sweep") == 7 and everything(out / "sweep") == sweep
    assert (out / "notes.txt").read_text() == (out / "figures" / "deep" / "drawing.svg").read_text() == "mine"
    assert (out / "tables" / "mine.csv").read_text() == "seed\n1\n"
    assert sorted(p.name for p in (out / "tables").iterdir()) == ["a.csv", "b.csv", "mine.csv"]
    (out / "tables" / "mine.csv").unlink()
    assert seed_of(out) == 2 and not hidden(out, tmp_path)


def test_an_analysis_may_come_before_the_run_in_the_folder_that_it_stands_in(tmp_path):
    save(tmp_path / "F" / "tornado", 3)
    (tmp_path / "F" / ".sweep-1a2b.journal").write_text("{}\n")
    save(tmp_path / "F", 1)
    assert seed_of(tmp_path / "F") == 1 and seed_of(tmp_path / "F" / "tornado") == 3
    assert (tmp_path / "F" / ".sweep-1a2b.journal").exists()


def test_files_in_the_way_that_no_run_wrote_are_kept(tmp_path):
    out = tmp_path / "F"
    save(out, 1, ("a",))
    (out / "tables" / "a.csv").write_text("changed by its user\n")
    (out / "tables" / "b.csv").write_text("seed\n5\n")
    result = save(out, 2, ("a", "b"))
    assert (out / "tables" / "a.kept.csv").read_text() == "changed by its user\n"
    assert (out / "tables" / "b.kept.csv").read_text() == "seed\n5\n"
    assert seed_of(out) == 2
    assert sum("it is kept as" in note for note in result.notes) == 2


def test_a_file_of_an_earlier_run_that_its_user_changed_is_not_removed(tmp_path):
    out = tmp_path / "F"
    save(out, 1, ("a", "gone"))
    (out / "tables" / "gone.csv").write_text("mine now\n")
    save(out, 2, ("a",))
    assert (out / "tables" / "gone.csv").read_text() == "mine now\n"


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "my extension", "version": "1.0"}',
        "not JSON",
        "[]",
        "",
        '{"model_source_sha256": "x", "sha256_of_files_it_wrote": {"../thesis.txt": "y"}}',
        '{"model_source_sha256": "x", "sha256_of_files_it_wrote": {"/etc/hostname": "y"}}',
    ],
)
def test_a_manifest_of_another_program_is_no_folder_of_results(tmp_path, content):
    out = tmp_path / "extension"
    (out / "src").mkdir(parents=True)
    (out / "manifest.json").write_text(content)
    (out / "src" / "main.js").write_text("mine")
    before = everything(tmp_path)
    for attempt in (lambda: folder.check(out), lambda: save(out)):
        with pytest.raises(FolderError, match="is not of this software"):
            attempt()
    assert everything(tmp_path) == before and not hidden(out, tmp_path)


def test_results_of_an_earlier_version_are_written_over_and_nothing_of_them_is_removed(tmp_path):
    out = tmp_path / "F"
    save(out, 1, ("a", "gone"))
    manifest = json.loads((out / "manifest.json").read_text())
    del manifest[folder.FILES]
    (out / "manifest.json").write_text(json.dumps(manifest))
    result = save(out, 2, ("a",))
    assert (out / "tables" / "gone.csv").exists() and "earlier version" in result.notes[0]
    (out / "tables" / "gone.csv").unlink()
    assert seed_of(out) == 2


def test_results_go_where_a_link_points_and_the_link_stays(tmp_path):
    real, link = tmp_path / "disk" / "real", tmp_path / "link"
    link.symlink_to(real)
    for seed in (1, 2):  # first where there is nothing yet
        save(link, seed)
        assert link.is_symlink() and seed_of(real) == seed
    assert sorted(e.name for e in tmp_path.iterdir()) == ["disk", "link"] and not hidden(real, real.parent)


def test_a_failure_leaves_everything_as_it_was(tmp_path, monkeypatch):
    out = tmp_path / "F"
    save(out, 1)
    (out / "mine.txt").write_text("mine")
    before, move, count = everything(tmp_path), folder._move, []

    def fails(source, place):
        count.append(source)
        if len(count) == at:
            raise OSError(28, "No space left on device")
        move(source, place)

    for at in range(1, 7):
        count.clear()
        with monkeypatch.context() as patch:
            patch.setattr(folder, "_move", fails)
            with pytest.raises(FolderError, match="No space left on device; earlier results are as they were"):
                save(out, 2)
        assert everything(tmp_path) == before and not hidden(out, tmp_path), at


@pytest.mark.parametrize("place", ["missing", "there"])
def test_litter_of_dead_writers_is_swept_and_that_of_living_ones_is_not(tmp_path, place):
    out = tmp_path / "F"
    if place == "there":
        save(out, 1)
    living = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        for parent in (tmp_path, *([out] if place == "there" else [])):
            for pid in (DEAD, living.pid):
                for kind in ("new", "old"):
                    (parent / f".F.{pid}.{kind}" / "tables").mkdir(parents=True)
            (parent / f".G.{DEAD}.new").mkdir()  # of another folder
        save(out, 2)
        left = {f".F.{living.pid}.new", f".F.{living.pid}.old", f".G.{DEAD}.new"}
        assert set(hidden(tmp_path)) == left and set(hidden(out)) == (left if place == "there" else set())
    finally:
        living.communicate(b"\n")
    assert seed_of(out) == 2


def test_results_that_an_earlier_version_had_moved_aside_come_back(tmp_path):
    save(tmp_path / f".F.{DEAD}.old", 1)
    folder.check(tmp_path / "F")
    assert seed_of(tmp_path / "F") == 1


SAVE = (
    "import sys; sys.path[:0] = [{tests!r}, {root!r}]\n"
    "from test_folder import save\n"
    "print('ready', flush=True)\n"
    "for seed in range(int(sys.argv[2]), int(sys.argv[3])): save(__import__('pathlib').Path(sys.argv[1]), seed, {names!r})"
).format(tests=str(Path(__file__).parent), root=str(ROOT), names=tuple("abcdefgh"))


def writer(out, first, last):
    command = [sys.executable, "-c", SAVE, str(out), str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_two_writers_at_once_leave_one_whole_result(tmp_path):
    out = tmp_path / "F"
    both = [writer(out, 100 * i, 100 * i + 15) for i in (1, 2)]
    errors = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert seed_of(out) in (114, 214) and not hidden(out, tmp_path)


def test_a_change_cut_short_at_any_point_is_undone(tmp_path, monkeypatch):
    """Each number of moves before the end: what the next run finds is the last whole result."""
    move = folder._move
    for at in range(12):
        out = tmp_path / f"at {at}" / "F"
        save(out, 1)
        (out / "tables" / "mine.txt").write_text("mine")
        child = os.fork()
        if child == 0:
            moves = []

            def killed(source, place, moves=moves, at=at):
                if len(moves) == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                moves.append(source)
                move(source, place)

            monkeypatch.setattr(folder, "_move", killed)
            save(out, 2, ("a", "c"))
            os._exit(0)
        code = os.waitpid(child, 0)[1]
        folder.check(out)
        assert seed_of(out) == (2 if os.WIFEXITED(code) else 1) and not hidden(out, out.parent)
        assert (out / "tables" / "mine.txt").read_text() == "mine"
        save(out, 3)
        assert seed_of(out) == 3
    assert os.WIFEXITED(code)  # all moves were tried


def run(command: str, scenario, out, *more):
    options = [command, str(scenario), "--draws", "200", "--out", str(out), *more]
    return subprocess.Popen(
        [sys.executable, "run_model.py", *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    assert process.communicate()[1] == "" and process.returncode == 0


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "scenario" / "F.yaml"
    path.parent.mkdir()
    path.write_text(f"extends: {ROOT / 'tests' / 'report' / 'two_states.yaml'}\n")
    return path


@pytest.mark.slow
def test_runs_killed_at_random_leave_the_last_whole_result(tmp_path, scenario):
    out, chance = tmp_path / "F", random.Random(1)
    started = time.monotonic()
    finished(run("run", scenario, out, "--seed", "1"))
    length = time.monotonic() - started
    (out / "mine.txt").write_text("mine")
    for seed in range(2, 14):
        process = run("run", scenario, out, "--seed", str(seed))
        time.sleep(length * (0.6 + 0.4 * chance.random()))
        process.kill()
        process.communicate()
        folder.check(out)
        manifest = json.loads((out / "manifest.json").read_text())
        for name, sha in manifest[folder.FILES].items():
            assert hashlib.sha256((out / name).read_bytes()).hexdigest() == sha
        assert not hidden(out, tmp_path)
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.slow
def test_commands_in_their_own_folders_keep_each_others_results(tmp_path, scenario):
    out = tmp_path / "F"
    finished(run("run", scenario, out))
    finished(run("sweep", scenario, out / "sweep", "--vary", "p=0.1,0.2"))
    before = everything(out / "sweep")
    finished(run("run", scenario, out, "--seed", "2"))
    assert everything(out / "sweep") == before and len(before) > 5
    assert json.loads((out / "manifest.json").read_text())["seed"] == 2
