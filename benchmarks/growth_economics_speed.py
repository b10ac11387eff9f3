"""How the time of what is done with draws grows: acceptability, value of information, tables."""

from __future__ import annotations

import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import economics_speed
import made
import numpy as np
from growth import Case, measured
from timing import Job

from model.cli import main
from model.economics.evppi import evppi, evppi_all


def _single(strategies: int, draws: int, parameters: int) -> Job:
    net_benefit, table = _known(strategies, draws, parameters)
    return lambda: evppi_all(net_benefit, {str(i): row for i, row in enumerate(table)})


def _together(strategies: int, draws: int, parameters: int) -> Job:
    net_benefit, table = _known(strategies, draws, parameters)
    return lambda: evppi(net_benefit, table)


def _known(strategies: int, draws: int, parameters: int) -> tuple[np.ndarray, np.ndarray]:
    """Net benefit [strategy, draw] that each of the parameters [parameter, draw] has a part in."""
    rng = np.random.default_rng(20240501)
    table = rng.normal(size=(parameters, draws))
    gain = 500 * table.sum(axis=0) + rng.normal(0, 1_000, (strategies - 1, draws))
    return np.concatenate([np.zeros((1, draws)), gain]), table


def _tables(strategies: int, draws: int) -> Job:
    """The command that simulates, makes all tables and writes them, without figures; the simulation is a small part of it."""
    text = made.chain(strategies=strategies, cycles=40)

    def job() -> None:
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            path = Path(folder) / "made.yaml"
            path.write_text(text, encoding="utf-8")
            code = main(["run", str(path), "--draws", str(draws), "--no-figures", "--out", str(Path(folder) / "out")])
        if code:
            raise RuntimeError(f"the command ended with {code}")

    return job


INFORMATION = {"strategies": (2, 3), "draws": (100, 200), "parameters": (2, 3)}
CASES = (
    Case(
        "CEAC, CEAF, EVPI, expected loss",
        economics_speed.job,
        {"strategies": 2, "draws": 10_000, "thresholds": 501},
        {"strategies": (2, 4, 8, 16), "draws": (10_000, 30_000, 100_000), "thresholds": (501, 1001, 2001)},
        {"strategies": (2, 3), "draws": (10, 20), "thresholds": (5, 9)},
    ),
    Case(
        "EVPPI of single parameters",
        _single,
        {"strategies": 2, "draws": 10_000, "parameters": 5},
        {"strategies": (2, 4, 8), "draws": (10_000, 30_000, 100_000), "parameters": (5, 10, 20)},
        INFORMATION,
    ),
    Case(
        "EVPPI of a group",
        _together,
        {"strategies": 2, "draws": 10_000, "parameters": 5},
        {"strategies": (2, 4, 8), "draws": (10_000, 20_000, 40_000), "parameters": (2, 4, 8, 16)},
        INFORMATION,
    ),
    Case(
        "run with all tables written, no figures",
        _tables,
        {"strategies": 2, "draws": 10_000},
        {"strategies": (2, 4, 8), "draws": (10_000, 20_000, 40_000)},
        {"strategies": (2, 3), "draws": (10, 20)},
    ),
)


def measure(small: bool = False) -> list[dict]:
    """Rows with axis and size. small: tiny sizes, to see that everything works."""
    return measured(CASES, small)
