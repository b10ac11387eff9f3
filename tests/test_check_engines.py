"""`check` names the engines that can run a file, and all that each of the others cannot run; `run` then refuses nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

import model
from model.cli.main import main
from model.engines import NAMES
from model.engines.refusals import REFUSED, Refusal

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))
HEAD = """
title: A file of a test
currency: {code: USD}
time: {unit: year, horizon: 3 years, cycle: 1 year}
discount: {cost: 0, effect: 0}
wtp: {thresholds: [1000], curve: {to: 2000}}
strategies: {a: {}, b: {}}
"""
PLAIN = """
states: {well: {start: 1, utility: 1}, dead: {}}
transitions:
  - {from: well, to: dead, rate: 0.2 per year}
"""
FIXED = """
states: {ill: {start: 1, utility: 1}, well: {utility: 1}, dead: {}}
transitions:
  - {from: ill, to: well, survival: "fixed(1) in years", clock: CLOCK}
  - {from: ill, to: dead, rate: 0.2 per year}
"""
VARIED = FIXED.replace("fixed(1) in years", "fixed(t)").replace("CLOCK", "model") + (
    """parameters: {t: {distribution: "uniform(0.5, 2.5)", unit: year}}
"""
)
WITHIN = FIXED.replace("fixed(1)", "fixed(1.5)").replace("CLOCK", "model") + (
    "time: {unit: year, horizon: 3 years, cycle: 1 year, convention: half-cycle}\n"
)
AGED = FIXED.replace("CLOCK", "model") + (
    """  - {from: well, to: dead, survival: "weibull(shape=2, scale=3) in years", clock: state}
"""
)
FAST = """
states: {ill: {start: 1, utility: 1}, dead: {}}
transitions:
  - {from: ill, to: dead, survival: "gompertz(shape=999, rate=1) in years", clock: model}
"""
STAY = """
states: {ill: {start: 1, utility: 1}, after: {stay: 0}, well: {utility: 1}, dead: {}}
transitions:
  - {from: ill, to: after, rate: 0.2 per year}
  - {from: after, to: well, probability: 1 / (1 + time_in_state * per_year)}
  - {from: after, to: dead, probability: rest}
parameters: {per_year: {value: 1, unit: per year}}
"""
BOTH_CLOCKS = """
time: {unit: year, horizon: 3 years, cycle: 1 year, convention: start}
states: {ill: {start: 1, utility: 1}, dead: {}}
transitions:
  - {from: ill, to: dead, probability per cycle: "if(cycle_in_state <= 1, 0.1, if(time < 2 years, 0.2, 0.3))"}
"""
CURVES = """
curves: {os: {survival: "exponential(0.1) in years"}}
states: {alive: {share: os, utility: 1}, dead: {share: 1 - os, alive: false}}
"""
QUEUE = """
states: {waiting: {START, utility: 1}, theatre: {utility: 1, holds: room}, dead: {}}
resources: {room: {capacity: 1}}
arrivals: {rate: 0.1 per day}
transitions:
  - {from: waiting, to: theatre, rate: 100 per year}
  - {from: theatre, to: dead, rate: 1 per day}
