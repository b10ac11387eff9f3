"""Fixed times and appointments: counts that follow by hand, in every engine that follows patients."""

import math

import numpy as np
import pytest
from runs import write_scenario

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, Method
from model.draws import DomainError
from model.engines.contract import EngineError
from model.scenario_file import ScenarioError, read

TEN_YEARS = "time: {unit: year, horizon: 10 years, cycle: 1 year}\n"
CENTRE = "resources: {bed: {capacity: unlimited}}\narrivals: {rate: 1 per day}\n"
PATIENTS = 4000
ENGINES = [Method("individual", patients=PATIENTS), Method("queueing", patients=PATIENTS, replications=1)]
# Where nothing is random.
FEW = [Method("individual", patients=20), Method("queueing", patients=20, replications=1)]
exact = pytest.mark.parametrize("method", FEW, ids=lambda method: method.engine)
engines = pytest.mark.parametrize("method", ENGINES, ids=lambda method: method.engine)


def counted(found, name, method=COHORT, table=None):
    return evaluate(found, draws.base(found) if table is None else table, method).total.get(name, False)[:, 0]


def written(folder, states, moves, effects, more=TEN_YEARS):
    lines = "".join(f"  - {{{move}}}\n" for move in moves)
    text = f"states: {{{states}}}\ntransitions:\n{lines}effects: {{{effects}}}\n{CENTRE}{more}"
    return read(write_scenario(folder, text))


def error(share):
    return 5 * math.sqrt(share * (1 - share) / PATIENTS)


# --- appointments ---------------------------------------------------------------------------------------------------------

VISIT = "from: well, to: {to}, name: visit, survival: 'fixed({at}) in years', clock: model"
DIES = "from: well, to: dead, rate: 0.05 per year"
LOOPS = {
    "to the same state": ("", [VISIT.format(to="well", at=5), DIES], "count of: ['well -> well (visit)']"),
    "by way of a chance node": (
        "node: {stay: 0}, ",
        [VISIT.format(to="node", at=5), DIES, "from: node, to: well, probability: 1"],
        "count of: ['well -> node (visit)']",
    ),
    "with a stay": (
        "clinic: {utility: 1}, ",
        [VISIT.format(to="clinic", at=5), DIES, "from: clinic, to: well, survival: 'fixed(1) in hours', clock: state"],
        "count of: ['well -> clinic (visit)']",
    ),
    "with a stay of no length": (
        "clinic: {utility: 1}, ",
        [VISIT.format(to="clinic", at=5), DIES, "from: clinic, to: well, survival: 'fixed(0) in hours', clock: state"],
        "count of: ['well -> clinic (visit)']",
    ),
}


@engines
@pytest.mark.parametrize("loop", LOOPS)
def test_an_appointment_is_kept_once_by_those_alive(tmp_path, loop, method):
    states, moves, effect = LOOPS[loop]
    found = written(tmp_path, f"well: {{start: 1, utility: 1}}, {states}dead: {{}}", moves, f"visits: {{{effect}}}")
    share = math.exp(-0.25)
    assert counted(found, "visits", method) == pytest.approx([share], abs=error(share))


@engines
def test_several_appointments_are_each_kept(tmp_path, method):
    moves = [VISIT.format(to="well", at=t).replace("visit", f"at {t}") for t in (2, 4, 6)]
    labels = ", ".join(f"'well -> well (at {t})'" for t in (2, 4, 6))
    found = written(
        tmp_path, "well: {start: 1, utility: 1}, dead: {}", [*moves, DIES], f"visits: {{count of: [{labels}]}}"
    )
    shares = [math.exp(-0.05 * t) for t in (2, 4, 6)]
    assert counted(found, "visits", method) == pytest.approx([sum(shares)], abs=sum(map(error, shares)))


LATE = [
    "from: well, to: ill, rate: 0.2 per year",
    "from: ill, to: screened, survival: 'fixed(1) in years', clock: model",
]


