"""What the commands `check` and `run --draws 0` do with a damaged file, in this process: fast, and nothing escapes."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from bases import GOOD
from damage import Case

LIMIT = 15  # seconds of processor time that a command may take
WAIT = 120  # seconds that it may take by the clock, however busy the machine
EVERY = 8  # of the files that check refuses, one in so many is run too
RUN = ("run", "case.yaml", "--draws", "0", "--no-figures", "--out", "out")


class TooLong(BaseException):
    """Not an Exception, so that no handler of the software swallows it."""


@dataclass(frozen=True)
class Answer:
    """What one command said. code: None where it crashed or took too long, and `crash` says how; seconds: of the processor."""

    code: int | None
    printed: str
    errors: str
    crash: str
    seconds: float

    @property
    def problems(self) -> list[str]:
        """The messages of a refusal, without warnings and the closing line."""
        lines = [line for line in self.errors.splitlines() if not line.startswith("warning: ")]
        return [line.removeprefix("error: ") for line in lines if not line.endswith("nothing was run")]


@dataclass(frozen=True)
class Seen:
    """check and run of one file (run is None where it was left out). outcomes: the table of a run that succeeded, as text."""

    case: Case
    check: Answer
    run: Answer | None
    outcomes: str

    @property
    def accepted(self) -> bool:
        return self.check.code == 0 and self.run is not None and self.run.code == 0


def prepare(folder: Path) -> None:
    """The folder gets the good files, which damaged ones read."""
    for path in GOOD.iterdir():
        shutil.copy(path, folder)


@contextlib.contextmanager
def written(case: Case, folder: Path):
    """The damaged files in the folder; afterwards the good ones again."""
    for name, data in (("case.yaml", case.data), *case.files):
        (folder / name).write_bytes(data)
    try:
        yield
    finally:
        shutil.rmtree(folder / "out", ignore_errors=True)
        for name, _ in case.files:
            shutil.copy(GOOD / name, folder)


def _stop(*_) -> None:
    raise TooLong


def _limits(seconds: float, wait: float) -> None:
    for kind, limit, timer in (
        (signal.SIGPROF, seconds, signal.ITIMER_PROF),
        (signal.SIGALRM, wait, signal.ITIMER_REAL),
    ):
        signal.signal(kind, _stop)
        signal.setitimer(timer, limit)


def command(arguments: Iterable[str]) -> Answer:
    """One command, in this process and the working folder."""
    from model.cli import main

    code, crash, started = None, "", time.process_time()
    _limits(LIMIT, WAIT)
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error", RuntimeWarning)
        try:
            code = main(list(arguments))
        except TooLong:
            crash = f"not done after {LIMIT} seconds of processor time, or {WAIT} seconds"
        except BaseException:  # a SystemExit or a MemoryError is a finding too
            crash = traceback.format_exc()
        finally:
            _limits(0, 0)
    return Answer(code, out.getvalue(), err.getvalue(), crash, time.process_time() - started)


def examined(case: Case, folder: Path, always_run: bool = True) -> Seen:
    """check of a file; run too, if check accepts it or if `always_run`."""
    with written(case, folder):
        check = command(("check", "case.yaml"))
        run = command(RUN) if always_run or check.code != 2 else None
        table = folder / "out" / "tables" / "outcomes.csv"
        return Seen(case, check, run, table.read_text(encoding="utf-8") if table.exists() else "")


def _some(part: list[Case]) -> list[Seen]:
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        os.chdir(name)
        try:
            return [examined(case, Path(name), i % EVERY == 0) for i, case in enumerate(part)]
        finally:
            os.chdir(home)


def all_examined(cases: list[Case], processes: int = 2) -> list[Seen]:
    """Every case, in the order given, by several processes."""
    parts = [cases[i : i + 20] for i in range(0, len(cases), 20)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [seen for part in pool.map(_some, parts) for seen in part]
