"""What is shipped: scenarios, variants and schema are found by name from every folder, and the names of the distribution agree.

That a wheel has them is tested by .ci/use_wheel, which builds, installs and uses one.
"""

import re
import tomllib
from pathlib import Path

import pytest

import model
from model import shipped, software
from model.cli import main
from model.scenario_file import read
from model.scenario_file.variants import read_variants

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def elsewhere(tmp_path, monkeypatch) -> Path:
    """A folder with nothing in it, in which we are."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name, folder, file",
    [
        ("scenarios/mscc_decision.yaml", "scenarios", "scenarios/mscc_decision.yaml"),
        ("mscc_decision.yaml", "scenarios", "scenarios/mscc_decision.yaml"),
        ("mscc_decision.yaml", "variants", "variants/mscc_decision.yaml"),
        ("variants/mscc.yaml", "scenarios", "variants/mscc.yaml"),
        ("decision/age.yaml", "scenarios", "scenarios/decision/age.yaml"),
        ("./scenarios/mscc_trial.yaml", "scenarios", "scenarios/mscc_trial.yaml"),
    ],
)
def test_a_shipped_file_is_found_by_its_name(name, folder, file, elsewhere):
    assert shipped.find(name, folder) == ROOT / file


@pytest.mark.parametrize(
    "name",
    [
        "nothing.yaml",
        "scenarios",
        "README.md",
        "tests/runs.py",
        "../scenarios/mscc_trial.yaml",
        "/scenarios/mscc_trial.yaml",
        "",
        "a\0b",
    ],
)
def test_nothing_else_is_found(name, elsewhere):
    assert shipped.find(name) == Path(name)


def test_a_file_of_the_user_comes_before_a_shipped_one(elsewhere):
    (elsewhere / "mscc_furlan.yaml").write_text("title: mine")
    assert shipped.find("mscc_furlan.yaml") == Path("mscc_furlan.yaml")


def test_what_a_shipped_file_names_is_found_beside_it(elsewhere):
    assert read("decision/age.yaml").title.endswith("by age")  # extends ../mscc_decision.yaml
    assert read("validation/closed_forms_model_clock.yaml").tables  # a CSV
    assert read_variants("mscc.yaml").base.key == "mscc_constant_hazards"


def test_the_command_line_says_which_file_it_reads(elsewhere, capsys):
    assert main(["check", "mscc_decision.yaml"]) == 0
    said = capsys.readouterr().err
    assert f"note: no mscc_decision.yaml in this folder; reading the one that comes with the program, {ROOT}" in said
    assert main(["check", str(ROOT / "scenarios" / "mscc_decision.yaml")]) == 0
    assert "note" not in capsys.readouterr().err


def test_a_missing_file_that_is_not_shipped_is_an_error(elsewhere, capsys):
    assert main(["check", "scenarios/nothing.yaml"]) == 2
    assert capsys.readouterr().err.startswith("scenarios/nothing.yaml: no such file")


def test_the_default_scenario_runs_from_an_empty_folder(elsewhere):
    assert main(["--draws", "0", "--no-figures"]) == 0
    assert (elsewhere / "results" / "mscc_furlan" / "manifest.json").exists()


def test_every_file_is_listed_and_copied(elsewhere, capsys):
    files = {p for folder in shipped.FOLDERS for p in (ROOT / folder).rglob("*") if p.is_file()}
    assert {ROOT / name for name in shipped.names()} == files, (
        "a kind of file that shipped.py and pyproject.toml leave out"
    )
    assert main(["examples"]) == 0
    listed = capsys.readouterr().out
    assert "scenarios/mscc_furlan.yaml" in listed and "variants/mscc.yaml" in listed and ".csv" not in listed
    assert main(["examples", "mine"]) == 0
    assert all((elsewhere / "mine" / name).read_bytes() == (ROOT / name).read_bytes() for name in shipped.names())


def test_a_copy_overwrites_nothing(elsewhere, capsys):
    own = elsewhere / "variants" / "mscc.yaml"
    own.parent.mkdir()
    own.write_text("mine")
    assert main(["examples", "."]) == 2
    assert "variants/mscc.yaml exists already; nothing was copied" in capsys.readouterr().err
    assert own.read_text() == "mine" and not (elsewhere / "scenarios").exists()


def test_every_kind_of_shipped_file_is_in_the_wheel():
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for folder in shipped.FOLDERS:
        matched = {p for pattern in data[f"model.data.{folder}"] for p in (ROOT / folder).glob(pattern)}
        assert matched == {ROOT / name for name in shipped.names() if name.parts[0] == folder}
        assert f'"{folder}"' in (ROOT / "setup.py").read_text(encoding="utf-8")
    assert "py.typed" in data["model"] and (ROOT / "model" / "py.typed").exists()


def test_names_and_versions_agree():
    assert PROJECT["project"]["name"] == software.DISTRIBUTION
    assert PROJECT["project"]["scripts"] == {"run-model": "model.cli:command"}
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(model.__version__)}$", citation, re.MULTILINE)


@pytest.mark.parametrize("extra", ["cluster", "sensitivity"])
def test_messages_name_an_extra_that_exists(extra):
    assert extra in PROJECT["project"]["optional-dependencies"]
    assert software.installs(extra) == f"pip install '{PROJECT['project']['name']}[{extra}]'"
