"""The queueing engine against queueing theory, and the rules of waiting."""

import dataclasses
import math

import numpy as np
import pytest
from runs import write_scenario
from scipy import stats

import model
from model import draws, inputs
from model.analysis import queues
from model.analysis.evaluate import Method, evaluate
from model.draws import DomainError
from model.engines import queueing
from model.engines.calendar import Opening, poisson_times
from model.engines.load import offered_load
from model.engines.queueing_patient import AFTER
from model.history import Requests
from model.intervals import standard_error
from model.resources import Arrivals, Hold, Resource, ResourceError, System
from model.scenario_file import read

SERVER = (Hold("service", ("server",)),)
OFFICE = tuple((24.0 * day + 8, 24.0 * day + 16) for day in range(5))
SERVICE = """
time: {unit: day, horizon: 100000 days, cycle: 1000 days}
states: {waiting: {start: 1, utility: 0.5}, service: {utility: 1}, done: {}}
transitions:
  - {from: waiting, to: service, survival: "fixed(time=0) in days", clock: state}
  - {from: service, to: done, survival: "exponential(rate=1) in days", clock: state}
"""


def dynamics_of(folder, text, n=1):
    scenario = read(write_scenario(folder, text))
    return inputs.dynamics(scenario, draws.repeat(scenario, n), next(iter(scenario.groups.values())))


def system(capacity=1, per_day=0.8, holds=SERVER, **more):
    resource = {k: more.pop(k) for k in ("opening", "preemptive") if k in more}
    return System((Resource("server", capacity, **resource),), holds, Arrivals((per_day,)), **more)


def waiting_at(requests, days):
    """Patients of one world in the queue at each of `days` (those who ask at that moment not counted)."""
    return np.searchsorted(np.sort(requests.asked), days) - np.searchsorted(
        np.sort(requests.asked + requests.wait), days
    )


def within(values, truth, errors=4):
    values = np.asarray(values, float)
    return abs(values.mean() - truth) < errors * standard_error(values)


def worlds(requests):
    return list(queues._worlds(requests))


# --- queueing theory --------------------------------------------------------------------------------------------


def erlang_c(servers: int, offered: float) -> float:
    """Probability of waiting in M/M/c (Erlang 1917)."""
    last = offered**servers / math.factorial(servers) / (1 - offered / servers)
    return last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)


@pytest.mark.slow
@pytest.mark.parametrize("servers, per_day", [(1, 0.7), (3, 2.4)])
def test_mean_wait_and_queue_are_those_of_m_m_c(servers, per_day, tmp_path):
    """Wq = C(c, a) / (c mu - lambda); the queue that arrivals see is lambda Wq (Little's law and PASTA)."""
    made = system(servers, per_day, warm_up=200)
    part = queueing.Part(dynamics_of(tmp_path, SERVICE, 20), 4000, np.ones(20))
    _, requests = queueing.simulate([part], 1, None, made)
    truth = erlang_c(servers, per_day) / (servers - per_day)
    assert within(queues.waits(requests)["mean"], truth)
    seen, waited = [], []
    for world in worlds(requests):
        own = world.patient >= 0
        seen.append(waiting_at(world, world.asked[own]).mean())
        waited.append(world.wait[own].mean())
    assert within(seen, per_day * truth)
    assert within(np.array(seen) - per_day * np.array(waited), 0)
    busy = [
        queues.utilisation(world, made, 0, 200, world.asked[world.patient == 3999][0]) for world in worlds(requests)
    ]
    assert within(busy, per_day / servers)


def priority_classes(tmp_path, preemptive):
    """Requests and histories of two classes with arrival rates 0.3 and 0.45 a day and service rate 1."""
    holds = (Hold("service", ("server",), by_group={"urgent": 0, "elective": 1}),)
    made = system(1, 0.75, holds, preemptive=preemptive, warm_up=200, cool_down=100)
    dynamics = dynamics_of(tmp_path, SERVICE, 20)
    parts = [
        queueing.Part(dynamics, n, np.full(20, share), key)
        for key, share, n in (("urgent", 0.4, 1600), ("elective", 0.6, 2400))
    ]
    return queueing.simulate(parts, 1, None, made)


@pytest.mark.slow
def test_mean_waits_of_two_priority_classes_are_cobhams(tmp_path):
    """W1 = W0 / (1 - r1), W2 = W0 / ((1 - r1) (1 - r)) with W0 = rho / mu (Cobham 1954)."""
    _, requests = priority_classes(tmp_path, preemptive=False)
    for group, truth in ((0, 0.75 / 0.7), (1, 0.75 / (0.7 * 0.25))):
        assert within(queues.waits(requests.where(requests.group == group))["mean"], truth)


