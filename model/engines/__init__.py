"""Engines by name. A new one is a module of its own and a line here."""

from __future__ import annotations

from model.engines.cohort import Cohort
from model.engines.contract import Engine, EngineError
from model.engines.individual import Individual
from model.engines.queueing import Queueing

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Cohort(), Individual(), Queueing())}


def engine_of(name: str) -> Engine:
    """Raises EngineError where there is none of this name."""
    if name not in ENGINES:
        raise EngineError(f"unknown engine '{name}'; engines: {', '.join(ENGINES)}")
    return ENGINES[name]
