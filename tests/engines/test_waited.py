"""`waited` is the time in all queues so far: patients at given times, stays of given lengths, every wait known."""

import numpy as np
import pytest
from runs import write_scenario

import model
from model import draws, inputs
from model.engines import queueing
from model.scenario_file import read

TWO_QUEUES = """
time: {{unit: day, horizon: 50 days, cycle: 1 day}}
parameters: {{limit: {{value: 1, unit: day}}}}
resources: {{scanner: {{capacity: 1}}, theatre: {{capacity: 1}}}}
arrivals: {{file: days.csv}}
states:
  referred: {{start: 1, utility: 1}}
  scan: {{utility: 1, holds: scanner}}
  listed: {{utility: 1}}
  operation: {{utility: 1, holds: theatre}}
  after: {{stay: 0}}
  well: {{utility: 1}}
  lame: {{utility: 0.5}}
transitions:
  - {{from: referred, to: scan, survival: "fixed(time=0) in days", clock: state}}
  - {{from: scan, to: listed, survival: "fixed(time={scan}) in days", clock: state}}
  - {{from: listed, to: operation, survival: "fixed(time=0) in days", clock: state}}
  - {{from: operation, to: after, survival: "fixed(time={operation}) in days", clock: state}}
  - {{from: after, to: lame, probability: waited > limit}}
  - {{from: after, to: well, probability: rest}}
effects: {{lamed: {{count of: [after -> lame]}}}}
"""
RECALLED = """
time: {unit: day, horizon: 50 days, cycle: 1 day}
parameters: {limit: {value: 1.5, unit: day}}
groups: {urgent: {weight: 0.5}, elective: {weight: 0.5}}
resources: {theatre: {capacity: 1, preemptive: true}}
arrivals: {file: days.csv}
states:
  referred: {start: 1, utility: 1}
  operation: {utility: 1, holds: {resources: [theatre], priority of: {urgent: 0, elective: 1}}}
  after: {stay: 0}
  well: {utility: 1}
  lame: {utility: 0.5}
transitions:
  - {from: referred, to: operation, survival: "fixed(time=0) in days", clock: state}
  - {from: operation, to: after, survival: "fixed(time=1) in days", clock: state}
  - {from: after, to: lame, probability: waited > limit}
  - {from: after, to: well, probability: rest}
"""


def written(folder, text, arrivals):
    (folder / "days.csv").write_text("\n".join(arrivals) + "\n")
    return write_scenario(folder, text)


def histories(path, patients):
    """Scenario, and the history of each group, of so many patients each."""
    scenario = read(path)
    parts = [
        queueing.Part(inputs.dynamics(scenario, draws.base(scenario), group), n, np.ones(1), key)
        for (key, group), n in zip(scenario.groups.items(), patients)
    ]
    return scenario, queueing.simulate(parts, 1, None, scenario.system)[0]


def waits_in(scenario, history, state):
    """Days queued during the stay in a state, by patient."""
    own = history.where(history.state == list(scenario.states).index(state))
    return own.waited[np.argsort(own.row)]


def lame(scenario, history):
    return sorted(history.row[history.state == list(scenario.states).index("lame")].tolist())


@pytest.mark.parametrize(
    "scan, operation, first_wait, second_wait, ends_lame",
    [
        (1, 1.6, 0.5, 0.6, True),
        (1, 1.4, 0.5, 0.4, False),
        (2, 0.5, 1.5, 0.0, True),
        (0.5, 1.75, 0.0, 1.25, True),
    ],
)
def test_waits_in_two_queues_add_up(scan, operation, first_wait, second_wait, ends_lame, tmp_path):
    """Two patients half a day apart: the second waits for the scanner, then for the theatre; the limit is one day."""
    path = written(tmp_path, TWO_QUEUES.format(scan=scan, operation=operation), ["day", "0", "0.5"])
    scenario, (history,) = histories(path, [2])
    assert waits_in(scenario, history, "referred") == pytest.approx([0, first_wait], abs=1e-12)
    assert waits_in(scenario, history, "listed") == pytest.approx([0, second_wait], abs=1e-12)
    assert lame(scenario, history) == ([1] if ends_lame else [])


def test_outcomes_show_who_waited_too_long_in_both_queues_together(tmp_path):
    path = written(tmp_path, TWO_QUEUES.format(scan=1, operation=1.6), ["day", "0", "0.5"])
    outcomes = model.run(path, engine="queueing", patients=2, replications=2).tables["outcomes"]
    found = outcomes[outcomes.discounted == "false"].set_index("outcome")["mean"]
    # The second is lame from day 4.2 after the first arrival, so 3.7 days after his own.
    assert found["lamed"] == 0.5
    assert found["qaly"] * 365.25 == pytest.approx((50 + 3.7 + 0.5 * 46.3) / 2)


def test_a_patient_does_not_inherit_the_waits_of_another(tmp_path):
    """The third comes when both queues are empty."""
    path = written(tmp_path, TWO_QUEUES.format(scan=1, operation=1.6), ["day", "0", "0.5", "20"])
    scenario, (history,) = histories(path, [3])
    assert lame(scenario, history) == [1]


def test_waits_within_one_stay_add_up(tmp_path):
    """The elective patient loses the theatre on days 0.25 and 1.75, for a day each; the limit is a day and a half."""
    arrivals = ["day,group", "0,elective", "0.25,urgent", "1.75,urgent"]
    scenario, (urgent, elective) = histories(written(tmp_path, RECALLED, arrivals), [2, 1])
    assert waits_in(scenario, elective, "operation") == pytest.approx([2.0])
    assert lame(scenario, elective) == [0] and lame(scenario, urgent) == []