@pytest.mark.slow
def test_mean_stays_under_pre_emption_are_those_of_preemptive_resume(tmp_path):
    """T1 = 1 / (mu - l1); T2 = (1 / mu) / ((1 - r1) (1 - r)) (Kleinrock 1976, section 3.5)."""
    histories, _ = priority_classes(tmp_path, preemptive=True)
    for found, truth in zip(histories, (1 / 0.7, 1 / (0.7 * 0.25))):
        served = found.transition == 1
        total = np.bincount(found.draw[served], found.left[served], minlength=20)
        assert within(total / found.shape[2], truth)


# --- the rules of waiting ---------------------------------------------------------------------------------------

LOSING = """
time: {unit: day, horizon: 200 days, cycle: 1 day}
states: {walking: {start: 1, utility: 0.5}, surgery: {utility: 0.5}, lame: {utility: 0.2}, well: {utility: 1}, dead: {}}
transitions:
  - {from: walking, to: surgery, survival: "fixed(time=0) in days", clock: state}
  - {from: walking, to: lame, rate: 0.2 per day}
  - {from: walking, to: dead, rate: 0.05 per day}
  - {from: surgery, to: well, survival: "fixed(time=0.5) in days", clock: state}
  - {from: lame, to: dead, rate: 0.1 per day}
  - {from: well, to: dead, rate: 0.01 per day}
"""
THEATRE = (Hold("surgery", ("server",)),)


def losing(tmp_path, made, n=2000):
    part = queueing.Part(dynamics_of(tmp_path, LOSING), n, np.ones(1))
    (found,), requests = queueing.simulate([part], 1, None, made)
    return part.dynamics, found, requests


def test_who_waits_is_exposed_to_his_other_hazards(tmp_path):
    """Nobody is treated for 1,000 days: everyone leaves the first state by losing ambulation or dying, 4 to 1."""
    closed = ((167.0, 168.0),)
    _, found, requests = losing(tmp_path, system(1, 1000, THEATRE, opening=closed, most_waiting=10**6))
    early = requests.asked < 4
    assert np.isnan(requests.granted[early & (requests.left < 6)]).all()
    left = found.left[found.state == 0]
    lame, dead = (int(((found.state == 0) & (found.transition == t)).sum()) for t in (1, 2))
    assert stats.binomtest(lame, lame + dead, 0.8).pvalue > 0.001
    untreated = left[(left < 4)]
    assert stats.kstest(1 - np.exp(-0.25 * untreated), stats.uniform(scale=1 - np.exp(-1)).cdf).pvalue > 0.001


def test_history_says_how_long_each_waited(tmp_path):
    _, found, requests = losing(tmp_path, system(1, 1.5, THEATRE))
    first = found.state == 0
    assert np.allclose(found.waited[first], found.left[first] - found.entered[first])
    np.testing.assert_allclose(np.sort(found.waited[first]), np.sort(requests.wait), atol=1e-9)
    assert (found.waited[~first] == 0).all()
    assert found.waited.max() > 0.5


def test_units_are_never_used_twice_at_once(tmp_path):
    for capacity in (1, 2):
        _, _, requests = losing(tmp_path, system(capacity, 5, THEATRE))
        treated = ~np.isnan(requests.granted)
        moments = requests.granted[treated]
        in_use = np.searchsorted(np.sort(moments), moments, side="right") - np.searchsorted(
            np.sort(requests.left[treated]), moments, side="right"
        )
        assert in_use.max() == capacity


def test_first_come_first_served(tmp_path):
    _, _, requests = losing(tmp_path, system(1, 3, THEATRE))
    served = requests.where(~np.isnan(requests.granted))
    order = np.argsort(served.asked)
    assert (np.diff(served.granted[order]) >= 0).all()


def test_patients_are_taken_in_opening_hours_only(tmp_path):
    _, _, requests = losing(tmp_path, system(2, 4, THEATRE, opening=OFFICE))
    granted = requests.granted[~np.isnan(requests.granted)]
    assert granted.size and all(Opening(OFFICE).is_open(day) for day in granted)
    weekday = (requests.asked % 7 < 5) & (requests.asked % 1 > 8.2 / 24) & (requests.asked % 1 < 8.4 / 24)
    assert np.nanmin((requests.granted - requests.asked)[weekday]) == 0


def test_more_capacity_never_loses_more_patients(tmp_path):
    lost = []
    for capacity in (1, 2, 4, math.inf):
        _, found, _ = losing(tmp_path, system(capacity, 3, THEATRE))
        lost.append(((found.state == 0) & (found.transition == 1)).sum())
    assert lost == sorted(lost, reverse=True) and lost[0] > 2 * lost[2] and lost[-1] == 0


