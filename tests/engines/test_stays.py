"""Prices by the time in state, limits of a stay and doses, in every engine, against closed forms and quadrature."""

import numpy as np
import pytest
from runs import write_scenario
from scipy.integrate import quad

from model import draws
from model.analysis.evaluate import evaluate
from model.analysis.method import Method
from model.api import check
from model.scenario_file import read

HEAD = """time: {{unit: year, horizon: {horizon} years, cycle: {cycle}, convention: {convention}}}
discount: {{cost: {rate} %, effect: 0 %}}
parameters:
  cap: {{value: {cap}, unit: year}}
  gap: {{value: 0.5, unit: year}}
  c: {{value: 100, unit: USD per year}}
  dose: {{value: 10, unit: USD}}
"""
# Comes in from `before` at a constant hazard, is left by two.
LATER = """states:
  before: {{start: 1}}
  treated: {{cost: {{drug: {cost}}}, utility: "{utility}"}}
  dead: {{}}
transitions:
  - {{from: before, to: treated, {coming}}}
  - {{from: treated, to: dead, {dying}}}
"""
FIRST = """states:
  treated: {{start: 1, cost: {{drug: {cost}}}, utility: "{utility}"}}
  dead: {{}}
transitions:
  - {{from: treated, to: dead, {dying}}}
"""
AGED, LIMITED = '"if(time_in_state < cap, c, 0)"', "{amount: c, for at most: cap}"
DOSES = "{amount: dose, every: gap}"
INDIVIDUAL = Method("individual", patients=40_000)


def scenario(folder, text, cost, cycle="0.5 years", horizon=4, convention="integral", rate=3, cap=1.5, **stated):
    given = {"coming": "rate: 0.5 per year", "dying": "rate: 0.3 per year", "utility": "1"} | stated
    head = HEAD.format(cycle=cycle, horizon=horizon, convention=convention, rate=rate, cap=cap)
    return read(write_scenario(folder, head + text.format(cost=cost, **given)))


def total(made, name="cost: drug", discounted=True):
    return evaluate(made, draws.base(made)).total.get(name, discounted)[0, 0]


def near(made, right, method=INDIVIDUAL, name="cost: drug", discounted=True):
    """A mean over patients is within four standard errors of what is right."""
    found = evaluate(made, draws.base(made), method)
    error = found.errors.total.se[found.total.names.index(name), int(discounted), 0, 0]
    assert abs(found.total.get(name, discounted)[0, 0] - right) < 4 * error
    assert error < 0.02 * right


FORCE = np.log(1.03)


def of_entry(entered, cap=1.5, horizon=4, gap=0.5, most=np.inf, survival=lambda age: np.exp(-0.3 * age)):
    """(discounted time of a stay up to the limit, discounted doses of it), from the moment of entry."""
    end = min(cap, horizon - entered)
    time = quad(lambda age: survival(age) * np.exp(-FORCE * (entered + age)), 0, end)[0]
    ages = np.arange(0, min(most, (horizon - entered) / gap - 1e-9)) * gap
    ages = ages[ages < horizon - entered - 1e-9]
    return time, (survival(ages) * np.exp(-FORCE * (entered + ages))).sum()


def of_later(which, **stay):
    """As `of_entry`, of all who come in at a hazard of a half a year."""
    points = np.arange(0.5, 4, 0.5)
    return quad(lambda t: 0.5 * np.exp(-0.5 * t) * of_entry(t, **stay)[which], 0, 4, points=points, limit=200)[0]


@pytest.mark.parametrize("cost", [AGED, LIMITED])
def test_followed_patients_pay_until_the_limit_of_each_stay(tmp_path, cost):
    near(scenario(tmp_path, FIRST, cost), 100 * of_entry(0)[0])
    near(scenario(tmp_path, LATER, cost), 100 * of_later(0))


def test_followed_patients_pay_each_dose_that_falls_into_the_stay(tmp_path):
    near(scenario(tmp_path, FIRST, DOSES), 10 * of_entry(0)[1])
    near(scenario(tmp_path, LATER, DOSES), 10 * of_later(1))
    near(scenario(tmp_path, LATER, "{amount: dose, every: gap, at most: 3}"), 10 * of_later(1, most=3))


