"""Resources, arrivals and what states hold, as a scenario file says them."""

import math

import numpy as np
import pytest
from runs import SCENARIOS, write_scenario

from model import draws, inputs
from model.draws import DomainError
from model.engines import cohort, individual
from model.scenario_file import ScenarioError, read
from model.scenario_file.opening_hours import SpanError, hours, joined

CENTRE = """
time: {unit: day, horizon: 100 days, cycle: 1 day}
groups: {walking: {weight: 0.6}, not walking: {weight: 0.4}}
resources:
  theatre: {label: Theatre, capacity: 2, open: [Mon-Fri 08:00-18:00, Sat 09:00-13:00], preemptive: true}
  bed: {capacity: unlimited}
arrivals: {rate: 3 per week, warm-up: 4 weeks, cool-down: 10 days, most waiting: 50}
states:
  waiting: {start: 1, utility: 0.5}
  operation: {utility: 0.5, holds: {resources: [theatre, bed], priority: 2, priority of: {walking: 1}}}
  ward: {utility: 0.5, holds: bed}
  home: {utility: 1}
transitions:
  - {from: waiting, to: operation, survival: "fixed(time=0) in days", clock: state}
  - {from: operation, to: ward, rate: 6 per day}
  - {from: ward, to: home, rate: 0.1 per day}
"""


def centre(tmp_path, *settings, text=CENTRE):
    return read(write_scenario(tmp_path, text), settings).system


def test_a_centre_is_read_as_it_is_written(tmp_path):
    system = centre(tmp_path)
    theatre, bed = system.resources
    assert (theatre.key, theatre.capacity, theatre.preemptive, theatre.label) == ("theatre", 2, True, "Theatre")
    assert theatre.opening == (*((24.0 * d + 8, 24.0 * d + 18) for d in range(5)), (129.0, 133.0))
    assert bed.capacity == math.inf and bed.opening == ((0.0, 168.0),)
    assert [(h.state, h.resources, h.priority, h.by_group) for h in system.holds] == [
        ("operation", ("theatre", "bed"), 2, {"walking": 1}),
        ("ward", ("bed",), 0, {}),
    ]
    assert system.arrivals.per_day == pytest.approx((3 / 7,))
    assert (system.warm_up, system.cool_down, system.most_waiting) == (28, 10, 50)


def test_a_scenario_without_arrivals_has_no_centre():
    assert read(SCENARIOS / "mscc_constant_hazards.yaml").system is None


def test_settings_change_a_centre(tmp_path):
    system = centre(
        tmp_path, "resources.theatre.capacity=5", "resources.theatre.open=always", "arrivals.rate=1 per day"
    )
    assert system.resources[0].capacity == 5 and system.resources[0].opening == ((0.0, 168.0),)
    assert system.arrivals.per_day == (1.0,)


def test_rates_by_hours_of_the_week(tmp_path):
    rate = "{Mon-Fri 08:00-18:00: 0.5 per day, Sun: 0.1 per day, otherwise: 0.2 per day}"
    rates = centre(tmp_path, text=CENTRE.replace("3 per week", rate)).arrivals.per_day
    assert len(rates) == 168
    assert (rates[7], rates[8], rates[17], rates[18]) == (0.2, 0.5, 0.5, 0.2)
    assert rates[5 * 24 + 12] == 0.2 and set(rates[6 * 24 :]) == {0.1}


def test_times_of_arrival_from_a_file(tmp_path):
    (tmp_path / "days.csv").write_text("day,group\n0.5,walking\n3,not walking\n2.25,walking\n")
    text = CENTRE.replace("rate: 3 per week", "file: days.csv")
    assert centre(tmp_path, text=text).arrivals.times == {"walking": (0.5, 2.25), "not walking": (3.0,)}