def test_resources_needed_together_are_held_together(tmp_path):
    both = System(
        (Resource("surgeon", 1), Resource("theatre", 2)), (Hold("surgery", ("theatre", "surgeon")),), Arrivals((3.0,))
    )
    _, _, requests = losing(tmp_path, both)
    surgeon, theatre = (requests.where(requests.resource == r) for r in (0, 1))
    np.testing.assert_array_equal(
        surgeon.granted[np.argsort(surgeon.patient)], theatre.granted[np.argsort(theatre.patient)]
    )
    assert np.nanmax(surgeon.wait) > 0


def test_a_patient_keeps_his_bed_until_the_next_one_is_free(tmp_path):
    """A ward of one bed behind a theatre of one: who is operated on blocks the theatre until the bed is free."""
    text = LOSING.replace(
        "  - {from: lame",
        '  - {from: well, to: dead, name: home, survival: "fixed(time=3) in days", clock: state}\n  - {from: lame',
    )
    made = System(
        (Resource("theatre", 1), Resource("bed", 1)),
        (Hold("surgery", ("theatre",)), Hold("well", ("bed",))),
        Arrivals((2.0,)),
    )
    part = queueing.Part(dynamics_of(tmp_path, text), 300, np.ones(1))
    (found,), requests = queueing.simulate([part], 1, None, made)
    theatre, bed = (requests.where((requests.resource == r) & ~np.isnan(requests.granted)) for r in (0, 1))
    until = dict(zip(bed.patient.tolist(), bed.granted.tolist()))
    assert all(left == until[p] for p, left in zip(theatre.patient.tolist(), theatre.left.tolist()) if p in until)
    assert (theatre.left - theatre.granted).max() > 1
    assert found.waited[found.state == 1].max() > 0.5


def test_patients_of_the_warm_up_and_after_use_resources_but_are_not_recorded(tmp_path):
    _, found, requests = losing(tmp_path, system(1, 2, THEATRE, warm_up=30, cool_down=20), n=100)
    early, late = (requests.patient < 0) & (requests.patient > -AFTER), requests.patient <= -AFTER
    assert found.row.max() == requests.patient.max() == 99 and early.sum() > 30 and late.sum() > 10
    assert requests.asked[early].max() < 30 <= requests.asked[requests.patient >= 0].min()
    assert requests.asked[late].max() > requests.asked[requests.patient >= 0].max()


def test_a_wait_goes_on_when_the_patient_becomes_something_else_that_needs_the_same():
    """Patient 0 asks on day 1, loses walking on day 2, asks again and is treated on day 4; patient 1 dies waiting; patient 2
    asks anew after a day at home."""

    def days(*values):
        return np.array(values, float)

    zero = np.zeros(5, int)
    requests = Requests(
        zero,
        zero,
        zero,
        np.array([0, 1, 2, 0, 2]),
        zero,
        zero + 1,
        np.array([1, 1, 1, 2, 1]),
        np.array([2, 9, 0, -1, -1]),
        asked=days(1, 1, 1, 2, 3),
        granted=days(np.nan, np.nan, np.nan, 4, 3),
        left=days(2, 3, 2, 5, 6),
    )
    whole = requests.whole()
    assert whole.patient.tolist() == [0, 1, 2, 2] and whole.wait.tolist() == [3, 2, 1, 0]
    assert whole.state.tolist() == [2, 1, 1, 1]
    assert queues.first_asked(whole).tolist() == [1, 1, 1, 1]
    found = queues.waits(requests)
    assert [found[name][0] for name in ("patients", "mean", "never treated", "within 48 h")] == [3, 1.5, 0.5, 0.25]
    since = queues.since_first(whole, queues.first_asked(whole))
    assert since == {"mean": 2.5, "median": 2.5, "within 24 h": 0.0, "within 48 h": 0.25}
    nobody = requests.where(np.zeros(5, bool))
    assert len(nobody.whole().asked) == 0 and nobody.patients == 0


def test_streams_do_not_depend_on_the_order_of_events(tmp_path):
    """Capacity changes who is treated when, but neither arrivals nor what befalls those who are never treated."""
    few, many = (losing(tmp_path, system(c, 3, THEATRE))[1].sorted() for c in (1, 2))
    lame = [dict(zip(f.row[f.state == 2].tolist(), (f.left - f.entered)[f.state == 2].tolist())) for f in (few, many)]
    shared = [row for row in lame[1] if row in lame[0] and lame[1][row] < 100 and lame[0][row] < 100]
    assert len(shared) > 50
    np.testing.assert_allclose([lame[0][r] for r in shared], [lame[1][r] for r in shared], rtol=1e-9, atol=1e-9)


