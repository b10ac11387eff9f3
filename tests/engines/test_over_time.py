"""Rates, ratios and prices that change with model time, in every engine, against closed forms and quadrature."""

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad, solve_ivp

from model import draws, inputs, over_time
from model.analysis.evaluate import evaluate
from model.analysis.method import COHORT, Method
from model.engines import cohort, individual, queueing, risks
from model.engines.queueing_group import Part
from model.resources import Arrivals, System
from model.sample import Sample
from model.scenario_file import ScenarioError, read

TABLE = "age,rate\n60,0.1\n61,0.2\n62,0.3\n"
HEAD = """time: {{unit: year, horizon: {horizon} years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: 0 %, effect: 0 %}}
parameters:
  one: {{value: 1, unit: year}}
  two: {{value: 2, unit: year}}
  age: {age}
  mort: {{table: lt.csv, by: age, by unit: year, column: rate, unit: per year}}
"""
DYING = """states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: dead, rate: "{rate}"}}
"""
TEXTBOOK = ("start", "end", "half-cycle", "life-table", "simpson")


def scenario(
    folder, text, settings=(), cycle="1 year", horizon=3, convention="integral", age="{value: 60, unit: year}"
):
    (folder / "lt.csv").write_text(TABLE)
    head = HEAD.format(horizon=horizon, cycle=cycle, convention=convention, age=age)
    return read(write_scenario(folder, head + text), settings)


def dying(folder, rate, **frame):
    return scenario(folder, DYING.format(rate=rate), **frame)


def dynamics_of(made, table=None):
    return inputs.dynamics(made, table or draws.base(made), next(iter(made.groups.values())))


def base(made, name="life_years", method=COHORT):
    found = evaluate(made, draws.base(made), method)
    return found.total.get(name, False)[0, 0]


def trace(made):
    found = cohort.run(dynamics_of(made), trace=True)
    return found.times, found.trace[:, 0, 0, 0]


def alive(cumulative, horizon, points=()):
    """Life-years from a cumulative hazard, by quadrature."""
    return quad(lambda t: np.exp(-cumulative(t)), 0, horizon, points=points, epsabs=1e-12)[0]