@pytest.mark.parametrize("cost", [AGED, LIMITED])
def test_a_cohort_that_starts_in_the_state_is_exact(tmp_path, cost):
    assert total(scenario(tmp_path, FIRST, cost)) == pytest.approx(100 * of_entry(0)[0], rel=1e-10)
    assert total(scenario(tmp_path, FIRST, DOSES)) == pytest.approx(10 * of_entry(0)[1], rel=1e-10)


@pytest.mark.parametrize("cost", [AGED, LIMITED])
def test_a_cohort_with_constant_hazards_is_exact_where_the_limit_is_whole_cycles(tmp_path, cost):
    assert total(scenario(tmp_path, LATER, cost)) == pytest.approx(100 * of_later(0), rel=1e-8)


def test_doses_of_a_cohort_with_constant_hazards_are_exact_where_they_are_whole_cycles_apart(tmp_path):
    assert total(scenario(tmp_path, LATER, DOSES)) == pytest.approx(10 * of_later(1), rel=1e-8)
    three = "{amount: dose, every: gap, at most: 3}"
    assert total(scenario(tmp_path, LATER, three)) == pytest.approx(10 * of_later(1, most=3), rel=1e-8)
    once = "{amount: dose, every: 10 years}"
    assert total(scenario(tmp_path, FIRST, once)) == pytest.approx(10, rel=1e-12)


def tunnels(coming, dying, cycles, limit):
    """[point] occupancy of the first `limit` tunnel states of the treated, and [point, tunnel] of all, by cycles written out."""
    before, there = 1.0, np.zeros(cycles + 2)
    seen = [there.copy()]
    for _ in range(cycles):
        there[1:] = there[:-1] * (1 - dying)
        there[0] = before * coming
        before *= 1 - coming
        seen.append(there.copy())
    seen = np.array(seen)
    return seen[:, :limit].sum(axis=1), seen


def counted(convention, points, cycle):
    return {
        "start": points[:-1].sum(),
        "end": points[1:].sum(),
        "half-cycle": (points[:-1] + points[1:]).sum() / 2,
    }[convention] * cycle


@pytest.mark.parametrize("convention", ["start", "end", "half-cycle"])
def test_textbook_results_are_those_of_tunnels_written_out(tmp_path, convention):
    """Limits and doses; by probabilities per cycle, and by rates that are the same."""
    first, seen = tunnels(0.4, 0.2, 8, 3)
    by_cycle = {"coming": "probability per cycle: 0.4", "dying": "probability per cycle: 0.2"}
    by_rate = {"coming": "rate: -log(0.6) / gap", "dying": "rate: -log(0.8) / gap"}
    for cost in (AGED, LIMITED):
        made = scenario(tmp_path, LATER, cost, convention=convention, rate=0, **by_cycle)
        assert total(made) == pytest.approx(100 * counted(convention, first, 0.5), rel=1e-12)
    doses = scenario(tmp_path, LATER, "{amount: dose, every: 1 year, at most: 2}", convention=convention, **by_cycle)
    factor = 1.03 ** -(0.5 * np.arange(8))
    assert total(doses) == pytest.approx(10 * (factor * (seen[:-1, 0] + seen[:-1, 2])).sum(), rel=1e-12)
    for cost in (AGED, LIMITED):
        start = scenario(tmp_path, FIRST, cost, convention=convention, rate=0, dying=by_rate["dying"])
        at_start = 0.8 ** np.arange(9) * (np.arange(9) < 3)
        assert total(start) == pytest.approx(100 * counted(convention, at_start, 0.5), rel=1e-12)