def test_a_backlog_without_bound_is_a_clear_stop(tmp_path):
    with pytest.raises(DomainError, match="resources.server: more than 50 patients wait on day .*; more arrive"):
        losing(tmp_path, system(1, 500, THEATRE, most_waiting=50))


def test_waits_of_a_queue_that_treats_nobody_are_unknown_not_an_error(tmp_path):
    requests = losing(tmp_path, system(1, 2, THEATRE))[2]
    never = dataclasses.replace(requests, granted=np.full(len(requests.asked), np.nan))
    found = queues.waits(never)
    assert np.isnan(found["mean"]).all() and (found["never treated"] == 1).all() and (found["within 24 h"] == 0).all()


def test_start_in_a_state_that_holds_is_a_clear_error(tmp_path):
    with pytest.raises(DomainError, match="states.walking.holds: .* gives patients who start here no state to wait in"):
        losing(tmp_path, system(1, 1, (Hold("walking", ("server",)),)))


def test_offered_load_is_requests_over_what_a_unit_can_serve(tmp_path):
    """Service of 0.5 days from 8 to 16 on weekdays: two begin a day (at 8, and at 20 there is none), so one a day."""
    scenario = dataclasses.replace(read(write_scenario(tmp_path, LOSING)), system=system(2, 3, THEATRE, opening=OFFICE))
    assert offered_load(scenario)["server"] == pytest.approx(3 / (2 * 5 / 7), rel=0.01)
    always = dataclasses.replace(scenario, system=system(2, 3, THEATRE))
    assert offered_load(always)["server"] == pytest.approx(3 * 0.5 / 2, rel=0.01)


def test_opening_hours_until_a_day():
    hours = Opening(OFFICE).hours_until
    assert hours(np.array([0, 8 / 24, 12 / 24, 5, 7, 8.5])) * 24 == pytest.approx([0, 0, 4, 40, 40, 52])