# rate as written, its cumulative hazard, where it steps, whether it is in steps
CASES = {
    "linear": ("0.2 * time / one / one", lambda t: 0.1 * t**2, (), False),
    "gompertz": ("(0.02 * exp(0.2 * time / one)) per year", lambda t: 0.1 * np.expm1(0.2 * t), (), False),
    "step": ("if(time > 0.7 * two, 0.4, 0.2) per year", lambda t: 0.2 * t + 0.2 * max(t - 1.4, 0), (1.4,), True),
    "curved condition": (
        "if(exp(0.5 * time / one) > 2, 0.4, 0.2) per year",
        lambda t: 0.2 * t + 0.2 * max(t - 2 * np.log(2), 0),
        (2 * np.log(2),),
        True,
    ),
    "life table": (
        "lookup(mort, age + 0.5 * one + time)",
        lambda t: 0.1 * t + 0.1 * max(t - 0.5, 0) + 0.1 * max(t - 1.5, 0),
        (0.5, 1.5),
        True,
    ),
    "nested": (
        "lookup(mort, age + min(time, 0.6 * two) * 2)",
        lambda t: 0.1 * t + 0.1 * max(t - 0.5, 0) + 0.1 * max(t - 1.0, 0),
        (0.5, 1.0),
        True,
    ),
    "floor": (
        "0.1 * (1 + floor(time / 8 months)) per year",
        lambda t: sum(0.1 * min(max(t - k / 1.5, 0), 1 / 1.5) * (k + 1) for k in range(5)),
        (2 / 3, 4 / 3, 2, 8 / 3),
        True,
    ),
    "rounded age": (
        "0.1 per year + 0.2 per year * (round((age + time) / 1 year) - 60)",
        lambda t: 0.1 * t + sum(0.2 * max(t - 0.5 - k, 0) for k in range(3)),
        (0.5, 1.5, 2.5),
        True,
    ),
    "seasons": (
        "0.1 * (mod(time, 9 months) / 3 months) per year",
        lambda t: 0.2 * ((t // 0.75) * 0.75**2 + (t % 0.75) ** 2),
        (0.75, 1.5, 2.25),
        False,
    ),
    "unit within": (
        "if(time < 16.8 months, 0.2 per year, 0.1 per 3 months)",
        lambda t: 0.2 * t + 0.2 * max(t - 1.4, 0),
        (1.4,),
        True,
    ),
    "number of the cycle": (
        "0.1 * cycle per year",
        lambda t: sum(0.1 * min(max(t - k, 0), 1) * (k + 1) for k in range(3)),
        (1, 2),
        True,
    ),
    "bend": (
        "min(0.2 * time / one, 0.3) per year",
        lambda t: 0.1 * min(t, 1.5) ** 2 + 0.3 * max(t - 1.5, 0),
        (1.5,),
        False,
    ),
}
each = pytest.mark.parametrize(("rate", "cumulative", "points", "stepwise"), CASES.values(), ids=CASES)


@each
def test_survival_at_the_ends_of_cycles_and_life_years(tmp_path, rate, cumulative, points, stepwise):
    made = dying(tmp_path, rate)
    times, occupancy = trace(made)
    np.testing.assert_allclose(occupancy, [np.exp(-cumulative(t)) for t in times], rtol=1e-12 if stepwise else 1e-8)
    exact = alive(cumulative, 3, points)
    assert base(made) == pytest.approx(exact, rel=1e-11 if stepwise else 5e-5)


@each
@pytest.mark.parametrize("convention", TEXTBOOK)
def test_textbook_conventions_see_the_same_survival(tmp_path, rate, cumulative, points, stepwise, convention):
    times, occupancy = trace(dying(tmp_path, rate, convention=convention))
    np.testing.assert_allclose(occupancy, [np.exp(-cumulative(t)) for t in times], rtol=1e-12 if stepwise else 1e-8)


@each
@pytest.mark.parametrize("cycle", ["1 year", "0.7 years"])
def test_the_individual_engine_inverts_the_cumulative_hazard_without_a_cycle(
    tmp_path, rate, cumulative, points, stepwise, cycle
):
    if "cycle" in rate:
        cycle = "1 year"  # the number of a cycle is that of its cycle
    risk = risks.risks(dynamics_of(dying(tmp_path, rate, cycle=cycle)))[0]
    for entered in (0.0, 0.3, 1.7):
        thresholds = np.linspace(0.001, cumulative(3.0) - cumulative(entered) - 0.001, 50)
        time = risk.event(np.full(50, entered), thresholds, np.zeros(50, int))
        reached = np.array([cumulative(t) for t in time]) - cumulative(entered)
        np.testing.assert_allclose(reached, thresholds, rtol=1e-10 if stepwise else 1e-6)
        np.testing.assert_allclose(
            risk.cumulative(time, np.zeros(50, int)) - cumulative(entered), thresholds, rtol=1e-6
        )
        alone = risk.alone(0)
        np.testing.assert_allclose([alone(entered, e) for e in thresholds], time, rtol=1e-13)


@pytest.mark.parametrize("rate", ["linear", "step", "life table"])
def test_engines_that_follow_patients_have_the_right_mean(tmp_path, rate):
    text, cumulative, points, _ = CASES[rate]
    made, exact = dying(tmp_path, text), alive(cumulative, 3, points)
    found = individual.run(dynamics_of(made), 40_000, 1).time[0, 0, :, 0, 0, 0]
    assert abs(found.mean() - exact) < 4 * found.std() / 200
    alone = individual.history(dynamics_of(made), 500, 1).sorted()
    system = System((), (), Arrivals((10.0,)))
    queued = queueing.simulate([Part(dynamics_of(made), 500, np.ones(1))], 1, None, system)[0][0].sorted()
    np.testing.assert_allclose(queued.left, alone.left, rtol=1e-12)


ILLNESS = """strategies: {{only: {{}}}}
states: {{well: {{start: 1, utility: 1}}, ill: {{utility: 0.5}}, dead: {{}}}}
transitions:
  - {{from: well, to: ill, rate: "(0.3 * exp(-0.2 * time / one)) per year", cost: {{test: 100 USD}}}}
  - {{from: ill, to: well, rate: 0.4 per year}}
  - {{from: ill, to: dead, rate: "(0.05 * exp(0.25 * time / one)) per year"}}
""".format()


def ill_exactly(t, y):
    """Occupancy of well and ill, moves from well to ill, quality-adjusted and discounted (5 %) life-years."""
    well, ill = y[:2]
    falls, dies = 0.3 * np.exp(-0.2 * t) * well, 0.05 * np.exp(0.25 * t) * ill
    return [0.4 * ill - falls, falls - 0.4 * ill - dies, falls, well + 0.5 * ill, (well + 0.5 * ill) * 1.05**-t]


def test_smooth_rates_have_an_error_of_the_fourth_power_of_the_cycle(tmp_path):
    exact = solve_ivp(ill_exactly, (0, 8), [1, 0, 0, 0, 0], rtol=1e-12, atol=1e-13).y[:, -1]
    errors = []
    for cycle in ("2 years", "1 year", "6 months"):
        made = scenario(tmp_path, ILLNESS, ["discount.effect=5 %"], cycle=cycle, horizon=8)
        found = evaluate(made, draws.base(made)).total
        values = [found.get("cost", False)[0, 0] / 100, found.get("qaly", False)[0, 0], found.get("qaly")[0, 0]]
        errors.append(np.abs(np.array(values) - exact[2:]))
    assert (errors[0] < 2e-3).all() and (errors[2] < 2e-6).all(), errors
    assert (np.array(errors[:-1]) / errors[1:] > 10).all(), errors


def test_a_rate_beside_time_in_state_has_an_error_of_the_square_of_the_cycle(tmp_path):
    text = ILLNESS.replace("rate: 0.4 per year", 'survival: "weibull(shape=1, scale=2.5) in years", clock: state')
    exact = solve_ivp(ill_exactly, (0, 8), [1, 0, 0, 0, 0], rtol=1e-12, atol=1e-13).y[3, -1]
    errors = [
        abs(base(scenario(tmp_path, text, cycle=c, horizon=8), "qaly") - exact)
        for c in ("1 year", "6 months", "3 months")
    ]
    assert errors[0] / errors[1] > 3.3 and errors[1] / errors[2] > 3.3 and errors[2] < 1e-3, errors


# --- ages that are sampled ---------------------------------------------------------------------------------------


def test_steps_that_differ_by_draw_give_each_draw_its_own_mean_hazard(tmp_path):
    made = dying(
        tmp_path, "lookup(mort, age + time)", age='{value: 60.5, distribution: "uniform(60, 61.5)", unit: year}'
    )
    table = draws.probabilistic(made, Sample(700, 1))
    dynamics, ages = dynamics_of(made, table), table.values["age"]
    assert dynamics.transitions[0].level.own is not None  # too many steps to cut the grid at
    found = cohort.run(dynamics, trace=True)

    def cumulative(age, t):
        return 0.1 * t + 0.1 * np.clip(age + t - 61, 0, t) + 0.1 * np.clip(age + t - 62, 0, t)

    for time, occupancy in zip(found.times, found.trace[:, 0, :, 0]):
        np.testing.assert_allclose(occupancy, np.exp(-cumulative(ages, time)), rtol=1e-12)
    risk, row = risks.risks(dynamics)[0], np.arange(700)
    threshold = np.linspace(0.01, 0.9 * cumulative(ages, 3.0).min(), 700)
    np.testing.assert_allclose(cumulative(ages, risk.event(np.zeros(700), threshold, row)), threshold, rtol=1e-11)
    np.testing.assert_allclose(risk.alone(5)(0.0, threshold[5]), risk.event(np.zeros(700), threshold, row)[5])


def test_few_steps_that_differ_cut_the_grid_so_that_a_draw_is_exact_beside_others(tmp_path):
    made = dying(
        tmp_path, "lookup(mort, age + time)", age='{value: 60.5, distribution: "uniform(60, 61.5)", unit: year}'
    )
    table = draws.probabilistic(made, Sample(20, 1))
    together = cohort.run(dynamics_of(made, table)).time[0, :, 0, 0, 0]
    alone = [cohort.run(dynamics_of(made, table.part(i, i + 1))).time[0, 0, 0, 0, 0] for i in range(20)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


# --- periods ---------------------------------------------------------------------------------------------------

PERIODS = """periods: {{early: {{until: 18 months, hr: 0.5}}, late: {{hr: 1}}}}
states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: dead, rate: "(0.2 * hr{more}) per year"}}
"""


@pytest.mark.parametrize("more", ["", " + 0 * time / one", " + 0 * cycle"])
@pytest.mark.parametrize("convention", ["integral", *TEXTBOOK])
def test_a_period_ends_where_it_says_whatever_else_the_rate_reads(tmp_path, more, convention):
    made = scenario(tmp_path, PERIODS.format(more=more), convention=convention)
    np.testing.assert_allclose(trace(made)[1], np.exp(-np.array([0, 0.1, 0.25, 0.45])), rtol=1e-13)
    risk = risks.risks(dynamics_of(made))[0]
    assert risk.event(0.0, np.array([0.25]), np.array([0])) == pytest.approx(2.0, rel=1e-12)


DRUG = """time: {{unit: month, horizon: 12 months, cycle: 1 month, convention: {convention}}}
discount: {{cost: 0 %, effect: 0 %}}
periods: {{on drug: {{until: {until} months, price: 100 USD per month, fee: 10 USD}}, off: {{price: 0 USD per month, fee: 0 USD}}}}
states: {{well: {{start: 1, cost: {{drug: price}}, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: dead, {move}, cost: {{test: fee}}}}
"""


@pytest.mark.parametrize("convention", ["integral", *TEXTBOOK])
@pytest.mark.parametrize("engine", ["cohort", "individual"])
def test_a_price_until_2_1_months_is_paid_2_1_times_by_the_immortal(tmp_path, convention, engine):
    text = DRUG.format(convention=convention, until=2.1, move="rate: 0 per month")
    made = read(write_scenario(tmp_path, text))
    assert base(made, "cost: drug", Method(engine, 10)) == pytest.approx(210, rel=1e-12)


S = np.exp(-0.2 * np.arange(13))
UNTIL = {  # months of a drug until 2.5 months, hazard 0.2: counted time of a cycle, half of that of the third
    "start": S[0] + S[1] + S[2] / 2,
    "end": S[1] + S[2] + S[3] / 2,
    "half-cycle": (S[0] + S[1]) / 2 + (S[1] + S[2]) / 2 + (S[2] + S[3]) / 4,
    "life-table": (S[0] + S[1]) / 2 + (S[1] + S[2]) / 2 + (S[2] + S[3]) / 4,
    "simpson": (S[0] + 2 * S[1]) / 3 + (2 * S[1] + S[2]) / 3 + (S[2] + 2 * S[3]) / 6,
    "integral": -np.expm1(-0.5) / 0.2,
}


@pytest.mark.parametrize("convention", UNTIL)
@pytest.mark.parametrize("move", ["rate: 0.2 per month", 'survival: "exponential(0.2) in months", clock: model'])
def test_a_cycle_s_counted_time_is_spread_evenly_over_it(tmp_path, convention, move):
    made = read(write_scenario(tmp_path, DRUG.format(convention=convention, until=2.5, move=move)))
    assert base(made, "cost: drug") == pytest.approx(100 * UNTIL[convention], rel=1e-12)
    assert UNTIL["half-cycle"] == pytest.approx(1.9587, abs=5e-5)
    # Moves by hazards count where they are made.
    assert base(made, "cost: test") == pytest.approx(10 * -np.expm1(-0.5), rel=1e-12)
    found = evaluate(made, draws.base(made), Method("individual", 40_000))
    for name, value in (("cost: drug", 100 * UNTIL[convention]), ("cost: test", 10 * -np.expm1(-0.5))):
        error = found.simulated["all"].se[found.total.names.index(name), 0, 0, 0]
        assert abs(found.total.get(name, False)[0, 0] - value) < 4.5 * error


@pytest.mark.parametrize("engine", ["cohort", "individual"])
def test_moves_by_probabilities_per_cycle_are_spread_evenly_over_their_cycle(tmp_path, engine):
    made = read(
        write_scenario(tmp_path, DRUG.format(convention="half-cycle", until=2.5, move="probability per cycle: 0.2"))
    )
    moved = 0.2 * (1 + 0.8 + 0.8**2 / 2)
    found = evaluate(made, draws.base(made), Method(engine, 40_000))
    assert found.total.get("cost: test", False)[0, 0] == pytest.approx(
        10 * moved, rel=1e-12 if engine == "cohort" else 0.02
    )


def test_a_probability_per_cycle_keeps_the_start_of_its_cycle_and_says_so(tmp_path):
    text = (
        DRUG.format(convention="half-cycle", until=2.5, move="probability per cycle: p")
        .replace("fee: 10 USD", "fee: 10 USD, p: 0.2")
        .replace("fee: 0 USD", "fee: 0 USD, p: 0.1")
    )
    made = read(write_scenario(tmp_path, text))
    np.testing.assert_allclose(trace(made)[1][:5], [1, 0.8, 0.64, 0.512, 0.4608], rtol=1e-14)
    assert [w for w in made.warnings if "ends within a cycle (2.5 cycles)" in w and "well -> dead" in w]
    assert not read(write_scenario(tmp_path, text.replace("2.5 months", "3 months"))).warnings
    assert not read(
        write_scenario(tmp_path, DRUG.format(convention="half-cycle", until=2.5, move="rate: 0 per month"))
    ).warnings


# --- hazard ratios by period ------------------------------------------------------------------------------------

WANING = """periods: {{on: {{until: 27 months, w: 0.7}}, off: {{w: 1}}}}
states: {{well: {{start: 1, utility: 1}}, dead: {{}}}}
transitions:
  - {{from: well, to: dead, survival: "gompertz(shape=0.3, rate=0.2) in years", clock: {clock}, hazard ratio: w}}
""".format


def waned(t):
    return (0.7 * np.expm1(0.3 * min(t, 2.25)) + np.exp(0.3 * 2.25) * np.expm1(0.3 * max(t - 2.25, 0))) * 0.2 / 0.3


@pytest.mark.parametrize("clock", ["model", "state"])
def test_a_hazard_ratio_by_period_multiplies_the_hazard_from_then_on(tmp_path, clock):
    exact = alive(waned, 8, (2.25,))
    errors = []
    for cycle in ("6 months", "3 months"):
        made = scenario(tmp_path, WANING(clock=clock), cycle=cycle, horizon=8)
        times, occupancy = trace(made)
        np.testing.assert_allclose(occupancy, [np.exp(-waned(t)) for t in times], rtol=1e-12)
        errors.append(abs(base(made) - exact))
    assert errors[0] / errors[1] > 3.5 and errors[1] < 2e-3, errors
    risk, threshold = risks.risks(dynamics_of(made))[0], np.linspace(0.01, waned(7.9), 60)
    time = risk.event(np.zeros(60), threshold, np.zeros(60, int))
    np.testing.assert_allclose([waned(t) for t in time], threshold, rtol=1e-12)
    np.testing.assert_allclose([risk.alone(0)(0.0, e) for e in threshold], time, rtol=1e-14)


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
def test_on_the_clock_of_the_state_a_ratio_still_goes_by_model_time(tmp_path, convention):
    text = """periods: {on: {until: 27 months, w: 0.5}, off: {w: 1}}
states: {well: {start: 1}, ill: {utility: 1}, dead: {}}
transitions:
  - {from: well, to: ill, rate: 0.5 per year}
  - {from: ill, to: dead, survival: "weibull(shape=2, scale=2) in years", clock: state, hazard ratio: w}
"""

    def still_ill(t, entered):
        early, age = max(min(2.25, t) - entered, 0), t - entered
        return np.exp(-0.5 * (early / 2) ** 2 - (age**2 - early**2) / 4)

    exact = quad(
        lambda e: 0.5 * np.exp(-0.5 * e) * quad(still_ill, e, 8, args=(e,), points=(2.25,) if e < 2.25 else ())[0],
        0,
        8,
        points=(2.25,),
    )[0]
    errors = [
        abs(base(scenario(tmp_path, text, cycle=c, horizon=8, convention=convention), "qaly") - exact)
        for c in ("3 months", "1.5 months")
    ]
    assert errors[1] < 1e-3 and errors[0] / errors[1] > 2.5, errors
    made = scenario(tmp_path, text, horizon=8)
    found = individual.run(dynamics_of(made), 40_000, 1).time[0, 0, :, 1, :, 0].sum(axis=-1)
    assert abs(found.mean() - exact) < 4 * found.std() / 200
    risk = risks.risks(dynamics_of(made))[1]
    time = risk.event(np.array([1.0, 3.0]), np.array([0.8, 0.8]), np.zeros(2, int))
    np.testing.assert_allclose([still_ill(time[0], 1.0), still_ill(time[1], 3.0)], np.exp(-0.8), rtol=1e-12)


# --- chance nodes, faults, the grid ------------------------------------------------------------------------------


def test_branches_follow_time_at_the_moment_of_arrival(tmp_path):
    text = """states: {well: {start: 1}, gate: {stay: 0}, ill: {utility: 1}, dead: {}}
transitions:
  - {from: well, to: gate, rate: 0.5 per year}
  - {from: gate, to: ill, probability: "exp(-0.3 * time / one)"}
  - {from: gate, to: dead, probability: rest}
effects: {falls: {count of: [gate -> ill]}}
"""
    exact = 0.5 / 0.8 * -np.expm1(-0.8 * 3)
    errors = [abs(base(scenario(tmp_path, text, cycle=c), "falls") - exact) for c in ("1 year", "6 months", "3 months")]
    assert errors[0] / errors[1] > 3.5 and errors[1] / errors[2] > 3.5 and errors[2] < 1e-3, errors
    made = scenario(tmp_path, text)
    dynamics = dynamics_of(made)
    found = risks.probability(dynamics, dynamics.transitions[1], np.array([0.25, 2.9]), np.zeros(2, int))
    np.testing.assert_allclose(found, np.exp([-0.075, -0.87]), rtol=1e-14)
    assert risks.probability(dynamics, dynamics.transitions[2], 0.25, 0) == pytest.approx(1 - np.exp(-0.075), rel=1e-14)


@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
def test_at_the_start_branches_are_those_of_time_0(tmp_path, convention):
    text = """states: {gate: {start: 1, stay: 0}, ill: {utility: 1}, dead: {}}
transitions:
  - {from: gate, to: ill, probability: "0.4 * exp(-0.3 * time / one)"}
  - {from: gate, to: dead, probability: rest}
  - {from: ill, to: dead, rate: 0.1 per year}
effects: {falls: {count of: [gate -> ill]}}
"""
    made = scenario(tmp_path, text, convention=convention)
    assert base(made, "falls") == pytest.approx(0.4, rel=1e-15)
    assert cohort.run(dynamics_of(made), trace=True).trace[:, 0, 0, 1] == pytest.approx(
        0.4 * np.exp(-0.1 * np.arange(4))
    )


def test_a_hazard_without_bound_is_told_to_be_a_survival_distribution(tmp_path):
    with pytest.raises(ScenarioError, match=r"well -> dead.rate: inf is not a finite number.*written with 'survival:'"):
        dynamics_of(dying(tmp_path, "(0.2 * (time / one) ** -0.5) per year"))


def test_a_hazard_below_0_at_some_time_is_an_error(tmp_path):
    with pytest.raises(ScenarioError, match=r"well -> dead.rate: -0.1 is outside what is allowed \(from 0\)"):
        dynamics_of(dying(tmp_path, "(0.2 - 0.1 * time / one) per year"))


def test_a_cycle_that_almost_divides_the_horizon_has_one_grid_in_all_engines(tmp_path):
    text = """time: {unit: month, horizon: 10 years, cycle: 0.33333333333 months}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: 0.01 per month}]
"""
    made = read(write_scenario(tmp_path, text))
    assert len(made.time.grid) == 361 and len(trace(made)[0]) == 361
    from model.analysis.first_order import times_of

    assert len(times_of(made)) == 361


def test_an_hour_s_cycle_gives_the_exact_occupancy_at_every_hour(tmp_path):
    text = """time: {unit: year, horizon: 1 year, cycle: 1 hour}
states: {well: {start: 1, utility: 1}, dead: {}}
transitions: [{from: well, to: dead, rate: 0.2 per year}]
"""
    times, occupancy = trace(read(write_scenario(tmp_path, text)))
    assert len(times) == 8767
    np.testing.assert_allclose(occupancy, np.exp(-0.2 * times), rtol=1e-11)


@each
@pytest.mark.parametrize("convention", ["integral", "half-cycle"])
def test_occupancy_at_a_time_within_a_cycle(tmp_path, rate, cumulative, points, stepwise, convention):
    found = cohort.run(dynamics_of(dying(tmp_path, rate, convention=convention)), trace=True, at=(0.37, 2.9))
    assert found.times.tolist() == [0, 0.37, 1, 2, 2.9, 3]
    expected = [np.exp(-cumulative(t)) for t in found.times]
    np.testing.assert_allclose(found.trace[:, 0, 0, 0], expected, rtol=1e-12 if stepwise else 1e-8)


def test_fine_parts_keep_the_cumulative_hazard_as_stated():
    level = over_time.OverTime(
        lambda t: 0.02 * np.exp(0.2 * t.reshape(-1, 1, 1)), None, np.array([0.0, 10.0]), None, smooth=True
    )
    line = over_time.lines(level, 10.0)
    steps = risks.Steps(line.starts, line.rates[:, 0], line.reached[:, 0], line.slopes[:, 0])
    times = np.random.default_rng(1).uniform(0, 10, 5000)
    found = steps.cumulative(times, np.zeros(5000, int))
    assert np.abs(found - 0.1 * np.expm1(0.2 * times)).max() < 1e-8
