"""`rest` under `probability per cycle`: what the other moves out of a state leave, against products of matrices."""

import numpy as np
import pytest
from written import dynamics, scenario

from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.draws import base
from model.engines import cohort
from model.scenario_file import ScenarioError

THREE = """time: {unit: year, horizon: 4 years, cycle: 1 year, convention: start}
states: {a: {start: 1, utility: 1}, b: {utility: 0.5, cost: 100 USD per year}, dead: {}}
transitions:
  - {from: a, to: dead, probability per cycle: "0.1 + 0.05 * floor(time / 2 years)"}
  - {from: a, to: b, probability per cycle: 0.2}
  - {from: a, to: a, probability per cycle: rest}
  - {from: b, to: dead, probability per cycle: 0.3}
  - {from: b, to: a, probability per cycle: rest, cost: 10 USD}
"""


def occupancy():
    state, found = np.array([1.0, 0, 0]), []
    for cycle in range(4):
        found.append(state)
        die = 0.1 if cycle < 2 else 0.15
        state = state @ np.array([[0.8 - die, 0.2, die], [0.7, 0, 0.3], [0, 0, 1]])
    return np.array([*found, state])


def test_the_trace_is_that_of_the_matrix_whose_rows_add_up_to_1(tmp_path):
    found = cohort.run(dynamics(scenario(tmp_path, THREE)), trace=True)
    np.testing.assert_allclose(found.trace[:, 0, 0], occupancy(), atol=1e-14)


def test_costs_of_the_rest_are_paid_by_those_who_make_it(tmp_path):
    made = scenario(tmp_path, THREE)
    trace = occupancy()
    paid = evaluate(made, base(made)).total.get("cost", False)[0, 0]
    assert paid == pytest.approx(100 * trace[:4, 1].sum() + 10 * 0.7 * trace[:4, 1].sum(), rel=1e-12)


def test_patients_make_the_rest_as_often(tmp_path):
    made = scenario(tmp_path, THREE)
    found = evaluate(made, base(made), Method("individual", patients=40_000))
    assert (qaly := found.total.get("qaly", False)[0, 0]) == pytest.approx(
        evaluate(made, base(made)).total.get("qaly", False)[0, 0], rel=0.01
    ), qaly


def test_alone_it_is_everyone_and_beside_1_nobody(tmp_path):
    text = "time: {unit: year, horizon: 3 years, cycle: 1 year, convention: start}\nstates: {a: {start: 1, utility: 1}, b: {utility: 1}, dead: {}}\n"
    one = text + "transitions: [{from: a, to: b, probability per cycle: rest}]"
    found = cohort.run(dynamics(scenario(tmp_path, one)), trace=True).trace[:, 0, 0]
    np.testing.assert_allclose(found, [[1, 0, 0], *[[0, 1, 0]] * 3], atol=1e-15)
    three = "".join(
        f", {{from: a, to: dead, name: n{i}, probability per cycle: {p}}}" for i, p in enumerate((0.1, 0.2, 0.7))
    )
    none = text + f"transitions: [{{from: a, to: b, probability per cycle: rest}}{three}]"
    found = cohort.run(dynamics(scenario(tmp_path, none)), trace=True).trace[:, 0, 0]
    np.testing.assert_allclose(found, [[1, 0, 0], *[[0, 0, 1]] * 3], atol=1e-12)


def test_others_above_1_leave_no_rest(tmp_path):
    with pytest.raises(ScenarioError, match=r"a -> a.probability per cycle \(the rest\): -0.1 is outside"):
        scenario(tmp_path, THREE.replace("to: b, probability per cycle: 0.2", "to: b, probability per cycle: 1"))


@pytest.mark.parametrize(
    ("die", "chance"),
    [
        ("0.1 * cycle_in_state", lambda cycle, stay: 0.1 * stay),
        ("0.1 * cycle_in_state + 0.02 * cycle", lambda cycle, stay: 0.1 * stay + 0.02 * cycle),
    ],
)
def test_the_rest_of_what_goes_by_the_cycle_of_the_stay(tmp_path, die, chance):
    """Those in b either die or come back to a; written out by the cycle in which they came."""
    text = f"""time: {{unit: year, horizon: 5 years, cycle: 1 year, convention: start}}
states: {{a: {{start: 1, utility: 1}}, b: {{utility: 0.5}}, c: {{utility: 0.1}}, dead: {{}}}}
transitions:
  - {{from: a, to: b, probability per cycle: 0.4}}
  - {{from: b, to: dead, probability per cycle: "{die}"}}
  - {{from: b, to: c, probability per cycle: 0.2}}
  - {{from: b, to: a, probability per cycle: rest}}
  - {{from: c, to: dead, probability per cycle: "{die}"}}
  - {{from: c, to: c, name: again, probability per cycle: 0.1}}
  - {{from: c, to: a, probability per cycle: rest}}
"""
    a, dead, expected = 1.0, 0.0, []
    stays = {"b": np.zeros(6), "c": np.zeros(6)}  # by the cycle of the stay from 1
    for cycle in range(1, 7):
        expected.append([a, stays["b"].sum(), stays["c"].sum(), dead])
        p = np.array([0.0, *(chance(cycle, stay) for stay in range(1, 6))])
        b, c = stays["b"], stays["c"]
        back = (b * (1 - p - 0.2)).sum() + (c * (1 - p - 0.1)).sum()
        dead += ((b + c) * p).sum()
        stays = {"b": np.eye(6)[1] * 0.4 * a, "c": np.eye(6)[1] * (0.2 * b.sum() + 0.1 * c.sum())}
        a = 0.6 * a + back
    found = cohort.run(dynamics(scenario(tmp_path, text)), trace=True).trace[:, 0, 0]
    np.testing.assert_allclose(found, expected, atol=1e-14)
