"""Every way of stating a parameter, against numbers worked out by hand."""

import math

import numpy as np
import pytest
from written import level, outcome, scenario, survival, write

from model import draws
from model.context import Values
from model.sample import Sample
from model.scenario_file import ScenarioError, read


def parameters(folder, text):
    return scenario(folder, "parameters:\n" + "\n".join(f"  {line}" for line in text.splitlines())).parameters


@pytest.mark.parametrize(
    ("stated", "mean", "sd"),
    [
        ("beta(32, 8)", 0.8, math.sqrt(32 * 8 / 41) / 40),
        ("beta(mean=0.6, se=0.08)", 0.6, 0.08),
        ("beta(mean=0.6, cv=0.1)", 0.6, 0.06),
        ("beta(events=32, n=40)", 0.8, math.sqrt(32 * 8 / 41) / 40),
        ("gamma(4, 2)", 2, 1),
        ("gamma(shape=4, scale=0.5)", 2, 1),
        ("gamma(mean=415, cv=0.69)", 415, 286.35),
        ("gamma(mean=415, se=41.5)", 415, 41.5),
        ("lognormal(meanlog=0, sdlog=0.5)", math.exp(0.125), math.exp(0.125) * math.sqrt(math.exp(0.25) - 1)),
        ("lognormal(mean=2, sdlog=0.5)", 2, 2 * math.sqrt(math.exp(0.25) - 1)),
        ("lognormal(median=2, sdlog=0.5)", 2 * math.exp(0.125), 2 * math.exp(0.125) * math.sqrt(math.exp(0.25) - 1)),
        ("lognormal(mean=2, se=0.3)", 2, 0.3),
        ("lognormal(meanlog=log(2), sdlog=sqrt(0.25))", 2 * math.exp(0.125), None),
        ("normal(3, 0.5)", 3, 0.5),
        ("normal(lower=1, upper=5)", 3, 4 / (2 * 1.959963984540054)),
        ("uniform(2, 6)", 4, 4 / math.sqrt(12)),
        ("triangular(0, 3, 6)", 3, math.sqrt(1.5)),
        ("weibull(shape=1, scale=3)", 3, 3),
        ("weibull(shape=2, scale=3)", 3 * math.sqrt(math.pi) / 2, 3 * math.sqrt(1 - math.pi / 4)),
    ],
)
def test_a_distribution_stated_in_any_form_has_its_mean_as_base_value(tmp_path, stated, mean, sd):
    found = parameters(tmp_path, f'x: {{distribution: "{stated}"}}')["x"]
    assert found.base == pytest.approx(mean, rel=1e-9)
    assert sd is None or found.distribution.sd == pytest.approx(sd, rel=1e-9)


@pytest.mark.parametrize("stated", ["beta", "gamma", "lognormal", "weibull", "normal"])
def test_a_95_percent_interval_is_met_at_both_ends(tmp_path, stated):
    found = parameters(tmp_path, f'x: {{distribution: "{stated}(lower=0.2, upper=0.5)"}}')["x"]
    assert found.distribution.quantile(np.array([0.025, 0.975])) == pytest.approx([0.2, 0.5], rel=1e-6)


def test_a_published_hazard_ratio_keeps_its_point_estimate(tmp_path):
    found = parameters(tmp_path, 'x: {distribution: "lognormal(median=1.96, lower=1.65, upper=2.34)"}')["x"]
    assert found.distribution.quantile(0.5) == pytest.approx(1.96)
    assert found.distribution.natural["sdlog"] == pytest.approx(math.log(2.34 / 1.65) / 3.919927969080108)


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("1e5", 100_000),
        ("1E-3", 0.001),
        ("3 %", 0.03),
        ("2.5%", 0.025),
        (".5", 0.5),
        ("-2", -2),
        ("'7'", 7),
        ("1/4", 0.25),
        ("sqrt(16) + 1 %", 4.01),
    ],
)
def test_a_value_is_the_number_that_it_looks_like(tmp_path, stated, value):
    assert parameters(tmp_path, f"x: {{value: {stated}}}")["x"].base == pytest.approx(value, rel=1e-15)


