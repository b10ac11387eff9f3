"""The benchmarks work, and their law of growth is right. Nothing is timed here."""

from __future__ import annotations

import importlib
import sys
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
