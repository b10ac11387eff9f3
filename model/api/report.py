"""The run and the analyses that a reader asks for beside it, in one report."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from model import shipped
from model.api.asked import Asked, AskedError, Options, Source, analysis, folder_of, several
from model.progress import progress
from model.report.named_tables import Tables
from model.report.result import Result
from model.scenario import Scenario
from model.suggestions import check_known

if TYPE_CHECKING:
    from model.analysis.run import Run

WEIGHTS = {
    "run": 20,
    "tornado": 15,
    "variants": 20,
    "voi": 20,
    "converge": 10,
    "verify": 15,
}  # of the bar; they make 100
ANALYSES = tuple(WEIGHTS)[1:]


class LeftOut(Exception):
    """Why an analysis has nothing to say of a scenario."""


@analysis("group")
def full_report(
    source: Source,
    draws: int = 10_000,
    sampling: str = "random",
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    variants: str | Path | None = None,
    **options: Unpack[Options],
) -> Result:
    """The run and the standard analyses beside it; `save` writes report.html of all of them, and a folder for each.

    only, without  of tornado, variants, voi, converge and verify; all where neither is given
    variants       a file of variants; by default the one of the scenario, in its folder or in variants/ beside that

    >>> result = full_report("scenarios/mscc_furlan.yaml", draws=200, only=["tornado", "converge"])
    >>> list(result.parts)
    ['tornado', 'converge']
    """
    from model.api.runs import run

    asked = Asked(**options)
    wanted = _wanted(several(only), several(without))
    scenario = asked.scenario(source)
    options |= {"settings": (), "progress": _quiet}  # the scenario has the settings already
    with progress(sum(WEIGHTS.values()), "%", asked.progress) as bar:
        result = run(scenario, draws, sampling, **options)
        bar(WEIGHTS["run"])
        calls = _calls(scenario, result.run, asked, options, draws, variants)  # type: ignore[arg-type]
        told = []
        for name in ANALYSES:
            if name in wanted:
                told += _added(result, name, calls[name])
            bar(WEIGHTS[name])
    result.warnings = tuple(dict.fromkeys((*result.warnings, *told, *_warnings(result))))
    result.folder = folder_of(scenario, "run")
    result.summary += f"\n\nIn the report beside the run: {', '.join(result.parts) or 'nothing'}."
    _against_profile(result)
    return result


def _against_profile(result: Result) -> None:
    """What the body of the scenario's profile asks for, held against the whole report."""
    from model.report import profile_tables

    assert result.run is not None
    assert isinstance(result.tables, Tables)
    result.tables = result.tables | profile_tables.run_tables(result.run, result.parts)
    if missing := profile_tables.left_out_text(result.run.scenario, result.parts):
        result.summary += f" {missing}"


def _quiet(done: int) -> None:
    """The bar is told of whole analyses."""


def _wanted(only: Sequence[str], without: Sequence[str]) -> list[str]:
    if only and without:
        raise AskedError("give either only or without: which analyses are wanted, or which are not")
    check_known((*only, *without), ANALYSES, "analysis", AskedError)
    return [name for name in ANALYSES if (name in only if only else name not in without)]


def _added(result: Result, name: str, call: Callable[[], Result]) -> list[str]:
    """Why it could not be, where it could not: the others are still worth a report."""
    try:
        result.parts[name] = call()
    except LeftOut as reason:
        return [f"{name} is left out of the report: {reason}"] if str(reason) else []
    except ValueError as error:
        if not type(error).__module__.startswith("model."):
            raise
        return [f"{name} is left out of the report: {error}"]
    return []


def _warnings(result: Result) -> list[str]:
    return [words for part in result.parts.values() for words in part.warnings]


def _calls(
    scenario: Scenario, run: Run, asked: Asked, options: Options, draws: int, variants: str | Path | None
) -> dict[str, Callable[[], Result]]:
    """The analyses by name; those of the draws take the draws of the run."""
    from model.api import information, runs, variation

    def of_draws(call: Callable[[Run, Asked], Result]) -> Callable[[], Result]:
        def made() -> Result:
            if run.psa is None:
                raise LeftOut("it needs a probabilistic analysis")
            return call(run, replace(asked, settings=()))

        return made

    return {
        "tornado": lambda: variation.tornado(scenario, **options),
        "variants": lambda: variation.variants(variants or _variants_of(scenario), draws, **options),
        "voi": of_draws(information.information_of),
        "converge": of_draws(runs.convergence_of),
        "verify": lambda: _verify(scenario, options),
    }


def _verify(scenario: Scenario, options: Options) -> Result:
    from model.api.verification import verify

    call: Callable[..., Result] = verify
    taken = inspect.signature(call).parameters
    return call(scenario, **{name: value for name, value in options.items() if name in taken})


def _variants_of(scenario: Scenario) -> Path:
    """The file of variants whose base is the scenario's own file."""
    from model.scenario_file.variants import base_of

    own = shipped.find(scenario.path).resolve()
    places = (own.parent, own.parent.parent / "variants")
    found = [file for place in places for file in sorted(place.glob("*.yaml")) if base_of(file) == own]
    if not found:
        raise LeftOut
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise LeftOut(f"several files of variants have this base ({names}); name one of them")
    return found[0]
