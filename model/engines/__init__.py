"""Engines by name. A new one is a module of its own and a line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.engines.contract import Engine

# Loaded when asked for: whoever only lists the names need not wait for numpy.
ENGINES = {
    "cohort": "model.engines.cohort:Cohort",
    "individual": "model.engines.individual:Individual",
    "queueing": "model.engines.queueing:Queueing",
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