@engines
def test_an_appointment_that_is_past_is_over(tmp_path, method):
    """Who falls ill within the year is screened at its end, the others never."""
    states = "well: {start: 1, utility: 1}, ill: {utility: 1, alive: true}, screened: {utility: 1, alive: true}"
    found = written(
        tmp_path, states, LATE, "after: {entries into: [screened]}, ill_years: {time in: [ill], unit: year}"
    )
    share = 1 - math.exp(-0.2)
    assert counted(found, "after", method) == pytest.approx([share], abs=error(share))
    # Ill before 1: until 1; later: from then until 10.
    early = 1 - (1 - math.exp(-0.2)) / 0.2
    later = 9 * math.exp(-0.2) - (math.exp(-0.2) - math.exp(-2)) / 0.2
    assert counted(found, "ill_years", method) == pytest.approx([early + later], abs=5 * 3.5 / math.sqrt(PATIENTS))


@exact
def test_an_appointment_due_at_the_moment_of_entry_counts(tmp_path, method):
    moves = [
        "from: a, to: b, survival: 'fixed(1) in years', clock: model",
        "from: b, to: c, survival: 'fixed(1) in years', clock: model",
    ]
    states = "a: {start: 1}, b: {utility: 1}, c: {utility: 1, alive: true}"
    found = written(tmp_path, states, moves, "in_b: {time in: [b], unit: year}, in_c: {time in: [c], unit: year}")
    assert counted(found, "in_b", method) == pytest.approx([0], abs=1e-9)
    assert counted(found, "in_c", method) == pytest.approx([9], rel=1e-9)


# --- the end of time, and rounding ------------------------------------------------------------------------------------------

DOSE = "from: treated, to: treated, name: dose, survival: 'fixed(3) in weeks', clock: state"
TREATED = "treated: {start: 1, utility: 1}"


@exact
@pytest.mark.parametrize("unit", ["week", "year", "month", "hour"])
def test_what_is_due_at_the_horizon_does_not_happen(tmp_path, unit, method):
    """Doses at 0, 3 .. 27 weeks within 30 weeks, whatever ten times three weeks are in binary."""
    time = f"time: {{unit: {unit}, horizon: 30 weeks, cycle: 1 week}}\n"
    found = written(tmp_path, TREATED, [DOSE], "doses: {entries into: [treated]}", time)
    assert counted(found, "doses", method).tolist() == [10]


@exact
def test_an_appointment_at_the_horizon_is_not_kept(tmp_path, method):
    visit = "from: treated, to: treated, survival: 'fixed(120) in months', clock: model"
    found = written(tmp_path, TREATED, [visit], "visits: {count of: [treated -> treated]}")
    assert counted(found, "visits", method).tolist() == [0]


# --- ties -----------------------------------------------------------------------------------------------------------------


def tie(folder, order, to="dead", at="fixed(30) in weeks", more="", unit="year"):
    moves = [DOSE, f"from: treated, to: {to}, survival: '{at}', clock: model"]
    states = f"{TREATED}, dead: {{}}, off: {{utility: 1, alive: true}}"
    time = f"time: {{unit: {unit}, horizon: 60 weeks, cycle: 1 week}}\n"
    return written(folder, states, moves[::order], "doses: {entries into: [treated]}", time + more)


@exact
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("unit", ["week", "year", "month"])
def test_of_moves_due_together_the_one_to_a_dead_state_is_made(tmp_path, order, unit, method):
    found = tie(tmp_path, order, unit=unit)
    assert counted(found, "doses", method).tolist() == [10]
    assert counted(found, "life_years", method) == pytest.approx([30 * 7 / 365.25], rel=1e-9)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("unit", ["week", "year", "month"])
def test_other_ties_are_an_error_of_the_file_with_both_lines(tmp_path, order, unit):
    with pytest.raises(ScenarioError) as caught:
        tie(tmp_path, order, to="off", unit=unit)
    lines = (tmp_path / "scenario.yaml").read_text().splitlines()
    (message,) = caught.value.problems
    for label in ("to: treated", "to: off"):
        number = next(i for i, line in enumerate(lines, 1) if label in line)
        assert f"scenario.yaml:{number}" in message
    assert "treated -> treated (dose)" in message and "treated -> off" in message and "due at the same time" in message


