"""Importing a package without what it imports itself and seldom needs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


class Later:
    """A function, class or module that is loaded when it is called or looked into."""

    def __init__(self, module: str, name: str):
        self._module, self._name = module, name

    def _loaded(self):
        return getattr(import_module(self._module), self._name)

    def __call__(self, *arguments, **options):
        return self._loaded()(*arguments, **options)

    def __getattr__(self, name: str):
        return getattr(self._loaded(), name)


class _StandIn(ModuleType):
    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Later(self.__name__, name)


@contextmanager
def later(*modules: str) -> Iterator[None]:
    """Imports in this block get what they take from these modules as `Later`; the modules are not loaded by them.

    Nothing is deferred where other threads could import at the same time.
    """
    names = [name for name in modules if name not in sys.modules] if threading.active_count() == 1 else []
    sys.modules.update({name: _StandIn(name) for name in names})
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