def test_textbook_doses_between_the_ends_of_cycles_are_linear_between_them(tmp_path):
    made = scenario(
        tmp_path,
        FIRST,
        "{amount: dose, every: 0.75 years}",
        convention="half-cycle",
        rate=0,
        dying="rate: 0.3 per year",
    )
    ends = np.exp(-0.15 * np.arange(9))
    due = np.arange(6) * 0.75
    right = 10 * np.interp(due, 0.5 * np.arange(9), ends).sum()
    assert total(made) == pytest.approx(right, rel=1e-12)
    near(made, right, discounted=False)


@pytest.mark.parametrize("convention", ["start", "half-cycle"])
def test_followed_patients_are_counted_as_in_tunnels(tmp_path, convention):
    by_cycle = {"coming": "probability per cycle: 0.4", "dying": "probability per cycle: 0.2"}
    made = scenario(tmp_path, LATER, LIMITED, convention=convention, rate=0, **by_cycle)
    near(made, 100 * counted(convention, tunnels(0.4, 0.2, 8, 3)[0], 0.5), discounted=False)
    seen, factor = tunnels(0.4, 0.2, 8, 3)[1][:-1], 1.3 ** -(0.5 * np.arange(8))
    doses = {
        "{amount: dose, every: 1 year, at most: 2}": seen[:, 0] + seen[:, 2],
        "{amount: dose, every: 1 year, clock: model}": seen.sum(axis=1) * (np.arange(8) % 2 == 0),
    }
    for cost, given in doses.items():
        made = scenario(tmp_path, LATER, cost, convention=convention, rate=30, **by_cycle)
        assert total(made) == pytest.approx(10 * (factor * given).sum(), rel=1e-12)
        near(made, 10 * given.sum(), discounted=False)
        near(made, 10 * (factor * given).sum())  # at its own time, not at the middle of a cycle


RISING = {"coming": "rate: 0.2 per year * (1 + time / gap)", "dying": "rate: 0.1 per year * (1 + time / gap)"}


def of_rising(which, cap=1.5, gap=0.5, horizon=4):
    """As `of_later`, where both hazards rise in a straight line."""

    def left(t, per_year):
        return per_year * (t + t**2)

    def one(entered):
        def survival(age):
            return np.exp(left(entered, 0.1) - left(entered + age, 0.1))

        return of_entry(entered, cap=cap, gap=gap, survival=survival)[which]

    kinks = np.arange(gap, horizon, gap)
    return quad(lambda t: 0.2 * (1 + 2 * t) * np.exp(-left(t, 0.2)) * one(t), 0, horizon, points=kinks, limit=200)[0]


@pytest.mark.parametrize(("cost", "which", "unit"), [(LIMITED, 0, 100), (DOSES, 1, 10)])
def test_the_error_falls_with_the_square_of_the_cycle_where_hazards_change(tmp_path, cost, which, unit):
    right = unit * of_rising(which)
    errors = [
        total(scenario(tmp_path, LATER, cost, cycle, **RISING)) - right
        for cycle in ("0.5 years", "0.25 years", "0.125 years")
    ]
    assert abs(errors[0]) < 0.03 * right
    assert np.array(errors[:-1]) / errors[1:] == pytest.approx(4, rel=0.2)


def test_a_limit_between_the_ends_of_steps_has_an_error_of_the_second_order(tmp_path):
    """The limit is after a third of a step, then after two thirds, in turn: every second halving compares like with like."""
    right, cycles = 100 * of_later(0, cap=1 + 1 / 3), ("0.5 years", "0.25 years", "0.125 years", "0.0625 years")
    errors = [total(scenario(tmp_path, LATER, LIMITED, cycle, cap=1 + 1 / 3)) - right for cycle in cycles]
    assert abs(errors[0]) < 0.001 * right
    assert np.array(errors[:-2]) / errors[2:] == pytest.approx(16, rel=0.15)


AGAIN = """states:
  treated: {{start: 1, cost: {{drug: {cost}}}, utility: "{utility}"}}
  dead: {{}}
transitions:
  - {{from: treated, to: treated, {coming}}}
  - {{from: treated, to: dead, {dying}}}
"""


