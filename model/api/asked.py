"""What every analysis takes: which decision, which engine, which inputs; and what it says of itself in the manifest."""

from __future__ import annotations

import inspect
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, field, fields
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from typing import ParamSpec, TypedDict, TypeVar

from model import threads
from model.analysis.method import Method
from model.decision import ALL, Decision, decide
from model.engines import engine_for, engine_of
from model.outcome_keys import QALY
from model.progress import Tell
from model.report.result import Result
from model.sample import Sample
from model.scenario import Scenario
from model.scenario_file import read

Source = str | Path | Scenario
Value = str | Real | Sequence
Settings = Mapping[str, Value] | Sequence[str]
P = ParamSpec("P")
R = TypeVar("R")


class AskedError(ValueError):
    """A keyword with a value that cannot be."""


class Options(TypedDict, total=False):
    """Keywords that every analysis takes; see `Asked`."""

    settings: Settings
    effect: str
    wtp: float | Sequence[float] | None
    group: str
    reference: str | None
    seed: int
    engine: str
    patients: int
    replications: int
    jobs: int
    cluster: str | None
    executor: Executor | None
    progress: Tell | None


@dataclass(frozen=True)
class Asked:
    """Keywords that every analysis takes:

    settings      other inputs than the file's: {"c_surgery": 20000, "hr.mean": 0.8, "horizon": "5 years"}, as with --set
    effect        effect that decides: "qaly", "life_years" or one of the file's
    wtp           willingness to pay per unit of the effect; the file's first threshold
    group         patients decided for: "all" or a group of the file
    reference     strategy that the others are compared with; the file's
    seed          of draws and of simulated patients
    engine        "cohort", "individual" or "queueing"; a file with survival curves is run by "partitioned" under the first
    patients      a draw and strategy, of engines that follow patients
    replications  of the base case, of the queueing engine
    jobs          processes; 0: one on each core
    cluster       address of a running Dask scheduler
    executor      a concurrent.futures.Executor in the place of `jobs` and `cluster`
    progress      told of each piece of work done; a bar
    """

    settings: Settings = ()
    effect: str = QALY
    wtp: float | Sequence[float] | None = None
    group: str = ALL
    reference: str | None = None
    seed: int = 1
    engine: str = "cohort"
    patients: int = 1000
    replications: int = 20
    jobs: int = 1
    cluster: str | None = None
    executor: Executor | None = None
    progress: Tell | None = None
    started: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        for name, least in (("seed", None), ("patients", 2), ("replications", 2), ("jobs", 0)):
            value = getattr(self, name)
            whole(name, value, least)
        for level in self.wtp if isinstance(self.wtp, Sequence) else [] if self.wtp is None else [self.wtp]:
            if not isinstance(level, Real) or not 0 <= level < math.inf:
                raise AskedError(f"wtp: found {self.wtp!r}, needed a number, 0 or more, or a list of such")

    @property
    def texts(self) -> tuple[str, ...]:
        """'name=value' of each setting."""
        return setting_texts(self.settings)

    def scenario(self, source: Source) -> Scenario:
        """The scenario of a file, or one that was read, with the settings."""
        settings = self.texts
        if not isinstance(source, Scenario):
            return read(source, settings)
        return read(source.path, (*source.settings, *settings)) if settings else source

    def decide(self, scenario: Scenario) -> tuple[Scenario, Decision]:
        return decide(scenario, self.effect, self.wtp, self.group, self.reference)

    def question(self, source: Source) -> tuple[Scenario, Decision]:
        """The scenario asked about, and what decides."""
        return self.decide(self.scenario(source))

    @property
    def levels(self) -> tuple[float, ...]:
        """Thresholds asked for; none where those of the file are meant."""
        if self.wtp is None:
            return ()
        return tuple(map(float, self.wtp if isinstance(self.wtp, Sequence) else (self.wtp,)))

    @contextmanager
    def method(self) -> Iterator[Method]:
        """Its workers end with the block."""
        from model.analysis.workers import workers

        if self.executor is not None:
            yield Method(self.engine, self.patients, self.replications, self.executor)
            return
        with workers(self.jobs, self.cluster) as executor:
            yield Method(self.engine, self.patients, self.replications, executor)

    def about(self, decision: Decision, sample: Sample | None = None) -> dict[str, object]:
        """What was asked, for the manifest."""
        known: dict[str, object] = {
            "engine": self.engine,
            "seed": self.seed,
            "effect": decision.effect,
            "wtp": decision.wtp,
            "patients_group": decision.group,
            "reference": decision.reference,
        }
        if sample is not None:
            known |= {"draws": sample.n, "sampling": sample.sampling}
        if Method(self.engine).follows_patients:
            known |= {"patients": self.patients, "replications": self.replications}
        return known

    def result(self, result: Result, scenario: Scenario, about: Mapping[str, object], command: str) -> Result:
        """The result, with all that its folder needs."""
        from model.report import label_columns
        from model.report.manifest import scenario_manifest

        result.tables = label_columns.of_tables(result.tables, scenario)
        result.plans = label_columns.of_plans(result.plans, scenario)
        result.manifest = {
            **scenario_manifest(scenario, time.perf_counter() - self.started),
            **about,
        }
        if "engine" in result.manifest:  # a file with survival curves has its own
            result.manifest["engine"] = engine_for(scenario, str(result.manifest["engine"])).name
        result.scenario_text = scenario.text
        result.warnings = tuple(dict.fromkeys((*scenario.warnings, *result.warnings)))
        result.folder = folder_of(scenario, command)
        return result


