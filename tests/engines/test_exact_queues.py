"""Queues whose exact answer is known: Erlang's formula, and Markov chains with joint needs, priorities, pre-emption and reneging.
They hold both the queueing engine and the event loop that is its oracle (tests/event_loop.py)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from event_loop import Centre, Exit, Patient, Resource, State
from runs import write_scenario
from scipy import sparse
from scipy.sparse.linalg import spsolve

from model import draws, inputs
from model.engines import queueing
from model.scenario_file import read

# Class "one" needs the theatre; class "two", which comes first, the theatre and a bed. Rates a day.
ARRIVE, SERVE, RENEGE = {"one": 2.0, "two": 1.2}, {"one": 1.5, "two": 2.0}, {"one": 0.3, "two": 0.5}
THEATRES, BEDS = 2, 1
REPLICATIONS, RECRUITS, WARM_UP = 16, 1500, 30.0


# --- exact: a Markov chain of the numbers in service, waiting and interrupted ------------------------------------


def settled(one, two, wait_one, wait_two, broken, preemptive):
    """After all who can be served are: class two first, and of class one the interrupted first."""
    while True:
        if wait_two and two < BEDS and one + two < THEATRES:
            two, wait_two = two + 1, wait_two - 1
        elif wait_two and two < BEDS and one and preemptive:
            one, broken, two, wait_two = one - 1, broken + 1, two + 1, wait_two - 1
        elif broken and one + two < THEATRES:
            one, broken = one + 1, broken - 1
        elif wait_one and one + two < THEATRES:
            one, wait_one = one + 1, wait_one - 1
        else:
            return one, two, wait_one, wait_two, broken


def next_states(state, most):
    one, two, wait_one, wait_two, broken = state
    if wait_one < most:
        yield ARRIVE["one"], (one, two, wait_one + 1, wait_two, broken)
    if wait_two < most:
        yield ARRIVE["two"], (one, two, wait_one, wait_two + 1, broken)
    yield one * SERVE["one"], (one - 1, two, wait_one, wait_two, broken)
    yield two * SERVE["two"], (one, two - 1, wait_one, wait_two, broken)
    yield wait_one * RENEGE["one"], (one, two, wait_one - 1, wait_two, broken)
    yield wait_two * RENEGE["two"], (one, two, wait_one, wait_two - 1, broken)


def exact(preemptive, most=22):
    """(mean days waited by class, those of interruptions included; share who give up by class)."""
    places, todo, rates = {(0, 0, 0, 0, 0): 0}, [(0, 0, 0, 0, 0)], []
    while todo:
        state = todo.pop()
        for rate, after in next_states(state, most):
            if rate:
                after = settled(*after, preemptive)
                if after not in places:
                    places[after] = len(places)
                    todo.append(after)
                rates.append((places[state], places[after], rate))
    source, target, rate = map(np.array, zip(*rates))
    n = len(places)
    flow = sparse.coo_matrix((rate, (target, source)), (n, n)).tolil()
    flow.setdiag(flow.diagonal() - np.bincount(source, rate, n))
    flow[0] = 1
    p = spsolve(flow.tocsc(), np.eye(1, n)[0])
    mean = p @ np.array(list(places))
    assert p[[place for state, place in places.items() if max(state) == most]].sum() < 1e-6
    waited = {"one": (mean[2] + mean[4]) / ARRIVE["one"], "two": mean[3] / ARRIVE["two"]}
    return waited, {"one": RENEGE["one"] * mean[2] / ARRIVE["one"], "two": RENEGE["two"] * mean[3] / ARRIVE["two"]}


def test_the_chain_without_beds_and_reneging_is_erlangs_formula(monkeypatch):
    """M/M/2 for both classes together, with one rate of service: the mean wait by Erlang C."""
    monkeypatch.setattr("test_exact_queues.SERVE", {"one": 2.0, "two": 2.0})
    monkeypatch.setattr("test_exact_queues.RENEGE", {"one": 0.0, "two": 0.0})
    monkeypatch.setattr("test_exact_queues.BEDS", 99)
    waited, _ = exact(False, most=60)
    load, total = 1.6, 3.2
    delayed = load**2 / 2 / (1 - load / 2)
    delayed /= 1 + load + delayed
    mean = (2.0 * waited["one"] + 1.2 * waited["two"]) / total
    assert mean == pytest.approx(delayed / (4.0 - total), rel=1e-4)


# --- the event loop ---------------------------------------------------------------------------------------------


def looped(preemptive, rng):
    """(mean days waited, share who give up) by class, of one replication of the event loop."""
    states = {"gone": State(), "done": State()}
    for c, needs in (("one", {"theatre"}), ("two", {"theatre", "bed"})):
        renege, serve = lambda p, n, v, now, r=RENEGE[c]: now + rng.exponential(1 / r), SERVE[c]
        states[f"waits {c}"] = State(
            exits=(Exit("asks", f"served {c}", lambda p, n, v, now: now), Exit("leaves", "gone", renege))
        )
        done = Exit("ends", "done", lambda p, n, v, now, r=serve: now + rng.exponential(1 / r), stops=True)
        states[f"served {c}"] = State(frozenset(needs), {"one": 1, "two": 0}, (done,))
    centre = Centre({"theatre": Resource(THEATRES, (), preemptive), "bed": Resource(BEDS)}, states)
    end, patients = WARM_UP + RECRUITS / sum(ARRIVE.values()), []
    for c, rate in ARRIVE.items():
        days = np.cumsum(rng.exponential(1 / rate, int(2 * rate * end)))
        patients += [Patient((c, i), c, day, f"waits {c}", 400.0) for i, day in enumerate(days[days < end])]
    centre.run(patients)
    own = [p for p in patients if p.arrived > WARM_UP]
    by_class = {c: [p for p in own if p.group == c] for c in ARRIVE}
    return (
        {c: np.mean([p.waited for p in these]) for c, these in by_class.items()},
        {c: np.mean([p.log[0][3] == "leaves" for p in these]) for c, these in by_class.items()},
    )


def agrees(found, truth):
    """Each of the replications' means, within four standard errors, and those small enough to tell."""
    for measure, exact_values in enumerate(truth):
        for c, value in exact_values.items():
            values = np.array([one[measure][c] for one in found])
            error = values.std(ddof=1) / math.sqrt(len(values))
            assert abs(values.mean() - value) < 4 * error, (measure, c, values.mean(), value, error)
            assert error < 0.05 * value, (measure, c)


