"""YAML -> Scenario: the one door to scenario files. Every error in a file is reported at once."""

from model.scenario_file.problems import ScenarioError
from model.scenario_file.read import read
from model.scenario_file.schema import json_schema

__all__ = ["ScenarioError", "json_schema", "read"]