def test_replications_give_the_same_with_any_number_of_workers(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    scenario = read(write_scenario(tmp_path, LOSING + "groups: {a: {weight: 0.3}, b: {weight: 0.7}}\n"))
    scenario = dataclasses.replace(scenario, system=system(1, 1.5, THEATRE))
    alone = evaluate(scenario, draws.base(scenario), Method("queueing", 60, 10), queues=True)
    with ThreadPoolExecutor(2) as executor:
        shared = evaluate(scenario, draws.base(scenario), Method("queueing", 60, 10, executor), queues=True)
    for group in ("all", "a", "b"):
        np.testing.assert_array_equal(alone.outcomes[group].values, shared.outcomes[group].values)
        assert (alone.simulated[group].se[1] >= 0).all()
    np.testing.assert_array_equal(alone.requests.wait, shared.requests.wait)


PLANNED = """
groups: {urgent: {weight: 0.5}, elective: {weight: 0.5}}
time: {unit: day, horizon: 50 days, cycle: 1 day}
states: {waiting: {start: 1, utility: 0.5}, service: {utility: 1}, done: {}}
transitions:
  - {from: waiting, to: service, survival: "fixed(time=0) in days", clock: state}
  - {from: service, to: done, survival: "fixed(time=1) in days", clock: state}
"""


def ends_of_service(tmp_path, urgent, elective, preemptive=True):
    """Days on which service ends, of patients who arrive at given days."""
    scenario = read(write_scenario(tmp_path, PLANNED))
    made = System(
        (Resource("server", 1, preemptive=preemptive),),
        (Hold("service", ("server",), by_group={"urgent": 0, "elective": 1}),),
        Arrivals(times={"urgent": urgent, "elective": elective}),
    )
    parts = [
        queueing.Part(inputs.dynamics(scenario, draws.base(scenario), group), len(times), np.ones(1), key)
        for (key, group), times in zip(scenario.groups.items(), (urgent, elective))
    ]
    found, _ = queueing.simulate(parts, 1, None, made)
    return [
        (np.array(days) + f.left[f.transition == 1][np.argsort(f.row[f.transition == 1])]).tolist()
        for days, f in zip((urgent, elective), found)
    ]


def test_pre_empted_service_is_resumed_where_it_stopped(tmp_path):
    assert ends_of_service(tmp_path, (0.5,), (0.0,)) == [[1.5], [2.0]]
    assert ends_of_service(tmp_path, (0.5,), (0.0,), preemptive=False) == [[2.0], [1.0]]


def test_pre_empted_patients_come_back_before_later_ones_and_can_be_pre_empted_again(tmp_path):
    urgent, elective = ends_of_service(tmp_path, (0.25, 1.5), (0.0, 0.1))
    assert urgent == [1.25, 2.5] and elective == [3.0, 4.0]


def test_pre_emption_at_the_very_moment_of_the_grant(tmp_path):
    """The second elective patient is granted the server on day 1, when the urgent one arrives and takes it."""
    urgent, elective = ends_of_service(tmp_path, (1.0,), (0.0, 0.5))
    assert sorted(urgent + elective) == [1.0, 2.0, 3.0] and urgent == [2.0]


# --- joint needs, opening hours, pre-emption: lives of a few patients, reckoned by hand --------------------------

OFFICE_HOURS = "Mon-Fri 08:00-18:00"
NIGHT = """
time: {{unit: day, horizon: 60 days, cycle: 1 day}}
groups: {{lo: {{weight: 0.5}}, hi: {{weight: 0.5}}}}
resources: {{theatre: {{label: Theatre, capacity: 1, open: "{open}", preemptive: {preemptive}}}, bed: {{capacity: 1}}}}
arrivals: {{file: days.csv}}
states:
  waiting: {{start: 1, utility: 1}}
  surgery: {{utility: 1, holds: {{resources: {needs}, priority of: {{hi: 0, lo: 1}}}}}}
  ward: {{utility: 1, holds: {{resources: [{ward}], priority of: {{hi: 0, lo: {later}}}}}}}
  home: {{utility: 1}}
transitions:
  - {{from: waiting, to: surgery, survival: "fixed(time=0) in days", clock: state}}
  - {{from: surgery, to: ward, survival: "fixed(time={surgery}) in hours", clock: state}}
  - {{from: ward, to: home, survival: "fixed(time={stay}) in hours", clock: state}}
"""


def grants(tmp_path, days, needs="[theatre, bed]", surgery=1, stay=10, text=NIGHT, **more):
    """Hours, from Monday 0:00, at which each patient first has the first of what surgery needs; by group and number."""
    (tmp_path / "days.csv").write_text("day,group\n" + "".join(f"{day},{group}\n" for day, group in days))
    facts = {"open": OFFICE_HOURS, "preemptive": "false", "ward": "bed", "later": 1} | more
    scenario = read(write_scenario(tmp_path, text.format(needs=needs, surgery=surgery, stay=stay, **facts)))
    parts = [
        queueing.Part(
            inputs.dynamics(scenario, draws.base(scenario), group), sum(g == key for _, g in days), np.ones(1), key
        )
        for key, group in scenario.groups.items()
    ]
    _, requests = queueing.simulate(parts, 1, None, scenario.system)
    own = requests.where(~np.isnan(requests.granted))
    found = {}
    for group, patient, hour in sorted(zip(own.group.tolist(), own.patient.tolist(), (24 * own.granted).tolist())):
        found.setdefault((list(scenario.groups)[group], patient), hour)
    return {key: round(hour, 4) for key, hour in found.items()}


def test_a_bed_that_falls_free_at_night_is_had_when_the_theatre_opens(tmp_path):
    """The first leaves the ward on Monday at 20:00; the second, there since 10:00, is operated on Tuesday at 8:00."""
    found = grants(tmp_path, [(9 / 24, "lo"), (10 / 24, "lo"), (30, "hi")])
    assert found["lo", 0] == 9 and found["lo", 1] == 24 + 8


def test_resources_asked_for_together_are_one_wait_in_tables_and_figure(tmp_path):
    """The patients above: 0 and 22 hours for both, and nobody waits for the bed alone."""
    from model.analysis.queue_results import queues_of, requested

    days = [(9 / 24, "lo"), (10 / 24, "lo"), (30, "hi"), (40, "hi")]
    grants(tmp_path, days)
    found = model.run(tmp_path / "scenario.yaml", engine="queueing", patients=4, replications=2)
    waits = found.tables["waits"].query("group == 'lo' and measure == 'mean wait'")
    assert waits[["resource", "mean"]].values.tolist() == [["theatre + bed", pytest.approx(11)]]
    # A resource has its own use, and those who wait for it alone or with others.
    queue = found.tables["resource_use"].query("measure == 'mean queue length'").set_index("resource")["mean"]
    assert queue["theatre"] == queue["bed"] > 0
    assert list(requested(queues_of(found.run)).values()) == [("theatre + bed", "Theatre + bed")]


def test_two_resources_that_open_at_different_hours_are_had_when_both_are_open(tmp_path):
    text = NIGHT.replace("bed: {{capacity: 1}}", 'bed: {{capacity: 1, open: "Tue 12:00-13:00"}}')
    found = grants(tmp_path, [(9 / 24, "lo"), (30, "hi")], text=text)
    assert found["lo", 0] == 24 + 12


def test_a_patient_of_higher_priority_takes_his_place_when_it_opens(tmp_path):
    """The first begins on Monday at 17:00 and takes two days; the urgent one comes at 20:00 and has the theatre on Tuesday
    at 8:00, for two days; then the first has it back."""
    days = [(17 / 24, "lo"), (20 / 24, "hi"), (30, "lo"), (30, "hi")]
    found = grants(tmp_path, days, "[theatre]", surgery=48, stay=0.5, preemptive="true")
    assert found["lo", 0] == 17 and found["hi", 0] == 24 + 8


def test_a_patient_of_higher_priority_takes_his_place_when_what_else_he_needs_falls_free(tmp_path):
    """The bed is taken until 10:00, the theatre by another from 9:00 on: the urgent one, there since 9:30, takes it at 10:00."""
    text = """
time: {{unit: day, horizon: 60 days, cycle: 1 day}}
groups: {{lo: {{weight: 0.4, w: 0}}, hi: {{weight: 0.3, w: 1}}, bed: {{weight: 0.3, w: 2}}}}
resources: {{theatre: {{capacity: 1, preemptive: true}}, bed: {{capacity: 1}}}}
arrivals: {{file: days.csv}}
states:
  waiting: {{start: 1, utility: 1}}
  node: {{stay: 0}}
  long: {{utility: 1, holds: {{resources: [theatre], priority: 5}}}}
  both: {{utility: 1, holds: {{resources: [theatre, bed], priority: 1}}}}
  lies: {{utility: 1, holds: bed}}
  home: {{utility: 1}}
transitions:
  - {{from: waiting, to: node, survival: "fixed(time=0) in days", clock: state}}
  - {{from: node, to: long, probability: "if(w == 0, 1, 0)"}}
  - {{from: node, to: both, probability: "if(w == 1, 1, 0)"}}
  - {{from: node, to: lies, probability: rest}}
  - {{from: long, to: home, survival: "fixed(time=5) in days", clock: state}}
  - {{from: both, to: home, survival: "fixed(time=1) in hours", clock: state}}
  - {{from: lies, to: home, survival: "fixed(time=2) in hours", clock: state}}
"""
    days = [(8 / 24, "bed"), (9 / 24, "lo"), (9.5 / 24, "hi")]
    assert grants(tmp_path, days, text=text) == {("bed", 0): 8, ("lo", 0): 9, ("hi", 0): 10}


def test_of_those_who_come_at_the_same_moment_the_one_of_higher_priority_is_first(tmp_path):
    """Whole days of arrival, as a table may have them: all of one day come at 0:00."""
    found = grants(tmp_path, [(1, "lo"), (1, "hi"), (1, "lo")], "[theatre]", surgery=2, stay=1, open="always")
    assert found == {("hi", 0): 24, ("lo", 0): 26, ("lo", 1): 28}


def test_who_has_waited_all_night_comes_before_who_arrives_at_the_opening(tmp_path):
    """08:00 written with too few digits is a moment before or after the opening, and no different from it."""
    for at_eight in ("0.3333333333", "0.3333333334"):
        found = grants(tmp_path, [(0.1, "lo"), (at_eight, "lo"), (30, "hi")], "[theatre]", surgery=2)
        assert found["lo", 0] == 8 and found["lo", 1] == 10


def test_priority_is_that_of_the_state_a_patient_is_in(tmp_path):
    """In the ward, where he keeps the theatre, the first has a lower priority than the one who waits, and loses it."""
    days = [(9 / 24, "lo"), (9.5 / 24, "lo"), (30, "hi")]
    kept = {"ward": "theatre", "preemptive": "true", "stay": 20}
    assert grants(tmp_path, days, "[theatre]", surgery=2, later=1, **kept)["lo", 1] == 24 + 8
    assert grants(tmp_path, days, "[theatre]", surgery=2, later=2, **kept)["lo", 1] == 11


def test_who_takes_another_branch_after_the_wait_does_not_hold_what_that_does_not_need(tmp_path):
    """After a day in the queue for the theatre he goes to the ward instead, whose bed is taken until hour 60: the third
    patient, who came after him, has the theatre meanwhile."""
    text = """
time: {{unit: day, horizon: 60 days, cycle: 1 day}}
parameters: {{limit: {{value: 10.5, unit: hour}}}}
groups: {{lo: {{weight: 0.4, w: 0}}, hi: {{weight: 0.3, w: 1}}, bed: {{weight: 0.3, w: 2}}}}
resources: {{theatre: {{capacity: 1}}, bed: {{capacity: 1}}}}
arrivals: {{file: days.csv}}
states:
  waiting: {{start: 1, utility: 1}}
  node: {{stay: 0}}
  again: {{stay: 0}}
  surgery: {{utility: 1, holds: theatre}}
  lies: {{utility: 1, holds: bed}}
  rests: {{utility: 1, holds: bed}}
  home: {{utility: 1}}
transitions:
  - {{from: waiting, to: node, survival: "fixed(time=0) in days", clock: state}}
  - {{from: node, to: rests, probability: "if(w == 2, 1, 0)"}}
  - {{from: node, to: again, probability: rest}}
  - {{from: again, to: lies, probability: "if(waited > limit, 1, 0)"}}
  - {{from: again, to: surgery, probability: rest}}
  - {{from: surgery, to: home, survival: "fixed(time=24) in hours", clock: state}}
  - {{from: lies, to: home, survival: "fixed(time=1) in hours", clock: state}}
  - {{from: rests, to: home, survival: "fixed(time=60) in hours", clock: state}}
"""
    days = [(0, "bed"), (0, "lo"), (0.1, "lo"), (0.9, "hi")]
    found = grants(tmp_path, days, text=text)
    assert found == {("bed", 0): 0, ("lo", 0): 0, ("lo", 1): 60, ("hi", 0): 24}


def test_who_loses_the_ability_to_walk_goes_to_the_back_of_his_new_queue(tmp_path):
    """One theatre, three days each; who waits two days changes and asks anew, behind the one who came on day 1.2."""
    text = LOSING.replace("rate: 0.2 per day", 'survival: "fixed(time=2) in days", clock: state')
    text = text.replace("time=0.5", "time=3").replace("0.05 per day", "0 per day").replace("0.1 per day", "0 per day")
    text += '  - {from: lame, to: surgery, survival: "fixed(time=0) in days", clock: state}\n'
    made = System((Resource("server", 1),), THEATRE, Arrivals(times={"all": (0.0, 0.5, 1.2)}))
    _, requests = queueing.simulate([queueing.Part(dynamics_of(tmp_path, text), 3, np.ones(1))], 1, None, made)
    had = requests.where(~np.isnan(requests.granted))
    assert dict(zip(had.patient.tolist(), had.granted.tolist())) == pytest.approx({0: 0.0, 2: 3.0, 1: 6.0})
    assert np.sort(requests.asked[requests.patient == 1]).tolist() == [0.5, 2.5]


# --- arrivals and opening hours ---------------------------------------------------------------------------------


def test_poisson_arrivals_follow_the_hours_of_the_week():
    rates = tuple(24.0 if 8 <= hour % 24 < 18 else 2.4 for hour in range(168))
    days = poisson_times(Arrivals(rates), 0.5, 3.3, np.random.default_rng(1).standard_exponential(20_000))
    assert days[0] > 3.3 and (np.diff(days) > 0).all()
    hours = np.bincount((days % 7 * 24).astype(int), minlength=168)
    weeks = (days[-1] - 3.3) / 7
    assert stats.chisquare(hours, np.array(rates) / sum(rates) * len(days)).pvalue > 0.001
    assert len(days) / weeks == pytest.approx(sum(rates) / 24 * 0.5, rel=4 / np.sqrt(len(days)))


def test_arrivals_at_given_times(tmp_path):
    given = System((Resource("server", 1),), THEATRE, Arrivals(times={"all": (0.0, 0.25, 9.0)}))
    _, _, requests = losing(tmp_path, given, 3)
    assert requests.asked.tolist() == [0.0, 0.25, 9.0]
    with pytest.raises(
        DomainError, match="3 patients of group 'all' arrive after the warm-up, but 4 are to be followed"
    ):
        losing(tmp_path, given, 4)


def test_a_group_of_weight_0_takes_nothing_from_the_others(tmp_path):
    dynamics = dynamics_of(tmp_path, LOSING)
    made = system(1, 3, THEATRE, warm_up=10)
    alone, asked = queueing.simulate([queueing.Part(dynamics, 50, np.ones(1), "some")], 1, None, made)
    parts = [queueing.Part(dynamics, n, np.array([w]), key) for key, n, w in (("nobody", 2, 0.0), ("some", 50, 1.0))]
    found, requests = queueing.simulate(parts, 1, None, made)
    np.testing.assert_array_equal(found[1].left, alone[0].left)
    np.testing.assert_array_equal(
        np.sort(requests.wait[requests.patient >= 0]), np.sort(asked.wait[asked.patient >= 0])
    )
    # They are treated at once, when all others have left.
    assert len(np.unique(found[0].row)) == 2 and found[0].waited[0] == 0


def test_a_group_so_rare_that_its_patients_hardly_come_is_a_clear_error(tmp_path):
    dynamics = dynamics_of(tmp_path, LOSING)
    parts = [
        queueing.Part(dynamics, n, np.array([w]), key) for key, n, w in (("rare", 2, 1e-9), ("some", 50, 1 - 1e-9))
    ]
    with pytest.raises(DomainError, match="until 2 patients of group 'rare' have come, .* arrive in 666,666,667 days"):
        queueing.simulate(parts, 1, None, system(1, 3, THEATRE))


def test_next_opening_goes_over_the_weekend():
    opening = Opening(OFFICE)
    assert opening.is_open(8 / 24) and not opening.is_open(16 / 24) and not opening.is_open(5.5)
    assert opening.next_opening(4.9) == pytest.approx(7 + 8 / 24)
    assert opening.next_opening(0.1) == pytest.approx(8 / 24)
    assert opening.share == pytest.approx(40 / 168)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Resource("theatre", 0), "resources.theatre: capacity must be a whole number above 0, found 0"),
        (lambda: Resource("theatre", 1, ((10.0, 8.0),)), "opening must be spans that follow each other"),
        (lambda: Arrivals(), "give either rates per day or times"),
        (lambda: Arrivals((1.0, 2.0)), "one for each of the 168 hours"),
        (lambda: System((), (Hold("ward", ("bed",)),), Arrivals((1.0,))), "states.ward.holds: unknown resource 'bed'"),
        (lambda: Hold("ward", ("bed", "bed")), "states.ward.holds: 'bed' stands twice"),
        (
            lambda: System(tuple(Resource(f"r{i}", 1) for i in range(51)), (), Arrivals((1.0,))),
            "51 of them; at most 50",
        ),
        (lambda: Arrivals((2.4e10,)), "allowed: from one in 1,000,000 days to 2,000,000 a day"),
        (lambda: Arrivals((1e-7,)), "1e-07 patients a day; allowed"),
        (lambda: Arrivals(times={"all": (0.0, 2e6)}), "days are counted up to 1,000,000"),
        (lambda: System((), (), Arrivals((1.0,)), warm_up=1e7), "arrivals.warm-up: 10,000,000 days; allowed"),
        (lambda: System((), (), Arrivals((9.0,)), cool_down=1e6), "are 9,000,000 arrivals whom nobody follows"),
    ],
)
def test_what_cannot_be_is_a_clear_error(make, message):
    with pytest.raises(ResourceError, match=message):
        make()


