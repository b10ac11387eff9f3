"""YAML -> Scenario: the one door to scenario files. Every error in a file is reported at once."""

from model.scenario_file.problems import ScenarioError
from model.scenario_file.read import read


def json_schema() -> dict:
    """JSON Schema of a scenario file; loaded when asked for, since reading a file does not need it."""
    from model.scenario_file import editor_schema

    return editor_schema.json_schema()


__all__ = ["ScenarioError", "json_schema", "read"]
