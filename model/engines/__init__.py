"""Engines by name. A new one is a module of its own and a line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.engines.contract import Engine
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
    if scenario.partition is None:
        return engine_of(name)
    if engine_of(name).follows_patients:
        from model.engines.contract import EngineError

        raise EngineError(
            f"{scenario.line('curves')}: they say how many are in each state, and not who goes where, so the {name} engine cannot "
            "follow patients by them: leave --engine out, or write 'transitions' instead of 'curves'"
        )
    return engine_of("partitioned")