def test_the_stated_value_is_the_base_case_and_the_distribution_is_sampled(tmp_path):
    found = parameters(tmp_path, 'x: {value: 1, distribution: "lognormal(median=1, sdlog=0.5)"}')["x"]
    assert found.base == 1 and found.distribution.mean == pytest.approx(math.exp(0.125))


def test_joint_parameters_have_the_means_of_their_distribution(tmp_path):
    (tmp_path / "rows.csv").write_text("b,a,other\n1,10,0\n3,20,0\n")
    found = parameters(
        tmp_path,
        'p, q, r: {distribution: "dirichlet(2, 3, 5)", unit: probability}\n'
        's, t: {distribution: "multinormal(mean=[1, 2], covariance=[[4, 1], [1, 9]])"}\n'
        "a, b: {distribution: empirical(rows.csv)}\n"
        "u, v: {distribution: empirical(rows.csv), columns: [a, b]}",
    )
    expected = {"p": 0.2, "q": 0.3, "r": 0.5, "s": 1, "t": 2, "a": 15, "b": 2, "u": 15, "v": 2}
    assert {name: found[name].base for name in expected} == pytest.approx(expected)


def test_an_empirical_draw_is_one_row_of_the_file(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,10\n2,20\n3,30\n")
    found = scenario(tmp_path, "parameters:\n  a, b: {distribution: empirical(rows.csv)}")
    sampled = draws.probabilistic(found, Sample(200, seed=1)).values
    assert set(sampled["a"]) == {1, 2, 3} and (sampled["b"] == 10 * sampled["a"]).all()


def test_a_formula_of_other_parameters_follows_them_in_every_draw(tmp_path):
    found = scenario(
        tmp_path, 'parameters:\n  a: {distribution: "uniform(1, 2)"}\n  b: {value: 3 * a ** 2 + c}\n  c: {value: 1}'
    )
    some = draws.probabilistic(found, Sample(5, seed=3))
    assert Values(found, some)["b"] == pytest.approx(3 * some.values["a"] ** 2 + 1, rel=1e-15)


@pytest.mark.parametrize(
    ("stated", "per_day"),
    [
        ("{value: 0.1, unit: per year}", 0.1 / 365.25),
        ("{value: 0.1, unit: per month}", 1.2 / 365.25),
        ("{value: 0.1, unit: per week}", 0.1 / 7),
        ("{value: 0.1, unit: per hour}", 2.4),
        ("{value: 0.06, unit: probability over 30 days}", -math.log(0.94) / 30),
        ("{value: 0.06 over 30 days}", -math.log(0.94) / 30),
        ("{value: 6 % over 30 days}", -math.log(0.94) / 30),
        ("{value: 0.1 per year}", 0.1 / 365.25),
        ("{value: 0.1 per day + 0 * 2}", 0.1),
        ("{value: 36.525 per year + 0.1 per day}", 0.2),
        ("{value: (0.1 + 0) per day * 2}", None),
    ],
)
def test_rates_and_probabilities_over_a_period_become_hazards_of_the_models_unit(tmp_path, stated, per_day):
    text = (
        f"time: {{unit: day, horizon: 10 days, cycle: 1 day}}\nparameters:\n  r: {stated}\nstates:\n  well: "
        f"{{start: 1}}\n"
        "  dead: {}\ntransitions:\n  - {from: well, to: dead, rate: r}"
    )
    if per_day is None:
        with pytest.raises(ScenarioError, match="a unit stands behind a number .* or behind the whole formula"):
            scenario(tmp_path, text)
        return
    assert level(scenario(tmp_path, text)) == pytest.approx([per_day], rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "value", "cost"),
    [("USD per year", 100, 1000), ("USD per day", 1, 3652.5), ("USD per month", 1, 120), ("USD per week", 7, 3652.5)],
)
def test_a_cost_per_any_time_is_converted(tmp_path, unit, value, cost):
    text = f"parameters:\n  c: {{value: {value}, unit: {unit}}}\nstates:\n  well: {{start: 1, cost: c}}"
    assert outcome(scenario(tmp_path, text), "cost") == pytest.approx([cost], rel=1e-12)
    in_days = text + "\ntime: {unit: day, horizon: 10 years, cycle: 1 week}"
    assert outcome(scenario(tmp_path, in_days), "cost") == pytest.approx([cost], rel=1e-9)


