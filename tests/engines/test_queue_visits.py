"""What the queueing engine does for a patient, counted, not timed: looks at those who wait, events, memory."""

import tracemalloc
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from runs import write_scenario

from model import draws, effort, inputs
from model.analysis.evaluate import Method, evaluate
from model.engines import desk, queueing
from model.engines.calendar import Opening
from model.engines.queueing_numbers import Diagram, Fates
from model.resources import ALWAYS, Arrivals, Hold, Resource, System
from model.scenario_file import read

HOSPITAL = """
time: {unit: day, horizon: 300 days, cycle: 1 day}
states: {waiting: {start: 1, utility: 0.5}, scan: {utility: 0.5}, surgery: {utility: 0.5}, ward: {utility: 0.5}, home: {utility: 1},
  dead: {}}
transitions:
  - {from: waiting, to: scan, survival: "fixed(time=0) in days", clock: state}
  - {from: waiting, to: dead, rate: 0.002 per day}
  - {from: scan, to: surgery, survival: "fixed(time=0.01) in days", clock: state}
  - {from: surgery, to: ward, survival: "lognormal(median=0.15, sdlog=0.3) in days", clock: state}
  - {from: ward, to: home, rate: 0.2 per day}
  - {from: ward, to: dead, survival: "weibull(shape=1.5, scale=200) in days", clock: model}
  - {from: home, to: dead, rate: 0.01 per day}
"""
DAYTIME = tuple((24.0 * day + 8, 24.0 * day + 18) for day in range(5))


def overloaded(opening=ALWAYS, preemptive=False):
    """Theatre, bed and nurse are needed together, by more than ten times as many as beds can take."""
    return System(
        (Resource("scanner", 1), Resource("theatre", 1, opening, preemptive), Resource("bed", 6), Resource("nurse", 3)),
        (
            Hold("scan", ("scanner", "nurse")),
            Hold("surgery", ("theatre", "bed", "nurse"), 1),
            Hold("ward", ("bed",), 2),
        ),
        Arrivals((20.0,)),
    )


def counted(folder, monkeypatch, system, patients):
    """How often the desk looked at a waiting patient, and how many events SimPy had."""
    scenario, found = read(write_scenario(folder, HOSPITAL)), Counter()
    part = queueing.Part(inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"]), patients, np.ones(1))
    with monkeypatch.context() as patched:
        for owner, name in ((desk.Desk, "_can"), (desk.Wake, "__init__")):
            patched.setattr(owner, name, counting(getattr(owner, name), found, name))
        queueing.simulate([part], 1, None, system)
    return found


def counting(function, found, name):
    def counted(*arguments):
        found[name] += 1
        return function(*arguments)

    return counted


@pytest.mark.parametrize("system", [overloaded(), overloaded(DAYTIME), overloaded(preemptive=True)])
def test_a_patient_costs_the_same_however_many_wait(system, tmp_path, monkeypatch):
    few, many = (counted(tmp_path, monkeypatch, system, n) for n in (500, 2000))
    for name, most in (("_can", 12), ("__init__", 8)):
        assert many[name] / 2000 < 1.15 * few[name] / 500
        assert many[name] / 2000 < most


def test_a_patient_who_need_not_wait_takes_an_event_for_his_arrival_and_one_for_each_stay_with_a_resource(
    tmp_path, monkeypatch
):
    plenty = replace(overloaded(), resources=tuple(replace(r, capacity=1000) for r in overloaded().resources))
    assert counted(tmp_path, monkeypatch, plenty, 500)["__init__"] <= 4.01 * 500


def test_requests_are_kept_where_they_are_wanted(tmp_path, monkeypatch):
    """And the estimate of a task holds what it takes, however many draws there are."""
    sizes, used = [], []
    monkeypatch.setattr(effort, "reserve", lambda size, what, lower: sizes.append(size))
    scenario = replace(read(write_scenario(tmp_path, HOSPITAL)), system=overloaded())
    for n in (4, 16):
        table = draws.repeat(scenario, n)
        tracemalloc.start()
        found = evaluate(scenario, table, Method("queueing", 300, 1))
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.requests is None and used[-1] < sizes[-1] < 20 * used[-1]
    assert sizes[0] == sizes[1] and used[1] < 1.2 * used[0]
    with_queues = evaluate(scenario, draws.repeat(scenario, 4), Method("queueing", 300, 1), queues=True)
    without = evaluate(scenario, draws.repeat(scenario, 4), Method("queueing", 300, 1))
    assert len(with_queues.requests.asked) > 1000
    np.testing.assert_array_equal(with_queues.total.values, without.total.values)


def test_the_first_event_is_that_of_all_events(tmp_path):
    """Found by one comparison of arrays, or one event at a time."""
    scenario = read(write_scenario(tmp_path, HOSPITAL))
    diagram = Diagram(inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"]))
    rng = np.random.default_rng(1)
    numbers = {(name, visit): rng.exponential(size=50) for name in diagram.names() for visit in (1, 2)}
    drawn = SimpleNamespace(of=lambda name, visit, first, early: numbers[name, visit])
    fates = Fates(diagram, drawn, 0)
    batch, seen = fates.batch(0)[0], 0
    assert diagram.plain == set(range(5))
    for state in diagram.plain:
        for place in range(50):
            for now in (0.0, 12.3, 299.0):
                arguments = (state, batch, place, 1 + place % 2, now)
                events = fates.events(*arguments, set())
                first = fates.first(*arguments)
                assert first == (events[0] if events else None)
                seen += first is not None
    assert 400 < seen < 750


def test_a_stretch_of_opening_hours_is_open_or_closed_throughout():
    rng = np.random.default_rng(2)
    for spans in (ALWAYS, DAYTIME, ((0.0, 24.0), (24.0, 48.0), (150.0, 168.0))):
        opening = Opening(spans)
        for day in rng.uniform(0, 50, 200):
            is_open, until = opening.stretch(day)
            assert is_open == opening.is_open(day) and until > day - 1e-5
            for later in rng.uniform(day, min(until, day + 30), 20):
                assert opening.is_open(later) == is_open or later >= until