@pytest.mark.parametrize(
    "rows, message",
    [
        ("day,group\n0.5,walking\nx,walking\n", "row 3, column 'day': is a text; it must be a number"),
        ("day,group\n0.5,walking\n1e7,walking\n", "row 3, column 'day': must be 0 to 1,000,000 days"),
        ("day,group\n0.5,walking\n-1,walking\n", "row 3, column 'day': must be 0 to 1,000,000 days"),
        ("day,group\n0.5,walking\n1\n", "row 3, column 'group': is none of the groups"),
        ("day,group\n0.5,secret\n", "row 2, column 'group': is none of the groups"),
        ("when\nsecret\n", "needs the columns day, group and a row an arrival; its first row"),
        ("day,group\n", "has no rows below its header"),
        ("", "the file is empty"),
    ],
)
def test_a_file_of_arrivals_that_cannot_be_read_is_refused_without_its_cells(rows, message, tmp_path):
    (tmp_path / "days.csv").write_text(rows)
    with pytest.raises(ScenarioError, match=f"days.csv: {message}") as caught:
        centre(tmp_path, text=CENTRE.replace("rate: 3 per week", "file: days.csv"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text, spans",
    [
        ("always", [(0, 168)]),
        ("Mon", [(0, 24)]),
        ("sun 10:00-12:30", [(154, 156.5)]),
        ("08:00-09:00", [(24 * d + 8, 24 * d + 9) for d in range(7)]),
        ("Fri-Mon", [(0, 24), (96, 168)]),
        ("Sunday 22:00-06:00", [(0, 6), (166, 168)]),
        ("Mon-Tue 00:00-24:00", [(0, 48)]),
    ],
)
def test_hours_of_the_week(text, spans):
    assert list(joined(hours(text))) == spans


@pytest.mark.parametrize("text", ["", "Mon-Fri 8-18", "Mun", "Mon 08:60-09:00", "Mon 08:00-08:00", "Mon 24:30-25:00"])
def test_hours_that_cannot_be_are_refused(text):
    with pytest.raises(SpanError):
        hours(text)


# --- waited, time_in_state --------------------------------------------------------------------------------------

DELAY = """
time: {unit: day, horizon: 100 days, cycle: 1 day}
parameters: {limit: {value: 2, unit: day}}
states: {ill: {start: 1, utility: 0.5}, node: {stay: 0}, well: {utility: 1}, lame: {utility: 0.2}}
transitions:
  - {from: ill, to: node, rate: 0.5 per day}
  - {from: node, to: well, probability: 0.2 + 0.6 * (NAME <= limit)}
  - {from: node, to: lame, probability: rest}
"""


def delayed(tmp_path, name):
    scenario = read(write_scenario(tmp_path, DELAY.replace("NAME", name)))
    return inputs.dynamics(scenario, draws.base(scenario), scenario.groups["all"])


def test_branches_by_time_in_state_are_those_of_the_stay_that_ended(tmp_path):
    """P(well) = 0.2 + 0.6 P(T <= 2 days), T exponential with rate 0.5."""
    history = individual.history(delayed(tmp_path, "time_in_state"), 40_000, 1)
    at_node = history.where(history.state == 1)
    share = (at_node.transition == 1).mean()
    assert abs(share - 0.2 - 0.6 * (1 - np.exp(-1))) < 4 * 0.5 / np.sqrt(40_000)
    late = at_node.left > 2 + 1 / 24
    assert abs((at_node.transition[late] == 1).mean() - 0.2) < 4 * 0.4 / np.sqrt(late.sum())


def test_nobody_waits_where_nobody_queues(tmp_path):
    dynamics = delayed(tmp_path, "waited")
    moves = cohort.run(dynamics).transitions[0, 0, :, 0, 0]
    assert moves[1] / moves[0] == pytest.approx(0.8)
    history = individual.history(dynamics, 10_000, 1)
    assert abs((history.transition[history.state == 1] == 1).mean() - 0.8) < 4 * 0.4 / 100


def test_a_cohort_refuses_the_time_in_state(tmp_path):
    with pytest.raises(DomainError, match="the cohort engine does not know 'time_in_state' .* use --engine individual"):
        cohort.run(delayed(tmp_path, "time_in_state"))


def test_a_probability_follows_one_clock_only(tmp_path):
    with pytest.raises(ScenarioError, match="one clock only.*found time_in_state, waited"):
        delayed(tmp_path, "(waited + time_in_state)")
    with pytest.raises(ScenarioError, match="one clock only.*found time, waited"):
        delayed(tmp_path, "(waited + time)")


def test_the_old_name_of_the_time_in_state_goes_on_working_with_a_warning(tmp_path):
    old, new = (
        read(write_scenario(tmp_path, DELAY.replace("NAME", f"{n}"))) for n in ("time_since_entry", "time_in_state")
    )
    assert old.transitions[1].probability.names == new.transitions[1].probability.names
    (warning,) = set(old.warnings) - set(new.warnings)
    assert "'time_since_entry' is now called 'time_in_state'; the old name goes on working" in warning
    assert "transitions.node -> well.probability" in warning
