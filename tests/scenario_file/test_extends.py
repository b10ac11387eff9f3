"""A scenario that states only what differs, and --set: what changes, what stays, what is recorded."""

import pytest
from written import dynamics, level, outcome, write

from model import draws
from model.sample import Sample
from model.scenario_file import read

BASE = """\
parameters:
  a: {value: 2, distribution: "lognormal(median=2, sdlog=0.1)", range: [1, 3], note: kept}
  b: {distribution: "gamma(mean=4, cv=0.2)"}
  c: {distribution: "normal(0, 1)"}
  d: {distribution: "normal(0, 1)"}
  rate: {value: 0.1 per year}
  probability: {value: 0.25}
  p, q: {distribution: "dirichlet(1, 3)"}
correlations:
  - {between: [c, d, a], matrix: [[1, 0.1, 0.2], [0.1, 1, 0.3], [0.2, 0.3, 1]]}
strategies:
  care: {label: Usual care, hr: 1, value: a, range: b, u: c + d + p + q}
  drug: {hr: 0.5, value: 2 * a, range: b, u: 0}
states:
  well: {start: 1, cost: {drug: 10 USD per year, test: 5 USD per year}, utility: 0.5}
  ill: {utility: 0.2 + 0 * (value + range + u + probability)}
  dead: {}
transitions:
  - {from: well, to: ill, survival: "weibull(shape=1, scale=5) in years", clock: model, hazard ratio: hr}
  - {from: well, to: dead, rate: rate, cost: {funeral: 3 USD}}
  - {from: ill, to: dead, rate: 0.5 per year}
"""


@pytest.fixture
def child(tmp_path):
    write(tmp_path, BASE, "base.yaml")

    def made(text, settings=()):
        (tmp_path / "child.yaml").write_text("extends: base.yaml\n" + text)
        return read(tmp_path / "child.yaml", settings)

    return made


def test_what_is_not_stated_stays_as_it_was(child, tmp_path):
    base, same = read(tmp_path / "base.yaml"), child("title: Other\n")
    assert (same.key, same.title) == ("child", "Other")
    assert same.parameters == base.parameters and same.states == base.states and same.transitions == base.transitions


def test_a_field_within_a_field_is_changed_alone(child):
    found = child(
        "time: {horizon: 1 year}\nstates:\n  well: {cost: {test: 7 USD per year}}\nstrategies:\n  care: {hr: 3}\n"
    )
    assert found.time.horizon == 1 and found.time.cycle == 1
    assert {k: f.text for k, f in found.states["well"].costs.items()} == {
        "drug": "10 USD per year",
        "test": "7 USD per year",
    }
    assert found.strategies["care"].label == "Usual care" and list(found.strategies["care"].bindings) == [
        "hr",
        "value",
        "range",
        "u",
    ]


def test_a_value_replaces_the_distribution_and_a_distribution_the_value(child):
    found = child(
        'correlations: []\nparameters:\n  a: {value: 7}\n  b: {distribution: "gamma(mean=9, cv=0.1)"}\n'
    ).parameters
    assert (
        found["a"].base == 7
        and found["a"].distribution is None
        and found["a"].low is None
        and found["a"].note == "kept"
    )
    assert found["b"].base == pytest.approx(9)


def test_limits_or_a_note_alone_leave_the_value_as_it_is(child):
    found = child("parameters:\n  a: {range: [1.5, 2.5], note: new}\n").parameters["a"]
    assert (found.base, found.low, found.note) == (2, 1.5, "new") and found.distribution is not None


def test_parameters_and_bindings_may_have_the_names_of_fields(child):
    """'rate' and 'probability' are fields of which a move has one; as names they have nothing to do with each other."""
    found = child("parameters:\n  rate: {value: 0.3 per year}\nstrategies:\n  care: {value: 5}\n")
    assert found.parameters["probability"].base == 0.25 and "range" in found.strategies["care"].bindings
    assert level(found, 1) == pytest.approx([0.3, 0.3])


def test_one_move_is_changed_and_the_others_stay(child):
    found = child(
        "transitions:\n  - {from: well, to: dead, rate: 0.7 per year}\n  - {from: dead, to: ill, rate: 0.01 per year}\n"
    )
    assert [t.label for t in found.transitions] == ["well -> ill", "well -> dead", "ill -> dead", "dead -> ill"]
    assert [level(found, i)[0] for i in (1, 2, 3)] == pytest.approx([0.7, 0.5, 0.01])
    assert found.transitions[1].costs["funeral"].text == "3 USD"


