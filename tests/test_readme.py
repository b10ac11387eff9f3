"""Every command of the README and of the guides runs (with few draws)."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "docs/engines.md", "docs/capacity.md", "docs/calibration.md", "docs/sensitivity.md"]
# What makes a command quick.
SMALL = {
    "run": ["--draws", "60"],
    "report": ["--draws", "60"],
    "sweep": [],
    "diff": [],
    "global": ["--n", "64"],
    "headroom": ["--draws", "60"],
    "voi": ["--draws", "400"],
    "converge": ["--draws", "60"],
    "variants": ["--draws", "60"],
    "calibrate": ["--starts", "1", "--draws", "300"],
    "compare": [],
    "verify": ["--draws", "200"],
    "capacity": [],
}
FEW_PATIENTS = ["--patients", "30", "--replications", "3"]


def commands():
    """(page, command) of everything that is written as `python run_model.py ...` or `run-model ...`, once."""
    seen = set()
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for found in re.findall(r"(?:python run_model\.py|run-model) ([^`\n#]+)", text):
            command = found.strip()
            if (
                not {"FILE", "DIR", "[DIR]"} & set(command.split())
                and "..." not in command
                and not command.startswith("schema")
                and command not in seen
            ):
                seen.add(command)
                yield pytest.param(command, id=f"{Path(page).stem}: {command[:70]}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with the scenarios and with the tables that the commands on results made elsewhere read."""
    for name in ("scenarios", "variants"):
        (tmp_path / name).symlink_to(ROOT / name)
    generator = np.random.default_rng(1)
    inputs = pd.DataFrame({"price": generator.gamma(4, 50, 300), "gain": generator.normal(0.1, 0.05, 300)})
    pd.DataFrame({"old": 100 + 0 * inputs["price"], "new": inputs["price"]}).to_csv(tmp_path / "cost.csv", index=False)
    pd.DataFrame({"old": 1 + 0 * inputs["gain"], "new": 1 + inputs["gain"]}).to_csv(
        tmp_path / "effect.csv", index=False
    )
    inputs.to_csv(tmp_path / "params.csv", index=False)
    pd.DataFrame({"strategy": ["a", "b"], "cost": [1, 2], "effect": [1, 2]}).to_csv(
        tmp_path / "strategies.csv", index=False
    )
    survival = pd.DataFrame({"time": generator.weibull(1.2, 80) * 10, "event": 1, "arm": ["a", "b"] * 40})
    survival.to_csv(tmp_path / "data.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("command", list(commands()))
def test_a_command_of_the_documents_runs(command, folder, capsys):
    arguments = shlex.split(command)
    small = list(SMALL.get(arguments[0], []))
    if arguments[0] in ("compare", "capacity") or "queueing" in arguments or "individual" in arguments:
        small += FEW_PATIENTS
    if "queueing" in arguments:
        small += ["--draws", "10"]
    # The last of an option given twice counts; few patients may well disagree with the cohort (exit code 1).
    assert main([*arguments, *small]) in ((0, 1) if arguments[0] == "compare" else (0,))
    printed = capsys.readouterr()
    assert printed.out and "Traceback" not in printed.err


def test_there_are_commands_to_run():
    assert len(list(commands())) > 15
