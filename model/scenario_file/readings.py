"""Formulas that end in a unit and can be read in two ways, as they were read when their units were checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from model.formula import Formula
from model.scenario import Scenario


def settled(scenario: Scenario, readings: Mapping[int, Formula]) -> Scenario:
    """The scenario with each formula as it is to be read. readings: by id of the formula that stands there now."""
    return _with(scenario, readings) if readings else scenario


def _with(value: Any, readings: Mapping[int, Formula]) -> Any:
    """A value with its formulas replaced; itself where nothing in it changes."""
    match value:
        case Formula():
            return readings.get(id(value), value)
        case dict():
            made = {key: _with(one, readings) for key, one in value.items()}
            return made if any(made[key] is not value[key] for key in made) else value
        case tuple():
            items = [_with(one, readings) for one in value]
            return tuple(items) if any(a is not b for a, b in zip(items, value)) else value
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return _with_fields(value, readings)
    return value


def _with_fields(value: Any, readings: Mapping[int, Formula]) -> Any:
    old = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    new = {name: _with(field, readings) for name, field in old.items()}
    changed = {name: field for name, field in new.items() if field is not old[name]}
    return dataclasses.replace(value, **changed) if changed else value
