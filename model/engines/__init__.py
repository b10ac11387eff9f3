"""Engines by name. A new one is a module of its own and a line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.engines.contract import Engine
    from model.engines.refusals import Refusal
    from model.scenario import Scenario

# Loaded when asked for: whoever only lists the names need not wait for numpy.
ENGINES = {
    "cohort": "model.engines.cohort:Cohort",
    "individual": "model.engines.individual:Individual",
    "queueing": "model.engines.queueing:Queueing",
    "partitioned": "model.engines.partitioned:Partitioned",
}
NAMES = tuple(ENGINES)


@cache
def engine_of(name: str) -> Engine:
    """Raises EngineError where there is none of this name."""
    from model.engines.contract import EngineError

    if name not in ENGINES:
        raise EngineError(f"unknown engine '{name}'; engines: {', '.join(ENGINES)}")
    module, kind = ENGINES[name].split(":")
    return getattr(import_module(module), kind)()


def engine_for(scenario: Scenario, name: str) -> Engine:
    """The engine of this name, or, where the file has survival curves, the one that runs those. Raises EngineError."""
    engine = engine_of(name)
    if scenario.partition is None:
        return engine
    if engine.follows_patients:
        engine.check(scenario)
    return engine_of("partitioned")


def refused_by(scenario: Scenario) -> dict[str, list[Refusal]]:
    """What each engine cannot run, by name; an empty list where it can run the scenario. EngineError where none can."""
    from model.engines.refusals import REFUSED

    found = {name: list(REFUSED[name](scenario)) for name in NAMES}
    if all(found.values()):
        from model.engines.contract import EngineError

        told = (f"{r.where(scenario)}: the {name} engine {r.why}" for name, refused in found.items() for r in refused)
        raise EngineError("\n".join(told))
    return found