def test_mean_queue_between_two_days_is_the_integral_of_the_queue():
    n = np.zeros(2, int)
    requests = Requests(
        n, n, n, n, n, n + 1, n, n - 1, np.array([1.0, 2.5]), np.array([3.0, np.nan]), np.array([4.0, 4.5])
    )
    assert queues.waiting_between(requests, np.array([0.0, 2, 3, 5])) == pytest.approx([0.5, 1.5, 0.75])
    assert queues.in_use_between(requests, np.array([0.0, 2, 3.5, 5])) == pytest.approx([0, 0.5 / 1.5, 0.5 / 1.5])


# --- many visits ------------------------------------------------------------------------------------------------


def test_ten_fractions_of_radiotherapy_one_a_weekday(tmp_path):
    """A visit is a state that holds the linac; between two visits the patient is at home, and comes the next morning."""
    states = "".join(f"  visit {i}: {{utility: 1, holds: linac}}\n  home {i}: {{utility: 1}}\n" for i in range(1, 11))
    moves = "".join(
        f"  - {{from: visit {i}, to: home {i}, survival: fixed(time=0.25) in hours, clock: state}}\n"
        for i in range(1, 11)
    )
    moves += "".join(
        f"  - {{from: home {i}, to: visit {i + 1}, survival: fixed(time=16) in hours, clock: state}}\n"
        for i in range(1, 10)
    )
    (tmp_path / "days.csv").write_text("day\n4.5\n")
    scenario = read(
        write_scenario(
            tmp_path,
            f"""
time: {{unit: day, horizon: 100 days, cycle: 1 day}}
resources: {{linac: {{capacity: 1, open: "Mon-Fri 09:00-17:00"}}}}
arrivals: {{file: days.csv}}
states:
  referred: {{start: 1, utility: 1}}
{states}transitions:
  - {{from: referred, to: visit 1, survival: fixed(time=0) in days, clock: state}}
{moves}""",
        )
    )
    dynamics = inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])
    _, requests = queueing.simulate([queueing.Part(dynamics, 1, np.ones(1))], 1, None, scenario.system)
    days = requests.granted.astype(int)
    # Referred on a Friday at noon (day 4): the first fraction at once, then on the weekdays of two weeks.
    assert days.tolist() == [4, 7, 8, 9, 10, 11, 14, 15, 16, 17]
    assert (requests.granted[1:] % 1 * 24).round(6).tolist() == [9.0] * 9