def test_rates_of_several_units_add_up_because_they_are_converted(tmp_path):
    text = (
        "parameters:\n  a: {value: 0.1 per year}\n  b: {value: 0.02 per month}\nstates:\n  well: {start: 1}\n  "
        "dead: {}\n"
        "transitions:\n  - {from: well, to: dead, rate: a + b}"
    )
    assert level(scenario(tmp_path, text)) == pytest.approx([0.1 + 0.24], rel=1e-12)


def test_a_correlation_is_read_as_value_or_as_matrix(tmp_path):
    text = (
        "parameters:\n"
        + "".join(f'  {n}: {{distribution: "normal(0, 1)"}}\n' for n in "abcde")
        + "correlations:\n  - {between: [a, b], value: -0.5}\n"
        "  - between: [c, d, e]\n    matrix: [[1, 0.1, 0.2], [0.1, 1, 30 %], [0.2, 0.3, 1]]"
    )
    first, second = scenario(tmp_path, text).correlations
    assert first.names == ("a", "b") and first.matrix == ((1, -0.5), (-0.5, 1))
    assert second.names == ("c", "d", "e") and second.matrix[1] == (0.1, 1, 0.3)


LIFE = "age,q,rate\n0,0.01,0.02\n50,0.05,0.03\n52,0.2,0.1\n"


def test_a_table_is_a_step_function_of_age(tmp_path):
    (tmp_path / "life.csv").write_text(LIFE)
    text = (
        "parameters:\n  age: {value: 49, unit: year}\n"
        "  life: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}\n"
        "states:\n  well: {start: 1}\n  dead: {}\n"
        'transitions:\n  - {from: well, to: dead, rate: "lookup(life, age + time)"}'
    )
    found = scenario(tmp_path, text)
    assert [level(found, time=t)[0] for t in (0, 1, 2, 3, 9)] == pytest.approx([0.02, 0.03, 0.03, 0.1, 0.1])
    assert found.warnings == ()


def test_a_table_of_probabilities_over_a_year_becomes_hazards(tmp_path):
    (tmp_path / "life.csv").write_text(LIFE)
    text = (
        "time: {unit: month, horizon: 10 years, cycle: 1 month}\nparameters:\n"
        "  life: {table: life.csv, by: age, by unit: year, column: q, unit: probability over 1 year}\n"
        "states:\n  well: {start: 1}\n  dead: {}\n"
        'transitions:\n  - {from: well, to: dead, rate: "lookup(life, 51 years + time)"}'
    )
    named = text.replace("51 years", "age0").replace("parameters:\n", "parameters:\n  age0: {value: 51 years}\n")
    for found in (scenario(tmp_path, text), scenario(tmp_path, named)):
        assert [level(found, time=t)[0] for t in (0, 11, 12)] == pytest.approx(
            [-math.log(0.95) / 12, -math.log(0.95) / 12, -math.log(0.8) / 12]
        )


def test_a_file_is_found_beside_the_scenario_that_names_it(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "life.csv").write_text(LIFE)
    write(
        tmp_path / "base",
        "parameters:\n  life: {table: life.csv, by: age, by unit: year, column: rate, unit: per year}",
    )
    (tmp_path / "child.yaml").write_text("extends: base/scenario.yaml\nparameters:\n  life: {note: seen}\n")
    found = read(tmp_path / "child.yaml")
    assert found.tables["life"].values.tolist() == [0.02, 0.03, 0.1]
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "resolved.yaml").write_text(found.text)
    assert read(tmp_path / "elsewhere" / "resolved.yaml").tables["life"].values.tolist() == [0.02, 0.03, 0.1]