@pytest.mark.parametrize("cost", [LIMITED, DOSES])
def test_every_entry_starts_a_new_stay_also_one_from_the_state_itself(tmp_path, cost):
    """Stays end at 0.8 a year; the next begins at once at 0.5 a year of that, so entries are 1 + 0.5 * time alive."""
    which, unit = (0, 100) if cost == LIMITED else (1, 10)
    alive = lambda t: 0.5 * np.exp(-0.3 * t)  # noqa: E731
    stay = lambda t: of_entry(t, survival=lambda age: np.exp(-0.8 * age))[which]  # noqa: E731
    later = quad(lambda t: alive(t) * stay(t), 0, 4, points=np.arange(0.5, 4, 0.5), limit=200)[0]
    made = scenario(tmp_path, AGAIN, cost)
    assert total(made) == pytest.approx(unit * (stay(0) + later), rel=1e-8)
    near(made, unit * (stay(0) + later))


def test_doses_may_be_counted_from_the_start_of_the_model(tmp_path):
    made = scenario(tmp_path, LATER, "{amount: dose, every: 1 year, clock: model}")
    due = np.arange(4)
    there = 0.5 / 0.2 * (np.exp(-0.3 * due) - np.exp(-0.5 * due))
    right = 10 * (there * np.exp(-FORCE * due)).sum()
    assert total(made) == pytest.approx(right, rel=1e-10)
    near(made, right)


def test_a_price_may_go_by_the_time_in_state_and_by_that_of_the_model(tmp_path):
    """A drug of which the first year and a half is paid, and that is cheaper from the second year of the model on."""
    made = scenario(tmp_path, FIRST, '"if(time_in_state < cap, c, 0) * if(time < 1 year, 1, 0.5)"', rate=0)
    at = lambda low, high: quad(lambda t: np.exp(-0.3 * t), low, high)[0]  # noqa: E731
    right = 100 * (at(0, 1) + 0.5 * at(1, 1.5))
    assert total(made) == pytest.approx(right, rel=1e-10)
    near(made, right, discounted=False)


def test_limits_that_differ_by_draw_have_an_error_of_the_second_order(tmp_path):
    caps, errors = (1 / 3 + 1, 2 / 3 + 2), []
    for cycle in ("1 year", "0.5 years", "0.25 years"):
        made = scenario(tmp_path, LATER, LIMITED, cycle)
        base = draws.base(made)
        values = {key: np.repeat(value, 2) for key, value in base.values.items()} | {"cap": np.array(caps)}
        found = evaluate(made, draws.Draws(values, np.arange(2), base.seed)).total.get("cost: drug")[0]
        errors.append(found - [100 * of_later(0, cap=cap) for cap in caps])
    assert np.array(errors[:-1]) / errors[1:] == pytest.approx(4, rel=0.35)


def test_what_the_cohort_engine_cannot_do_is_said_by_check(tmp_path):
    made = scenario(tmp_path, LATER, LIMITED, dying='survival: "weibull(shape=2, scale=3) in years", clock: state')
    said = check(made).summary
    assert (
        "does not count prices by the time in state, limits and doses where treated -> dead goes by the time in state too"
        in said
    )
    near(made, 100 * of_later(0, survival=lambda age: np.exp(-((age / 3) ** 2))))


def test_probabilities_that_change_every_cycle_meet_prices_by_both_clocks(tmp_path):
    """Tunnels written out with p = 0.2 + 0.02 k in cycle k; the price of a limited drug halves after a year and a quarter."""
    cost = '"if(time_in_state < cap, c, 0) * if(time < 1.25 years, 1, 0.5)"'
    dying = 'probability per cycle: "0.2 + 0.02 * (cycle - 1)"'
    made = scenario(tmp_path, FIRST, cost, convention="half-cycle", rate=0, dying=dying)
    there = np.cumprod(np.append(1.0, 1 - 0.2 - 0.02 * np.arange(8))) * (np.arange(9) < 3)
    by_cycle = (there[:-1] + there[1:]) / 4
    share = np.array([1, 1, 0.75, *[0.5] * 5])
    assert total(made) == pytest.approx(100 * (by_cycle * share).sum(), rel=1e-12)