"""
HELD = QUEUE.replace("START, ", "").replace("theatre: {", "theatre: {start: 1, ")
HELD_BEHIND = QUEUE.replace("START, ", "").replace("states: {", "states: {door: {start: 1, stay: 0}, ") + (
    "  - {from: door, to: theatre, probability: 0.5}\n  - {from: door, to: waiting, probability: rest}\n"
)
# what stands in the file -> engines that run it, and a text that stands in what is said of one that does not
CASES = {
    "rates": (PLAIN, {"cohort", "individual"}, "queueing: it needs 'arrivals' and 'resources'"),
    "a fixed time of the state": (FIXED.replace("CLOCK", "state"), {"individual"}, "ill -> well.survival"),
    "a fixed time of the model": (FIXED.replace("CLOCK", "model"), {"cohort", "individual"}, "not queueing"),
    "an appointment that varies": (VARIED, {"individual"}, "at up to 100 times, the same in all draws"),
    "an appointment within a cycle": (WITHIN, {"individual"}, "at the ends of cycles only"),
    "an appointment before a Weibull": (AGED, {"individual"}, "knows entries into well"),
    "a hazard beyond numbers": (FAST, {"individual"}, "this gompertz can be run by the individual"),
    "a branch by the stay before it": (STAY, {"individual"}, "after -> well.probability"),
    "probabilities by two clocks": (BOTH_CLOCKS, {"cohort"}, "by the time of the model too"),
    "survival curves": (CURVES, {"partitioned"}, "cannot follow patients by curves"),
    "queues": (QUEUE.replace("START", "start: 1"), {"cohort", "individual", "queueing"}, "not partitioned"),
    "a bed at the start": (HELD, {"cohort", "individual"}, "states.theatre.holds"),
    "a bed behind a chance node": (HELD_BEHIND, {"cohort", "individual"}, "states.theatre.holds"),
}
SMALL = {"draws": 0, "patients": 20, "replications": 2}


def written(folder, text):
    head = (
        HEAD if "\ntime:" not in text else "\n".join(line for line in HEAD.splitlines() if not line.startswith("time:"))
    )
    (folder / "case.yaml").write_text(head + text, encoding="utf-8")
    return folder / "case.yaml"


def able(result):
    table = result.tables["engines"]
    return set(table.loc[table["can_run"], "engine"])


@pytest.mark.parametrize("case", CASES)
def test_check_says_who_runs_a_file_and_what_the_others_cannot(case, tmp_path):
    text, engines, said = CASES[case]
    result = model.check(written(tmp_path, text))
    assert able(result) == engines
    assert said in result.summary
    listed = result.tables["engines"]
    assert set(listed["engine"]) == set(NAMES) and (listed["why"] == "").sum() == len(engines)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", NAMES)
def test_run_refuses_what_check_does_and_nothing_else(case, engine, tmp_path):
    text, engines, _ = CASES[case]
    path = written(tmp_path, text)
    asked = {"partitioned": "cohort"}.get(engine, engine) if "curves" in text else engine
    if engine in engines:
        model.run(path, engine=asked, **SMALL)
    elif not (engine == "cohort" and "partitioned" in engines):  # whose place it takes by itself
        with pytest.raises(model.EngineError, match=f"the {engine} engine"):
            model.run(path, engine=engine, **SMALL)


def test_a_refusal_names_file_line_and_field(tmp_path):
    path = written(tmp_path, FIXED.replace("CLOCK", "state"))
    line = (
        path.read_text(encoding="utf-8")
        .splitlines()
        .index('  - {from: ill, to: well, survival: "fixed(1) in years", clock: state}')
    )
    assert f"    {path}:{line + 1}: transitions.ill -> well.survival" in model.check(path).summary.splitlines()


def test_a_file_that_no_engine_runs_is_an_error(tmp_path, monkeypatch):
    path = written(tmp_path, FIXED.replace("CLOCK", "state"))
    for name in ("individual", "queueing"):
        monkeypatch.setitem(REFUSED, name, lambda scenario: iter([Refusal("states.ill", "cannot")]))
    assert main(["check", str(path)]) == 2


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_file_has_an_engine(path):
    assert able(model.check(path))


def test_the_command_says_so(tmp_path, capsys):
    assert main(["check", str(written(tmp_path, PLAIN))]) == 0
    assert "engines that can run it: cohort, individual" in capsys.readouterr().out


def test_checking_loads_neither_pandas_nor_simpy(tmp_path):
    path = written(tmp_path, QUEUE.replace("START", "start: 1"))
    words = f"import sys, model; print(model.check({str(path)!r}).summary); assert not {{'pandas', 'simpy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", words], check=True, cwd=ROOT)
