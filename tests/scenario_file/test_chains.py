"""Parameters that are defined by parameters: a chain of any length, one message for one circle, faults where they stand."""

import numpy as np
import pytest
from test_invalid import GOOD, problems
from written import level, write

from model import draws
from model.analysis.run import run
from model.sample import Sample
from model.scenario_file import ScenarioError, read


def chained(folder, formulas, last):
    """Rate of death `last`; parameters x0, x1 .. by `formulas`."""
    lines = "\n".join(f"  x{i}: {{value: {text}}}" for i, text in enumerate(formulas))
    return write(
        folder,
        f"parameters:\n{lines}\n  per_year: {{value: 1, unit: per year}}\n"
        "states: {well: {start: 1, utility: 1}, dead: {}}\n"
        f"transitions:\n  - {{from: well, to: dead, rate: {last} * per_year}}\n",
    )


@pytest.mark.parametrize("length", [70, 3000])
def test_a_chain_of_parameters_may_have_any_length(tmp_path, length):
    path = chained(tmp_path, ["0.25", *(f"x{i} + 0.0001" for i in range(length))], f"x{length}")
    found = read(path)
    assert level(found)[0] == pytest.approx(0.25 + 0.0001 * length, rel=1e-9)
    total = run(found, Sample(0)).base.total.get("life_years", discounted=False)[0, 0]
    rate = 0.25 + 0.0001 * length
    assert total == pytest.approx((1 - np.exp(-10 * rate)) / rate, rel=1e-9)


def test_a_chain_of_bindings_may_have_any_length(tmp_path):
    bindings = ", ".join(["x0: 0.5", *(f"x{i + 1}: x{i} * 1" for i in range(1000))])
    path = write(
        tmp_path,
        f"strategies: {{care: {{{bindings}}}}}\nparameters: {{per_year: {{value: 1, unit: per year}}}}\n"
        "states: {well: {start: 1}, dead: {}}\n"
        "transitions:\n  - {from: well, to: dead, rate: x1000 * per_year}\n",
    )
    assert level(read(path))[0] == 0.5


def test_a_long_chain_is_sampled_through(tmp_path):
    path = chained(tmp_path, ["0.2", *(f"x{i} * 1" for i in range(500))], "x500")
    path.write_text(path.read_text().replace("x0: {value: 0.2}", 'x0: {distribution: "gamma(mean=0.2, cv=0.1)"}'))
    found = read(path)
    from model import inputs

    sample = draws.probabilistic(found, Sample(5, 1))
    moves = inputs.dynamics(found, sample, found.groups["all"]).transitions
    assert np.array_equal(moves[0].level.at(0.0)[0], sample.column("x0"))


@pytest.mark.parametrize("length", [2, 1501])
def test_a_circle_of_parameters_is_one_message(tmp_path, length):
    path = chained(tmp_path, [f"x{(i + 1) % length} * 2" for i in range(length)], "x1")
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (message,) = caught.value.problems
    assert "x0.value: 'x0' is defined by itself: x0 -> x1" in message and message.endswith("-> x0")
    assert len(message) < 700


def test_two_circles_are_two_messages(tmp_path):
    path = chained(tmp_path, ["x1", "x0", "x3", "x2", "x0 + x2"], "x4")
    with pytest.raises(ScenarioError) as caught:
        read(path)
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("hr_drug=abc", "--set hr_drug=abc: parameters.hr_drug.value: unknown name 'abc'"),
        ("u_sick=nan", "--set u_sick=nan: parameters.u_sick.value: unknown name 'nan'"),
        ("hr_drug=time", "--set hr_drug=time: parameters.hr_drug.value: 'time' can be used in rates"),
        ("strategies.drug.hr=foo", "--set strategies.drug.hr=foo: strategies.drug.hr: unknown name 'foo'"),
        ("strategies.drug.hr=c_drug + u_sick", "strategies.drug.hr: 'c_drug + u_sick' mixes money and a plain number"),
    ],
)
def test_a_wrong_setting_is_reported_where_it_stands_and_not_where_it_is_read(setting, expected):
    (message,) = problems(GOOD, [setting])
    assert expected in message


def test_a_fault_of_the_field_that_reads_a_binding_is_reported_there(tmp_path):
    """'time' in a binding is good for a rate, and not for the share that starts in a state."""
    path = write(
        tmp_path,
        "parameters: {one_year: {value: 1, unit: year}}\n"
        "strategies: {care: {w: 1 + time / one_year}}\n"
        "states: {well: {start: w, utility: 1}, dead: {}}\n"
        "transitions:\n  - {from: well, to: dead, rate: 0.1 * w per year}\n",
    )
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (message,) = caught.value.problems
    assert (
        "states.well.start: 'time' can be used in rates, probabilities, hazard ratios, costs and utilities only"
        in message
    )


@pytest.mark.parametrize(
    "periods", ["{on: {until: 2 years, w: 2}, off: {w: 1}}", "{on: {until: 2 years, w: 2}, off: {}}"]
)
def test_a_field_that_cannot_change_over_time_says_so(tmp_path, periods):
    path = write(
        tmp_path,
        f"periods: {periods}\n"
        "states: {well: {start: 1}, dead: {}}\n"
        'transitions:\n  - {from: well, to: dead, survival: "weibull(shape=w, scale=3) in years", clock: model}\n',
    )
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (message,) = caught.value.problems
    assert "survival: 'w' is bound in periods (on" in message and "this field does not change over time" in message
