"""Calls of the package are found by their names, however often and in whatever order they are asked for."""

from importlib import import_module

from model import api


def test_no_module_has_the_name_of_a_call():
    """The import of model.api.x sets the name x in model.api, which would then be the module."""
    for name in api.NAMES:
        assert callable(getattr(api, name))
    for home in api.HOMES:
        import_module(f"model.api.{home}")
        assert home not in api.NAMES