def folder_of(scenario: Scenario, command: str) -> Path:
    """Where the results of an analysis go if nothing else is said."""
    return Path("results", scenario.key.strip(".") or "scenario", *([] if command == "run" else [command]))


def whole(name: str, value: object, least: int | None) -> None:
    """AskedError where a keyword is no whole number, or less than the least."""
    if isinstance(value, bool) or not isinstance(value, Integral) or (least is not None and value < least):
        needed = "a whole number" if least is None else f"a whole number, {least} or more"
        raise AskedError(f"{name}: found {value!r}, needed {needed}")


def setting_texts(settings: Settings) -> tuple[str, ...]:
    """'name=value' of each, as with --set."""
    if not isinstance(settings, Mapping):
        return several(settings)
    return tuple(f"{name}={_text(name, value)}" for name, value in settings.items())


def several(words: str | Sequence[str]) -> tuple[str, ...]:
    """A text alone is one of such."""
    return (words,) if isinstance(words, str) else tuple(words)


def _text(name: str, value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        return repr(int(number) if number.is_integer() else number)
    if not isinstance(value, Sequence):
        raise AskedError(f"settings: {name}: found {value!r}, needed a number, a text or a list of such")
    return json.dumps([float(item) if isinstance(item, Real) else item for item in value])


def analysis(*without: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Shows the keywords of `Asked` in the signature of an analysis that takes them as **options, and in its documentation.

    without: keywords that this analysis does not read; it does not take them either.
    """
    known = inspect.signature(Asked).parameters
    names = [f.name for f in fields(Asked) if f.default is not MISSING and f.name not in without]

    def shown(function: Callable[P, R]) -> Callable[P, R]:
        stated = inspect.signature(function)
        first = [p for p in stated.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        shared = [known[name].replace(kind=inspect.Parameter.KEYWORD_ONLY) for name in names]
        whole = stated.replace(parameters=[*first, *shared])

        @wraps(function)
        def call(*arguments: P.args, **options: P.kwargs) -> R:
            whole.bind(*arguments, **options)  # a keyword that is not taken is told by its name, before the work
            with threads.one():
                found = function(*arguments, **options)
            if isinstance(found, Result) and "engine" in names:
                found.warnings = (*found.warnings, *unused(options))
            return found

        call.__dict__["__signature__"] = whole  # what help() and notebooks show
        call.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\n{keywords(names)}"
        return call

    return shown


def unused(options: Mapping[str, object]) -> list[str]:
    """What was stated of patients and is not read by the engine that was asked for."""
    engine = engine_of(str(options.get("engine", "cohort")))
    if not engine.follows_patients:
        told = f"is not used: the {engine.name} engine follows no patients"
        return [f"{name} {told}" for name in ("patients", "replications") if name in options]
    if engine.independent != "replications" and "replications" in options:
        return [f"replications is not used: the {engine.name} engine has no queues"]
    return []


def keywords(names: Sequence[str]) -> str:
    """What `Asked` says of these keywords."""
    heading, _, *lines = inspect.cleandoc(Asked.__doc__ or "").splitlines()
    return "\n".join([heading, "", *(line for line in lines if line.split()[0] in names)])
