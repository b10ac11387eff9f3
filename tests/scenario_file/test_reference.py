"""Schema, reference page and loader say the same, and the scenarios that are shipped obey them."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import yaml

from model.scenario_file import json_schema, read
from model.scenario_file.reference import EXAMPLES, reference

ROOT = Path(__file__).resolve().parents[2]
# The published model takes the smaller of both curves, and says so.
MEANT = {"guma_savo_psm": ("curves.pfs.at most: 'pfs' would be above 'os', and is held at it",)}
SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))
INVALID = ROOT / "tests" / "invalid"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def loaded(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_schema_in_the_repository_is_up_to_date():
    kept = (ROOT / "schema" / "scenario.schema.json").read_text()
    assert json.loads(kept) == json_schema(), "run: python run_model.py schema > schema/scenario.schema.json"


def test_the_reference_page_is_up_to_date():
    kept = (ROOT / "docs" / "scenario-reference.md").read_text(encoding="utf-8")
    assert kept == reference(), "run: python -m model.scenario_file.reference > docs/scenario-reference.md"


def test_the_schema_is_a_json_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_scenario_shipped_obeys_the_schema_and_is_read_without_a_warning(path):
    VALIDATOR.validate(loaded(path))
    told = [
        warning for warning in read(path).warnings if not any(words in warning for words in MEANT.get(path.stem, ()))
    ]
    assert told == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_the_resolved_copy_of_every_scenario_is_the_same_scenario(path, tmp_path):
    found = read(path)
    (tmp_path / path.name).write_text(found.text, encoding="utf-8")
    VALIDATOR.validate(loaded(tmp_path / path.name))
    again = read(tmp_path / path.name)
    assert again.text == found.text and again.parameters.keys() == found.parameters.keys()
    assert again.transitions == found.transitions and again.states == found.states


@pytest.mark.parametrize("name", ["base", "per_cycle", "curves"])
def test_good_files_obey_the_schema(name):
    VALIDATOR.validate(loaded(INVALID / "good" / f"{name}.yaml"))


@pytest.mark.parametrize(
    "name",
    [
        "unknown_field",
        "unknown_field_in_move",
        "wrong_enum",
        "field_of_wrong_shape",
        "missing_fields",
        "section_of_wrong_shape",
        "missing_discount",
    ],
)
def test_the_schema_finds_what_is_wrong_with_the_shape_of_a_file(name):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(loaded(INVALID / f"{name}.yaml"))


@pytest.mark.parametrize("key", EXAMPLES)
def test_the_examples_of_the_reference_page_obey_the_schema(key):
    VALIDATOR.validate({"extends": "x.yaml", **yaml.safe_load(EXAMPLES[key])})


def test_every_yaml_block_of_the_page_is_yaml():
    blocks = re.findall(r"```yaml\n(.*?)```", reference(), re.S)
    assert len(blocks) > 15
    for block in blocks:
        yaml.safe_load(block)


@pytest.mark.parametrize("arguments", [["check"], ["check", str(INVALID / "several.yaml")], ["--help"]])
def test_check_comes_within_half_a_second_without_heavy_imports(arguments):
    """Time of the process itself; on a slow machine up to five times what NumPy and YAML alone take to load there."""
    code = f"from model.cli import main\ntry: main({arguments!r})\nexcept SystemExit: pass"
    seconds, loaded = min((_process(code) for _ in range(3)), key=lambda one: one[0])
    assert not {"scipy", "pandas", "matplotlib", "seaborn", "simpy"} & loaded
    assert seconds < max(0.5, 5 * min(_process("import numpy, yaml")[0] for _ in range(3)))


def _process(code):
    """(seconds of a process that runs `code`, modules that it loaded); not measured for coverage, which takes time of its own."""
    told = (
        f"{code}\nimport sys, time\nprint('TIME', time.process_time(), *{{m.partition('.')[0] for m in sys.modules}})"
    )
    plain = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=plain, capture_output=True, text=True, check=True)
    _, seconds, *modules = done.stdout.splitlines()[-1].split()
    return float(seconds), set(modules)


def test_a_scenario_of_a_thousand_parameters_is_read_in_seconds(tmp_path):
    text = (INVALID / "good" / "base.yaml").read_text()
    text = text.replace("strategies:\n", "".join(f"  x{i}: {{value: {i}}}\n" for i in range(1000)) + "strategies:\n")
    (tmp_path / "large.yaml").write_text(text)
    started = time.process_time()
    assert len(read(tmp_path / "large.yaml").warnings) == 1000
    assert time.process_time() - started < 5