def test_source_note_and_limits_are_kept(tmp_path):
    found = scenario(
        tmp_path,
        "sources:\n  t: {citation: A trial}\nparameters:\n"
        "  x: {value: 2, range: [1, 5], source: t, note: no one knows}",
    ).parameters["x"]
    assert (found.low, found.high, found.source, found.note) == (1, 5, "t", "no one knows")


def test_what_nothing_uses_is_a_warning_that_names_it(tmp_path):
    text = (
        'parameters:\n  used: {value: 1}\n  idle: {value: 2}\n  p, q: {distribution: "dirichlet(1, 1)"}\n'
        "  life: {table: life.csv, by: age, column: q}\n"
        "strategies:\n  care: {x: used, y: 3}\ngroups:\n  all_of_them: {weight: 1, x: 5, z: 1}\n"
        "periods:\n  first: {until: 2 years, w: 1}\n  then: {w: 2}\nstates:\n  well: {start: 1, utility: x / 2}"
    )
    (tmp_path / "life.csv").write_text(LIFE)
    found = [w.split(": ", 1)[1] for w in scenario(tmp_path, text).warnings]
    assert found == [
        "parameters.idle: nothing uses 'idle'",
        "parameters.p, q: nothing uses 'p, q'",
        "parameters.life: nothing uses 'life'",
        "strategies.care.y: nothing uses 'y'",
        "groups.all_of_them.x: nothing uses 'x', as every strategy binds that name too, and the strategy comes first",
        "groups.all_of_them.z: nothing uses 'z'",
        "periods.first.w: nothing uses 'w'",
        "periods.then.w: nothing uses 'w'",
    ]


@pytest.mark.parametrize("doses", [("0", "2"), ("2", "0"), ("1", "2"), ("0", "0")])
@pytest.mark.parametrize(
    ("cost", "per_month"),
    [
        ("dose * 400 USD per month", lambda dose: dose * 400),
        ("dose + 400 USD per month", lambda dose: dose + 400),
        ("dose / 4 USD per month", lambda dose: dose / 4),
    ],
)
def test_a_unit_behind_a_formula_that_is_nothing_in_one_strategy_means_the_same_in_all(
    tmp_path, doses, cost, per_month
):
    text = "time: {{unit: month, horizon: 10 months, cycle: 1 month}}\nstrategies: {{a: {{dose: {}}}, b: {{dose: {}}}}}\n".format(
        *doses
    )
    found = scenario(tmp_path, f"{text}states: {{well: {{start: 1, alive: true, cost: {cost}}}}}")
    assert outcome(found, "cost") == pytest.approx([10 * per_month(float(dose)) for dose in doses])


@pytest.mark.parametrize(
    ("inside", "behind"),
    [
        ("weibull(shape=1.2, scale=14 months)", "weibull(shape=1.2, scale=14) in months"),
        ("exponential(0.1 per month)", "exponential(0.1) in months"),
        (
            "piecewise(rates=[0.1 per month, 0.3 per month], breaks=[1 year])",
            "piecewise(rates=[0.1, 0.3], breaks=[12]) in months",
        ),
    ],
)
def test_numbers_of_a_survival_distribution_may_have_their_own_units(tmp_path, inside, behind):
    text = "states: {well: {start: 1, utility: 1}, dead: {}}\ntransitions: [{from: well, to: dead, survival: '%s', clock: model}]"
    one, other = (survival(scenario(tmp_path, text.replace("%s", stated)), 1.3) for stated in (inside, behind))
    assert one == pytest.approx(other, rel=1e-14) and 0.05 < one < 0.95
