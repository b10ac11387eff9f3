"""One command at work: what it reads, how it shows its progress, what it writes and says."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from model.engines import engine_of

if TYPE_CHECKING:
    from model.api.asked import Options
    from model.report.result import Result
    from model.scenario import Scenario

INTERRUPTED = 130  # exit code, as of a shell
SHARED = ("effect", "wtp", "group", "reference", "seed", "engine", "patients", "replications", "cluster")
LEFT_OUT = ("do", "command", "renamed")  # of the options, in a manifest


class OptionsError(ValueError):
    """Options that do not go together."""


def free(file: Path, replace: bool) -> None:
    """Raise OptionsError, before the work, where a file of the user's would be overwritten."""
    if file.exists() and not replace:
        raise OptionsError(f"{file} exists; choose another --out, or give --replace")


class Session:
    """options: as given; arguments: the words of the command line."""

    def __init__(self, options: Namespace, arguments: list[str]):
        self.options, self.arguments, self.started = options, arguments, time.perf_counter()
        self.told: set[str] = set()
        self.warn(getattr(options, "renamed", []))

    def scenario(self) -> Scenario:
        """The scenario of the options, read and told of; the folder of the results is checked before any work."""
        from model.scenario_file import read

        scenario = read(self.options.scenario, self.options.settings)
        self.warn(scenario.warnings)
        self.place(scenario.key)
        return scenario

    def place(self, key: str, command: str = "") -> None:
        """Set `options.out`, where it is not stated, to the folder of a command; refuse what cannot be one, before the work."""
        if not hasattr(self.options, "out"):
            return
        from model.report import folder

        if self.options.out is None:
            name = command or self.options.command
            parts = () if name in ("run", "analyse", "report") else (name,)
            self.options.out = Path("results").joinpath(key.strip(".") or "scenario", *parts)
        folder.check(self.options.out)

    def asked(self) -> Options:
        """Keywords that every analysis takes, as the options have them."""
        options = self.options
        known = {name: getattr(options, name) for name in SHARED if getattr(options, name, None) is not None}
        if hasattr(options, "jobs"):
            known["jobs"] = self._jobs()
        if "wtp" in known:
            known["wtp"] = self._wtp(known["wtp"])
        return known  # type: ignore[return-value]  # made of names, which no type checker can follow

    def _wtp(self, given: list[float]) -> float | list[float]:
        if len(given) > 1 and self.options.command not in ("run", "headroom"):
            raise OptionsError("--wtp: give one willingness to pay")
        return given if len(given) > 1 else given[0]

    def _jobs(self) -> int:
        """Processes: one, if not stated; with queues, whose replications are long tasks, one on each core."""
        options = self.options
        if options.jobs is not None:
            return options.jobs
        engine = getattr(options, "engine", "")
        replicates = bool(engine) and engine_of(engine).independent == "replications"
        return 0 if replicates and not options.cluster else 1

    def warn(self, warnings: Iterable[str]) -> None:
        """Tell what was not told yet."""
        for words in warnings:
            if words not in self.told:
                self.told.add(words)
                print(f"warning: {words}", file=sys.stderr)

    def finish(self, result: Result, step: Callable[[str], object] | None = None) -> int:
        """Write the folder of a result, with the options in its manifest, and print what it says. step: told of each figure, where
        a bar is there already."""
        from model.progress import progress

        self.warn(result.warnings)
        about = {
            "command": " ".join([program(), *self.arguments]),
            "options": self._options(),
            "duration_seconds": round(time.perf_counter() - self.started, 3),
        }
        with progress(len(result.plans), "figures", step and (lambda done: None)) as bar:
            result.save(self.options.out, about, step or (lambda name: bar(1)))
        self.warn(result.notes)
        print(result.summary)
        return 0

    def closed(self, result: Result, scenario: Scenario) -> int:
        """As `finish`, for an analysis of a scenario: with the conventions that hold for its figures."""
        from model.report.text import conventions

        self.finish(result)
        print(f"\n{conventions(scenario)}\nResults: {self.options.out}/")
        return 0

    def _options(self) -> dict[str, object]:
        """Everything that was asked for, stated or not."""
        return {name: _plain(value) for name, value in vars(self.options).items() if name not in LEFT_OUT}


def _plain(value: object) -> object:
    """As JSON has it."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def program() -> str:
    """As what the command line was called: by its installed name, or from the checkout."""
    name = Path(sys.argv[0]).stem
    return name if name == "run-model" else "run_model.py"