@exact
@pytest.mark.parametrize(("at", "doses"), [("29.99", 10), ("30.01", 11)])
def test_a_moment_earlier_or_later_decides(tmp_path, at, doses, method):
    found = tie(tmp_path, 1, to="off", at=f"fixed({at}) in weeks")
    assert counted(found, "doses", method).tolist() == [doses]


@exact
def test_a_tie_in_a_draw_only_is_an_error_of_the_run(tmp_path, method):
    more = "parameters: {t: {value: 29, distribution: 'normal(29, 1)', unit: week}}\n"
    found = tie(tmp_path, 1, to="off", at="fixed(t)", more=more)
    table = draws.repeat(found, 3).replace(t=np.array([29.0, 30.0, 31.0]))
    assert counted(found, "doses", method, draws.base(found)).tolist() == [10]
    with pytest.raises(
        DomainError, match=r"scenario.yaml:\d+: .*due at the same time as .*\(.*scenario.yaml:\d+\).* draw 1;"
    ):
        counted(found, "doses", method, table)


SAME_CLOCK = {
    "at random times, clock of the state": ("state", "rate: 0.1 per year"),
    "at random times, appointments": ("model", "rate: 0.1 per year"),
    "from the start": ("state", "survival: 'fixed(1) in years', clock: state"),
}


@pytest.mark.parametrize("how", SAME_CLOCK)
@pytest.mark.parametrize("target", ["off", "node"])
def test_two_fixed_times_of_one_clock_tie_wherever_the_state_is_entered(tmp_path, how, target):
    """A chance node is no dead state, even if it leads to one."""
    clock, entry = SAME_CLOCK[how]
    moves = [f"from: well, to: ill, {entry}", "from: node, to: dead, probability: 1"]
    moves += [f"from: ill, to: {to}, survival: 'fixed(4) in years', clock: {clock}" for to in (target, "well")]
    states = "well: {start: 1}, ill: {utility: 1}, node: {stay: 0}, dead: {}, off: {alive: true}"
    with pytest.raises(ScenarioError, match="due at the same time"):
        written(tmp_path, states, moves, "")
    moves[-1] = moves[-1].replace("to: well", "to: dead")
    assert written(tmp_path, states, moves, "").states["dead"].alive is False


def test_times_that_are_never_reached_do_not_tie(tmp_path):
    """Each dose begins a new stay: 30 weeks of one stay are never over."""
    moves = [DOSE, *(f"from: treated, to: {to}, survival: 'fixed(30) in weeks', clock: state" for to in ("off", "out"))]
    found = written(
        tmp_path, f"{TREATED}, off: {{alive: true}}, out: {{alive: true}}", moves, "doses: {entries into: [treated]}"
    )
    assert counted(found, "doses", ENGINES[0]).tolist() == [174]  # 3652.5 days / 21 days


# --- the cohort engine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_at_once_the_cohort_follows_the_same_rule(tmp_path, order):
    moves = [f"from: a, to: {to}, survival: 'fixed(0) in days', clock: state" for to in ("well", "dead")]
    found = written(tmp_path, "a: {start: 1}, well: {alive: true}, dead: {}", moves[::order], "")
    assert counted(found, "life_years").tolist() == [0]
    for method in FEW:
        assert counted(found, "life_years", method).tolist() == [0]


@pytest.mark.parametrize("t", [0.5, 1, 7.3])
def test_the_cohort_refuses_other_fixed_times(tmp_path, t):
    moves = [f"from: well, to: dead, survival: 'fixed({t}) in years', clock: state"]
    found = written(tmp_path, "well: {start: 1}, dead: {}", moves, "")
    with pytest.raises(EngineError, match="well -> dead.*individual and queueing engines"):
        counted(found, "life_years")


@pytest.mark.parametrize("t", [0.5, 1, 7.3])
def test_the_cohort_keeps_appointments(tmp_path, t):
    moves = [f"from: well, to: dead, survival: 'fixed({t}) in years', clock: model"]
    found = written(tmp_path, "well: {start: 1}, dead: {}", moves, "")
    assert counted(found, "life_years") == pytest.approx([t])