def test_a_survival_restated_keeps_its_clock_and_hazard_ratio(child):
    found = child("transitions:\n  - {from: well, to: ill, survival: exponential(0.4) in years}\n")
    assert (
        dynamics(found).moves[0].hazard.ratio[:, 0].tolist() == [1, 0.5]
        and found.transitions[0].survival.clock == "model"
    )


def test_a_rate_replaces_a_survival_with_all_that_belongs_to_it(child):
    found = child("transitions:\n  - {from: well, to: ill, rate: hr * r}\nparameters:\n  r: {value: 0.2 per year}\n")
    assert level(found) == pytest.approx([0.2, 0.1]) and found.transitions[0].survival is None


def test_null_removes_an_entry(child):
    found = child(
        "parameters:\n  a: {range: null}\nstates:\n  well: {utility: null, cost: {test: null}}\n"
        "strategies: {drug: null}\ntransitions:\n  - {from: well, to: ill, survival: null}\n"
    )
    assert list(found.strategies) == ["care"] and found.components == ("drug", "funeral")
    assert found.states["well"].utility is None and found.parameters["a"].low is None
    assert [t.label for t in found.transitions] == ["well -> dead", "ill -> dead"]


def test_extensions_of_extensions(child, tmp_path):
    child("time: {horizon: 3 years}\nstates:\n  well: {utility: 0.9}\n")
    (tmp_path / "grandchild.yaml").write_text("extends: child.yaml\nstates:\n  well: {cost: null}\n")
    found = read(tmp_path / "grandchild.yaml")
    assert found.time.horizon == 3 and found.states["well"].utility.text == "0.9" and found.components == ("funeral",)


def test_the_resolved_text_is_the_same_scenario(child, tmp_path):
    found = child(
        "time: {horizon: 3 years}\ntransitions:\n  - {from: ill, to: dead, rate: null}\n", ["a=1e5", "discount=3 %"]
    )
    (tmp_path / "resolved.yaml").write_text(found.text, encoding="utf-8")
    again = read(tmp_path / "resolved.yaml")
    assert again.text == found.text and "extends" not in found.text
    assert (
        again.parameters == found.parameters
        and again.transitions == found.transitions
        and again.discount == found.discount
    )


# --- --set -------------------------------------------------------------------------------------------------


def test_settings_are_recorded_and_applied_in_order(child):
    found = child("title: x\n", ["b=7", "time.horizon=2 years", "horizon=1 year", "discount=3 %", "cycle=1 month"])
    assert found.settings == ("b=7", "time.horizon=2 years", "horizon=1 year", "discount=3 %", "cycle=1 month")
    assert found.time.horizon == 1 and found.time.cycle == pytest.approx(1 / 12)
    assert (found.discount.cost, found.discount.effect) == (0.03, 0.03)
    assert found.parameters["b"].base == 7 and not found.parameters["b"].sampled


def test_a_parameter_can_be_set_to_a_distribution_or_a_formula(child):
    found = child("", ["b=uniform(2, 4)", "rate=2 * 0.1 per year"]).parameters
    assert found["b"].base == 3 and found["b"].sampled and found["rate"].base == pytest.approx(0.2)
    assert child("", ["b=a * 3"]).parameters["b"].formula.names == {"a"}


def test_a_parameter_that_is_fixed_leaves_its_correlation_and_the_others_stay_correlated(child):
    (left,) = child("", ["c=0"]).correlations
    assert left.names == ("d", "a") and left.matrix == ((1, 0.3), (0.3, 1))
    assert child("", ["c=0", "a=2"]).correlations == ()
    values = draws.probabilistic(child("", ["c=0"]), Sample(10, 1)).values
    assert values["c"].tolist() == [0]


def test_fields_and_moves_are_set_by_their_place(child):
    found = child(
        "",
        [
            "strategies.drug.hr=0.25",
            "transitions.ill -> dead.rate=0.9 per year",
            "states.well.cost.drug=1 USD per year",
            "parameters.b.value=3",
        ],
    )
    assert found.strategies["drug"].bindings["hr"].text == "0.25" and level(found, 2)[0] == pytest.approx(0.9)
    assert found.states["well"].costs["drug"].text == "1 USD per year" and found.parameters["b"].distribution is None


def test_joint_parameters_are_set_together(child):
    assert child("", ["p, q=dirichlet(1, 1)"]).parameters["p"].base == 0.5


def test_the_perspective_can_be_set(child):
    found = child("perspective: {name: Payer, leave out: [drug]}\n", ["perspective=Society"])
    assert found.perspective == "Society" and found.left_out == ()
    assert outcome(found, "cost: drug")[0] > 0
