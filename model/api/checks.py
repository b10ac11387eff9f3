"""A scenario read, and checked. Loads no more than that needs: an answer comes in half a second."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.scenario import Scenario

if TYPE_CHECKING:
    from model.api.asked import Settings, Source
    from model.report.result import Result


def read(path: str | Path, settings: Settings = ()) -> Scenario:
    """The scenario in a file, with other settings than it states. Its warnings are in `Scenario.warnings`.

    >>> list(read("scenarios/mscc_furlan.yaml", {"horizon": "2 years"}).strategies)
    ['radiotherapy', 'surgery']

    Raises ScenarioError, which lists every problem as 'file:line: field: what was found, what is allowed'.
    """
    return _opened(path, settings)


def check(source: Source, settings: Settings = ()) -> Result:
    """Reads a scenario, evaluates its base case, and tells which engines can run it and what is worth a look.

    Of each engine that cannot, `tables["engines"]` and the summary name every construct that it cannot run. Errors are raised as
    ScenarioError.

    >>> print(check("scenarios/mscc_furlan.yaml").summary.splitlines()[0])
    scenarios/mscc_furlan.yaml: no errors, 0 warnings; 2 strategies, 4 states, 6 transitions, 22 parameters
    """
    from model.engines import refused_by
    from model.report.check_report import report

    scenario = source if isinstance(source, Scenario) and not settings else _opened(source, settings)
    result = report(scenario, refused_by(scenario))
    result.warnings = scenario.warnings
    result.folder = Path("results", scenario.key.strip(".") or "scenario", "check")
    result.manifest = {
        "scenario": scenario.path,
        "settings": list(scenario.settings),
        "warnings": list(scenario.warnings),
    }
    return result


def diagram(source: Source, settings: Settings = (), *, strategy: str | None = None, format: str = "svg") -> str:
    """The states and transitions of a scenario, its decision tree or its survival curves, as the text of a picture.

    strategy: formulas with what this strategy binds in the place of names; if not stated, formulas as written. format: 'svg', a
    picture that needs no other file, or 'mermaid', the text of a flowchart.

    >>> diagram("scenarios/mscc_furlan.yaml", format="mermaid").splitlines()[1]
    'flowchart LR'

    Raises DecisionError where there is no such strategy or format.
    """
    from model.decision import DecisionError
    from model.report import diagram as pictures
    from model.suggestions import did_you_mean

    scenario = source if isinstance(source, Scenario) and not settings else _opened(source, settings)
    for what, found, allowed in (("strategy", strategy, scenario.strategies), ("format", format, pictures.FORMATS)):
        if found is not None and found not in allowed:
            hint = did_you_mean(found, allowed)
            raise DecisionError(f"{what}: there is no '{found}'.{hint} Allowed: {', '.join(allowed)}")
    draw = pictures.svg if format == "svg" else pictures.mermaid
    return draw(scenario, strategy or "")


def _opened(source: Source, settings: Settings) -> Scenario:
    from model.api.asked import Asked

    return Asked(settings=settings).scenario(source)
