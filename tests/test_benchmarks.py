"""The benchmarks work, and their law of growth is right. Nothing is timed here."""

from __future__ import annotations

import importlib
import math
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
MODULES = sorted(path.stem for path in FOLDER.glob("*_speed.py"))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])


def module(name):
    return importlib.import_module(name)


@pytest.mark.parametrize("name", MODULES)
def test_every_figure_is_measured(name):
    """Tiny sizes: it runs, and gives rows in the form that run.py prints."""
    rows = module(name).measure(small=True)
    assert rows
    for row in rows:
        assert {"name", "seconds"} <= set(row) <= {"name", "seconds", "target", "unit", "axis", "size", "power"}
        assert np.isfinite(row["seconds"]) and row["seconds"] >= 0
        assert ("axis" in row) == ("size" in row)


@pytest.mark.parametrize("power", [0, 0.5, 1, 2.8])
def test_the_exponent_is_that_of_a_power(power):
    sizes = np.array([4, 8, 15, 60])
    assert module("timing").exponent(sizes, 3e-4 * sizes**power) == pytest.approx(power, abs=1e-12)


def test_the_exponent_of_figures_with_noise_is_that_of_scipy():
    from scipy.stats import linregress

    sizes, seconds = [10, 20, 40, 80], [0.011, 0.019, 0.044, 0.081]
    fitted = linregress(np.log(sizes), np.log(seconds)).slope
    assert module("timing").exponent(sizes, seconds) == pytest.approx(fitted, rel=1e-12)


def test_jobs_take_turns_and_the_first_turn_does_not_count(monkeypatch):
    timing, order = module("timing"), []
    clock = iter(np.cumsum([0, 1, 0, 10, 0, 3, 0, 30, 0, 2, 0, 90]))  # begin and end of a, b, a, b, a, b
    monkeypatch.setattr(timing, "process_time", lambda: next(clock))
    medians = timing.interleaved([lambda: order.append("a"), lambda: order.append("b")], repeats=3)
    assert order == ["a", "b"] * 4
    assert medians == [2, 30]


def test_a_command_that_fails_is_told():
    with pytest.raises(RuntimeError, match="nothing_of_that_name"):
        module("timing").command("check", "nothing_of_that_name.yaml")


def test_what_is_printed(monkeypatch, capsys):
    """Rows without target, rows of a series in any order, numbers with three digits."""
    run = module("run")
    rows = [
        {"name": "plain", "seconds": 0.0123456, "target": 0.05},
        {"name": "no target", "seconds": 120.0, "unit": "MB"},
        *({"name": "grows", "axis": "draws", "size": n, "seconds": n * n * 1e-6, "power": 1} for n in (400, 100, 200)),
        {"name": "grows", "axis": "states", "size": 4, "seconds": 0.1},
    ]
    monkeypatch.setattr(run, "names", lambda wanted=(): ["made_up"])
    monkeypatch.setattr(run.importlib, "import_module", lambda name: type("M", (), {"measure": lambda: rows}))
    assert run.main([]) == 0
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    assert ["plain", "0.0123", "s", "0.0500", "0.25"] in cells
    assert ["no target", "120", "MB", "-", "-"] in cells
    assert ["grows", "draws", "100, 200, 400", "0.0100, 0.0400, 0.160", "s", "-", "2.00", "1"] in cells
    assert ["grows", "states", "4", "0.100", "s", "-", "-", "-"] in cells


def test_a_word_that_no_file_has_is_told(capsys):
    assert module("run").main(["nonesuch"]) == 2
    assert "cohort_speed" in capsys.readouterr().err


# --- other packages ---------------------------------------------------------------------------------------------


@pytest.fixture
def only(monkeypatch):
    """Which of the other packages are there."""

    def say(*packages):
        monkeypatch.setattr(module("peers"), "installed", lambda package: package in packages)

    return say


def test_packages_that_are_not_there_are_told_and_left_out(only, capsys):
    only()
    assert module("peers").main() == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["ciw", "heormodel", "simpy"]
    assert all("not installed" in line and "pip install -e '.[bench]'" in line for line in said)


def test_the_extra_has_every_package():
    text = (FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    had = {re.split(r"\W", line)[0] for line in project["dependencies"] + project["optional-dependencies"]["bench"]}
    assert {package for some in module("peers").MODULES.values() for package in some} <= had


def test_plain_simpy_waits_as_long_as_the_engine(only, capsys):
    only("simpy")
    assert module("peers").main(["simpy"], small=True) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "| simpy" in line]
    assert float(row.split("|")[6].split()[0]) < module("peer_case").ERRORS


def test_results_that_differ_are_told_and_not_timed(only, monkeypatch, capsys):
    only("simpy")
    peers, Case = module("peers"), module("peer_case").Case
    same = Case("same", "simpy", lambda: np.array([[1.0, 200.0]]), lambda: np.array([[1.0, 200.0 + 1e-8]]))
    other = Case("other", "simpy", lambda: np.array([[1.0, 200.0]]), lambda: np.array([[1.0, 200.1]]))
    shape = Case("shape", "simpy", lambda: np.zeros(2), lambda: np.zeros(3))
    monkeypatch.setattr(peers, "cases", lambda wanted, small: [same, other, shape])
    assert peers.main(small=True) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    told = {row[0]: row[2:] for row in cells if row}
    assert told["same"][3] == "5e-11"
    assert told["other"] == ["-", "-", "-", "0.0005, NOT THE SAME"]
    assert told["shape"] == ["-", "-", "-", "results of shape (2,) and (3,), NOT THE SAME"]


def test_the_difference_of_simulations_is_that_of_a_paired_t_test():
    from scipy.stats import ttest_rel

    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(size=(3, 40)), rng.normal(0.2, 1, size=(3, 40))
    found = module("peer_case").errors(ours, theirs)
    assert found == pytest.approx(np.abs(ttest_rel(ours, theirs, axis=1).statistic).max(), rel=1e-12)


def test_the_made_queue_has_the_mean_wait_of_theory():
    """M/M/3 at a load of 0.8 that begins empty: a little below Erlang's C(3, 2.4) / (3 - 2.4)."""
    queues, offered, servers = module("peer_queues"), 2.4, 3
    last = offered**servers / math.factorial(servers) / (1 - offered / servers)
    truth = last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last) / (servers - offered)
    waits = queues.plain_simpy(2000, 20)
    assert abs(waits.mean() - truth) < 4 * waits.std(ddof=1) / np.sqrt(len(waits))