@pytest.mark.slow
@pytest.mark.parametrize("preemptive", [False, True])
def test_the_event_loop_is_the_markov_chain(preemptive):
    rng = np.random.default_rng(1)
    agrees([looped(preemptive, rng) for _ in range(REPLICATIONS)], exact(preemptive))


# --- the engine -------------------------------------------------------------------------------------------------

TEXT = """
time: {{unit: day, horizon: 400 days, cycle: 1 day}}
resources: {{theatre: {{capacity: {theatres}, preemptive: {preemptive}}}, bed: {{capacity: {beds}}}}}
arrivals: {{rate: {rate} per day, warm-up: {warm_up} days, cool-down: 20 days}}
groups: {{one: {{weight: {one}, r: {renege[one]} per day}}, two: {{weight: {two}, r: {renege[two]} per day}}}}
states:
  waits: {{start: 1, utility: 1}}
  sorts: {{stay: 0}}
  served one: {{utility: 1, holds: {{resources: [theatre], priority: 1}}}}
  served two: {{utility: 1, holds: {{resources: [bed, theatre], priority: 0}}}}
  done: {{}}
  gone: {{}}
transitions:
  - {{from: waits, to: sorts, survival: "fixed(time=0) in days", clock: state}}
  - {{from: sorts, to: served one, probability: is_one}}
  - {{from: sorts, to: served two, probability: rest}}
  - {{from: waits, to: gone, rate: r}}
  - {{from: served one, to: done, survival: "exponential(rate={serve[one]}) in days", clock: state}}
  - {{from: served two, to: done, survival: "exponential(rate={serve[two]}) in days", clock: state}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("preemptive", [False, True])
def test_the_engine_is_the_markov_chain(preemptive, tmp_path):
    total = sum(ARRIVE.values())
    text = TEXT.format(
        theatres=THEATRES, beds=BEDS, preemptive=str(preemptive).lower(), rate=total, warm_up=WARM_UP, renege=RENEGE,
        one=ARRIVE["one"] / total, two=ARRIVE["two"] / total, serve=SERVE,
    ).replace("one: {weight", "one: {is_one: 1, weight").replace("two: {weight", "two: {is_one: 0, weight")  # fmt: skip
    scenario = read(write_scenario(tmp_path, text))
    table = draws.repeat(scenario, REPLICATIONS)
    table = replace(table, index=np.arange(REPLICATIONS))
    parts = [
        queueing.Part(
            inputs.dynamics(scenario, table, group),
            round(RECRUITS * ARRIVE[key] / total),
            np.full(REPLICATIONS, ARRIVE[key] / total),
            key,
        )
        for key, group in scenario.groups.items()
    ]
    histories, _ = queueing.simulate(parts, 1, table.index, scenario.system)
    waited, left = {}, {}
    for part, h in zip(parts, histories):
        waited[part.stream] = np.bincount(h.draw, h.waited, REPLICATIONS) / part.patients
        gone = h.state == part.dynamics.states.index("waits")
        gone &= h.transition == [m.label for m in part.dynamics.transitions].index("waits -> gone")
        left[part.stream] = np.bincount(h.draw[gone], minlength=REPLICATIONS) / part.patients
    found = [tuple({c: v[i] for c, v in m.items()} for m in (waited, left)) for i in range(REPLICATIONS)]
    agrees(found, exact(preemptive))
